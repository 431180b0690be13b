"""Feeds to entries: RSS 0.9 to 2.0, RDF and Atom through feedparser, and JSON Feed."""

import dataclasses
import io
import re
from collections.abc import Iterator
from typing import Any

import feedparser

from transforms.failures import BadRecord, Reason
from transforms.formats.feed.bounds import bound_authors
from transforms.formats.feed.cut import CutFeed, cut_feed, runs
from transforms.formats.feed.media import media_of, point_of
from transforms.text.bylines import distinct, names
from transforms.text.encoding import decode
from transforms.text.markup import check_markup, html_to_line
from transforms.text.normalize import clean_line
from transforms.text.urls import absolute, canonical

RUN = 100
"""Entries that feedparser gets in one call."""
MAX_TAGS_IN_ENTRY = 10_000
"""Outside CDATA; feedparser takes the square of some of their numbers."""
MAX_ENTRY = 5_000_000
"""Characters of one entry."""
MAX_LABEL = 500
"""Characters of what a feed says of itself, and an author of it: each of its articles has a copy."""
MAX_AUTHORS = 50
"""Authors of a feed; each of its articles has a copy."""

bound_authors()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Body:
    """One of the texts of an entry."""

    basis: str
    """content, summary or title; media for the caption of a picture or film."""
    value: str
    is_html: bool


@dataclasses.dataclass(frozen=True, kw_only=True)
class Entry:
    """One entry of a feed, as the feed gives it: dates unread, bodies unrendered."""

    entry_id: str | None = None
    url: str | None = None
    canonical_url: str | None = None
    feed_url: str | None = None
    title: str | None = None
    authors: tuple[str, ...] = ()
    byline: str | None = None
    publisher: str | None = None
    language: str | None = None
    keywords: tuple[str, ...] = ()
    section: str | None = None
    published: str | None = None
    published_basis: str | None = None
    modified: str | None = None
    bodies: tuple[Body, ...] = ()
    image_url: str | None = None
    media_urls: tuple[str, ...] = ()
    latitude: float | None = None
    longitude: float | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Feed:
    """What a feed says of itself, for entries that do not say it."""

    url: str | None = None
    base: str = ""
    publisher: str | None = None
    language: str | None = None
    authors: tuple[str, ...] = ()
    is_atom: bool = False


def parse_feed(content: bytes, uri: str, charset: str | None = None) -> Iterator[Entry | BadRecord]:
    """Yield the entries of an XML feed in their order; in place of one that cannot be read, why not.

    Time and memory are linear in the length of the feed. Markup is kept as it
    is, relative links are resolved against the feed's address or xml:base, and
    dates stay as they are printed.

    Args:
        content: the feed as served or stored.
        uri: its file or address; an http(s) address is where relative links start.
        charset: as declared by the transport.

    Raises:
        BadRecord: BAD_FEED, NO_ENTRIES.
    """
    cut = cut_feed(decode(content, charset))
    if not cut.entries:
        raise BadRecord(Reason.NO_ENTRIES, "a feed without entries")
    feed: Feed | None = None
    for segments, _ in runs(cut, RUN):
        checked = [_check(segment) for segment in segments]
        good = [segment for segment, error in zip(segments, checked, strict=True) if error is None]
        parsed, feed = _parse_run(cut, good, uri, feed)
        found = iter(parsed)
        yield from (next(found) if error is None else error for error in checked)
    if cut.beyond:
        yield BadRecord(Reason.TOO_LARGE, f"{cut.beyond:,} entries more than the {len(cut.entries):,} that are read")


def _check(segment: str) -> BadRecord | None:
    """Return the error for which an entry is not given to feedparser; None if it is given."""
    if len(segment) > MAX_ENTRY:
        return BadRecord(Reason.TOO_LARGE, f"an entry of {len(segment):,} characters; at most {MAX_ENTRY:,}")
    try:
        check_markup(_outside_cdata(segment), max_tags=MAX_TAGS_IN_ENTRY)
    except BadRecord as error:
        return error
    return None


def _outside_cdata(text: str) -> str:
    """Return the part of the text that an XML parser takes for markup.

    >>> _outside_cdata("<a><![CDATA[<b>]]></a>")
    '<a>]]></a>'
    """
    if "<![CDATA[" not in text:
        return text
    pieces = []
    at = 0
    while (start := text.find("<![CDATA[", at)) >= 0:
        pieces.append(text[at:start])
        end = text.find("]]>", start)
        at = end if end >= 0 else len(text)
    return "".join([*pieces, text[at:]])


def _parse_run(cut: CutFeed, segments: list[str], uri: str, feed: Feed | None) -> tuple[list[Entry | BadRecord], Feed]:
    """Return entries of some segments, one for one: all together or, where that does not come out even, each alone."""
    head, tail = (cut.head, cut.foot) if feed is None else (cut.frame or cut.plain_frame, cut.tail)
    try:
        parsed = _feedparser(head + "".join(segments) + tail, uri)
        feed = feed or _feed(parsed, uri)
        entries: list[Entry | BadRecord] = [_entry(entry, feed) for entry in parsed.entries]
    except MemoryError:
        raise
    except Exception:  # whatever feedparser's own code raises comes again below, for the entry it comes from
        entries = []
    if len(entries) == len(segments):
        return entries, feed or Feed(base=uri)
    return _parse_each(cut, segments, uri, feed or Feed(base=uri))


def _parse_each(cut: CutFeed, segments: list[str], uri: str, feed: Feed) -> tuple[list[Entry | BadRecord], Feed]:
    """Parse each segment as a feed of its own, so that an error stays with its entry."""
    return [_parse_alone(cut, segment, uri, feed) for segment in segments], feed


def _parse_alone(cut: CutFeed, segment: str, uri: str, feed: Feed) -> Entry | BadRecord:
    """Return one entry within the feed's own root element, or within ours if that one is broken."""
    for document in ((cut.frame or cut.plain_frame) + segment + cut.tail, cut.plain_frame + segment):
        try:
            entries = _feedparser(document, uri).entries
            if entries:
                return _entry(entries[0], feed)
        except MemoryError:
            raise
        except Exception:  # as in `_parse_run`
            continue
    return BadRecord(Reason.BAD_FEED, f"an entry that cannot be parsed: {segment[:60]!r}")


# feedparser takes the caption of a picture for a second description, and so for the content.
_MEDIA_TEXT = re.compile(r"<(/?)media:(description|title|text)\b[^<>]{0,500}?(/?)>")


def _feedparser(document: str, uri: str) -> Any:
    content = _MEDIA_TEXT.sub(r"<\1dateline_media_\2\3>", document).encode("utf-8", "replace")
    headers = {"content-type": "application/xml; charset=utf-8", "content-location": uri if "://" in uri else ""}
    return feedparser.parse(
        io.BytesIO(content), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
    )


def _feed(parsed: Any, uri: str) -> Feed:
    feed = parsed.feed
    own = next((link.get("href") for link in feed.get("links", []) if link.get("rel") == "self"), None)
    return Feed(
        url=uri if "://" in uri else absolute(own),
        base=absolute(uri) or absolute(own) or absolute(feed.get("link")) or "",
        publisher=label(html_to_line(feed.get("title") or "")),
        language=label(feed.get("language")),
        authors=few(_authors(feed)) if parsed.version.startswith("atom") else (),
        is_atom=parsed.version.startswith("atom"),
    )


def label(text: str | None) -> str | None:
    """Return the beginning of a text that many articles get; None for an empty one.

    >>> label("The Daily"), len(label("a" * 1000)), label("")
    ('The Daily', 500, None)
    """
    return (text or "")[:MAX_LABEL].rstrip() or None


def few(authors: tuple[str, ...]) -> tuple[str, ...]:
    """Return the first authors of a feed, without what is too long for a name."""
    return tuple(author for author in authors if len(author) <= MAX_LABEL)[:MAX_AUTHORS]


def _entry(entry: Any, feed: Feed) -> Entry:
    link = absolute(entry.get("link"), feed.base)
    published, basis = _published(entry, feed)
    latitude, longitude = point_of(entry)
    pictures, media = media_of(entry, feed.base)
    return Entry(
        entry_id=clean_line(entry.get("id") or "")[:1000] or None,
        url=link or absolute(entry.get("id")),
        canonical_url=canonical(entry.get("feedburner_origlink") or link or entry.get("id")),
        feed_url=feed.url,
        title=_title(entry),
        authors=_authors(entry) or feed.authors,
        byline=_byline(entry),
        publisher=label(html_to_line(_source(entry).get("title") or "")) or feed.publisher,
        language=label(_language(entry)) or feed.language,
        keywords=_keywords(entry),
        published=published,
        published_basis=basis,
        modified=entry.get("updated") if published != entry.get("updated") or basis == "feed updated" else None,
        bodies=tuple(_bodies(entry)),
        image_url=next(iter(pictures), None),
        media_urls=media,
        latitude=latitude,
        longitude=longitude,
    )


def _title(entry: Any) -> str | None:
    title = entry.get("title") or entry.get("dateline_media_title") or ""
    plain = entry.get("title_detail", {}).get("type") == "text/plain"
    return (clean_line(title) if plain else html_to_line(title)) or None


def _published(entry: Any, feed: Feed) -> tuple[str | None, str | None]:
    """Return the raw date and where it stood; Atom's `updated` only where nothing else is said.

    feedparser files `dc:date` under `updated`, which RSS itself does not have.
    """
    for key in ("published", "created"):
        if entry.get(key):
            return entry.get(key), "feed"
    if dict.get(entry, "updated"):
        return dict.get(entry, "updated"), "feed updated" if feed.is_atom else "feed"
    return None, None


def _source(entry: Any) -> dict[str, Any]:
    source = entry.get("source")
    return source if isinstance(source, dict) else {}


def _language(entry: Any) -> str | None:
    """Return the language that xml:lang or dc:language declares for the entry itself."""
    details = [*entry.get("content", []), entry.get("summary_detail") or {}, entry.get("title_detail") or {}]
    return entry.get("language") or next((found["language"] for found in details if found.get("language")), None)


def _people(record: Any) -> list[str]:
    """Return the lines that name authors, without e-mail addresses where feedparser knows them apart."""
    people = [html_to_line(person.get("name") or "") for person in record.get("authors", [])]
    return [person for person in people if person] or [html_to_line(record.get("author") or "")]


def _byline(entry: Any) -> str | None:
    return ", ".join(_people(entry))[:500] or None


def _authors(record: Any) -> tuple[str, ...]:
    return distinct(name for person in _people(record) for name in names(person))


def _keywords(entry: Any) -> tuple[str, ...]:
    return distinct(html_to_line(tag.get("label") or tag.get("term") or "")[:200] for tag in entry.get("tags", []))


def _bodies(entry: Any) -> Iterator[Body]:
    """Yield the texts of an entry, from the fullest kind to the least.

    feedparser copies a content into a summary that is missing; a copy is left out.
    """
    for content in entry.get("content", []):
        if content.get("value"):
            yield Body(basis="content", value=content["value"], is_html=content.get("type") != "text/plain")
    copies = {content.get("value") for content in entry.get("content", [])}
    if entry.get("summary") and entry["summary"] not in copies:
        plain = entry.get("summary_detail", {}).get("type") == "text/plain"
        yield Body(basis="summary", value=entry["summary"], is_html=not plain)
    if entry.get("dateline_media_description"):
        yield Body(basis="media", value=entry["dateline_media_description"], is_html=False)
