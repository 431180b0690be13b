"""HTML fragments, as feeds carry them, to plain text; and what markup may cost."""

import re

from lxml import etree
from lxml.html import HTMLParser, document_fromstring

from transforms.failures import BadRecord, Reason
from transforms.text.normalize import clean_line, clean_paragraphs

MAX_TAGS = 50_000
"""Pages of news sites have some 5,000; trafilatura takes the square of the number of siblings."""

MAX_ATTRIBUTES = 4_000
"""Names and values in one tag; libxml2 takes the square of their number."""

# A tag up to its end, where `>` in a quoted value does not end it. Possessive, so that nothing is tried twice.
_TAG = re.compile(r"""<[a-zA-Z](?:[^>=]++|=\s*+(?:"[^"]*+"|'[^']*+')|=)*+""")
_QUOTED = re.compile(r"""=\s*+(?:"[^"]*+"|'[^']*+')""")
_LONG_TAG = 2_000

_HAS_MARKUP = re.compile(r"</?[a-zA-Z!]|&(?:#\d|#x|[a-zA-Z])")
_BLOCK_NAMES = (
    "address article aside blockquote body caption center dd details dialog div dl dt fieldset figcaption figure"
    " footer form h1 h2 h3 h4 h5 h6 header hr legend li main nav ol p pre section summary table tbody tfoot thead tr ul"
)
_UNREAD_NAMES = "script style noscript template iframe object svg math title button select textarea"
_BLOCKS = frozenset(_BLOCK_NAMES.split())
_UNREAD = frozenset(_UNREAD_NAMES.split())
_CELLS = frozenset(["td", "th"])


def check_markup(markup: str, *, max_tags: int = MAX_TAGS) -> None:
    """Refuse, in linear time, markup that would cost its parser more than linear time.

    Raises:
        BadRecord: TOO_COMPLEX, with the measure that is exceeded.
    """
    tags = markup.count("<")
    if tags > max_tags:
        raise BadRecord(Reason.TOO_COMPLEX, f"{tags:,} tags; at most {max_tags:,} are read")
    for tag in _TAG.finditer(markup):
        if tag.end() - tag.start() > _LONG_TAG and count_attributes(tag[0]) > MAX_ATTRIBUTES:
            raise BadRecord(Reason.TOO_COMPLEX, f"a tag of {len(tag[0]):,} characters with too many attributes")


def count_attributes(tag: str) -> int:
    """Estimate the number of names and values of a tag.

    >>> count_attributes('<p class="a b" hidden')
    4
    """
    names, values = _QUOTED.subn(" ", tag)
    return values + len(names.split())


def check_depth(parser: HTMLParser) -> None:
    """Refuse what the parser has just cut off for its depth: libxml2 drops all that is deeper than 256.

    Raises:
        BadRecord: TOO_COMPLEX.
    """
    for entry in parser.error_log:
        if entry.type == etree.ErrorTypes.ERR_RESOURCE_LIMIT:
            raise BadRecord(Reason.TOO_COMPLEX, f"too deep: {entry.message}")


def has_markup(text: str) -> bool:
    """Return True if a text that may be HTML or plain is HTML.

    >>> has_markup("1 < 2 & 3"), has_markup("AT&amp;T"), has_markup("a<br>b")
    (False, True, True)
    """
    return _HAS_MARKUP.search(text) is not None


def html_to_text(markup: str) -> str:
    """Return the text of an HTML fragment: paragraphs with a blank line between them, `<br>` as a line end.

    Raises:
        BadRecord: TOO_COMPLEX.

    >>> html_to_text("<p>Rain in <b>Spain</b>.<p>It &amp; sun")
    'Rain in Spain.\\n\\nIt & sun'
    """
    check_markup(markup)
    parser = HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, collect_ids=False)
    content = f"<div>{markup}</div>".encode("utf-8", "replace")
    root = document_fromstring(content, parser=parser)
    check_depth(parser)
    return clean_paragraphs("".join(_pieces(root)))


def html_to_line(markup: str) -> str:
    """Return the text of an HTML fragment on one line, as for a title."""
    return clean_line(html_to_text(markup) if has_markup(markup) else markup)


def _pieces(root: etree._Element) -> list[str]:
    """Return text in document order, with line feeds where blocks and lines end."""
    pieces: list[str] = []
    walk = etree.iterwalk(root, events=("start", "end"))
    for event, element in walk:
        tag = element.tag
        if event == "start":
            pieces.append(_break_at(tag))
            if tag in _UNREAD:
                walk.skip_subtree()
            elif element.text:
                pieces.append(_collapse(element.text))
        else:
            pieces.append(_break_at(tag) if tag != "br" else "")
            if element.tail:
                pieces.append(_collapse(element.tail))
    return pieces


def _break_at(tag: str) -> str:
    if tag in _BLOCKS:
        return "\n\n"
    if tag == "br":
        return "\n"
    return " " if tag in _CELLS else ""


_WHITE = re.compile(r"[ \t\r\n\f]+")


def _collapse(text: str) -> str:
    return _WHITE.sub(" ", text)
