"""Makes data/census.tsv and data/airports.tsv, and better points of US counties in data/admin2.tsv.

Run once, when the Census Bureau or the airports change; the files are in the repository:

    apt-get download weather-util-data && dpkg-deb -x weather-util-data_*.deb unpacked
    pip download --no-deps airportsdata && unzip airportsdata-*.whl -d unpacked
    python -m transforms.gazetteer.build.derive_places unpacked

The first has the places and county subdivisions of the US Census Bureau's gazetteer files (public domain), the second
the world's airports (MIT; from OurAirports, public domain, and the registers of authorities).
"""

import argparse
import csv
import gzip
import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from transforms.gazetteer.build.census import FIPS_STATES, census_name
from transforms.gazetteer.build.derive import DATA
from transforms.gazetteer.build.rows import table
from transforms.gazetteer.build.sources import cities
from transforms.gazetteer.names import normalize

NEAR = 0.15
"""Degrees within which a city of GeoNames of the same name is the same place."""

STATISTICAL = ("05", "37")
"""Arkansas and North Carolina, whose townships govern nothing and go unnamed."""
_SUBDIVISION = re.compile(r" (?:city|town|township|charter township|village|borough|plantation|CDP)$")
Place = tuple[str, str, float, float]


def census_places(path: Path) -> Iterator[Place]:
    """Yield (GEOID, name with its type, lat, lon) of every county, subdivision and place."""
    geoid, point = "", (0.0, 0.0)
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("[fips"):
                geoid = line[5:-2]
            elif line.startswith("centroid"):
                lat, lon = (math.degrees(float(angle)) for angle in re.findall(r"-?\d{1,3}\.\d+", line))
                point = (round(lat, 2), round(lon, 2))
            elif line.startswith("description"):
                yield geoid, line.partition(" = ")[2].rpartition(",")[0].strip(), *point


def new_places(places: Iterable[Place]) -> list[Place]:
    """Return those that GeoNames' cities lack, each once: a town is often a place and a county subdivision."""
    known: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for city in cities():
        if city.country == "US":
            known[normalize(city.name)].append((city.lat, city.lon))
    found = []
    # Subdivisions first: their ids name the county.
    for geoid, name, lat, lon in sorted(places, key=lambda place: (-len(place[0]), place[0])):
        if len(geoid) == 5 or not _SUBDIVISION.search(name) or geoid[:2] not in FIPS_STATES:
            continue
        if name.endswith(" township") and geoid.startswith(STATISTICAL):
            continue
        key = normalize(census_name(name))
        if not any(abs(lat - other) < NEAR and abs(lon - another) < NEAR for other, another in known[key]):
            found.append((geoid, name, lat, lon))
            known[key].append((lat, lon))
    return sorted(found)


def with_county_points(places: Iterable[Place]) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield the rows of admin2.tsv, US counties at the Census Bureau's points."""
    points = {
        f"US.{FIPS_STATES[geoid[:2]]}.{geoid[2:]}": (str(lat), str(lon))
        for geoid, _, lat, lon in places
        if len(geoid) == 5 and geoid[:2] in FIPS_STATES
    }
    for row in table("admin2.tsv"):
        lat, lon = points.get(row["code"], (row["lat"], row["lon"]))
        yield row["code"], row["name"], lat, lon, row["radius_km"]


def airports(path: Path) -> Iterator[tuple[str, str, str, str, str, str, str]]:
    """Yield (IATA code, name, city, division, country, lat, lon) of the airports with a IATA code and a name of their
    own.
    """
    with path.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            if row["iata"] and "Airport" in row["name"]:
                point = (f"{float(row['lat']):.2f}", f"{float(row['lon']):.2f}")
                yield row["iata"], row["name"], row["city"], row["subd"], row["country"], *point


def _write(name: str, columns: str, rows: Iterable[tuple[object, ...]]) -> None:
    lines = [columns.replace(" ", "\t"), *("\t".join(map(str, row)) for row in rows)]
    (DATA / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    """Write the three files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where both packages were unpacked")
    folder = parser.parse_args().folder
    places = list(census_places(folder / "usr/share/weather-util/places.gz"))
    _write("census.tsv", "geoid name lat lon", new_places(places))
    _write("admin2.tsv", "code name lat lon radius_km", list(with_county_points(places)))
    _write(
        "airports.tsv",
        "iata name city division country lat lon",
        sorted(airports(folder / "airportsdata/airports.csv")),
    )


if __name__ == "__main__":
    main()
