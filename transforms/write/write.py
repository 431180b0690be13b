"""Rows of all tables -> a run's files, committed together."""

import dataclasses
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import apache_beam as beam
import pyarrow as pa

from transforms.dataset import files
from transforms.dataset.commit import commit
from transforms.dataset.runs import Run
from transforms.dataset.shards import StagedFile, stage_shard, stage_tables
from transforms.dataset.sidecars import StagedExtra
from transforms.progress import advance
from transforms.records import TABLES
from transforms.settings import bad_setting
from transforms.write.archive import StageArchive
from transforms.write.blocks import Block, FromBlocks, ToBlocks
from transforms.write.memory import StageSnapshot

COUNTS = "counts"
"""Key of the caller's totals among the tables."""
ARCHIVE = "archive"
"""Key of answers as they came."""
MEMORY = "memory"
"""Key of what the dataset is to remember."""


def write_shard(group: tuple[int, Iterable[Block]], output: str, run_id: str, table: str) -> StagedFile:
    """Return stages one shard."""
    shard, blocks = group
    staged = stage_tables(output, run_id, table, shard, FromBlocks(blocks))
    # Else Arrow keeps the memory of this shard for the next one, and later steps have less.
    pa.default_memory_pool().release_unused()
    advance(".written")
    return staged


def write_commit(
    run: Run,
    staged: list[StagedFile],
    counts: dict[str, int],
    extras: list[StagedExtra],
    output: str,
    shards: int,
    tables: Collection[str],
) -> Run:
    """Commit; Beam gives the side inputs only when every shard of every table is staged."""
    without_rows = sorted({*tables} - {one.table for one in staged})
    empty = [stage_shard(output, run.run_id, table, 0, ()) for table in without_rows]
    return commit(output, run, [*staged, *empty], shards=shards, counts=counts, extras=extras)


@dataclasses.dataclass
class StageTable(beam.PTransform):
    """Writes the rows of one table aside, one file per shard that has any."""

    table: str
    output: str
    run_id: str
    shards: int

    def __post_init__(self) -> None:
        super().__init__()

    def expand(self, rows: beam.PCollection[Any]) -> beam.PCollection[StagedFile]:
        return (
            rows
            | "Pack by shard" >> beam.ParDo(ToBlocks(self.table, self.shards)).with_output_types(tuple[int, Any])
            | "Group by shard" >> beam.GroupByKey()
            | "Write shard" >> beam.Map(write_shard, self.output, self.run_id, self.table)
        )


@dataclasses.dataclass
class Write(beam.PTransform):
    """Writes each table's rows as Parquet and commits them together; gives the committed `Run`.

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
        self.output = files.check_output(self.output)
        if isinstance(self.shards, bool) or not isinstance(self.shards, int) or not 1 <= self.shards <= 99_999:
            raise bad_setting("write.shards", self.shards, "a whole number from 1 to 99999")

    # Any, because Beam warns of an annotation that is not one collection.
    def expand(self, tables: Any) -> beam.PCollection[Run]:
        check_tables(tables, self.only or tuple(TABLES))
        source = next(iter(tables.values())).pipeline
        names = [name for name in TABLES if name in tables]
        staged = [tables[name] | f"Stage {name}" >> self.stage(name) for name in names] | beam.Flatten()
        pairs = tables[COUNTS] if COUNTS in tables else source | "No counts" >> beam.Create([])
        counts = pairs | "Sum counts" >> beam.CombinePerKey(sum)
        extras = self.extras(tables) | "Extras" >> beam.Flatten(pipeline=source)
        slim = dataclasses.replace(self.run, inputs=())  # a long list of inputs has no place in the graph
        sides = beam.pvalue.AsList(staged), beam.pvalue.AsDict(counts), beam.pvalue.AsList(extras)
        return (
            source
            | "The run" >> beam.Create([slim])
            | "Commit" >> beam.Map(write_commit, *sides, self.output, self.shards, names)
        )

    def extras(self, tables: Any) -> tuple[beam.PCollection[StagedExtra], ...]:
        """Return the steps that stage sidecars."""
        extras = []
        if MEMORY in tables:
            extras.append(tables[MEMORY] | "Stage memory" >> StageSnapshot(self.output, self.run.run_id))
        if ARCHIVE in tables:
            extras.append(
                tables[ARCHIVE]
                | "Stage archive" >> StageArchive(self.output, dataclasses.replace(self.run, inputs=()), self.shards)
            )
        return tuple(extras)

    def stage(self, table: str) -> StageTable:
        """Return the step that writes one table aside."""
        return StageTable(table, self.output, self.run.run_id, self.shards)


def check_tables(tables: dict[str, Any], expected: Sequence[str] = tuple(TABLES)) -> None:
    """Raise ValueError unless exactly the expected tables are given: rows of a forgotten one would be lost."""
    given = tables.keys() - {COUNTS, MEMORY, ARCHIVE}
    if given != {*expected} or not given <= TABLES.keys():
        rule = f"{', '.join(expected)} (every declared table), and {COUNTS}, {MEMORY}, {ARCHIVE}"
        raise bad_setting("tables", sorted(tables), rule)
