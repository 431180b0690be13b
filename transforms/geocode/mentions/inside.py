"""Places inside longer names: `Athens` in `Athens Police Department`, `Malta` in `Central Bank of Malta`."""

import re
from collections.abc import Iterator, Sequence

from transforms.geocode.candidates import plain_name
from transforms.geocode.mentions.mention import Mention, mention_at, trimmed
from transforms.geocode.mentions.page import LOCATIVE_POPULATION, NUMBER_LABELS, PEOPLE_LABEL, PLACE_LABELS, Page
from transforms.geocode.mentions.peoples import people_at
from transforms.geocode.mentions.words import GIVEN_NAMES, LOCAL_BODIES, PAPERS, STATE_BODIES, STREETS, WORD
from transforms.geocode.names import normalize
from transforms.records import Entity

MAX_WORDS = 4
_OF = frozenset({"of", "in", "at", "de", "for"})
_NO_PLACE = re.compile(r"\s(?:Wars?|Fever|Cup|Airlines|Virus|Bowl|Open)\b")
_NOT_BEFORE = frozenset({"united", "free", "air", "the"})
_SEATS = re.compile(r"\b(?:University|College|City|Bank|Port|Diocese|Archdiocese|Bishop|District|School|Town) of\s$")
PERSON_OF = re.compile(r"[A-Z]\w+,? (?:of|from) ((?:the )?[A-Z].*)$", re.DOTALL)
"""Somebody and where he is from, which a model may take for one name."""
_BODY = re.compile(r"\s(?:County|Police|Sheriff|Hospital|University|Department|Court|Council|Airport)\b")

Words = Sequence[re.Match[str]]


def organization_places(entity: Entity, page: Page) -> Iterator[Mention]:
    """The places inside an entity that is itself none: an organization, an event, a building."""
    if entity.label in PLACE_LABELS or entity.label in NUMBER_LABELS or entity.label == PEOPLE_LABEL:
        return
    start, end = trimmed(page.text, entity.start, entity.end)
    if entity.label == "PERSON" and not _BODY.search(page.text, start, end):
        home = PERSON_OF.search(page.text, start, end)
        start = home.start(1) if home else end
    yield from places_inside(page, start, end, basis="organization")


def places_inside(page: Page, start: int, end: int, *, basis: str) -> Iterator[Mention]:
    """The places among the words of a longer name, from left to right, the longest first."""
    words = list(WORD.finditer(page.text, start, end))
    index = 0
    while index < len(words):
        mention, step = _longest(page, words, index, basis)
        if mention is not None:
            yield mention
        index += step


def _longest(page: Page, words: Words, index: int, basis: str) -> tuple[Mention | None, int]:
    """The longest place that begins at a word, and how many words on the search goes."""
    if not words[index][0][0].isupper():
        return None, 1
    for stop in range(min(len(words), index + MAX_WORDS), index, -1):
        if stop - index == len(words):
            continue
        start, end = trimmed(page.text, words[index].start(), words[stop - 1].end())
        mention = _place(page, words, index, stop, start, end, basis) if end > start else None
        if mention is not None:
            return mention, stop - index
    return None, 1


def _place(page: Page, words: Words, index: int, stop: int, start: int, end: int, basis: str) -> Mention | None:
    """The words from `index` to `stop` as a place inside the longer name, or None."""
    name = plain_name(page.text[start:end])
    following = [normalize(word[0]) for word in words[stop:]]
    if page.known(name):
        fits = _is_known_place(page, words, index, following, name, end)
        return mention_at(page.text, start, end, basis=basis) if fits else None
    first = index == 0 or (index == 1 and words[0][0].lower() == "the")
    if page.gazetteer.demonym(name) is not None:
        states = first and following and following[0] in STATE_BODIES
        return people_at(page.text, start, end, page.gazetteer, basis=basis) if states else None
    if page.is_common(name) or not page.plain(name) or _is_street(following):
        return None
    evident = normalize(name) in page.evidence and not _is_given(name, following)
    after = index > 0 and words[index - 1][0].lower() in _OF
    headed = first and _names_body(following)
    if evident and (first or after or stop == len(words) or headed):
        return mention_at(page.text, start, end, basis=basis)
    if not (headed or after) or (first and _is_given(name, following) and following[0] not in LOCAL_BODIES):
        return None
    seat = after and _SEATS.search(page.text, 0, start) is not None
    sure = seat and page.plain(name)[0].place.population >= LOCATIVE_POPULATION
    return mention_at(page.text, start, end, basis=basis, doubtful=not sure)


def _is_known_place(page: Page, words: Words, index: int, following: Sequence[str], name: str, end: int) -> bool:
    if _is_given(name, following) or (index > 0 and words[index - 1][0].lower() in ("united", "free")):
        return False
    return not (_NO_PLACE.match(page.text, end) or (following and following[-1] in PAPERS))


def _is_given(name: str, following: Sequence[str]) -> bool:
    """Whether the name is rather somebody's first: `Georgia` in `Georgia O'Keeffe`."""
    return normalize(name) in GIVEN_NAMES and len(following) == 1 and following[0] not in LOCAL_BODIES


def _names_body(following: Sequence[str]) -> bool:
    """Whether what follows says that the whole is a local body."""
    return bool(following) and following[-1] not in PAPERS and any(word in LOCAL_BODIES for word in following)


def _is_street(following: Sequence[str]) -> bool:
    return bool(following) and following[-1] in STREETS and following[-1] not in LOCAL_BODIES
