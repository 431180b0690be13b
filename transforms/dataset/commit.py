"""The atomic commit of a run: all its files become part of the dataset, or none.

First a manifest of everything there is to do is put in place; from then on the
commit is decided. Each of its steps can be done again: a rename whose source
is gone and whose target is there is done, a file that is gone need not be
deleted. So a commit that was cut short is rolled forward by whoever comes
next: a retry of the bundle, or the next run.
"""

import dataclasses
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from transforms.dataset import files, layout, runs
from transforms.dataset import memory as snapshot
from transforms.dataset.manifest import Manifest, manifest_paths, read_manifest, write_manifest
from transforms.dataset.runs import Run
from transforms.dataset.shards import StagedFile
from transforms.dataset.sidecars import StagedExtra
from transforms.dataset.trust import DamagedFile, warn
from transforms.records import TABLES


def needed(staged: Iterable[StagedFile], elsewhere: Collection[str] = ()) -> list[StagedFile]:
    """Return the files worth keeping: those with rows, or one of each table without any.

    A table without rows keeps an empty file, so that a reader always finds its
    columns; not where other runs have files of it: a job that finds nothing new
    every quarter of an hour would leave 140,000 of them in a year.

    Args:
        staged: every file that the run has written.
        elsewhere: tables that have files of other runs.
    """
    ordered = sorted(staged, key=lambda one: (one.table, one.shard))
    filled = {one.table for one in ordered if one.rows}
    return [one for one in ordered if (one.rows if one.table in {*filled, *elsewhere} else one.shard == 0)]


def total_rows(staged: Iterable[StagedFile]) -> dict[str, int]:
    """Return table -> rows in all of its files."""
    totals: dict[str, int] = {}
    for one in staged:
        totals[one.table] = totals.get(one.table, 0) + one.rows
    return totals


def plan_commit(
    run: Run,
    staged: Sequence[StagedFile],
    *,
    shards: int,
    counts: Mapping[str, int],
    present: Iterable[str],
    extras: Sequence[StagedExtra] = (),
    elsewhere: Collection[str] = (),
) -> Manifest:
    """Return the manifest that makes the staged files the only files of the run.

    Args:
        run: as it was begun.
        staged: every file that this attempt has written.
        shards: how many shards a table was split into.
        counts: the caller's totals, for the record.
        present: the files that the dataset has now and that belong to this run, or that an extra replaces.
        extras: sidecars that are committed after the tables.
        elsewhere: tables that have files of other runs.
    """
    renames = tuple(
        (one.path, layout.shard_path(one.table, run.date, run.run_id, one.shard, shards), one.size)
        for one in needed(staged, elsewhere)
    )
    targets = tuple(target for _, target, _ in renames)
    committed = dataclasses.replace(run, state="committed", rows=total_rows(staged), counts=dict(counts), files=targets)
    others = tuple((one.path, one.target, one.size) for one in sorted(extras, key=lambda one: one.target))
    kept = {*targets, *(one.target for one in extras)}
    return Manifest(run=committed, renames=(*renames, *others), stale=tuple(sorted(set(present) - kept)))


def files_of(output: str, run_id: str) -> list[str]:
    """Return the committed files of a run as the dataset has them now, relative to it."""
    return [
        "/".join(path.split("/")[-3:])
        for table in TABLES
        for path in files.list_files(files.join(output, layout.table_pattern(table, run_id)))
    ]


def extras_of(output: str, run_id: str, extras: Sequence[StagedExtra]) -> list[str]:
    """Return the run's archives, and the snapshots that are there where there is a new one, relative to the dataset."""
    archives = files.list_files(files.join(output, layout.ARCHIVE, "date=*", f"{run_id}-*.warc.gz"))
    # A damaged one is left for `dateline check`.
    old = snapshot.readable(output) if any(one.target.startswith(layout.MEMORY) for one in extras) else []
    return ["/".join(path.split("/")[-3:]) for path in (*archives, *old)]


def tables_elsewhere(output: str, run_id: str) -> set[str]:
    """Return the tables that have files of other runs."""
    paths = {table: files.list_files(files.join(output, layout.table_pattern(table))) for table in TABLES}
    return {table for table, found in paths.items() if any(layout.run_of(path) != run_id for path in found)}


def roll_forward(output: str, manifest: Manifest) -> None:
    """Do what the manifest says, from wherever an earlier attempt was cut short.

    Old files go last, so that no row is missing in between that the run had
    before.
    """
    for source, target, size in manifest.renames:
        files.replace(files.join(output, source), files.join(output, target), size=size)
    files.remove(files.join(output, path) for path in manifest.stale)
    if manifest.run is not None:
        runs.write_run(output, manifest.run)
    files.remove_tree(files.join(output, layout.staging_folder(manifest.staging_id)))


def roll_forward_all(output: str) -> None:
    """Finish every commit that was cut short, so that each run is in the dataset whole or not at all.

    All manifests are checked before the first is followed. A damaged one is
    named in a warning and left alone.

    Raises:
        UntrustedDataset: a manifest names what no commit of ours names; nothing was changed.
    """
    for manifest in [*decided(output)]:
        roll_forward(output, manifest)


def decided(output: str) -> Iterator[Manifest]:
    """Yield the commits that were cut short and can be finished."""
    for path in manifest_paths(output):
        try:
            manifest = read_manifest(output, path.split("/")[-2])
        except DamagedFile as error:
            warn(error, "the commit that it decided is not finished, and its run is to be done again")
            continue
        if manifest is not None:
            yield manifest


def commit(
    output: str,
    run: Run,
    staged: Sequence[StagedFile],
    *,
    shards: int,
    counts: Mapping[str, int],
    extras: Sequence[StagedExtra] = (),
) -> Run:
    """Make the staged files part of the dataset, and gives the run's record; may be called again.

    Raises:
        ValueError: the run was not begun here.
        OSError: a staged file is gone, because the run was started a second time.
    """
    manifest = read_manifest(output, run.run_id)
    if manifest is None:
        whole = dataclasses.replace(run, inputs=runs.read_run(output, run.run_id).inputs)
        present = [*files_of(output, run.run_id), *extras_of(output, run.run_id, extras)]
        manifest = plan_commit(
            whole,
            staged,
            shards=shards,
            counts=counts,
            present=present,
            extras=extras,
            elsewhere=tables_elsewhere(output, run.run_id),
        )
        write_manifest(output, manifest)
    roll_forward(output, manifest)
    assert manifest.run is not None
    return manifest.run
