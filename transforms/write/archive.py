"""WARC records -> a run's archive files, committed with its rows."""

import datetime
import gzip
import io
import itertools
import zlib
from collections.abc import Iterable, Mapping

import apache_beam as beam
from fastwarc.warc import WarcRecord, WarcRecordType

from transforms.write import layout
from transforms.write.extras import StagedExtra
from transforms.write.runs import Run
from transforms.write.schema import dateline_version


def warc_record(kind: WarcRecordType, when: datetime.datetime, headers: Mapping[str, str], block: bytes) -> bytes:
    """Return a WARC/1.1 record with its digest, as a gzip member of its own."""
    record = WarcRecord()
    record.init_headers(kind)
    record.record_date = when
    for name, value in headers.items():
        record.headers[name] = value
    record.set_bytes_content(block)
    out = io.BytesIO()
    record.write(out, checksum_data=True)
    return gzip.compress(out.getvalue(), mtime=0)


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
