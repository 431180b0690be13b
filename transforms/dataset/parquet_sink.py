"""A folder of Parquet files with a record of its runs: the default sink, on a disk or an object store.

Compaction, check, repair, segments for deduplication and the commits of a
stream work on this folder directly (`layout.py`); they are not part of `Sink`.
"""

import datetime
import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from fastwarc.warc import WarcRecordType

from transforms.dataset import bounded, files, layout, memory, open_run, runs
from transforms.dataset.base import InputStat, Sink
from transforms.dataset.commit import commit
from transforms.dataset.runs import Run
from transforms.dataset.schema import dateline_version
from transforms.dataset.shards import StagedFile, stage_shard, stage_tables
from transforms.dataset.sidecars import StagedExtra
from transforms.http.archive import warc_record


class ParquetSink(Sink):
    """GeoParquet, committed by a manifest."""

    prefix = ""

    def check(self) -> None:
        """Raise ValueError if the output is empty or a pattern."""
        files.check_output(self.output)

    def begin(self, inputs: Sequence[InputStat], now: datetime.datetime, *, versions: Mapping[str, str]) -> Run:
        """Open the run; see `open_run.begin_run`."""
        return open_run.begin_run(self.output, inputs, now, versions=versions)

    def stage(self, run: Run, table: str, shard: int, rows: Iterable[pa.Table]) -> StagedFile:
        """Write one sorted file."""
        return stage_tables(self.output, run.run_id, table, shard, rows)

    def stage_memory(self, changes: Iterable[tuple[str, Mapping[str, Any]]], run: Run) -> StagedExtra:
        """Write one snapshot of the memory."""
        return memory.stage((0, changes), self.output, run.run_id)

    def stage_archive(self, shard: int, records: Iterable[bytes], run: Run, shards: int) -> StagedExtra:
        """Write one WARC file; gzip members in a row are a gzip file."""
        target = layout.archive_path(run.date, run.run_id, shard, shards)
        return StagedExtra.write(self.output, run.run_id, target, itertools.chain([_info_record(run)], records))

    def commit(
        self,
        run: Run,
        staged: Sequence[StagedFile],
        sidecars: Sequence[StagedExtra],
        *,
        counts: Mapping[str, int],
        shards: int,
        tables: Collection[str],
    ) -> Run:
        """Write the manifest and follow it; a table without rows gets an empty file."""
        without_rows = sorted({*tables} - {one.table for one in staged})
        empty = [stage_shard(self.output, run.run_id, table, 0, ()) for table in without_rows]
        return commit(self.output, run, [*staged, *empty], shards=shards, counts=counts, extras=sidecars)

    def read_run(self, run_id: str) -> Run:
        """Return the record of a run."""
        return runs.read_run(self.output, run_id)

    def read_memory(self) -> dict[str, dict[str, Any]]:
        """Return the newest snapshot."""
        return memory.read(self.output)

    def read_rows(self, run: Run, table: str, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
        """Yield the rows of a run's files; no more is read than is taken."""
        for file in (file for file in sorted(run.files) if file.startswith(f"{table}/")):
            with bounded.parquet(files.join(self.output, file)) as parquet:
                for batch in parquet.iter_batches(batch_size=1000, columns=list(columns)):
                    yield from batch.to_pylist()

    @property
    def has_history(self) -> bool:
        """Return True: segments are made from the files of `articles`."""
        return True

    @property
    def can_stream(self) -> bool:
        """Return True."""
        return True

    @property
    def scratch(self) -> Path | None:
        """Return the staging folder on a local disk."""
        return Path(self.output, layout.STAGING).absolute() if files.is_local(self.output) else None


def _info_record(run: Run) -> bytes:
    """Return the record at the head of a WARC file."""
    fields = {"software": f"Dateline {dateline_version()}", "format": "WARC File Format 1.1", "isPartOf": run.run_id}
    block = "".join(f"{name}: {value}\r\n" for name, value in fields.items()).encode()
    return warc_record(WarcRecordType.warcinfo, run.started, {"Content-Type": "application/warc-fields"}, block)
