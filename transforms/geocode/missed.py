"""Places that the model missed or took for something else, found with the gazetteer.

A capitalized name is a place when something beside the gazetteer says so: it is
a country or a great city, its own last word is `County` or `region`, the text
puts it into a state (`Dekalb, Ill.`), it follows `in` or `near`, or the same
article names it as a place elsewhere.
"""

import dataclasses
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from transforms.geocode.candidates import options_for, plain_name
from transforms.geocode.gazetteer import Gazetteer, Match
from transforms.geocode.mentions import (
    NUMBER_LABELS,
    PEOPLE_LABEL,
    PLACE_LABELS,
    Mention,
    add,
    container_mentions,
    dateline_mentions,
    mention_at,
    mentions_of,
    trimmed,
    with_container,
    with_kind_word,
)
from transforms.geocode.names import normalize
from transforms.records import Article, Entity

LOCATIVE_POPULATION = 15_000
"""After a preposition of place, a city's name is that city from this population on."""

_WORD = re.compile(r"(?:[A-Z][a-z]?\.){2,}|[^\W\d_][^\W_]*(?:['’-][^\W_]+)*")
_LOCATIVE = re.compile(r"\b(?:[Ii]n|[Nn]ear|[Oo]utside|[Aa]cross|[Vv]ia|[Tt]owards?|[Tt]hroughout|[Aa]round)\s+$")
_KIND_ENDING = re.compile(
    r"(?i)[\s-](?:region|oblast|krai|kray|province|prefecture|governorate|county|parish|peninsula|voivodeship)$"
)
_FUNCTION_WORDS = frozenset(
    {"in", "the", "of", "from", "to", "and", "at", "for", "on", "near", "with", "by", "a", "an", "as", "but", "if"}
    | {"when", "while", "since", "after", "before", "both", "across", "outside", "inside", "is", "was", "this", "that"}
)
_PRONE = frozenset({"polish", "pole", "poles", "dane", "danes", "finn", "finns", "swede", "scot", "scots", "lao"})
"""Demonyms that are often something else: a verb, a surname."""


def find_mentions(
    article: Article, entities: Sequence[Entity], gazetteer: Gazetteer, *, organizations: bool = False
) -> list[Mention]:
    """All place mentions of an article in text order, none overlapping another.

    In order of trust: the dateline, longer well-known names (`Russian Far East`
    over the demonym `Russian`), the model, what follows from these, the rest.

    Args:
        article: the text and its dateline.
        entities: the model's, with offsets into the text.
        gazetteer: where names are looked up.
        organizations: whether the place that an organization's name begins with is a mention.
    """
    text = article.text
    taken: list[Mention] = []
    add(taken, dateline_mentions(article))
    words = list(_WORD.finditer(text))
    add(taken, longer_names(text, words, entities, gazetteer))
    for entity in entities:
        add(taken, mentions_of(entity, text, gazetteer))
    persons = _parts_of_persons(entities)
    reader = _Reader(text, gazetteer, _names_of(taken) - persons, persons)
    spans = list(_spans(text, words, entities))
    add(taken, filter(None, (reader.read(start, end) for start, end in spans)))
    reader.evidence |= _names_of(taken) - persons
    add(taken, filter(None, (reader.read(start, end) for start, end in spans)))
    add(taken, filter(None, (reader.doubt(start, end) for start, end in spans)))
    add(taken, single_demonyms(text, words, entities, gazetteer))
    if organizations:
        add(taken, organization_places(text, entities, reader))
    taken = [with_container(mention, text, gazetteer) for mention in taken]
    add(taken, container_mentions(taken, text))
    return sorted(taken, key=lambda mention: mention.start)


def _names_of(mentions: Sequence[Mention]) -> set[str]:
    return {normalize(mention.name) for mention in mentions if mention.kind != "demonym" and len(mention.name) > 3}


def _parts_of_persons(entities: Sequence[Entity]) -> set[str]:
    """Words of persons' full names: where a Kent Jackson is written of, Jackson is he."""
    names = (entity.name.split() for entity in entities if entity.label == "PERSON")
    return {normalize(word) for words in names if len(words) > 1 for word in words}


@dataclass
class _Reader:
    """Decides of one span after the other whether it names a place.

    Attributes:
        evidence: normalized names that the article is known to use for places.
        persons: normalized words of persons' full names.
    """

    text: str
    gazetteer: Gazetteer
    evidence: set[str]
    persons: set[str]

    def doubt(self, start: int, end: int) -> Mention | None:
        """A doubtful mention: the name is a city's or a division's, and nothing in the text says more."""
        name = plain_name(self.text[start:end])
        if normalize(name) in self.persons or not _is_plain_place(name, self.gazetteer):
            return None
        return dataclasses.replace(mention_at(self.text, start, end, basis="gazetteer"), doubtful=True)

    def read(self, start: int, end: int) -> Mention | None:
        """The mention at a span, or None."""
        end = with_kind_word(self.text, start, end, self.gazetteer)
        mention = mention_at(self.text, start, end, basis="gazetteer")
        return mention if mention.name and self._is_place(mention) else None

    def _is_place(self, mention: Mention) -> bool:
        name = mention.name
        if self.gazetteer.known(name) is not None:
            return len(name) > 3 or name.isupper() or "." in name
        options = options_for(name, self.gazetteer)
        if not options or len(name) < 4:
            return False
        if normalize(name) in self.evidence or _KIND_ENDING.search(name):
            return True
        well = [c.place for c in options.candidates[:10] if c.match is not Match.ALTERNATE]
        if _LOCATIVE.search(self.text, max(0, mention.start - 12), mention.start):
            return any(place.feature_class == "A" or place.population >= LOCATIVE_POPULATION for place in well)
        return bool(well) and bool(with_container(mention, self.text, self.gazetteer).container)


def _spans(text: str, words: Sequence[re.Match[str]], entities: Sequence[Entity]) -> Iterator[tuple[int, int]]:
    """Entities that are no places by their label, and runs of capitalized words outside all entities."""
    for entity in entities:
        if entity.label not in NUMBER_LABELS and entity.label not in PLACE_LABELS:
            yield trimmed(text, entity.start, entity.end)
    covered = bytearray(len(text))
    for entity in entities:
        covered[entity.start : entity.end] = b"\1" * (entity.end - entity.start)
    for start, end in runs(text, words):
        if not any(covered[start:end]):
            yield trimmed(text, start, end)


def runs(text: str, words: Sequence[re.Match[str]]) -> Iterator[tuple[int, int]]:
    """Longest runs of capitalized words, without function words at their start.

    >>> text = "In New Delhi the Army said"
    >>> [text[start:end] for start, end in runs(text, list(_WORD.finditer(text)))]
    ['New Delhi', 'Army']
    """
    run: list[re.Match[str]] = []
    for word in words:
        joined = bool(run) and text[run[-1].end() : word.start()] in (" ", "-")
        if run and not (joined and word[0][0].isupper()):
            yield run[0].start(), run[-1].end()
            run = []
        if word[0][0].isupper() and (run or word[0].lower() not in _FUNCTION_WORDS):
            run.append(word)
    if run:
        yield run[0].start(), run[-1].end()


def longer_names(
    text: str, words: Sequence[re.Match[str]], entities: Sequence[Entity], gazetteer: Gazetteer
) -> Iterator[Mention]:
    """Well-known names of several words, where no entity but a place or people begins or ends inside."""
    for index, word in enumerate(words):
        longest = gazetteer.known_lengths.get(normalize(word[0]), 0) if word[0][0].isupper() else 0
        for length in range(min(longest, len(words) - index), 1, -1):
            last = words[index + length - 1]
            start, end = trimmed(text, word.start(), last.end())
            if _is_run(text, words[index : index + length]) and gazetteer.known(text[start:end]):
                if _is_free(start, end, entities, text):
                    yield mention_at(text, start, end, basis="gazetteer")
                break


def _is_run(text: str, words: Sequence[re.Match[str]]) -> bool:
    """Whether only a space, line break or hyphen stands between the words."""
    gaps = (text[left.end() : right.start()] for left, right in itertools.pairwise(words))
    return all(gap in (" ", "\n", "-", "\u00a0", ". ") for gap in gaps)


def _is_free(start: int, end: int, entities: Sequence[Entity], text: str) -> bool:
    """Whether every entity that the span touches is the span itself, or a place or people within it."""
    for entity in entities:
        if entity.start < end and start < entity.end:
            left, right = trimmed(text, entity.start, entity.end)
            within = start <= left and right <= end
            label_fits = entity.label in PLACE_LABELS or entity.label == PEOPLE_LABEL
            if (left, right) != (start, end) and not (within and label_fits):
                return False
    return True


def organization_places(text: str, entities: Sequence[Entity], reader: _Reader) -> Iterator[Mention]:
    """The place that an organization's name begins with: `Athens` of `Athens Police Department`."""
    for entity in entities:
        if entity.label == "ORG":
            start, end = trimmed(text, entity.start, entity.end)
            for space in sorted(re.finditer(r"\s+", text[start:end]), key=lambda space: -space.start()):
                mention = reader.read(start, start + space.start()) or reader.doubt(start, start + space.start())
                if mention is not None:
                    yield dataclasses.replace(mention, basis="organization")
                    break


def _is_plain_place(name: str, gazetteer: Gazetteer) -> bool:
    options = options_for(name, gazetteer).candidates[:10]
    return len(name) > 3 and any(c.match is not Match.ALTERNATE and c.place.feature_class in "AP" for c in options)


def single_demonyms(
    text: str, words: Sequence[re.Match[str]], entities: Sequence[Entity], gazetteer: Gazetteer
) -> Iterator[Mention]:
    """Demonyms of one word that no entity covers."""
    covered = {index for entity in entities for index in range(entity.start, entity.end)}
    for word in words:
        start, end = trimmed(text, word.start(), word.end())
        name = text[start:end]
        if start in covered or len(name) < 4 or not (name[0].isupper() and name[1:].islower()):
            continue
        place = gazetteer.demonym(name) if normalize(name) not in _PRONE else None
        if place is not None:
            yield mention_at(text, start, end, basis="demonyms", kind="demonym", place=place)
