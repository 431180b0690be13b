"""Who published a page, when and under which headline, voted from what the page says in several places."""

import dataclasses
import html
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from transforms.formats.html.authors import authors_of
from transforms.formats.html.dates import dates_for_machines, visible_dates
from transforms.formats.html.headline import key, vote_headline
from transforms.formats.html.json_ld import Structured, one_line, read_structured, types, visible_text
from transforms.text.bylines import distinct
from transforms.text.normalize import clean_line
from transforms.text.urls import absolute, canonical

MAX_HEADINGS = 20

_ORGANISATIONS = {"Organization", "NewsMediaOrganization"}

_MODIFIED_NAMES = "article:modified_time og:updated_time datemodified lastmod last-modified dcterms.modified"
_MODIFIED = _MODIFIED_NAMES.split()


@dataclasses.dataclass(frozen=True, kw_only=True)
class PageMetadata:
    """What a page says of its article; dates as printed."""

    title: str | None = None
    authors: tuple[str, ...] = ()
    byline: str | None = None
    dates: tuple[tuple[str, str], ...] = ()
    """(basis, text) of publication dates, the most trusted first."""
    modified: str | None = None
    canonical_url: str | None = None
    language: str | None = None
    section: str | None = None
    keywords: tuple[str, ...] = ()
    image_url: str | None = None
    publisher: str | None = None
    summary: str | None = None
    body: Any = None
    """`articleBody` of its JSON-LD, unchanged."""


def read_metadata(tree: HtmlElement, url: str | None = None) -> PageMetadata:
    """Read the metadata of a page, without changing the tree.

    Args:
        tree: the whole page.
        url: its address, if known; relative addresses are resolved against it.
    """
    headings = list(_headings(tree))
    title_tag = visible_text(tree.find(".//title"))
    data = read_structured(tree, " ".join([title_tag, *headings]))
    publisher = _publisher(data)
    address = _canonical(tree, data, url)
    authors, byline = authors_of(tree, data, publisher)
    title = vote_headline(list(_titles(data, headings, title_tag)), _site_names(data, publisher, address or url))
    return PageMetadata(
        title=title,
        authors=authors,
        byline=byline,
        dates=(*dates_for_machines(tree, data), *visible_dates(tree, title)),
        modified=one_line(data.article.get("dateModified")) or data.first_meta(*_MODIFIED),
        canonical_url=address,
        language=_language(tree, data),
        section=one_line(data.article.get("articleSection"))
        or data.first_meta("article:section", "section", "parsely-section"),
        keywords=_keywords(data),
        image_url=_image(data, address or url),
        publisher=publisher,
        summary=data.first_meta("og:description", "description", "twitter:description") or None,
        body=data.article.get("articleBody"),
    )


def _headings(tree: HtmlElement) -> Iterator[str]:
    """Yield texts of the first h1 elements."""
    for number, element in enumerate(tree.iter("h1")):
        if number >= MAX_HEADINGS:
            return
        if visible_text(element):
            yield visible_text(element)


def _titles(data: Structured, headings: list[str], title_tag: str) -> Iterator[tuple[str, str]]:
    for heading in headings:
        yield "h1", heading
    sources = (
        ("json-ld", one_line(data.article.get("headline")) or one_line(data.article.get("name"))),
        ("og", data.first_meta("og:title", "title", "parsely-title", "sailthru.title", "dc.title")),
        ("microdata", next(iter(data.microdata.get("headline", [])), None)),
        ("title", title_tag),
        ("twitter", data.first_meta("twitter:title")),
    )
    for source, text in sources:
        if text:
            yield source, html.unescape(text)


def _publisher(data: Structured) -> str | None:
    """Return the site's name, as most places have it."""
    houses = (node for node in data.nodes if _ORGANISATIONS & set(types(node)))
    organisations = [one_line(node.get("name")) for node in houses]
    said = [
        data.first_meta("og:site_name"),
        one_line(data.article.get("publisher")) if isinstance(data.article.get("publisher"), dict) else None,
        data.first_meta("application-name", "apple-mobile-web-app-title", "dc.publisher", "cre"),
        *organisations,
    ]
    names_said = [clean_line(html.unescape(name)) for name in said if name and not name.startswith("http")]
    counts = Counter(map(key, names_said))
    best = max(names_said, key=lambda name: counts[key(name)], default=None)
    return best.lstrip("@") if best else None


def _site_names(data: Structured, publisher: str | None, url: str | None) -> list[str]:
    host = (urlsplit(url).hostname or "") if url else ""
    bare = host.removeprefix("www.")
    labels = bare.split(".")
    said = [publisher, data.first_meta("og:site_name"), data.first_meta("application-name"), host, bare]
    return [name for name in [*said, *labels[:-1]] if name]


def _canonical(tree: HtmlElement, data: Structured, url: str | None) -> str | None:
    """Return the address the publisher calls the page's own; a home page is not the address of an article."""
    base = _base(tree, url)
    links = [
        link.get("href")
        for link in tree.iterfind(".//link[@rel]")
        if "canonical" in link.get("rel", "").lower().split()
    ]
    said = [
        *links,
        data.first_meta("og:url"),
        one_line(data.article.get("mainEntityOfPage")),
        one_line(data.article.get("url")),
    ]
    for address in said:
        full = canonical(absolute(address, base))
        if full and (urlsplit(full).path.strip("/") or urlsplit(full).query):
            return full
    return canonical(url)


def _base(tree: HtmlElement, url: str | None) -> str | None:
    element = tree.find(".//base[@href]")
    return (absolute(element.get("href"), url) if element is not None else None) or url


def _language(tree: HtmlElement, data: Structured) -> str | None:
    root = tree.getroottree().getroot()
    return (
        root.get("lang")
        or root.get("{http://www.w3.org/XML/1998/namespace}lang")
        or root.get("xml:lang")
        or one_line(data.article.get("inLanguage"))
        or data.first_meta("og:locale", "content-language", "language", "dc.language")
    )


def _keywords(data: Structured) -> tuple[str, ...]:
    """Return keywords of the article node, else of the article's tags, else of the page."""
    said = data.article.get("keywords")
    listed = said if isinstance(said, list) else [said]
    tags = [word for text in listed if (word := one_line(text))] or data.meta.get("article:tag", [])
    tags = (
        tags
        or [text for name in ("news_keywords", "keywords", "parsely-tags") for text in data.meta.get(name, [])[:1]][:1]
    )
    words = tags if len(tags) > 1 else re.split("[,;]", tags[0]) if tags else []
    return distinct(clean_line(html.unescape(word))[:200] for word in words if "http" not in word)[:50]


def _image(data: Structured, base: str | None) -> str | None:
    image = data.article.get("image")
    image = image[0] if isinstance(image, list) and image else image
    said = [
        data.first_meta("og:image", "og:image:secure_url", "og:image:url"),
        image.get("url") if isinstance(image, dict) else image,
        data.first_meta("twitter:image", "twitter:image:src"),
    ]
    return next(
        (full for text in said if isinstance(text, str) and (full := absolute(html.unescape(text), base))), None
    )
