"""Places inside longer names: `Athens` in `Athens Police Department`, `Malta` in `Central Bank of Malta`."""

from collections.abc import Iterator
from typing import NamedTuple

from transforms.gazetteer.candidates import plain_name
from transforms.gazetteer.names import normalize
from transforms.geocode.mentions.context import LOCATIVE_POPULATION, NUMBER_LABELS, PLACE_LABELS, MentionContext
from transforms.geocode.mentions.mention import Mention, mention_at, trimmed
from transforms.geocode.mentions.peoples import people_at
from transforms.geocode.mentions.words import WORD, is_common
from transforms.languages.base import BodyWords
from transforms.records import Entity, PlaceBasis

MAX_WORDS = 4


class _Words:
    """The words of a longer name, each normalized once."""

    def __init__(self, text: str, start: int, end: int, bodies: BodyWords) -> None:
        self.matches = list(WORD.finditer(text, start, end))
        self.normal = [normalize(word[0]) for word in self.matches]
        self.leading = next((i for i, word in enumerate(self.normal) if word not in bodies.leading), len(self.normal))
        """Maximum number of words before the place that the name begins with."""
        self.last_body = max((i for i, word in enumerate(self.normal) if word in bodies.local), default=-1)
        """The last word for a local body."""
        self.bodies = bodies

    def following(self, stop: int) -> "_Following":
        """Return the words from one on."""
        return _Following(
            tuple(self.normal[stop : stop + 2]),
            self.normal[-1],
            len(self.normal) - stop,
            self.last_body >= stop,
            self.bodies,
        )


class _Following(NamedTuple):
    """The words after a place in a longer name: the first two, the last, their number, and if it is a local body."""

    first: tuple[str, ...]
    last: str
    number: int
    has_body: bool
    bodies: BodyWords

    def __bool__(self) -> bool:
        return self.number > 0


def organization_places(entity: Entity, context: MentionContext) -> Iterator[Mention]:
    """Yield the places inside an entity that is itself none: an organization, an event, a building."""
    if entity.label in PLACE_LABELS or entity.label in NUMBER_LABELS:
        return
    start, end = trimmed(context.text, entity.start, entity.end)
    if entity.label == "PERSON" and not context.language.bodies.organization.search(context.text, start, end):
        home = context.language.context.home_of.search(context.text, start, end)
        start = home.start(1) if home else end
    yield from places_inside(context, start, end, basis="organization")


def places_inside(context: MentionContext, start: int, end: int, *, basis: PlaceBasis) -> Iterator[Mention]:
    """Yield the places among the words of a longer name, from left to right, the longest first."""
    words = _Words(context.text, start, end, context.language.bodies)
    index = 0
    while index < len(words.matches):
        mention, step = _longest(context, words, index, basis)
        if mention is not None:
            yield mention
        index += step


def _longest(context: MentionContext, words: _Words, index: int, basis: PlaceBasis) -> tuple[Mention | None, int]:
    """Return the longest place that begins at a word, and how many words on the search goes."""
    found = words.matches
    if not found[index][0][0].isupper():
        return None, 1
    for stop in range(min(len(found), index + MAX_WORDS), index, -1):
        if stop - index == len(found):
            continue
        start, end = trimmed(context.text, found[index].start(), found[stop - 1].end())
        mention = _place(context, words, index, stop, start, end, basis) if end > start else None
        if mention is not None:
            return mention, stop - index
    return None, 1


def _place(
    context: MentionContext, words: _Words, index: int, stop: int, start: int, end: int, basis: PlaceBasis
) -> Mention | None:
    """Return the words from `index` to `stop` as a place inside the longer name, or None."""
    name, kinds = plain_name(context.text[start:end]), context.language.kinds
    following = words.following(stop)
    if context.known(name):
        fits = _is_known_place(context, words, index, following, name, end)
        return mention_at(context.text, start, end, basis=basis) if fits else None
    first = index <= words.leading
    after = index > 0 and words.matches[index - 1][0].lower() in words.bodies.of
    if context.gazetteer.demonym(name) is not None:
        states = following and following.first[0] in words.bodies.state
        return people_at(context, start, end, basis=basis) if states else None
    evident = normalize(name) in context.evidence and not _is_given(name, following)
    if (
        _is_street(following)
        or not (evident or context.bears(name) or _is_state(context, name))
        or _is_too_common(context, name, basis)
    ):
        return None
    if following and any(context.bears(bare) for bare in _without(name, kinds.city_endings)):
        return None
    last = stop == len(words.matches) and index > 0
    headed = first and _names_body(following)
    if (evident and (first or after or last or headed)) or name.endswith(kinds.county_endings):
        return mention_at(context.text, start, end, basis=basis)
    if last and basis == "model" and (_is_state(context, name) or _is_sizeable(context, name)):
        return mention_at(context.text, start, end, basis=basis)
    if not (headed or after) or (first and _is_given(name, following) and following.first[0] not in words.bodies.local):
        return None
    doubtful = not _is_certain(context, name, start, following, basis)
    return mention_at(context.text, start, end, basis=basis, doubtful=doubtful)


def _without(name: str, endings: tuple[str, ...]) -> Iterator[str]:
    """Yield the name without each of the endings that it has.

    >>> list(_without("Kansas City", (" City", " Town")))
    ['Kansas']
    """
    yield from (name.removesuffix(ending) for ending in endings if name.endswith(ending))


def _is_state(context: MentionContext, name: str) -> bool:
    """Return True if the name ends with `State` and so on and there is one: `Borno State` in `Maiduguri Borno
    State`.
    """
    if not name.endswith(context.language.kinds.division_endings):
        return False
    return any(c.place.code == "ADM1" for c in context.options(name).candidates[:3])


def _is_too_common(context: MentionContext, name: str, basis: str) -> bool:
    """Return True if common words make the name: `Supreme`, but not `Long Beach` where the model saw a place."""
    return is_common(name, context.language) and not (basis == "model" and " " in name and _is_sizeable(context, name))


def _is_sizeable(context: MentionContext, name: str) -> bool:
    return any(c.place.population >= LOCATIVE_POPULATION for c in context.plain(name)[:1])


def _is_certain(context: MentionContext, name: str, start: int, following: _Following, basis: str) -> bool:
    """Return True if the body that the place has leaves no doubt that it is one."""
    certain = bool(following) and following.first[0] in following.bodies.certain
    if certain and following.first[0] == "city":
        certain = following.number > 1 and following.first[1] in following.bodies.local
    if following and (basis == "model" or certain):
        return normalize(name) not in context.persons
    seat = context.language.bodies.seat.search(context.text, max(0, start - 20), start) is not None
    return seat and _is_sizeable(context, name)


def _is_known_place(
    context: MentionContext, words: _Words, index: int, following: _Following, name: str, end: int
) -> bool:
    before = words.matches[index - 1][0].lower() if index else ""
    if (index == 0 and _is_given(name, following)) or before in context.language.kinds.united_words:
        return False
    return not (
        words.bodies.not_after.match(context.text, end) or (following and following.last in words.bodies.papers)
    )


def _is_given(name: str, following: _Following) -> bool:
    """Return True if the name is rather somebody's first: `Georgia` in `Georgia O'Keeffe`."""
    bodies = following.bodies
    return normalize(name) in bodies.given_names and following.number == 1 and following.last not in bodies.local


def _names_body(following: _Following) -> bool:
    """Return True if what follows says that the whole is a local body."""
    return bool(following) and following.last not in following.bodies.papers and following.has_body


def _is_street(following: _Following) -> bool:
    return following.last in following.bodies.streets - following.bodies.local if following else False
