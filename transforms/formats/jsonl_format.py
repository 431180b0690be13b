"""JSON Lines: each line is one article as a JSON object."""

from collections.abc import Iterable, Iterator
from typing import Any

from transforms.failures import BadRecord, Reason
from transforms.formats.base import Format, item_of
from transforms.formats.columns import date_columns, instant, page_columns
from transforms.formats.documents import line_documents
from transforms.formats.jsonl import Record, parse_line
from transforms.records import Document, Failure, Item
from transforms.text.dates import parse_date
from transforms.text.markup import html_to_text
from transforms.text.urls import absolute, canonical


class JsonlFormat(Format):
    """JSON Lines, and the objects of a `.json` file, which are items of the same kind."""

    name = "jsonl"
    extensions = (".jsonl", ".ndjson")
    media_types = ("jsonl", "ndjson")
    item_kinds = ("json",)
    is_read_by_lines = True

    def documents(self, frame: Document, blocks: Iterable[bytes], *, max_bytes: int) -> Iterator[Document | Failure]:
        """Yield runs of whole lines; `max_bytes` limits a line, and a longer one is a failure."""
        yield from line_documents(frame, blocks, max_bytes=max_bytes)

    def split(self, document: Document) -> Iterator[Item]:
        """Yield the lines that are not blank."""
        for number, line in enumerate(document.content.split(b"\n"), document.first_line):
            if line.strip():
                content = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
                yield item_of(document, number, "json", content)

    def fields(self, item: Item) -> dict[str, Any]:
        """Return the columns of a JSON object. Its own fields take precedence over those of its HTML."""
        from transforms.formats.html.page import parse_page  # heavy; the launcher does not need it

        record = parse_line(item.content)
        own = {key: value for key, value in _record_fields(record).items() if value}
        if record.text is not None:
            return {**own, "text": record.text, "text_basis": "text"}
        url = absolute(record.url)
        try:
            page = parse_page((record.html or "").encode(), url=url, charset="utf-8", fetched=item.fetched)
        except BadRecord as error:
            # The HTML of an article was cut out of its page already, so it may be shorter than a page's body.
            text = html_to_text(record.html or "") if error.reason == Reason.NO_ARTICLE else ""
            if not text:
                raise
            return {**own, "text": text, "text_basis": "html"}
        return {**page_columns(page), **own, "text_basis": "html"}


def _record_fields(record: Record) -> dict[str, Any]:
    """Return the columns of a JSON object but for its text."""
    raw = record.published
    return {
        "source_id": record.source_id,
        "url": record.url,
        "canonical_url": canonical(record.canonical_url),
        "publisher": record.publisher,
        "headline": record.title,
        "byline": record.byline,
        "authors": record.authors,
        "section": record.section,
        "keywords": record.keywords,
        "summary": record.summary,
        "image_url": record.image_url,
        "declared_language": record.language,
        **(date_columns(parse_date(raw), raw, f"json:{record.published_key}") if raw else {}),
        "date_modified": instant(record.modified),
    }
