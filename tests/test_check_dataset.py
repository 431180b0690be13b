"""`dateline check DATASET` names each kind of damage; --repair leaves a dataset that is read and adds up."""

import contextlib
import dataclasses
import datetime
import gzip
import json
import os
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from apache_beam.io.filesystems import FileSystems

from pipeline.cli import main
from pipeline.launch.totals import adds_up
from tests.helpers.files import contents
from tests.test_compact import place
from tests.test_damaged_files import cut, flip, foreign
from tests.test_known import made
from transforms.dataset import Run, begin_run, layout, list_runs, lock, trust
from transforms.dataset import memory as snapshot
from transforms.dataset.check import scan
from transforms.dataset.commit import commit
from transforms.dataset.compact import compact
from transforms.dataset.repair import repair
from transforms.dataset.shards import shard_of, stage_shard
from transforms.deduplicate.segments import check_segment
from transforms.failures import BadRecord, Reason, failure_from
from transforms.feeds.schedule import FeedState, from_json, key_of, to_json
from transforms.read.memory import forget_inputs
from transforms.records import TABLES

NOON = datetime.datetime(2026, 11, 22, 12, tzinfo=datetime.UTC)
TOMORROW = NOON.date() + datetime.timedelta(days=1)
FEED = "https://news.test/feed"
SHARDS = 2


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    monkeypatch.setattr(trust, "_warned", set())


def rows_of(numbers: range, name: str) -> dict[str, list[Any]]:
    """Articles, each with two places; and a failure."""
    articles = [dataclasses.replace(made(number), extraction="extracted") for number in numbers]
    places = [
        dataclasses.replace(place(number), article_id=one.article_id, location_id=f"{one.article_id}{number}")
        for one in articles
        for number in (1, 2)
    ]
    failure = failure_from(BadRecord(Reason.EMPTY, "nothing"), stage="read", source=f"{name}#99")
    return {"articles": articles, "entities": [], "locations": places, "failures": [failure]}


def counts_of(rows: dict[str, list[Any]]) -> dict[str, int]:
    number = len(rows["articles"])
    return {
        "inputs": number + 3, "articles": number, "articles.extracted": number, "failures": 1, "failures.empty": 1,
        "duplicates": 2, "duplicates.same_article": 2,
    }  # fmt: skip


def run(output: Path, name: str, numbers: range, hour: int = 0) -> Run:
    """Carry out a run as Beam would."""
    given = begin_run(str(output), [(name, 1, 1.0)], NOON + datetime.timedelta(hours=hour))
    rows = rows_of(numbers, name)
    staged = [
        stage_shard(
            str(output), given.run_id, table, shard, [one for one in rows[table] if shard_of(one, SHARDS) == shard]
        )
        for table in rows
        for shard in range(SHARDS)
    ]
    extras = []
    if name == FEED:
        state = FeedState(key=key_of(FEED), shown=FEED, etag="e", entries=("1", "2"), asked=NOON, due=NOON, body="b")
        other = FeedState(key="other", shown="https://other.test/", etag="e", asked=NOON, due=NOON)
        memory = [(one.key, to_json(one)) for one in (state, other)]
        extras = [snapshot.stage((0, memory), str(output), given.run_id)]
    done = commit(str(output), given, staged, shards=SHARDS, counts=counts_of(rows), extras=extras)
    lock.release(f"{output}/_dateline")
    return done


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a dataset of two runs over files and one over a feed."""
    output = tmp_path_factory.mktemp("whole")
    run(output, "a.txt", range(0, 8))
    run(output, FEED, range(8, 14))
    run(output, "b.txt", range(14, 18))
    return output


@pytest.fixture(scope="module")
def compacted(whole: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the same, compacted; the record of the run over a feed is in a month's file."""
    output = tmp_path_factory.mktemp("compacted") / "out"
    shutil.copytree(whole, output)
    compact(str(output), TOMORROW)
    return output


@pytest.fixture
def out(whole: Path, tmp_path: Path) -> Path:
    return shutil.copytree(whole, tmp_path / "out")


@pytest.fixture
def merged(compacted: Path, tmp_path: Path) -> Path:
    return shutil.copytree(compacted, tmp_path / "out")


def file_of(output: Path, table: str, name: str = "a.txt", shard: int = 0) -> Path:
    """Return the path of a file of a run."""
    found = next(one for one in list_runs(str(output)) if [given.uri for given in one.inputs] == [name])
    (path,) = [one for one in found.files if one.startswith(table) and f"-{shard:05}-of" in one]
    return output / path


def compacted_file(output: Path, table: str) -> Path:
    (path,) = (output / table).glob("date=*/compacted-*.parquet")
    return path


def ids_of(output: Path, table: str = "articles", column: str = "article_id") -> list[str]:
    paths = sorted((output / table).glob("date=*/*.parquet"))
    return sorted(one for path in paths for one in pq.read_table(path)[column].to_pylist())


def findings(output: Path) -> list[str]:
    return [str(one) for one in scan(str(output), check_segment).findings]


def repaired(output: Path) -> Any:
    return repair(str(output), NOON, check_segment, forget_inputs)


def hold_together(output: Path) -> None:
    """Nothing is wrong any more, the totals add up, and no row is without its article."""
    assert findings(output) == []
    runs = list_runs(str(output))
    assert all(adds_up(one) for one in runs)
    rows: Counter[str] = Counter()
    for one in runs:
        kinds = one.counts.get("articles", 0), one.rows["articles"], one.counts.get("articles.extracted", 0)
        assert len({*kinds}) == 1
        assert one.counts.get("failures", 0) == one.rows.get("failures", 0)
        rows.update(one.rows)
    assert {table: ds.dataset(output / table).count_rows() for table in TABLES if (output / table).exists()} == {
        table: rows[table] for table in TABLES if (output / table).exists()
    }
    assert {*ids_of(output, "locations")} <= {*ids_of(output)}


def damaged_copies(output: Path) -> dict[str, bytes]:
    folder = output / layout.DAMAGED
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_sound_datasets_have_no_findings(whole: Path, compacted: Path, capsys: Any) -> None:
    for output in (whole, compacted):
        assert main(["check", str(output)]) == 0
        assert capsys.readouterr().out.endswith("3 runs, 57 rows that can be read: sound\n")
    assert ids_of(whole) == ids_of(compacted)


DAMAGE: dict[str, tuple[str, Callable[[Path], Any], str]] = {
    "articles cut": ("articles", cut, "the end of the Parquet file is missing"),
    "articles with damaged pages": ("articles", flip, ""),
    "articles with other columns": ("articles", foreign, "no column 'article_id'"),
    "articles empty": ("articles", lambda path: path.write_bytes(b""), "0 bytes; expected a Parquet file"),
    "articles missing": ("articles", Path.unlink, "missing; the record of run"),
    "locations cut": ("locations", cut, "the end of the Parquet file is missing"),
    "locations missing": ("locations", Path.unlink, "missing; the record of run"),
    "failures cut": ("failures", cut, "the end of the Parquet file is missing"),
}


@pytest.mark.parametrize("case", DAMAGE)
def test_a_damaged_file_of_a_run_over_files_is_back_when_the_run_is_done_again(case: str, out: Path) -> None:
    table, damage, said = DAMAGE[case]
    before = {name: ids_of(out, name, column) for name, column in (("articles", "article_id"), ("failures", "source"))}
    places = ids_of(out, "locations")
    totals = [(one.rows, one.counts) for one in list_runs(str(out))]
    path = file_of(out, table, shard=0 if file_of_exists(out, table, 0) else 1)
    damage(path)
    content = path.read_bytes() if path.exists() else None
    (finding,) = findings(out)
    assert finding.startswith(f"{path.relative_to(out)}: {said}")

    done = repaired(out)
    hold_together(out)
    if content is not None:
        assert content in damaged_copies(out).values()
    (note,) = done.notes
    assert "do it again over a.txt; it replaces its rows, and all are back" in note

    run(out, "a.txt", range(0, 8))
    hold_together(out)
    assert {
        name: ids_of(out, name, column) for name, column in (("articles", "article_id"), ("failures", "source"))
    } == before
    assert ids_of(out, "locations") == places
    assert [(one.rows, one.counts) for one in list_runs(str(out))] == totals


def file_of_exists(output: Path, table: str, shard: int) -> bool:
    found = next(one for one in list_runs(str(output)) if [given.uri for given in one.inputs] == ["a.txt"])
    return any(one.startswith(table) and f"-{shard:05}-of" in one for one in found.files)


def test_lost_articles_of_a_feed_are_asked_for_again_and_others_are_not(out: Path) -> None:
    path = file_of(out, "articles", FEED)
    lost = pq.read_table(path)["article_id"].to_pylist()
    cut(path)
    done = repaired(out)
    hold_together(out)
    assert not {*lost} & {*ids_of(out)}
    memory = snapshot.read(str(out))
    feed, other = (from_json(memory[key]) for key in (key_of(FEED), "other"))
    assert (feed.etag, feed.body, feed.entries, other.etag) == (None, None, (), "e")
    assert f"({FEED})" in done.notes[0]
    assert "those that its feeds no longer list are not" in done.notes[0]
    assert done.notes[1] == "1 feeds and files are read in full again, although they may be as they were"
    memories = [name for name in damaged_copies(out) if "memory" in name]
    assert len(memories) == 1


def test_lost_places_of_a_feed_are_said_not_to_come_back(out: Path) -> None:
    cut(file_of(out, "locations", FEED))
    done = repaired(out)
    hold_together(out)
    assert "they do not come back" in done.notes[0]
    assert from_json(snapshot.read(str(out))[key_of(FEED)]).etag == "e"


@pytest.mark.parametrize("damage", [cut, flip])
def test_a_damaged_compacted_file_takes_the_places_of_its_articles_along(
    damage: Callable[[Path], Any], merged: Path
) -> None:
    before, places = ids_of(merged), ids_of(merged, "locations")
    damage(compacted_file(merged, "articles"))
    done = repaired(merged)
    hold_together(merged)
    assert ids_of(merged) == []
    assert len([note for note in done.notes if "do it again over" in note]) == 2
    assert "1 feeds and files are read in full again" in done.notes[-1]
    run(merged, "a.txt", range(0, 8))
    run(merged, "b.txt", range(14, 18))
    run(merged, FEED, range(8, 14), hour=1)
    assert findings(merged) == []
    assert (ids_of(merged), ids_of(merged, "locations")) == (before, places)


class Killed(BaseException):
    """Stands for SIGKILL."""


@pytest.mark.parametrize("step", range(1, 24))
def test_a_repair_that_was_killed_is_finished_by_the_next(
    step: int, merged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed before each of the operations that move or put files in place."""
    before = set(contents(merged).values())
    cut(compacted_file(merged, "articles"))
    damaged = compacted_file(merged, "articles").read_bytes()
    left = [step]

    def dying(real: Callable[..., Any]) -> Callable[..., Any]:
        def operation(*args: Any, **kwargs: Any) -> Any:
            left[0] -= 1
            if not left[0]:
                raise Killed
            return real(*args, **kwargs)

        return operation

    with monkeypatch.context() as patch:
        for owner, name in ((Path, "rename"), (Path, "hardlink_to"), (FileSystems, "rename"), (FileSystems, "delete")):
            patch.setattr(owner, name, dying(getattr(owner, name)))
        with contextlib.suppress(Killed):
            repaired(merged)
    lock.release(f"{merged}/_dateline")
    repair(str(merged), NOON + datetime.timedelta(hours=1), check_segment, forget_inputs)
    hold_together(merged)
    assert from_json(snapshot.read(str(merged))[key_of(FEED)]).etag is None
    assert ids_of(merged) == []
    assert damaged in contents(merged).values()
    places = pq.read_table(next(merged.rglob("damaged/*/locations/date=*/compacted-*.parquet.aside")))
    assert places.num_rows == 36
    assert len(before & set(contents(merged).values())) >= len(before) - 3  # articles; what names them now


def test_places_of_lost_articles_leave_a_compacted_file_alone(merged: Path) -> None:
    """A run's own file beside compacted ones: of the compacted places only its parts go."""
    places = compacted_file(merged, "locations")
    run(merged, "a.txt", range(0, 8))  # has its own files again
    new = compacted_file(merged, "locations")
    assert new != places
    path = next((merged / "articles/date=2026-11-22").glob("compacted-*"))
    cut(path)
    repaired(merged)
    hold_together(merged)
    assert ids_of(merged) == sorted(made(number).article_id for number in range(8))


def test_a_lost_record_is_made_again_from_the_files_of_its_run(out: Path) -> None:
    before = next(one for one in list_runs(str(out)) if one.inputs[0].uri == "a.txt")
    path = out / layout.record_path(before.run_id)
    path.write_bytes(b"")
    assert any(one.startswith(f"_dateline/runs/{before.run_id}.json: empty; expected JSON") for one in findings(out))
    done = repaired(out)
    hold_together(out)
    after = next(one for one in list_runs(str(out)) if one.run_id == before.run_id)
    assert (after.started, {*after.files}) == (before.started, {*before.files})
    assert {table: after.rows.get(table, 0) for table in before.rows} == before.rows
    assert after.counts == {
        name: number for name, number in before.counts.items() if name.partition(".")[0] != "duplicates"
    } | {"inputs": 9}
    assert "its record was made again" in done.notes[0]
    again = run(out, "a.txt", range(0, 8))
    hold_together(out)
    assert (again.inputs, again.listing, again.counts) == (before.inputs, before.listing, before.counts)


def test_damaged_records_of_a_month_are_made_again(merged: Path) -> None:
    path = merged / layout.history_path("2026-11")
    content = gzip.decompress(path.read_bytes())
    path.write_bytes(gzip.compress(content + b'{"run_id": '))
    assert len(findings(merged)) == 1
    repaired(merged)
    hold_together(merged)
    assert gzip.decompress(path.read_bytes()) == content
    path.write_bytes(b"not gzip")
    assert len(findings(merged)) > 1
    repaired(merged)
    hold_together(merged)
    assert len(list_runs(str(merged))) == 3


def test_what_is_set_aside_is_in_no_query(out: Path) -> None:
    path = file_of(out, "articles")
    cut(path)
    (path.parent.parent / "date=odd").mkdir()
    (path.parent.parent / "date=odd/x.parquet").write_bytes(b"PAR1")
    content = path.read_bytes()
    repaired(out)
    assert content in damaged_copies(out).values()
    assert not [one for one in out.rglob("*.parquet") if "damaged" in one.parts]


@pytest.mark.parametrize(
    ("table", "other", "said"),
    [
        ("articles", "locations", "column 'location_id' is one of locations; expected those of articles"),
        ("locations", "articles", "no column 'location_id'"),
    ],
)
def test_a_file_of_another_table_is_set_aside(table: str, other: str, said: str, out: Path) -> None:
    path = file_of(out, table)
    shutil.copyfile(file_of(out, other), path)
    assert any(said in one or "expected those of" in one for one in findings(out))
    repaired(out)
    hold_together(out)


def test_a_link_that_leads_nowhere_is_found(out: Path) -> None:
    link = out / "articles/date=2026-11-22/4f0c-00000-of-00001.parquet"
    link.symlink_to("gone")
    assert [one.split(";")[0] for one in findings(out)] == [f"{link.relative_to(out)}: a link that leads nowhere"]
    repaired(out)
    assert findings(out) == []


def test_a_file_that_a_run_replaces_during_the_check_is_no_error(out: Path) -> None:
    def gone(path: str) -> None:
        raise FileNotFoundError(path)

    (out / "_dateline/known").mkdir(exist_ok=True)
    (out / "_dateline/known/0-3a.segment").write_bytes(b"")
    assert scan(str(out), gone).findings == []


@pytest.mark.parametrize("run_id", ["../x", "\0"])
def test_a_record_in_a_month_that_leads_elsewhere_is_set_aside(run_id: str, merged: Path) -> None:
    (path,) = merged.glob("_dateline/history/*.gz")
    records = [{**json.loads(line), "run_id": run_id} for line in gzip.decompress(path.read_bytes()).splitlines()]
    path.write_bytes(gzip.compress("".join(json.dumps(one) + "\n" for one in records).encode()))
    repaired(merged)
    assert findings(merged) == []
    assert list_runs(str(merged))
