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
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import BinaryIO

from apache_beam.io.filesystems import FileSystems

from transforms.dataset import files, guard, layout, lock, runs
from transforms.dataset.commit import roll_forward, roll_forward_all
from transforms.dataset.manifest import Manifest, manifest_paths, write_manifest
from transforms.dataset.merged_file import parts_of, read_footer
from transforms.dataset.restore import Rewrite
from transforms.dataset.trust import DamagedFile, warn
from transforms.records import TABLES, stable_id
from transforms.settings import bad_setting

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
        """Return the path of the merged file; the same for the same files."""
        return layout.compacted_path(self.table, self.date, stable_id(*self.paths)[:16])


@dataclasses.dataclass(frozen=True, kw_only=True)
class Compacted:
    """What was done, or would be."""

    merges: tuple[Merge, ...]
    records: int
    """Records of runs over feeds that were put together."""
    left_behind: int
    """Folders of runs that were killed and never begun again, which were removed."""
    damaged: tuple[str, ...] = ()
    """Files that could not be read, and were left as they are; relative to the dataset."""


def compact(
    output: str,
    before: datetime.date,
    *,
    target_bytes: int = TARGET_BYTES,
    dry_run: bool = False,
) -> Compacted:
    """Merge the small files of each table and day before a date.

    Holds the dataset's lock until the end, if it is on a local disk. On an object
    store the caller makes sure that nothing else writes into the dataset.

    Args:
        output: folder or URL of the dataset.
        before: days from this one on stay as they are.
        target_bytes: size that files are brought up to.
        dry_run: only say what would be done.

    Raises:
        lock.Held: a run is writing into the dataset.
        ValueError: it is not a dataset.
    """
    output = files.check_output(output)
    if not files.list_files(files.join(output, layout.RUNS, "*")) and not runs.history_paths(output):
        raise bad_setting("dataset", output, "the folder of a Dateline dataset; no run has started there")
    guard.check_links(output)
    damaged: set[str] = set()
    if dry_run:
        merges = tuple(plan(output, before, target_bytes, damaged))
        return Compacted(
            merges=merges,
            records=len(foldable(output, before)),
            left_behind=len(leavings(output)),
            damaged=tuple(sorted(damaged)),
        )
    if files.is_local(output):
        lock.hold(files.join(output, layout.OWN))
    try:
        roll_forward_all(output)
        left = leavings(output)
        for folder in left:
            files.remove_tree(folder)
        found = [*plan(output, before, target_bytes, damaged)]
        merges = tuple(made for merge in found if (made := carry_out(output, merge, damaged)))
        records = fold_records(output, before)
        return Compacted(merges=merges, records=records, left_behind=len(left), damaged=tuple(sorted(damaged)))
    finally:
        if files.is_local(output):
            lock.release(files.join(output, layout.OWN))


def carry_out(output: str, merge: Merge, damaged: set[str]) -> Merge | None:
    """Merge files; those that turn out to be damaged are left as they are, and added to `damaged`."""
    while len(merge.paths) > 1:
        name = f"{STAGING}-{stable_id(merge.target)[:16]}"
        step = Rewrite(output, name)
        try:
            step.merge(list(merge.paths), merge.target)
        except DamagedFile as error:
            files.remove_tree(files.join(output, layout.staging_folder(name)))
            path = layout.relative(error.path)
            if path not in merge.paths:
                raise
            _leave_alone(error, damaged)
            merge = dataclasses.replace(merge, paths=tuple(one for one in merge.paths if one != path))
            continue
        step.commit()
        return merge
    return None


def _leave_alone(error: DamagedFile, damaged: set[str]) -> None:
    damaged.add(layout.relative(error.path))
    warn(error, "it is left as it is")


def plan(output: str, before: datetime.date, target_bytes: int, damaged: set[str]) -> Iterator[Merge]:
    """Return the files to merge, day by day; add files that cannot be read to `damaged`."""
    folded = {run.run_id for run in runs.read_folded(output)}
    known: dict[str, bool] = {}

    def is_known(run_id: str) -> bool:
        if run_id not in known:
            known[run_id] = run_id in folded or _is_committed(output, run_id)
        return known[run_id]

    for table in TABLES:
        days: dict[str, list[tuple[str, int]]] = defaultdict(list)
        for one in FileSystems.match([files.join(output, layout.table_pattern(table))])[0].metadata_list:
            path = layout.relative(one.path)
            if layout.parse(path) is None:
                continue  # not written by us
            days[path.split("/")[1].removeprefix("date=")].append((path, int(one.size_in_bytes)))
        for date, found in sorted(days.items()):
            small = sorted((path, size) for path, size in found if size < target_bytes // 2)
            if date >= before.isoformat() or len(small) < 2:
                continue
            yield from _bins(output, table, date, small, target_bytes, is_known, damaged)


def _is_committed(output: str, run_id: str) -> bool:
    try:
        run = runs.find_run(output, run_id)
    except DamagedFile as error:
        warn(error, "the files of this run are left as they are")
        return False
    return run is not None and run.state == "committed"


def _bins(
    output: str,
    table: str,
    date: str,
    small: list[tuple[str, int]],
    target_bytes: int,
    is_known: Callable[[str], bool],
    damaged: set[str],
) -> Iterator[Merge]:
    """Yield files of the same columns together, up to the size wanted; those of unknown origin are left alone."""
    open_bins: dict[str, tuple[list[str], int]] = {}
    full: list[tuple[list[str], int]] = []
    for path, size in small:
        try:
            schema, metadata = read_footer(files.join(output, path))
            parts = parts_of(path, metadata)
        except DamagedFile as error:
            _leave_alone(error, damaged)
            continue
        if not all(is_known(part.run_id) for part in parts):
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
    """Return staging folders without a decided commit: of runs that were killed. Nothing of them is in the dataset."""
    found = {path.split("/")[-2] for path in files.list_files(files.join(output, layout.STAGING, "*", "*"))}
    decided = {path.split("/")[-2] for path in manifest_paths(output)}
    left = sorted(name for name in found - decided if layout.is_staging_name(name))
    return [files.join(output, layout.staging_folder(name)) for name in left]


def foldable(output: str, before: datetime.date) -> dict[str, runs.Run]:
    """Return path -> record of each committed run over feeds before a date; such a run is never begun again."""
    found = {}
    lists: dict[str, tuple[runs.Input, ...]] = {}
    for run in runs.load_runs(files.list_files(files.join(output, layout.RUNS, "*.json"))):
        # The same list of feeds 35,000 times would not fit into memory.
        run = dataclasses.replace(run, inputs=lists.setdefault(run.listing, run.inputs))
        remote = any(runs.is_remote(one.uri) for one in run.inputs)
        if run.state == "committed" and run.date < before and remote and not run.pane:
            found[layout.record_path(run.run_id)] = run
    return found


def _write(content: bytes, handle: BinaryIO) -> None:
    handle.write(content)


def fold_records(output: str, before: datetime.date) -> int:
    """Put the records of such runs together, a month to a file; a list of feeds is kept once for each month."""
    months: dict[str, dict[str, runs.Run]] = defaultdict(dict)
    found = foldable(output, before)
    count = 0
    for path, run in found.items():
        months[run.started.strftime("%Y-%m")][path] = run
    for month, records in months.items():
        target = layout.history_path(month)
        there = files.join(output, target)
        before_this, error = runs.read_history(there) if files.size_of(there) is not None else ([], None)
        if error is not None:
            warn(error, "the records of that month are not put together")
            continue
        # Such a run never needs its files again, and compaction would have to follow them here.
        merged = {run.run_id: dataclasses.replace(run, files=()) for run in (*before_this, *records.values())}
        content = runs.pack_lines(merged.values())
        name = f"{STAGING}-runs-{month}"
        staged = f"{layout.staging_folder(name)}/records.staged"
        files.write_file(files.join(output, staged), functools.partial(_write, content))
        step = ((staged, target, len(content)),)
        manifest = Manifest(run=None, renames=step, stale=tuple(sorted(records)), name=name)
        write_manifest(output, manifest)
        roll_forward(output, manifest)
        count += len(records)
    return count
