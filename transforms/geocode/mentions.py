"""Where a text names a place.

The model's entities come first. The gazetteer adds what the model missed, but
only names that are places wherever they stand with a capital, and never inside
a person or an organization: the Carl Vinson is a ship.
"""

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from transforms.geocode.candidates import Options, options_for, plain_name
from transforms.geocode.gazetteer import Gazetteer, Match, Place, lies_in
from transforms.geocode.names import normalize
from transforms.records import Article, Entity

PLACE_LABELS = frozenset({"LOC", "GPE", "FAC"})
PEOPLE_LABEL = "NORP"
NUMBER_LABELS = frozenset({"DATE", "TIME", "MONEY", "PERCENT", "QUANTITY", "CARDINAL", "ORDINAL"})

_WORD = re.compile(r"(?:[^\W\d_]\.){2,}|[^\W\d_][^\W_]*(?:['’-][^\W_]+)*")
_SPLIT = re.compile(r"\s*(?:,|/|;|\n|\(|\)|\bof\b|\band\b)\s*")
_EDGES = " \t\n\r,;:()[]\"“”'‘-–—"
_CONTAINER = re.compile(r",?\s\(?|,\s?")
_CONTAINER_NAME = re.compile(
    r"(?:,\s{1,2}|\s\()((?:[A-Z]\.\s?){2,3}|[A-Z][\w’'-]+(?:\s[A-Z][\w’'-]+){0,2}\.?)(?=[\W]|$)"
)
_FUNCTION_WORDS = frozenset(
    {"in", "the", "of", "from", "to", "and", "at", "for", "on", "near", "with", "by", "a", "an", "as", "but", "if"}
    | {"when", "while", "since", "after", "before", "both", "across", "outside", "inside", "is", "was", "this", "that"}
)
_PRONE = frozenset({"polish", "pole", "poles", "dane", "danes", "finn", "finns", "swede", "scot", "scots", "lao"})
"""Demonyms that at the start of a sentence, or in a name, are often something else."""


@dataclass(frozen=True, slots=True)
class Mention:
    """One place named in the text, not yet placed."""

    start: int
    end: int
    surface: str
    name: str
    """What is looked up."""
    kind: str
    basis: str
    place: Place | None = None
    """The place itself, where the name leaves no choice (demonyms)."""
    container: str = ""
    """A place that the text says it lies in: `Texas` in `Paris, Texas`."""


def find_mentions(article: Article, entities: Sequence[Entity], gazetteer: Gazetteer) -> list[Mention]:
    """All place mentions of an article in text order, none overlapping another.

    Sources in order of trust: the dateline, longer well-known names
    (`Russian Far East` over the demonym `Russian`), the model, the gazetteer.
    """
    text = article.text
    taken: list[Mention] = []
    _add(taken, _dateline(article, gazetteer))
    _add(taken, _longer_names(text, entities, gazetteer))
    for entity in entities:
        _add(taken, from_entity(entity, text, gazetteer))
    others = [(e.start, e.end) for e in entities if e.label not in NUMBER_LABELS]
    _add(taken, _missed(text, others, gazetteer))
    taken = [_with_container(mention, text, gazetteer) for mention in taken]
    _add(taken, _containers(taken, text, others))
    return sorted(taken, key=lambda mention: mention.start)


def _add(taken: list[Mention], found: Iterable[Mention]) -> None:
    for mention in found:
        if not any(mention.start < other.end and other.start < mention.end for other in taken):
            taken.append(mention)


def trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """The span without article, possessive and punctuation at its edges.

    >>> trimmed("in the Philippines' north", 3, 19)
    (7, 18)
    """
    surface = text[start:end]
    start += len(surface) - len(surface.lstrip(_EDGES))
    surface = text[start:end].rstrip(_EDGES)
    if surface[:4].lower() == "the ":
        start += 4 + len(surface[4:]) - len(surface[4:].lstrip())
        surface = text[start : start + len(surface) - 4].rstrip(_EDGES)
    if surface.endswith(("'s", "’s")):
        surface = surface[:-2]
    return start, start + len(surface)


def _mention(text: str, start: int, end: int, kind: str, basis: str, place: Place | None = None) -> Mention:
    surface = text[start:end]
    return Mention(start, end, surface, plain_name(surface), kind, basis, place)


def _dateline(article: Article, gazetteer: Gazetteer) -> Iterator[Mention]:
    """The first place of each part of the dateline; what follows a comma is its context."""
    if article.dateline_start is None or article.dateline_end is None:
        return
    for start, end in _parts(article.text, article.dateline_start, article.dateline_end, re.compile("/")):
        comma = article.text.find(",", start, end)
        start, end = trimmed(article.text, start, comma if comma > 0 else end)
        if end > start:
            yield _mention(article.text, start, end, "dateline", "dateline")


def _parts(text: str, start: int, end: int, separator: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    """The spans between separators."""
    for match in separator.finditer(text, start, end):
        if match.start() > start:
            yield start, match.start()
        start = match.end()
    if end > start:
        yield start, end


def from_entity(entity: Entity, text: str, gazetteer: Gazetteer) -> Iterator[Mention]:
    """The places one entity names: none, one, or its parts where the whole is unknown."""
    start, end = trimmed(text, entity.start, entity.end)
    if end <= start:
        return
    if entity.label == PEOPLE_LABEL:
        yield from _people(text, start, end, gazetteer)
    elif entity.label in PLACE_LABELS:
        yield from _place(text, start, end, gazetteer)
    elif entity.label not in NUMBER_LABELS and _is_known_whole(text[start:end], gazetteer):
        yield _mention(text, start, end, "name", "gazetteer")


def _is_known_whole(surface: str, gazetteer: Gazetteer) -> bool:
    """Whether an entity of another label is after all nothing but a country or a great city."""
    place = gazetteer.known(surface)
    return place is not None and (len(surface) > 3 or surface.isupper() or "." in surface)


def _people(text: str, start: int, end: int, gazetteer: Gazetteer) -> Iterator[Mention]:
    place = gazetteer.demonym(text[start:end])
    if place is not None:
        yield _mention(text, start, end, "demonym", "demonyms", place)
    elif " " in text[start:end]:
        yield from _demonyms(text, start, end, gazetteer)
    elif _is_known_whole(text[start:end], gazetteer):
        yield _mention(text, start, end, "name", "model")


def _demonyms(text: str, start: int, end: int, gazetteer: Gazetteer) -> Iterator[Mention]:
    for word in _WORD.finditer(text, start, end):
        place = gazetteer.demonym(word[0]) if word[0][0].isupper() else None
        if place is not None:
            yield _mention(text, word.start(), word.end(), "demonym", "demonyms", place)


def _place(text: str, start: int, end: int, gazetteer: Gazetteer) -> Iterator[Mention]:
    name = plain_name(text[start:end])
    demonym = gazetteer.demonym(name)
    if demonym is not None and gazetteer.known(name) is None:
        yield _mention(text, start, end, "demonym", "demonyms", demonym)
    elif options_for(name, gazetteer):
        yield _mention(text, start, end, "name", "model")
    elif _SPLIT.search(text, start, end):
        for left, right in _parts(text, start, end, _SPLIT):
            left, right = trimmed(text, left, right)
            if right > left and options_for(plain_name(text[left:right]), gazetteer):
                yield _mention(text, left, right, "name", "model")


def _longer_names(text: str, entities: Sequence[Entity], gazetteer: Gazetteer) -> Iterator[Mention]:
    """Well-known names of several words, where no entity but a place or people begins or ends inside."""
    words = list(_WORD.finditer(text))
    for index, word in enumerate(words):
        longest = gazetteer.known_lengths.get(normalize(word[0]), 0) if word[0][0].isupper() else 0
        for length in range(longest, 1, -1):
            last = index + length - 1
            if last < len(words) and _is_run(text, words[index : last + 1]):
                start, end = word.start(), _name_end(words[last])
                if gazetteer.known(text[start:end]) and _is_free(start, end, entities, text):
                    yield _mention(text, start, end, "name", "gazetteer")
                    break


def _name_end(word: re.Match[str]) -> int:
    return word.end() - 2 if word[0].endswith(("'s", "’s")) else word.end()


def _is_run(text: str, words: Sequence[re.Match[str]]) -> bool:
    """Whether only single spaces, line breaks or hyphens stand between the words."""
    gaps = (text[left.end() : right.start()] for left, right in itertools.pairwise(words))
    return all(gap in (" ", "\n", "-", "\u00a0", ". ") for gap in gaps)


def _is_free(start: int, end: int, entities: Sequence[Entity], text: str) -> bool:
    """Whether every entity that the span touches is a place or people and lies within it."""
    for entity in entities:
        if entity.start < end and start < entity.end:
            if entity.label not in PLACE_LABELS and entity.label != PEOPLE_LABEL:
                left, right = trimmed(text, entity.start, entity.end)
                if (left, right) != (start, end):
                    return False
            elif trimmed(text, entity.start, entity.end)[0] < start or trimmed(text, entity.start, entity.end)[1] > end:
                return False
    return True


def _missed(text: str, spans: Sequence[tuple[int, int]], gazetteer: Gazetteer) -> Iterator[Mention]:
    """Well-known names and demonyms of one word that no entity covers."""
    words = list(_WORD.finditer(text))
    covered = bytearray(len(text))
    for start, end in spans:
        covered[start:end] = b"\1" * (end - start)
    for index, word in enumerate(words):
        if not word[0][0].isupper() or covered[word.start()]:
            continue
        start, end = word.start(), _name_end(word)
        name = text[start:end]
        if _stands_alone(text, words, index) and _is_known_whole(name, gazetteer):
            yield _mention(text, start, end, "name", "gazetteer")
        elif len(name) > 3 and normalize(name) not in _PRONE and _is_word(name):
            place = gazetteer.demonym(name)
            if place is not None:
                yield _mention(text, start, end, "demonym", "demonyms", place)


def _is_word(name: str) -> bool:
    return name[1:].islower()


def _stands_alone(text: str, words: Sequence[re.Match[str]], index: int) -> bool:
    """Whether the word is no part of a longer name: no capitalized word beside it."""
    return not (_joins(text, words, index, index + 1) or _joins(text, words, index - 1, index, before=True))


def _joins(text: str, words: Sequence[re.Match[str]], left: int, right: int, before: bool = False) -> bool:
    if left < 0 or right >= len(words) or text[words[left].end() : words[right].start()] not in (" ", "-", "\n"):
        return False
    other = words[left] if before else words[right]
    return other[0][0].isupper() and other[0].lower() not in _FUNCTION_WORDS


def _with_container(mention: Mention, text: str, gazetteer: Gazetteer) -> Mention:
    """The mention with the place that the text puts behind it, if that is where one of its candidates lies."""
    if mention.kind == "demonym":
        return mention
    match = _CONTAINER_NAME.match(text, mention.end)
    name = match[1].strip() if match else ""
    while name and not _contains(name, mention, gazetteer):
        name = name.rpartition(" ")[0]
    if not name:
        return mention
    return Mention(
        mention.start, mention.end, mention.surface, mention.name, mention.kind, mention.basis, mention.place, name
    )


def _contains(name: str, mention: Mention, gazetteer: Gazetteer) -> bool:
    inside = options_for(mention.name, gazetteer)
    return any(
        lies_in(inner.place, outer) for outer in containers_named(name, gazetteer) for inner in inside.candidates
    )


def containers_named(name: str, gazetteer: Gazetteer) -> list[Place]:
    """Countries and divisions that the name may mean."""
    found: Options = options_for(plain_name(name), gazetteer)
    return [
        candidate.place
        for candidate in found.candidates
        if candidate.place.feature_class == "A" and candidate.match is not Match.ALTERNATE
    ]


def _containers(mentions: Sequence[Mention], text: str, covered: Sequence[tuple[int, int]]) -> Iterator[Mention]:
    """The containers themselves, such as `Ill.` in `Dekalb, Ill.`, where nothing else found them."""
    for mention in mentions:
        if mention.container:
            start = text.index(mention.container, mention.end)
            end = start + len(mention.container)
            if text[end : end + 1] == "." and len(mention.container) <= 5:
                end += 1
            yield _mention(text, start, end, "name", "gazetteer")
