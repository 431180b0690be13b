"""People and things called after a place: `Russians`, `Russian tanks`, and not `in Russian`."""

from collections.abc import Iterator

from transforms.gazetteer.lookup import Gazetteer
from transforms.gazetteer.names import normalize
from transforms.geocode.mentions.context import MentionContext
from transforms.geocode.mentions.mention import Mention, mention_at, trimmed
from transforms.geocode.mentions.words import WORD
from transforms.languages.base import PeopleWords
from transforms.records import PlaceBasis, PlaceKind

MAX_JOINED = 20
"""Demonyms in one list that are followed to what they describe."""


def is_language(text: str, start: int, end: int, words: PeopleWords) -> bool:
    """Return True if the demonym at the span names a language.

    >>> from transforms.languages.known import language_of
    >>> words = language_of("en").peoples
    >>> is_language("He speaks Russian.", 10, 17, words), is_language("in French waters", 3, 9, words)
    (True, False)
    >>> is_language("It aired in English and Spanish.", 12, 19, words)
    True
    """
    if normalize(text[start:end]) not in words.languages:
        return False
    if words.language_noun.match(text, end, end + 24):
        return True
    for _ in range(MAX_JOINED):
        match = words.joint.match(text, end)
        if match is None or normalize(match[1]) not in words.languages:
            break
        end = match.end()
    alone = words.alone.match(text, end, end + 12) is not None or words.not_noun.match(text, end, end + 12) is not None
    if not alone or words.joint_other.match(text, end):
        return False
    before = max(0, start - 24)
    if words.speaking.search(text, before, start):
        return True
    return words.joint.match(text, end) is None and not words.determiner.search(text, before, start)


def kind_of(text: str, start: int, end: int, gazetteer: Gazetteer, words: PeopleWords) -> PlaceKind:
    """Return `demonym` if a word means people, and `adjective` if it describes a noun.

    A plural means people. Before a noun, also with `and` and another such word
    between them, it is an adjective. Anything else means people.
    """
    word = text[start:end]
    if word.endswith(words.person_endings) or (
        word.endswith(words.plural)
        and not word.endswith(words.not_plurals)
        and gazetteer.demonym(word.removesuffix(words.plural)) is not None
    ):
        return "demonym"
    for _ in range(MAX_JOINED):
        match = words.joint.match(text, end)
        if match is None or gazetteer.demonym(match[1]) is None or match[1].endswith(words.plural):
            break
        end = match.end()
    joined = words.joint_other.match(text, end)
    end = joined.start(1) - 1 if joined else end
    described = words.noun.match(text, end) is not None and words.not_noun.match(text, end) is None
    return "adjective" if described else "demonym"


def people_at(context: MentionContext, start: int, end: int, *, basis: PlaceBasis = "demonyms") -> Mention | None:
    """Return the demonym at a span, as people or as an adjective; None for a language, a surname or an ethnic group."""
    text, words = context.text, context.language.peoples
    place = context.gazetteer.demonym(text[start:end])
    if place is None or is_language(text, start, end, words):
        return None
    if _is_ethnic(text, start, end, words) or _is_surname(text, start, end, words):
        return None
    kind = kind_of(text, start, end, context.gazetteer, words)
    return mention_at(text, start, end, basis=basis, kind=kind, place=place)


def _is_ethnic(text: str, start: int, end: int, words: PeopleWords) -> bool:
    """Return True if the word is part of `Native American`, `American Indian` or `African-American`."""
    word = text[start:end]
    if word.startswith(words.ethnic_stems) and words.ethnic_before.search(text, max(0, start - 12), start):
        return True
    return word in words.ethnic_pairs and words.ethnic_after.match(text[end : end + 12]) is not None


def _is_surname(text: str, start: int, end: int, words: PeopleWords) -> bool:
    """Return True if a person of that name speaks: `French said`; a people would need an article."""
    return words.speech.match(text, end) is not None and not words.determiner.search(text, max(0, start - 12), start)


def peoples(context: MentionContext, start: int, end: int) -> Iterator[Mention]:
    """Yield the span as a demonym, else the demonyms among its words: `Russian` in `ethnic Russian`."""
    if context.gazetteer.demonym(context.text[start:end]) is not None:
        spans = [(start, end)]
    else:
        spans = [word.span() for word in WORD.finditer(context.text, start, end) if word[0][0].isupper()]
        spans = [part for span in spans for part in _hyphenated_parts(context, *span)]
    yield from filter(None, (people_at(context, *span) for span in spans))


def _hyphenated_parts(context: MentionContext, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the word, or the parts of one such as `Syrian-Turkish`."""
    word = context.text[start:end]
    if "-" not in word or context.gazetteer.demonym(word) is not None:
        yield start, end
        return
    for part in word.split("-"):
        yield start, start + len(part)
        start += len(part) + 1


def single_peoples(context: MentionContext) -> Iterator[Mention]:
    """Yield demonyms of one word outside all entities, also where a hyphen joins them to another word."""
    for start, end in context.capitals:
        if context.is_uncovered(start, start + 1):
            for span in _hyphenated_parts(context, *trimmed(context.text, start, end)):
                if _is_plain_demonym(context, context.text[slice(*span)]):
                    yield from filter(None, [people_at(context, *span)])


def _is_plain_demonym(context: MentionContext, name: str) -> bool:
    """Return True if a word is a demonym and in this article neither a verb nor a surname."""
    if len(name) < 4 or not name[1:].islower() or context.gazetteer.demonym(name) is None:
        return False
    key = normalize(name)
    return key not in context.language.peoples.rare and key not in context.persons
