"""Rows of one table -> one Parquet file, the same bytes for the same rows."""

import dataclasses
import uuid
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from transforms.dataset import files, geoparquet, layout
from transforms.dataset.schema import table_schema
from transforms.records import TABLES, stable_id

ROW_GROUP_SIZE = 100_000
TEXT_ROW_GROUP_SIZE = 10_000
HELD_BYTES = 1 << 25
"""Rows of a shard that are sorted together."""
MAX_BYTES = 2**31 - 1
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
    """Return the shard of a row: all rows of one article are in the same shard of their tables.

    >>> from transforms.records import Failure
    >>> failure = Failure(failure_id="f", stage="read", reason="empty", error="", message="", source="a")
    >>> shard_of(failure, 1)
    0
    """
    key = row.article_id if hasattr(row, "article_id") else row.failure_id
    return int(stable_id(key)[:12], 16) % shards


def sort_columns(table: str) -> list[str]:
    """Return the columns that a table's files are sorted by; they are never null."""
    names = table_schema(table).names
    return [name for name in dict.fromkeys((*SORT_COLUMNS, names[0])) if name in names]


def without_surrogates(value: Any) -> Any:
    r"""Return text that UTF-8 can hold: a lone surrogate becomes U+FFFD, so that offsets still hold.

    JSON may escape half a character; one such article must not stop a run.

    >>> without_surrogates("a\ud800b") == "a\N{REPLACEMENT CHARACTER}b"
    True
    """
    if isinstance(value, str):
        return "".join("�" if "\ud800" <= character <= "\udfff" else character for character in value)
    return tuple(map(without_surrogates, value)) if isinstance(value, tuple) else value


def to_array(values: Sequence[Any], arrow: pa.DataType) -> pa.Array:
    """Return an Arrow array of the values, of the given type."""
    try:
        return pa.array(values, type=arrow)
    except UnicodeEncodeError:
        return pa.array([without_surrogates(value) for value in values], type=arrow)


def plain_table(table: str, rows: Sequence[Any]) -> pa.Table:
    """Return records of one table as an Arrow table, in the order given: their own columns, no metadata.

    Raises:
        pyarrow.ArrowInvalid: a value has another type than its column says.
    """
    columns = [field.name for field in dataclasses.fields(TABLES[table])]
    schema = pa.schema([table_schema(table).field(name) for name in columns])
    arrays = [to_array([getattr(row, field.name) for row in rows], field.type) for field in schema]
    return pa.Table.from_arrays(arrays, schema=schema)


def file_schema(table: str, plain: pa.Table) -> pa.Schema:
    """Return the schema of a file with these rows: the table's, with the bounds of its points."""
    schema = table_schema(table)
    if "geometry" not in schema.names:
        return schema
    return schema.with_metadata({**schema.metadata, b"geo": geoparquet.geo_metadata(_points(plain))})


def finish_table(plain: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return rows of `plain_table` as a file with that schema holds them."""
    if "geometry" in schema.names:
        where = _points(plain)
        geometry = pa.array(geoparquet.geometry_column(where), schema.field("geometry").type)
        box = pa.array(geoparquet.bbox_column(where), schema.field("bbox").type)
        plain = plain.append_column("geometry", geometry).append_column("bbox", box)
    return plain.cast(schema)


def _points(plain: pa.Table) -> list[geoparquet.Point | None]:
    latitude, longitude = geoparquet.coordinates(plain.column_names) or ("", "")
    return geoparquet.points(plain[longitude].to_pylist(), plain[latitude].to_pylist())


def row_group_size(schema: pa.Schema) -> int:
    """Return rows of a row group: fewer where a row holds a whole article's text."""
    return TEXT_ROW_GROUP_SIZE if "text" in schema.names else ROW_GROUP_SIZE


def gather(parts: Iterable[pa.Table], wanted: np.ndarray) -> pa.Table:
    """Return rows by their numbers, counted through all parts, in the order in which they are wanted.

    Args:
        parts: tables of one schema; one is held at a time, apart from what is wanted of it.
        wanted: int64 of any length but 0, each once.
    """
    ascending = np.argsort(wanted)
    numbers = wanted[ascending]
    found: list[pa.Table] = []
    first = at = 0
    for part in parts:
        end = at + int(np.searchsorted(numbers[at:], first + part.num_rows))
        if end > at:
            found.append(part.take(pa.array(numbers[at:end] - first)))
        first, at = first + part.num_rows, end
    rows = pa.concat_tables(found)
    if rows.nbytes > MAX_BYTES:  # Arrow would gather all text with 32-bit offsets
        wide = [field.with_type(pa.large_string()) if field.type == pa.string() else field for field in rows.schema]
        rows = rows.cast(pa.schema(wide))
    rows = rows.combine_chunks()
    found.clear()  # `take` makes one more
    back = np.empty_like(ascending)
    back[ascending] = np.arange(len(ascending))
    return rows.take(pa.array(back))


def in_order(table: str, parts: Iterable[pa.Table], keys: pa.Table, bytes_each: float) -> Iterator[pa.Table]:
    """Yield the rows of all parts sorted, a row group at a time; one without rows if there are none.

    Goes through the parts once for each `HELD_BYTES` of rows, and holds no more of them.

    Args:
        table: a name of `records.TABLES`.
        parts: what `plain_table` made of some of the rows each.
        keys: their columns to sort by.
        bytes_each: bytes of a row, about.
    """
    size = row_group_size(table_schema(table))
    order = pc.sort_indices(keys, [(column, "ascending") for column in sort_columns(table)]).to_numpy()
    held = max(1, int(HELD_BYTES / max(bytes_each, 1) / size)) * size
    for start in range(0, len(order), held):
        yield from _row_groups(gather(parts, order[start : start + held].astype(np.int64)), size)
    if not len(order):
        yield plain_table(table, ())


def _row_groups(rows: pa.Table, size: int) -> Iterator[pa.Table]:
    for first in range(0, rows.num_rows, size):
        yield rows.slice(first, size)


def to_table(table: str, rows: Sequence[Any]) -> pa.Table:
    """Return records of one table as an Arrow table as it is written, in the order given.

    Raises:
        pyarrow.ArrowInvalid: a value has another type than its column says.
    """
    plain = plain_table(table, rows)
    return finish_table(plain, file_schema(table, plain))


def stage_shard(output: str, run_id: str, table: str, shard: int, rows: Iterable[Any]) -> StagedFile:
    """Write a shard aside, sorted.

    Args:
        output: folder of the dataset.
        run_id: the run that the file belongs to.
        table: a name of `records.TABLES`.
        shard: which shard of the table this is.
        rows: records of that table, in any order; they are held in memory.
    """
    return stage_tables(output, run_id, table, shard, [plain_table(table, list(rows))])


def stage_tables(output: str, run_id: str, table: str, shard: int, parts: Iterable[pa.Table]) -> StagedFile:
    """Write a shard aside, sorted; holds what its rows are sorted by, and `HELD_BYTES` of them.

    Args:
        output: folder of the dataset.
        run_id: the run that the file belongs to.
        table: a name of `records.TABLES`.
        shard: which shard of the table this is.
        parts: what `plain_table` made of some of the rows each, in any order; gone through several times.
    """
    columns = [*sort_columns(table), *(geoparquet.coordinates(table_schema(table).names) or ())]
    slim, size = [plain_table(table, ()).select(columns)], 0
    for part in parts:
        slim.append(part.select(columns))
        size += part.nbytes
    keys = pa.concat_tables(slim)
    schema = file_schema(table, keys)
    path = layout.staged_path(run_id, table, shard, uuid.uuid4().hex)
    target = files.join(output, path)

    def write(handle: Any) -> None:
        with pq.ParquetWriter(handle, schema, compression="zstd") as writer:
            for group in in_order(table, parts, keys, size / max(1, keys.num_rows)):
                writer.write_table(finish_table(group, schema), row_group_size=row_group_size(schema))
                del group  # else it would keep its rows while the next are gathered

    files.write_file(target, write)
    return StagedFile(path=path, table=table, shard=shard, rows=keys.num_rows, size=files.size_of(target) or 0)
