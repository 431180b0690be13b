"""What each piece adds: the same documents again with the piece switched off, from outside the product.

A switch wraps a function of the product or the gazetteer for the time of one
measurement. A name that the product no longer has is an error, so that no
ablation silently measures nothing.
"""

import contextlib
import dataclasses
import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from unittest.mock import patch

from benchmarks.measures.corpus import Place
from transforms.gazetteer.lookup import Candidate, Gazetteer, Match
from transforms.geocode import geocode as module
from transforms.geocode.mentions import Mention
from transforms.records import AnnotatedArticle

Switch = Callable[[Gazetteer], contextlib.AbstractContextManager[Place]]
"""An open gazetteer -> a placer without the piece, good within the context."""


def plain(gazetteer: Gazetteer) -> Place:
    """Return the product as it is, with the settings that it has by default."""
    return functools.partial(module.geocode, gazetteer=gazetteer)


def without_mentions(drop: Callable[[Mention], bool]) -> Switch:
    """Switch off the mentions of a kind, also as context of the others."""

    def kept(mentions: Sequence[Mention]) -> list[Mention]:
        return [mention for mention in mentions if not drop(mention)]

    return with_mentions(kept)


def with_mentions(change: Callable[[Sequence[Mention]], list[Mention]]) -> Switch:
    """Yield changes the mentions between finding and placing them."""

    @contextlib.contextmanager
    def switch(gazetteer: Gazetteer) -> Iterator[Place]:
        find = vars(module)["find_mentions"]
        with patch.object(module, "find_mentions", lambda *given, **settings: change(find(*given, **settings))):
            yield plain(gazetteer)

    return switch


def without_candidates(drop: Callable[[Candidate], bool]) -> Switch:
    """Switch off candidates of a kind, wherever a name is looked up."""

    class Smaller(Gazetteer):
        def candidates(self, name: str) -> tuple[Candidate, ...]:
            return tuple(candidate for candidate in super().candidates(name) if not drop(candidate))

    @contextlib.contextmanager
    def switch(gazetteer: Gazetteer) -> Iterator[Place]:
        yield plain(Smaller(gazetteer.path))

    return switch


def without_entities(drop: Callable[[str], bool]) -> Switch:
    """Switch off what the model finds, by label."""

    @contextlib.contextmanager
    def switch(gazetteer: Gazetteer) -> Iterator[Place]:
        def place(annotated: AnnotatedArticle) -> AnnotatedArticle:
            entities = tuple(entity for entity in annotated.entities if not drop(entity.label))
            return module.geocode(annotated.with_rows("entities", entities), gazetteer)

        yield place

    return switch


def without_part(name: str, replacement: Callable[..., Any]) -> Switch:
    """Switch off a function that `transforms.geocode.geocode` calls; the replacement gets the original first."""

    @contextlib.contextmanager
    def switch(gazetteer: Gazetteer) -> Iterator[Place]:
        with patch.object(module, name, functools.partial(replacement, getattr(module, name))):
            yield plain(gazetteer)

    return switch


@contextlib.contextmanager
def without_publisher(gazetteer: Gazetteer) -> Iterator[Place]:
    """Switch off the address and the publisher: the text alone."""

    def place(annotated: AnnotatedArticle) -> AnnotatedArticle:
        bare = dataclasses.replace(annotated.article, url=None, canonical_url=None, publisher=None)
        return module.geocode(dataclasses.replace(annotated, article=bare), gazetteer)

    yield place


def _no_containers(mentions: Sequence[Mention]) -> list[Mention]:
    return [dataclasses.replace(mention, container="") for mention in mentions]


def _first_round(rank: Callable[..., None], *given: Any, **settings: Any) -> None:
    rank(*given, **settings, rounds=1)


def _own_sense(key_of: Callable[[Mention], tuple[str, ...]], mention: Mention) -> tuple[str, ...]:
    return (*key_of(mention), str(mention.start))


SWITCHES: dict[str, Switch] = {
    "mentions: the gazetteer's": without_mentions(lambda mention: mention.basis == "gazetteer"),
    "mentions: doubtful names near sure ones": without_mentions(lambda mention: mention.doubtful),
    "mentions: the model's": without_entities(lambda label: label in ("GPE", "LOC", "FAC")),
    "mentions: demonyms": without_mentions(lambda mention: mention.kind == "demonym"),
    "mentions: adjectives": without_mentions(lambda mention: mention.kind == "adjective"),
    "mentions: the dateline": without_mentions(lambda mention: mention.kind == "dateline"),
    "mentions: places in organizations' names": without_mentions(lambda mention: mention.basis == "organization"),
    "guard: persons and organizations of the model": without_entities(lambda label: label in ("PERSON", "ORG")),
    "ranking: containers (`Paris, Texas`)": with_mentions(_no_containers),
    "ranking: one sense per discourse": without_part("key_of", _own_sense),
    "ranking: context rounds": without_part("rank", _first_round),
    "ranking: the publisher's address": without_publisher,
    "gazetteer: alternate names": without_candidates(lambda candidate: candidate.match is Match.ALTERNATE),
    "gazetteer: abbreviations": without_candidates(lambda candidate: candidate.match is Match.ABBREVIATION),
    "gazetteer: overlay of regions": without_candidates(lambda c: c.place.place_id.startswith("dateline:")),
    "gazetteer: second-order divisions": without_candidates(lambda candidate: candidate.place.code == "ADM2"),
    "gazetteer: small places (no population known)": without_candidates(
        lambda candidate: candidate.place.feature_class == "P" and not candidate.place.population
    ),
}
"""What is switched off -> how. `tests/test_accuracy.py` tries each."""
