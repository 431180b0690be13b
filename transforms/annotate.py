"""Article -> facts of all kinds: every annotator, in one child process with limits."""

import dataclasses
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import apache_beam as beam
from apache_beam.pvalue import DoOutputsTuple, PCollection, TaggedOutput
from spacy.language import Language

from transforms.annotators.base import Annotator, Piece, Reading
from transforms.annotators.known import configured, needs_syntax
from transforms.extract.entities import read_articles
from transforms.extract.extract import Extract, RunBatch
from transforms.extract.fast_pipe import bounded
from transforms.extract.models import keep_loaded, model_id, reader_of
from transforms.failures import FAILURES, INFRASTRUCTURE, attempt
from transforms.geocode.geocode import Geocode
from transforms.limits import Guard
from transforms.records import FACT_TABLES, AnnotatedArticle, Article


class Annotate(beam.PTransform):
    """Finds the facts of each article with all annotators.

    An article is handed to another process once. The limits of `extract` apply to
    all annotators together. Outputs are `articles` (`AnnotatedArticle`s) and
    `failures.FAILURES`. Bounded and unbounded input, no shuffle, deterministic
    but for articles that exceed their limits.

    Args:
        extract: settings of the model.
        geocode: settings of the places.

    Raises:
        ValueError: a table of facts has no annotator, or a requirement cannot be met.
    """

    def __init__(self, extract: Extract, geocode: Geocode) -> None:
        super().__init__()
        self._extract = extract
        self._annotators = configured(extract, geocode)

    def expand(self, articles: PCollection[Article]) -> DoOutputsTuple:
        size = self._extract.batch_size
        task = AnnotateArticles(self._extract.model, self._extract.piece_chars, self._annotators)
        return (
            articles
            # Fixed sizes keep the batching stateless, so that it never gathers all work on one worker.
            | "Batch" >> beam.BatchElements(min_batch_size=size, max_batch_size=size)
            | "Annotate"
            >> beam.ParDo(RunBatch(Guard(task, self._extract.budget))).with_outputs(FAILURES, main="articles")
        )


def fact_tables(annotated: PCollection[AnnotatedArticle]) -> dict[str, PCollection[Any]]:
    """Return table of facts -> the rows of each article as a tuple, for every table that a record declares."""
    return {name: annotated | f"Facts {name}" >> beam.Map(AnnotatedArticle.rows, name) for name in FACT_TABLES}


@dataclasses.dataclass
class AnnotateArticles:
    """Task: articles to annotated articles."""

    model: str | dict[str, str]
    piece_chars: int
    annotators: list[Annotator]
    stage = "annotate"

    def preload(self) -> None:
        """Load the models."""
        keep_loaded(self.model, syntax=needs_syntax())
        for annotator in self.annotators:
            annotator.preload()

    def setup(self) -> None:
        """Take the models of this process, and open what annotators need."""
        self._models = keep_loaded(self.model, syntax=needs_syntax())
        for annotator in self.annotators:
            annotator.setup()

    def run(self, articles: Sequence[Article]) -> list[Any]:
        """Annotate a batch; the articles of one model are read together."""
        results: list[Any] = []
        by_model: dict[int, list[Article]] = defaultdict(list)
        for article in articles:
            nlp = reader_of(article.language, self._models)
            if nlp is None:
                results += self._annotate(_unread(article))
            else:
                by_model[id(nlp)].append(article)
        for nlp in {id(nlp): nlp for nlp in self._models.values()}.values():
            results += self._annotate_together(by_model[id(nlp)], nlp)
        return results

    def source(self, article: Article) -> str:
        """Return the source of the article."""
        return article.source

    def payload(self, article: Article) -> str:
        """Return its text."""
        return article.text

    def _annotate_together(self, articles: Sequence[Article], nlp: Language) -> Iterator[Any]:
        """Yield the results of one call of the model; if it fails, of one call for each article."""
        with bounded(nlp):
            try:
                readings: list[Any] = list(_read(articles, nlp, self.piece_chars))
            except INFRASTRUCTURE:
                raise
            except Exception:
                readings = [result for article in articles for result in self._read_alone(article, nlp)]
            for reading in readings:
                yield from self._annotate(reading) if isinstance(reading, Reading) else [reading]

    def _read_alone(self, article: Article, nlp: Language) -> Iterator[Any]:
        """Yield the reading of one article, or a tagged failure."""
        where = {"source": article.source, "payload": article.text}
        yield from attempt(lambda one: _read([one], nlp, self.piece_chars), article, stage="extract", **where)

    def _annotate(self, reading: Reading) -> Iterator[Any]:
        """Yield the article with the facts of all annotators, or a tagged failure of the first that fails."""
        where = {"source": reading.article.source, "payload": reading.article.text}
        for annotator in self.annotators:
            (result,) = attempt(annotator.apply, reading, stage=annotator.stage, **where)
            if isinstance(result, TaggedOutput):
                yield result
                return
            reading = result
        yield reading.annotated


def _unread(article: Article) -> Reading:
    """Return the reading of an article in a language that no model reads."""
    return Reading(AnnotatedArticle(article=dataclasses.replace(article, extraction="language_not_read")))


def _read(articles: Sequence[Article], nlp: Language, piece_chars: int) -> Iterator[Reading]:
    """Yield a reading for each article."""
    model = model_id(nlp)
    for article, docs in zip(articles, read_articles(articles, nlp, piece_chars), strict=True):
        yield Reading(AnnotatedArticle(article=article), tuple(Piece(*one) for one in docs), model)
