"""Addresses of articles: made absolute, and rid of what only follows the reader."""

import re
from urllib.parse import urljoin, urlsplit, urlunsplit

MAX_ADDRESS = 4_000
"""Longer ones are data in disguise."""

_TRACKING = re.compile(
    r"utm_|at_(?:campaign|medium|custom|link|bbc_team|ptr_name|format)|mtm_|pk_(?:campaign|kwd|source|medium)|hsa_"
    r"|(?:fbclid|gclid|gclsrc|dclid|gbraid|wbraid|msclkid|yclid|twclid|ttclid|igshid|li_fat_id|mc_cid|mc_eid|mkt_tok"
    r"|_hsenc|_hsmi|vero_id|oly_enc_id|oly_anon_id|wickedid|s_cid|cmpid|ocid|ns_mchannel|ns_source|ns_campaign"
    r"|ns_linkname|ns_fee|xtor|smid|smtyp|sr_share|__twitter_impression|ref_src|ref_url|guccounter|guce_referrer"
    r"|guce_referrer_sig|wt_mc|wt\.mc_id|cmp|campaign_id|ftcamp|ito|rss|traffic_source|feedtype|cn-reloaded)=|rss$",
    re.IGNORECASE,
)
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


def absolute(address: str | None, base: str | None = None) -> str | None:
    """An http(s) address in full; None for what is not one: `javascript:`, `tag:`, broken ones.

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
    """An address without fragment and tracking parameters, its host in lower case.

    >>> canonical("HTTPS://News.test:443/a?id=7&utm_source=x&fbclid=y#comments")
    'https://news.test/a?id=7'
    """
    full = absolute(address)
    if full is None:
        return None
    parts = urlsplit(full)
    host = parts.netloc.rpartition("@")[2].lower().removesuffix(_DEFAULT_PORTS[parts.scheme])
    query = "&".join(pair for pair in parts.query.split("&") if pair and not _TRACKING.match(pair))
    return urlunsplit((parts.scheme, host, parts.path or "/", query, ""))
