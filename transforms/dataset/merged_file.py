"""Files of several runs as one, and back again.

A compacted file holds the rows of each file that it was made of side by side,
in the order that they had, and tells in its metadata which they are. So a
run's own files can be restored, row for row.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from transforms.dataset import bounded, files, geoparquet, layout
from transforms.dataset.shards import row_group_size
from transforms.dataset.trust import UntrustedDataset, shown

KEY = b"dateline_parts"
BATCH = 10_000
"""Rows that are read together."""


class Part(NamedTuple):
    """A run's file, and how many rows of a compacted file are its own."""

    name: str
    """Without its folder: `4f0c2a9be1d07735-00000-of-00004.parquet`."""
    rows: int

    @property
    def run_id(self) -> str:
        """Return the run that it belongs to."""
        return self.name.partition("-")[0]


def parts_of(path: str, metadata: pq.FileMetaData) -> list[Part]:
    """Return the parts of a file; a file of one run is its own part.

    Raises:
        UntrustedDataset: a part has the name of no run's file.
        DamagedFile: the parts are not what a compaction writes.
    """
    told = (metadata.metadata or {}).get(KEY)
    if told is None:
        return [Part(path.rpartition("/")[2], metadata.num_rows)]
    with bounded.reading(path):
        parts = [Part(*one) for one in bounded.parse_json(told)]
        if not all(type(part.rows) is int and part.rows >= 0 for part in parts):
            raise ValueError(f"dateline_parts: got {shown(parts)}; expected names and numbers of rows")
        if sum(part.rows for part in parts) != metadata.num_rows:
            raise ValueError(f"dateline_parts do not add up to the {metadata.num_rows:,} rows of the file")
    for part in parts:
        if not layout.is_shard_name(part.name):
            raise UntrustedDataset(path, part.name, "the name of a run's file in dateline_parts")
    return parts


def read_footer(path: str) -> tuple[pa.Schema, pq.FileMetaData]:
    """Return schema and footer of a Parquet file.

    Raises:
        DamagedFile: it is damaged, or larger than any of ours.
    """
    with bounded.parquet(path) as file:
        return file.schema_arrow, file.metadata


class Range(NamedTuple):
    """Some of a file's rows, one after the other."""

    path: str
    first: int = 0
    rows: int | None = None
    """None for all from `first` on."""


def read_rows(ranges: Iterable[Range], columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
    """Yield the rows of several ranges, in order; of row groups outside only the footer is read."""
    for one in ranges:
        yield from _read_range(one, columns)


def _read_range(given: Range, columns: list[str] | None) -> Iterator[pa.RecordBatch]:
    path, first, rows = given
    with bounded.parquet(path) as file:
        left = file.metadata.num_rows - first if rows is None else rows
        at = 0
        for group in range(file.num_row_groups):
            size = file.metadata.row_group(group).num_rows
            begin, at = at, at + size
            if at <= first or left <= 0:
                continue
            for batch in file.iter_batches(BATCH, row_groups=[group], columns=columns):
                skipped = min(batch.num_rows, max(0, first - begin))
                kept = batch.slice(skipped, min(left, batch.num_rows - skipped))
                begin += batch.num_rows
                left -= kept.num_rows
                if kept.num_rows:
                    yield kept


def write_rows(target: str, schema: pa.Schema, ranges: Sequence[Range], parts: list[Part] | None) -> tuple[int, int]:
    """Write one file; holds one row group. Reads the columns of coordinates twice, where there are any.

    Args:
        target: where.
        schema: with the metadata that the file is to have; `geo` and the parts are computed again.
        ranges: the rows.
        parts: what the file is made of; None for a file of one run.

    Returns:
        Rows and bytes.
    """
    metadata = {key: value for key, value in (schema.metadata or {}).items() if key not in (KEY, b"geo")}
    if parts is not None:
        metadata[KEY] = json.dumps(parts).encode()
    where = geoparquet.coordinates(schema.names) if "geometry" in schema.names else None
    if where is not None:
        metadata[b"geo"] = geoparquet.geo_metadata(_corners(read_rows(ranges, list(where)), where))
    written = 0

    def write(handle: BinaryIO) -> None:
        nonlocal written
        with pq.ParquetWriter(handle, schema.with_metadata(metadata), compression="zstd") as out:
            for table in _row_groups(read_rows(ranges), schema):
                written += table.num_rows
                out.write_table(table.replace_schema_metadata(metadata), row_group_size=row_group_size(schema))
            if not written:
                out.write_table(schema.with_metadata(metadata).empty_table())

    files.write_file(target, write)
    return written, files.size_of(target) or 0


def _row_groups(batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.Table]:
    waiting: list[pa.RecordBatch] = []
    rows, size = 0, row_group_size(schema)
    for batch in batches:
        waiting.append(batch.replace_schema_metadata(None))
        rows += batch.num_rows
        while rows >= size:
            table = pa.Table.from_batches(waiting)
            yield table.slice(0, size)
            waiting = table.slice(size).to_batches()
            rows -= size
    if rows:
        yield pa.Table.from_batches(waiting, schema=schema.remove_metadata())


def _corners(batches: Iterable[pa.RecordBatch], columns: tuple[str, str]) -> list[geoparquet.Point | None]:
    """Return south-west and north-east of all points."""
    found: list[geoparquet.Point | None] = []
    for batch in batches:
        latitude, longitude = (batch[name] for name in columns)
        there = pc.and_(pc.is_valid(latitude), pc.is_valid(longitude))
        east, north = (pc.min_max(pc.filter(column, there)).as_py() for column in (longitude, latitude))
        if east["min"] is not None:
            box = geoparquet.bounds([*found, (east["min"], north["min"]), (east["max"], north["max"])])
            found = [(box[0], box[1]), (box[2], box[3])] if box else []
    return found
