"""Archive of a run: responses as WARC records, staged to be committed with its rows."""

import zlib
from collections.abc import Iterable
from typing import Any

import apache_beam as beam

from transforms.dataset.base import Sink
from transforms.dataset.runs import Run


class StageArchive(beam.PTransform):
    """Gzipped WARC records -> staged files, at most `shards`; none if there are no records."""

    def __init__(self, sink: Sink, run: Run, shards: int) -> None:
        super().__init__()
        self._sink, self._run, self._shards = sink, run, shards

    def expand(self, records: beam.PCollection[bytes]) -> beam.PCollection[Any]:
        return (
            records
            | "Key by shard" >> beam.Map(shard_of, self._shards)
            | "Group by shard" >> beam.GroupByKey()
            | "Write shard" >> beam.FlatMap(stage, self._sink, self._run, self._shards)
        )


def shard_of(record: bytes, shards: int) -> tuple[int, bytes]:
    """Return the record under the number of its file; records spread over the files by their content."""
    return zlib.crc32(record) % shards, record


def stage(group: tuple[int, Iterable[bytes]], sink: Sink, run: Run, shards: int) -> list[Any]:
    """Stage one file; return the sidecar, or nothing if the sink keeps no archive."""
    sidecar = sink.stage_archive(group[0], group[1], run, shards)
    return [] if sidecar is None else [sidecar]
