"""Reads GeoNames' own dump: allCountries.zip, or that of one country, and alternateNamesV2.zip.

The columns are those of GeoNames' readme. Rows are read one after the other.
"""

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from transforms.gazetteer.build.rows import Row
from transforms.gazetteer.features import CLASSES, COUNTRY_CODES, usual_radius_km
from transforms.gazetteer.names import is_code, is_latin, is_transliteration
from transforms.settings import bad_setting

COLUMNS = 19
ALTERNATE_COLUMNS = (8, 10)
NON_LATIN_POPULATION = 100_000
"""Places at least as large keep their names in other scripts."""
LINKS = frozenset({"link", "wkdt", "post", "iata", "icao", "faac", "tcid", "unlc", "phon", "piny"})
"""What GeoNames gives for a language where the name is a code, an address or a sound."""
NEEDED = frozenset({"ADM1", "ADM2", "PCL", "PCLI", "PCLD", "PCLF", "PCLS", "PCLIX"})
"""Kept whatever `--classes` says: places are in them."""


class GeoNamesError(ValueError):
    """The dump cannot be read; the message names the file, the line, and what is expected."""


class Dumped(NamedTuple):
    """One line of the dump: the place and its feature class."""

    row: Row
    letter: str


class Alternate(NamedTuple):
    """One line of the alternate names."""

    geonameid: int
    language: str
    name: str
    preferred: bool
    short: bool


def check_classes(classes: str) -> frozenset[str]:
    """Return the feature classes of a list such as `A,P,H`.

    Raises:
        GeoNamesError: one of them is none of GeoNames', or there is none.

    >>> sorted(check_classes("A, p"))
    ['A', 'P']
    """
    letters = [letter.strip().upper() for letter in classes.split(",") if letter.strip()]
    unknown = [letter for letter in letters if letter not in CLASSES]
    if unknown or not letters:
        allowed = "; ".join(f"{letter} {text}" for letter, text in CLASSES.items())
        what = ", ".join(repr(letter) for letter in unknown) or "nothing"
        raise GeoNamesError(f"--classes: {what} is not a feature class of GeoNames; allowed, with commas: {allowed}")
    return frozenset(letters)


def check_dump(path: str | Path) -> None:
    """Read the first lines of a dump, so that a wrong file ends the run before it starts.

    Raises:
        GeoNamesError: it is not a dump, or cannot be read.
    """
    for _ in zip(range(3), dump_lines(path), strict=False):
        pass


def check_alternates(path: str | Path) -> None:
    """Do the same for the alternate names."""
    for _ in zip(range(3), alternates(path), strict=False):
        pass


def dump_lines(path: str | Path) -> Iterator[tuple[int, list[str]]]:
    """Yield (number of the line, its 19 fields).

    Raises:
        GeoNamesError: the file is missing, no dump, or a line has another number of fields.
    """
    yield from _fields(Path(path), (COLUMNS,), "geonameid, name, asciiname, ... of allCountries.txt")


def dump_rows(path: str | Path, classes: frozenset[str], *, alternate_column: bool) -> Iterator[Dumped]:
    """Yield the places of a dump, of the classes asked for, and countries and divisions in any case.

    Args:
        path: allCountries.zip, UA.zip, or the .txt of either.
        classes: letters of feature classes.
        alternate_column: whether to take the alternate names of the column `alternatenames`.

    Raises:
        GeoNamesError: the file cannot be read, naming the line.
    """
    path = Path(path)
    for number, fields in dump_lines(path):
        letter, code = fields[6], fields[7]
        if (letter in classes and code) or code in NEEDED:
            try:
                yield Dumped(_row(fields, alternate_column), letter)
            except ValueError as error:
                raise GeoNamesError(f"{path}, line {number}: {error}") from error


def _row(fields: list[str], alternate_column: bool) -> Row:
    geonameid, name, asciiname, alternatenames, lat, lon, letter, code, country, _, admin1, admin2, *rest = fields
    population = _number(rest[2] or "0", "population")
    if letter not in CLASSES:
        raise bad_setting("feature class", letter, f"one of {', '.join(CLASSES)}")
    first = f"{country}.{admin1}" if country and admin1 not in ("", "00") else ""
    return Row(
        geonameid=_number(geonameid, "geonameid"),
        name=name or asciiname,
        code=code,
        country=country,
        admin1=first,
        admin2=f"{first}.{admin2}" if first and admin2 else "",
        lat=_degrees(lat, 90, "latitude"),
        lon=_degrees(lon, 180, "longitude"),
        # The ranker is trained on divisions without population: a city ranks above the province of the same name.
        population=0 if letter == "A" and code not in COUNTRY_CODES else population,
        radius_km=usual_radius_km(code, letter, population),
        short=frozenset({asciiname} if asciiname else ()),
        alternate=frozenset(
            name for name in alternatenames.split(",") if alternate_column and is_usable(name, population)
        ),
        curated=False,
    )


def is_usable(name: str, population: int) -> bool:
    """Return True if an alternate name names the place in print: no code, no machine transliteration, no foreign
    script.

    >>> [name for name in ("MOW", "Moskva", "mwskw", "Москва") if is_usable(name, population=5000)]
    ['Moskva']
    """
    if len(name) < 2 or is_code(name) or is_transliteration(name):
        return False
    return population >= NON_LATIN_POPULATION or is_latin(name)


def _number(text: str, column: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) >= 2**62:
        raise bad_setting(column, text, "a whole number")
    return int(text)


def _degrees(text: str, most: int, column: str) -> float:
    try:
        degrees = float(text)
    except ValueError:
        degrees = float("nan")
    if not -most <= degrees <= most:
        raise bad_setting(column, text, f"degrees from -{most} to {most}")
    return degrees


def alternates(path: str | Path) -> Iterator[Alternate]:
    """Yield the lines of alternateNamesV2 that name a place in print today.

    Raises:
        GeoNamesError: the file cannot be read, naming the line.
    """
    path = Path(path)
    for number, fields in _fields(path, ALTERNATE_COLUMNS, "alternateNameId, geonameid, ... of alternateNamesV2.txt"):
        _, geonameid, language, name, preferred, short = fields[:6]
        if language in LINKS or not name:
            continue
        try:
            yield Alternate(_number(geonameid, "geonameid"), language, name, preferred == "1", short == "1")
        except ValueError as error:
            raise GeoNamesError(f"{path}, line {number}: {error}") from error


def _fields(path: Path, allowed: tuple[int, ...], columns: str) -> Iterator[tuple[int, list[str]]]:
    expected = " or ".join(map(str, allowed))
    with _lines(path) as lines:
        number = 0
        try:
            for number, line in enumerate(lines, start=1):
                fields = line.rstrip("\r\n").split("\t")
                if len(fields) not in allowed:
                    raise GeoNamesError(
                        f"{path}, line {number}: {len(fields)} columns, expected {expected},"
                        f" with tabs between: {columns}"
                    )
                yield number, fields
        except UnicodeDecodeError as error:
            raise GeoNamesError(f"{path}, after line {number}: not UTF-8 ({error.reason})") from error
        except (zipfile.BadZipFile, EOFError, OSError) as error:
            raise GeoNamesError(f"{path}, after line {number}: cannot be read ({error})") from error
    if number == 0:
        raise GeoNamesError(f"{path} is empty")


@contextmanager
def _lines(path: Path) -> Iterator[io.TextIOBase]:
    if not path.is_file():
        raise GeoNamesError(
            f"there is no file {path}; GeoNames' dumps are at https://download.geonames.org/export/dump/"
        )
    if path.suffix.lower() != ".zip":
        with path.open(encoding="utf-8", newline="\n") as lines:
            yield lines
        return
    try:
        archive = zipfile.ZipFile(path)
    except zipfile.BadZipFile as error:
        raise GeoNamesError(f"{path} is not a zip file, or not whole: {error}") from error
    with archive, archive.open(_member(path, archive)) as data, io.TextIOWrapper(data, "utf-8", newline="\n") as lines:
        yield lines


def _member(path: Path, archive: zipfile.ZipFile) -> str:
    """Return the largest .txt; next to it are a readme and, with alternate names, a table of languages."""
    members = [
        member
        for member in archive.infolist()
        if member.filename.lower().endswith(".txt") and not member.filename.lower().startswith("readme")
    ]
    if not members:
        raise GeoNamesError(f"{path} holds no .txt of places, only {', '.join(archive.namelist()) or 'nothing'}")
    return max(members, key=lambda member: member.file_size).filename
