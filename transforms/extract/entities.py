"""Texts through a spaCy pipeline -> entity mentions with offsets into the whole text."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc

from transforms.extract.chunks import cut
from transforms.extract.fast_pipe import bounded, read
from transforms.extract.gate import MAX_CHUNK, MAX_SIGNS
from transforms.extract.models import model_id
from transforms.extract.persons import join_persons, plain_name
from transforms.extract.postprocess import Span, revise
from transforms.records import AnnotatedArticle, Article, Entity, stable_id

_EDGES = re.compile(r"^[\s\u2600-\u27bf\U0001f000-\U0001faff]+|[\s\u2600-\u27bf\U0001f000-\U0001faff]+$")


def annotate(articles: Sequence[Article], nlp: Language, piece_chars: int) -> Iterator[AnnotatedArticle]:
    """Read articles together; one annotated article for each, in order.

    Args:
        articles: all in a language that `nlp` reads.
        nlp: a pipeline that sets `doc.ents`.
        piece_chars: maximum characters of a piece; longer texts are cut.
    """
    model = model_id(nlp)
    with bounded(nlp):
        found = [
            find_entities(article, docs, model)
            for article, docs in zip(articles, read_articles(articles, nlp, piece_chars), strict=True)
        ]
    for article, entities in zip(articles, found, strict=True):
        yield AnnotatedArticle(article=article).with_rows("entities", entities, **summary_columns(entities, model))


def read_articles(articles: Sequence[Article], nlp: Language, piece_chars: int) -> Iterator[list[tuple[int, Doc]]]:
    """Yield the docs of each article with their offsets; use them within `fast_pipe.bounded`.

    Args:
        articles: all in a language that `nlp` reads.
        nlp: a pipeline.
        piece_chars: maximum characters of a doc; longer texts are cut.

    Raises:
        Exception: whatever a component raises, for all articles.
    """
    pieces = [list(cut(article.text, piece_chars)) for article in articles]
    docs = read(nlp, [text for parts in pieces for _, text in parts])
    for parts in pieces:
        yield [(offset, next(docs)) for offset, _ in parts]


def find_entities(article: Article, docs: Iterable[tuple[int, Doc]], model: str) -> tuple[Entity, ...]:
    """Return the entities of an article, in text order, with the mentions of one thing joined.

    Args:
        article: offsets are into its text.
        docs: its text as a model has read it, in parts with their offsets.
        model: id of that model.
    """
    spans = [span for offset, doc in docs for span in _spans(doc, offset)]
    return join_mentions([_mention(article, span, model) for span in revise(article.text, spans)])


def _spans(doc: Doc, offset: int) -> Iterator[Span]:
    """Yield the doc's entities without white space and pictographs at their ends."""
    for entity in doc.ents:
        if entity.end_char - entity.start_char > MAX_CHUNK and any(len(token) > MAX_SIGNS for token in entity):
            continue  # it goes across what the model did not read
        surface = _EDGES.sub("", entity.text)
        if surface:
            start = offset + entity.start_char + entity.text.index(surface)
            yield Span(start, start + len(surface), entity.label_)


def _mention(article: Article, span: Span, model: str) -> Entity:
    """Return the row of one mention, which stands for itself until it is joined."""
    surface = article.text[span.start : span.end]
    entity_id = stable_id(article.article_id, str(span.start), str(span.end), span.label)
    return Entity(
        entity_id=entity_id,
        article_id=article.article_id,
        start=span.start,
        end=span.end,
        surface=surface,
        label=span.label,
        name=plain_name(surface),
        canonical_id=entity_id,
        model=model,
    )


def join_mentions(entities: Sequence[Entity]) -> tuple[Entity, ...]:
    """Give the mentions of one thing one name and one canonical id.

    Persons are joined by parts of their names, all else by the same name in
    the same label, whatever its case.
    """
    persons = [entity for entity in entities if entity.label == "PERSON"]
    fullest = dict(zip((p.entity_id for p in persons), join_persons([p.name for p in persons]), strict=True))
    first: dict[tuple[str, str], str] = {}
    joined = []
    for entity in entities:
        name = persons[fullest[entity.entity_id]].name if entity.label == "PERSON" else entity.name
        canonical_id = first.setdefault((entity.label, name.casefold()), entity.entity_id)
        joined.append(replace(entity, name=name, canonical_id=canonical_id))
    return tuple(joined)


def summary_columns(entities: Sequence[Entity], model: str) -> dict[str, Any]:
    """Return the columns of an article that list its persons and organizations, for quick queries."""
    return {
        "extraction": "extracted",
        "model": model,
        "persons": _distinct(entities, "PERSON"),
        "organizations": _distinct(entities, "ORG"),
    }


def _distinct(entities: Iterable[Entity], label: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(e.name for e in entities if e.label == label and e.entity_id == e.canonical_id))
