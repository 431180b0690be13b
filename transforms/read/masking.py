"""Addresses as they may be shown: without what lets their reader in."""

import re
from urllib.parse import urlsplit, urlunsplit

MASK = "***"

_SECRET = re.compile(
    r"(?:^|[-_.])(?:access|api|app|auth|authori[sz]ation|client|id|private|secret|session|sec|rss|feed|user|x-amz)?[-_]?"
    r"(?:key|token|secret|passwd|password|pass|pwd|signature|sig|credential|credentials|jwt|sessionid|sid|hash|auth)$",
    re.IGNORECASE,
)
"""Names of query parameters that stand for a password."""

_ADDRESS = re.compile(r"https?://[^\s'\"<>]+", re.IGNORECASE)


def mask(address: str) -> str:
    """An address without user and password, and with the values of secret parameters struck out.

    >>> mask("https://me:pw@news.test/rss?id=7&access_token=abc&key=x")
    'https://news.test/rss?id=7&access_token=***&key=***'
    """
    try:
        parts = urlsplit(address)
    except ValueError:
        return address.partition("?")[0].rpartition("@")[2]
    if not parts.netloc or ("@" not in parts.netloc and not parts.query):
        return address
    query = "&".join(map(_mask_pair, parts.query.split("&")))
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, query, parts.fragment))


def _mask_pair(pair: str) -> str:
    name, equals, value = pair.partition("=")
    return f"{name}={MASK}" if equals and value and _SECRET.search(name) else pair


def mask_text(text: str) -> str:
    """A message with each address in it masked.

    >>> mask_text("moved to 'http://a:b@c.test/' for ever")
    "moved to 'http://c.test/' for ever"
    """
    return _ADDRESS.sub(lambda match: mask(match[0]), text)


def has_secret(address: str) -> bool:
    """Whether there is something to mask in it.

    >>> has_secret("https://news.test/rss?token=x"), has_secret("https://news.test/rss?page=2")
    (True, False)
    """
    return mask(address) != address
