"""A commit is killed at every step, in several ways, and then the run is started again."""

import contextlib
import datetime
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from apache_beam.io.filesystems import FileSystems

from transforms.dataset import Input, Run, begin_run, files, layout, list_runs, read_run
from transforms.dataset.commit import commit, needed, plan_commit
from transforms.dataset.shards import StagedFile, shard_of, stage_shard
from transforms.records import TABLES, Entity, Failure

NOON = datetime.datetime(2026, 11, 22, 12, tzinfo=datetime.UTC)
NEXT_DAY = NOON + datetime.timedelta(days=1)
FILES = [("a.txt", 10, 1.5), ("b.txt", 20, 2.5)]


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """A killed process loses nothing that it has written; only a power cut does, and that is not tried here."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


def entity(number: int) -> Entity:
    return Entity(
        entity_id=f"e{number}",
        article_id=f"a{number % 5}",
        start=number,
        end=number + 1,
        surface="x",
        label="ORG",
        name="x",
        canonical_id="e0",
        model="m",
    )


ROWS: dict[str, list[Any]] = {"entities": [entity(number) for number in range(12)], "failures": []}


def stage_all(output: str, run: Run, shards: int, rows: dict[str, list[Any]]) -> list[StagedFile]:
    return [
        stage_shard(output, run.run_id, table, shard, [row for row in rows[table] if shard_of(row, shards) == shard])
        for table in rows
        for shard in range(shards)
    ]


def attempt(output: str, shards: int = 3, rows: dict[str, list[Any]] = ROWS, now: datetime.datetime = NOON) -> Run:
    """What a run does, without Beam."""
    run = begin_run(output, FILES, now)
    return commit(output, run, stage_all(output, run, shards, rows), shards=shards, counts={"inputs": 2})


def parquet_files(output: str) -> list[Path]:
    return sorted(Path(output).glob("**/*.parquet"))


def snapshot(output: str) -> dict[str, bytes]:
    """Return every file of the dataset but empty folders."""
    return {str(path.relative_to(output)): path.read_bytes() for path in Path(output).rglob("*") if path.is_file()}


def starts_of(output: str) -> list[int]:
    paths = parquet_files(f"{output}/entities")
    return sorted(start for path in paths for start in pq.read_table(path)["start"].to_pylist())


class Killed(BaseException):
    """Stands for SIGKILL: nothing in the code catches it."""


def half_create(path: str, **_: Any) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_bytes(b"PAR1 and then")


def half_delete(paths: list[str]) -> None:
    (path,) = map(Path, paths)
    if path.is_dir():
        min(child for child in path.rglob("*") if child.is_file()).unlink()


def nothing(*_: Any, **__: Any) -> None:
    pass


class Crash:
    """Counts the operations that change files, and dies at the given one: before it, half-way, or behind it."""

    def __init__(self, step: int, how: str, die: Callable[[], None]) -> None:
        self.left, self.how, self.die = step, how, die
        self.real = {name: getattr(FileSystems, name) for name in ("create", "rename", "delete")}
        self.half = {"create": half_create, "rename": nothing, "delete": half_delete}

    def replacement(self, name: str) -> Callable[..., Any]:
        def operation(*args: Any, **kwargs: Any) -> Any:
            self.left -= 1
            if self.left == 0:
                last = {"before": nothing, "half": self.half[name], "behind": self.real[name]}[self.how]
                with contextlib.suppress(OSError):
                    last(*args, **kwargs)
                self.die()
            return self.real[name](*args, **kwargs)

        return operation

    def install(self, patch: Callable[[Any, str, Any], None]) -> None:
        for name in self.real:
            patch(FileSystems, name, staticmethod(self.replacement(name)))


def die() -> None:
    raise Killed


def crash_at_each_step(
    folder: Path, how: str, prepare: Callable[[str], Any], attempt: Callable[[str], Any]
) -> Iterator[str]:
    """Datasets, each left behind by an attempt that was killed one step later than the one before."""
    for step in range(1, 200):
        output = str(folder / f"{how}-{step}")
        prepare(output)
        with pytest.MonkeyPatch.context() as patch:
            Crash(step, how, die).install(patch.setattr)
            try:
                attempt(output)
            except Killed:
                pass
            else:
                return
        yield output
    raise AssertionError("no attempt survived")


@pytest.mark.parametrize("how", ["before", "half", "behind"])
def test_killed_at_any_step_and_started_again_leaves_the_same_bytes(tmp_path: Path, how: str) -> None:
    attempt(str(tmp_path / "undisturbed"))
    expected = snapshot(str(tmp_path / "undisturbed"))
    steps = 0
    for output in crash_at_each_step(tmp_path, how, nothing, attempt):
        for path in parquet_files(output):
            pq.read_table(path)
        attempt(output, now=NEXT_DAY if list_runs(output) else NOON)
        assert snapshot(output) == expected, output
        steps += 1
    assert steps > 15


@pytest.mark.parametrize("how", ["before", "half", "behind"])
def test_killed_while_another_shard_count_replaces_a_committed_run(tmp_path: Path, how: str) -> None:
    def replace(output: str) -> None:
        attempt(output, shards=2, now=NEXT_DAY)

    attempt(str(tmp_path / "undisturbed"), shards=3)
    replace(str(tmp_path / "undisturbed"))
    expected = snapshot(str(tmp_path / "undisturbed"))
    steps = 0
    for output in crash_at_each_step(tmp_path, how, attempt, replace):
        assert set(starts_of(output)) == set(range(12)), f"rows missing: {output}"
        replace(output)
        assert snapshot(output) == expected, output
        steps += 1
    assert steps > 15


def attempt_and_die(output: str, step: int) -> None:
    Crash(step, "before", lambda: os.kill(os.getpid(), signal.SIGKILL)).install(setattr)
    attempt(output)


def test_a_commit_ended_by_kill_9_is_finished_by_the_next_run_whatever_it_reads(tmp_path: Path) -> None:
    output = str(tmp_path)
    between_two_renames = 13  # record 2, shards 6, manifest 2, then the renames
    process = multiprocessing.get_context("spawn").Process(target=attempt_and_die, args=(output, between_two_renames))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    assert 0 < len(parquet_files(output)) < 4
    other = begin_run(output, [("c.txt", 1, 1.0)], NEXT_DAY)
    assert starts_of(output) == list(range(12))
    assert [(run.state, run.run_id == other.run_id) for run in list_runs(output)] == [
        ("committed", False),
        ("started", True),
    ]


def test_a_retry_of_a_commit_that_was_done_changes_nothing(tmp_path: Path) -> None:
    output = str(tmp_path)
    run = begin_run(output, FILES, NOON)
    staged = stage_all(output, run, 3, ROWS)
    first = commit(output, run, staged, shards=3, counts={"inputs": 2})
    before = snapshot(output)
    assert commit(output, run, staged, shards=3, counts={"inputs": 2}) == first
    assert snapshot(output) == before


def test_a_staged_file_that_vanished_stops_the_commit(tmp_path: Path) -> None:
    output = str(tmp_path)
    run = begin_run(output, FILES, NOON)
    staged = stage_all(output, run, 3, ROWS)
    begin_run(output, FILES, NOON)  # the same run started a second time
    with pytest.raises(OSError, match="Rename"):
        commit(output, run, staged, shards=3, counts={})


def test_a_commit_needs_a_run_that_has_begun(tmp_path: Path) -> None:
    run = begin_run(str(tmp_path / "one"), FILES, NOON)
    with pytest.raises(ValueError, match="no run"):
        commit(str(tmp_path / "two"), run, [], shards=1, counts={})


def test_an_attempt_that_fails_leaves_the_committed_record_alone(tmp_path: Path) -> None:
    output = str(tmp_path)
    attempt(output)
    before = snapshot(output)
    run = begin_run(output, FILES, NEXT_DAY, versions={"model": "newer"})
    stage_all(output, run, 3, {"entities": ROWS["entities"][:1]})
    left = {name: content for name, content in snapshot(output).items() if not name.startswith(layout.STAGING)}
    assert left == before
    assert read_run(output, run.run_id).state == "committed"
    assert "model" not in read_run(output, run.run_id).versions


def test_the_record_tells_all(tmp_path: Path) -> None:
    run = begin_run(str(tmp_path), FILES, NOON, versions={"model": "en-1"})
    staged = stage_all(str(tmp_path), run, 3, ROWS)
    committed = commit(str(tmp_path), run, staged, shards=3, counts={"inputs": 2})
    assert read_run(str(tmp_path), run.run_id) == committed
    assert committed.inputs == tuple(Input(*one) for one in FILES)
    assert committed.state == "committed"
    assert committed.rows == {"entities": 12, "failures": 0}
    assert committed.counts == {"inputs": 2}
    assert committed.versions["model"] == "en-1"
    assert {"dateline", "schema"} <= committed.versions.keys()
    assert [str(tmp_path / path) for path in committed.files] == [str(path) for path in parquet_files(str(tmp_path))]


def staged(table: str, shard: int, rows: int) -> StagedFile:
    return StagedFile(path=f"{table}{shard}", table=table, shard=shard, rows=rows, size=1)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ([], []),
        ([("a", 0, 0)], ["a0"]),
        ([("a", 1, 0), ("a", 0, 0)], ["a0"]),
        ([("a", 0, 0), ("a", 1, 5)], ["a1"]),
        ([("b", 0, 0), ("a", 1, 5), ("a", 0, 1)], ["a0", "a1", "b0"]),
    ],
)
def test_needed_keeps_files_with_rows_or_one_of_an_empty_table(
    given: list[tuple[str, int, int]], kept: list[str]
) -> None:
    assert [one.path for one in needed(staged(*one) for one in given)] == kept


def test_plan_commit_removes_what_this_attempt_does_not_have(tmp_path: Path) -> None:
    run = Run(run_id="r", listing="l", started=NOON)
    old, kept = (
        layout.shard_path("entities", NOON.date(), "r", 0, 4),
        layout.shard_path("entities", NOON.date(), "r", 0, 1),
    )
    manifest = plan_commit(run, [staged("entities", 0, 1)], shards=1, counts={}, present=[old, kept])
    assert manifest.renames == (("entities0", kept, 1),)
    assert manifest.stale == (old,)


def test_failures_of_one_source_stay_in_one_order(tmp_path: Path) -> None:
    rows = [
        Failure(failure_id="f", stage="read", reason="empty", error="E", message=message, source="s")
        for message in ("b", "a")
    ]
    one, two = (stage_shard(str(tmp_path), "r", "failures", 0, order) for order in (rows, rows[::-1]))
    assert files.read_bytes(str(tmp_path / one.path)) == files.read_bytes(str(tmp_path / two.path))


def test_every_table_can_be_written_without_rows(tmp_path: Path) -> None:
    committed = attempt(str(tmp_path), rows={table: [] for table in TABLES})
    assert committed.rows == dict.fromkeys(TABLES, 0)
    assert len(committed.files) == len(TABLES)
