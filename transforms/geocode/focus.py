"""The place that an article is about, from the places it names.

Each mention is evidence for its place and for all that the place is in:
Kirkuk for its province and for Iraq. A mention of Iraq in turn supports the
places named in Iraq, by their share, but gives them no more than they have of
themselves: one mention of Kirkuk among ten of Iraq leaves the article one about
Iraq. The focus is looked for from the country or region with the most evidence
downwards: as long as one place in it has more than half of its evidence, and
three tenths of all, that place is taken. The score is its share of all evidence,
where what is doubtful in the places' own scores counts for no place.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from transforms.gazetteer.lookup import Gazetteer, Place, lies_in
from transforms.gazetteer.names import normalize
from transforms.records import Article, Location

ENOUGH = 0.5
"""A place within another is taken only with more than this share of the other's evidence ..."""
MIN = 0.3
"""... and at least this share of all."""
LEAD_CHARS = 250
LEAD = 1.0
"""More weight for a mention in the first `LEAD_CHARS` of the body, or before it."""
HEADLINE = 2.0
"""More weight for the first mention of a place that the headline names."""
DATELINE = 2.0
"""Weight of a dateline: most articles play where they were written."""
DATELINE_NAMED_AGAIN = 3.0
"""Weight of a dateline whose place the text names again."""
WHERE_WRITTEN = 0.5
"""Weight for its country of a capital in a dateline when the text names other places of the country instead."""
CONTAINER = 0.5
"""Weight for the place before it of what only says where that is: `Texas` in `Paris, Texas`."""
DEMONYM = 0.5
"""Weight for its country of a word such as `Russian` or `Russians`."""
CAPITAL = 0.5
"""Share of a capital's mentions that speak of its government, and so count for the country alone."""
CONTINENT = 0.25
"""Weight of a continent, which is rarely what an article is about."""

CONTAINER_GAP = 3
"""Characters between a place and what it is in, such as `, ` or ` (`."""

Placed = tuple[Location, Place]
Path = tuple[str, ...]
"""A place below all that it is in: country, divisions, its own id; a place of no country has its id alone."""


@dataclass(frozen=True, slots=True)
class Focus:
    """What an article is about."""

    place: Place
    score: float
    """Share of all evidence that points into the place, 0 to 1."""
    country: Place | None
    """The country with the most evidence; None if the text names only seas and the like."""


def focus_of(article: Article, locations: Sequence[Location], gazetteer: Gazetteer) -> Focus | None:
    """Return the focus of an article; None if it names no place.

    Args:
        article: headline and offsets of the body.
        locations: all mentions of the article, in text order.
        gazetteer: the one that placed them.
    """
    direct: dict[Path, float] = defaultdict(float)
    places: dict[Path, Place] = {}
    total = 0.0
    for place, weight, score in evidence(article, locations, gazetteer):
        direct[path_of(place)] += weight * score
        places.setdefault(path_of(place), place)
        total += weight
    if not any(direct.values()):
        return None
    inside = inside_all(direct)
    known = ((places.get(path) or named(path, gazetteer), mass) for path, mass in narrowing(direct, inside))
    *_, (focus, mass) = ((place, mass) for place, mass in known if place is not None)
    countries = [path for path in inside if len(path) == 1 and is_country(path)]
    country = max(countries, key=lambda path: inside[path], default=None)
    return Focus(focus, round(min(1.0, mass / total), 4), gazetteer.country(country[0]) if country else None)


def evidence(
    article: Article, locations: Sequence[Location], gazetteer: Gazetteer
) -> Iterator[tuple[Place, float, float]]:
    """Yield the evidence of each mention: a place, a weight, and the probability of the place."""
    pairs = ((location, place_of(location, gazetteer)) for location in locations)
    placed = [(location, place) for location, place in pairs if place is not None]
    headline = f" {normalize(article.headline or '')} "
    in_headline: set[str] = set()
    for index, (location, place) in enumerate(placed):
        place, weight = _by_kind(index, placed, gazetteer)
        if location.start < article.body_start + LEAD_CHARS and location.kind != "dateline":
            weight += LEAD * min(1.0, weight)
        surface = normalize(location.surface)
        if surface not in in_headline and f" {surface} " in headline:
            in_headline.add(surface)
            weight += HEADLINE * min(1.0, weight)
        if place.code == "PPLC" and place.country:
            yield gazetteer.country(place.country), weight * CAPITAL, location.score
            weight *= 1.0 - CAPITAL
        yield place, weight, location.score


def _by_kind(index: int, placed: Sequence[Placed], gazetteer: Gazetteer) -> tuple[Place, float]:
    """Return the evidence of a mention's kind alone, wherever it occurs: a place and a weight."""
    location, place = placed[index]
    country = gazetteer.country(place.country) if place.country else place
    if location.kind == "dateline":
        if any(other.kind == "name" and named.number == place.number for other, named in placed):
            return place, DATELINE_NAMED_AGAIN
        return (country, WHERE_WRITTEN) if is_bureau(place, placed) else (place, DATELINE)
    if location.kind != "name":
        return country, DEMONYM
    before, inner = placed[index - 1] if index else placed[0]
    adjacent = 0 <= location.start - before.end <= CONTAINER_GAP
    if adjacent and place.feature_class == "A" and lies_in(inner, place):
        return inner, CONTAINER
    return place, CONTINENT if place.code == "CONT" else 1.0


def is_bureau(dateline: Place, placed: Sequence[Placed]) -> bool:
    """Return True if a dateline is a capital from which the text reports of other places of the country."""
    if dateline.code != "PPLC":
        return False
    others = [place for location, place in placed if location.kind == "name" and not place.is_country]
    others = [place for place in others if place.country == dateline.country]
    return bool(others) and all(place.admin1 != dateline.admin1 for place in others)


def place_of(location: Location, gazetteer: Gazetteer) -> Place | None:
    """Return the gazetteer's place of a row.

    None for one that GeoNames does not have and that does not bear its own name.
    """
    if location.geonameid is not None:
        return gazetteer.place(location.geonameid)
    bearers = (candidate.place for candidate in gazetteer.candidates(location.name))
    return next((place for place in bearers if place.place_id == location.place_id), None)


def path_of(place: Place) -> Path:
    """Return the place below all that it is in."""
    if not place.country:
        return (place.place_id,)
    divisions = [place.country, *(code for code in (place.admin1, place.admin2) if code)]
    is_division = place.is_country or place.code in ("ADM1", "ADM2")
    return (*divisions[: 1 if place.is_country else None], *([] if is_division else [place.place_id]))


def is_country(path: Path) -> bool:
    """Return True if the widest step of a path is a country, by its code of two letters."""
    return len(path[0]) == 2


def inside_all(direct: Mapping[Path, float]) -> dict[Path, float]:
    """Return evidence for each place and for all in it."""
    inside: dict[Path, float] = defaultdict(float)
    for path, weight in direct.items():
        for length in range(1, len(path) + 1):
            inside[path[:length]] += weight
    return inside


def narrowing(direct: Mapping[Path, float], inside: Mapping[Path, float]) -> Iterator[tuple[Path, float]]:
    """Walk from the country or region with the most evidence down to the focus, each with its evidence.

    >>> direct = {("IQ",): 1.0, ("IQ", "IQ.46", "kirkuk"): 2.0, ("TR",): 1.0}
    >>> list(narrowing(direct, inside_all(direct)))
    [(('IQ',), 3.0), (('IQ', 'IQ.46'), 3.0), (('IQ', 'IQ.46', 'kirkuk'), 3.0)]
    """
    total = sum(direct.values())
    path: Path = max((path for path in inside if len(path) == 1), key=lambda path: inside[path])
    mass = inside[path]
    yield path, mass
    while children := [child for child in inside if child[:-1] == path]:
        finer, wider = sum(inside[child] for child in children), mass
        path = max(children, key=lambda child: inside[child])
        mass = inside[path] * (1 + min(wider - finer, finer) / finer) if finer else 0.0
        if mass <= ENOUGH * wider + 1e-9 or mass < MIN * total:
            break
        yield path, mass


def named(path: Path, gazetteer: Gazetteer) -> Place | None:
    """Return a country or division that the text itself does not name; None where the gazetteer has no place for it."""
    if len(path) == 1:
        return gazetteer.country(path[0])
    bearers = (candidate.place for candidate in gazetteer.candidates(gazetteer.division(path[-1]) or ""))
    return next((place for place in bearers if path_of(place) == path), None)


def focus_columns(article: Article, locations: Sequence[Location], gazetteer: Gazetteer) -> dict[str, Any]:
    """Return the focus as columns of `Article`; none if the article names no place."""
    focus = focus_of(article, locations, gazetteer)
    if focus is None:
        return {}
    place = focus.place
    return {
        "focus_place_id": place.place_id,
        "focus_geonameid": place.geonameid,
        "focus_name": place.name,
        "focus_feature_code": place.code,
        "focus_country": gazetteer.iso3(focus.country.country) if focus.country else None,
        "focus_admin1": gazetteer.division(place.admin1),
        "focus_latitude": place.lat,
        "focus_longitude": place.lon,
        "focus_uncertainty_km": place.radius_km,
        "focus_score": focus.score,
    }
