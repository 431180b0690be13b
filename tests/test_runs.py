"""When two runs are the same run, and what stops one before it begins."""

import datetime
import os
from pathlib import Path
from typing import Any

import pytest

from transforms.dataset import begin_run, list_runs, read_run
from transforms.dataset.commit import commit

NOON = datetime.datetime(2026, 11, 22, 12, tzinfo=datetime.UTC)
NEXT_DAY = NOON + datetime.timedelta(days=1)
FILES = [("a.txt", 10, 1.5), ("b.txt", 20, 2.5)]
FEED = [("https://example.org/feed.xml", None, None)]


def test_a_run_started_again_keeps_its_id_and_time(tmp_path: Path) -> None:
    first = begin_run(str(tmp_path), FILES, NOON)
    again = begin_run(str(tmp_path), FILES[::-1], NEXT_DAY)
    assert (again.run_id, again.started, again.date) == (first.run_id, NOON, NOON.date())
    assert len(first.run_id) >= 12


@pytest.mark.parametrize(
    "changed",
    [
        [("a.txt", 11, 1.5), ("b.txt", 20, 2.5)],
        [("a.txt", 10, 1.25), ("b.txt", 20, 2.5)],
        [("a.txt", 10, 1.5)],
        [("A.txt", 10, 1.5), ("b.txt", 20, 2.5)],
    ],
)
def test_changed_inputs_are_another_run(tmp_path: Path, changed: list[Any]) -> None:
    assert begin_run(str(tmp_path), FILES, NOON).run_id != begin_run(str(tmp_path), changed, NOON).run_id


def test_a_feed_read_again_is_another_run_unless_the_last_never_finished(tmp_path: Path) -> None:
    output = str(tmp_path)
    unfinished = begin_run(output, FEED, NOON)
    finished = commit(output, begin_run(output, FEED, NEXT_DAY), [], shards=1, counts={})
    assert (finished.run_id, finished.started) == (unfinished.run_id, NOON)
    assert begin_run(output, FEED, NEXT_DAY).run_id != finished.run_id


def test_runs_are_listed_oldest_first(tmp_path: Path) -> None:
    later = begin_run(str(tmp_path), FILES, NEXT_DAY)
    first = begin_run(str(tmp_path), FILES[:1], NOON)
    assert [run.run_id for run in list_runs(str(tmp_path))] == [first.run_id, later.run_id]
    assert list_runs(str(tmp_path / "none")) == []


def test_no_such_run(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no run 'none'"):
        read_run(str(tmp_path), "none")


def test_an_output_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    output = str(tmp_path / "file" / "out")
    with pytest.raises(ValueError, match=r"output: got '.*file/out'; expected a folder that .*Not a directory"):
        begin_run(output, FILES, NOON)


@pytest.mark.parametrize("output", ["", "out/*", "out[1]", "what?"])
def test_an_output_that_is_a_pattern_is_refused(output: str) -> None:
    with pytest.raises(ValueError, match=r"output: got .*; expected a folder"):
        begin_run(output, FILES, NOON)


def test_an_unknown_scheme_is_refused() -> None:
    with pytest.raises(ValueError, match="nowhere://out"):
        begin_run("nowhere://out", FILES, NOON)


def test_a_time_without_a_zone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"now: got .*; expected a time with its zone"):
        begin_run(str(tmp_path), FILES, NOON.replace(tzinfo=None))


def test_of_many_runs_the_last_can_be_listed_alone(tmp_path: Path) -> None:
    output = str(tmp_path)
    for number in range(4):
        begin_run(output, [(f"{number}.txt", 1, 1.0)], NOON + datetime.timedelta(hours=number))
    assert [run.inputs[0].uri for run in list_runs(output)] == ["0.txt", "1.txt", "2.txt", "3.txt"]
    for number, path in enumerate(sorted(tmp_path.glob("_dateline/runs/*.json"))):
        os.utime(path, (number, number))
    assert len(list_runs(output, newest=2)) == 2
    last = max(tmp_path.glob("_dateline/runs/*.json"), key=lambda path: path.stat().st_mtime)
    assert [run.run_id for run in list_runs(output, newest=1)] == [last.stem]
