"""What earlier runs know of the articles of this one.

History answers queries: the numbers of this run's articles go to where
the segments are read, and only rows that match come back. So memory follows
the run, and the time it takes to look is that of reading some columns of
numbers.
"""

import dataclasses
import datetime
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from apache_beam.pvalue import TaggedOutput
from numpy.typing import NDArray

from transforms.dataset import Run, bounded
from transforms.dataset.sinks import sink_of
from transforms.dataset.trust import DamagedFile, warn
from transforms.deduplicate import segments
from transforms.deduplicate.minhash import SCHEME, band_keys
from transforms.deduplicate.near_copies import CopyCandidate
from transforms.deduplicate.segments import Plan, Segment, Source
from transforms.deduplicate.shingles import distinct
from transforms.deduplicate.versions import ArticleKey

CANDIDATES = "candidates"

NARROW = ["text", "page", "time", "file"]
REQUIRED = [name for name in ArticleKey._fields if name not in ArticleKey._field_defaults]
PLAIN = [name for name in segments.SCHEMA.names if name not in ("file", "keys", "shingles")]


class HistoryQuery(NamedTuple):
    """What a run asks for; arrays as bytes, sorted."""

    texts: bytes
    pages: bytes
    keys: bytes
    earliest: int
    """Time from which near copies are looked for."""
    latest: int


class Gather(beam.CombineFn):
    """(text, page, time, keys) of each article -> `HistoryQuery`.

    Half a kilobyte an article, on one worker, and as much again at the end.
    """

    def __init__(self, window_days: float) -> None:
        self._window = int(window_days * 86_400)

    def create_accumulator(self) -> list[Any]:
        return [bytearray(), bytearray(), bytearray(), None, None]

    def add_input(self, accumulator: list[Any], article: tuple[int, int, int, bytes]) -> list[Any]:
        text, page, time, keys = article
        # Packed here: as Python's own numbers, and as bytes of their own, they would take several times as much.
        accumulator[0] += text.to_bytes(8, "little")
        accumulator[1] += page.to_bytes(8, "little")
        if keys:
            accumulator[2] += keys
            accumulator[3] = time if accumulator[3] is None else min(time, accumulator[3])
            accumulator[4] = time if accumulator[4] is None else max(time, accumulator[4])
        return accumulator

    def merge_accumulators(self, accumulators: Iterable[list[Any]]) -> list[Any]:
        merged = self.create_accumulator()
        for one in accumulators:
            for at in range(3):
                merged[at] += one[at]
            merged[3] = min((time for time in (merged[3], one[3]) if time is not None), default=None)
            merged[4] = max((time for time in (merged[4], one[4]) if time is not None), default=None)
        return merged

    def extract_output(self, accumulator: list[Any]) -> HistoryQuery:
        texts, pages = (distinct(np.frombuffer(numbers, dtype="<u8")) for numbers in accumulator[:2])
        keys = distinct(np.frombuffer(accumulator[2], dtype=np.uint32))
        return HistoryQuery(
            texts.tobytes(),
            pages[pages > 0].tobytes(),
            keys.tobytes(),
            (accumulator[3] or 0) - self._window,
            (accumulator[4] or 0) + self._window,
        )


def look_up(segment: Segment, wanted: HistoryQuery) -> Iterator[Any]:
    """Yield rows of a segment that this run asks for: `ArticleKey`s by text or page, `CopyCandidate`s by a shared key.

    A damaged segment is replaced by what it was made of, for this look; what it gave before comes twice.
    """
    try:
        with bounded.parquet(segment.path) as file:
            yield from _look_into(file, np.frombuffer(segment.alive, dtype=bool), wanted)
    except DamagedFile as error:
        warn(error, "the articles are recognized from the files that it was made of")
        for source, alive in zip(segments.covers_of(segment.path), segment.alive, strict=True):
            if alive:
                yield from _look_into_source(segments.dataset_of(segment.path), source, wanted)


def _look_into_source(output: str, source: Source, wanted: HistoryQuery) -> Iterator[Any]:
    try:
        for table in segments.rows_of(output, source, since=datetime.date.min):
            packed = pa.BufferOutputStream()
            pq.write_table(table.replace_schema_metadata({"scheme": SCHEME}), packed)
            yield from _look_into(pq.ParquetFile(packed.getvalue()), np.ones(1, dtype=bool), wanted)
    except DamagedFile as error:
        warn(error, segments.NOT_RECOGNIZED)


def _look_into(file: pq.ParquetFile, alive: NDArray[np.bool_], wanted: HistoryQuery) -> Iterator[Any]:
    texts, pages = (np.frombuffer(numbers, dtype=np.uint64) for numbers in (wanted.texts, wanted.pages))
    keys = np.frombuffer(wanted.keys, dtype=np.uint32)
    same_scheme = (file.schema_arrow.metadata or {}).get(b"scheme") == SCHEME.encode()
    for group in range(file.num_row_groups):
        narrow = file.read_row_group(group, columns=NARROW)
        if any(column.null_count for column in narrow.columns):
            raise ValueError("rows without a value")
        there = alive[narrow["file"].to_numpy()]
        hit = there & (_is_in(narrow["text"], texts) | _is_in(narrow["page"], pages))
        if hit.any():
            yield from readings_at(file, group, hit)
        time = narrow["time"].to_numpy()
        near = there & (time >= wanted.earliest) & (time <= wanted.latest)
        if len(keys) and near.any():
            for candidate in candidates_at(file, group, near, keys, same_scheme=same_scheme):
                yield TaggedOutput(CANDIDATES, candidate)


def _is_in(column: pa.ChunkedArray, numbers: NDArray[Any]) -> NDArray[np.bool_]:
    return pc.is_in(column, value_set=pa.array(numbers, column.type)).to_numpy()


def readings_at(file: pq.ParquetFile, group: int, mask: NDArray[np.bool_]) -> list[ArticleKey]:
    """Return the readings in the rows of a row group that the mask names."""
    rows = file.read_row_group(group, columns=PLAIN).filter(pa.array(mask)).to_pylist()
    return [_reading(row) for row in rows]


def _reading(row: dict[str, Any]) -> ArticleKey:
    if any(row[name] is None for name in REQUIRED):
        raise ValueError("a row without a value")
    hexed = {name: row[name] and row[name].hex() for name in ("article_id", "first", "original", "story")}
    return ArticleKey(**{**row, **hexed})


def candidates_at(
    file: pq.ParquetFile, group: int, mask: NDArray[np.bool_], wanted: NDArray[np.uint32], *, same_scheme: bool
) -> Iterator[CopyCandidate]:
    """Yield the candidates in the rows that the mask names and that share a band key with this run."""
    lists = file.read_row_group(group, columns=["keys"])["keys"].combine_chunks()
    flat, offsets = lists.flatten(), lists.offsets.to_numpy()
    offsets = offsets - offsets[0]
    if same_scheme:
        found = pc.is_in(flat, value_set=pa.array(wanted)).to_numpy(zero_copy_only=False)
        hits = np.r_[0, np.cumsum(found)]
        mask = mask & (hits[offsets[1:]] > hits[offsets[:-1]])
    if not mask.any():
        return
    at = np.flatnonzero(mask)
    own = file.read_row_group(group, columns=["shingles"])["shingles"].take(pa.array(at))
    for row, reading, shingles in zip(at.tolist(), readings_at(file, group, mask), own, strict=True):
        numbers = shingles.values
        if numbers is None:
            continue
        # Of keys made by another version of the library none would be equal: they are made again.
        keys = flat[offsets[row] : offsets[row + 1]].to_numpy() if same_scheme else band_keys(numbers.to_numpy())
        shared = keys[np.isin(keys, wanted)]
        if len(shared):
            yield CopyCandidate(reading, True, shared.tobytes(), numbers.to_numpy().tobytes())


def planned(output: str, run_id: str, since: datetime.date) -> Iterator[Any]:
    """Yield segments to read, and files without a segment, tagged `missing`."""
    found: Plan = segments.plan(output, run_id, since)
    yield from found.segments
    for source in found.missing:
        yield TaggedOutput("missing", source)


def made(source: Source, output: str, run_id: str, since: datetime.date) -> Iterator[Segment]:
    """Yield the segment of a file that had none; nothing for a damaged file."""
    segment = segments.make(output, source, run_id, since)
    if segment is not None:
        yield segment


@dataclasses.dataclass
class KnownArticles(beam.PTransform):
    """Gives the `Segment`s that tell what other runs have committed; those that lack are made.

    Bounded. The files are listed once, their segments made and read on all
    workers. Shuffles the files' names.
    """

    output: str
    """Folder or URL of the dataset; need not exist."""
    run: Run
    """The run whose own articles are left out: it is about to write them (again)."""
    window_days: float = 7.0
    """Days for which near copies are looked for."""

    def __post_init__(self) -> None:
        super().__init__()
        sink_of(self.output).check()

    def expand(self, begin: beam.pvalue.PBegin) -> beam.PCollection[Segment]:
        since = self.run.date - datetime.timedelta(days=int(self.window_days) + 1)
        given = self.run.run_id, since
        found = (
            begin
            | "The dataset" >> beam.Create([self.output] if sink_of(self.output).has_history else [])
            | "List segments" >> beam.FlatMap(planned, *given).with_outputs("missing", main="segments")
        )
        missing = (
            found.missing
            | "Spread files" >> beam.Reshuffle()
            | "Make segments" >> beam.FlatMap(made, self.output, *given)
        )
        return (found.segments, missing) | "All segments" >> beam.Flatten() | "Spread segments" >> beam.Reshuffle()
