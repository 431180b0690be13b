"""The corpora of annotated places, read by the product up to where the measured step begins."""

import datetime
import importlib.util
import json
import types
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spacy.language import Language

from transforms.extract.entities import annotate
from transforms.gazetteer.lookup import Gazetteer
from transforms.parse.article import parse_item
from transforms.records import AnnotatedArticle, Article, Item, Location, stable_id

KM = 161.0
"""Maximum distance of a right place, km: 100 miles, as in the papers."""
FETCHED = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
PIECE_CHARS = 20_000
"""As the default of `extract.piece_chars`."""

Place = Callable[[AnnotatedArticle], AnnotatedArticle]
"""What is measured: an article with its entities -> with its locations."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """A file of annotated documents, and how far the product knows it."""

    name: str
    taught: bool
    """Whether the ranker's weights were fitted on it; the entity model has seen none of them."""


CORPORA = (Corpus("lgl_train", True), Corpus("geowebnews_train", True), Corpus("tud_loc_2013", False))


@dataclass(frozen=True, slots=True)
class Case:
    """One annotated document, and what the model finds in it."""

    document: dict[str, Any]
    annotated: AnnotatedArticle

    @property
    def key(self) -> str:
        """Return corpus and document, the same wherever the document is read."""
        return f"{self.document['corpus']}/{self.document['doc_id']}"


def documents(file: Path) -> Iterator[dict[str, Any]]:
    """Yield the documents of a corpus."""
    for line in file.read_text(encoding="utf-8").rstrip("\n").split("\n"):
        yield json.loads(line)


def parsed(document: dict[str, Any], gazetteer: Gazetteer) -> Article:
    """Return a document as the pipeline parses it; `text` is kept, so offsets hold."""
    content = json.dumps({key: document.get(key) for key in ("title", "url", "text")}).encode()
    item = Item(uri="corpus.jsonl", position=1, kind="json", content=content, fetched=FETCHED)
    return parse_item(item, gazetteer.is_place)


def read_cases(file: Path, nlp: Language, gazetteer: Gazetteer) -> list[Case]:
    """Return all documents of a corpus, parsed and read by the model."""
    read = list(documents(file))
    annotated = annotate([parsed(document, gazetteer) for document in read], nlp, PIECE_CHARS)
    return [Case(*pair) for pair in zip(read, annotated, strict=True)]


def fold_of(case: Case, folds: int) -> int:
    """Return the fold that a document is judged in, by a hash of its name.

    >>> from unittest.mock import Mock
    >>> fold_of(Mock(key="LGL/1"), 1)
    0
    """
    return int(stable_id(case.key)[:8], 16) % folds


def as_predictions(cases: Sequence[Case], found: Sequence[Sequence[Location]]) -> list[dict[str, Any]]:
    """Return rows in the form that the scorer reads."""
    return [
        {
            "corpus": case.document["corpus"],
            "doc_id": case.document["doc_id"],
            "toponyms": [{"start": r.start, "end": r.end, "lat": r.latitude, "lon": r.longitude} for r in rows],
        }
        for case, rows in zip(cases, found, strict=True)
    ]


def load_scorer(corpora: Path) -> types.ModuleType:
    """Return the corpora's own scorer, `geo/score.py`, as it is."""
    spec = importlib.util.spec_from_file_location("score", corpora / "geo" / "score.py")
    assert spec is not None
    assert spec.loader is not None
    scorer = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(scorer)
    return scorer
