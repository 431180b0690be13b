"""The training documents as the ranker sees them, with what each name means."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from transforms.extract.entities import annotate
from transforms.extract.models import SHIPPED_NAME, load_model
from transforms.feeds.fetch import utc_now
from transforms.gazetteer.lookup import Gazetteer, Place
from transforms.geocode.geocode import key_of, names_of, publisher_names
from transforms.geocode.mentions import Mention, find_mentions
from transforms.geocode.publisher import country_of
from transforms.geocode.ranking.context import CandidateMatrix
from transforms.geocode.ranking.features import Array
from transforms.parse.article import parse_item
from transforms.records import AnnotatedArticle, Article, Entity, Item

Gold = dict[str, Any]
KM = 161.0
"""A place this near is right, as in all published figures."""
SAME_KM = 10.0
"""A candidate this near is the place itself, and better than one that is only near enough."""


@dataclass
class Example:
    """One document in one form.

    Attributes:
        mode: `gold` or `pipeline`, by whose mentions they are; with ` piece` for a piece of the text.
        publisher: whether the publisher's address is known.
        table: the names and their candidates.
        right: row -> number of mentions of its name for which it is the place meant.
        mentions: row -> number of mentions of its name whose meaning is known.
        judged: (index in `table.ranked`, whether a dateline, gold toponym) of each such mention; None means no place.
        fixed: (place, gold toponym) of each mention whose name leaves no choice.
        located: number of gold toponyms with coordinates.
    """

    mode: str
    publisher: bool
    table: CandidateMatrix
    right: Array
    mentions: Array
    judged: list[tuple[int, bool, Gold | None]] = field(default_factory=list)
    fixed: list[tuple[Place, Gold | None]] = field(default_factory=list)
    located: int = 0


def read(file: Path, gazetteer: Gazetteer) -> Iterator[tuple[dict[str, Any], AnnotatedArticle]]:
    """Return each document of a corpus with what the shipped model finds in it."""
    documents = [json.loads(line) for line in file.read_text(encoding="utf-8").rstrip("\n").split("\n")]
    articles = [parsed(document, gazetteer) for document in documents]
    return zip(documents, annotate(articles, load_model(SHIPPED_NAME), piece_chars=20_000), strict=True)


def parsed(document: dict[str, Any], gazetteer: Gazetteer) -> Article:
    """Return a document as the pipeline parses it; `text` is kept, so offsets hold."""
    content = json.dumps({key: document.get(key) for key in ("title", "url", "text")}).encode()
    item = Item(uri="corpus.jsonl", position=1, kind="json", content=content, fetched=utc_now())
    return parse_item(item, gazetteer.is_place)


def gold_entities(document: dict[str, Any]) -> tuple[Entity, ...]:
    """Return the gold toponyms as a perfect model would give them."""
    return tuple(
        Entity(
            entity_id=str(gold["start"]),
            article_id="",
            start=gold["start"],
            end=gold["end"],
            surface=gold["surface"],
            label="LOC",
            name=gold["surface"],
            canonical_id=str(gold["start"]),
            model="gold",
        )
        for gold in sorted(document["toponyms"], key=lambda gold: gold["start"])
    )


def forms_of(document: dict[str, Any], annotated: AnnotatedArticle, gazetteer: Gazetteer) -> Iterator[Example]:
    """Yield the document with gold mentions and with the pipeline's: whole with and without its address, and in
    pieces.
    """
    known = annotated.article
    unknown = replace(known, url=None, canonical_url=None, publisher=None)
    for mode, entities in (("gold", gold_entities(document)), ("pipeline", annotated.entities)):
        mentions = find_mentions(known, entities, gazetteer)
        for article in (known, unknown):
            yield example_of(document, mode, article, mentions, gazetteer)
        for start, end in pieces(len(known.text)):
            inside = [mention for mention in mentions if start <= mention.start < end]
            if inside:
                yield example_of(document, f"{mode} piece", unknown, inside, gazetteer)


def pieces(length: int) -> list[tuple[int, int]]:
    """Return two pieces of a text, so that the ranker learns what to do with a headline or a single sentence.

    >>> pieces(1000)
    [(0, 300), (500, 600)]
    """
    return [(0, 300), (length // 2, length // 2 + 100)]


def example_of(
    document: dict[str, Any], mode: str, article: Article, mentions: Sequence[Mention], gazetteer: Gazetteer
) -> Example:
    """Return the document in one form; mentions on neutral spans and on toponyms without coordinates teach nothing."""
    names = names_of(mentions, article, gazetteer)
    table = CandidateMatrix([*names.values(), *publisher_names(article, gazetteer)], article.text, country_of(article))
    example = Example(mode, article.url is not None, table, np.zeros(table.size), np.zeros(table.size))
    example.located = sum(gold["lat"] is not None for gold in document["toponyms"])
    indices = {id(name): index for index, name in enumerate(table.ranked)}
    used: set[int] = set()
    for mention in mentions:
        gold = next((g for g in document["toponyms"] if _overlap(g, mention)), None)
        if gold is None:
            if "gold" in mode or any(_overlap(span, mention) for span in document["neutral"]):
                continue
        elif gold["lat"] is None or gold["start"] in used:
            continue
        else:
            used.add(gold["start"])
        name = names[key_of(mention)]
        if name.fixed is not None:
            example.fixed.append((name.fixed, gold))
        elif id(name) in indices:
            example.judged.append((indices[id(name)], mention.kind == "dateline", gold))
            _learn(example, indices[id(name)], gold)
    return example


def _overlap(span: dict[str, Any], mention: Any) -> bool:
    return bool(span["start"] < mention.end and mention.start < span["end"])


def _learn(example: Example, index: int, gold: Gold | None) -> None:
    """Count one mention for the rows of what it means."""
    start, none = example.table.starts[index], example.table.none[index]
    places = [candidate.place for candidate in example.table.ranked[index].candidates]
    distances = np.array([np.inf if gold is None else kilometres(place, gold) for place in places])
    same = (distances <= SAME_KM) | np.array(
        [gold is not None and place.number == gold["geonames_id"] for place in places]
    )
    near = distances <= KM
    rows = np.append(same if same.any() else near, not (same.any() or near.any()))
    example.right[start : none + 1] += rows
    example.mentions[start : none + 1] += 1


def kilometres(place: Place, gold: Gold) -> float:
    """Return great-circle distance of a place from a gold toponym, km."""
    lat1, lon1, lat2, lon2 = np.radians([place.lat, place.lon, gold["lat"], gold["lon"]])
    a = np.sin((lat2 - lat1) / 2) ** 2 + np.cos(lat1) * np.cos(lat2) * np.sin((lon2 - lon1) / 2) ** 2
    return float(2 * 6371.0088 * np.arcsin(min(1.0, np.sqrt(a))))
