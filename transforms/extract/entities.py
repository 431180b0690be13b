"""Texts through a spaCy pipeline -> entity mentions with offsets into the whole text."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from spacy.language import Language
from spacy.tokens import Span

from transforms.extract.models import model_id
from transforms.extract.persons import join_persons, plain_name
from transforms.extract.pieces import cut
from transforms.records import AnnotatedArticle, Article, Entity, stable_id


def annotate(articles: Sequence[Article], nlp: Language, piece_chars: int) -> Iterator[AnnotatedArticle]:
    """Reads articles with one `nlp.pipe`; one annotated article for each, in order.

    Args:
        articles: all in a language that `nlp` reads.
        nlp: a pipeline that sets `doc.ents`.
        piece_chars: longer texts are read in pieces of at most so many characters.
    """
    model = model_id(nlp)
    found: list[list[Entity]] = [[] for _ in articles]
    pieces = (
        (piece, (index, offset))
        for index, article in enumerate(articles)
        for offset, piece in cut(article.text, piece_chars)
    )
    for doc, (index, offset) in nlp.pipe(pieces, as_tuples=True):
        found[index].extend(_mentions(doc.ents, offset, articles[index].article_id, model))
    for article, entities in zip(articles, found, strict=True):
        yield _summarize(article, join_mentions(entities), model)


def _mentions(spans: Iterable[Span], offset: int, article_id: str, model: str) -> Iterator[Entity]:
    for span in spans:
        surface = span.text.strip()
        if not surface:
            continue
        start = offset + span.start_char + span.text.index(surface)
        end = start + len(surface)
        entity_id = stable_id(article_id, str(start), str(end), span.label_)
        yield Entity(
            entity_id=entity_id,
            article_id=article_id,
            start=start,
            end=end,
            surface=surface,
            label=span.label_,
            name=plain_name(surface),
            canonical_id=entity_id,
            model=model,
        )


def join_mentions(entities: Sequence[Entity]) -> tuple[Entity, ...]:
    """Gives the mentions of one thing one name and one canonical id.

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


def _summarize(article: Article, entities: tuple[Entity, ...], model: str) -> AnnotatedArticle:
    """The article with its persons and organizations listed for quick queries."""
    summary = replace(
        article,
        extraction="extracted",
        model=model,
        persons=_distinct(entities, "PERSON"),
        organizations=_distinct(entities, "ORG"),
    )
    return AnnotatedArticle(article=summary, entities=entities)


def _distinct(entities: Iterable[Entity], label: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(e.name for e in entities if e.label == label and e.entity_id == e.canonical_id))
