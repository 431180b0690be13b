"""The gazetteer: which places bear a name, and where they are.

One SQLite file, opened read-only and memory-mapped, so that all processes of a
machine share its pages. `transforms.gazetteer.build.assemble` makes it.
"""

import enum
import functools
import sqlite3
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transforms.gazetteer.features import COUNTRY_CODES, feature_class
from transforms.gazetteer.names import normalize

FORMAT = 3
"""Version of the file's tables; a file of another version is refused."""
DEFAULT_PATH = Path(__file__).with_name("gazetteer.sqlite")
BUILD_COMMAND = "dateline gazetteer build --output"
DATELINE_POPULATION = 1000
"""A name in another language is a dateline's place only for a place of at least this many people."""

_PLACE = struct.Struct("<iB")


class Match(enum.IntEnum):
    """How a name names a place, best first."""

    MAIN = 0
    SHORT = 1
    ALTERNATE = 2
    ABBREVIATION = 3


class GazetteerError(ValueError):
    """The gazetteer file is missing or unusable; the message says how to make one."""


@dataclass(frozen=True, slots=True)
class Place:
    """One place of the gazetteer, as a candidate for the name it was found by."""

    number: int
    """GeoNames id; negative where there is none."""
    slug: str | None
    name: str
    code: str
    """GeoNames feature code."""
    country: str | None
    """ISO 3166-1 alpha-2."""
    admin1: str | None
    """Code of the first-order division, such as `US.LA`."""
    admin2: str | None
    lat: float
    lon: float
    population: int
    radius_km: float
    letter: str = ""
    """Feature class, where the code is one that GeoNames did not have in 2025."""

    @property
    def geonameid(self) -> int | None:
        """Return GeoNames id, where the place has one."""
        return self.number if self.number > 0 else None

    @property
    def place_id(self) -> str:
        """Return id for records: `geonames:524901`, `dateline:korean-peninsula`, `admin2:US.LA.079`."""
        return f"geonames:{self.number}" if self.number > 0 else str(self.slug)

    @property
    def feature_class(self) -> str:
        """Return GeoNames feature class."""
        return self.letter or feature_class(self.code)

    @property
    def is_country(self) -> bool:
        """Return True if it is a country, dependency or former country."""
        return self.code in COUNTRY_CODES


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place and how the name looked up names it."""

    place: Place
    match: Match


def lies_in(inner: Place, outer: Place) -> bool:
    """Return True if a place is in a country or division other than itself."""
    if inner.number == outer.number:
        return False
    if outer.is_country:
        return inner.country == outer.country and not inner.is_country
    if outer.admin2:
        return inner.admin2 == outer.admin2 or (inner.admin1 == outer.admin1 and _is_near(inner, outer))
    return inner.admin1 is not None and inner.admin1 == outer.admin1


def _is_near(inner: Place, outer: Place) -> bool:
    return abs(inner.lat - outer.lat) < 0.6 and abs(inner.lon - outer.lon) < 0.8


def pack_places(places: Iterable[tuple[int, int]]) -> bytes:
    """Return places of one name as stored: five bytes each.

    >>> unpack_places(pack_places([(524901, 0), (-7, 2)]))
    [(524901, 0), (-7, 2)]
    """
    return b"".join(_PLACE.pack(number, match) for number, match in places)


def unpack_places(packed: bytes) -> list[tuple[int, int]]:
    """Return the inverse of `pack_places`."""
    return list(_PLACE.iter_unpack(packed))


class Gazetteer:
    """An open gazetteer.

    Args:
        path: the SQLite file.

    Raises:
        GazetteerError: there is no such file, or it is of another format.

    Attributes:
        id: format and content of the file, written with every place it gave.
    """

    def __init__(self, path: str | Path = DEFAULT_PATH) -> None:
        self.path = Path(path)
        if not self.path.is_file():
            raise GazetteerError(f"no gazetteer at {self.path}; build it with `{BUILD_COMMAND} {self.path}`")
        self._connection = sqlite3.connect(
            f"{self.path.resolve().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
        )
        self._connection.execute("PRAGMA mmap_size=268435456")
        meta = self._read_meta()
        if meta.get("format") != str(FORMAT):
            found = meta.get("format", "none")
            raise GazetteerError(
                f"the gazetteer at {self.path} has format {found}, this version reads {FORMAT};"
                f" build it again with `{BUILD_COMMAND} {self.path}`"
            )
        self.id = f"gazetteer-{FORMAT}-{meta['digest']}"
        self.attribution = meta["attribution"]
        self._lookup = functools.lru_cache(maxsize=50_000)(self._read_candidates)
        self._place = functools.lru_cache(maxsize=100_000)(self._read_place)

    def _read_meta(self) -> dict[str, str]:
        try:
            return dict(self._connection.execute("SELECT key, value FROM meta"))
        except sqlite3.DatabaseError:
            return {}

    def candidates(self, name: str) -> tuple[Candidate, ...]:
        """Return places that bear the name in any spelling, most important first.

        >>> Gazetteer().candidates("no such place")  # doctest: +SKIP
        ()
        """
        return self._lookup(normalize(name))

    def is_place(self, name: str) -> bool:
        """Return True if the name alone may be a dateline: a place's name, or an abbreviation such as `Ill.`."""
        return any(
            candidate.match is not Match.ALTERNATE or candidate.place.population >= DATELINE_POPULATION
            for candidate in self.candidates(name)
        )

    def place(self, number: int) -> Place:
        """Return the place with an internal number (a GeoNames id, or negative).

        Raises:
            KeyError: there is none.
        """
        return self._place(number)

    def demonym(self, word: str) -> Place | None:
        """Return the place whose people or things the word names, such as `Russian`."""
        number = self._demonyms.get(normalize(word))
        return None if number is None else self.place(number)

    def known(self, name: str) -> Place | None:
        """Return the place, when the name means it wherever it occurs with a capital: countries, big cities, seas."""
        number = self._known.get(normalize(name))
        return None if number is None else self.place(number)

    @functools.cached_property
    def known_lengths(self) -> dict[str, int]:
        """Return first word of a well-known name -> number of words of the longest that begins so."""
        lengths: dict[str, int] = {}
        for name in self._known:
            first, *rest = name.split()
            lengths[first] = max(lengths.get(first, 0), len(rest) + 1)
        return lengths

    def division(self, code: str | None) -> str | None:
        """Return name of a division by its code, such as `US.LA`."""
        return self._divisions.get(code) if code else None

    def iso3(self, country: str | None) -> str | None:
        """Return ISO 3166-1 alpha-3 of an alpha-2 code."""
        return self._countries[country][0] if country else None

    def country(self, country: str) -> Place:
        """Return the country itself, by its alpha-2 code."""
        return self.place(self._countries[country][1])

    @functools.cached_property
    def _demonyms(self) -> dict[str, int]:
        return dict(self._connection.execute("SELECT name, place FROM demonyms"))

    @functools.cached_property
    def _known(self) -> dict[str, int]:
        return dict(self._connection.execute("SELECT name, place FROM known"))

    @functools.cached_property
    def _divisions(self) -> dict[str, str]:
        return dict(self._connection.execute("SELECT code, name FROM divisions"))

    @functools.cached_property
    def _countries(self) -> dict[str, tuple[str, int]]:
        rows = self._connection.execute("SELECT iso2, iso3, place FROM countries")
        return {iso2: (iso3, place) for iso2, iso3, place in rows}

    @functools.cached_property
    def _features(self) -> dict[str, str]:
        return dict(self._connection.execute("SELECT code, class FROM features"))

    def _read_candidates(self, name: str) -> tuple[Candidate, ...]:
        row = self._connection.execute("SELECT places FROM names WHERE name = ?", (name,)).fetchone()
        if row is None:
            return ()
        return tuple(Candidate(self.place(number), Match(match)) for number, match in unpack_places(row[0]))

    def _read_place(self, number: int) -> Place:
        row = self._connection.execute("SELECT * FROM places WHERE id = ?", (number,)).fetchone()
        if row is None:
            raise KeyError(number)
        return place_from(row, self._features.get(row[3], ""))


def place_from(row: tuple[Any, ...], letter: str = "") -> Place:
    """Return a place from its row in the file, where the smallest division implies the larger ones.

    >>> place_from((-9, None, "Rapides Parish", "ADM2", "US.LA.079", 311667, -924834, None, 40)).place_id
    'admin2:US.LA.079'
    """
    number, slug, name, code, division, lat, lon, population, radius = row
    country = division[:2] if division else None
    parts = division.split(".", 2) if division else ()
    admin1 = ".".join(parts[:2]) if len(parts) > 1 else None
    admin2 = division if len(parts) > 2 else None
    if number < 0 and slug is None:
        slug = f"{'admin2' if admin2 else 'admin1'}:{division}"
    return Place(
        number, slug, name, code, country, admin1, admin2, lat / 1e4, lon / 1e4, population or 0, float(radius), letter
    )
