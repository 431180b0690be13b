"""Rows of one table -> one Parquet file, the same bytes for the same rows."""

import dataclasses
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from transforms.records import stable_id
from transforms.write import files, geoparquet, layout
from transforms.write.schema import table_schema

ROW_GROUP_SIZE = 100_000
SORT_COLUMNS = ("article_id", "start", "end", "failure_id", "message")
"""Rows are sorted by those of these columns that the table has, then by the table's first column."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class StagedFile:
    """A shard that has been written but not committed."""

    path: str
    """Relative to the dataset."""
    table: str
    shard: int
    rows: int
    size: int
    """Bytes; with them a commit that was cut short knows its own files."""


def shard_of(row: Any, shards: int) -> int:
    """The shard of a row: all rows of one article are in the same shard of their tables.

    >>> from transforms.records import Failure
    >>> failure = Failure(failure_id="f", stage="read", reason="empty", error="", message="", source="a")
    >>> shard_of(failure, 1)
    0
    """
    key = row.article_id if hasattr(row, "article_id") else row.failure_id
    return int(stable_id(key)[:12], 16) % shards


def sort_key(table: str) -> Any:
    """A function from a row to the key that the table is sorted by."""
    names = table_schema(table).names
    columns = [name for name in (*SORT_COLUMNS, names[0]) if name in names]
    return lambda row: tuple(getattr(row, column) for column in columns)


def without_surrogates(value: Any) -> Any:
    r"""Text that UTF-8 can hold: a lone surrogate becomes U+FFFD, so that offsets still hold.

    JSON may escape half a character; one such article must not stop a run.

    >>> without_surrogates("a\ud800b") == "a\N{REPLACEMENT CHARACTER}b"
    True
    """
    if isinstance(value, str):
        return "".join("�" if "\ud800" <= character <= "\udfff" else character for character in value)
    return tuple(map(without_surrogates, value)) if isinstance(value, tuple) else value


def to_array(values: Sequence[Any], arrow: pa.DataType) -> pa.Array:
    """An Arrow array of the values, of the given type."""
    try:
        return pa.array(values, type=arrow)
    except UnicodeEncodeError:
        return pa.array([without_surrogates(value) for value in values], type=arrow)


def to_table(table: str, rows: Sequence[Any]) -> pa.Table:
    """Records of one table as an Arrow table with its metadata, in the order given.

    Raises:
        pyarrow.ArrowInvalid: a value has another type than its column says.
    """
    schema = table_schema(table)
    columns: dict[str, Sequence[Any]] = {}
    coordinates = geoparquet.coordinates(schema.names)
    if coordinates:
        where = geoparquet.points(rows, coordinates)
        columns = {"geometry": geoparquet.geometry_column(where), "bbox": geoparquet.bbox_column(where)}
        schema = schema.with_metadata({**schema.metadata, b"geo": geoparquet.geo_metadata(where)})
    arrays = [
        to_array(
            columns[field.name] if field.name in columns else [getattr(row, field.name) for row in rows], field.type
        )
        for field in schema
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


def stage_shard(output: str, run_id: str, table: str, shard: int, rows: Iterable[Any]) -> StagedFile:
    """Writes a shard aside, sorted.

    Args:
        output: folder of the dataset.
        run_id: the run that the file belongs to.
        table: a name of `records.TABLES`.
        shard: which shard of the table this is.
        rows: records of that table, in any order; they are held in memory.
    """
    arrow = to_table(table, sorted(rows, key=sort_key(table)))
    path = layout.staged_path(run_id, table, shard, uuid.uuid4().hex)
    target = files.join(output, path)
    files.write_file(
        target, lambda handle: pq.write_table(arrow, handle, compression="zstd", row_group_size=ROW_GROUP_SIZE)
    )
    return StagedFile(path=path, table=table, shard=shard, rows=arrow.num_rows, size=files.size_of(target) or 0)
