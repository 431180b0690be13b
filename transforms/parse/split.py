"""Documents to items: what will be one article each."""

import dataclasses
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import apache_beam as beam

from transforms.failures import FAILURES, BadRecord, Reason, failure_from
from transforms.formats.feed.json_feed import is_json_feed, parse_json_feed
from transforms.formats.feed.parse import Entry, parse_feed
from transforms.formats.jsonl import load
from transforms.limits import Budget, Guard
from transforms.limits.budget import CPU_SECONDS, MEMORY_MB
from transforms.records import Document, Item

STAGE = "parse"
UNCHANGED = "unchanged"
"""Tag of the output that names the entries that an earlier run has read as they are."""


@dataclasses.dataclass
class Split(beam.PTransform):
    """Documents to `Item`s, one for each article to be, and `Failure`s under `FAILURES`.

    Entries of a feed that an earlier run has committed just as they are
    (`Document.known`) are not items again: their source goes to `UNCHANGED`.

    Keeps order within a document. A document that holds no article, such as a
    feed without entries, is one failure; an entry or line that is broken stays
    an item, and fails when it is parsed, so that it is counted as itself.
    Reshuffle behind it: one feed or file may have most of a run's articles.
    """

    max_cpu_seconds: float = CPU_SECONDS
    """CPU time for each megabyte of a feed; a feed that needs more is a failure. 0 for no limit."""
    max_memory_mb: float = MEMORY_MB
    """Memory for a feed; one that needs more is a failure. 0 for no limit."""

    def __post_init__(self) -> None:
        self.budget = Budget(self.max_cpu_seconds, self.max_memory_mb)

    def expand(self, documents: beam.PCollection) -> Any:
        split = _SplitDocument(Splitter(self.budget))
        return documents | "SplitDocument" >> beam.ParDo(split).with_outputs(FAILURES, UNCHANGED, main="items")


@dataclasses.dataclass
class SplitDocuments:
    """Task: documents to items."""

    stage = STAGE

    def preload(self) -> None:
        """Load nothing."""

    def setup(self) -> None:
        """Open nothing."""

    def run(self, documents: Sequence[Document]) -> list[Any]:
        """Split each document."""
        return [item for document in documents for item in split_or_fail(document)]

    def source(self, document: Document) -> str:
        """Return where the document comes from."""
        return document.uri

    def payload(self, document: Document) -> bytes:
        """Return its content."""
        return document.content


class Splitter:
    """Splits documents, and feeds inside the limits of a budget.

    Args:
        budget: CPU time for each megabyte of a feed, and memory for the feed.
    """

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._guard = Guard(SplitDocuments(), budget)

    def setup(self) -> None:
        """Prepare; call it once before `split`."""
        self._guard.setup()

    def split(self, document: Document) -> Iterator[Any]:
        """Yield items, tagged sources of known ones, or one tagged `Failure`."""
        # Lines and pages are only cut here; that takes no longer than to hand them to another process.
        if document.kind == "feed":
            yield from self._guard.run([document], self._budget.for_bytes(len(document.content)))
        else:
            yield from split_or_fail(document)


class _SplitDocument(beam.DoFn):
    def __init__(self, splitter: Splitter) -> None:
        self._splitter = splitter

    def setup(self) -> None:
        self._splitter.setup()

    def process(self, document: Document) -> Iterator[Any]:
        yield from self._splitter.split(document)


def split_or_fail(document: Document) -> Iterator[Any]:
    """Yield the items of a document, tagged sources of known ones, or one tagged `Failure`."""
    # Not `attempt`, which would hold all the entries of a feed at once; `split` fails before its first item.
    try:
        for item in split(document):
            known = item.position in document.known
            yield beam.pvalue.TaggedOutput(UNCHANGED, item.source) if known else item
    except MemoryError:
        raise
    except Exception as error:
        failure = failure_from(error, stage=STAGE, source=document.uri, payload=document.content)
        yield beam.pvalue.TaggedOutput(FAILURES, failure)


def split(document: Document) -> Iterator[Item]:
    """Yield the items of one document, numbered as its lines or entries are.

    Raises:
        BadRecord: BAD_FEED, BAD_JSON or NO_ENTRIES, before the first item.
    """
    if document.kind in ("text", "html"):
        yield _item(document, 0, "text" if document.kind == "text" else "html", document.content)
    elif document.kind == "jsonl":
        yield from split_lines(document)
    elif _opens_json(document.content):
        yield from split_json(document)
    else:
        entries = parse_feed(document.content, document.uri, document.charset)
        yield from _entries(document, entries)


def _opens_json(content: bytes) -> bool:
    """Return True if the first character is a bracket of JSON, in UTF-8 or UTF-16."""
    opening = content[:64].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    return opening.startswith((b"{", b"["))


def split_lines(document: Document) -> Iterator[Item]:
    """Yield the lines of a run of JSONL that are not blank."""
    for number, line in enumerate(document.content.split(b"\n"), document.first_line):
        if line.strip():
            yield _item(document, number, "json", line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line)


def split_json(document: Document) -> Iterator[Item]:
    """Yield a `.json` file: the entries of a JSON Feed, each object of an array, or one object.

    Raises:
        BadRecord: BAD_JSON, NO_ENTRIES.
    """
    value = load(document.content)
    if is_json_feed(value):
        yield from _entries(document, parse_json_feed(value, document.uri))
    elif isinstance(value, dict):
        yield _item(document, 0, "json", document.content)
    elif value:
        for number, element in enumerate(value, 1):
            yield _item(document, number, "json", json.dumps(element).encode())
    else:
        raise BadRecord(Reason.NO_ENTRIES, "an array without articles")


def _entries(document: Document, entries: Iterable[Entry | BadRecord]) -> Iterator[Item]:
    for number, entry in enumerate(entries, 1):
        yield _item(document, number, "entry", entry)


def _item(document: Document, position: int, kind: Any, content: Any) -> Item:
    return Item(
        uri=document.uri,
        position=position,
        kind=kind,
        content=content,
        fetched=document.fetched,
        charset=document.charset,
        record=document.record,
    )
