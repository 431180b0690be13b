"""WARC records -> a run's archive files, committed with its rows."""

import itertools
import zlib
from collections.abc import Iterable

import apache_beam as beam
from fastwarc.warc import WarcRecordType

from transforms.dataset import layout
from transforms.dataset.runs import Run
from transforms.dataset.schema import dateline_version
from transforms.dataset.sidecars import StagedExtra
from transforms.http.archive import warc_record


def info_record(run: Run) -> bytes:
    """Return the record at the head of a file."""
    fields = {"software": f"Dateline {dateline_version()}", "format": "WARC File Format 1.1", "isPartOf": run.run_id}
    block = "".join(f"{name}: {value}\r\n" for name, value in fields.items()).encode()
    return warc_record(WarcRecordType.warcinfo, run.started, {"Content-Type": "application/warc-fields"}, block)


def shard_of(record: bytes, shards: int) -> tuple[int, bytes]:
    """Return the record under the number of its file; records spread over the files by their content."""
    return zlib.crc32(record) % shards, record


def stage(group: tuple[int, Iterable[bytes]], output: str, run: Run, shards: int) -> StagedExtra:
    """Write one file aside: gzip members, one after the other, are a gzip file again."""
    shard, records = group
    target = layout.archive_path(run.date, run.run_id, shard, shards)
    return StagedExtra.write(output, run.run_id, target, itertools.chain([info_record(run)], records))


class StageArchive(beam.PTransform):
    """Gzipped WARC records -> staged files, at most `shards`; none if there are no records."""

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
