"""Redact credentials and tokens in addresses before they are logged, printed or stored.

Masked are user and password; the values of parameters whose name or letters
are those of a secret, in the query, after `;` and in the fragment; tokens in
the path; and all that again in addresses within the address. Each character is
looked at a bounded number of times.
"""

import hashlib
import re
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from transforms.http.secret_shapes import is_id_name, is_jwt, is_random, is_secret_name, is_uuid
from transforms.text.normal_forms import few_marks

MASK = "***"
MIN_MARKED = 20
"""Characters from which on a secret is too long to be guessed: its mask then has a mark, by which two differ."""
MAX_NESTED = 4
"""Addresses within addresses that are looked into; what is deeper is masked as a whole."""

_MASKED = re.compile(r"(?:bot)?\*\*\*[0-9a-f]{0,4}")
_USER = re.compile(r"(?!mailto:|acct:|xmpp:)[^\s/:@?#]+:[^\s/?#]*@(?=[^\s/@])", re.IGNORECASE)
"""User and password at the beginning of an address without a scheme."""
_ADDRESS = re.compile(r"(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{0,20}:/{1,2}[^\s'\"<>]+", re.IGNORECASE)
_RELATIVE = re.compile(r"(?<![^\s'\"<>(\[=])[/?#][^\s'\"<>]*=[^\s'\"<>]*")
"""An address without scheme and host, with a parameter, as in messages."""
_LOOSE_USER = re.compile(
    r"(?<![^\s'\"<>(\[])(//)?(?!mailto:|acct:|xmpp:)[^\s/:@?#'\"<>(\[]{1,256}:[^\s/?#'\"<>]{0,256}@(?=[^\s/@])"
)
"""As `_USER`, anywhere in a message. Its lengths are bounded, since it is tried at each bracket."""
_HEADER = re.compile(r"\b((?i:Bearer|Basic|Digest)\s+)(?=[^\s'\"<>]*[0-9A-Z=])[^\s'\"<>]{6,}")
_INNER = re.compile(r"(?:https?|ftp|wss?|feed)(?::|%(?:25){0,3}3a)(?:/|%(?:25){0,3}2f){1,2}", re.IGNORECASE)
_ABSOLUTE = re.compile(r"(?:https?|ftp|wss?|feed):/{1,2}", re.IGNORECASE)
_WRAPPED = re.compile(r"(?:[a-z][a-z0-9+.-]{0,20}:){1,3}(?=[a-z][a-z0-9+.-]{0,20}:/)", re.IGNORECASE)
"""Prefix of a whole address: `feed:https://...`, `view-source:`, `jar:`, `jdbc:`."""
_SLASHES = re.compile(r"((?:https?|wss?|feed|ftp):)(/{1}(?!/)|/{3,})(?=[^/?#]*@)", re.IGNORECASE)
"""The beginning of an address with too few or too many slashes, and with a user."""
_SEPARATOR = re.compile(r"([&;]|[~|,](?=[\w.-]{1,40}=[^=]))")
_QUOTED = re.compile(r"""(["'])([\w.-]{1,100})(\1\s{0,3}:\s{0,3}["'])([^"']{1,4096})""")
"""A member of JSON, or of a dictionary in a message."""
_TOLD = re.compile(
    r"(?<![\w./?&-])((?:(?:Proxy-)?Authorization|(?:Set-)?Cookie"
    r"|X-[A-Za-z-]{0,40}(?:Key|Token|Secret|Signature|Auth)): {0,3})"
    r"(?!\s|(?:Bearer|Basic|Digest)\s)[^\r\n'\"]{1,4096}",
    re.IGNORECASE,
)
"""A header in a message."""
_ASSIGNED = re.compile(r"(?<![^\s'\"<>(\[{,])([\w-]{1,100})=([^\s'\"<>&;,)\]}]{1,4096})")
_ISSUED = re.compile(
    r"(?<![A-Za-z0-9])(?:(?:gh[opsur]_|github_pat_|glpat-|glft-|xox[a-z]-|AIza)[A-Za-z0-9_-]{12,255}|sk-(?:proj-|ant-)?[A-Za-z0-9]{16,255}|A[KS]IA[A-Z0-9]{16})(?![A-Za-z0-9])"
)
_BEHIND = re.compile(r"[.,:;!?)\]}]{1,8}$")
"""Signs after an address in a message."""
_PRIVATE = re.compile(r"((?:private|secret|token|key|auth)[-_:])([A-Za-z0-9_-]{8,})", re.IGNORECASE)
_SIGNS = ":/@?=,;~!'()$"
_ESCAPED_PAIR = re.compile(r"%(?:25)*(?:3d|40)", re.IGNORECASE)
_WEB = ("http", "https", "ws", "wss", "feed", "ftp", "")

_BOT = re.compile(r"(bot)?\d{5,}:[A-Za-z0-9_-]{2,}", re.IGNORECASE)
"""Telegram's tokens: https://core.telegram.org/bots/api#authorizing-your-bot"""
_HOOKS = re.compile("(?:web)?hooks?", re.IGNORECASE)
_FEED = re.compile(
    r"(?:.*[-_.])?(?:feeds?|rss\d?|atom|xml|opml|json|ics|calendar|podcasts?|private|priv|users?|u|members?|subscribers?"
    r"|subscriptions?|share|shared|invites?|invitations?|download|files?|api|v\d|bot|rdf|syndication|unsubscribe|confirm"
    r"|reset|verify|login|t|k|s)",
    re.IGNORECASE,
)
"""Segments of a path that make a random segment next to them a token. In other paths it is an article's id."""
_ARTICLES = re.compile(
    "articles?|story|stories|news|posts?|items?|videos?|p|a|n|pages?|read|live|entry|entries|archives?|media|images?|img"
    "|photos?"
)
"""Segments after which a random segment is an article's id, also in a feed's path (Google News)."""
_PLAIN = re.compile(r"[a-z]{1,20}")
_NAME = re.compile(r"[a-z]{2,15}(?:[-_][a-z]{2,15})?")
"""A segment that names the next one, such as `token` or `api-key`; a slug with `secret` in it is longer."""


def mask(address: str, *, certain: bool = False) -> str:
    """Return an address without user and password, and with its secrets replaced by `***`.

    The mask of a long secret is followed by four digits of its hash, so that two addresses stay two.

    Args:
        address: absolute or relative; other text is returned unchanged.
        certain: only mask what cannot be a part of an article's own address: no random values and no names
            such as `code` and `key`. For addresses of articles in rows.

    >>> mask("https://me:pw@news.test/rss?id=7&access_token=abc&key=x")
    'https://news.test/rss?id=7&access_token=***&key=***'
    >>> mask("https://news.test/feed/9f86d081884c7d659a2feaa0c55ad015?next=https:%2F%2Fu:p@b.test%2F%3Fpw%3Dx")
    'https://news.test/feed/***1534?next=https:%2F%2Fb.test%2F%3Fpw%3D***'
    """
    return _mask(address, certain, MAX_NESTED)


def mask_text(text: str) -> str:
    """Return a message with each address in it masked.

    >>> mask_text("moved to 'http://a:b@c.test/' today, then to /feed?token=x")
    "moved to 'http://c.test/' today, then to /feed?token=***"
    """
    text = _ADDRESS.sub(_mask_found, text)
    text = _RELATIVE.sub(lambda match: mask(match[0]), text)
    text = _LOOSE_USER.sub(lambda match: match[1] or "", text)
    text = _HEADER.sub(rf"\1{MASK}", text)
    text = _TOLD.sub(rf"\1{MASK}", text)
    text = _ASSIGNED.sub(_mask_assigned, text)
    return _ISSUED.sub(MASK, _mask_members(text))


def _mask_found(found: re.Match[str]) -> str:
    """Return an address in a message, without the signs that end its sentence."""
    behind = _BEHIND.search(found[0])
    end = behind.start() if behind else len(found[0])
    return mask(found[0][:end]) + found[0][end:]


def _mask_assigned(found: re.Match[str]) -> str:
    return f"{found[1]}={_masked(found[2])}" if is_secret_name(found[1], certain=True) else found[0]


def _mask_members(text: str) -> str:
    """Return JSON, or a dictionary, with the values of its secret members masked."""

    def masked(found: re.Match[str]) -> str:
        value = _masked(found[4]) if is_secret_name(found[2], certain=True) else found[4]
        return f"{found[1]}{found[2]}{found[3]}{value}"

    return _QUOTED.sub(masked, text)


def has_secret(address: str) -> bool:
    """Return True if there is something to mask in an address.

    >>> has_secret("https://news.test/rss?token=x"), has_secret("https://news.test/rss?page=2")
    (True, False)
    """
    return mask(address) != address


def _mask(address: str, certain: bool, depth: int) -> str:
    if wrapped := _WRAPPED.match(address):
        return wrapped[0] + _mask(address[wrapped.end() :], certain, depth) if depth else MASK
    if odd := _SLASHES.match(address):
        return odd[1] + odd[2] + _mask(f"{odd[1]}//{address[odd.end() :]}", certain, depth).partition("//")[2]
    try:
        parts = urlsplit(few_marks(address))
    except ValueError:
        return address.partition("?")[0].partition("#")[0].rpartition("@")[2]
    if not parts.netloc and (user := _USER.match(address)):
        return _mask(address[user.end() :], certain, depth)
    if _is_cut_password(parts.netloc) and "@" in address:  # the password has a `/`, `?` or `#` in it
        return _mask(f"{parts.scheme}://{address.rpartition('@')[2]}", certain, depth)
    host, path = parts.netloc.rpartition("@")[2], parts.path
    if host and parts.scheme in _WEB:  # else it is a file's
        path = _mask_path(path, host, certain, depth)
    query = _mask_pairs(parts.query, certain, depth)
    fragment = _mask_fragment(parts.fragment, certain, depth)
    if (host, path, query, fragment) == (parts.netloc, parts.path, parts.query, parts.fragment):
        return address  # byte for byte: urlunsplit drops an empty `?`
    return urlunsplit((parts.scheme, host, path, query, fragment))


def _is_cut_password(netloc: str) -> bool:
    """Return True for `user:pass` in the place of a host and its port."""
    name, colon, port = netloc.rpartition(":")
    return bool(colon and port) and not port.isdigit() and not port.endswith("]") and "@" not in netloc and bool(name)


def _mask_pairs(query: str, certain: bool, depth: int) -> str:
    """Return the parameters of a query or fragment, between `&` and `;`."""
    if not query:
        return query
    pieces = _SEPARATOR.split(query)
    return "".join(piece if at % 2 else _mask_pair(piece, certain, depth) for at, piece in enumerate(pieces))


def _mask_pair(pair: str, certain: bool, depth: int) -> str:
    name, equals, value = pair.partition("=")
    if not equals:
        told, colon, rest = pair.partition(":")
        if rest and is_secret_name(told, certain=True):
            return f"{told}{colon}{_masked(rest)}"
        return _mask_value(pair, certain, depth, judged=not certain)
    if value and is_secret_name(name, certain=certain):
        return f"{name}={_masked(value)}"
    return f"{name}={_mask_value(value, certain, depth, judged=not certain and not is_id_name(name))}"


def _mask_fragment(fragment: str, certain: bool, depth: int) -> str:
    """Return a fragment, which scripts read like a query (`#access_token=...`) or like an address
    (`#!/feed?token=...`).
    """
    front, mark, query = fragment.rpartition("?")
    if "=" in fragment or "&" in fragment:
        front = _mask_pairs(front, certain, depth) if "=" in front else front
        return front + mark + _mask_pairs(query, certain, depth)
    return _mask_value(fragment, certain, depth, judged=not certain)


def _mask_value(value: str, certain: bool, depth: int, *, judged: bool) -> str:
    """Return a value: masked if it is a token, its addresses masked, or as it is."""
    if _MASKED.fullmatch(value):
        return value
    if is_jwt(value) or (judged and is_random(unquote(value) if "%" in value else value)):
        return _masked(value)
    return _mask_nested(value, certain, depth)


def _mask_nested(value: str, certain: bool, depth: int) -> str:
    """Return a value that is an address or has parameters itself, escaped once or more."""
    plain = unquote(value)
    if '"' in plain:
        members = _mask_members(plain)
        if members != plain:
            value, plain = (members if plain == value else quote(members, safe="*" + _SIGNS)), members
    if not (_INNER.search(value) or _ESCAPED_PAIR.search(value) or "=" in value or plain.startswith("//")):
        return value
    if depth == 0:
        return MASK
    masked = _mask_inner(plain, certain, depth - 1)
    if masked == plain or plain == value:
        return value if masked == plain else masked
    return quote(masked, safe="*" + "".join(sign for sign in _SIGNS if sign in value))


def _mask_inner(value: str, certain: bool, depth: int) -> str:
    """Return an address or parameters inside a value, with what is in front of them."""
    if found := _ABSOLUTE.search(value):
        return value[: found.start()] + _mask(value[found.start() :], certain, depth)
    if value.startswith("/"):
        return _mask(value, certain, depth)
    if "=" in value:
        front, mark, query = value.rpartition("?")
        return front + mark + _mask_pairs(query, certain, depth)
    return _mask_nested(value, certain, depth)


def _mask_path(path: str, host: str, certain: bool, depth: int) -> str:
    """Return a path with its tokens masked: `/bot1:AA.../`, `/hooks/T/B/X`, `/feed/9f86...`, `;token=x`, `/token/x`."""
    if inner := _INNER.search(path):
        rest = _mask_nested(path[inner.start() :], certain, depth)
        return _mask_path(path[: inner.start()], host, certain, depth) + rest
    segments = path.split("/")
    if len(segments) < 2 and "=" not in path:
        return path
    is_feed = any(map(_FEED.fullmatch, segments))
    hooked = bool(_HOOKS.fullmatch(host.partition(".")[0]))
    done: list[str] = []
    before = ""
    for segment in segments:
        done.append(_mask_segment(segment, before, certain, hooked, is_feed, depth))
        hooked = hooked or bool(_HOOKS.fullmatch(segment))
        before = segment.lower() or before
    return "/".join(done)


def _mask_segment(segment: str, before: str, certain: bool, hooked: bool, is_feed: bool, depth: int) -> str:
    if not segment or _MASKED.fullmatch(segment):
        return segment
    if _BOT.fullmatch(segment):
        return ("bot" if segment[:3].lower() == "bot" else "") + _masked(segment)
    if _ESCAPED_PAIR.search(segment) and "=" not in segment:
        return _mask_nested(segment, certain, depth)
    if not certain and is_feed and (told := _PRIVATE.fullmatch(segment)) and _is_key(told):
        return told[1] + _masked(told[2])
    if "=" in segment or ";" in segment:
        front, mark, rest = segment.partition(";") if ";" in segment else ("", "", segment)
        return _mask_segment(front, before, certain, hooked, is_feed, depth) + mark + _mask_pairs(rest, certain, depth)
    if is_jwt(segment) or (hooked and not _PLAIN.fullmatch(segment)):
        return _masked(segment)
    stem, dot, extension = segment.rpartition(".")
    judged = stem if dot and len(extension) <= 5 else segment
    if certain or _ARTICLES.fullmatch(before) or not _is_token(judged, before, is_feed):
        return segment
    return _masked(judged) + segment[len(judged) :]


def _is_key(told: re.Match[str]) -> bool:
    """Return True for text after `private-` or `secret:` if it is not a slug."""
    return told[1].endswith(":") or is_random(told[2]) or is_uuid(told[2])


def _is_token(segment: str, before: str, is_feed: bool) -> bool:
    if _NAME.fullmatch(before) and is_secret_name(before, certain=True):
        return len(segment) >= MIN_MARKED or any(map(str.isdigit, segment))
    if before in ("private", "priv") and is_uuid(segment):
        return True
    if is_feed and before in ("key", "auth", "hash", "secret-key") and any(map(str.isdigit, segment)):
        return len(segment) >= 8
    return is_feed and is_random(segment)


def _masked(secret: str) -> str:
    """Return the mask of a secret; a mark of 16 bits tells long ones apart, and tells nobody what they are."""
    if _MASKED.fullmatch(secret):
        return secret
    mark = hashlib.blake2b(secret.encode("utf-8", "surrogatepass"), digest_size=2).hexdigest()
    return MASK + (mark if len(secret) >= MIN_MARKED else "")
