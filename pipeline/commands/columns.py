"""The tables, their columns and the reasons of failures as Markdown, from the code itself: `make docs`."""

import sys
from collections.abc import Iterator

import pyarrow as pa

from transforms.dataset.schema import table_schema
from transforms.failures import Reason
from transforms.records import SCHEMA_VERSION, TABLES


def columns_page() -> str:
    """Return the text of docs/columns.md."""
    head = (
        f"# Tables and columns\n\nSchema version {SCHEMA_VERSION}. Made from `transforms/records.py` by `make docs`;"
        " the metadata of every Parquet file has the same descriptions.\n"
    )
    return "\n".join([head, *(_table(name) for name in TABLES), _reasons()])


def _table(name: str) -> str:
    doc = (TABLES[name].__doc__ or "").strip()
    return "\n".join(
        [f"## {name}\n\n{doc}\n", "| column | type | what it holds |", "|---|---|---|", *_rows(table_schema(name)), ""]
    )


def _reasons() -> str:
    rows = [f"| `{reason.value}` | {reason.meaning} |" for reason in Reason]
    return "\n".join(["## Reasons of failures\n", "| reason | meaning |", "|---|---|", *rows, ""])


def _rows(schema: pa.Schema) -> Iterator[str]:
    for field in schema:
        doc = (field.metadata or {}).get(b"description", b"").decode()
        null = "" if not field.nullable else ", may be null"
        yield f"| `{field.name}` | {str(field.type).replace('element: ', '')}{null} | {doc} |"


if __name__ == "__main__":
    sys.stdout.write(columns_page())
