"""A saved web page to its article."""

import dataclasses
import datetime
import itertools
import logging
import re
from typing import Any

import trafilatura
from htmldate import find_date
from lxml import etree
from lxml.html import HtmlElement, HTMLParser, document_fromstring

from transforms.failures import BadRecord, Reason
from transforms.formats.html.headline import key
from transforms.formats.html.json_ld import article_body
from transforms.formats.html.metadata import PageMetadata, read_metadata
from transforms.formats.plain_text import parse_plain_text
from transforms.text.boilerplate import Cut, reporters
from transforms.text.bylines import names
from transforms.text.dates import ParsedDate, parse_date
from transforms.text.encoding import decode
from transforms.text.markup import check_depth, check_markup
from transforms.text.normalize import clean_line, clean_paragraphs

MAX_PAGE = 10_000_000
"""Characters; the longest page of the benchmark has 1.5 million."""

MIN_PROSE = 140
"""Characters of running text, about two sentences, without which a page has no article."""

MUCH_MORE = 2
"""Times the text that a page shows, from which on its JSON-LD has more than navigation and captions on top of it."""

MIN_LINE = 60
MIN_TABLES = 400
_SENTENCE_END = re.compile(r"[.!?…。！？।።؟۔;:]")
_MENU = re.compile(r"\|(?:[^|\d]{1,30}\|){2,15}\s*")
HEAD_CUTS = {Cut.TITLE.value, Cut.DATE.value, Cut.BYLINE.value}

# Libraries log what they try in vain; here each page ends as a row or as a failure with its reason.
for _name in ("trafilatura", "htmldate", "courlan"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Page:
    """The article of a web page."""

    text: str
    removed: tuple[str, ...]
    """Why lines at the head and tail of the body were left out."""
    metadata: PageMetadata
    published: ParsedDate | None
    published_raw: str | None
    published_basis: str | None


def parse_page(content: bytes, *, url: str | None, charset: str | None, fetched: datetime.datetime) -> Page:
    """Return the body and the metadata of a page; the tree is parsed once.

    Time and memory are bounded: what would cost more than a few seconds is refused before it is parsed.

    Args:
        content: the page as served or stored.
        url: its address, if known.
        charset: as declared by the transport.
        fetched: no later date is believed.

    Raises:
        BadRecord: TOO_LARGE, TOO_COMPLEX, NO_ARTICLE.
    """
    tree = parse_tree(decode(content, charset))
    metadata = read_metadata(tree, url)
    body = fuller(extract_body(tree), metadata.body)
    if not (has_prose(body) or has_tables(tree, body)):
        raise BadRecord(Reason.NO_ARTICLE, f"a page with {len(body.split())} words of running text")
    if not metadata.authors:
        metadata = dataclasses.replace(metadata, **_credited(body))
    published, raw, basis = choose_date(tree, metadata, fetched)
    text, removed = trim_body(body, metadata.title, byline=metadata.byline, date=raw)
    return Page(
        text=text, removed=removed, metadata=metadata, published=published, published_raw=raw, published_basis=basis
    )


def _credited(body: str) -> dict[str, Any]:
    """Return authors and byline from the credits in the last lines of a body."""
    found = [said for line in body.split("\n\n")[-4:] if (said := reporters(line))]
    return {"authors": names(found[0]), "byline": found[0]} if found and names(found[0]) else {}


def parse_tree(markup: str) -> HtmlElement:
    """Return the element tree of a page that is not too large or complex.

    Raises:
        BadRecord: TOO_LARGE, TOO_COMPLEX, or NO_ARTICLE if there is no element in it.
    """
    if len(markup) > MAX_PAGE:
        raise BadRecord(Reason.TOO_LARGE, f"a page of {len(markup):,} characters; at most {MAX_PAGE:,} are read")
    check_markup(markup)
    # As trafilatura's own parser, but one for each page, so that its errors are those of this page.
    parser = HTMLParser(
        collect_ids=False, default_doctype=False, encoding="utf-8", remove_comments=True, remove_pis=True
    )
    try:
        tree = document_fromstring(markup.replace("\0", "").encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, ValueError) as error:
        raise BadRecord(Reason.NO_ARTICLE, f"nothing that a browser would show: {error}") from error
    check_depth(parser)
    return tree


def extract_body(tree: HtmlElement) -> str:
    """Return the article's text, a blank line between paragraphs; empty if there is none.

    In precision mode first: a caption or a teaser that is taken for the body
    puts places on the map that the article never names. Where that finds no
    running text, with all of trafilatura's fallbacks.
    """
    text = _body(tree, favor_precision=True)
    return text if has_prose(text) else _body(tree, favor_precision=False)


def fuller(shown: str, said: Any) -> str:
    """Return the text that a page shows, or that in its JSON-LD if it has far more: a script would have shown it.

    >>> fuller("Please wait.", "It rained all day in the north of the country. " * 4)[:10]
    'It rained '
    """
    if not isinstance(said, str) or len(said) <= MUCH_MORE * len(shown):
        return shown
    text = article_body(said)
    return text if len(text) > MUCH_MORE * len(shown) and has_prose(text) else shown


def _body(tree: HtmlElement, *, favor_precision: bool) -> str:
    document = trafilatura.bare_extraction(
        tree, with_metadata=False, include_comments=False, favor_precision=favor_precision
    )
    text = getattr(document, "text", None) or ""
    return clean_paragraphs(text.replace("\n", "\n\n"))


def trim_body(
    body: str, headline: str | None, *, byline: str | None = None, date: str | None = None
) -> tuple[str, tuple[str, ...]]:
    """Return a body without what has its own columns, and without boilerplate; and why lines were left out.

    What plain text would take for a title stays: in a page it is a standfirst or a subheading.

    >>> trim_body("Rain in Spain\\n\\nIt rained.\\n\\nShare this", "Rain in Spain")
    ('It rained.', ('title', 'share'))
    """
    text, menu = without_menu(body)
    repeated = [(Cut.TITLE, headline), (Cut.BYLINE, byline), (Cut.DATE, date)]
    own = {key(said): cut for cut, said in reversed(repeated) if said and key(said)}
    head: list[str] = []
    while own:
        first, _, rest = text.partition("\n\n")
        if not rest or key(first) not in own:
            break
        head.append(own.pop(key(first)).value)
        text = rest
    plain = parse_plain_text(text)
    start = 0 if Cut.TITLE in plain.removed else plain.text_start
    trimmed = text[start : plain.text_start + len(plain.text)]
    reasons = tuple(reason for reason in plain.removed if start or reason not in HEAD_CUTS)
    return trimmed, (*menu, *head, *reasons)


def without_menu(body: str) -> tuple[str, tuple[str, ...]]:
    """Return a body without the one row of labels before it, as pages laid out by tables have their menu.

    >>> without_menu("| Start | Letters |\\n\\nIt rained.")
    ('It rained.', ('navigation',))
    """
    first, _, rest = body.partition("\n\n")
    is_menu = _MENU.fullmatch(first) and rest and not rest.startswith("|")
    return (rest, (Cut.NAVIGATION.value,)) if is_menu else (body, ())


def has_prose(text: str) -> bool:
    """Return True if there is running text, and not only links and labels.

    Running text has sentences, at least in scripts with capitals, which all have full stops. A script
    without spaces says in one character what Latin letters say in about three.

    >>> has_prose("Home\\n\\nSport\\n\\nWeather"), has_prose("It rained all day in the north of the country. " * 4)
    (False, True)
    """
    return sum(_weight(line) for line in text.split("\n")) >= MIN_PROSE


def has_tables(tree: HtmlElement, text: str) -> bool:
    """Return True if a text without sentences is still one: results or a calendar, and not a list of links.

    Looked at no further than it takes to tell.
    """
    start = text[:100_000]
    labels = (clean_line(link.text_content()) for link in itertools.islice(tree.iter("a"), 2_000))
    linked = sum(len(label) for label in labels if label and label in start)
    return len(start) >= MIN_TABLES and linked * 2 < len(start)


def _weight(line: str) -> int:
    """Return the length of a line of running text, in Latin letters; 0 for a label or a list of links."""
    if not _SENTENCE_END.search(line) and line.lower() != line.upper():
        return 0
    length = len(line) + 2 * sum(1 for character in line if "\u3040" <= character <= "\ud7a3")
    return length if length >= MIN_LINE else 0


def choose_date(
    tree: HtmlElement, metadata: PageMetadata, fetched: datetime.datetime
) -> tuple[ParsedDate | None, str | None, str | None]:
    """Return the publication date, its text and where that stood: as `PageMetadata.dates`, then htmldate's careful
    mode.

    Dates later than the day after `fetched` are mistakes. htmldate's extensive
    search is not used: it takes any year on the page for a date.
    """
    latest = fetched + datetime.timedelta(days=1)
    for basis, raw in metadata.dates:
        parsed = parse_date(raw)
        if parsed and parsed.value <= latest:
            return parsed, raw, basis
    found = find_date(
        tree,
        extensive_search=False,
        original_date=True,
        max_date=latest.replace(tzinfo=None),
        url=metadata.canonical_url,
        deferred_url_extractor=True,
    )
    return (parse_date(found), found, "htmldate") if found else (None, None, None)
