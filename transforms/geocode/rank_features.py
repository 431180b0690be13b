"""What the ranker knows of a name and of its candidates before it looks at the other names of the article."""

import functools
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from transforms.geocode.candidates import Options
from transforms.geocode.gazetteer import Candidate, Match, Place, lies_in
from transforms.geocode.names import normalize

Array = np.ndarray[Any, np.dtype[Any]]

MAX_CANDIDATES = 80
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
    "container": "lies where the text says it lies: `Paris, Texas`",
    "cue_city": "a city, and the words beside the name say so: `city of`",
    "cue_division": "a division, and the words beside the name say so: `province of`, `Washington state`",
    "cue_country": "a country, and a head of state, a government or an army stands beside the name",
    "cue_possessive": "a country or state, and the name stands in the possessive",
    "doubtful": "a capitalized word that only the gazetteer takes for a place",
    "dateline_city": "a city, and the name is the dateline's",
}
"""Features of a candidate that follow from the words around the name, with their meaning."""

TRAITS = {
    "none": "always, for `none of these`",
    "none_doubtful": "a capitalized word that only the gazetteer takes for a place",
    "none_gazetteer": "share of the mentions that the gazetteer found and the model did not",
    "none_organization": "found in the name of an organization",
    "none_dateline": "the dateline",
    "none_words": "words of the name beyond the first, at most 3",
    "none_short": "the name has four letters or fewer",
    "none_candidates": "log10 of the number of candidates",
    "none_repeated": "log10 of the number of mentions",
    "none_locative": "share of the mentions behind `in`, `near`, `at` or `from`",
    "none_goes_on": "share of the mentions with a capitalized word or a hyphen behind",
    "none_begins_before": "share of the mentions with a capitalized word right before",
    "none_capitals": "printed in capitals",
    "none_alternate": "all candidates have the name as an alternate one",
}
"""Features of "none of these", with their meaning."""

_CITY_BEFORE = re.compile(
    r"(?i)\b(?:city|town|village|hamlet|suburb|port|capital|resort|settlement|borough)(?: of|,)? $"
)
_CITY_BEHIND = re.compile(r"(?i)^ (?:city|town|village)\b(?! (?:council|hall))")
_DIVISION_BEFORE = re.compile(r"(?i)\b(?:state|province|county|region|district|governorate|prefecture|oblast) of $")
_DIVISION_BEHIND = re.compile(r"^ (?:state|province|county|region|district|governorate|prefecture|oblast)\b")
_COUNTRY_BEFORE = re.compile(
    r"(?i)\b(?:president|government|republic|kingdom|army|people|constitution|ambassador|embassy|prime minister"
    r"|foreign minister|invasion|border|economy)(?: of| to| in| with) $"
)
_COUNTRY_BEHIND = re.compile(
    r"(?i)^(?:['’]s?)? (?:president|prime minister|government|army|military|parliament|foreign minist|economy|border"
    r"|constitution|ambassador|embassy|central bank|supreme court|defen[cs]e minist|foreign policy|national)"
)
_POSSESSIVE = re.compile(r"^['’]s?\b")
_LOCATIVE = re.compile(r"(?i)\b(?:in|near|at|from|to|outside|around|across|throughout) $")
_GOES_ON = re.compile(r"^(?: [A-Z][a-z]|-\w)")
_BEGINS_BEFORE = re.compile(r"[A-Z][\w’'-]+ $")
REACH = 24
"""Characters looked at before and behind a mention."""


@dataclass(slots=True)
class Name:
    """One distinct name of an article, with where and how it is used.

    Attributes:
        options: what it may mean.
        name: the name as printed, without article and possessive.
        spans: start and end of its mentions in the text.
        kind: name, demonym, dateline, or publisher for a name outside the text.
        containers: places that the text says it lies in.
        fixed: its place, where there is no choice.
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
    doubtful: bool = False
    traits: Sequence[float] = ()
    cues: Sequence[float] = (0.0, 0.0, 0.0, 0.0)
    probabilities: list[float] = field(default_factory=list)

    @property
    def candidates(self) -> Sequence[Candidate]:
        """The candidates that are weighed."""
        return self.options.candidates[:MAX_CANDIDATES]


def cues_of(text: str, spans: Sequence[tuple[int, int]]) -> tuple[float, ...]:
    """Shares of the mentions whose neighbouring words say city, division, country or possessive.

    >>> cues_of("the city of Perth", [(12, 17)])
    (1.0, 0.0, 0.0, 0.0)
    """
    counts = [0, 0, 0, 0]
    for start, end in spans:
        before, behind = text[max(0, start - REACH) : start], text[end : end + REACH]
        counts[0] += bool(_CITY_BEFORE.search(before) or _CITY_BEHIND.match(behind))
        counts[1] += bool(_DIVISION_BEFORE.search(before) or _DIVISION_BEHIND.match(behind))
        counts[2] += bool(_COUNTRY_BEFORE.search(before) or _COUNTRY_BEHIND.match(behind))
        counts[3] += bool(_POSSESSIVE.match(behind))
    return tuple(count / max(1, len(spans)) for count in counts)


def traits_of(
    text: str, name: str, options: Options, spans: Sequence[tuple[int, int]], bases: Sequence[str], *, doubtful: bool
) -> tuple[float, ...]:
    """Values of `TRAITS` for a name with its mentions.

    Args:
        text: the article's.
        name: the name as printed.
        options: its candidates.
        spans: its mentions.
        bases: what found each of them.
        doubtful: whether nothing in the text says that it is a place.
    """
    number = max(1, len(spans))
    befores = [text[max(0, start - REACH) : start] for start, _ in spans]
    behinds = [text[end : end + REACH] for _, end in spans]
    letters = normalize(name)
    return (
        1.0,
        float(doubtful),
        0.0 if doubtful else bases.count("gazetteer") / number,
        bases.count("organization") / number,
        float("dateline" in bases),
        float(min(letters.count(" "), 3)),
        float(len(letters) <= 4),
        math.log10(max(1, len(options.candidates))),
        math.log10(number),
        sum(bool(_LOCATIVE.search(before)) for before in befores) / number,
        sum(bool(_GOES_ON.match(behind)) for behind in behinds) / number,
        sum(bool(_BEGINS_BEFORE.search(before)) for before in befores) / number,
        float(name.isupper() and len(name) > 4),
        float(all(candidate.match is Match.ALTERNATE for candidate in options.candidates)),
    )


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
    """A number for a code, the same as long as the process lives; -1 for none."""
    return -1 if code is None else _NUMBERS.setdefault(code, len(_NUMBERS))


def facts_of(options: Options, name: str) -> Facts:
    """The facts of a name's candidates; kept, because names come again."""
    key = (id(options), name)
    kept = _kept().get(key)
    if kept is None or kept[0] is not options:
        if len(_kept()) > 20_000:
            _kept().clear()
        kept = _kept()[key] = (options, _facts(options.candidates[:MAX_CANDIDATES], name))
    return kept[1]


@functools.cache
def _kept() -> dict[tuple[int, str], tuple[Options, Facts]]:
    """Facts with the options they were made of, which are held so that no other options get their id."""
    return {}


def facts_of_places(places: Sequence[Place]) -> Facts:
    """The facts of places that are given, of which only where they lie matters."""
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
    """Values of `FACTS` for one candidate."""
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
    """Values of `CUES` for each candidate of a name."""
    country, first, second, city = facts.kinds[:, :4].T.astype(float)
    in_city, in_division, in_country, possessive = name.cues
    contained = np.zeros(len(country))
    if name.containers:
        contained[:] = [any(lies_in(c.place, outer) for outer in name.containers) for c in name.candidates]
    return np.stack(
        [
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
