"""Places among the entities that the model took for places."""

import re
from collections.abc import Iterator

from transforms.gazetteer.candidates import plain_name
from transforms.gazetteer.lookup import Match
from transforms.gazetteer.names import normalize
from transforms.geocode.mentions.inside import places_inside
from transforms.geocode.mentions.mention import Mention, mention_at, parts, trimmed
from transforms.geocode.mentions.page import MentionContext
from transforms.geocode.mentions.peoples import people_at
from transforms.geocode.mentions.words import BARE, LOCAL_BODIES, STREETS, is_common
from transforms.records import Article, Entity

# White space is entered only at its start, so that a long run of it is not tried from each of its characters.
_SPLIT = re.compile(r"(?:(?<!\s)\s+)?(?:,|/|;|\n|\(|\)|['’]s\b|–|—)\s*")
_LIST = re.compile(r"(?:(?<!\s)\s+)?(?:&|\bof\b|\band\b)\s*")
_AND = re.compile(r"/|\s(?:&|and|AND)\s(?=[A-Z])")
_HYPHEN = re.compile(r"-(?=[A-Z])")
_UNITED = re.compile(r"\b(?:United|Free)\s$")
_KINDS = (
    "region|oblast|krai|kray|province|prefecture|governorate|county|parish|republic|canton|voivodeship|territory"
    "|peninsula|desert|okrug|district|state|city|islands?|river|valley|township|twp\\.?|municipality|department|emirate"
)
_KIND_WORD = re.compile(rf"[\s-](?:{_KINDS}|{'|'.join(word.capitalize() for word in _KINDS.split('|'))})(?![\w’'])")
_LOOSE_KIND = re.compile(
    r"[\s-](?:area|border|city|coast|department|district|metropolitan area|municipality|state|township)$"
)
"""Written small, these only say what the name before them is; `region`, `province` and `peninsula` belong to it."""
_INNER = re.compile(
    r"^(?:(?i:the\s)?(?i:city|town|village|state|province|county|region|district|municipality|township|republic"
    r"|kingdom|island|suburb|capital|port)\sof\s|(?i:the\s)?(?i:(?:north|south|east|west|central|mid|upper|lower|inner"
    r"|outer)(?:ern|east|west|eastern|western)?(?:[\s-]central)?|upstate|downtown|uptown|midtown|suburban|rural"
    r"|greater|metro|metropolitan|mainland|continental|coastal|northern|nearby|neighboring|neighbouring)[\s-])(?=\S)"
)
_SET_OFF = re.compile(r"\s?(?:[-–—,(:;]|$)")
_CAPITAL_NEXT = re.compile(r"\s[A-Z]")
_DASH = re.compile(r"\s?[-–—(]")
_CITY_OF = re.compile(r"^(?i:city|town|village|state|province|commonwealth|municipality) of (?=[A-Z])")
_NEVER = frozenset({"P.A.", "A.M.", "P.M.", "Ph.D."})
_REST = re.compile(r"-[A-Z]\w+")
_CITY_WORD = re.compile(r"\s(?:City|District|State|Town|Area|Metro|Region)$")


def dateline_mentions(article: Article) -> Iterator[Mention]:
    """Yield the first place of each part of the dateline; what follows a comma is its context."""
    if article.dateline_start is None or article.dateline_end is None:
        return
    for left, right in parts(article.text, article.dateline_start, article.dateline_end, _AND):
        comma = article.text.find(",", left, right)
        start, end = trimmed(article.text, left, comma if comma > 0 else right)
        if end > start:
            yield mention_at(article.text, start, end, basis="dateline", kind="dateline")


def labelled_places(entity: Entity, page: MentionContext) -> Iterator[Mention]:
    """Yield the places that an entity with a label of places names: itself, its parts, or none."""
    text = page.text
    start, end = trimmed(text, entity.start, entity.end)
    if end <= start or page.is_person(text[start:end]) or is_acronym(page, start, end):
        return
    if _UNITED.search(text, max(0, start - 8), start):
        return
    whole = whole_place(page, start, end)
    if whole is not None:
        yield whole
        return
    for left, right in parts(text, start, end, _SPLIT):
        left, right = trimmed(text, left, right)
        if right > left:
            yield from _part(page, left, right)


def _part(page: MentionContext, start: int, end: int) -> Iterator[Mention]:
    """Yield the places of a part between commas: itself, the members of a list, or what stands inside.

    None in a street.
    """
    for divider in (None, _LIST, _HYPHEN):
        spans = parts(page.text, start, end, divider) if divider else [(start, end)]
        places = [whole_place(page, *trimmed(page.text, *span)) for span in spans]
        if all(places):
            yield from filter(None, places)
            return
    last = page.text[start:end].rsplit(None, 1)[-1].rstrip(".")
    if last.islower() or last.lower() not in STREETS - LOCAL_BODIES:
        yield from places_inside(page, start, end, basis="model")


def is_acronym(page: MentionContext, start: int, end: int) -> bool:
    """Return True if the name is capitals among words that are not, and no known place or abbreviation: `NICE`."""
    name = page.text[start:end]
    if not (name.isalpha() and name.isupper() and len(name) > 2) or page.known(name):
        return False
    if any(c.match is Match.ABBREVIATION or name == c.place.name for c in page.options(name).candidates[:3]):
        return False
    if is_common(name) and not _DASH.match(page.text, end):
        return True
    before = page.text[max(0, start - 64) : start].rstrip(" ")
    if end - start > 5 or _SET_OFF.match(page.text, end) or before.endswith((".", "\n")):
        return False
    around = page.text[max(0, start - 30) : start] + page.text[end : end + 30]
    return sum(letter.islower() for letter in around) > 0.6 * sum(letter.isalpha() for letter in around)


def whole_place(page: MentionContext, start: int, end: int, *, basis: str = "model") -> Mention | None:
    """Return the span as one place, with a word behind it that says its kind; None if nothing bears the name.

    What only says the kind or part, such as `northern` or `city of`, is looked
    up but stands outside the mention.
    """
    text = page.text
    name = plain_name(text[start:end])
    if page.gazetteer.known(name) is None and page.gazetteer.demonym(name) is not None:
        demonym = page.gazetteer.demonym(name)
        if demonym is not None and plain_name(demonym.name).lower() != name.lower():
            return people_at(text, start, end, page.gazetteer)
    end = _with_period(page, start, _with_rest(page, start, end))
    wide = with_kind(page, start, end)
    name = plain_name(text[start:wide])
    if not page.options(name) or normalize(name) in BARE or name in _NEVER:
        return None
    left, right = core(page, start, wide)
    return mention_at(text, left, right, basis=basis, name=name)


def _with_rest(page: MentionContext, start: int, end: int) -> int:
    """Return the end with what a hyphen joins to the name, if the whole has a place: `Kabardino-Balkaria`."""
    rest = _REST.match(page.text, end)
    return rest.end() if rest and page.options(page.text[start : rest.end()]) else end


def _with_period(page: MentionContext, start: int, end: int) -> int:
    """Return the end with the period of an abbreviation: `Calif.`"""
    if page.text[end : end + 1] == "." and page.text[end - 1].isalpha():
        options = page.options(page.text[start : end + 1])
        if any(c.match is Match.ABBREVIATION for c in options.candidates[:3]) and end - start < 6:
            return end + 1
    return end


def with_kind(page: MentionContext, start: int, end: int) -> int:
    """End of the name with a following word such as `region`, where there is such a place; else `end`."""
    word = _KIND_WORD.match(page.text, end)
    if word is None or (word[0][1:] in ("City", "State", "District") and _CAPITAL_NEXT.match(page.text, word.end())):
        return end
    options = page.options(plain_name(page.text[start : word.end()]))
    fits = any(candidate.place.feature_class in "ATLH" for candidate in options.candidates[:10])
    if not fits and re.search(r"(?i)(?:city|township|twp\.?|municipality)$", word[0]):
        fits = bool(options) and word[0][1].isupper()
    return word.end() if fits else end


def region_of_people(page: MentionContext, start: int, end: int) -> Mention | None:
    """Return the region that an adjective and a word behind it name: `Korean peninsula`."""
    wide = with_kind(page, start, end)
    names = page.options(plain_name(page.text[start:wide])).candidates if wide > end else ()
    if any(candidate.match <= Match.SHORT for candidate in names):
        return mention_at(page.text, start, wide, basis="model")
    return None


def core(page: MentionContext, start: int, end: int) -> tuple[int, int]:
    """Return the span without words that only say kind, part or direction, unless they belong to the name.

    `northern Iraq` is `Iraq` there, `Accra city` is `Accra`; `South Carolina`,
    `Clarke County` and `Anbar province` stay.
    """
    surface = page.text[start:end]
    if city := _CITY_OF.match(surface):
        return start + city.end(), end
    if _is_name(page, surface):
        return start, end
    small = _LOOSE_KIND.search(surface)
    if small is not None and small.start() > 0:
        surface = surface[: small.start()]
        if _is_name(page, surface):
            return start, start + len(surface)
    while inner := _INNER.match(surface):
        if surface[inner.end() :].lower() in BARE:
            break
        start += inner.end()
        surface = surface[inner.end() :]
        if _is_name(page, surface):
            return start, start + len(surface)
    city = _CITY_WORD.search(surface)
    if city is not None and page.plain(surface[: city.start()]):
        surface = surface[: city.start()]
    return start, start + len(surface)


def _is_name(page: MentionContext, surface: str) -> bool:
    """Return True if the gazetteer has the name as it stands, in this language, and its first letter is a capital."""
    if not surface[:1].isupper():
        return False
    found = page.gazetteer.candidates(plain_name(surface))
    return any(c.match is not Match.ALTERNATE for c in found[:5])
