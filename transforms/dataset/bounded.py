"""Bounded readers of what a dataset holds: JSON, gzipped lines, Parquet.

Each refuses what is larger than anything that Dateline writes, before it is
unpacked or parsed. What cannot be read is a `DamagedFile`, whatever the
library below raises. Arrow unpacks a page as large as the page itself says, up
to 2 GiB, whatever the footer declares; that is not bounded here.
"""

import contextlib
import gzip
import json
import struct
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO, NoReturn

import pyarrow.parquet as pq

from transforms.dataset import files
from transforms.dataset.trust import DamagedFile, damaged, is_damage

MAX_JSON_BYTES = 256 * 2**20
"""Maximum size of a run record, a manifest, or a memory: over a million inputs."""
MIN_CONTAINER_BYTES = 12
"""Minimum average size of an object or array in JSON: `[[],[],...` would take 20 times its size in memory."""
SMALL_JSON_BYTES = 2**16
"""JSON of up to this size may have any number of objects."""
MAX_HISTORY_BYTES = 1024 * 2**20
"""Maximum size of a month's run records, unpacked."""
MAX_LINE_BYTES = 64 * 2**20
"""Maximum size of one of them."""
MAX_FOOTER_BYTES = 64 * 2**20
"""Maximum size of a Parquet footer, which holds schema, metadata and statistics."""
MAX_FOOTER_ITEMS = 1_000_000
"""Maximum length of a list in a Parquet footer."""
MAX_GROUP_ROWS = 1_000_000
"""Maximum rows of a row group; Dateline writes at most 100,000."""
MAX_GROUP_BYTES = 4 * 2**30
"""Maximum size of a row group, unpacked, as its footer declares it."""
_MAGIC = b"PAR1"
_TAIL = 8
"""Bytes at the end of a Parquet file: length of the footer, and the magic number."""


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number of JSON")


def parse_json(content: bytes) -> Any:
    """Parse JSON of a dataset.

    Raises:
        ValueError: it is not JSON, or has too many or too deeply nested objects.

    >>> parse_json(b'{"a": [1]}')
    {'a': [1]}
    """
    objects = content.count(b"[") + content.count(b"{")
    if len(content) > SMALL_JSON_BYTES and objects * MIN_CONTAINER_BYTES > len(content):
        raise ValueError(
            f"{objects:,} objects in {len(content):,} bytes; expected {MIN_CONTAINER_BYTES} bytes for each"
        )
    try:
        return json.loads(content.decode(), parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("objects are nested too deeply") from None


def read_json(path: str) -> Any:
    """Read a small JSON file.

    Raises:
        DamagedFile: it is larger than `MAX_JSON_BYTES`, or not JSON.
        OSError: it cannot be opened.
    """
    with files.open_file(path) as handle, reading(path):
        content = handle.read(MAX_JSON_BYTES + 1)
        if len(content) > MAX_JSON_BYTES:
            raise ValueError(f"larger than {MAX_JSON_BYTES:,} bytes")
        if not content:
            raise ValueError("empty; expected JSON")
        try:
            return parse_json(content)
        except UnicodeDecodeError:
            raise ValueError("not JSON: not UTF-8") from None
        except json.JSONDecodeError as error:
            raise ValueError(f"not JSON: {error}") from None


@contextlib.contextmanager
def reading(path: str) -> Iterator[None]:
    """Raise DamagedFile inside this context for an error whose cause is what the file holds."""
    try:
        yield
    except zlib.error as error:
        raise damaged(path, error) from error
    except Exception as error:
        if is_damage(error):
            raise damaged(path, error) from error
        raise


def read_lines(handle: BinaryIO) -> Iterator[bytes]:
    """Unpack the lines of a gzipped file, one at a time.

    Raises:
        ValueError: a line, or all together, is too long.
        OSError, EOFError, zlib.error: it is not gzip, damaged, or cut.
    """
    total = 0
    with gzip.GzipFile(fileobj=handle) as unpacked:
        while line := unpacked.readline(MAX_LINE_BYTES + 1):
            total += len(line)
            if len(line) > MAX_LINE_BYTES or total > MAX_HISTORY_BYTES:
                limit = MAX_LINE_BYTES if len(line) > MAX_LINE_BYTES else MAX_HISTORY_BYTES
                raise ValueError(f"unpacks to more than {limit:,} bytes {'a line' if limit == MAX_LINE_BYTES else ''}")
            yield line


def open_parquet(handle: BinaryIO, **options: Any) -> pq.ParquetFile:
    """Open a Parquet file whose footer and row groups keep within the bounds.

    Raises:
        ValueError: they do not.
        OSError: it is not Parquet.
    """
    end = handle.seek(0, 2)
    if end < _TAIL + len(_MAGIC):
        raise ValueError(f"{end} bytes; expected a Parquet file")
    handle.seek(end - _TAIL)
    length, magic = struct.unpack("<I4s", handle.read(_TAIL))
    if magic != _MAGIC:
        raise ValueError("the end of the Parquet file is missing")
    if length > min(MAX_FOOTER_BYTES, end - _TAIL):
        raise ValueError(f"a footer of {length:,} bytes; expected at most {min(MAX_FOOTER_BYTES, end - _TAIL):,}")
    handle.seek(0)
    file = pq.ParquetFile(
        handle,
        thrift_string_size_limit=MAX_FOOTER_BYTES,
        thrift_container_size_limit=MAX_FOOTER_ITEMS,
        **options,
    )
    check_groups(file.metadata)
    return file


def check_groups(metadata: pq.FileMetaData) -> None:
    """Raise ValueError for row groups that are larger than any of ours, or do not add up."""
    rows = 0
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        if not 0 <= group.num_rows <= MAX_GROUP_ROWS:
            raise ValueError(f"row group {number} has {group.num_rows:,} rows; expected 0 to {MAX_GROUP_ROWS:,}")
        unpacked = sum(group.column(at).total_uncompressed_size for at in range(group.num_columns))
        if unpacked > MAX_GROUP_BYTES:
            raise ValueError(f"row group {number} unpacks to {unpacked:,} bytes; expected at most {MAX_GROUP_BYTES:,}")
        rows += group.num_rows
    if rows != metadata.num_rows:
        raise ValueError(f"row groups have {rows:,} rows; the footer says {metadata.num_rows:,}")


@contextlib.contextmanager
def parquet(path: str, **options: Any) -> Iterator[pq.ParquetFile]:
    """Open a Parquet file of a dataset; what cannot be read of it inside this context is a `DamagedFile`.

    Raises:
        DamagedFile: it is not Parquet, damaged, or out of bounds.
        OSError: it cannot be opened.
    """
    with files.open_file(path) as handle, reading(path):
        yield open_parquet(handle, **options)


__all__ = ["DamagedFile", "open_parquet", "parquet", "parse_json", "read_json", "read_lines", "reading"]
