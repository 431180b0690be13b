"""Places inside longer names: `Athens` in `Athens Police Department`, `Malta` in `Central Bank of Malta`."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from transforms.gazetteer.candidates import plain_name
from transforms.gazetteer.names import normalize
from transforms.geocode.mentions.mention import Mention, mention_at, trimmed
from transforms.geocode.mentions.page import LOCATIVE_POPULATION, NUMBER_LABELS, PLACE_LABELS, MentionContext
from transforms.geocode.mentions.peoples import people_at
from transforms.geocode.mentions.words import (
    CERTAIN_BODIES,
    GIVEN_NAMES,
    LOCAL_BODIES,
    PAPERS,
    STATE_BODIES,
    STREETS,
    WORD,
    is_common,
)
from transforms.records import Entity

MAX_WORDS = 4
_OF = frozenset({"of", "in", "at", "de", "for"})
_NO_PLACE = re.compile(r"\s(?:Wars?|Fever|Cup|Airlines|Virus|Bowl|Open)\b")
_LEADING = frozenset(
    {"the", "north", "south", "east", "west", "northern", "southern", "eastern", "western", "central"}
    | {"northeast", "northwest", "southeast", "southwest", "greater", "metro", "metropolitan", "downtown", "upper"}
)
"""What may stand before the place that a name begins with."""
_SEATS = re.compile(r"\b(?:University|College|City|Bank|Port|Diocese|Archdiocese|Bishop|District|School|Town) of\s$")
PERSON_OF = re.compile(r"[A-Z]\w{1,60},? (?:of|from) ((?:the )?[A-Z].*)$", re.DOTALL)
"""Somebody and where he is from, which a model may take for one name."""
_BODY = re.compile(r"\s(?:County|Police|Sheriff|Hospital|University|Department|Court|Council|Airport)\b")


class _Words:
    """The words of a longer name, each normalized once."""

    def __init__(self, text: str, start: int, end: int) -> None:
        self.matches = list(WORD.finditer(text, start, end))
        self.normal = [normalize(word[0]) for word in self.matches]
        self.leading = next((i for i, word in enumerate(self.normal) if word not in _LEADING), len(self.normal))
        """Maximum number of words before the place that the name begins with."""
        self.last_body = max((i for i, word in enumerate(self.normal) if word in LOCAL_BODIES), default=-1)
        """The last word for a local body."""

    def following(self, stop: int) -> "_Following":
        """Return the words from one on."""
        return _Following(
            tuple(self.normal[stop : stop + 2]), self.normal[-1], len(self.normal) - stop, self.last_body >= stop
        )


class _Following(NamedTuple):
    """The words after a place in a longer name: the first two, the last, their number, and if it is a local body."""

    first: tuple[str, ...]
    last: str
    number: int
    has_body: bool

    def __bool__(self) -> bool:
        return self.number > 0


def organization_places(entity: Entity, page: MentionContext) -> Iterator[Mention]:
    """Yield the places inside an entity that is itself none: an organization, an event, a building."""
    if entity.label in PLACE_LABELS or entity.label in NUMBER_LABELS:
        return
    start, end = trimmed(page.text, entity.start, entity.end)
    if entity.label == "PERSON" and not _BODY.search(page.text, start, end):
        home = PERSON_OF.search(page.text, start, end)
        start = home.start(1) if home else end
    yield from places_inside(page, start, end, basis="organization")


def places_inside(page: MentionContext, start: int, end: int, *, basis: str) -> Iterator[Mention]:
    """Yield the places among the words of a longer name, from left to right, the longest first."""
    words = _Words(page.text, start, end)
    index = 0
    while index < len(words.matches):
        mention, step = _longest(page, words, index, basis)
        if mention is not None:
            yield mention
        index += step


def _longest(page: MentionContext, words: _Words, index: int, basis: str) -> tuple[Mention | None, int]:
    """Return the longest place that begins at a word, and how many words on the search goes."""
    found = words.matches
    if not found[index][0][0].isupper():
        return None, 1
    for stop in range(min(len(found), index + MAX_WORDS), index, -1):
        if stop - index == len(found):
            continue
        start, end = trimmed(page.text, found[index].start(), found[stop - 1].end())
        mention = _place(page, words, index, stop, start, end, basis) if end > start else None
        if mention is not None:
            return mention, stop - index
    return None, 1


def _place(
    page: MentionContext, words: _Words, index: int, stop: int, start: int, end: int, basis: str
) -> Mention | None:
    """Return the words from `index` to `stop` as a place inside the longer name, or None."""
    name = plain_name(page.text[start:end])
    following = words.following(stop)
    if page.known(name):
        fits = _is_known_place(page, words, index, following, name, end)
        return mention_at(page.text, start, end, basis=basis) if fits else None
    first = index <= words.leading
    after = index > 0 and words.matches[index - 1][0].lower() in _OF
    if page.gazetteer.demonym(name) is not None:
        states = following and following.first[0] in STATE_BODIES
        return people_at(page.text, start, end, page.gazetteer, basis=basis) if states else None
    evident = normalize(name) in page.evidence and not _is_given(name, following)
    if (
        _is_street(following)
        or not (evident or page.bears(name) or _is_state(page, name))
        or _is_too_common(page, name, basis)
    ):
        return None
    if name.endswith(" City") and following and page.bears(name[:-5]):
        return None
    last = stop == len(words.matches) and index > 0
    headed = first and _names_body(following)
    if (evident and (first or after or last or headed)) or name.endswith((" County", " Parish")):
        return mention_at(page.text, start, end, basis=basis)
    if last and basis == "model" and (_is_state(page, name) or _is_sizeable(page, name)):
        return mention_at(page.text, start, end, basis=basis)
    if not (headed or after) or (first and _is_given(name, following) and following.first[0] not in LOCAL_BODIES):
        return None
    return mention_at(page.text, start, end, basis=basis, doubtful=not _is_certain(page, name, start, following, basis))


def _is_state(page: MentionContext, name: str) -> bool:
    """Return True if the name ends with `State` and so on and there is one: `Borno State` in `Maiduguri Borno
    State`.
    """
    if not name.endswith((" State", " Province", " Region", " District")):
        return False
    return any(c.place.code == "ADM1" for c in page.options(name).candidates[:3])


def _is_too_common(page: MentionContext, name: str, basis: str) -> bool:
    """Return True if common words make the name: `Supreme`, but not `Long Beach` where the model saw a place."""
    return is_common(name) and not (basis == "model" and " " in name and _is_sizeable(page, name))


def _is_sizeable(page: MentionContext, name: str) -> bool:
    return any(c.place.population >= LOCATIVE_POPULATION for c in page.plain(name)[:1])


def _is_certain(page: MentionContext, name: str, start: int, following: _Following, basis: str) -> bool:
    """Return True if the body that the place has leaves no doubt that it is one."""
    certain = bool(following) and following.first[0] in CERTAIN_BODIES
    if certain and following.first[0] == "city":
        certain = following.number > 1 and following.first[1] in LOCAL_BODIES
    if following and (basis == "model" or certain):
        return normalize(name) not in page.persons
    seat = _SEATS.search(page.text, max(0, start - 20), start) is not None
    return seat and _is_sizeable(page, name)


def _is_known_place(
    page: MentionContext, words: _Words, index: int, following: _Following, name: str, end: int
) -> bool:
    before = words.matches[index - 1][0].lower() if index else ""
    if (index == 0 and _is_given(name, following)) or before in ("united", "free"):
        return False
    return not (_NO_PLACE.match(page.text, end) or (following and following.last in PAPERS))


def _is_given(name: str, following: _Following) -> bool:
    """Return True if the name is rather somebody's first: `Georgia` in `Georgia O'Keeffe`."""
    return normalize(name) in GIVEN_NAMES and following.number == 1 and following.last not in LOCAL_BODIES


def _names_body(following: _Following) -> bool:
    """Return True if what follows says that the whole is a local body."""
    return bool(following) and following.last not in PAPERS and following.has_body


def _is_street(following: _Following) -> bool:
    return bool(following) and following.last in STREETS and following.last not in LOCAL_BODIES
