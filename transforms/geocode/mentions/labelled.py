"""Places among the entities that the model took for places."""

import re
from collections.abc import Iterator

from transforms.gazetteer.candidates import plain_name
from transforms.gazetteer.lookup import Match
from transforms.gazetteer.names import normalize
from transforms.geocode.mentions.context import MentionContext
from transforms.geocode.mentions.inside import places_inside
from transforms.geocode.mentions.mention import Mention, mention_at, parts, trimmed
from transforms.geocode.mentions.peoples import people_at
from transforms.geocode.mentions.words import is_common
from transforms.records import Article, Entity

# White space is entered only at its start, so that a long run of it is not tried from each of its characters.
_SPLIT = re.compile(r"(?:(?<!\s)\s+)?(?:,|/|;|\n|\(|\)|['’]s\b|–|—)\s*")
_AND = re.compile(r"/|\s(?:&|and|AND)\s(?=[A-Z])")
_HYPHEN = re.compile(r"-(?=[A-Z])")
_SET_OFF = re.compile(r"\s?(?:[-–—,(:;]|$)")
_CAPITAL_NEXT = re.compile(r"\s[A-Z]")
_DASH = re.compile(r"\s?[-–—(]")
_REST = re.compile(r"-[A-Z]\w+")


def dateline_mentions(article: Article) -> Iterator[Mention]:
    """Yield the first place of each part of the dateline; what follows a comma is its context."""
    if article.dateline_start is None or article.dateline_end is None:
        return
    for left, right in parts(article.text, article.dateline_start, article.dateline_end, _AND):
        comma = article.text.find(",", left, right)
        start, end = trimmed(article.text, left, comma if comma > 0 else right)
        if end > start:
            yield mention_at(article.text, start, end, basis="dateline", kind="dateline")


def labelled_places(entity: Entity, context: MentionContext) -> Iterator[Mention]:
    """Yield the places that an entity with a label of places names: itself, its parts, or none."""
    text = context.text
    start, end = trimmed(text, entity.start, entity.end)
    if end <= start or context.is_person(text[start:end]) or is_acronym(context, start, end):
        return
    if context.language.kinds.united.search(text, max(0, start - 8), start):
        return
    whole = whole_place(context, start, end)
    if whole is not None:
        yield whole
        return
    for left, right in parts(text, start, end, _SPLIT):
        left, right = trimmed(text, left, right)
        if right > left:
            yield from _part(context, left, right)


def _part(context: MentionContext, start: int, end: int) -> Iterator[Mention]:
    """Yield the places of a part between commas: itself, the members of a list, or what is inside.

    None in a street.
    """
    for divider in (None, context.language.kinds.members, _HYPHEN):
        spans = parts(context.text, start, end, divider) if divider else [(start, end)]
        places = [whole_place(context, *trimmed(context.text, *span)) for span in spans]
        if all(places):
            yield from filter(None, places)
            return
    last = context.text[start:end].rsplit(None, 1)[-1].rstrip(".")
    if last.islower() or last.lower() not in context.language.bodies.streets - context.language.bodies.local:
        yield from places_inside(context, start, end, basis="model")


def is_acronym(context: MentionContext, start: int, end: int) -> bool:
    """Return True if the name is capitals among words that are not, and no known place or abbreviation: `NICE`."""
    name = context.text[start:end]
    if not (name.isalpha() and name.isupper() and len(name) > 2) or context.known(name):
        return False
    if any(c.match is Match.ABBREVIATION or name == c.place.name for c in context.options(name).candidates[:3]):
        return False
    if is_common(name, context.language) and not _DASH.match(context.text, end):
        return True
    before = context.text[max(0, start - 64) : start].rstrip(" ")
    if end - start > 5 or _SET_OFF.match(context.text, end) or before.endswith((".", "\n")):
        return False
    around = context.text[max(0, start - 30) : start] + context.text[end : end + 30]
    return sum(letter.islower() for letter in around) > 0.6 * sum(letter.isalpha() for letter in around)


def whole_place(context: MentionContext, start: int, end: int, *, basis: str = "model") -> Mention | None:
    """Return the span as one place, with a word after it that says its kind; None if nothing has the name.

    What only says the kind or part, such as `northern` or `city of`, is looked
    up but is outside the mention.
    """
    text = context.text
    name = plain_name(text[start:end])
    if context.gazetteer.known(name) is None and context.gazetteer.demonym(name) is not None:
        demonym = context.gazetteer.demonym(name)
        if demonym is not None and plain_name(demonym.name).lower() != name.lower():
            return people_at(context, start, end)
    end = _with_period(context, start, _with_rest(context, start, end))
    wide = with_kind(context, start, end)
    name = plain_name(text[start:wide])
    if (
        not context.options(name)
        or normalize(name) in context.language.kinds.bare
        or name in context.language.kinds.not_places
    ):
        return None
    left, right = core(context, start, wide)
    return mention_at(text, left, right, basis=basis, name=name)


def _with_rest(context: MentionContext, start: int, end: int) -> int:
    """Return the end with what a hyphen joins to the name, if the whole has a place: `Kabardino-Balkaria`."""
    rest = _REST.match(context.text, end)
    return rest.end() if rest and context.options(context.text[start : rest.end()]) else end


def _with_period(context: MentionContext, start: int, end: int) -> int:
    """Return the end with the period of an abbreviation: `Calif.`"""
    if context.text[end : end + 1] == "." and context.text[end - 1].isalpha():
        options = context.options(context.text[start : end + 1])
        if any(c.match is Match.ABBREVIATION for c in options.candidates[:3]) and end - start < 6:
            return end + 1
    return end


def with_kind(context: MentionContext, start: int, end: int) -> int:
    """End of the name with a following word such as `region`, where there is such a place; else `end`."""
    word = context.language.kinds.kind.match(context.text, end)
    if word is None or (
        word[0][1:] in context.language.kinds.open_kinds and _CAPITAL_NEXT.match(context.text, word.end())
    ):
        return end
    options = context.options(plain_name(context.text[start : word.end()]))
    fits = any(candidate.place.feature_class in "ATLH" for candidate in options.candidates[:10])
    if not fits and context.language.kinds.town_kind.search(word[0]):
        fits = bool(options) and word[0][1].isupper()
    return word.end() if fits else end


def region_of_people(context: MentionContext, start: int, end: int) -> Mention | None:
    """Return the region that an adjective and a word after it name: `Korean peninsula`."""
    wide = with_kind(context, start, end)
    names = context.options(plain_name(context.text[start:wide])).candidates if wide > end else ()
    if any(candidate.match <= Match.SHORT for candidate in names):
        return mention_at(context.text, start, wide, basis="model")
    return None


def core(context: MentionContext, start: int, end: int) -> tuple[int, int]:
    """Return the span without words that only say kind, part or direction, unless they belong to the name.

    `northern Iraq` is `Iraq` there, `Accra city` is `Accra`; `South Carolina`,
    `Clarke County` and `Anbar province` stay.
    """
    surface = context.text[start:end]
    if city := context.language.kinds.city_of.match(surface):
        return start + city.end(), end
    if _is_name(context, surface):
        return start, end
    small = context.language.kinds.loose_kind.search(surface)
    if small is not None and small.start() > 0:
        surface = surface[: small.start()]
        if _is_name(context, surface):
            return start, start + len(surface)
    while inner := context.language.kinds.leading.match(surface):
        if surface[inner.end() :].lower() in context.language.kinds.bare:
            break
        start += inner.end()
        surface = surface[inner.end() :]
        if _is_name(context, surface):
            return start, start + len(surface)
    city = context.language.kinds.city_word.search(surface)
    if city is not None and context.plain(surface[: city.start()]):
        surface = surface[: city.start()]
    return start, start + len(surface)


def _is_name(context: MentionContext, surface: str) -> bool:
    """Return True if the gazetteer has the name as it is, in this language, and its first letter is a capital."""
    if not surface[:1].isupper():
        return False
    found = context.gazetteer.candidates(plain_name(surface))
    return any(c.match is not Match.ALTERNATE for c in found[:5])
