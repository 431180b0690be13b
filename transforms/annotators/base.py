"""Annotators: each finds one kind of fact in an article and fills one table.

An annotator is a subclass of `Annotator` in a file of its own, and a line in
`known.ANNOTATORS`; its record is in `transforms/records.py`. Batch, stream and
Beam YAML run all of them in one process on one article, in an order in which
each finds the facts that it requires. See docs/adding/annotator.md.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal, NamedTuple

from spacy.tokens import Doc

from transforms.extract.extract import Extract
from transforms.geocode.geocode import Geocode
from transforms.records import AnnotatedArticle, Article

Requirement = Literal["language", "syntax", "entities", "locations"]
"""`language`: the article is in a language that a model reads, so that there are docs.
`syntax`: the docs have tags, lemmas, dependencies and sentences; includes `language`.
Others are tables of facts: their annotators have run before."""

OF_DOCS = frozenset({"language", "syntax"})


class Piece(NamedTuple):
    """A part of an article's text, as the model has read it; most articles have one."""

    offset: int
    """Offset of the part in `Article.text`, in characters."""
    doc: Doc


@dataclasses.dataclass(frozen=True)
class Reading:
    """An article on its way through the annotators. Valid only during `annotate`: docs are freed afterwards."""

    annotated: AnnotatedArticle
    pieces: tuple[Piece, ...] = ()
    """Parts of the text with their docs, in text order; none if no model reads the language."""
    model: str = ""
    """Id of the model that made the docs."""

    @property
    def article(self) -> Article:
        """Return the article, with the columns that annotators before this one have filled."""
        return self.annotated.article

    @property
    def has_docs(self) -> bool:
        """Return True if a model has read the text."""
        return bool(self.model)


class Found(NamedTuple):
    """Result of an annotator."""

    rows: Sequence[Any]
    """Records of its table, in text order."""
    columns: Mapping[str, Any] = {}
    """Columns of the article that follow from them."""


class Annotator:
    """Finds one kind of fact."""

    table: ClassVar[str]
    """Table of facts that it fills."""
    requires: ClassVar[frozenset[str]] = frozenset()
    """`Requirement`s. Without docs, an annotator that requires `language` or `syntax` is skipped: no rows."""
    stage: ClassVar[str] = "extract"
    """`failures.stage` of an article that it fails on."""

    @classmethod
    def configured(cls, extract: Extract, geocode: Geocode) -> "Annotator":
        """Return an annotator with the settings of a run."""
        return cls()

    def preload(self) -> None:
        """Load models, once in the process that all readers are forked from."""

    def setup(self) -> None:
        """Open what a reader needs: files, connections."""

    def annotate(self, reading: Reading) -> Found:
        """Return the facts of an article.

        Raises:
            Exception: the article becomes a failure row of this annotator's stage.
        """
        raise NotImplementedError

    def apply(self, reading: Reading) -> list[Reading]:
        """Return the reading with the facts of this annotator added."""
        found = Found(()) if self.requires & OF_DOCS and not reading.has_docs else self.annotate(reading)
        annotated = reading.annotated.with_rows(self.table, found.rows, **found.columns)
        return [dataclasses.replace(reading, annotated=annotated)]
