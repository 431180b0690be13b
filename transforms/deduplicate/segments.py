"""Segments: numbers by which a dataset's articles are recognized, one segment per file of the `articles` table.

Segments are made from committed files and from nothing else, so they never
tell of what is not committed, and may be deleted: they are made again. Each
row names the file it was made from with that file's size; a row counts only
while the dataset has that file. Many small segments are merged into larger
ones, so that a year of runs is read from some dozens of files.

A segment is Parquet under another name: DuckDB's `**/*.parquet` shall not
read it. Its columns are numbers, so that ten million rows are looked through
in seconds; the wide ones, keys and shingles, are kept for as long as copies
are looked for.
"""

import datetime
import json
import types
import uuid
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from apache_beam.io.filesystems import FileSystems

from transforms.dataset import bounded, files, layout
from transforms.dataset.schema import table_schema
from transforms.dataset.trust import DamagedFile, shown, warn
from transforms.deduplicate.minhash import SCHEME, band_keys
from transforms.deduplicate.shingles import distinct, shingle_hashes
from transforms.deduplicate.versions import ArticleKey, reading_of
from transforms.records import stable_id

FOLDER = f"{layout.OWN}/known"
SUFFIX = ".segment"
ROW_GROUP = 20_000
MERGED = 32
"""Segments of one tier that are merged into one of the next."""

SCHEMA = pa.schema(
    [
        ("article_id", pa.binary(16)),
        ("page", pa.uint64()),
        ("guid", pa.uint64()),
        ("feed", pa.uint64()),
        ("site", pa.uint64()),
        ("text", pa.uint64()),
        ("headline", pa.uint64()),
        ("basis", pa.string()),
        ("words", pa.int64()),
        ("time", pa.int64()),
        ("version", pa.int64()),
        ("first", pa.binary(16)),
        ("original", pa.binary(16)),
        ("story", pa.binary(16)),
        ("file", pa.int32()),
        ("keys", pa.list_(pa.uint32())),
        ("shingles", pa.list_(pa.uint32())),
    ]
)
READ = [
    "article_id", "canonical_url", "url", "feed_url", "source_uri", "source_id", "text_sha256", "headline",
    "text_basis", "word_count", "date_published", "date_fetched", "version", "version_of", "duplicate_of", "story_id",
]  # fmt: skip
"""Columns of the table that a reading is made of."""
SINCE_LATER = {"version": 1, "version_of": None, "story_id": None}
"""Columns that datasets of earlier versions do not have."""


NOT_RECOGNIZED = "the articles in it are not recognized, and may be added again"
"""Effect of a damaged file of articles, for the warning."""
_damaged: set[tuple[str, "Source"]] = set()
"""Files that this process could not read; a stream looks at a dataset again and again."""


class Source(NamedTuple):
    """A committed file of the `articles` table."""

    path: str
    """Relative to the dataset."""
    size: int

    @property
    def date(self) -> str:
        """Return the run date: the partition."""
        return self.path.rpartition("date=")[2][:10]


class Segment(NamedTuple):
    """A segment, and which of its sources the dataset still has."""

    path: str
    alive: bytes
    """A byte for each source, 1 or 0."""


class Plan(NamedTuple):
    """What there is to read."""

    segments: list[Segment]
    missing: list[Source]
    """Files that no segment covers."""


def packed(article_id: str | None) -> bytes | None:
    """Return an id as 16 bytes."""
    return None if article_id is None else bytes.fromhex(article_id.zfill(32))


def sources(output: str, except_run: str) -> list[Source]:
    """Return committed files of the `articles` table, without those of one run."""
    found = FileSystems.match([files.join(output, layout.table_pattern("articles"))])[0].metadata_list
    every = [Source(layout.relative(one.path), int(one.size_in_bytes)) for one in found]
    return sorted(one for one in every if layout.run_of(one.path) != except_run)


def plan(output: str, except_run: str, since: datetime.date) -> Plan:
    """Merge what has become many, and says what there is to read and what to make first.

    Args:
        output: folder of the dataset.
        except_run: the run whose files are left out: the one that is about to write them (again).
        since: rows of runs before this day are kept without keys and shingles.
    """
    present = sources(output, except_run)
    merge_all(output, except_run, since)
    there = set(present)
    segments: list[Segment] = []
    covered: set[Source] = set()
    for path in segment_paths(output):
        covers = covers_if_readable(path)
        alive = bytes(one in there for one in covers)
        covered.update(covers)
        if any(alive):
            segments.append(Segment(path, alive))
    return Plan(segments, [one for one in present if one not in covered])


def segment_paths(output: str, tier: str = "*") -> list[str]:
    """Return the segments of a dataset, of one tier or of all."""
    found = files.list_files(files.join(output, FOLDER, f"{tier}-*{SUFFIX}"))
    return [path for path in found if layout.parse(layout.relative(path)) is not None]


def dataset_of(path: str) -> str:
    """Return the folder of the dataset that a segment is in."""
    return path.removesuffix("/" + layout.relative(path))


def covers_of(path: str) -> list[Source]:
    """Return the files that a segment was made from.

    Raises:
        DamagedFile: it is not a segment.
    """
    with bounded.parquet(path) as file:
        schema = file.schema_arrow
        if schema.remove_metadata() != SCHEMA:
            raise ValueError("other columns than those of a segment")
        covers = [Source(*one) for one in bounded.parse_json((schema.metadata or {})[b"covers"])]
        if not all(isinstance(one.path, str) and type(one.size) is int for one in covers):
            raise ValueError(f"covers: got {shown(covers)}; expected paths and sizes")
        return covers


def check_segment(path: str) -> None:
    """Read a segment to its end.

    Raises:
        DamagedFile: it is not a segment, or damaged.
    """
    sources_of = covers_of(path)
    with bounded.parquet(path) as file:
        for batch in file.iter_batches(ROW_GROUP):
            batch.validate(full=True)
            if batch.num_rows and not 0 <= (file_numbers := batch["file"].to_numpy()).min() <= file_numbers.max() < len(
                sources_of
            ):
                raise ValueError("rows of a file that the segment does not name")


def covers_if_readable(path: str) -> list[Source]:
    """Return the files that a segment was made from; none if it is damaged: then theirs are made again."""
    try:
        return covers_of(path)
    except DamagedFile as error:
        warn(error, "what it holds is made again from the files of articles")
        return []


def make(output: str, source: Source, run_id: str, since: datetime.date) -> Segment | None:
    """Make the segment of one file; None, and a warning, if the file is damaged.

    Args:
        output: folder of the dataset.
        source: the file.
        run_id: the run that makes it, whose staging folder holds it until it is complete.
        since: as for `plan`.
    """
    target = files.join(output, FOLDER, f"0-{stable_id(source.path)[:16]}{SUFFIX}")
    if (output, source) in _damaged:
        return None
    try:
        write(output, target, run_id, [source], rows_of(output, source, since))
    except DamagedFile as error:
        _damaged.add((output, source))
        warn(error, NOT_RECOGNIZED)
        return None
    return Segment(target, b"\1")


def rows_of(output: str, source: Source, since: datetime.date) -> Iterator[pa.Table]:
    """Yield the rows of the segment of one file, some thousand at a time.

    Raises:
        DamagedFile: the file is damaged, or has not the columns of the table.
    """
    wide = source.date >= since.isoformat()
    with bounded.parquet(files.join(output, source.path)) as file:
        check_columns(file.schema_arrow)
        for batch in _rows(file, wide=wide):
            yield to_table(list(batch), file=0)


def check_columns(schema: pa.Schema) -> None:
    """Raise ValueError for a file of articles whose columns are missing or of another type."""
    for name in [*READ, "text"]:
        if name not in schema.names:
            if name not in SINCE_LATER:
                raise ValueError(f"no column {name!r}")
        elif schema.field(name).type != table_schema("articles").field(name).type:
            raise ValueError(f"column {name!r} has type {schema.field(name).type}")


def _rows(file: pq.ParquetFile, *, wide: bool) -> Iterator[Iterator[tuple[ArticleKey, Any, Any]]]:
    columns = [name for name in READ if name in file.schema_arrow.names] + (["text"] if wide else [])
    for batch in file.iter_batches(batch_size=1_000 if wide else ROW_GROUP, columns=columns):
        for name in columns:
            if batch.column(name).null_count and not table_schema("articles").field(name).nullable:
                raise ValueError(f"column {name!r} has rows without a value")
        yield (_row(row) for row in batch.to_pylist())


def _row(row: dict[str, Any]) -> tuple[ArticleKey, Any, Any]:
    reading = reading_of(types.SimpleNamespace(**{**SINCE_LATER, **row}))
    if "text" not in row:
        return reading, None, None
    hashes = shingle_hashes(row["text"])
    return reading, band_keys(hashes), distinct(hashes)


def to_table(rows: list[tuple[ArticleKey, Any, Any]], *, file: int) -> pa.Table:
    """Return readings with their keys and shingles as rows of a segment."""
    columns: dict[str, list[Any]] = {name: [getattr(row[0], name) for row in rows] for name in ArticleKey._fields}
    for name in ("article_id", "first", "original", "story"):
        columns[name] = [packed(one) for one in columns[name]]
    columns |= {"file": [file] * len(rows), "keys": [row[1] for row in rows], "shingles": [row[2] for row in rows]}
    return pa.table([pa.array(columns[field.name], field.type) for field in SCHEMA], schema=SCHEMA)


def write(output: str, target: str, run_id: str, covers: Iterable[Source], tables: Iterable[pa.Table]) -> None:
    """Write a segment, and put it in place atomically."""
    draft = files.join(output, layout.staging_folder(run_id), f"{uuid.uuid4().hex}.draft")
    files.make_folder_of(draft)
    metadata = {"covers": json.dumps(list(covers)), "scheme": SCHEME}

    def fill(handle: Any) -> None:
        # Hashes do not get smaller by compression; only the lists of them would cost time to unpack.
        with pq.ParquetWriter(
            handle, SCHEMA.with_metadata(metadata), compression="none", use_dictionary=["basis"]
        ) as out:
            for table in in_row_groups(tables):
                out.write_table(table, row_group_size=ROW_GROUP)

    try:
        files.write_file(draft, fill)
    except DamagedFile:
        files.remove([draft])
        raise
    files.replace(draft, target, size=files.size_of(draft) or 0)


def in_row_groups(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Yield the same rows in tables of about a row group each."""
    waiting: list[pa.Table] = []
    for table in tables:
        waiting.append(table)
        if sum(one.num_rows for one in waiting) >= ROW_GROUP:
            yield pa.concat_tables(waiting).replace_schema_metadata(None)
            waiting = []
    if waiting:
        yield pa.concat_tables(waiting).replace_schema_metadata(None)


def merge_all(output: str, run_id: str, since: datetime.date) -> None:
    """Merge the segments of each tier that has `MERGED` of them.

    Cut short, it leaves rows twice, which harms nothing, and they are merged
    away the next time. A damaged segment is left out, with a warning.
    """
    for tier in range(10):
        many = segment_paths(output, str(tier))
        if len(many) < MERGED:
            continue
        present = set(sources(output, ""))
        covered = {path: found for path in many if (found := covers_if_readable(path))}
        if len(covered) < MERGED:
            continue
        owners: dict[Source, str] = {}
        for path, found in covered.items():
            for one in found:
                if one in present:
                    owners.setdefault(one, path)
        covers = {one: number for number, one in enumerate(owners)}
        target = files.join(output, FOLDER, f"{tier + 1}-{stable_id(*many, repr(list(covers)))[:16]}{SUFFIX}")
        own = {path: {one: covers[one] for one, owner in owners.items() if owner == path} for path in covered}
        try:
            write(
                output, target, run_id, covers, (table for path in covered for table in _kept(path, own[path], since))
            )
        except DamagedFile as error:
            warn(error, "the segments are not merged")
            continue
        files.remove(covered)


def sweep(output: str) -> int:
    """Delete the segments that tell of no file any more, such as after a compaction; gives how many."""
    there = set(sources(output, ""))
    dead = [path for path in segment_paths(output) if (covers := covers_if_readable(path)) and there.isdisjoint(covers)]
    files.remove(dead)
    return len(dead)


def _kept(path: str, covers: dict[Source, int], since: datetime.date) -> Iterator[pa.Table]:
    """Yield the rows of a segment that still count, numbered by the merged segment's sources."""
    own = covers_of(path)
    number = np.array([covers.get(one, -1) for one in own], dtype=np.int32)
    wide = np.array([one.date >= since.isoformat() for one in own])
    with bounded.parquet(path) as file:
        for group in range(file.num_row_groups):
            table = file.read_row_group(group)
            at = table["file"].to_numpy()
            table = table.set_column(SCHEMA.get_field_index("file"), SCHEMA.field("file"), pa.array(number[at]))
            for name in ("keys", "shingles"):
                kept = pc.if_else(pa.array(wide[at]), table[name], pa.scalar(None, SCHEMA.field(name).type))
                table = table.set_column(SCHEMA.get_field_index(name), SCHEMA.field(name), kept)
            yield table.filter(pa.array(number[at] >= 0)).cast(SCHEMA)
