"""The list of annotators, checked: each table of facts is filled by one, and each requirement can be met."""

from collections.abc import Sequence

from transforms.annotators.base import OF_DOCS, Annotator
from transforms.annotators.entities import Entities
from transforms.annotators.locations import Locations
from transforms.extract.extract import Extract
from transforms.geocode.geocode import Geocode
from transforms.records import FACT_TABLES

ANNOTATORS: tuple[type[Annotator], ...] = (
    Entities,
    Locations,
)
"""All annotators. `in_order` sorts them, so that the order here has no meaning."""


def configured(extract: Extract, geocode: Geocode) -> list[Annotator]:
    """Return all annotators with the settings of a run, in an order that meets their requirements.

    Raises:
        ValueError: as `in_order`.
    """
    return [annotator.configured(extract, geocode) for annotator in in_order(ANNOTATORS)]


def needs_syntax(annotators: Sequence[type[Annotator]] = ANNOTATORS) -> bool:
    """Return True if an annotator requires syntax, so that the models must be loaded with it."""
    return any("syntax" in annotator.requires for annotator in annotators)


def in_order(annotators: Sequence[type[Annotator]]) -> list[type[Annotator]]:
    """Return annotators so that each comes after those that it requires.

    Raises:
        ValueError: a table of facts without an annotator or with two, an annotator without a table, or a
            requirement that cannot be met.
    """
    _check_tables([annotator.table for annotator in annotators])
    ordered: list[type[Annotator]] = []
    waiting = list(annotators)
    while waiting:
        done = {annotator.table for annotator in ordered} | OF_DOCS
        ready = [annotator for annotator in waiting if annotator.requires <= done]
        if not ready:
            wanting = "; ".join(f"{one.__name__} requires {', '.join(sorted(one.requires - done))}" for one in waiting)
            raise ValueError(f"annotators: got {wanting}; expected tables of other annotators, without a circle")
        ordered += ready
        waiting = [annotator for annotator in waiting if annotator not in ready]
    return ordered


def _check_tables(tables: Sequence[str]) -> None:
    """Raise ValueError unless each table of facts is filled by one annotator: rows would be lost without a word."""
    for name in {*tables, *FACT_TABLES}:
        if name not in FACT_TABLES:
            raise ValueError(f"annotators: got one for {name!r}; expected a record with @fact_table({name!r})")
        if (count := tables.count(name)) != 1:
            raise ValueError(
                f"annotators: got {count} for the table {name!r}; expected 1 (transforms/annotators/known.py)"
            )
