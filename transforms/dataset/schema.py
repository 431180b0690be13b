"""Arrow schemas derived from the records, so that a column has one home.

| Python | Arrow |
|---|---|
| `str`, or a `Literal` of strings | string |
| `int` | int64 |
| `float` | double |
| `bool` | bool |
| `bytes` | binary |
| `datetime.datetime` | timestamp[us, tz=UTC] |
| `datetime.date` | date32 |
| `tuple[X, ...]` | list of not-null X |
| `X \\| None` | X, nullable; every other column is not null |
"""

import dataclasses
import datetime
import functools
import importlib.metadata
import inspect
import json
import types
import typing
from typing import Any

import pyarrow as pa

from transforms.dataset import geoparquet
from transforms.records import SCHEMA_VERSION, TABLES

ARROW_TYPES: dict[Any, pa.DataType] = {
    str: pa.string(),
    int: pa.int64(),
    float: pa.float64(),
    bool: pa.bool_(),
    bytes: pa.binary(),
    datetime.datetime: pa.timestamp("us", tz="UTC"),
    datetime.date: pa.date32(),
}


def arrow_type(hint: Any) -> tuple[pa.DataType, bool]:
    """Return the Arrow type of an annotation, and whether it may be null.

    Raises:
        TypeError: the annotation is none of the table above.

    >>> arrow_type(int | None)
    (DataType(int64), True)
    >>> arrow_type(tuple[str, ...])
    (ListType(list<element: string not null>), False)
    """
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union) and len(arguments) == 2 and type(None) in arguments:
        (inner,) = (argument for argument in arguments if argument is not type(None))
        return arrow_type(inner)[0], True
    if origin is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
        return pa.list_(pa.field("element", arrow_type(arguments[0])[0], nullable=False)), False
    if origin is typing.Literal:
        return ARROW_TYPES[type(arguments[0])], False
    if hint not in ARROW_TYPES:
        raise TypeError(f"no Arrow type for {hint!r}; known: {', '.join(t.__name__ for t in ARROW_TYPES)}")
    return ARROW_TYPES[hint], False


def describe_field(field: pa.Field, doc: str) -> pa.Field:
    """Return the field with its documentation, where pyarrow and `dateline describe` find it."""
    return field.with_metadata({"description": doc})


def record_fields(record: type) -> list[pa.Field]:
    """Return one Arrow field for each column of the record class, in order, with its documentation.

    Raises:
        TypeError: a column has no documentation, or a type that Parquet lacks.
    """
    hints = typing.get_type_hints(record)
    fields = []
    for column in dataclasses.fields(record):
        if "doc" not in column.metadata:
            raise TypeError(f"{record.__name__}.{column.name} has no documentation: use column(...)")
        arrow, nullable = arrow_type(hints[column.name])
        fields.append(describe_field(pa.field(column.name, arrow, nullable=nullable), column.metadata["doc"]))
    return fields


def table_doc(record: type) -> str:
    """Return the first paragraph of the record's docstring, on one line."""
    return " ".join((inspect.getdoc(record) or "").split("\n\n")[0].split())


def dateline_version() -> str:
    """Return the version of the installed package."""
    return importlib.metadata.version("dateline")


def table_metadata(table: str, fields: list[pa.Field]) -> dict[str, str]:
    """Return key-value metadata of each file of the table.

    `columns` repeats the columns' documentation as plain JSON, for readers
    that show a file's key-value metadata but do not know Arrow's, such as
    DuckDB's `parquet_kv_metadata`.
    """
    docs = {field.name: field.metadata[b"description"].decode() for field in fields}
    return {
        "description": table_doc(TABLES[table]),
        "dateline_table": table,
        "dateline_schema": SCHEMA_VERSION,
        "dateline_version": dateline_version(),
        "columns": json.dumps(docs, ensure_ascii=False),
    }


@functools.cache
def table_schema(table: str) -> pa.Schema:
    """Return the Arrow schema of a table of `records.TABLES`, with its metadata.

    A record with coordinates (`geoparquet.COORDINATES`) also gets the
    GeoParquet columns `geometry` and `bbox`, after the others.

    >>> table_schema("locations").field("geometry").type
    DataType(binary)
    """
    fields = record_fields(TABLES[table])
    names = {field.name: field for field in fields}
    where = geoparquet.coordinates(names)
    if where:
        nullable = any(names[name].nullable for name in where)
        fields += [describe_field(field, doc) for field, doc in geoparquet.point_fields(nullable)]
    return pa.schema(fields, metadata=table_metadata(table, fields))
