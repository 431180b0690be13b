"""Compaction keeps every row, is killed at every step, and lets a run replace its own rows as before."""

import dataclasses
import datetime
import json
import os
from pathlib import Path
from typing import Any

import geopandas
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from apache_beam.io.filesystems import FileSystems

from tests.test_commit import Crash, Killed, crash_at_each_step, die, entity, parquet_files, snapshot
from transforms.dataset import DatasetLocked, begin_run, list_runs, lock, read_run
from transforms.dataset import exchange as swap
from transforms.dataset.commit import commit
from transforms.dataset.compact import compact
from transforms.dataset.merged_file import parts_of
from transforms.dataset.runs import Run
from transforms.dataset.shards import shard_of, stage_shard
from transforms.records import Location

NOON = datetime.datetime(2026, 11, 22, 12, tzinfo=datetime.UTC)
TOMORROW = NOON.date() + datetime.timedelta(days=1)


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """A killed process loses nothing that it has written; only a power cut does, and that is not tried here."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


def place(number: int) -> Location:
    return Location(
        location_id=f"l{number:04}", article_id=f"a{number % 5}", start=number, end=number + 1, surface="x",
        kind="name", basis="model", place_id="p", name="x", feature_class="P", feature_code="PPL",
        latitude=number % 90, longitude=-number % 90, uncertainty_km=1.0, score=0.5, gazetteer="g",
    )  # fmt: skip


def rows_of(numbers: range) -> dict[str, list[Any]]:
    return {"entities": list(map(entity, numbers)), "locations": list(map(place, numbers)), "failures": []}


def run(output: str, name: str, numbers: range, *, hour: int = 0, shards: int = 2, only: str = "") -> Run:
    """Carry out a run as Beam would; over a feed if its name is an address."""
    given = begin_run(output, [(name, 1, 1.0)], NOON + datetime.timedelta(hours=hour))
    rows = {table: rows for table, rows in rows_of(numbers).items() if only in ("", table)}
    staged = [
        stage_shard(output, given.run_id, table, shard, [row for row in rows[table] if shard_of(row, shards) == shard])
        for table in rows
        for shard in range(shards)
    ]
    return commit(output, given, staged, shards=shards, counts={"inputs": 1})


def make(output: str) -> None:
    """Three runs of one day, one of them over a feed, and one of the next."""
    run(output, "a.txt", range(0, 10))
    run(output, "https://news.test/feed", range(10, 30), hour=1)
    run(output, "b.txt", range(30, 35), hour=2)
    run(output, "c.txt", range(35, 40), hour=24)


def make_small(output: str) -> None:
    """The least that has everything: files of a run over a feed and of one over a file, and of another day."""
    run(output, "a.txt", range(0, 10), shards=1, only="locations")
    run(output, "https://news.test/feed", range(10, 30), hour=1, shards=1, only="locations")
    run(output, "c.txt", range(35, 40), hour=24, shards=1, only="locations")


def numbers_of(output: str, table: str = "entities") -> list[int]:
    return sorted(n for path in parquet_files(f"{output}/{table}") for n in pq.read_table(path)["start"].to_pylist())


def tables(output: str) -> dict[str, list[str]]:
    """Table -> its rows as text, in a fixed order."""
    names = sorted({path.parts[-3] for path in Path(output).glob("*/date=*/*.parquet")})
    return {
        name: sorted(repr(row) for path in parquet_files(f"{output}/{name}") for row in pq.read_table(path).to_pylist())
        for name in names
    }


def test_a_day_becomes_one_file_a_table_with_the_same_rows(tmp_path: Path) -> None:
    output = str(tmp_path)
    make(output)
    before = tables(output)
    assert len(list(tmp_path.glob("entities/date=2026-11-22/*"))) == 6
    done = compact(output, TOMORROW)
    assert tables(output) == before
    assert [len(list(tmp_path.glob(f"{table}/date=2026-11-22/*"))) for table in before] == [1] * len(before)
    assert len(list(tmp_path.glob("entities/date=2026-11-23/*"))) == 2, "days from `before` on stay"
    assert {merge.table for merge in done.merges} == {"entities", "locations"}
    assert compact(output, TOMORROW).merges == ()


def test_dry_run_changes_nothing_and_says_the_same(tmp_path: Path) -> None:
    output = str(tmp_path)
    make(output)
    before = snapshot(output)
    said = compact(output, TOMORROW, dry_run=True)
    assert snapshot(output) == before
    assert compact(output, TOMORROW) == said


def test_metadata_is_kept_and_points_are_bounded(tmp_path: Path) -> None:
    output = str(tmp_path)
    make(output)
    old = [pq.read_schema(path) for path in tmp_path.glob("locations/date=2026-11-22/*")]
    compact(output, TOMORROW)
    (path,) = tmp_path.glob("locations/date=2026-11-22/*")
    new = pq.read_schema(path)
    assert new.equals(old[0])
    same = {b"description", b"columns", b"dateline_schema", b"dateline_table"}
    assert {key: new.metadata[key] for key in same} == {key: old[0].metadata[key] for key in same}
    assert [field.metadata for field in new] == [field.metadata for field in old[0]]
    boxes = [json.loads(one.metadata[b"geo"])["columns"]["geometry"]["bbox"] for one in old]
    around = [min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes)]
    assert json.loads(new.metadata[b"geo"])["columns"]["geometry"]["bbox"] == around
    frame = geopandas.read_parquet(path)
    assert (frame.crs.to_string(), len(frame)) == ("OGC:CRS84", 35)


def test_rows_of_a_run_stay_together_and_sorted(tmp_path: Path) -> None:
    output = str(tmp_path)
    make(output)
    own = {path.name: pq.read_table(path)["entity_id"].to_pylist() for path in tmp_path.glob("entities/*22/*")}
    compact(output, TOMORROW)
    (path,) = tmp_path.glob("entities/date=2026-11-22/*")
    ids, first = pq.read_table(path)["entity_id"].to_pylist(), 0
    for part in parts_of(path.name, pq.read_metadata(path)):
        assert ids[first : first + part.rows] == own[part.name]
        first += part.rows
    assert first == len(ids)


def test_row_groups_are_filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transforms.dataset.shards.ROW_GROUP_SIZE", 16)
    output = str(tmp_path)
    make(output)
    before = tables(output)
    compact(output, TOMORROW)
    (path,) = tmp_path.glob("entities/date=2026-11-22/*")
    metadata = pq.read_metadata(path)
    assert [metadata.row_group(n).num_rows for n in range(metadata.num_row_groups)] == [16, 16, 3]
    assert tables(output) == before
    run(output, "b.txt", range(30, 35), hour=30)
    assert tables(output) == before, "also from the middle of row groups"


@pytest.mark.parametrize(("name", "numbers"), [("a.txt", range(0, 10)), ("b.txt", range(30, 35))])
def test_a_run_done_again_replaces_its_own_rows_and_no_others(tmp_path: Path, name: str, numbers: range) -> None:
    output = str(tmp_path / "compacted")
    plain = str(tmp_path / "plain")
    for one in (output, plain):
        make(one)
    compact(output, TOMORROW)
    for one in (output, plain):
        run(one, name, range(numbers.start + 2, numbers.stop), hour=40, shards=3)
    assert tables(output) == tables(plain)
    mine = read_run(output, next(r.run_id for r in list_runs(output) if r.inputs[0].uri == name))
    assert {path.name for path in parquet_files(output) if path.name.startswith(mine.run_id)} == {
        path.rpartition("/")[2] for path in mine.files
    }
    for found in list_runs(output):
        assert all((Path(output) / path).exists() for path in found.files), "records say where rows are"


def test_an_attempt_that_fails_after_compaction_loses_nothing(tmp_path: Path) -> None:
    output = str(tmp_path)
    make(output)
    before = tables(output)
    compact(output, TOMORROW)
    begin_run(output, [("a.txt", 1, 1.0)], NOON)  # and then it is killed
    assert tables(output) == before


def test_compacted_files_are_compacted_again(tmp_path: Path) -> None:
    output = str(tmp_path)
    make(output)
    compact(output, TOMORROW)
    run(output, "d.txt", range(50, 60), hour=3)
    before = tables(output)
    compact(output, TOMORROW)
    assert tables(output) == before
    (path,) = tmp_path.glob("entities/date=2026-11-22/*")
    assert len({part.run_id for part in parts_of(path.name, pq.read_metadata(path))}) == 4
    run(output, "b.txt", range(30, 35), hour=50)
    assert tables(output) == before


@pytest.mark.parametrize(("how", "exchanging"), [("before", True), ("half", True), ("half", False), ("behind", False)])
def test_killed_at_any_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str, exchanging: bool) -> None:
    if not exchanging:
        monkeypatch.setattr(swap, "exchange", lambda *_: False)
    make_small(str(tmp_path / "undisturbed"))
    before = tables(str(tmp_path / "undisturbed"))

    def attempt(output: str) -> None:
        compact(output, TOMORROW)

    attempt(str(tmp_path / "undisturbed"))
    expected = names_and_rows(str(tmp_path / "undisturbed"))
    steps = 0
    for output in crash_at_each_step(tmp_path, how, make_small, attempt):
        lock.release(f"{output}/_dateline")
        for table, rows in before.items():
            seen = {repr(row) for path in parquet_files(f"{output}/{table}") for row in pq.read_table(path).to_pylist()}
            assert seen == set(rows), f"rows missing: {output}"
        if steps % 2:
            run(output, "c.txt", range(35, 40), hour=60, shards=1, only="locations")  # any run finishes it first
            assert tables(output) == before, output
        attempt(output)
        assert tables(output) == before, output
        assert names_and_rows(output) == expected, output
        steps += 1
    assert steps > 15


@pytest.mark.parametrize("exchanged", [False, True])
def test_killed_around_the_exchange_of_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exchanged: bool
) -> None:
    output = str(tmp_path / "out")
    make(output)
    before = tables(output)
    real = swap.exchange

    def killed(one: Path, other: Path) -> bool:
        if exchanged:
            real(one, other)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(swap, "exchange", killed)
        with pytest.raises(Killed):
            compact(output, TOMORROW)
    assert tables(output) == before
    run(output, "c.txt", range(35, 40), hour=60)
    assert tables(output) == before
    compact(output, TOMORROW)
    assert tables(output) == before
    assert not list(Path(output).glob("_dateline/staging/*"))


def names_and_rows(output: str) -> dict[str, int]:
    return {str(path.relative_to(output)): pq.read_metadata(path).num_rows for path in parquet_files(output)}


@pytest.mark.parametrize("how", ["before", "half", "behind"])
def test_killed_at_any_step_of_getting_a_runs_files_back(tmp_path: Path, how: str) -> None:
    def prepare(output: str) -> None:
        make_small(output)
        compact(output, TOMORROW)

    def again(output: str) -> None:
        run(output, "a.txt", range(2, 10), hour=70, shards=1, only="locations")

    prepare(str(tmp_path / "undisturbed"))
    again(str(tmp_path / "undisturbed"))
    expected = tables(str(tmp_path / "undisturbed"))
    steps = 0
    for output in crash_at_each_step(tmp_path, how, prepare, again):
        assert {*range(2, 30), *range(35, 40)} <= set(numbers_of(output, "locations")), f"rows missing: {output}"
        again(output)
        assert tables(output) == expected, output
        steps += 1
    assert steps > 15


def test_a_reader_never_sees_a_row_twice_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Looked at before and behind each operation on files, where the system can exchange folders."""
    output = str(tmp_path / "out")
    make(output)
    if not _can_exchange(tmp_path):
        pytest.skip("this file system cannot exchange folders (renameat2), so a reader may see rows twice for a moment")
    seen = []
    crash = Crash(0, "before", die)

    def watching(name: str) -> Any:
        def operation(*args: Any, **kwargs: Any) -> Any:
            seen.append(numbers_of(output) + numbers_of(output, "locations"))
            done = crash.real[name](*args, **kwargs)
            seen.append(numbers_of(output) + numbers_of(output, "locations"))
            return done

        return operation

    for name in crash.real:
        monkeypatch.setattr(FileSystems, name, staticmethod(watching(name)))
    compact(output, TOMORROW)
    assert len(seen) > 20
    assert all(one == [*range(40), *range(40)] for one in seen)


def _can_exchange(folder: Path) -> bool:
    (folder / "one").mkdir()
    (folder / "two").mkdir()
    return swap.exchange(folder / "one", folder / "two")


def test_not_while_a_run_is_writing(tmp_path: Path) -> None:
    output = str(tmp_path)
    make(output)
    pid = os.fork()
    if pid == 0:  # another process than the one that holds the lock
        try:
            compact(output, TOMORROW)
        except DatasetLocked:
            os._exit(7)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
    lock.release(f"{output}/_dateline")


def test_files_of_other_columns_and_of_unknown_runs_are_left_alone(tmp_path: Path) -> None:
    output = str(tmp_path)
    make(output)
    folder = tmp_path / "entities" / "date=2026-11-22"
    first = min(folder.iterdir())
    odd = pq.read_table(first)
    pq.write_table(odd.append_column("more", pa.array([1] * len(odd))), first)
    pq.write_table(odd, folder / "0123456789abcdef-00000-of-00001.parquet")
    compact(output, TOMORROW)
    names = {path.name for path in folder.iterdir()}
    assert {first.name, "0123456789abcdef-00000-of-00001.parquet"} <= names
    assert len(names) == 3


def test_what_killed_runs_left_behind_is_removed(tmp_path: Path) -> None:
    output = str(tmp_path)
    make(output)
    killed = begin_run(output, [("https://news.test/other", None, None)], NOON)
    stage_shard(output, killed.run_id, "entities", 0, [entity(1)])
    assert list(tmp_path.glob("_dateline/staging/*/*.staged"))
    assert compact(output, TOMORROW).left_behind == 1
    assert not list(tmp_path.glob("_dateline/staging/*"))


def test_records_of_runs_over_feeds_are_put_together(tmp_path: Path) -> None:
    output = str(tmp_path)
    for hour in range(4):
        run(output, "https://news.test/feed", range(hour, hour + 1), hour=hour)
    run(output, "a.txt", range(9, 10))
    before = list_runs(output)
    assert compact(output, TOMORROW).records == 4
    assert len(list(tmp_path.glob("_dateline/runs/*.json"))) == 1
    after = list_runs(output)
    assert [dataclass_without_files(one) for one in after] == [dataclass_without_files(one) for one in before]
    assert compact(output, TOMORROW).records == 0
    run(output, "https://news.test/feed", range(4, 5), hour=5)
    compact(output, TOMORROW)
    assert len(list_runs(output)) == 6
    assert numbers_of(output) == [0, 1, 2, 3, 4, 9]


def dataclass_without_files(one: Run) -> Run:
    return dataclasses.replace(one, files=())


def test_no_dataset(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="expected the folder of a Dateline dataset"):
        compact(str(tmp_path), TOMORROW)
