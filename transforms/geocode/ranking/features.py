"""What the ranker knows of a name and of its candidates before it looks at the other names of the article."""

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from transforms.gazetteer.candidates import Options
from transforms.gazetteer.lookup import Candidate, Match, Place, lies_in

Array = np.ndarray[Any, np.dtype[Any]]

MAX_CANDIDATES = 80
NOWHERE = 0
"""Number of no place."""
NAMESAKE_POPULATION = 50_000
GREAT_POPULATION = 100_000

FACTS = {
    "short": "the name is a short form of the place's",
    "alternate": "the name is one of another language or time",
    "abbreviation": "the name is an abbreviation",
    "same_spelling": "spelt as the gazetteer spells it, accents included",
    "population": "log10 of a city's people, by 7",
    "great": "log10 of a city's people above 100,000",
    "behind": "log10 of the most populous city of the name over this one's people, by 7",
    "great_alternate": "`great`, of a city whose name is an alternate one",
    "dominance": "the city's share of the people of all cities of the name",
    "country": "a country",
    "great_country": "log10 of a country's people, by 9",
    "capital": "a country's capital",
    "first_division": "a state or province",
    "second_division": "a county or district",
    "second_division_short": "a county named without `County`",
    "namesake_city": "a division with a sizeable city of the same name",
    "namesake_country": "lies in a country of the same name",
    "region": "neither division nor city: a sea, a mountain, a part of the world",
    "water": "a sea, lake or river",
    "wide_region": "such a region of more than 300 km",
    "first": "the most important of its name, as the gazetteer orders them",
    "order": "1 by the place in that order",
    "american_county": "a second division in the United States",
}
"""Features of a candidate that follow from the name alone, with their meaning."""

CUES = {
    "known": "what the name means wherever it stands: a country, a great city, a sea",
    "asked": "of the kind that the name's own words ask for: `Tohoku region`",
    "container": "lies where the text says it lies: `Paris, Texas`",
    "cue_city": "a city, and the words beside the name say so: `city of`",
    "cue_division": "a division, and the words beside the name say so: `province of`, `Washington state`",
    "cue_country": "a country, and a head of state, a government or an army stands beside the name",
    "cue_possessive": "a country or state, and the name stands in the possessive",
    "doubtful": "a capitalized word that only the gazetteer takes for a place",
    "dateline_city": "a city, and the name is the dateline's",
}
"""Features of a candidate that follow from the words around the name, with their meaning."""


@dataclass(slots=True)
class Name:
    """One distinct name of an article, with where and how it is used.

    Attributes:
        options: what it may mean.
        name: the name as printed, without article and possessive.
        spans: start and end of its mentions in the text.
        kind: name, demonym, dateline, or publisher for a name outside the text.
        containers: places that the text says it is in.
        fixed: its place, where there is no choice.
        known: its place, where the name means one wherever it occurs.
        doubtful: whether it says nothing about the other names.
        traits: values of `TRAITS`.
        cues: shares of its mentions with a cue of a city, a division, a country, a possessive.
        probabilities: of `candidates`, once ranked; what lacks to 1 is "none of these".
    """

    options: Options
    name: str = ""
    spans: Sequence[tuple[int, int]] = ()
    kind: str = "name"
    containers: Sequence[Place] = ()
    fixed: Place | None = None
    known: Place | None = None
    doubtful: bool = False
    traits: Sequence[float] = ()
    cues: Sequence[float] = (0.0, 0.0, 0.0, 0.0)
    probabilities: list[float] = field(default_factory=list)

    @property
    def candidates(self) -> Sequence[Candidate]:
        """Return the candidates that are weighed."""
        return self.options.candidates[:MAX_CANDIDATES]


@dataclass(frozen=True, slots=True)
class Facts:
    """The candidates of a name as arrays, one row each.

    Attributes:
        matrix: values of `FACTS`.
        points: unit vectors of the places, three columns.
        codes: numbers of the place, its country, first and second division; -1 for none.
        kinds: whether it is a country, a first division, a second one, a city; its radius is at most 100 km.
        sizes: log10 of a city's people, by 7.
    """

    matrix: Array
    points: Array
    codes: Array
    kinds: Array
    sizes: Array


_NUMBERS: dict[str, int] = {}


def number_of(code: str | None) -> int:
    """Return a number for a code, the same as long as the process lives; -1 for none."""
    return -1 if code is None else _NUMBERS.setdefault(code, len(_NUMBERS))


def facts_of(options: Options, name: str) -> Facts:
    """Return the facts of a name's candidates; kept, because names come again."""
    key = (id(options), name)
    kept = _kept().get(key)
    if kept is None or kept[0] is not options:
        if len(_kept()) > 20_000:
            _kept().clear()
        kept = _kept()[key] = (options, _facts(options.candidates[:MAX_CANDIDATES], name))
    return kept[1]


@functools.cache
def _kept() -> dict[tuple[int, str], tuple[Options, Facts]]:
    """Return facts with the options they were made of, which are held so that no other options get their id."""
    return {}


def facts_of_places(places: Sequence[Place]) -> Facts:
    """Return the facts of given places; only their coordinates matter."""
    return _arrays(places, np.zeros((len(places), len(FACTS))))


def _facts(candidates: Sequence[Candidate], name: str) -> Facts:
    cities = [candidate.place for candidate in candidates if candidate.place.feature_class == "P"]
    people = [city.population for city in cities]
    namesakes = {
        code for city in cities if city.population >= NAMESAKE_POPULATION for code in (city.admin1, city.admin2)
    }
    namesakes |= {str(c.place.country) for c in candidates if c.place.is_country and c.match <= Match.SHORT}
    namesakes.discard(None)
    rows = [
        _row(candidate, name, index, sum(people), max(people, default=0), namesakes)
        for index, candidate in enumerate(candidates)
    ]
    return _arrays([candidate.place for candidate in candidates], np.array(rows).reshape(len(rows), len(FACTS)))


def _row(
    candidate: Candidate, name: str, index: int, people: int, most: int, namesakes: set[str | None]
) -> tuple[float, ...]:
    """Return values of `FACTS` for one candidate."""
    place, match = candidate.place, candidate.match
    city, country = place.feature_class == "P", place.is_country
    region = place.feature_class not in "AP"
    size = math.log10(place.population + 10)
    return (
        float(match is Match.SHORT),
        float(match is Match.ALTERNATE),
        float(match is Match.ABBREVIATION),
        float(place.name.casefold() == name.casefold()),
        size / 7 if city else 0.0,
        max(0.0, size - math.log10(GREAT_POPULATION)) if city else 0.0,
        (math.log10(most + 10) - size) / 7 if city else 0.0,
        max(0.0, size - math.log10(GREAT_POPULATION)) if city and match is Match.ALTERNATE else 0.0,
        place.population / people if city and people else 0.0,
        float(country),
        size / 9 if country else 0.0,
        float(place.code == "PPLC"),
        float(place.code == "ADM1"),
        float(place.code == "ADM2"),
        float(place.code == "ADM2" and match is Match.ALTERNATE),
        float(place.code in ("ADM1", "ADM2") and place.admin1 in namesakes),
        float(not country and place.country in namesakes),
        float(region),
        float(place.feature_class == "H"),
        float(region and place.radius_km > 300),
        float(index == 0),
        1 / (1 + index),
        float(place.code == "ADM2" and place.country == "US"),
    )


def _arrays(places: Sequence[Place], matrix: Array) -> Facts:
    lat, lon = (np.radians([getattr(place, axis) for place in places]) for axis in ("lat", "lon"))
    return Facts(
        matrix=matrix,
        points=np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=1),
        codes=np.array(
            [(place.number, *map(number_of, (place.country, place.admin1, place.admin2))) for place in places],
            dtype=np.int64,
        ).reshape(len(places), 4),
        kinds=np.array(
            [
                (
                    place.is_country,
                    place.code == "ADM1",
                    place.code == "ADM2",
                    place.feature_class == "P",
                    place.radius_km <= 100,
                )
                for place in places
            ],
            dtype=bool,
        ).reshape(len(places), 5),
        sizes=np.array(
            [math.log10(place.population + 10) / 7 if place.feature_class == "P" else 0.0 for place in places]
        ),
    )


def cue_features(name: Name, facts: Facts) -> Array:
    """Return values of `CUES` for each candidate of a name."""
    country, first, second, city = facts.kinds[:, :4].T.astype(float)
    in_city, in_division, in_country, possessive = name.cues
    contained = np.zeros(len(country))
    asked = np.array([c.place.feature_class in name.options.classes for c in name.candidates], dtype=float)
    if name.containers:
        contained[:] = [any(lies_in(c.place, outer) for outer in name.containers) for c in name.candidates]
    return np.stack(
        [
            facts.codes[:, 0] == (NOWHERE if name.known is None else name.known.number),
            asked,
            contained,
            in_city * city,
            in_division * (first + second),
            in_country * country,
            possessive * (country + first),
            np.full(len(city), float(name.doubtful)),
            float(name.kind == "dateline") * city,
        ],
        axis=1,
    )
