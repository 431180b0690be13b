"""Sinks: where the rows of a run go, with one small interface.

Today there is one, a folder of Parquet files. A new one is a subclass of `Sink`
in a file of its own, and a line in `sinks.SINKS`; see docs/adding/sink.md.
"""

import datetime
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa

from transforms.dataset.runs import Run

InputStat = tuple[str, int | None, float | None]
"""Address, size in bytes and time of change (seconds since 1970) of an input; None if unknown."""


class Sink:
    """Storage of one dataset.

    Contract:

    - **Atomic.** Staged rows are invisible until `commit`, and then all of them
      are visible, with the counts, the memory and the archive of the run.
    - **Idempotent.** The same run again replaces its own rows and no others;
      `commit` may be called again after a crash, with the same arguments.
    - **Repeatable.** `begin` returns the same `run_id` for the same unchanged
      files. What an earlier attempt left uncommitted is removed.
    - **Alone.** `begin` refuses a dataset that another process writes into.
    - **Bounded.** `stage` gets a shard as a stream of tables, and holds no more
      than a few of them.

    A sink is pickled and sent to workers; results of `stage` are, too. Workers
    call only `stage` and `commit`.

    Args:
        output: the setting `write.output`, without the prefix of the sink.
    """

    prefix: ClassVar[str]
    """Selects the sink: `write.output: PREFIX:PLACE`. Empty for the default, a folder of Parquet files."""

    def __init__(self, output: str) -> None:
        self.output = output

    def check(self) -> None:
        """Raise ValueError if rows cannot be written to this place."""

    def begin(self, inputs: Sequence[InputStat], now: datetime.datetime, *, versions: Mapping[str, str]) -> Run:
        """Open a run over the inputs, or the same run again with the time at which it first began.

        Raises:
            DatasetLocked: another process writes into the dataset.
            ValueError: the place cannot be written to.
        """
        raise NotImplementedError

    def stage(self, run: Run, table: str, shard: int, rows: Iterable[pa.Table]) -> Any:
        """Write the rows of one shard of a table, invisible until `commit`; return what `commit` needs to know.

        Args:
            run: from `begin`.
            table: a name of `records.TABLES`.
            shard: number of the shard.
            rows: tables with the record's columns (`shards.plain_table`).
        """
        raise NotImplementedError

    def stage_memory(self, changes: Iterable[tuple[str, Mapping[str, Any]]], run: Run) -> Any:
        """Stage what the dataset remembers of its sources; nothing by default: feeds are read in full each time."""
        return None

    def stage_archive(self, shard: int, records: Iterable[bytes], run: Run, shards: int) -> Any:
        """Stage gzipped WARC records; nothing by default."""
        return None

    def commit(
        self,
        run: Run,
        staged: Sequence[Any],
        sidecars: Sequence[Any],
        *,
        counts: Mapping[str, int],
        shards: int,
        tables: Collection[str],
    ) -> Run:
        """Make everything that was staged visible; return the run with its rows by table.

        Args:
            run: from `begin`.
            staged: results of `stage`.
            sidecars: results of `stage_memory` and `stage_archive` that are not None.
            counts: totals of the run, for its record.
            shards: maximum shards of a table.
            tables: tables that the run writes; one without rows has none afterwards.
        """
        raise NotImplementedError

    def read_run(self, run_id: str) -> Run:
        """Return the record of a committed run.

        Raises:
            LookupError: there is none.
        """
        raise NotImplementedError

    def read_memory(self) -> dict[str, dict[str, Any]]:
        """Return the memory of the newest committed run; empty by default."""
        return {}

    def read_rows(self, run: Run, table: str, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
        """Yield rows that a run committed, in a stable order; for the summary of a run."""
        return iter(())

    @property
    def has_history(self) -> bool:
        """Return True if articles of earlier runs can be looked up (`deduplicate/segments.py`)."""
        return False

    @property
    def can_stream(self) -> bool:
        """Return True if a stream can commit its windows (`stream/commit.py`)."""
        return False

    @property
    def scratch(self) -> Path | None:
        """Return a local folder for large elements between two steps; None for the system's temporary folder."""
        return None
