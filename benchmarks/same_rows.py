"""Comparison of two datasets, row by row: `python -m benchmarks.same_rows BEFORE AFTER`.

Shows that a change of the code has not changed what users get. Rows are
compared by their id, over all columns but those that differ between any two
runs: the time of reading, and the partition by the date of the run.
"""

import argparse
import dataclasses
import sys
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.dataset as ds

from transforms.records import TABLES

IGNORED = frozenset({"date_fetched", "date", "run_date", "geometry", "bbox", "traceback"})
"""Columns that differ by nature, or follow from others (geometry, bbox); a traceback names lines of the code."""
MAX_SHOWN = 10


class Comparison(NamedTuple):
    """Rows of one table in two datasets."""

    table: str
    equal: int
    changed: dict[str, list[str]]
    """Id -> names of the columns that differ."""
    missing: list[str]
    added: list[str]

    @property
    def is_equal(self) -> bool:
        """Return True if both have the same rows."""
        return not (self.changed or self.missing or self.added)

    def lines(self) -> list[str]:
        """Return a summary, and the first differences."""
        summary = (
            f"{self.table}: {self.equal:,} equal, {len(self.changed):,} changed,"
            f" {len(self.missing):,} missing, {len(self.added):,} added"
        )
        shown = [f"  changed {key}: {', '.join(columns)}" for key, columns in self.changed.items()]
        shown += [f"  missing {key}" for key in self.missing] + [f"  added {key}" for key in self.added]
        return [summary, *shown[:MAX_SHOWN]]


def compare(before: list[dict[str, Any]], after: list[dict[str, Any]], table: str, key: str) -> Comparison:
    """Compare the rows of one table.

    >>> compare([{"id": "a", "x": 1}], [{"id": "a", "x": 2}], "t", "id").lines()
    ['t: 0 equal, 1 changed, 0 missing, 0 added', '  changed a: x']
    """
    old, new = by_id(before, key), by_id(after, key)
    both = old.keys() & new.keys()
    changed = {one: names for one in sorted(both) if (names := differing(old[one], new[one]))}
    missing, added = sorted(old.keys() - new.keys()), sorted(new.keys() - old.keys())
    return Comparison(table, len(both) - len(changed), changed, missing, added)


def by_id(rows: list[dict[str, Any]], key: str) -> dict[str, dict[str, Any]]:
    """Return rows by their id; a second row with the same id gets a number.

    >>> list(by_id([{"id": "a"}, {"id": "a"}], "id"))
    ['a', 'a (2)']
    """
    found: dict[str, dict[str, Any]] = {}
    seen: Counter[str] = Counter()
    for row in rows:
        one = str(row[key])
        seen[one] += 1
        found[one if seen[one] == 1 else f"{one} ({seen[one]})"] = row
    return found


def differing(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Return the names of the columns that differ, or that only one of the rows has."""
    names = [*old, *(name for name in new if name not in old)]
    return [name for name in names if name not in IGNORED and old.get(name, ...) != new.get(name, ...)]


def rows_of(dataset: Path, table: str) -> list[dict[str, Any]]:
    """Return all rows of a table; none if the dataset has no such table."""
    folder = dataset / table
    rows: list[dict[str, Any]] = ds.dataset(folder, format="parquet").to_table().to_pylist() if folder.exists() else []
    return rows


def key_of(table: str) -> str:
    """Return the column with the id of a table's rows: the first of its record.

    >>> key_of("locations")
    'location_id'
    """
    return dataclasses.fields(TABLES[table])[0].name


def main(arguments: list[str]) -> int:
    """Print the comparison; return 1 if the datasets differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("before", type=Path, help="folder of a dataset")
    parser.add_argument("after", type=Path, help="folder of another one")
    args = parser.parse_args(arguments)
    for folder in (args.before, args.after):
        if not any((folder / name).exists() for name in TABLES):
            parser.error(f"no tables in '{folder}'; expected the folder of a dataset")
    found = [compare(rows_of(args.before, name), rows_of(args.after, name), name, key_of(name)) for name in TABLES]
    for one in found:
        print("\n".join(one.lines()))
    return 0 if all(one.is_equal for one in found) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
