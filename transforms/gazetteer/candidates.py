"""From a mention's words to the places it may mean."""

import functools
import re
from dataclasses import dataclass

from transforms.gazetteer.lookup import Candidate, Gazetteer, Match
from transforms.gazetteer.names import normalize, split_camel, without_possessive

_REGION_WORDS = (
    "region|regions|oblast|krai|kray|province|prefecture|governorate|county|counties|parish|district|state"
    "|territory|republic|canton|voivodeship|emirate|autonomous region|borough|okrug"
)
_CITY_WORDS = "city|town|village|municipality|township|metropolitan area|metro area|suburbs?"
_TRAILING = (
    (re.compile(rf"(?i)^(.+?)[\s-](?:{_REGION_WORDS})$"), frozenset("AL")),
    (re.compile(rf"(?i)^(.+?)[\s-](?:{_CITY_WORDS})$"), frozenset("P")),
    (re.compile(r"(?i)^(.+?)\s(?:islands?|peninsula|mountains?)$"), frozenset("TAL")),
    (re.compile(r"(?i)^(.+?)\s(?:sea|river|lake|strait|gulf|ocean)$"), frozenset("H")),
)
_LEADING = (
    (re.compile(rf"(?i)^(?:the\s)?(?:{_REGION_WORDS})\sof\s(.+)$"), frozenset("AL")),
    (re.compile(rf"(?i)^(?:the\s)?(?:{_CITY_WORDS})\sof\s(.+)$"), frozenset("P")),
    (re.compile(r"(?i)^(?:river|lake|gulf of)\s(.+)$"), frozenset("H")),
)
_PART = re.compile(
    r"(?i)^(?:(?:north|south|east|west|central|mid|upper|lower|inner|outer)(?:ern|east|west|eastern|western)?"
    r"|upstate|downtown|uptown|midtown|suburban|rural|greater|metro|metropolitan|mainland|continental|coastal)"
    r"[\s-](.+)$"
)
_ARTICLE = re.compile(r"^(?:[Tt]he|THE)\s+")


@dataclass(frozen=True, slots=True)
class Options:
    """The places a name may mean, and which kind its own words ask for."""

    candidates: tuple[Candidate, ...]
    classes: frozenset[str] = frozenset()
    """Feature classes that a word such as `region` or `city` asks for; empty for any."""

    def __bool__(self) -> bool:
        return bool(self.candidates)


NONE = Options(())


@functools.lru_cache(maxsize=65536)
def plain_name(surface: str) -> str:
    """Return the surface without article, possessive and line breaks.

    >>> plain_name("the Korean\\nPeninsula's")
    'Korean Peninsula'
    """
    return without_possessive(_ARTICLE.sub("", " ".join(surface.split())))


def options_for(name: str, gazetteer: Gazetteer) -> Options:
    """Return places for a name as printed: as it is, else without the words that only say its kind or part.

    Args:
        name: a plain name, such as `Primorsky region` or `northern Iraq`.
        gazetteer: where to look.
    """
    cached = _caches(gazetteer)
    if name not in cached:
        if len(cached) > 50_000:
            cached.clear()
        cached[name] = _find(name, gazetteer)
    return cached[name]


@functools.lru_cache(maxsize=4)
def _caches(gazetteer: Gazetteer) -> dict[str, Options]:
    return {}


def _find(name: str, gazetteer: Gazetteer) -> Options:
    return _whole(name, gazetteer) or _typed(name, gazetteer) or _part(name, gazetteer)


def _whole(name: str, gazetteer: Gazetteer) -> Options:
    found = gazetteer.candidates(name) or gazetteer.candidates(split_camel(name))
    return Options(tuple(candidate for candidate in found if fits_spelling(name, candidate)))


def fits_spelling(name: str, candidate: Candidate) -> bool:
    """Return True if a short name is spelt as such a name is: `US` and `Ore.`, not `Us` or `ore`.

    Abbreviations need their capitals or their period, and names of two letters
    are not alternate names.
    """
    letters = normalize(name)
    if candidate.match is Match.ABBREVIATION:
        return name.isupper() or name.rstrip().endswith(".") or len(letters) > 4
    if len(letters) <= 2:
        return name.isupper() and (candidate.place.feature_class != "P" or candidate.match is Match.SHORT)
    return True


def _typed(name: str, gazetteer: Gazetteer) -> Options:
    for pattern, classes in (*_TRAILING, *_LEADING):
        match = pattern.match(name)
        if match:
            found = _whole(match[1], gazetteer).candidates
            fitting = tuple(candidate for candidate in found if candidate.place.feature_class in classes)
            if fitting:
                return Options(fitting, classes)
            if "P" in classes or "A" in classes:
                return Options(found, classes)
    return NONE


def _part(name: str, gazetteer: Gazetteer) -> Options:
    match = _PART.match(name)
    if not match:
        return NONE
    return _whole(match[1], gazetteer) or _typed(match[1], gazetteer)
