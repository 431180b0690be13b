"""Article -> entities and places, both in one child process."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import apache_beam as beam
from apache_beam.pvalue import DoOutputsTuple, PCollection

from transforms.extract.extract import Extract, ExtractEntities, RunBatch
from transforms.failures import FAILURES
from transforms.geocode.geocode import Geocode, PlaceMentions
from transforms.limits import Guard
from transforms.records import AnnotatedArticle, Article


class Annotate(beam.PTransform):
    """Finds the entities of each article and places its mentions.

    Gives what `Extract` and `Geocode` give one after the other, but an article
    is handed to another process once. `extract`'s limits hold for both.
    Outputs are `articles` and `failures.FAILURES`. Bounded and unbounded input,
    no shuffle, deterministic but for articles that exceed their limits.

    Args:
        extract: settings of the first.
        geocode: settings of the second.
    """

    def __init__(self, extract: Extract, geocode: Geocode) -> None:
        super().__init__()
        self._extract, self._geocode = extract, geocode

    def expand(self, articles: PCollection[Article]) -> DoOutputsTuple:
        size = self._extract.batch_size
        guard = Guard(AnnotateArticles(self._extract.task(), self._geocode.task()), self._extract.budget)
        return (
            articles
            # Fixed sizes keep the batching stateless, so that it never gathers all work on one worker.
            | "Batch" >> beam.BatchElements(min_batch_size=size, max_batch_size=size)
            | "Extract and geocode" >> beam.ParDo(RunBatch(guard)).with_outputs(FAILURES, main="articles")
        )


@dataclasses.dataclass
class AnnotateArticles:
    """Task: articles to annotated articles with their locations."""

    extract: ExtractEntities
    geocode: PlaceMentions
    stage = "annotate"

    def preload(self) -> None:
        """Load the models."""
        self.extract.preload()

    def setup(self) -> None:
        """Take the models and open the gazetteer."""
        self.extract.setup()
        self.geocode.setup()

    def run(self, articles: Sequence[Article]) -> list[Any]:
        """Read a batch, and place the mentions of each article that could be read."""
        results: list[Any] = []
        for result in self.extract.run(articles):
            results += self.geocode.run([result]) if isinstance(result, AnnotatedArticle) else [result]
        return results

    def source(self, article: Article) -> str:
        """Return where the article comes from."""
        return self.extract.source(article)

    def payload(self, article: Article) -> str:
        """Return its text."""
        return self.extract.payload(article)
