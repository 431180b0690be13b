"""Writes a gazetteer's SQLite file from places that come one after the other.

Names are gathered in a table on disk and sorted there, so that memory does not
grow with the number of places: the same way for 300,000 and for 13 million.
"""

import hashlib
import itertools
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from transforms.gazetteer.build.geonames import NON_LATIN_POPULATION
from transforms.gazetteer.build.rows import Row
from transforms.gazetteer.distance import km_between
from transforms.gazetteer.features import COUNTRY_CODES, KNOWN_DIVISIONS, feature_class, knows
from transforms.gazetteer.lookup import FORMAT, Match, pack_places
from transforms.gazetteer.names import is_latin, normalize

MAX_PLACES_PER_NAME = 120
ALTERNATE_SHARE = 0.05
"""A place counts this share where the name is one of another language or time."""
KNOWN_POPULATION = 1_000_000
"""A city is well known enough to be found without a model from this population on."""
KNOWN_SHARE = 0.9
"""... and when it has this share of the people of all places of its name."""
KNOWN_RADIUS_KM = 10.0
"""A region, water or land form of our own is well known enough from this extent on."""
COMMON_WORDS = frozenset(
    {"bible belt", "black belt", "blue line", "capital district", "capital region", "central coast", "corn belt"}
    | {"east bay", "empty quarter", "four corners", "front range", "garden route", "global south", "great wall"}
    | {"green mountain", "high desert", "inside passage", "iron range", "main river", "mid south", "new britain"}
    | {"north bay", "north country", "north fork", "pine belt", "ring of fire", "south bay", "sun belt", "tri state"}
    | {"treasure island", "western mountains", "western slope", "wine country"}
)
"""Names of regions that mean other things as often."""
BATCH = 20_000
CACHE_KIB = 65_536

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
CREATE TABLE features (code TEXT PRIMARY KEY, class TEXT NOT NULL) WITHOUT ROWID;
"""
_SPELLINGS = """
CREATE TABLE aside.spellings (
    name TEXT NOT NULL, place INTEGER NOT NULL, match INTEGER NOT NULL,
    importance INTEGER NOT NULL, population INTEGER NOT NULL
);
"""
_FLOORS = {"L": 500_000, "H": 100_000, "T": 100_000, "S": 20_000, "R": 20_000, "V": 20_000}
COUNTRY_HEAD_START = 10_000_000
_CODE_FLOORS = {"ADM1": 500_000, "ADM2": 20_000}
KNOWN_DIVISION = 600_000
"""A state of one of `KNOWN_DIVISIONS` counts so much: Florida is the American one, not Uruguay's."""


def importance(row: Row, letter: str) -> int:
    """Return orders the places of one name: people, with a head start for what is wider than a city.

    A water or hill of the full GeoNames has no head start: there are millions, most of them small.
    """
    floor = _CODE_FLOORS.get(row.code, 0) or (_FLOORS.get(letter, 0) if row.curated else 0)
    if row.code == "ADM1" and row.country in KNOWN_DIVISIONS:
        floor = KNOWN_DIVISION
    return max(row.population, floor) + (COUNTRY_HEAD_START if row.code in COUNTRY_CODES else 0)


class Spelling(NamedTuple):
    """A place that has a name."""

    place: int
    match: int
    importance: int
    population: int


def weight(spelling: Spelling) -> float:
    """Return the sort key of the places of a name."""
    return spelling.importance * (ALTERNATE_SHARE if spelling.match == Match.ALTERNATE else 1.0)


def ordered(spellings: Iterable[Spelling]) -> list[Spelling]:
    """Return each place of a name once, named in the best way, the most important first."""
    best: dict[int, Spelling] = {}
    for spelling in spellings:
        known = best.get(spelling.place, spelling)
        match, rank = min(known.match, spelling.match), max(known.importance, spelling.importance)
        best[spelling.place] = Spelling(spelling.place, match, rank, max(known.population, spelling.population))
    return sorted(best.values(), key=lambda spelling: (-weight(spelling), spelling.place))


def _columns(number: int, row: Row) -> tuple[object, ...]:
    """Return a place as stored: points in 1/10,000 degrees, the smallest division only, no slug that follows from
    it.
    """
    slug = row.slug if number < 0 and row.code not in {"ADM1", "ADM2"} else None
    division = row.admin2 or row.admin1 or row.country or None
    point = (round(row.lat * 10_000), round(row.lon * 10_000))
    return (number, slug, row.name, row.code, division, *point, row.population or None, round(row.radius_km))


@dataclass
class Store:
    """A gazetteer in the making; use as a context manager, so that nothing remains if it fails.

    Places and their names are added with `add`, further names with `add_names`; `finish` makes the file whole.
    """

    path: Path
    targets: dict[str, int] = field(default_factory=dict)
    """Slug, division code or country code -> the number of its place."""

    def __post_init__(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._building = self.path.with_name(self.path.name + ".building")
        self._aside = self.path.with_name(self.path.name + ".names")
        self._remove()
        # SQLite's sorts spill to a temporary folder, which may be small or memory: spill where the file will be.
        os.environ.setdefault("SQLITE_TMPDIR", str(self.path.parent.resolve()))
        self.connection = sqlite3.connect(self._building, isolation_level=None)
        self.connection.execute("PRAGMA page_size=4096")
        self.connection.execute("ATTACH DATABASE ? AS aside", (str(self._aside),))
        for database in ("main", "aside"):
            for setting in ("journal_mode=OFF", "synchronous=OFF", f"cache_size=-{CACHE_KIB}"):
                self.connection.execute(f"PRAGMA {database}.{setting}")
        self.connection.execute("PRAGMA temp_store=FILE")
        self.connection.executescript(SCHEMA + _SPELLINGS)
        self.connection.execute("BEGIN")
        self._numbers = itertools.count(-1, -1)
        self._own: set[int] = set()
        self._places: list[tuple[object, ...]] = []
        self._spellings: list[tuple[object, ...]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.connection.close()
        self._remove()

    def _remove(self) -> None:
        for path in (self._building, self._aside):
            path.unlink(missing_ok=True)

    def add(self, row: Row, letter: str | None = None) -> int:
        """Add a place that has not been added, with its names; returns its number.

        Args:
            row: the place.
            letter: its feature class; by default the one its code has.
        """
        number = row.geonameid or next(self._numbers)
        letter = letter or feature_class(row.code)
        self._places.append(_columns(number, row))
        self.add_names(number, row, letter)
        self._remember(number, row)
        if not knows(row.code):
            self.connection.execute("INSERT OR REPLACE INTO features VALUES (?, ?)", (row.code, letter))
        return number

    def _remember(self, number: int, row: Row) -> None:
        if row.curated and row.slug and row.slug.startswith("dateline:"):
            self.targets[row.slug] = number
            self._own.add(number)
        if row.code in {"PCLI", "PCLD", "PCLS", "PCLF"} and row.curated:
            self.targets[row.country] = number
        if row.code == "ADM1":
            self.targets[f"admin1:{row.admin1}"] = number
        elif row.code == "ADM2" and row.curated:
            self.targets[f"admin2:{row.admin2}"] = number

    def adopt(self, number: int, row: Row) -> None:
        """Give a place that has been added the names and the standing of a row of our own."""
        self.add_names(number, row)
        self._remember(number, row)
        self.flush()
        self.connection.execute("UPDATE places SET radius_km = ? WHERE id = ?", (round(row.radius_km), number))

    def add_names(self, number: int, row: Row, letter: str | None = None) -> None:
        """Add the names of a row to a place."""
        rank = importance(row, letter or feature_class(row.code))
        for match, spellings in (
            (Match.MAIN, (row.name,)),
            (Match.SHORT, row.short),
            (Match.ALTERNATE, row.alternate),
            (Match.ABBREVIATION, row.abbreviation),
        ):
            keys = {normalize(spelling) for spelling in spellings}
            self._spellings += [(key, number, int(match), rank, row.population) for key in keys if key]
        if len(self._spellings) >= BATCH:
            self.flush()

    def flush(self) -> None:
        """Write what is in hand."""
        self.connection.executemany("INSERT OR IGNORE INTO places VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", self._places)
        self.connection.executemany("INSERT INTO aside.spellings VALUES (?, ?, ?, ?, ?)", self._spellings)
        self._places.clear()
        self._spellings.clear()

    def finish(
        self, demonyms: Mapping[str, int], countries: Mapping[str, tuple[str, int]], meta: Mapping[str, str]
    ) -> None:
        """Sort the names, writes all tables and puts the file in its place."""
        self.index()
        digest = hashlib.blake2b(repr(sorted(meta.items())).encode())
        self._write_names(digest)
        self._insert("demonyms", sorted(demonyms.items()))
        self._insert("countries", [(iso2, *facts) for iso2, facts in sorted(countries.items())])
        # The name of a division is the one of its own row; the file says which by the code in `division`.
        self.connection.execute(
            "INSERT OR IGNORE INTO divisions SELECT division, name FROM places"
            " WHERE code IN ('ADM1', 'ADM2') AND division LIKE '__.%' ORDER BY id"
        )
        for table in ("places", "demonyms", "divisions", "countries"):
            for line in self.connection.execute(f"SELECT * FROM {table} ORDER BY 1"):
                digest.update(repr(line).encode())
        counts = {table: self._count(table) for table in ("places", "names")}
        facts = {**meta, **counts, "format": str(FORMAT), "digest": digest.hexdigest()[:12]}
        self._insert("meta", sorted(facts.items()))
        self.connection.execute("COMMIT")
        self.connection.execute("DETACH DATABASE aside")
        self._aside.unlink()
        self.connection.execute("VACUUM main")
        self.connection.close()
        self._building.replace(self.path)

    def _count(self, table: str) -> str:
        return str(self.connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])

    def _insert(self, table: str, lines: list[tuple[object, ...]]) -> None:
        if lines:
            self.connection.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(lines[0]))})", lines)

    def _write_names(self, digest: hashlib.blake2b) -> None:
        lines: list[tuple[object, ...]] = []
        known: list[tuple[object, ...]] = []
        for name, spellings in self._sorted_names():
            packed = pack_places([(s.place, s.match) for s in spellings[:MAX_PLACES_PER_NAME]])
            digest.update(name.encode() + packed)
            lines.append((name, packed))
            if self._is_known(name, spellings):
                known.append((name, spellings[0].place))
            if len(lines) >= BATCH:
                self._insert("names", lines)
                lines.clear()
        self._insert("names", lines)
        self._insert("known", known)

    def _sorted_names(self) -> Iterator[tuple[str, list[Spelling]]]:
        rows = self.connection.cursor().execute(
            "SELECT name, place, match, importance, population FROM aside.spellings ORDER BY name"
        )
        for name, group in itertools.groupby(rows, key=lambda row: str(row[0])):
            yield name, ordered(Spelling(*facts) for _, *facts in group)

    def _is_known(self, name: str, spellings: list[Spelling]) -> bool:
        """Return True if the name means its first place wherever it occurs with a capital."""
        best = spellings[0]
        if best.match > Match.SHORT or (best.importance < KNOWN_POPULATION / 2 and best.place not in self._own):
            return False
        code, division, population, radius = self.connection.execute(
            "SELECT code, division, population, radius_km FROM places WHERE id = ?", (best.place,)
        ).fetchone()
        if code in COUNTRY_CODES:
            return len(name) > 3 or name in {"us", "uk", "usa", "uae", "drc"}
        if code == "ADM1" and str(division)[:2] in KNOWN_DIVISIONS:
            return len(name) > 3 and name not in {"washington", "victoria", "delhi"}
        if best.place in self._own:
            wide = radius >= KNOWN_RADIUS_KM and feature_class(code) not in "PSRV"
            return wide and ((" " in name and len(name) > 7) or name == "eu") and name not in COMMON_WORDS
        people = sum(s.population for s in spellings if s.match <= Match.SHORT)
        population = population or 0
        return len(name) > 4 and population >= KNOWN_POPULATION and population >= KNOWN_SHARE * people

    def find(self, name: str, letters: Iterable[str], near: Row, km: float) -> int | None:
        """Return the number of the nearest place already added that has the name, is of one of the classes and is
        near.

        Only after `index`.
        """
        wanted = frozenset(letters)
        self.flush()
        rows = self.connection.execute(
            "SELECT p.id, p.code, p.lat / 1e4, p.lon / 1e4 FROM aside.spellings s JOIN places p ON p.id = s.place"
            " WHERE s.name = ? AND s.match <= 1 AND (p.division IS NULL OR ? IN ('', substr(p.division, 1, 2)))",
            (normalize(name), near.country),
        )
        distances = [
            (km_between(lat, lon, near.lat, near.lon), number)
            for number, code, lat, lon in rows
            if self._letter(code) in wanted
        ]
        nearest = min(distances, default=(km + 1, 0))
        return nearest[1] if nearest[0] <= km else None

    def _letter(self, code: str) -> str:
        with suppress(KeyError):
            return feature_class(code)
        return str(self.connection.execute("SELECT class FROM features WHERE code = ?", (code,)).fetchone()[0])

    def index(self) -> None:
        """Make the names added so far searchable, and sorts them."""
        self.flush()
        # With all columns in the index, the names are read from it in order, without the table.
        self.connection.execute(
            "CREATE INDEX IF NOT EXISTS aside.by_name ON spellings (name, place, match, importance, population)"
        )

    def add_alternate(self, number: int, name: str, match: Match) -> None:
        """Add a name to a place written before; nothing if there is no such place."""
        found = self.connection.execute("SELECT code, population FROM places WHERE id = ?", (number,)).fetchone()
        if found is None:
            return
        code, population = found
        population = population or 0
        if match is Match.ALTERNATE and population < NON_LATIN_POPULATION and not is_latin(name):
            return
        rank = max(population, _CODE_FLOORS.get(code, 0)) + (COUNTRY_HEAD_START if code in COUNTRY_CODES else 0)
        self._spellings.append((normalize(name), number, int(match), rank, population))
        if len(self._spellings) >= BATCH:
            self.flush()
