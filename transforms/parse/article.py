"""Items to articles."""

import dataclasses
import datetime
import hashlib
import html
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import apache_beam as beam
from apache_beam.utils.windowed_value import WindowedValue

from transforms.failures import FAILURES, BadRecord, Reason, attempt
from transforms.formats.feed.parse import Body, Entry
from transforms.formats.html.page import Page, parse_page
from transforms.formats.jsonl import Record, parse_line
from transforms.formats.plain_text import parse_plain_text
from transforms.gazetteer.lookup import DEFAULT_PATH, Gazetteer, GazetteerError
from transforms.http.redact import mask
from transforms.limits import Budget, Guard
from transforms.limits.budget import CPU_SECONDS, MEMORY_MB
from transforms.progress import advance
from transforms.records import Article, Item, stable_id
from transforms.text.bylines import names
from transforms.text.dateline.parse import parse_dateline
from transforms.text.dates import ParsedDate, parse_date
from transforms.text.encoding import decode
from transforms.text.language import identify_language, load_beforehand
from transforms.text.markup import has_markup, html_to_text
from transforms.text.normalize import clean, clean_line, clean_paragraphs
from transforms.text.urls import absolute, canonical

STAGE = "parse"
_ADDRESSES = ("url", "canonical_url", "feed_url", "source_id")
"""Columns that may hold an address, in which a publisher may have left a reader's token."""

MAX_BYTES = 4
"""A character takes no more in any charset of the web, so a longer file need not be decoded to be refused."""

BATCH_ITEMS = 16
BATCH_BYTES = 1_000_000
"""Items are parsed together up to this number and size; it bounds what is read again if one exceeds its limits."""
IsPlace = Callable[[str], bool]


@dataclasses.dataclass
class Parse(beam.PTransform):
    """`Item`s to `Article`s, one for one, and `Failure`s under `FAILURES`.

    Deterministic: the same item gives the same article, to the byte, whenever
    and wherever it is parsed; but for an item that exceeds its limits.
    """

    gazetteer: str = str(DEFAULT_PATH)
    """The gazetteer that a dateline's place must be in; opened once by each worker."""
    max_characters: int = 1_000_000
    """The longest text that is taken for one article; a novel has half of it."""
    max_cpu_seconds: float = CPU_SECONDS
    """CPU time for an item, or for each megabyte of a feed; one that needs more is a failure. 0 for no limit."""
    max_memory_mb: float = MEMORY_MB
    """Memory for an item, beside what is loaded; one that needs more is a failure. 0 for no limit."""

    def __post_init__(self) -> None:
        if self.max_characters < 1:
            raise ValueError(f"parse.max_characters: {self.max_characters!r} is not allowed; give a number above 0")
        self.budget = Budget(self.max_cpu_seconds, self.max_memory_mb)
        try:
            Gazetteer(self.gazetteer)
        except GazetteerError as error:
            raise ValueError(f"parse.gazetteer: {self.gazetteer!r} cannot be used: {error}") from error

    def expand(self, items: beam.PCollection) -> Any:
        parse = _ParseItem(Guard(ParseItems(self.gazetteer, self.max_characters), self.budget))
        return items | "ParseItem" >> beam.ParDo(parse).with_outputs(FAILURES, main="articles")


@dataclasses.dataclass
class ParseItems:
    """Task: items to articles."""

    gazetteer: str
    max_characters: int
    stage = STAGE

    def preload(self) -> None:
        """Load the model of languages."""
        load_beforehand()

    def setup(self) -> None:
        """Open the gazetteer."""
        self._gazetteer = Gazetteer(self.gazetteer)

    def run(self, items: Sequence[Item]) -> list[Any]:
        """Parse each item."""
        return [
            result
            for item in items
            for result in attempt(
                self._parse, item, stage=self.stage, source=self.source(item), payload=self.payload(item)
            )
        ]

    def source(self, item: Item) -> str:
        """Return where the item comes from."""
        return item.source

    def payload(self, item: Item) -> bytes | str:
        """Return the start of its content."""
        return item.content if isinstance(item.content, bytes) else repr(item.content)[:4096]

    def _parse(self, item: Item) -> list[Article]:
        return [parse_item(item, self._gazetteer.is_place, max_characters=self.max_characters)]


class _ParseItem(beam.DoFn):
    """Parses the items of a bundle a few at a time; each result keeps the timestamp and window of its item.

    To hand items over one by one takes 0.5 ms of CPU time an item, as long as
    much of the parsing. `BatchElements` would give all of a batch one timestamp.
    """

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    def setup(self) -> None:
        self._guard.setup()

    def start_bundle(self) -> None:
        self._waiting: list[tuple[Item, Any, Any]] = []
        self._bytes = 0

    def process(
        self, item: Item, timestamp: Any = beam.DoFn.TimestampParam, window: Any = beam.DoFn.WindowParam
    ) -> Iterator[Any]:
        self._waiting.append((item, timestamp, window))
        self._bytes += size_of(item)
        if len(self._waiting) >= BATCH_ITEMS or self._bytes >= BATCH_BYTES:
            yield from self._parse_waiting()

    def finish_bundle(self) -> Iterator[Any]:
        yield from self._parse_waiting()

    def _parse_waiting(self) -> Iterator[Any]:
        waiting = self._waiting
        if not waiting:
            return
        self.start_bundle()
        results = self._guard.run([item for item, _, _ in waiting])
        for (_, timestamp, window), result in zip(waiting, results, strict=True):
            if isinstance(result, beam.pvalue.TaggedOutput):
                yield beam.pvalue.TaggedOutput(result.tag, WindowedValue(result.value, timestamp, [window]))
            else:
                yield WindowedValue(result, timestamp, [window])
        advance("parsed", len(waiting))


def size_of(item: Item) -> int:
    """Return about how many bytes an item holds; entries of feeds without their page count as none."""
    own = len(item.content) if isinstance(item.content, bytes) else 0
    return own + (len(item.page.content) if item.page is not None else 0)


def parse_item(item: Item, is_place: IsPlace, *, max_characters: int = 1_000_000) -> Article:
    """Return the article of one item.

    Args:
        item: of any kind.
        is_place: whether a name is a place's, for the dateline.
        max_characters: the longest text allowed.

    Raises:
        BadRecord: BAD_JSON, NO_TEXT, NO_ARTICLE, TOO_LARGE, TOO_COMPLEX, or what was wrong with the entry.
    """
    if isinstance(item.content, BadRecord):
        raise item.content
    if item.kind == "text":
        _check_length(len(item.content) // MAX_BYTES, max_characters)
    fields = _FIELDS[item.kind](item)
    if not fields["text"].strip():
        raise BadRecord(Reason.NO_TEXT, "no text in it")
    if not any(map(str.isalnum, fields["text"])):
        raise BadRecord(Reason.NO_TEXT, "no letter or digit in it")
    _check_length(len(fields["text"]), max_characters)
    return Article(**_complete(item, fields, is_place))


def _check_length(characters: int, allowed: int) -> None:
    if characters > allowed:
        message = f"a text of {characters:,} or more characters; at most {allowed:,} (parse.max_characters)"
        raise BadRecord(Reason.TOO_LARGE, message)


def _complete(item: Item, fields: dict[str, Any], is_place: IsPlace) -> dict[str, Any]:
    """Return all columns: those that every article has, and those of its kind."""
    text = fields["text"]
    fields |= {name: mask(fields[name], certain=name != "feed_url") for name in _ADDRESSES if fields.get(name)}
    url = fields.get("url")
    canonical_url = fields.get("canonical_url") or canonical(url)
    language, language_basis = identify_language(text, fields.pop("declared_language", None))
    return {
        **fields,
        **_dateline_columns(text, is_place),
        "article_id": stable_id(canonical_url or url or fields.get("source_id") or "", text),
        "source_uri": item.uri,
        "source_position": item.position,
        "source_kind": item.kind,
        "archive_record": item.record,
        "canonical_url": canonical_url,
        "language": language,
        "language_basis": language_basis,
        "date_fetched": item.fetched,
        "text_sha256": hashlib.sha256(text.encode()).hexdigest(),
        "word_count": len(text.split()),
    }


def _dateline_columns(text: str, is_place: IsPlace) -> dict[str, Any]:
    dateline = parse_dateline(text, is_place)
    if dateline is None:
        return {}
    return {
        "dateline": dateline.place,
        "dateline_start": dateline.start,
        "dateline_end": dateline.end,
        "dateline_agency": dateline.agency,
        "dateline_date": dateline.date,
        "body_start": dateline.body_start,
    }


def _date_columns(parsed: ParsedDate | None, raw: str | None, basis: str | None) -> dict[str, Any]:
    """Return a publication date; its raw text is kept even where it names no day for certain."""
    return {
        "date_published": parsed.value if parsed else None,
        "date_published_precision": parsed.precision if parsed else None,
        "date_published_raw": raw,
        "date_published_basis": basis if raw else None,
    }


def _instant(raw: str | None) -> datetime.datetime | None:
    parsed = parse_date(raw) if raw else None
    return parsed.value if parsed else None


def _text_fields(item: Item) -> dict[str, Any]:
    """Return columns of a plain-text file; `text` is one slice of the decoded and cleaned file."""
    plain = parse_plain_text(clean(decode(item.content, item.charset)))
    raw = plain.date_raw
    return {
        "headline": plain.title,
        "byline": plain.byline,
        "authors": names(plain.byline or ""),
        **_date_columns(parse_date(raw) if raw else None, raw, "text"),
        "text": plain.text,
        "text_basis": "file",
        "text_start": plain.text_start,
        "removed": plain.removed,
    }


def _html_fields(item: Item) -> dict[str, Any]:
    """Return columns of a saved page; the file's own address says nothing of the page's."""
    url = absolute(item.uri)
    page = parse_page(item.content, url=url, charset=item.charset, fetched=item.fetched)
    return {"url": url or page.metadata.canonical_url, **_page_fields(page)}


def _page_fields(page: Page) -> dict[str, Any]:
    metadata = page.metadata
    return {
        "canonical_url": metadata.canonical_url,
        "publisher": metadata.publisher,
        "headline": metadata.title,
        "byline": metadata.byline,
        "authors": metadata.authors,
        "section": metadata.section,
        "keywords": metadata.keywords,
        "summary": metadata.summary,
        "image_url": metadata.image_url,
        "declared_language": metadata.language,
        **_date_columns(page.published, page.published_raw, page.published_basis),
        "date_modified": _instant(metadata.modified),
        "text": page.text,
        "text_basis": "page",
        "removed": page.removed,
    }


def _json_fields(item: Item) -> dict[str, Any]:
    """Return columns of a JSON object. What it says of itself goes before what its html says."""
    record = parse_line(item.content)
    said = {key: value for key, value in _record_fields(record).items() if value}
    if record.text is not None:
        return {**said, "text": record.text, "text_basis": "text"}
    try:
        page = parse_page((record.html or "").encode(), url=absolute(record.url), charset="utf-8", fetched=item.fetched)
    except BadRecord as error:
        # Who gives html for an article has cut it out already; too short for a page is not too short for that.
        text = html_to_text(record.html or "") if error.reason == Reason.NO_ARTICLE else ""
        if not text:
            raise
        return {**said, "text": text, "text_basis": "html"}
    return {**_page_fields(page), **said, "text_basis": "html"}


def _record_fields(record: Record) -> dict[str, Any]:
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
        **(_date_columns(parse_date(raw), raw, f"json:{record.published_key}") if raw else {}),
        "date_modified": _instant(record.modified),
    }


def _entry_fields(item: Item) -> dict[str, Any]:
    """Return columns of a feed entry, and of the page behind it where that was fetched and says more."""
    fields = _feed_fields(item)
    if item.page is None:
        return {**fields, "page_failure": item.page_failure}
    try:
        page = parse_page(item.page.content, url=item.page.url, charset=item.page.charset, fetched=item.fetched)
    except BadRecord as error:
        return {**fields, "page_failure": f"{error.reason}: {error}"[:500]}
    if fields["text_basis"] not in ("title", "media") and len(page.text) <= len(fields["text"]):
        return {**fields, "page_failure": "the page has no more text than the feed"}
    said = {key: value for key, value in fields.items() if value and not key.startswith("text")}
    if "date_published" not in said:  # a date goes with its own words, or not at all
        said = {key: value for key, value in said.items() if not key.startswith("date_published")}
    summary = fields["text"] if fields["text_basis"] == "summary" else None
    return {**_page_fields(page), **said, "summary": said.get("summary") or summary or page.metadata.summary}


def _feed_fields(item: Item) -> dict[str, Any]:
    """What the feed says."""
    entry: Entry = item.content
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
        **_date_columns(parse_date(raw) if raw else None, raw, entry.published_basis),
        "date_modified": _instant(entry.modified),
        "source_latitude": entry.latitude,
        "source_longitude": entry.longitude,
        "text": text,
        "text_basis": basis,
    }


def entry_text(entry: Entry) -> tuple[str, str, str | None]:
    """Return the fullest text of an entry, what it was made from, and the entry's summary where that is another text.

    >>> entry_text(Entry(title="Rain", bodies=(Body(basis="summary", value="It <b>rains</b>.", is_html=True),)))
    ('It rains.', 'summary', None)
    >>> entry_text(Entry(title="Rain"))
    ('Rain', 'title', None)
    """
    rendered = [(_render(body), body.basis) for body in entry.bodies]
    articles = [(text, basis) for text, basis in rendered if text and basis != "media"]
    text, basis = max(articles or rendered, key=lambda candidate: len(candidate[0]), default=("", "title"))
    if not text:
        return clean_line(entry.title or ""), "title", None
    summaries = [clean_line(other) for other, kind in rendered if kind == "summary" and other != text]
    return text, basis, summaries[0] if summaries and summaries[0] else None


def _render(body: Body) -> str:
    """Return a body as plain text; feeds that call a text plain still escape it as if it were HTML."""
    if not has_markup(body.value):
        return clean_paragraphs(body.value)
    return html_to_text(body.value) if body.is_html else clean_paragraphs(html.unescape(body.value))


_FIELDS: dict[str, Callable[[Item], dict[str, Any]]] = {
    "text": _text_fields,
    "html": _html_fields,
    "json": _json_fields,
    "entry": _entry_fields,
}
