"""Small places of the United States, and the world's airports: tables made by `derive_places.py`."""

import re
from collections import Counter
from collections.abc import Iterator

from transforms.gazetteer.build.rows import Row, geonames_package, table

FIPS_STATES = {str(state["fips"]): code for code, state in geonames_package("us_states").items()}
"""FIPS code of a US state -> its postal code."""
TOWNSHIP_NAMES = frozenset({"NJ", "PA", "MI"})
"""States where a township is a municipality that goes by its bare name too."""
_CENSUS_TYPE = re.compile(r" (?:city|town|village|borough|plantation|CDP)$")


def census_name(name: str) -> str:
    """Return the name of a place or county subdivision of the US Census Bureau as a newspaper has it.

    >>> census_name("Harwinton town"), census_name("Readington township"), census_name("Clay charter township")
    ('Harwinton', 'Readington Township', 'Clay Township')
    """
    return _CENSUS_TYPE.sub("", re.sub(r" (?:charter )?township$", " Township", name))


def census() -> Iterator[Row]:
    """Yield small towns, townships and unincorporated places of the United States: data/census.tsv."""
    for row in table("census.tsv"):
        geoid = row["geoid"]
        name = census_name(row["name"])
        state = FIPS_STATES[geoid[:2]]
        in_county = len(geoid) == 10
        bare = in_county and state in TOWNSHIP_NAMES and name.endswith(" Township")
        yield Row(
            slug=f"census:{geoid}",
            name=name,
            code="ADM3" if in_county else "PPL",
            country="US",
            admin1=f"US.{state}",
            admin2=f"US.{state}.{geoid[2:5]}" if in_county else "",
            lat=float(row["lat"]),
            lon=float(row["lon"]),
            radius_km=6.0 if in_county else 2.0,
            alternate=frozenset({name.removesuffix(" Township")} if bare else ()),
        )


def airports() -> Iterator[Row]:
    """Yield airports with a IATA code: data/airports.tsv."""
    rows = list(table("airports.tsv"))
    of_city = Counter((row["city"], row["division"], row["country"]) for row in rows)
    for row in rows:
        alone = of_city[row["city"], row["division"], row["country"]] == 1
        yield Row(
            slug=f"iata:{row['iata']}",
            name=row["name"],
            code="AIRP",
            country=row["country"],
            lat=float(row["lat"]),
            lon=float(row["lon"]),
            radius_km=3.0,
            alternate=frozenset(airport_names(row["name"], row["city"], alone)),
        )


def airport_names(name: str, city: str, alone: bool) -> Iterator[str]:
    """Yield shorter names of an airport, always with the word `Airport`.

    >>> sorted(airport_names("London Heathrow Airport", "London", alone=False))
    ['Heathrow Airport']
    >>> sorted(airport_names("Washington Dulles International Airport", "Washington", alone=False))
    ['Dulles Airport', 'Dulles International Airport', 'Washington Dulles Airport']
    >>> sorted(airport_names("Copenhagen Kastrup Airport", "Copenhagen", alone=True))
    ['Copenhagen Airport', 'Copenhagen International Airport', 'Kastrup Airport']
    """
    name = name.partition(" / ")[0]
    names = {name, name.replace(" International ", " ")}
    names |= {short.removeprefix(city + " ") for short in names}
    if alone and city:
        names |= {f"{city} Airport", f"{city} International Airport"}
    yield from names - {name, "Airport", "International Airport"}
