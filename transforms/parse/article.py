"""Items to articles."""

import dataclasses
import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import apache_beam as beam
from apache_beam.utils.windowed_value import WindowedValue

from transforms.failures import FAILURES, BadRecord, Reason, attempt
from transforms.formats.known import fields_of, min_characters
from transforms.gazetteer.lookup import DEFAULT_PATH, Gazetteer, GazetteerError
from transforms.http.redact import mask
from transforms.limits import Budget, Guard
from transforms.limits.budget import CPU_SECONDS, MEMORY_MB
from transforms.progress import advance
from transforms.records import Article, Item, stable_id
from transforms.settings import bad_setting
from transforms.text.dateline.parse import parse_dateline
from transforms.text.language import identify_language, load_beforehand
from transforms.text.urls import canonical

STAGE = "parse"
_ADDRESSES = ("url", "canonical_url", "feed_url", "source_id")
"""Columns that may hold an address, in which a publisher may have left a reader's token."""


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
    """Memory for an item, in addition to the loaded models; an item that needs more is a failure. 0 for no limit."""

    def __post_init__(self) -> None:
        if self.max_characters < 1:
            raise bad_setting("parse.max_characters", self.max_characters, "a whole number of at least 1")
        self.budget = Budget(self.max_cpu_seconds, self.max_memory_mb)
        try:
            Gazetteer(self.gazetteer)
        except GazetteerError as error:
            raise bad_setting("parse.gazetteer", self.gazetteer, f"a gazetteer of this version: {error}") from error

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
        """Return the source of the item."""
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
    _check_length(min_characters(item), max_characters)
    fields = fields_of(item)
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
