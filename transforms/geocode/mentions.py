"""Where a text names a place.

The model's entities come first. The gazetteer adds what the model missed (see
`transforms.geocode.missed`), but never inside a person or an organization: the
Carl Vinson is a ship.
"""

import dataclasses
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from transforms.geocode.candidates import options_for, plain_name
from transforms.geocode.gazetteer import Gazetteer, Match, Place, lies_in
from transforms.records import Article, Entity

PLACE_LABELS = frozenset({"LOC", "GPE", "FAC"})
PEOPLE_LABEL = "NORP"
NUMBER_LABELS = frozenset({"DATE", "TIME", "MONEY", "PERCENT", "QUANTITY", "CARDINAL", "ORDINAL"})

_CAPITALIZED = re.compile(r"(?:[A-Z][a-z]?\.){2,}|[^\W\d_][^\W_]*(?:['’-][^\W_]+)*")
_SPLIT = re.compile(r"\s*(?:,|/|;|\n|\(|\)|\bof\b|\band\b)\s*")
_SLASH = re.compile("/")
_EDGES = " \t\n\r,;:()[]\"“”'‘’-–—"
_KIND_WORD = re.compile(
    r"[\s-](?:[Rr]egion|[Oo]blast|[Kk]rai|[Kk]ray|[Pp]rovince|[Pp]refecture|[Gg]overnorate|[Cc]ounty|[Pp]arish"
    r"|[Rr]epublic|[Cc]anton|[Vv]oivodeship|[Tt]erritory|[Pp]eninsula|[Dd]esert|[Oo]krug|District|State|City|Island|Islands)\b"
)
_CONTAINER = re.compile(
    r"(?:,\s{1,2}|\s\()((?:[A-Z][a-z]{0,4}\.\s?){1,3}|[A-Z][\w’'-]+(?:\s[A-Z][\w’'-]+){0,2})(?=\W|$)"
)


_FACILITIES = (
    "airport airfield base jail prison sheriff court courts courthouse school schools college university police"
    " hospital stadium port harbor harbour cemetery museum fairgrounds embassy cathedral refinery station library"
    " suburb suburbs area"
)
_FACILITY = re.compile(rf"\s(?:[A-Z][\w’'.-]*\s){{0,2}}(?i:{_FACILITIES.replace(' ', '|')})\b")
"""What stands in the place that its name begins with; a street does not."""


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
    doubtful: bool = False
    """Whether it is a place only if it lies among the other places of the article."""


def mention_at(
    text: str, start: int, end: int, *, basis: str, kind: str = "name", place: Place | None = None
) -> Mention:
    """The mention at a span."""
    surface = text[start:end]
    return Mention(start, end, surface, plain_name(surface), kind, basis, place)


def add(taken: list[Mention], found: Iterable[Mention]) -> None:
    """Adds the mentions that overlap none of those already taken."""
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
    if surface[:4].lower() in ("the ", "the\n"):
        start += 4 + len(surface[4:]) - len(surface[4:].lstrip())
        surface = text[start:end].rstrip(_EDGES)
    if surface.endswith(("'s", "’s")):
        surface = surface[:-2]
    return start, start + len(surface)


def parts(text: str, start: int, end: int, separator: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    """The spans between separators.

    >>> list(parts("Berlin/Frankfurt", 0, 16, re.compile("/")))
    [(0, 6), (7, 16)]
    """
    for match in separator.finditer(text, start, end):
        if match.start() > start:
            yield start, match.start()
        start = match.end()
    if end > start:
        yield start, end


def dateline_mentions(article: Article) -> Iterator[Mention]:
    """The first place of each part of the dateline; what follows a comma is its context."""
    if article.dateline_start is None or article.dateline_end is None:
        return
    for start, end in parts(article.text, article.dateline_start, article.dateline_end, _SLASH):
        comma = article.text.find(",", start, end)
        start, end = trimmed(article.text, start, comma if comma > 0 else end)
        if end > start:
            yield mention_at(article.text, start, end, basis="dateline", kind="dateline")


def mentions_of(entity: Entity, text: str, gazetteer: Gazetteer) -> Iterator[Mention]:
    """The places that an entity with a label of places or people names: none, one, or its parts."""
    start, end = trimmed(text, entity.start, entity.end)
    if end <= start:
        return
    if entity.label == PEOPLE_LABEL:
        yield from demonyms(text, start, end, gazetteer)
    elif entity.label in PLACE_LABELS:
        yield from places(text, start, end, gazetteer)


def demonyms(text: str, start: int, end: int, gazetteer: Gazetteer) -> Iterator[Mention]:
    """The span as a demonym, else the demonyms among its words: `Russian` in `ethnic Russian`."""
    whole = gazetteer.demonym(text[start:end])
    if whole is not None:
        yield mention_at(text, start, end, basis="demonyms", kind="demonym", place=whole)
        return
    for word in _CAPITALIZED.finditer(text, start, end):
        place = gazetteer.demonym(word[0]) if word[0][0].isupper() else None
        if place is not None:
            yield mention_at(text, word.start(), word.end(), basis="demonyms", kind="demonym", place=place)


def places(text: str, start: int, end: int, gazetteer: Gazetteer) -> Iterator[Mention]:
    """The span as one place, with a word behind it that says its kind, else the places among its parts."""
    name = plain_name(text[start:end])
    demonym = gazetteer.demonym(name)
    if demonym is not None and gazetteer.known(name) is None:
        yield mention_at(text, start, end, basis="demonyms", kind="demonym", place=demonym)
        return
    end_with_kind = with_kind_word(text, start, end, gazetteer)
    if end_with_kind > end or options_for(name, gazetteer):
        yield mention_at(text, start, end_with_kind, basis="model")
    elif facility := _facility_place(text, start, end, gazetteer):
        yield mention_at(text, start, facility, basis="model")
    elif _SPLIT.search(text, start, end):
        for left, right in parts(text, start, end, _SPLIT):
            left, right = trimmed(text, left, right)
            if right > left and options_for(plain_name(text[left:right]), gazetteer):
                yield mention_at(text, left, right, basis="model")


def _facility_place(text: str, start: int, end: int, gazetteer: Gazetteer) -> int:
    """End of the place that a facility is named by, `Clarke County` of `Clarke County Jail`; 0 for none."""
    for space in sorted((match.start() for match in re.finditer(r"\s", text[start:end])), reverse=True):
        stop = start + space
        options = options_for(plain_name(text[start:stop]), gazetteer)
        if _FACILITY.match(text, stop, end) and any(c.match is not Match.ALTERNATE for c in options.candidates):
            return stop
    return 0


def with_kind_word(text: str, start: int, end: int, gazetteer: Gazetteer) -> int:
    """End of the name with a following word such as `region`, where there is such a place; else `end`."""
    word = _KIND_WORD.match(text, end)
    if word is None:
        return end
    options = options_for(plain_name(text[start : word.end()]), gazetteer)
    fits = any(candidate.place.feature_class in "ATL" for candidate in options.candidates[:10])
    return word.end() if fits else end


def with_container(mention: Mention, text: str, gazetteer: Gazetteer) -> Mention:
    """The mention with the place that the text puts behind it, if one of its candidates lies there."""
    if mention.kind == "demonym":
        return mention
    match = _CONTAINER.match(text, mention.end)
    name = match[1].strip() if match else ""
    while name and not _contains(name, mention, gazetteer):
        name = name.rpartition(" ")[0]
    return dataclasses.replace(mention, container=name) if name else mention


def _contains(name: str, mention: Mention, gazetteer: Gazetteer) -> bool:
    inside = options_for(mention.name, gazetteer).candidates
    return any(lies_in(inner.place, outer) for outer in containers_named(name, gazetteer) for inner in inside)


def containers_named(name: str, gazetteer: Gazetteer) -> list[Place]:
    """Countries and divisions that the name may mean."""
    return [
        candidate.place
        for candidate in options_for(plain_name(name), gazetteer).candidates
        if candidate.place.feature_class == "A" and candidate.match is not Match.ALTERNATE
    ]


def container_mentions(mentions: Sequence[Mention], text: str) -> Iterator[Mention]:
    """The containers themselves, such as `Ill.` in `Dekalb, Ill.`."""
    for mention in mentions:
        if mention.container:
            start = text.index(mention.container, mention.end)
            yield mention_at(text, start, start + len(mention.container), basis="gazetteer")
