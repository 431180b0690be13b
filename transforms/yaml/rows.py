"""Records <-> Beam's rows with a schema, which stock transforms and other languages understand."""

import dataclasses
import datetime
import json
import types
import typing
from collections.abc import Mapping, Sequence
from typing import Any

import apache_beam as beam
from apache_beam.typehints.row_type import RowTypeConstraint

from transforms.records import Item, stable_id

COLUMNS = ("text", "html", "url", "headline", "date", "id", "language", "publisher", "byline")
"""Columns of an input row that are read, under the names that a JSONL line has; `text` or `html` is needed."""


def to_item(row: Any, fetched: datetime.datetime) -> Item:
    """Return an input row as the JSONL line that it could have been.

    >>> import apache_beam as beam
    >>> now = datetime.datetime(2026, 11, 22, tzinfo=datetime.UTC)
    >>> to_item(beam.Row(text="It rains.", url=None, shelf=3), now).content
    b'{"text": "It rains."}'
    """
    values = row if isinstance(row, Mapping) else row._asdict() if hasattr(row, "_asdict") else vars(row)
    known = {name: values[name] for name in COLUMNS if values.get(name) is not None}
    line = json.dumps(known, ensure_ascii=False, default=_plain).encode("utf-8", "surrogatepass")
    uri = str(known.get("url") or f"row:{stable_id(line.decode('utf-8', 'replace'))}")
    return Item(uri=uri, position=0, kind="json", content=line, fetched=fetched)


def to_row(record: Any) -> beam.Row:
    """Return a record of `transforms/records.py` as a row; instants in ISO 8601."""
    return beam.Row(**{field.name: _column(getattr(record, field.name)) for field in dataclasses.fields(record)})


def row_type(record: type) -> RowTypeConstraint:
    """Return the schema of a record's rows."""
    hints = typing.get_type_hints(record)
    return RowTypeConstraint.from_fields(
        [(field.name, _type(hints[field.name])) for field in dataclasses.fields(record)]
    )


def _plain(value: Any) -> Any:
    """Return a value that JSON has no form for, such as a date or a number of numpy, as text or number."""
    return value.item() if hasattr(value, "item") else str(value)


def _column(value: Any) -> Any:
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


def _type(hint: Any) -> Any:
    if isinstance(hint, types.UnionType):
        (inner,) = (one for one in typing.get_args(hint) if one is not type(None))
        return typing.Optional[_type(inner)]  # noqa: UP045 - Beam's schemas read this form
    if typing.get_origin(hint) is tuple:
        return Sequence[str]
    return str if hint is datetime.datetime else hint
