"""Rows of all tables -> a run's files, committed together."""

import dataclasses
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import apache_beam as beam
import pyarrow as pa

from transforms.dataset.base import Sink
from transforms.dataset.runs import Run
from transforms.dataset.sinks import sink_of
from transforms.progress import advance
from transforms.records import TABLES
from transforms.settings import bad_setting
from transforms.write.archive import StageArchive
from transforms.write.blocks import Block, FromBlocks, ToBlocks
from transforms.write.memory import StageMemory

COUNTS = "counts"
"""Key of the caller's totals among the tables."""
ARCHIVE = "archive"
"""Key of answers as they came."""
MEMORY = "memory"
"""Key of what the dataset is to remember."""


def write_shard(group: tuple[int, Iterable[Block]], sink: Sink, run: Run, table: str) -> Any:
    """Stage one shard of a table; return what the sink needs to commit it."""
    shard, blocks = group
    staged = sink.stage(run, table, shard, FromBlocks(blocks))
    # Else Arrow keeps the memory of this shard for the next one, and later steps have less.
    pa.default_memory_pool().release_unused()
    advance(".written")
    return staged


def write_commit(
    run: Run,
    staged: list[Any],
    counts: dict[str, int],
    sidecars: list[Any],
    sink: Sink,
    shards: int,
    tables: Collection[str],
) -> Run:
    """Commit; Beam gives the side inputs only when every shard of every table is staged."""
    return sink.commit(run, staged, sidecars, counts=counts, shards=shards, tables=tables)


@dataclasses.dataclass
class StageTable(beam.PTransform):
    """Writes the rows of one table aside, one file per shard that has any."""

    table: str
    sink: Sink
    run: Run
    shards: int

    def __post_init__(self) -> None:
        super().__init__()

    def expand(self, rows: beam.PCollection[Any]) -> beam.PCollection[Any]:
        return (
            rows
            | "Pack by shard" >> beam.ParDo(ToBlocks(self.table, self.shards)).with_output_types(tuple[int, Any])
            | "Group by shard" >> beam.GroupByKey()
            | "Write shard" >> beam.Map(write_shard, self.sink, self.run, self.table)
        )


@dataclasses.dataclass
class Write(beam.PTransform):
    """Stages each table's rows in the sink and commits them together; gives the committed `Run`.

    Expects a dict: a name of `records.TABLES` -> its records, or tuples of those
    of one article, which are shuffled at less cost; and optionally
    `counts` -> (name, number) pairs, which are summed by name into the run's
    record; `memory` -> (key, dict) pairs that the dataset remembers from now
    on; `archive` -> gzipped WARC records. A table that `only` leaves out is not touched.

    Deterministic: the same rows give the same files, byte for byte, whatever
    order and bundles they came in; committed again, they replace themselves.
    Shuffles every row once, in compressed blocks. Holds of one shard at a time what
    its rows are sorted by, and a row group.
    For bounded collections in the global window.
    """

    output: str
    """Folder or URL of the dataset."""
    run: Run
    """From `begin_run` on the same output."""
    shards: int = 4
    """Maximum files per table and run; more for more workers, or if a shard needs more memory than a worker has."""
    only: tuple[str, ...] = ()
    """Tables that this run writes; all if empty. Without it, a declared table that is not given is an error."""

    def __post_init__(self) -> None:
        super().__init__()
        self.sink = sink_of(self.output)
        self.sink.check()
        if isinstance(self.shards, bool) or not isinstance(self.shards, int) or not 1 <= self.shards <= 99_999:
            raise bad_setting("write.shards", self.shards, "a whole number from 1 to 99999")

    # Any, because Beam warns of an annotation that is not one collection.
    def expand(self, tables: Any) -> beam.PCollection[Run]:
        check_tables(tables, self.only or tuple(TABLES))
        source = next(iter(tables.values())).pipeline
        names = [name for name in TABLES if name in tables]
        slim = dataclasses.replace(self.run, inputs=())  # a long list of inputs has no place in the graph
        staged = [tables[name] | f"Stage {name}" >> self.stage(name, slim) for name in names] | beam.Flatten()
        pairs = tables[COUNTS] if COUNTS in tables else source | "No counts" >> beam.Create([])
        counts = pairs | "Sum counts" >> beam.CombinePerKey(sum)
        sidecars = self.sidecars(tables, slim) | "Sidecars" >> beam.Flatten(pipeline=source)
        sides = beam.pvalue.AsList(staged), beam.pvalue.AsDict(counts), beam.pvalue.AsList(sidecars)
        return (
            source
            | "The run" >> beam.Create([slim])
            | "Commit" >> beam.Map(write_commit, *sides, self.sink, self.shards, names)
        )

    def sidecars(self, tables: Any, run: Run) -> tuple[beam.PCollection[Any], ...]:
        """Return the steps that stage memory and archive."""
        steps: dict[str, Any] = {
            MEMORY: StageMemory(self.sink, run),
            ARCHIVE: StageArchive(self.sink, run, self.shards),
        }
        return tuple(tables[name] | f"Stage {name}" >> step for name, step in steps.items() if name in tables)

    def stage(self, table: str, run: Run) -> StageTable:
        """Return the step that stages one table."""
        return StageTable(table, self.sink, run, self.shards)


def check_tables(tables: dict[str, Any], expected: Sequence[str] = tuple(TABLES)) -> None:
    """Raise ValueError unless exactly the expected tables are given: rows of a forgotten one would be lost."""
    given = tables.keys() - {COUNTS, MEMORY, ARCHIVE}
    if given != {*expected} or not given <= TABLES.keys():
        rule = f"{', '.join(expected)} (every declared table), and {COUNTS}, {MEMORY}, {ARCHIVE}"
        raise bad_setting("tables", sorted(tables), rule)
