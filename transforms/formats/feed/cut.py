"""An XML feed cut into entries before anything parses it.

feedparser holds a whole feed and takes the square of some lengths in it. Cut
at the start of each entry, in one linear pass that knows CDATA and comments, a
feed of any length costs what its entries cost, one hostile entry fails alone,
and no entry is lost in silence.
"""

import dataclasses
import itertools
import re
from collections.abc import Iterator

from transforms.failures import BadRecord, Reason

MAX_ENTRIES = 250_000
MAX_HEAD = 500_000
"""Characters before the first entry."""
MAX_FRAME = 20_000
"""Characters of the root element, which is parsed again with every run of entries."""
MAX_TAIL = 10_000
"""Characters after the last entry that are parsed again with every run; of more, only the end tags."""
MAX_ENTITY = 16
"""An entity of a feed stands for a character; longer ones are bombs. https://cwe.mitre.org/data/definitions/776.html"""

_PROLOG = re.compile(r"\s*(<\?|<!--|<!DOCTYPE\b|<[A-Za-z_])", re.IGNORECASE)
_ENTITY = re.compile(r"""<!ENTITY\s+([\w.-]{1,64})\s+(?:"([^"]*)"|'([^']*)')\s*>""")
_ROOT = re.compile(r"<(?:([\w.-]{1,64}):)?([\w.-]{1,64})")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_REFERENCE = re.compile(r"&#(?:[xX]([0-9a-fA-F]{1,8})|(\d{1,10}));")
_ROOTS = {"rss": "item", "rdf": "item", "channel": "item", "feed": "entry"}
"""Root element -> element of an entry. Some feeds have lost their root."""

_NAMESPACES = " ".join(
    f'xmlns:{prefix}="{uri}"'
    for prefix, uri in {
        "content": "http://purl.org/rss/1.0/modules/content/",
        "dc": "http://purl.org/dc/elements/1.1/",
        "media": "http://search.yahoo.com/mrss/",
        "georss": "http://www.georss.org/georss",
        "geo": "http://www.w3.org/2003/01/geo/wgs84_pos#",
        "feedburner": "http://rssnamespace.org/feedburner/ext/1.0",
    }.items()
)
_PLAIN_FRAMES = {
    "item": f'<rss version="2.0" {_NAMESPACES}><channel>',
    "entry": f'<feed xmlns="http://www.w3.org/2005/Atom" {_NAMESPACES}>',
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class CutFeed:
    """A feed in pieces: every entry with `head` before it and `tail` after it is a feed again."""

    head: str
    """From the root element to the first entry: what the feed says of itself."""
    foot: str
    """All that follows the last entry, for the first run of entries."""
    frame: str
    """The part of the head that later entries need: the root element with its namespaces."""
    plain_frame: str
    """A frame of our own, for entries whose feed has a root element that is broken."""
    entries: list[str]
    tail: str
    beyond: int
    """How many more entries there were than are read."""


def cut_feed(text: str) -> CutFeed:
    """Return cuts a decoded RSS, RDF or Atom document.

    Raises:
        BadRecord: BAD_FEED if it is something else, or has entities that stand for more than a character.

    >>> cut_feed("<rss><channel><title>T</title><item>1</item><item>2</item></channel></rss>").entries
    ['<item>1</item>', '<item>2</item>']
    """
    start, entities = _prolog(text)
    text = _CONTROL.sub("", _REFERENCE.sub(_valid_reference, _replace_entities(text[start:], entities)))
    prefix, element = _root(text)
    starts, ends = _boundaries(text, prefix, element)
    if not starts:
        return CutFeed(head=text, foot="", frame="", plain_frame="", entries=[], tail="", beyond=0)
    end = next((at for at in reversed(ends) if at > starts[-1]), len(text))
    bounds = [*starts, end]
    head = text[: starts[0]]
    if len(head) > MAX_HEAD:
        raise BadRecord(Reason.TOO_COMPLEX, f"{len(head):,} characters before the first entry; at most {MAX_HEAD:,}")
    entries = [text[at:until] for at, until in itertools.pairwise(bounds[: MAX_ENTRIES + 1])]
    beyond = len(starts) - len(entries)
    return CutFeed(
        head=head,
        foot=text[end:],
        frame=_frame(head),
        plain_frame=_PLAIN_FRAMES[element],
        entries=entries,
        tail=_tail(text[end:]),
        beyond=beyond,
    )


def _prolog(text: str) -> tuple[int, dict[str, str]]:
    """Return the offset of the root element, and the entities declared before it."""
    at = 0
    entities: dict[str, str] = {}
    while match := _PROLOG.match(text, at):
        opening = match[1].lower()
        if opening == "<?":
            at = text.find("?>", match.end()) + 2
        elif opening == "<!--":
            at = text.find("-->", match.end()) + 3
        elif opening == "<!doctype":
            at, entities = _doctype(text, match.end())
        else:
            return match.start(1), entities
        if at < match.end():
            break
    raise BadRecord(Reason.BAD_FEED, f"not a feed: begins with {text[:60]!r}")


def _doctype(text: str, at: int) -> tuple[int, dict[str, str]]:
    """Return the end of the document type, and its entities; harmful ones are refused."""
    end = text.find(">", at)
    subset = text.find("[", at, max(end, 0))
    if subset < 0:
        return end + 1, {}
    close = text.find("]", subset)
    declared = text[subset:close]
    entities = {name: double or single for name, double, single in _ENTITY.findall(declared)}
    if any(len(value) > MAX_ENTITY or re.search(r"[%&](?!#)", value) for value in entities.values()):
        raise BadRecord(Reason.BAD_FEED, "declares entities that stand for more than a character")
    return text.find(">", close) + 1, entities


def _replace_entities(text: str, entities: dict[str, str]) -> str:
    if not entities:
        return text
    return re.sub(r"&([\w.-]{1,64});", lambda match: entities.get(match[1], match[0]), text)


def _valid_reference(match: re.Match[str]) -> str:
    """Return a character reference as it is, or nothing if XML does not allow the character."""
    code = int(match[1], 16) if match[1] else int(match[2])
    allowed = code < 0x110000 and not _CONTROL.match(chr(code))
    return match[0] if allowed else ""


def _root(text: str) -> tuple[str, str]:
    """Return the prefix of the root element and the name of the element that holds an entry."""
    match = _ROOT.match(text)
    name = match[2].lower() if match else ""
    if match is None or name not in _ROOTS:
        raise BadRecord(Reason.BAD_FEED, f"not a feed: the root element is <{name[:40]}>, not rss, feed or rdf:RDF")
    return match[1] or "", _ROOTS[name]


def _boundaries(text: str, prefix: str, element: str) -> tuple[list[int], list[int]]:
    """Yield the start and end of each entry, outside CDATA and comments."""
    prefixes = "|".join(re.escape(name) for name in {prefix, "rss", "atom"} if name)
    mark = re.compile(
        rf"<!\[CDATA\[|<!--|<(/?)(?:(?:{prefixes}):)?{element}(?=[\s>/])([^<>]{{0,500}}>)?", re.IGNORECASE
    )
    starts: list[int] = []
    ends: list[int] = []
    at = 0
    while match := mark.search(text, at):
        at = match.end()
        if match[0].startswith("<!"):
            close = "]]>" if match[0].startswith("<![") else "-->"
            end = text.find(close, at)
            at = end if end >= 0 else at
            if end < 0:
                break
        elif match[1]:
            ends.append(at)
        else:
            starts.append(match.start())
    return starts, ends


def _frame(head: str) -> str:
    """Return the start tags of the root and of an RSS channel that is still open."""
    root = head[: head.find(">") + 1]
    if len(root) > MAX_FRAME:
        return ""
    channel = re.search(r"<channel\b[^<>]{0,2000}>", head, re.IGNORECASE)
    if channel is None or channel.start() < len(root) or re.search(r"</channel\s*>", head, re.IGNORECASE):
        return root
    return root + channel[0]


def _tail(foot: str) -> str:
    """Return the end of a feed that runs of entries need."""
    if len(foot) <= MAX_TAIL:
        return foot
    closing = foot.find("</", len(foot) - 500)
    return foot[closing:] if closing >= 0 else ""


def runs(feed: CutFeed, size: int) -> Iterator[tuple[list[str], str]]:
    """Yield the entries, `size` at a time, each time also as a feed of their own."""
    for at in range(0, len(feed.entries), size):
        entries = feed.entries[at : at + size]
        before, behind = (feed.head, feed.foot) if at == 0 else (feed.frame or feed.plain_frame, feed.tail)
        yield entries, before + "".join(entries) + behind
