"""Findings of `dateline check DATASET`: every file of a dataset is read, and compared with the records of its runs.

Holds a batch of rows, and eight bytes for each article of the dataset, to find
ids that are there twice. Changes nothing.
"""

import dataclasses
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from transforms.dataset import bounded, files, guard, layout, manifest, runs
from transforms.dataset import memory as snapshot
from transforms.dataset.layout import Name
from transforms.dataset.merged_file import Part, parts_of
from transforms.dataset.runs import Run
from transforms.dataset.schema import table_schema
from transforms.dataset.shards import sort_columns
from transforms.dataset.trust import DamagedFile, UntrustedDataset, shown
from transforms.records import SCHEMA_VERSION, TABLES

Kind = Literal[
    "foreign", "damaged", "manifest", "unfinished", "unlisted", "no record", "missing", "rows", "version", "twice"
]
"""A finding's kind: it decides what `repair` does."""

BATCH = 5_000
"""Rows that are read together."""
ASIDE: frozenset[Kind] = frozenset({"foreign", "damaged", "manifest", "unlisted"})
"""Kinds whose file `repair` sets aside."""
SHOWN_IDS = 5
"""Maximum number of doubled ids that are named."""

CheckFile = Callable[[str], object]
"""Reads a file; raises DamagedFile or UntrustedDataset."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Finding:
    """Something that is wrong with a dataset."""

    path: str
    """Relative to the dataset."""
    what: str
    advice: str
    kind: Kind

    def __str__(self) -> str:
        path = self.path if self.path.isprintable() else repr(self.path)
        return f"{path}: {self.what}; {self.advice}"


@dataclasses.dataclass(frozen=True)
class TableFile:
    """A table's file that was read to its end."""

    name: Name
    parts: tuple[Part, ...]
    size: int
    ids: NDArray[np.uint64]
    """First bytes of the ids of its articles; none of other tables."""


@dataclasses.dataclass
class Scan:
    """Content of a dataset, and the findings in it."""

    output: str
    findings: list[Finding] = dataclasses.field(default_factory=list)
    runs: dict[str, Run] = dataclasses.field(default_factory=dict)
    """Runs with a record of their own, by id."""
    folded: dict[str, Run] = dataclasses.field(default_factory=dict)
    """Runs whose records were put together, by id."""
    tables: dict[str, TableFile] = dataclasses.field(default_factory=dict)
    """Readable files of tables, by path."""
    unreadable: set[str] = dataclasses.field(default_factory=set)
    """Files of tables that are damaged, by path."""
    count: int = 0
    """Files that were looked at."""

    def find(self, path: str, kind: Kind, what: str, advice: str) -> None:
        """Add a finding."""
        self.findings.append(Finding(path=path, kind=kind, what=what, advice=advice))

    def run_of(self, run_id: str) -> Run | None:
        """Return the record of a run."""
        return self.runs.get(run_id) or self.folded.get(run_id)

    def rows(self) -> dict[str, Counter[str]]:
        """Run -> table -> rows in readable files."""
        found: dict[str, Counter[str]] = defaultdict(Counter)
        for one in self.tables.values():
            for part in one.parts:
                found[part.run_id][one.name.table] += part.rows
        return found


def scan(output: str, check_segment: CheckFile, known: Scan | None = None) -> Scan:
    """Read a dataset and says what is wrong with it.

    Args:
        output: folder or URL of the dataset.
        check_segment: reads a segment of known articles.
        known: an earlier scan; files of tables that it has read are not read again.
    """
    found = Scan(output)
    links = set()
    for path, what, expected in guard.find_links(output, broken=True):
        path = path.removeprefix(f"{output}/")
        links.add(path)
        found.find(path, "foreign", f"{what}; expected {expected}", "--repair sets it aside")
    for path, name in _names(found, links):
        _CHECKS.get(name.kind, _skip)(found, path, name)
        if name.kind == "segment":
            _check_segment(found, path, check_segment)
        elif name.kind in ("shard", "compacted"):
            _check_table(found, path, name, known)
    if not any(one.kind == "unfinished" for one in found.findings):
        _compare(found)
        _find_doubles(found)
    return found


def _names(found: Scan, links: set[str]) -> Iterator[tuple[str, Name]]:
    """Yield the files whose names are of the layout, records first."""
    named = []
    for folder in guard.FOLDERS:
        for whole in files.list_files(files.join(found.output, folder, "**")):
            path = whole.removeprefix(f"{found.output}/")
            if path.startswith(f"{layout.DAMAGED}/") or path in links:
                continue
            found.count += 1
            name = layout.parse(path)
            if name is None:
                found.find(path, "foreign", "not a file of a dataset", "move it elsewhere; --repair sets it aside")
            else:
                named.append((path, name))
    yield from sorted(named, key=lambda pair: (pair[1].kind not in ("record", "history"), pair[0]))


def _skip(found: Scan, path: str, name: Name) -> None:
    """Check staged files and files of streams by name only."""


def _check(found: Scan, path: str, effect: str, read: Callable[[], object], kind: Kind = "damaged") -> None:
    try:
        read()
    except (DamagedFile, UntrustedDataset) as error:
        found.find(path, kind, error.problem, f"--repair sets it aside; {effect}")
    except FileNotFoundError:  # a run has replaced it since it was listed
        found.count -= 1


def _check_record(found: Scan, path: str, name: Name) -> None:
    def read() -> None:
        found.runs[name.run] = runs.load_run(files.join(found.output, path))

    _check(found, path, "the record is made again from the files of its run", read)


def _check_history(found: Scan, path: str, name: Name) -> None:
    def read() -> None:
        folded, error = runs.read_history(files.join(found.output, path))
        found.folded.update((run.run_id, run) for run in folded)
        if error is not None:
            raise error

    _check(found, path, "its records are made again from the files of their runs", read)


def _check_memory(found: Scan, path: str, name: Name) -> None:
    def read() -> None:
        snapshot.load(files.join(found.output, path))

    _check(found, path, "the next run reads its feeds in full again", read)


def _check_manifest(found: Scan, path: str, name: Name) -> None:
    known = len(found.findings)
    effect = "its run is to be done again"
    _check(found, path, effect, lambda: manifest.read_manifest(found.output, name.staging), "manifest")
    if len(found.findings) == known:
        found.find(path, "unfinished", "a commit that was cut short", "the next run, or --repair, finishes it")


def _check_segment(found: Scan, path: str, check_segment: CheckFile) -> None:
    whole = files.join(found.output, path)
    _check(found, path, "the next run makes it again", lambda: check_segment(whole))


_CHECKS: dict[str, Callable[[Scan, str, Name], None]] = {
    "record": _check_record,
    "history": _check_history,
    "memory": _check_memory,
    "manifest": _check_manifest,
}
"""Kind of file -> its check."""


def _check_table(found: Scan, path: str, name: Name, known: Scan | None) -> None:
    whole = files.join(found.output, path)
    before = known.tables.get(path) if known else None
    if before is not None and files.size_of(whole) == before.size:
        found.tables[path] = before
        return

    def read() -> None:
        found.tables[path] = read_table(whole, name)

    _check(found, path, "its rows are lost until its run is done again", read)
    if path not in found.tables:
        if files.size_of(whole) is None:
            return
        found.unreadable.add(path)
        return
    with bounded.parquet(whole) as file:
        version = (file.schema_arrow.metadata or {}).get(b"dateline_schema", b"?")
    if version != SCHEMA_VERSION.encode():
        what = f"schema version {shown(version.decode('ascii', 'replace'))}; this version writes {SCHEMA_VERSION!r}"
        found.find(path, "version", what, "read it with the version that wrote it")


def read_table(path: str, name: Name) -> TableFile:
    """Read a table's file to its end.

    Raises:
        DamagedFile: a page is damaged, or the columns are not those of the table.
    """
    ids: list[NDArray[np.uint64]] = []
    with bounded.parquet(path) as file:
        check_schema(file.schema_arrow, name.table)
        parts = tuple(parts_of(path, file.metadata))
        rows = 0
        for batch in file.iter_batches(BATCH):
            batch.validate(full=True)
            rows += batch.num_rows
            if name.table == "articles":
                ids.append(np.array([_number(one) for one in batch["article_id"].to_pylist()], dtype=np.uint64))
        if rows != file.metadata.num_rows:
            raise ValueError(f"{rows:,} rows can be read; the footer says {file.metadata.num_rows:,}")
    size = files.size_of(path) or 0
    return TableFile(name, parts, size, np.concatenate(ids) if ids else np.empty(0, dtype=np.uint64))


def _number(article_id: str) -> int:
    """Return the first bytes of an id; of one that is not ours, its hash in this process."""
    try:
        return int(article_id[:16], 16)
    except ValueError:
        return hash(article_id) & (2**64 - 1)


def check_schema(schema: pa.Schema, table: str) -> None:
    """Raise ValueError for a file whose columns are not those of the table; some versions have fewer."""
    ours = table_schema(table)
    if missing := [name for name in sort_columns(table) if name not in schema.names]:
        raise ValueError(f"no column {missing[0]!r}; expected those of {table}")
    if len(set(schema.names)) < len(schema.names):
        raise ValueError("a column is there twice; expected each once")
    for field in schema:
        if field.name not in ours.names and (of := [one for one in TABLES if field.name in table_schema(one).names]):
            raise ValueError(f"column {field.name!r} is one of {of[0]}; expected those of {table}")
        if field.name in ours.names and field.type != ours.field(field.name).type:
            raise ValueError(f"column {field.name!r} has type {field.type}; expected {ours.field(field.name).type}")


def _compare(found: Scan) -> None:
    """Compare the files with the records."""
    places: dict[tuple[str, str], list[str]] = defaultdict(list)
    for path, one in found.tables.items():
        for part in one.parts:
            places[(one.name.table, part.name)].append(path)
            run = found.run_of(part.run_id)
            if run is None:
                what = f"no record of run {part.run_id}, whose rows are in it"
                found.find(path, "no record", what, "--repair makes the record from the files of the run")
            elif part.run_id in found.runs and path not in run.files:
                what = f"the record of run {part.run_id} does not list it"
                found.find(path, "unlisted", what, "--repair sets it aside")
    for (_, name), paths in places.items():
        if len(paths) > 1:
            found.find(paths[1], "twice", f"the rows of {name} are also in {paths[0]}", "move one of them elsewhere")
    for run in found.runs.values():
        for path in run.files:
            if path not in found.tables and path not in found.unreadable:
                what = f"missing; the record of run {run.run_id} lists it"
                found.find(path, "missing", what, "--repair takes it off the record; then do the run again")
    _compare_rows(found)


def _compare_rows(found: Scan) -> None:
    there = found.rows()
    incomplete = {path.split("/")[1] for path in found.unreadable}
    for run_id, run in {**found.folded, **found.runs}.items():
        lost = [path for path in run.files if path not in found.tables]
        if run.state != "committed" or lost or (run_id in found.folded and f"date={run.date}" in incomplete):
            continue
        for table, rows in run.rows.items():
            if rows != there[run_id][table]:
                where = layout.record_path(run_id) if run_id in found.runs else layout.history_path(f"{run.date:%Y-%m}")
                what = f"run {run_id} committed {rows:,} rows of {table}, and {there[run_id][table]:,} are there"
                found.find(where, "rows", what, "--repair corrects the record; then do the run again")


def _find_doubles(found: Scan) -> None:
    """Find articles that are in the dataset twice."""
    paths = [path for path, one in found.tables.items() if one.name.table == "articles" and len(one.ids)]
    if not paths:
        return
    ids = np.concatenate([found.tables[path].ids for path in paths])
    numbers, counts = np.unique(ids, return_counts=True)
    twice = numbers[counts > 1]
    for number in twice[:SHOWN_IDS]:
        where = [path for path in paths if (found.tables[path].ids == number).any()]
        what = f"article {int(number):016x}... is also in {where[1] if len(where) > 1 else 'it a second time'}"
        found.find(where[0], "twice", what, "--repair leaves it; select distinct ids when you read")
    if len(twice) > SHOWN_IDS:
        found.find("articles", "twice", f"{len(twice):,} articles are there twice", "as above")
