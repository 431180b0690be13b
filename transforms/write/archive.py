"""WARC records -> a run's archive files, committed with its rows."""

import zlib
from collections.abc import Iterable

import apache_beam as beam

from transforms.write import layout
from transforms.write.extras import StagedExtra
from transforms.write.runs import Run


def shard_of(record: bytes, shards: int) -> tuple[int, bytes]:
    """The record under the number of its file; records spread over the files by their content."""
    return zlib.crc32(record) % shards, record


def stage(group: tuple[int, Iterable[bytes]], output: str, run: Run, shards: int) -> StagedExtra:
    """Writes one file aside: gzip members, one after the other, are a gzip file again."""
    shard, records = group
    target = layout.archive_path(run.date, run.run_id, shard, shards)
    return StagedExtra.write(output, run.run_id, target, records)


class StageArchive(beam.PTransform):
    """Gzipped WARC records -> staged files, at most `shards`; none where there are no records."""

    def __init__(self, output: str, run: Run, shards: int) -> None:
        super().__init__()
        self._output = output
        self._run = run
        self._shards = shards

    def expand(self, records: beam.PCollection[bytes]) -> beam.PCollection[StagedExtra]:
        return (
            records
            | "Key by shard" >> beam.Map(shard_of, self._shards)
            | "Group by shard" >> beam.GroupByKey()
            | "Write shard" >> beam.Map(stage, self._output, self._run, self._shards)
        )
