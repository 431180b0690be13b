"""Repair of a dataset (`dateline check DATASET --repair`): damaged files are set aside, and the records follow.

Nothing is deleted. A file that is set aside keeps its path, below
`_dateline/damaged/TIME`. Of an article whose row is lost, the rows of other
tables are set aside with it, so that an article that is read again has each of
them once. Killed at any step, it can be started again.
"""

import dataclasses
import datetime
import os
import shutil
import types
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, cast

from transforms.count import how_read
from transforms.dataset import files, layout, lock, runs
from transforms.dataset import memory as snapshot
from transforms.dataset.check import ASIDE, CheckFile, Scan, scan
from transforms.dataset.commit import roll_forward_all
from transforms.dataset.merged_file import Range, read_rows
from transforms.dataset.restore import Rewrite
from transforms.dataset.runs import Run
from transforms.dataset.trust import UntrustedDataset
from transforms.records import FACT_TABLES, Article

NAMED = "%Y%m%dT%H%M%SZ"
"""Format of the time of a repair in the name of its folder."""
DEPENDENT = tuple(FACT_TABLES)
"""Tables whose rows belong to rows of `articles`, and are in the shard of the same number."""
LOST = "set_aside."
"""Beginning of the names of a run's totals of rows that were set aside."""

Forget = Callable[[snapshot.Entries, set[str] | None], snapshot.Entries]
"""Returns what is remembered without what some inputs gave; None for all inputs."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Repaired:
    """Result of a repair."""

    folder: str
    """Folder of the files that were set aside, relative to the dataset."""
    aside: tuple[str, ...]
    """Paths that were set aside, relative to the dataset."""
    notes: tuple[str, ...]
    """Lines on what is to be done next, and what cannot be done."""
    after: Scan
    """The dataset as it is now."""


def repair(output: str, now: datetime.datetime, check_segment: CheckFile, forget: Forget) -> Repaired:
    """Set damaged files aside, and brings the records in line with what is left.

    Args:
        output: folder of the dataset, on a local disk.
        now: names the folder for what is set aside.
        check_segment: as for `scan`.
        forget: makes a memory forget, so that lost articles are read again.

    Raises:
        lock.Held: a run is writing into the dataset.
        UntrustedDataset: our own folder is a link.
        ValueError: the dataset is not on a local disk.
    """
    if not files.is_local(output):
        raise ValueError(f"dataset: got {output!r}; expected a local folder, because --repair renames files")
    for path in (layout.OWN, layout.DAMAGED):
        if os.path.lexists(whole := files.join(output, path)) and (
            Path(whole).is_symlink() or not Path(whole).is_dir()
        ):
            raise UntrustedDataset(whole, "a link or file", "a folder; move it away by hand, then start again")
    folder = f"{layout.DAMAGED}/{now:{NAMED}}"
    aside = Aside(output, folder)
    lock.hold(files.join(output, layout.OWN))
    try:
        first = scan(output, check_segment)
        aside.put(one.path for one in first.findings if one.kind == "foreign")
        aside.put(_staging_of(one.path) for one in first.findings if one.kind == "manifest")
        roll_forward_all(output)
        second = scan(output, check_segment, first)
        salvaged = _salvage_history(output, second, aside)
        aside.put(one.path for one in second.findings if one.kind in ASIDE and one.path not in salvaged)
        _drop_dependents(second, aside)
        third = scan(output, check_segment, second)
        changed = _corrected_records(third)
        # Before the records are corrected: after that, nobody could tell what was lost.
        forgotten = _forget(output, changed, aside, forget)
        _write_records(third, changed, aside)
        notes = [*_next_steps(changed, folder), *forgotten]
        return Repaired(
            folder=folder, aside=tuple(aside.paths), notes=tuple(notes), after=scan(output, check_segment, third)
        )
    finally:
        lock.release(files.join(output, layout.OWN))


def _salvage_history(output: str, found: Scan, aside: "Aside") -> set[str]:
    """Set damaged files of records aside, and write again the records before the damage."""
    damaged = {one.path for one in found.findings if one.kind == "damaged" and one.path.startswith(layout.HISTORY)}
    for path in sorted(damaged):
        whole = files.join(output, path)
        try:
            kept, _ = runs.read_history(whole)
        except UntrustedDataset:  # it names what no run writes: nothing of it is kept
            kept = []
        aside.put([path])
        if kept:
            _write_history(whole, runs.pack_lines(kept), output)
    return damaged


def _write_history(whole: str, content: bytes, output: str) -> None:
    staging = files.join(output, layout.staging_folder("repair-history"))
    files.write_whole(whole, content, aside=staging)
    files.remove_tree(staging)


def _staging_of(path: str) -> str:
    return path.rpartition("/")[0]


class Aside:
    """The folder for what is set aside.

    Args:
        output: folder of the dataset.
        folder: relative to it; must not exist.
    """

    def __init__(self, output: str, folder: str) -> None:
        self._root = Path(output)
        self._folder = self._root / folder
        self.paths: list[str] = []

    def put(self, paths: Iterable[str]) -> None:
        """Move files, folders and links into it, each with its path."""
        for path in dict.fromkeys(paths):
            if os.path.lexists(self._root / path):
                self._target(path).parent.mkdir(parents=True, exist_ok=True)
                target = self._target(path)
                (self._root / path).rename(target)
                _hide_tables(target)
                self.paths.append(path)

    def keep_copy(self, path: str) -> None:
        """Put a second name of a file, or a copy, into it; the file stays for now."""
        target = self._target(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            target.hardlink_to(self._root / path)
        except OSError:
            shutil.copyfile(self._root / path, target)
        self.paths.append(path)

    def _target(self, path: str) -> Path:
        target = self._folder / hidden(path)
        return target if not os.path.lexists(target) else target.with_name(f"{target.name}-{uuid.uuid4().hex[:8]}")


def hidden(path: str) -> str:
    """Return the name under which a file is kept aside: none that a reader of `**/*.parquet` opens.

    >>> hidden("articles/date=2026-11-22/4f0c-00000-of-00001.parquet"), hidden("_dateline/runs/4f0c.json")
    ('articles/date=2026-11-22/4f0c-00000-of-00001.parquet.aside', '_dateline/runs/4f0c.json')
    """
    return f"{path}.aside" if path.lower().endswith(".parquet") else path


def _hide_tables(folder: Path) -> None:
    """Rename the tables' files in a folder that was set aside as a whole."""
    if folder.is_symlink() or not folder.is_dir():
        return
    for above, _, names in os.walk(folder):
        for name in names:
            if hidden(name) != name:
                Path(above, name).rename(Path(above, hidden(name)))


def _drop_dependents(found: Scan, aside: Aside) -> None:
    """Set the rows of other tables aside whose articles are lost."""
    lost = {path.split("/")[1] for path in found.unreadable if path.startswith("articles/")}
    rows = found.rows()
    for run_id, run in {**found.folded, **found.runs}.items():
        if run.rows.get("articles", 0) > rows[run_id]["articles"]:
            lost.add(f"date={run.date}")
    there: dict[str, set[str]] = defaultdict(set)
    for one in found.tables.values():
        if one.name.table == "articles":
            there[f"date={one.name.date}"].update(part.name for part in one.parts)
    gone = set(aside.paths)
    for path, one in found.tables.items():
        day = f"date={one.name.date}"
        if one.name.table not in DEPENDENT or day not in lost or path in gone:
            continue
        orphans = {part.name for part in one.parts if part.rows} - there[day]
        if not orphans:
            continue
        if one.name.kind == "shard":
            aside.put([path])
            continue
        aside.keep_copy(path)
        step = Rewrite(found.output, f"repair-{uuid.uuid4().hex[:16]}")
        step.without(path, lambda part, names=orphans: part.name in names)  # type: ignore[misc]
        step.commit()


@dataclasses.dataclass(frozen=True)
class Changed:
    """A run whose record was corrected."""

    before: Run | None
    """None where there was no record."""
    after: Run
    lost: Counter[str]
    """Table -> rows that were committed and are not there any more."""


def _corrected_records(found: Scan) -> list[Changed]:
    """Return the records that are not in line with the files that are there, and how they are."""
    rows = found.rows()
    paths: dict[str, list[str]] = defaultdict(list)
    for path, one in found.tables.items():
        for part in one.parts:
            paths[part.run_id].append(path)
    changed = []
    for run_id in sorted({*found.runs, *found.folded, *rows}):
        run = found.run_of(run_id)
        listed = tuple(path for path in run.files if path in found.tables) if run else ()
        if run is None:
            after = _made_again(found, run_id, rows[run_id], tuple(sorted(set(paths[run_id]))))
        elif run.state != "committed":
            continue
        else:
            now = {table: rows[run_id][table] for table in run.rows}
            if now == run.rows and len(listed) == len(run.files):
                continue
            after = dataclasses.replace(run, rows=now, files=listed)
        lost = Counter(run.rows if run else {}) - Counter(after.rows)
        after = dataclasses.replace(after, counts=_recount(found, after, lost, paths[run_id]))
        changed.append(Changed(run, after, lost))
    return changed


def _write_records(found: Scan, changed: list[Changed], aside: Aside) -> None:
    for change in changed:
        if change.after.run_id not in found.folded:
            if change.before is not None:
                aside.keep_copy(layout.record_path(change.after.run_id))
            runs.write_run(found.output, change.after)
            files.remove_tree(files.join(found.output, layout.staging_folder(change.after.run_id)))
    _correct_history(found, {change.after.run_id: change.after for change in changed}, aside)


def _correct_history(found: Scan, changed: dict[str, Run], aside: Aside) -> None:
    months = {f"{run.started:%Y-%m}" for run_id, run in changed.items() if run_id in found.folded}
    for month in sorted(months):
        path = layout.history_path(month)
        aside.keep_copy(path)
        month_runs, _ = runs.read_history(files.join(found.output, path))
        content = runs.pack_lines(changed.get(run.run_id, run) for run in month_runs)
        _write_history(files.join(found.output, path), content, found.output)


def _made_again(found: Scan, run_id: str, rows: Counter[str], paths: tuple[str, ...]) -> Run:
    """Return the record of a run that has lost it: what its files say. Its inputs are not known."""
    date = datetime.date.fromisoformat(found.tables[paths[0]].name.date)
    started = datetime.datetime.combine(date, datetime.time(), datetime.UTC)
    for row in _own_rows(found, run_id, paths, "articles", ["date_fetched"]):
        if row["date_fetched"].date() == date:  # of a stream's articles each has its own
            started = row["date_fetched"]
            break
    return Run(run_id=run_id, listing="", started=started, state="committed", rows=dict(rows), files=paths)


def _recount(found: Scan, run: Run, lost: Counter[str], paths: list[str]) -> dict[str, int]:
    """Return a run's totals, from the rows that are left, so that inputs are articles, duplicates and failures
    again.
    """
    counts: Counter[str] = Counter()
    columns = ["extraction", "language", "duplicate_of", "version_of"]
    absent = dict.fromkeys(columns)
    for row in _own_rows(found, run.run_id, paths, "articles", columns):
        counts["articles"] += 1
        counts[f"articles.{how_read(cast(Article, types.SimpleNamespace(**absent | row)))}"] += 1
        counts["copies"] += row.get("duplicate_of") is not None
        counts["versions"] += row.get("version_of") is not None
    for row in _own_rows(found, run.run_id, paths, "failures", ["reason"]):
        counts.update(("failures", f"failures.{row['reason']}"))
    kept = {name: value for name, value in run.counts.items() if name.partition(".")[0] not in _RECOUNTED}
    if run.counts.keys() <= {"inputs"} and run.counts:  # of a caller that counts for itself
        return run.counts
    inputs = counts["articles"] + counts["failures"] + kept.get("duplicates", 0)
    for table, number in lost.items():
        kept[LOST + table] = kept.get(LOST + table, 0) + number
    return {**kept, **{name: number for name, number in counts.items() if number}, "inputs": inputs}


_RECOUNTED = ("articles", "failures", "copies", "versions", "inputs")
"""Totals that are made again, with those whose names begin so."""


def _own_rows(
    found: Scan, run_id: str, paths: Iterable[str], table: str, columns: list[str]
) -> Iterator[dict[str, Any]]:
    """Yield the rows of a run."""
    for path in dict.fromkeys(paths):
        one = found.tables[path]
        first = 0
        for part in one.parts:
            if part.run_id == run_id and one.name.table == table:
                for batch in read_rows([Range(files.join(found.output, path), first, part.rows)], columns):
                    yield from batch.to_pylist()
            first += part.rows


def _next_steps(changed: list[Changed], folder: str) -> list[str]:
    """Return the runs to do again, and what that brings back."""
    notes = []
    for one in changed:
        run = one.after
        head = f"run {run.run_id} of {run.date}"
        if one.before is None:
            notes.append(f"{head}: its record was made again from its files; its inputs and duplicates are not known")
            continue
        rows = ", ".join(f"{number:,} rows of {table}" for table, number in sorted(one.lost.items()))
        if not rows:
            notes.append(f"{head}: its record was corrected")
        elif is_repeatable(run):
            notes.append(f"{head} lost {rows}: do it again over {_named(run)}; it replaces its rows, and all are back")
        elif {"articles", "failures"} & one.lost.keys():
            again = "its articles are read again by the next run or stream that reads the same inputs"
            notes.append(
                f"{head} lost {rows}: {again} ({_named(run)}); those that its feeds no longer list are not:"
                f" they are only in {folder}, as far as it can be read"
            )
        else:
            notes.append(
                f"{head} lost {rows}: they do not come back, because their articles are in the dataset and are not"
                f" read again; what can be read of them is in {folder}"
            )
    return notes


def is_repeatable(run: Run) -> bool:
    """Return True if a run over the same inputs is the same run, which replaces its rows."""
    return bool(run.inputs) and not run.pane and not any(runs.is_remote(one.uri) for one in run.inputs)


def _named(run: Run) -> str:
    uris = [one.uri for one in run.inputs[:3]]
    more = f" and {len(run.inputs) - 3} more" if len(run.inputs) > 3 else ""
    return ", ".join(uris) + more if uris else "the inputs of its stream"


def _forget(output: str, changed: list[Changed], aside: Aside, forget: Forget) -> list[str]:
    """Make the dataset forget what it remembers of the inputs of lost articles, so that they are read again."""
    concerned = [
        one.after for one in changed if {"articles", "failures"} & one.lost.keys() and not is_repeatable(one.after)
    ]
    if not concerned or not snapshot.paths(output):
        return []
    # Of a stream's commit the inputs are not known: then everything is read again.
    uris = None if any(not run.inputs for run in concerned) else {one.uri for run in concerned for one in run.inputs}
    before = snapshot.read(output)
    after = forget(before, uris)
    if after == before:
        return []
    old = snapshot.paths(output)
    name = f"repair-{uuid.uuid4().hex[:16]}"
    target = layout.memory_path(snapshot.next_number(output), "repair")
    staging = files.join(output, layout.staging_folder(name))
    files.write_whole(files.join(output, target), snapshot.pack(after), aside=staging)
    files.remove_tree(staging)
    aside.put(path.removeprefix(f"{output}/") for path in old)
    number = sum(values != after.get(key) for key, values in before.items())
    return [f"{number:,} feeds and files are read in full again, although they may be as they were"]
