"""Entries of a feed by what they say, to know again the next time."""

import base64
import hashlib
import json

from transforms.failures import BadRecord
from transforms.formats.feed.cut import cut_feed
from transforms.text.encoding import decode

DIGITS = 11
"""64 bits in base 64: among a thousand entries two are taken for one with a chance of 1 in 10^13."""
MAX = 5_000
"""Entries of one feed that are remembered."""


def fingerprint(content: bytes) -> str:
    """Return a short hash of some bytes."""
    digest = hashlib.blake2b(content, digest_size=8).digest()
    return base64.urlsafe_b64encode(digest)[:DIGITS].decode()


def read_entries(content: bytes, charset: str | None) -> tuple[tuple[str, ...], str]:
    """Return a fingerprint for each entry of a feed in its order, and the text around the entries.

    Nothing if it is not a feed; it fails when it is parsed.
    """
    try:
        if content[:64].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
            return _json_entries(content), ""
        cut = cut_feed(decode(content, charset))
    except (BadRecord, ValueError, RecursionError):
        return (), ""
    texts = [entry.encode("utf-8", "surrogatepass") for entry in cut.entries[:MAX]]
    return tuple(map(fingerprint, texts)), cut.head + cut.foot[:20_000]


def _json_entries(content: bytes) -> tuple[str, ...]:
    value = json.loads(content)
    items = value.get("items") if isinstance(value, dict) else None
    if not isinstance(items, list):
        return ()
    return tuple(fingerprint(json.dumps(item, sort_keys=True).encode()) for item in items[:MAX])
