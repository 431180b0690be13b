"""Rows on their way to their file: some thousand of a table at a time, as compressed columns.

As columns, an article with all of its rows is some two kilobytes; as objects it
is a hundred. What gathers a shard may hold that of a hundred thousand articles.
"""

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import apache_beam as beam
import pyarrow as pa
from apache_beam.transforms.window import GlobalWindows

from transforms.dataset.shards import plain_table, shard_of
from transforms.spill import spill, unspilled

BLOCK_ROWS = 4_000
"""Rows of a block, about; a bundle's last ones are fewer."""

Block = bytes
"""An Arrow stream, its buffers compressed."""


def to_block(table: str, rows: Sequence[Any]) -> Block:
    """Return records of one table, packed."""
    columns = plain_table(table, rows)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, columns.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as stream:
        stream.write_table(columns)
    return bytes(sink.getvalue())


def from_block(block: Block) -> pa.Table:
    """Return the table that `plain_table` made of the rows."""
    return pa.ipc.open_stream(block).read_all()


@dataclasses.dataclass(frozen=True)
class FromBlocks:
    """The tables of some blocks, unpacked one by one, each time that one goes through them."""

    blocks: Iterable[Any]
    """Of one table, as `ToBlocks` gives them; to be gone through several times."""

    def __iter__(self) -> Iterator[pa.Table]:
        return map(from_block, unspilled(self.blocks))


class ToBlocks(beam.DoFn):
    """Records, or tuples of records of one article -> (shard, `Block`), the rows of a bundle together.

    For bounded collections in the global window.
    """

    def __init__(self, table: str, shards: int) -> None:
        self._table = table
        self._shards = shards

    def start_bundle(self) -> None:
        self._held: dict[int, list[Any]] = defaultdict(list)

    def process(self, given: Any) -> Iterator[tuple[int, Block]]:
        rows = given if isinstance(given, tuple) else (given,)
        if not rows:
            return
        shard = shard_of(rows[0], self._shards)
        self._held[shard].extend(rows)
        if len(self._held[shard]) >= BLOCK_ROWS:
            yield shard, spill(to_block(self._table, self._held.pop(shard)))

    def finish_bundle(self) -> Iterator[Any]:
        for shard, rows in sorted(self._held.items()):
            yield GlobalWindows.windowed_value((shard, spill(to_block(self._table, rows))))
