"""Small files of a day -> few large ones, without a row more or less.

Made for datasets that a job adds to many times a day. Each day of each table
is a commit of its own: killed anywhere, the dataset is whole, and whoever
comes next finishes what was decided. A run that is done again first gets its
own files back (`restore.py`), so that it still replaces its own rows and no
others.
"""

import dataclasses
import datetime
import functools
import gzip
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import BinaryIO

from apache_beam.io.filesystems import FileSystems

from transforms.records import TABLES, stable_id
from transforms.write import files, layout, lock, runs
from transforms.write.commit import Manifest, roll_forward, roll_forward_all, write_manifest
from transforms.write.parts import parts_of, read_footer
from transforms.write.restore import Rewrite

TARGET_BYTES = 256 * 2**20
"""Size up to which files are put together; larger ones stay as they are."""
STAGING = "compact"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Merge:
    """Files of one table and day that become one."""

    table: str
    date: str
    paths: tuple[str, ...]
    """Relative to the dataset."""
    size: int
    """Bytes of all of them."""

    @property
    def target(self) -> str:
        """Where their rows will be; the same for the same files."""
        return layout.compacted_path(self.table, self.date, stable_id(*self.paths)[:16])


@dataclasses.dataclass(frozen=True, kw_only=True)
class Compacted:
    """What was done, or would be."""

    merges: tuple[Merge, ...]
    records: int
    """Records of runs over feeds that were put together."""
    left_behind: int
    """Folders of runs that were killed and never begun again, which were removed."""


def compact(
    output: str,
    before: datetime.date,
    *,
    target_bytes: int = TARGET_BYTES,
    dry_run: bool = False,
) -> Compacted:
    """Merges the small files of each table and day before a date.

    Holds the dataset's lock meanwhile, if it is on a local disk. Elsewhere
    whoever calls makes sure that nothing else writes into the dataset.

    Args:
        output: folder or URL of the dataset.
        before: days from this one on stay as they are.
        target_bytes: size that files are brought up to.
        dry_run: only say what would be done.

    Raises:
        lock.Held: a run is writing into the dataset.
        ValueError: it is no dataset.
    """
    output = files.check_output(output)
    if not files.list_files(files.join(output, layout.RUNS, "*")) and not folded_paths(output):
        raise ValueError(f"dataset: {output!r} is not a Dateline dataset: no run has begun there")
    if dry_run:
        merges = tuple(plan(output, before, target_bytes))
        return Compacted(merges=merges, records=len(foldable(output, before)), left_behind=len(leavings(output)))
    if files.is_local(output):
        lock.hold(files.join(output, layout.OWN))
    try:
        roll_forward_all(output)
        left = leavings(output)
        for folder in left:
            files.remove_tree(folder)
        merges = tuple(plan(output, before, target_bytes))
        for merge in merges:
            step = Rewrite(output, f"{STAGING}-{stable_id(merge.target)[:16]}")
            step.merge(list(merge.paths), merge.target)
            step.commit()
        return Compacted(merges=merges, records=fold_records(output, before), left_behind=len(left))
    finally:
        if files.is_local(output):
            lock.release(files.join(output, layout.OWN))


def plan(output: str, before: datetime.date, target_bytes: int) -> Iterator[Merge]:
    """What there is to merge, day by day."""
    folded = {run.run_id for run in read_folded(output)}
    known: dict[str, bool] = {}

    def is_known(run_id: str) -> bool:
        if run_id not in known:
            run = runs.find_run(output, run_id)
            known[run_id] = run_id in folded or (run is not None and run.state == "committed")
        return known[run_id]

    for table in TABLES:
        days: dict[str, list[tuple[str, int]]] = defaultdict(list)
        for one in FileSystems.match([files.join(output, layout.table_pattern(table))])[0].metadata_list:
            path = "/".join(one.path.split("/")[-3:])
            days[path.split("/")[1].removeprefix("date=")].append((path, int(one.size_in_bytes)))
        for date, found in sorted(days.items()):
            small = sorted((path, size) for path, size in found if size < target_bytes // 2)
            if date >= before.isoformat() or len(small) < 2:
                continue
            yield from _bins(output, table, date, small, target_bytes, is_known)


def _bins(
    output: str,
    table: str,
    date: str,
    small: list[tuple[str, int]],
    target_bytes: int,
    is_known: Callable[[str], bool],
) -> Iterator[Merge]:
    """Files of the same columns together, up to the size wanted; those of unknown origin are left alone."""
    open_bins: dict[str, tuple[list[str], int]] = {}
    full: list[tuple[list[str], int]] = []
    for path, size in small:
        schema, metadata = read_footer(files.join(output, path))
        if not all(is_known(part.run_id) for part in parts_of(path, metadata)):
            continue
        alike = schema.remove_metadata().to_string() + repr((schema.metadata or {}).get(b"dateline_schema"))
        paths, total = open_bins.get(alike, ([], 0))
        if total + size > target_bytes and paths:
            full.append((paths, total))
            paths, total = [], 0
        open_bins[alike] = ([*paths, path], total + size)
    for paths, total in (*full, *open_bins.values()):
        if len(paths) > 1:
            yield Merge(table=table, date=date, paths=tuple(paths), size=total)


def leavings(output: str) -> list[str]:
    """Staging folders without a decided commit: of runs that were killed. Nothing of them is in the dataset."""
    found = {path.split("/")[-2] for path in files.list_files(files.join(output, layout.STAGING, "*", "*"))}
    decided = {
        path.split("/")[-2] for path in files.list_files(files.join(output, layout.STAGING, "*", "manifest.json"))
    }
    return [files.join(output, layout.staging_folder(name)) for name in sorted(found - decided)]


def folded_paths(output: str) -> list[str]:
    """Files of many records, a month each."""
    return files.list_files(files.join(output, layout.HISTORY, "*.jsonl.gz"))


def read_folded(output: str) -> list[runs.Run]:
    """The runs whose records were put together, oldest first."""
    return [run for path in folded_paths(output) for run in runs.read_lines(files.read_bytes(path))]


def foldable(output: str, before: datetime.date) -> dict[str, runs.Run]:
    """Path -> record of each committed run over feeds before a date; such a run is never begun again."""
    found = {}
    lists: dict[str, tuple[runs.Input, ...]] = {}
    for path in files.list_files(files.join(output, layout.RUNS, "*.json")):
        run = runs.from_json(json.loads(files.read_bytes(path)))
        # The same list of feeds 35,000 times would not fit into memory.
        run = dataclasses.replace(run, inputs=lists.setdefault(run.listing, run.inputs))
        remote = any(runs.is_remote(one.uri) for one in run.inputs)
        if run.state == "committed" and run.date < before and remote and not run.pane:
            found["/".join(path.split("/")[-3:])] = run
    return found


def _write(content: bytes, handle: BinaryIO) -> None:
    handle.write(content)


def fold_records(output: str, before: datetime.date) -> int:
    """Puts the records of such runs together, a month to a file; a list of feeds is kept once for each month."""
    months: dict[str, dict[str, runs.Run]] = defaultdict(dict)
    found = foldable(output, before)
    for path, run in found.items():
        months[run.started.strftime("%Y-%m")][path] = run
    for month, records in months.items():
        target = layout.history_path(month)
        there = files.join(output, target)
        before_this = runs.read_lines(files.read_bytes(there)) if files.size_of(there) is not None else []
        # Such a run never needs its files again, and compaction would have to follow them here.
        merged = {run.run_id: dataclasses.replace(run, files=()) for run in (*before_this, *records.values())}
        content = gzip.compress(runs.dump_lines(merged.values()), mtime=0)
        name = f"{STAGING}-runs-{month}"
        staged = f"{layout.staging_folder(name)}/records.staged"
        files.write_file(files.join(output, staged), functools.partial(_write, content))
        step = ((staged, target, len(content)),)
        manifest = Manifest(run=None, renames=step, stale=tuple(sorted(records)), name=name)
        write_manifest(output, manifest)
        roll_forward(output, manifest)
    return len(found)
