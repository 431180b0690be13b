"""Totals that travel as data, so that they are right on every runner, after every retry."""

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import apache_beam as beam
from apache_beam.pvalue import PCollection

from transforms.records import Article


@dataclasses.dataclass
class Count(beam.PTransform):
    """Gives `(name, 1)` for each element, and `(name.kind, 1)` for its kind; `Write` sums them.

    Takes one PCollection or several. Bounded and unbounded input, no shuffle.
    Several are counted each for itself: Flink and Spark cannot flatten a
    collection that is also reshuffled, "consumed but never produced"
    (https://github.com/apache/beam/issues/34647).
    """

    name: str
    """What is counted, such as failures."""
    kind: Callable[[Any], str] | None = None
    """The kind of an element, from a small closed set."""

    def expand(self, rows: Any) -> PCollection[tuple[str, int]]:
        if isinstance(rows, PCollection):
            return rows | "Ones" >> beam.FlatMap(_ones, self.name, self.kind)
        ones = (each | f"Ones {n}" >> beam.FlatMap(_ones, self.name, self.kind) for n, each in enumerate(rows, 1))
        return tuple(ones) | "Together" >> beam.Flatten()


def _ones(row: Any, name: str, kind: Callable[[Any], str] | None) -> Iterator[tuple[str, int]]:
    yield name, 1
    if kind:
        yield f"{name}.{kind(row)}", 1


def how_read(article: Article) -> str:
    """Return the kind of an article in the totals: `extracted`, or `language_not_read.fr`."""
    how = article.extraction or "not_extracted"
    return f"{how}.{article.language}" if how == "language_not_read" else how
