"""Who wrote a page: the first place that names people, from structured data to visible bylines."""

import html
import itertools
import re
from collections.abc import Iterator
from typing import Any

from lxml.html import HtmlElement

from transforms.formats.html.headline import key
from transforms.formats.html.json_ld import Structured, in_comment, one_line, types, visible_text
from transforms.text.bylines import distinct, is_desk, names

_AUTHOR_NAMES = (
    "author article:author_name parsely-author sailthru.author dc.creator dcterms.creator dc.creator.name byl"
    " cxenseparse:author article.author og:article:author article:author creator"
)
_AUTHOR = _AUTHOR_NAMES.split()
_BYLINE = re.compile(
    r"(?:^|[\s_-])(?:by-?line|author|article-?author|author-?name|writer|reporter)s?(?:$|[\s_-])", re.IGNORECASE
)
_BY = re.compile(
    r"\s*(?:written |reported |posted |words |(?:published|posted|written) (?:on )?[\w.,: ]{4,40} )?by"
    r"(?:\s+[A-Z][\w.'’-]+){0,8}:?\s*$",
    re.IGNORECASE,
)
_AUTHOR_PAGE = re.compile(
    r"/(?:authors?|staff|people|profiles?|contributors?|reporters?|by|columnists?)/([\w.-]{3,60})/?$"
)
_BYLINE_TEXT = re.compile(r"[\w., ]{0,50}\b[Bb](?:y|Y):? (?![a-z])[^\W\d]|(?![a-z]|[Bb][Yy]\b)[^\W\d]\S* \S")
"""`by` and a name, or two words, the first with a capital."""
MAX_VISIBLE_BYLINE = 120
_MENU = re.compile(r"(?:^|[\s_-])(?:nav|navigation|navbar|menu|sidebar|related)(?:$|[\s_-])", re.IGNORECASE)
_NO_BYLINE = re.compile(
    r"bio|avatar|image|photo|social|follow|related|comment|more|box|date|desc|list|footer", re.IGNORECASE
)


def authors_of(tree: HtmlElement, data: Structured, publisher: str | None) -> tuple[tuple[str, ...], str | None]:
    """Return the authors on whom most places of a page agree, and their line; of equals the first place."""
    said = []
    for place, lines in _bylines(tree, data):
        found = (_without_house(name, publisher) for line in lines for name in names(line))
        people = distinct(name for name in found if not is_house(name, publisher))
        if people:
            said.append((place, people, ", ".join(dict.fromkeys(lines))[:500]))
    if not said:
        return (), None
    _, people, line = max(said, key=lambda one: _support(one[1], [(place, people) for place, people, _ in said]))
    return people, line


_WEIGHTS = {"json-ld": 1.3, "meta": 1.0, "microdata": 1.0, "rel": 0.7, "visible": 0.8, "link": 0.3}


def _support(people: tuple[str, ...], said: list[tuple[str, tuple[str, ...]]]) -> float:
    """Return the weight of the places that name the same people, each place once.

    One that names some of them supports them half: a page often gives only the first to machines. One that
    names more does not: other people of the page follow an author.
    """
    own = {key(name) for name in people}
    best: dict[str, float] = {}
    for place, others in said:
        theirs = {key(name) for name in others}
        agreement = 1.0 if theirs == own else 0.5 if theirs < own else 0.0
        best[place] = max(best.get(place, 0.0), agreement * _WEIGHTS[place])
    return sum(best.values())


def is_house(name: str, publisher: str | None) -> bool:
    """Return True if a name is the publisher's own, or a desk's, which is the same.

    >>> is_house("Echo Sport", "The Echo"), is_house("Echo Bureau", "The Echo"), is_house("Ann Lee", "The Echo")
    (True, True, False)
    """
    if not key(name) or key(name) == key(publisher or "") or is_desk(name):
        return True
    house = {key(word) for word in re.split(r"\W+", publisher or "")} - {""}
    words = {key(word) for word in re.split(r"\W+", name)} - _OF_HOUSES - {""}
    return bool(words) and words <= house and len(name.split()) <= len(house) + 3


_HOUSE_WORDS = (
    "the and of by staff desk bureau team news sport sports online web weekly daily editorial newsroom reporter"
    " reporters com org net world service"
)
_OF_HOUSES = frozenset(_HOUSE_WORDS.split())


def _without_house(name: str, publisher: str | None) -> str:
    """Return a name without the publisher's after it: `Ann Lee The Echo`."""
    words = name.split()
    cut = next((at for at in range(1, len(words)) if key(" ".join(words[at:])) == key(publisher or "")), len(words))
    return " ".join(words[:cut])


def _bylines(tree: HtmlElement, data: Structured) -> Iterator[tuple[str, list[str]]]:
    """Yield kind of place, and the lines in it that may name authors; the most trusted places first."""
    yield "json-ld", _people(data.article.get("author"), data.nodes)
    yield "json-ld", _people(data.article.get("creator"), data.nodes)
    for name in _AUTHOR:
        yield "meta", [html.unescape(text) for text in data.meta.get(name, [])[:10]]
    yield "microdata", data.microdata.get("author", [])[:10]
    links = (link for link in tree.iterfind(".//a[@rel]") if "author" in link.get("rel", "").lower().split())
    yield "rel", [visible_text(link) for link in itertools.islice(links, 10) if not in_comment(link)]
    yield "visible", list(_visible_bylines(tree))
    yield "link", list(_author_links(tree))


def _people(value: Any, nodes: list[dict[str, Any]]) -> list[str]:
    """Return names of JSON-LD authors that are not organisations; an author may be given by the id of another node."""
    listed = [_resolved(entry, nodes) for entry in _as_list(value)[:50]]
    persons = [entry for entry in listed if not (isinstance(entry, dict) and "Organization" in types(entry))]
    flat = [name for entry in persons for name in _as_list(entry.get("name") if isinstance(entry, dict) else entry)]
    return [line for entry in flat if (line := one_line(entry))]


def _resolved(entry: Any, nodes: list[dict[str, Any]]) -> Any:
    """Return the node that an entry without a name refers to."""
    if not isinstance(entry, dict) or entry.get("name") or not entry.get("@id"):
        return entry
    return next((node for node in nodes if node.get("@id") == entry["@id"] and node.get("name")), entry)


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _visible_bylines(tree: HtmlElement) -> Iterator[str]:
    """Yield the first short element whose class, or own words, say that it names the author, and those like it
    that follow.
    """
    for element in tree.iterfind(".//*"):
        name = element.get("class") or ""
        named = len(name) < 200 and _BYLINE.search(name) and not _NO_BYLINE.search(name)
        if named or _BY.match(element.text or ""):
            text = visible_text(element)
            if 4 < len(text) < MAX_VISIBLE_BYLINE and _BYLINE_TEXT.match(text) and not _is_aside(element):
                yield text
                yield from _more_of(element)
                return


def _is_aside(element: HtmlElement) -> bool:
    """Return True if an element is in a menu, a margin or the comments."""
    return in_comment(element) or any(
        ancestor.tag in ("nav", "footer", "aside") or _MENU.search((ancestor.get("class") or "")[:200])
        for ancestor in element.iterancestors()
        if ancestor.tag not in ("html", "body", "main", "article")
    )


def _more_of(element: HtmlElement) -> Iterator[str]:
    """Yield texts of the elements that directly follow one with the same class: each may name another author."""
    for sibling in itertools.islice(element.itersiblings(), 10):
        if not element.get("class") or sibling.get("class") != element.get("class"):
            return
        if len(visible_text(sibling)) < MAX_VISIBLE_BYLINE:
            yield visible_text(sibling)


def _author_links(tree: HtmlElement) -> Iterator[str]:
    """Yield the first link to a page of an author: its address spells its text."""
    for link in tree.iterfind(".//a[@href]"):
        match = _AUTHOR_PAGE.search(link.get("href"))
        if match and key(match[1]) == key(visible_text(link)) and len(visible_text(link).split()) > 1:
            yield visible_text(link)
            return
