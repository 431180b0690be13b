"""Places that the model missed or took for something else, found with the gazetteer.

A capitalized name is a place when something besides the gazetteer says so: it is
a country or a great city, its own last word is `County` or `region`, the text
puts it into a state (`Dekalb, Ill.`), it follows `in` or `near`, it is in
one list with places, or the same article names it as a place elsewhere.
"""

import itertools
import re
from collections.abc import Iterator, Sequence

from transforms.gazetteer.candidates import plain_name
from transforms.gazetteer.lookup import Match
from transforms.gazetteer.names import normalize
from transforms.geocode.mentions.containers import with_container
from transforms.geocode.mentions.context import (
    LOCATIVE_POPULATION,
    NUMBER_LABELS,
    PEOPLE_LABEL,
    PLACE_LABELS,
    MentionContext,
)
from transforms.geocode.mentions.labelled import core, is_acronym, whole_place
from transforms.geocode.mentions.mention import Mention, SpanSet, mention_at, trimmed
from transforms.geocode.mentions.words import WORD, is_common

HOME_LABEL = "HOME"
"""The label of what follows `of` in an entity such as `James Tauber of Nelson`."""
PART = "PART"
"""The label of a part of an entity, between hyphens: a place only where the text says so."""
_HYPHENED = re.compile(r"(?:(?<=[\s-])|\b)([A-Z][\w’']+(?: [A-Z][\w’']+)*)(?=-|$|\s)")
COMMON_POPULATION = 50_000
"""After a preposition of place, and alone, a common word is a city from this population on: `in Reading,`."""


def possible(context: MentionContext, start: int, end: int) -> Mention | None:
    """Return the mention at a span, if it were one."""
    if end <= start or is_acronym(context, start, end):
        return None
    mention = whole_place(context, start, end, basis="gazetteer")
    return mention if mention is not None and mention.place is None else None


def is_evident(context: MentionContext, mention: Mention) -> bool:
    """Return True if the article names the place elsewhere."""
    return normalize(mention.name) in context.evidence and not context.titled(mention.start)


def misread_people(context: MentionContext, start: int, end: int) -> Mention | None:
    """Return a place that the model took for a people, as it does with rare islands and rivers: no demonym, and no
    city.
    """
    mention = whole_place(context, start, end, basis="gazetteer")
    if mention is None or mention.place is not None or is_common(mention.name, context.language):
        return None
    best = context.options(mention.name).candidates[0]
    return mention if best.match is not Match.ALTERNATE and best.place.feature_class != "P" else None


def is_place(context: MentionContext, mention: Mention) -> bool:
    """Return True if the text says that the mention is a place."""
    name = mention.name
    if context.known(name):
        return not (context.is_person(name) or context.language.context.money.match(context.text, mention.end))
    if len(name) < 4 or context.titled(mention.start):
        return False
    if normalize(name) in context.evidence or context.language.kinds.kind_ending.search(name):
        return True
    well = [c.place for c in context.options(name).candidates[:10] if c.match is not Match.ALTERNATE]
    if is_common(name, context.language) and " " not in name:
        big = any(place.population >= COMMON_POPULATION for place in well)
        return (
            big
            and context.locative(mention.start)
            and context.language.context.phrase_end.match(context.text, mention.end) is not None
        )
    if (
        context.at_home(mention.start) or context.language.context.based.match(context.text, mention.end)
    ) and context.plain(name):
        return True
    if context.locative(mention.start) and not context.language.context.affair.match(context.text, mention.end):
        return any(place.feature_class == "A" or place.population >= LOCATIVE_POPULATION for place in well)
    return bool(well) and bool(with_container(mention, context.text, context.gazetteer).container)


def doubt(context: MentionContext, start: int, end: int, label: str) -> Mention | None:
    """Return a doubtful mention: the name is a city's or a division's, and nothing in the text says more."""
    name = plain_name(context.text[start:end])
    if (
        not context.plain(name)
        or normalize(name) in context.persons
        or (is_common(name, context.language) and " " not in name)
    ):
        return None
    if context.titled(start) or context.says(end) or context.gazetteer.demonym(name) is not None:
        return None
    towards = (
        context.locative(start)
        or context.modifies(end)
        or context.language.context.towards.search(context.text, max(0, start - 24), start)
    )
    person = label == "PERSON" or context.is_person(name)
    if (not towards and (person or is_common(name, context.language))) or (
        person and context.language.context.affair.match(context.text, end)
    ):
        return None
    left, right = core(context, start, end)
    return mention_at(context.text, left, right, basis="gazetteer", name=name, doubtful=label != HOME_LABEL)


def listed(context: MentionContext, start: int, end: int, taken: SpanSet) -> Mention | None:
    """Return the mention at a span that is in one list with places already found."""
    name = plain_name(context.text[start:end])
    if (
        not context.plain(name)
        or normalize(name) in context.persons
        or context.titled(start)
        or context.gazetteer.demonym(name)
    ):
        return None
    behind = context.language.context.next_in_list.match(context.text, end)
    after = behind is not None and not taken.is_free(behind.end(), behind.end() + 1)
    before = _list_before(context, start)
    if after or (before and not taken.is_free(before - 1, before)):
        return mention_at(context.text, start, end, basis="gazetteer", doubtful=not (after and before))
    return None


def _list_before(context: MentionContext, start: int) -> int:
    """Return the end of the list's member before an offset; 0 if there is none."""
    for gap in context.language.context.list_gaps:
        if context.text.endswith(gap, 0, start):
            return start - len(gap)
    return 0


def candidate_spans(context: MentionContext) -> Iterator[tuple[int, int, str]]:
    """Yield entities that are not places by their label, and runs of capitalized words outside all entities.

    Each with its label, empty outside entities, and all parts between hyphens.
    """
    text = context.text
    for entity in context.entities:
        if entity.label not in NUMBER_LABELS and entity.label not in PLACE_LABELS:
            start, end = trimmed(text, entity.start, entity.end)
            home = context.language.context.home_of.search(text, start, end) if entity.label == "PERSON" else None
            yield (home.start(1), end, HOME_LABEL) if home else (start, end, entity.label)
            comma = text.find(", ", start, end)
            if comma > 0:
                yield start, comma, PART
    for start, end in context.runs:
        if context.is_uncovered(start, end):
            yield *trimmed(text, start, end), ""
        if "-" in text[start:end]:
            label = "" if context.is_uncovered(start, end) else PART
            yield from ((*part.span(1), label) for part in _HYPHENED.finditer(text, start, end))


def longer_names(context: MentionContext) -> Iterator[Mention]:
    """Yield well-known names of several words, where no entity but a place or people begins or ends inside."""
    text, gazetteer, lengths = context.text, context.gazetteer, context.gazetteer.known_lengths
    for first, behind in context.capitals:
        word = text[first:behind]
        longest = lengths.get(normalize(word), 0)
        shortest = 1 if "-" in word else 2
        if longest < shortest:
            continue
        words = list(itertools.islice(WORD.finditer(text, first), longest))
        for length in range(len(words), shortest - 1, -1):
            start, end = trimmed(text, first, words[length - 1].end())
            place = gazetteer.known(text[start:end]) if _is_run(text, words[:length]) else None
            if place is not None:
                if _is_free(start, end, context, place.feature_class == "A"):
                    yield mention_at(text, start, end, basis="gazetteer")
                break


def _is_run(text: str, words: Sequence[re.Match[str]]) -> bool:
    """Return True if only a space, line break or hyphen is between the words, and the last has a capital."""
    gaps = (text[left.end() : right.start()] for left, right in itertools.pairwise(words))
    return words[-1][0][0].isupper() and all(gap in (" ", "\n", "-", "\u00a0", ". ") for gap in gaps)


def _is_free(start: int, end: int, context: MentionContext, country: bool) -> bool:
    """Return True if every entity that the span touches is the span itself, or a place or people within it.

    A country's name may also hold what the model split, such as `Trinidad and`.
    """
    for entity in context.touching(start, end):
        left, right = trimmed(context.text, entity.start, entity.end)
        within = start <= left and right <= end
        label_fits = country or entity.label in PLACE_LABELS or entity.label == PEOPLE_LABEL
        if (left, right) != (start, end) and not (within and label_fits):
            return False
    return True
