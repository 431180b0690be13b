"""Documents to items: what will be one article each."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

import apache_beam as beam

from transforms.failures import FAILURES, failure_from
from transforms.formats.known import format_of, split
from transforms.limits import Budget, Guard
from transforms.limits.budget import CPU_SECONDS, MEMORY_MB
from transforms.records import Document

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
    Reshuffle after it: one feed or file may have most of a run's articles.
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
        """Return the source of the document."""
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
        if format_of(document).needs_limits:
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
    # Not `attempt`, which would hold all entries of a feed in memory; `split` fails before its first item.
    try:
        for item in split(document):
            known = item.position in document.known
            yield beam.pvalue.TaggedOutput(UNCHANGED, item.source) if known else item
    except MemoryError:
        raise
    except Exception as error:
        failure = failure_from(error, stage=STAGE, source=document.uri, payload=document.content)
        yield beam.pvalue.TaggedOutput(FAILURES, failure)
