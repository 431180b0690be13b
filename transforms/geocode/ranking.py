"""Which of its candidates a name means: a log-linear model over facts and context.

Each candidate has a vector of features; its weight is the exponential of their
weighted sum, its probability its share among the candidates of the name and
"none of these". The first round knows the candidates alone. The following rounds
add the context: how much probability the other names of the article put near
the candidate, in its division and in its country.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field

from transforms.geocode.candidates import Options
from transforms.geocode.gazetteer import Candidate, Match, Place, lies_in

ROUNDS = 3
MAX_CANDIDATES = 60
NAMESAKE_POPULATION = 50_000
CELL_DEGREES = 1.0

WEIGHTS = {
    "alternate": -3.21,  # the name is one of another language or time
    "abbreviation": -0.09,  # ... is an abbreviation
    "population": 7.34,  # log10 of a city's people, by 7
    "dominance": -0.68,  # the city's share of the people of all cities of the name
    "country": 6.0,
    "capital": 0.1,
    "first_division": 5.97,
    "second_division": 4.3,
    "second_division_short": 1.04,  # a county named without `County`
    "namesake_city": -1.2,  # a division with a sizeable city of the same name
    "namesake_country": -4.0,  # lies in a country of the same name
    "region": 5.0,  # neither division nor city: a sea, a mountain, a part of the world
    "wide_region": 2.14,  # ... of more than 300 km
    "first": 0.86,  # the most important of its name
    "container": 6.0,  # lies where the text says it lies
    "near": 1.63,  # mass in the degree cells around
    "vicinity": 0.33,  # mass in the seven by seven cells around
    "same_division": 2.86,  # mass in the first-order division
    "same_country": 0.32,  # mass in the country
    "division_inside": 5.04,  # of a first-order division: mass in it
    "country_inside": 1.52,  # of a country: mass in it
}
"""Feature -> weight, in the order of the vectors: facts first, then context. Fitted by maximum likelihood on the
training parts of LGL and GeoWebNews, then the namesakes, `region` and `container`, of which these have few, were
rounded by hand."""
NONE_WEIGHT = 4.52
"""What "none of these" weighs against the candidates."""

_WEIGHTS = tuple(WEIGHTS.values())
_NEAR = list(WEIGHTS).index("near")
NEAR_MASS = 0.9
"""A doubtful name needs so much probability of other names in the cells around."""
Vector = tuple[float, ...]


@dataclass(slots=True)
class Name:
    """One distinct name of an article, with how often and how it is used.

    Attributes:
        options: what it may mean.
        weight: how much it says about where the article plays.
        containers: places that the text says it lies in.
        fixed: its place, where there is no choice.
    """

    options: Options
    weight: float = 1.0
    containers: Sequence[Place] = ()
    fixed: Place | None = None
    facts: list[Vector] = field(default_factory=list)
    probabilities: list[float] = field(default_factory=list)

    @property
    def candidates(self) -> Sequence[Candidate]:
        """The candidates that are weighed."""
        return self.options.candidates[:MAX_CANDIDATES]


def rank(names: Sequence[Name], rounds: int = ROUNDS) -> None:
    """Sets the probabilities of all names' candidates; they add up to 1 with "none of these"."""
    for name in names:
        name.facts = facts(name)
        name.probabilities = probabilities([weighted(fact) for fact in name.facts])
    for _ in range(rounds - 1):
        everywhere = Mass()
        for name in names:
            everywhere.add(name, 1.0)
        scores = [[weighted(vector) for vector in in_context(name, everywhere)] for name in names]
        for name, score in zip(names, scores, strict=True):
            name.probabilities = probabilities(score)


def rank_doubtful(doubtful: Sequence[Name], sure: Sequence[Name]) -> None:
    """Sets the probabilities of names that count only where a sure place of the article lies near; 0 elsewhere."""
    everywhere = Mass()
    for name in sure:
        everywhere.add(name, 1.0)
    for name in doubtful:
        name.facts = facts(name)
        vectors = [(*f, *everywhere.around(c.place)) for c, f in zip(name.candidates, name.facts, strict=True)]
        shares = probabilities([weighted(vector) for vector in vectors])
        near = (vector[_NEAR] >= math.log1p(NEAR_MASS) for vector in vectors)
        name.probabilities = [share if is_near else 0.0 for share, is_near in zip(shares, near, strict=True)]


def weighted(vector: Vector) -> float:
    """The weighted sum of a vector, which may leave out the features of context at its end."""
    return sum(weight * value for weight, value in zip(_WEIGHTS, vector, strict=False))


def probabilities(scores: Sequence[float]) -> list[float]:
    """Share of each candidate among all and "none of these".

    >>> [round(share, 2) for share in probabilities([NONE_WEIGHT, NONE_WEIGHT])]
    [0.33, 0.33]
    """
    top = max([NONE_WEIGHT, *scores])
    shares = [math.exp(score - top) for score in scores]
    total = sum(shares) + math.exp(NONE_WEIGHT - top)
    return [share / total for share in shares]


def facts(name: Name) -> list[Vector]:
    """What is known of each candidate without its context: `WEIGHTS` up to `container`."""
    cities = [candidate.place for candidate in name.candidates if candidate.place.feature_class == "P"]
    people = sum(city.population for city in cities)
    namesakes = {code for city in cities if city.population >= NAMESAKE_POPULATION for code in _divisions(city)}
    namesakes |= {str(c.place.country) for c in name.candidates if c.place.is_country and c.match <= Match.SHORT}
    return [
        (
            *candidate_facts(candidate, people, namesakes),
            float(index == 0),
            float(_is_contained(candidate.place, name.containers)),
        )
        for index, candidate in enumerate(name.candidates)
    ]


def _divisions(place: Place) -> Iterator[str]:
    yield from (code for code in (place.admin1, place.admin2) if code)


def candidate_facts(candidate: Candidate, people: int, namesakes: Set[str]) -> Vector:
    """Features of one candidate: how the name names it, its size and its kind.

    Args:
        candidate: the place and the match.
        people: population of all cities of the name.
        namesakes: codes of divisions that hold a sizeable city of the name, and of countries of the name.
    """
    place, match = candidate.place, candidate.match
    city = place.feature_class == "P"
    return (
        float(match is Match.ALTERNATE),
        float(match is Match.ABBREVIATION),
        math.log10(place.population + 10) / 7 if city else 0.0,
        place.population / people if city and people else 0.0,
        float(place.is_country),
        float(place.code == "PPLC"),
        float(place.code == "ADM1"),
        float(place.code == "ADM2"),
        float(place.code == "ADM2" and match is Match.ALTERNATE),
        float(place.code in ("ADM1", "ADM2") and place.admin1 in namesakes),
        float(not place.is_country and place.country in namesakes),
        float(place.feature_class not in "AP"),
        float(place.feature_class not in "AP" and place.radius_km > 300),
    )


def _is_contained(place: Place, containers: Sequence[Place]) -> bool:
    return any(lies_in(place, container) for container in containers)


def in_context(name: Name, everywhere: "Mass") -> Iterator[Vector]:
    """Full vectors of a name's candidates, from the mass that the other names of the article give."""
    everywhere.add(name, -1.0)
    for candidate, fact in zip(name.candidates, name.facts, strict=True):
        yield (*fact, *everywhere.around(candidate.place))
    everywhere.add(name, 1.0)


class Mass:
    """Where the names of an article put their probability: by degree cell, division and country."""

    def __init__(self) -> None:
        self._cells: dict[tuple[int, int], float] = defaultdict(float)
        self._divisions: dict[str, float] = defaultdict(float)
        self._countries: dict[str, float] = defaultdict(float)

    def add(self, name: Name, sign: float) -> None:
        """Adds a name's mass, or takes it away with a sign of -1."""
        if name.fixed is not None:
            self._put(name.fixed, sign * name.weight)
        for candidate, probability in zip(name.candidates, name.probabilities, strict=True):
            if probability > 0.01:
                self._put(candidate.place, sign * name.weight * probability)

    def _put(self, place: Place, mass: float) -> None:
        if place.radius_km <= 100:
            self._cells[cell(place)] += mass
        if place.admin1:
            self._divisions[place.admin1] += mass
        if place.country:
            self._countries[place.country] += mass

    def around(self, place: Place) -> Vector:
        """Mass near a place, in its vicinity, its division and its country, each as log(1 + mass).

        What lies inside a division or country that is itself the candidate
        counts apart from what lies beside a candidate in the same one.
        """
        row, column = cell(place)
        near = self._square(row, column, 1)
        vicinity = self._square(row, column, 3)
        division = self._divisions.get(place.admin1, 0.0) if place.admin1 else 0.0
        country = self._countries.get(place.country, 0.0) if place.country else 0.0
        is_division = place.code == "ADM1"
        beside = (0.0 if is_division else division, 0.0 if place.is_country else country)
        inside = (division if is_division else 0.0, country if place.is_country else 0.0)
        return tuple(math.log1p(max(mass, 0.0)) for mass in (near, vicinity, *beside, *inside))

    def _square(self, row: int, column: int, reach: int) -> float:
        cells, steps = self._cells, range(-reach, reach + 1)
        return sum(cells.get((row + i, column + j), 0.0) for i in steps for j in steps)


def cell(place: Place) -> tuple[int, int]:
    """The degree cell of a place."""
    return math.floor(place.lat / CELL_DEGREES), math.floor(place.lon / CELL_DEGREES)
