"""Articles -> what they name, a batch at a time."""

import dataclasses
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import apache_beam as beam
from apache_beam.pvalue import DoOutputsTuple, PCollection
from apache_beam.utils.shared import Shared
from spacy.language import Language

from transforms.extract.entities import annotate
from transforms.extract.models import SHIPPED_NAME, check_model, keep_loaded, reader_of
from transforms.failures import FAILURES, INFRASTRUCTURE, attempt
from transforms.progress import advance
from transforms.records import AnnotatedArticle, Article


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
    """Articles read together; more are hardly faster, and hold more of a run back behind one worker."""
    piece_chars: int = 20_000
    """Longer texts are read in pieces of at most so many characters."""

    def __post_init__(self) -> None:
        if self.batch_size < 1:
            raise ValueError(f"batch_size is {self.batch_size}; allowed is 1 or more")
        if self.piece_chars < 1000:
            raise ValueError(f"piece_chars is {self.piece_chars}; allowed is 1000 or more")
        for name in [self.model] if isinstance(self.model, str) else self.model.values():
            check_model(name)

    def expand(self, articles: PCollection[Article]) -> DoOutputsTuple:
        return (
            articles
            # Fixed sizes keep the batching stateless, so that it never gathers all work on one worker.
            | "Batch" >> beam.BatchElements(min_batch_size=self.batch_size, max_batch_size=self.batch_size)
            | "Read with the model"
            >> beam.ParDo(_ExtractBatch(self.model, self.piece_chars)).with_outputs(FAILURES, main="articles")
        )


def extract_batch(articles: Sequence[Article], models: Mapping[str, Language], piece_chars: int) -> Iterator[Any]:
    """Annotated articles for a batch, and a tagged `Failure` for each that cannot be read."""
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
    """One call for all; if it breaks, one for each, so that only the culprit fails."""
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


class _LoadedModels(dict[str, Language]):
    """A plain dict cannot be held weakly, as `Shared` wants it."""


class _ExtractBatch(beam.DoFn):
    """Holds the models: loaded once a process, however many threads it has."""

    def __init__(self, model: str | dict[str, str], piece_chars: int) -> None:
        self._model = model
        self._piece_chars = piece_chars
        self._shared = Shared()

    def setup(self) -> None:
        self._models = self._shared.acquire(lambda: _LoadedModels(keep_loaded(self._model)))

    def process(self, batch: list[Article]) -> Iterator[Any]:
        yield from extract_batch(batch, self._models, self._piece_chars)
        advance("extracted", len(batch))
