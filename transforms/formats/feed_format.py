"""RSS, Atom, RDF and JSON Feed: each entry is one article, with its page where that was fetched."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from transforms.failures import BadRecord, Reason
from transforms.formats.base import Format, item_of
from transforms.formats.columns import date_columns, instant, page_columns
from transforms.formats.jsonl import load
from transforms.records import Document, Item
from transforms.text.dates import parse_date


class FeedFormat(Format):
    """Feeds; also `.json` files, which are a JSON Feed, an array of articles, or one article."""

    name = "feed"
    extensions = (".xml", ".rss", ".atom", ".rdf", ".json")
    item_kinds = ("entry",)
    has_entries = True
    is_taken_from_archives = True
    needs_limits = True

    def sniff(self, head: bytes) -> bool:
        """Return True if the root element of a feed is near the start."""
        start = head.lower()
        return any(root in start for root in (b"<rss", b"<feed", b"<rdf:rdf"))

    def split(self, document: Document) -> Iterator[Item]:
        """Yield the entries of a feed, or the articles of a `.json` file.

        Raises:
            BadRecord: BAD_FEED, BAD_JSON, NO_ENTRIES.
        """
        from transforms.formats.feed.parse import parse_feed  # feedparser is heavy; the launcher does not need it

        if _opens_json(document.content):
            yield from _split_json(document)
        else:
            yield from _entries(document, parse_feed(document.content, document.uri, document.charset))

    def fields(self, item: Item) -> dict[str, Any]:
        """Return the columns of an entry, and of its page if that was fetched and has more text."""
        from transforms.formats.html.page import parse_page

        fields = _feed_fields(item)
        if item.page is None:
            return {**fields, "page_failure": item.page_failure}
        try:
            page = parse_page(item.page.content, url=item.page.url, charset=item.page.charset, fetched=item.fetched)
        except BadRecord as error:
            return {**fields, "page_failure": f"{error.reason}: {error}"[:500]}
        if fields["text_basis"] not in ("title", "media") and len(page.text) <= len(fields["text"]):
            return {**fields, "page_failure": "the page has no more text than the feed"}
        own = {key: value for key, value in fields.items() if value and not key.startswith("text")}
        if "date_published" not in own:  # the columns of a date belong together
            own = {key: value for key, value in own.items() if not key.startswith("date_published")}
        summary = fields["text"] if fields["text_basis"] == "summary" else None
        return {**page_columns(page), **own, "summary": own.get("summary") or summary or page.metadata.summary}


def _opens_json(content: bytes) -> bool:
    """Return True if the first character is a bracket of JSON, in UTF-8 or UTF-16."""
    opening = content[:64].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    return opening.startswith((b"{", b"["))


def _split_json(document: Document) -> Iterator[Item]:
    """Yield the entries of a JSON Feed, each object of an array, or one object.

    Raises:
        BadRecord: BAD_JSON, NO_ENTRIES.
    """
    from transforms.formats.feed.json_feed import is_json_feed, parse_json_feed

    value = load(document.content)
    if is_json_feed(value):
        yield from _entries(document, parse_json_feed(value, document.uri))
    elif isinstance(value, dict):
        yield item_of(document, 0, "json", document.content)
    elif value:
        for number, element in enumerate(value, 1):
            yield item_of(document, number, "json", json.dumps(element).encode())
    else:
        raise BadRecord(Reason.NO_ENTRIES, "an array without articles")


def _entries(document: Document, entries: Iterable[Any]) -> Iterator[Item]:
    """Yield entries as items; an entry that is broken is an item too, and fails when it is parsed."""
    for number, entry in enumerate(entries, 1):
        yield item_of(document, number, "entry", entry)


def _feed_fields(item: Item) -> dict[str, Any]:
    """Return the columns that the feed gives."""
    from transforms.formats.feed.text import entry_text

    entry = item.content
    text, basis, summary = entry_text(entry)
    raw = entry.published
    return {
        "source_id": entry.entry_id,
        "feed_url": entry.feed_url,
        "url": entry.url,
        "canonical_url": entry.canonical_url,
        "publisher": entry.publisher,
        "headline": entry.title,
        "byline": entry.byline,
        "authors": entry.authors,
        "section": entry.section,
        "keywords": entry.keywords,
        "summary": summary,
        "image_url": entry.image_url,
        "media_urls": entry.media_urls,
        "declared_language": entry.language,
        **date_columns(parse_date(raw) if raw else None, raw, entry.published_basis),
        "date_modified": instant(entry.modified),
        "source_latitude": entry.latitude,
        "source_longitude": entry.longitude,
        "text": text,
        "text_basis": basis,
    }
