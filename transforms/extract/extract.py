"""Articles -> what they name, a batch at a time."""

import dataclasses
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import apache_beam as beam
from apache_beam.pvalue import DoOutputsTuple, PCollection
from spacy.language import Language

from transforms.extract.entities import annotate
from transforms.extract.models import SHIPPED_NAME, check_model, keep_loaded, reader_of
from transforms.failures import FAILURES, INFRASTRUCTURE, attempt
from transforms.limits import Budget, Guard
from transforms.limits.budget import CPU_SECONDS, MEMORY_MB
from transforms.progress import advance
from transforms.records import AnnotatedArticle, Article
from transforms.settings import bad_setting


@dataclasses.dataclass
class Extract(beam.PTransform):
    """Finds the entities of each article.

    Takes a PCollection of `Article`, gives `AnnotatedArticle`s and, under the
    tag FAILURES, one `Failure` for each article that the model breaks on; the
    rest of its batch is unharmed. An article in a language that no model reads
    comes out without entities, `extraction="language_not_read"`. Bounded and
    unbounded input, no shuffle, deterministic.
    """

    model: str | dict[str, str] = SHIPPED_NAME
    """Name of an installed spaCy pipeline, or a folder with one; or one for each language: `{en: ..., de: ...}`."""
    batch_size: int = 16
    """Articles read together; more are hardly faster, and give one worker more of a run."""
    piece_chars: int = 20_000
    """Maximum characters of a piece; longer texts are read in pieces."""

    max_cpu_seconds: float = CPU_SECONDS
    """CPU time for the entities and places of an article; one that needs more is a failure. 0 for no limit."""
    max_memory_mb: float = MEMORY_MB
    """Memory for an article, in addition to the models; one that needs more is a failure. 0 for no limit."""

    def __post_init__(self) -> None:
        if self.batch_size < 1:
            raise bad_setting("extract.batch_size", self.batch_size, "a whole number of at least 1")
        if self.piece_chars < 1000:
            raise bad_setting("extract.piece_chars", self.piece_chars, "a whole number of at least 1000")
        self.budget = Budget(self.max_cpu_seconds, self.max_memory_mb)
        for name in [self.model] if isinstance(self.model, str) else self.model.values():
            check_model(name)

    def task(self) -> "ExtractEntities":
        """Return the task for a batch."""
        return ExtractEntities(self.model, self.piece_chars)

    def expand(self, articles: PCollection[Article]) -> DoOutputsTuple:
        return (
            articles
            # Fixed sizes keep the batching stateless, so that it never gathers all work on one worker.
            | "Batch" >> beam.BatchElements(min_batch_size=self.batch_size, max_batch_size=self.batch_size)
            | "Read with the model"
            >> beam.ParDo(RunBatch(Guard(self.task(), self.budget))).with_outputs(FAILURES, main="articles")
        )


@dataclasses.dataclass
class ExtractEntities:
    """Task: articles to annotated articles."""

    model: str | dict[str, str]
    piece_chars: int
    stage = "extract"

    def preload(self) -> None:
        """Load the models."""
        keep_loaded(self.model)

    def setup(self) -> None:
        """Take the models of this process."""
        self._models = keep_loaded(self.model)

    def run(self, articles: Sequence[Article]) -> list[Any]:
        """Read a batch."""
        return list(extract_batch(articles, self._models, self.piece_chars))

    def source(self, article: Article) -> str:
        """Return the source of the article."""
        return article.source

    def payload(self, article: Article) -> str:
        """Return its text."""
        return article.text


class RunBatch(beam.DoFn):
    """Runs a task on batches of articles, inside the limits of its guard."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    def setup(self) -> None:
        self._guard.setup()

    def process(self, batch: list[Article]) -> Iterator[Any]:
        yield from self._guard.run(batch)
        advance("extracted", len(batch))


def extract_batch(articles: Sequence[Article], models: Mapping[str, Language], piece_chars: int) -> Iterator[Any]:
    """Yield annotated articles for a batch, and a tagged `Failure` for each that cannot be read."""
    by_model: dict[int, list[Article]] = defaultdict(list)
    for article in articles:
        nlp = reader_of(article.language, models)
        if nlp is None:
            yield AnnotatedArticle(article=dataclasses.replace(article, extraction="language_not_read"))
        else:
            by_model[id(nlp)].append(article)
    for nlp in {id(nlp): nlp for nlp in models.values()}.values():
        yield from _read_together(by_model[id(nlp)], nlp, piece_chars)


def _read_together(articles: Sequence[Article], nlp: Language, piece_chars: int) -> Iterator[Any]:
    """Yield one call for all; if it breaks, one for each, so that only the culprit fails."""
    try:
        annotated = list(annotate(articles, nlp, piece_chars))
    except INFRASTRUCTURE:
        raise
    except Exception:
        for article in articles:
            yield from attempt(
                lambda one: annotate([one], nlp, piece_chars),
                article,
                stage="extract",
                source=article.source,
                payload=article.text,
            )
    else:
        yield from annotated
