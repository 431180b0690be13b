"""Addresses of articles: made absolute, and rid of what only follows the reader or suits a device.

Two forms, for two ends. `canonical` is an address to go to: it leaves out only
what the publisher's own server ignores. `address_key` is for telling whether
two addresses are of one page, and need not lead anywhere.
"""

import functools
import re
from urllib.parse import quote, unquote_to_bytes, urljoin, urlsplit, urlunsplit

MAX_ADDRESS = 4_000
"""Longer ones are data in disguise."""

_TRACKING = re.compile(
    r"utm_|at_(?:campaign|medium|custom|link|bbc_team|ptr_name|format)|mtm_|matomo_|hsa_|amp_|_ga=|_gl="
    r"|(?:pk|piwik)_(?:campaign|kwd|keyword|source|medium)"
    r"|(?:fbclid|gclid|gclsrc|dclid|gad_source|gad_campaignid|gbraid|wbraid|msclkid|yclid|ysclid|twclid|ttclid|igshid"
    r"|igsh|li_fat_id|epik|rdt_cid|srsltid|mc_cid|mc_eid|mkt_tok|_hsenc|_hsmi|_openstat|vero_id|oly_enc_id|oly_anon_id"
    r"|wickedid|s_cid|cmpid|ocid|ns_mchannel|ns_source|ns_campaign|ns_linkname|ns_fee|xtor|smid|smtyp|sr_share"
    r"|__twitter_impression|ref_src|ref_url|guccounter|guce_referrer|guce_referrer_sig|wt_mc|wt\.mc_id|cmp|campaign_id"
    r"|ftcamp|ito|rss|traffic_source|feedtype|cn-reloaded|usqp|share_from|spm|jsessionid|phpsessid|sessionid)=|rss$",
    re.IGNORECASE,
)
_VIEWS = re.compile(
    r"(?:amp|outputtype=amp|output=amp|amp=(?:1|true|yes|)|m=1|mobile=(?:1|true|yes)"
    r"|print(?:able|er|_?friendly|_?view)?=(?:1|true|yes|y|)|print|(?:view|output|mode|format|version)=(?:amp|print))$",
    re.IGNORECASE,
)
"""Parameters that ask for the same page in another dress: for AMP, a telephone or a printer."""
_SESSION = re.compile(r";jsessionid=[^/?#]*", re.IGNORECASE)
_AMP_CACHE = re.compile(
    r"https?://(?:www\.google\.[a-z.]+/amp/|[a-z0-9-]+\.cdn\.ampproject\.org/(?:[a-z]/)?|(?:www\.)?bing-amp\.com/c/)"
    r"(?P<secure>s/)?(?P<address>[^/?#]+\.[^/?#]+.*)",
    re.IGNORECASE,
)
_AMP_PATH = re.compile(r"(?<=.)/amp/?$|(?<=[^/])\.amp(?=(?:\.html?)?/?$)|^/amp(?=/.)", re.IGNORECASE)
_PRINT_PATH = re.compile(r"(?<=.)/print(?:able)?(?:\.html?)?/?$|^/print(?=/.)", re.IGNORECASE)
_INDEX = re.compile(r"/(?:index|default)\.(?:html?|php|aspx?|jsp)$", re.IGNORECASE)
_DEVICES = {"m", "mobile", "mobil", "amp", "wap", "touch", "www", "www1", "www2", "www3"}
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}
_SAFE = "!$&'()*+,;=:@/~"
"""What may be in a path as it is (RFC 3986), besides letters, digits and `-._~`, which always may."""


def absolute(address: str | None, base: str | None = None) -> str | None:
    """Return an http(s) address in full; None for what is not one: `javascript:`, `tag:`, broken ones.

    >>> absolute("/a b.html#top", "https://news.test/x/"), absolute("mailto:a@b.test")
    ('https://news.test/a%20b.html#top', None)
    """
    address = "".join((address or "").split("\n")).strip().replace(" ", "%20").replace("\t", "")
    if not address or len(address) > MAX_ADDRESS:
        return None
    try:
        full = urljoin(base, address) if base else address
        parts = urlsplit(full)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return None
    return full if valid else None


def canonical(address: str | None) -> str | None:
    """Return an address without fragment, tracking and AMP, its host in lower case, its escapes in one form.

    >>> canonical("HTTPS://News.test:443/a?id=7&utm_source=x&fbclid=y#comments")
    'https://news.test/a?id=7'
    >>> canonical("https://www.google.com/amp/s/news.test/a/amp/")
    'https://news.test/a'
    """
    full = absolute(_out_of_cache(address or ""))
    if full is None:
        return None
    parts = urlsplit(full)
    pairs = [_escaped(pair, "/?") for pair in parts.query.split("&") if pair and not _TRACKING.match(pair)]
    path = _AMP_PATH.sub("", _escaped(_SESSION.sub("", parts.path))) or "/"
    query = "&".join(pair for pair in pairs if not _VIEWS.match(pair))
    fragment = parts.fragment if parts.fragment.startswith("!") else ""  # such a fragment names the page
    return urlunsplit((parts.scheme, _host(parts.netloc, parts.scheme), _without_dots(path), query, fragment))


@functools.lru_cache(maxsize=10_000)
def address_key(address: str | None) -> str | None:
    """Return the key that addresses of one page have in common, whatever the device, protocol and order of parameters.

    >>> address_key("http://m.news.test/a/?b=2&a=1") == address_key("https://www.news.test/a/index.html?a=1&b=2")
    True
    """
    full = canonical(address)
    if full is None:
        return None
    parts = urlsplit(full)
    path = _INDEX.sub("", _PRINT_PATH.sub("", parts.path)).rstrip("/")
    key = _without_device(parts.netloc) + path
    query = "&".join(sorted(parts.query.split("&")))
    return key + (f"?{query}" if query else "") + (f"#{parts.fragment}" if parts.fragment else "")


def is_front_page(address: str) -> bool:
    """Return True if the address is a site's own rather than an article's.

    >>> is_front_page("https://www.news.test/"), is_front_page("https://news.test/?p=7")
    (True, False)
    """
    key = address_key(address)
    return key is None or not set("/?#") & set(key)


def _out_of_cache(address: str) -> str:
    """Return the publisher's address inside one of an AMP cache."""
    found = _AMP_CACHE.match(address.strip())
    if not found:
        return address
    return ("https://" if found["secure"] else "http://") + found["address"]


def _host(netloc: str, scheme: str) -> str:
    """Return the host in lower case and ASCII, without user, password and the scheme's own port."""
    host = netloc.rpartition("@")[2].lower().removesuffix(_DEFAULT_PORTS[scheme])
    name, colon, port = host.partition(":")
    try:
        name = name if name.isascii() else name.encode("idna").decode()
    except UnicodeError:
        return host
    return name.rstrip(".") + colon + port


def _without_device(host: str) -> str:
    """Return `m.news.test`, `www.news.test` and `en.m.news.test` as `news.test` and `en.news.test`."""
    *front, domain, top = host.split(".") if host.count(".") > 1 else ["", "", ""]
    return ".".join([*(label for label in front if label not in _DEVICES), domain, top]) if top else host


def _escaped(text: str, more: str = "") -> str:
    """Return percent-encoding in its normal form: unreserved characters bare, others as `%C3%A9`.

    `%2F` stays what it is.
    """
    if text.isascii() and "%" not in text:
        return text
    pieces = re.split(r"(%[0-9A-Fa-f]{2})", text)
    return "".join(_bare(piece) if at % 2 else quote(piece, safe=_SAFE + more) for at, piece in enumerate(pieces))


def _bare(escape: str) -> str:
    byte = unquote_to_bytes(escape)
    character = byte.decode("latin-1")
    return character if character.isascii() and (character.isalnum() or character in "-._~") else escape.upper()


def _without_dots(path: str) -> str:
    """Return the path without `.` and `..`, and without slashes in a row."""
    if "//" not in path and "/." not in path:
        return path
    kept: list[str] = []
    parts = [part for part in path.split("/")[1:-1] if part] + path.split("/")[-1:]
    for part in parts:
        if part == "..":
            del kept[-1:]
        elif part != ".":
            kept.append(part)
    return "/" + "/".join([*kept, ""] if parts[-1] in (".", "..") else kept)
