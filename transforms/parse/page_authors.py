"""Who wrote a page: the first place that names people, from structured data to visible bylines."""

import html
import itertools
import re
from collections.abc import Iterator
from typing import Any

from lxml.html import HtmlElement

from transforms.parse.headline import key
from transforms.parse.people import distinct, names
from transforms.parse.structured import Structured, one_line, types, visible_text

_AUTHOR_NAMES = (
    "author article:author_name parsely-author sailthru.author dc.creator dcterms.creator dc.creator.name byl"
    " cxenseparse:author article.author og:article:author article:author creator"
)
_AUTHOR = _AUTHOR_NAMES.split()
_BYLINE = re.compile(
    r"(?:^|[\s_-])(?:by-?line|author|article-?author|author-?name|writer|reporter)s?(?:$|[\s_-])", re.IGNORECASE
)
_BY = re.compile(r"\s*(?:written |reported |posted |words )?by(?:\s+[A-Z][\w.'’-]+){0,4}:?\s*$", re.IGNORECASE)
_AUTHOR_PAGE = re.compile(
    r"/(?:authors?|staff|people|profiles?|contributors?|reporters?|by|columnists?)/([\w.-]{3,60})/?$"
)
_BYLINE_TEXT = re.compile(r"[\w ]{0,12}\b[Bb](?:y|Y):? (?![a-z])[^\W\d]|(?![a-z])[^\W\d]\S* \S")
"""`by` and a name, or two words of which the first is not in small letters."""
MAX_VISIBLE_BYLINE = 120
_NO_BYLINE = re.compile(
    r"bio|avatar|image|photo|social|follow|related|comment|more|box|date|desc|list|footer", re.IGNORECASE
)


def authors_of(tree: HtmlElement, data: Structured, publisher: str | None) -> tuple[tuple[str, ...], str | None]:
    """The authors from the first place that names people, and the line they stand in."""
    house = {key(publisher or ""), ""}
    for lines in _bylines(tree, data):
        said = (_without_house(name, publisher) for line in lines for name in names(line))
        people = distinct(name for name in said if key(name) not in house)
        if people:
            return people, ", ".join(dict.fromkeys(lines))[:500]
    return (), None


def _without_house(name: str, publisher: str | None) -> str:
    """A name without the publisher's behind it: `Ann Lee The Echo`."""
    words = name.split()
    cut = next((at for at in range(1, len(words)) if key(" ".join(words[at:])) == key(publisher or "")), len(words))
    return " ".join(words[:cut])


def _bylines(tree: HtmlElement, data: Structured) -> Iterator[list[str]]:
    """Lines that may name authors, the most trusted places first."""
    yield _people(data.article.get("author"))
    yield _people(data.article.get("creator"))
    for name in _AUTHOR:
        yield [html.unescape(text) for text in data.meta.get(name, [])[:10]]
    yield data.microdata.get("author", [])[:10]
    links = (link for link in tree.iterfind(".//a[@rel]") if "author" in link.get("rel", "").lower().split())
    yield [visible_text(link) for link in itertools.islice(links, 10)]
    yield list(_visible_bylines(tree))
    yield list(_author_links(tree))


def _people(value: Any) -> list[str]:
    """Names of JSON-LD authors that are not organisations."""
    listed = value if isinstance(value, list) else [value]
    persons = [entry for entry in listed if not (isinstance(entry, dict) and "Organization" in types(entry))]
    flat = [name for entry in persons for name in _as_list(entry.get("name") if isinstance(entry, dict) else entry)]
    return [line for entry in flat if (line := one_line(entry))]


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _visible_bylines(tree: HtmlElement) -> Iterator[str]:
    """The first short element whose class, or whose own words, say that it names the author."""
    for element in tree.iterfind(".//*"):
        name = element.get("class") or ""
        named = len(name) < 200 and _BYLINE.search(name) and not _NO_BYLINE.search(name)
        if named or _BY.match(element.text or ""):
            text = visible_text(element)
            if 4 < len(text) < MAX_VISIBLE_BYLINE and _BYLINE_TEXT.match(text):
                yield text
                return


def _author_links(tree: HtmlElement) -> Iterator[str]:
    """The first link to a page of an author: its address spells its text."""
    for link in tree.iterfind(".//a[@href]"):
        match = _AUTHOR_PAGE.search(link.get("href"))
        if match and key(match[1]) == key(visible_text(link)) and len(visible_text(link).split()) > 1:
            yield visible_text(link)
            return
