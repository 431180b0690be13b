"""A dataset from somebody else: nothing outside of it is changed, and no damaged file of another run stops a run."""

import datetime
import gzip
import json
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.cli import main
from tests.test_known import committed
from transforms.dataset import begin_run, list_runs, lock, trust
from transforms.dataset.compact import compact
from transforms.dataset.trust import DamagedFile, UntrustedDataset

NOON = datetime.datetime(2026, 11, 22, 12, tzinfo=datetime.UTC)
TOMORROW = NOON.date() + datetime.timedelta(days=1)
SHARD = "articles/date=2026-11-22/4f0c-00000-of-00001.parquet"
RUN = {
    "run_id": "4f0c", "listing": "", "started": NOON.isoformat(), "state": "committed", "inputs": [], "files": [SHARD],
}  # fmt: skip


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    monkeypatch.setattr(trust, "_warned", set())
    monkeypatch.setattr(logging.getLogger("dateline"), "propagate", True)  # a command of another test may print them


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    """Return the path of a file next to the dataset."""
    path = tmp_path / "outside" / "canary"
    path.parent.mkdir()
    path.write_text("alive")
    return path


def write(path: Path, content: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return path


def begin(output: str) -> None:
    begin_run(output, [("mine.txt", 1, 1.0)], NOON)


def begin_feed(output: str) -> None:
    begin_run(output, [("https://news.test/feed", None, None)], NOON)


def start_stream(output: str) -> None:
    """Do what `dateline stream` does before its first window."""
    from pipeline.launch.stream import _begin
    from transforms.stream import Job

    class Settings:
        pass

    settings: Any = Settings()
    settings.output = output
    settings.launch = type("Launch", (), {"runner": "PrismRunner"})
    settings.options = None
    _begin(settings, Job(output=output, job_id="4f0c9a3b", started=NOON))


def start_compaction(output: str) -> None:
    compact(output, TOMORROW)


STARTS: list[Callable[[str], None]] = [begin, begin_feed, start_stream, start_compaction]


def contents(folder: Path) -> dict[str, bytes | str]:
    """Return every file of a folder, and where its links lead."""
    return {
        str(path.relative_to(folder)): str(path.readlink()) if path.is_symlink() else path.read_bytes()
        for path in folder.rglob("*")
        if path.is_symlink() or path.is_file()
    }


def manifest(renames: Any = (), stale: Any = (), name: Any = "x", run: Any = None) -> dict[str, Any]:
    return {"run": run, "renames": renames, "stale": stale, "name": name}


OUTSIDE = "../outside/canary"
STAGED = "_dateline/staging/x/a.staged"
HOSTILE_MANIFESTS: dict[str, dict[str, Any]] = {
    "deletes by ..": manifest(stale=[OUTSIDE]),
    "deletes by an absolute path": manifest(stale=["/CANARY"]),
    "deletes by .. within the layout": manifest(stale=["articles/date=2026-11-22/../../" + OUTSIDE]),
    "deletes by a backslash": manifest(stale=["..\\outside\\canary"]),
    "deletes by a scheme": manifest(stale=["file:///CANARY"]),
    "deletes by NUL": manifest(stale=[f"{SHARD}\0"]),
    "deletes by a pattern": manifest(stale=["articles/date=*/*.parquet"]),
    "deletes a folder": manifest(stale=["articles"]),
    "deletes what is not a date": manifest(stale=["articles/date=2026-13-45/4f0c-00000-of-00001.parquet"]),
    "deletes a record": manifest(stale=["_dateline/runs/4f0c.json"]),
    "overwrites": manifest(renames=[[STAGED, OUTSIDE, 5]]),
    "overwrites by an absolute path": manifest(renames=[[STAGED, "/CANARY", 5]]),
    "moves in": manifest(renames=[[OUTSIDE, SHARD, 5]]),
    "moves what another run has staged": manifest(renames=[["_dateline/staging/y/a.staged", SHARD, 5]]),
    "moves what is not staged": manifest(renames=[[SHARD, SHARD, 5]]),
    "writes another run's file": manifest(renames=[[STAGED, SHARD, 5]], run={**RUN, "run_id": "x", "files": []}),
    "has the name of another folder": manifest(name="y"),
    "has the name ..": manifest(name="../.."),
    "has the run of another folder": manifest(name="", run={**RUN, "files": []}),
    "its run has the name ..": manifest(name="x", run={**RUN, "run_id": "../../outside/canary"}),
    "its run has files elsewhere": manifest(name="x", run={**RUN, "run_id": "x", "files": [OUTSIDE]}),
}


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("case", HOSTILE_MANIFESTS)
def test_a_manifest_that_leads_elsewhere_is_refused_and_nothing_is_changed(
    case: str, start: Callable[[str], None], tmp_path: Path, canary: Path
) -> None:
    out = tmp_path / "out"
    text = json.dumps(HOSTILE_MANIFESTS[case]).replace("/CANARY", str(canary))
    write(out / "_dateline/staging/x/manifest.json", text.encode())
    write(out / STAGED, b"evil!")
    write(out / "_dateline/staging/y/a.staged", b"evil!")
    write(out / "_dateline/runs/4f0c.json", RUN)
    write(out / SHARD, b"rows!")
    before = contents(tmp_path)
    with pytest.raises(
        Exception, match=r"staging/x/manifest\.json: got .*; expected .*`dateline check DATASET`"
    ) as error:
        start(str(out))
    assert type(error.value).__name__ in ("UntrustedDataset", "ConfigurationError")
    assert contents(tmp_path) == before
    assert canary.read_text() == "alive"


def test_the_command_ends_with_2_and_names_the_manifest(tmp_path: Path, canary: Path, capsys: Any) -> None:
    write(tmp_path / "out/_dateline/staging/x/manifest.json", manifest(stale=[OUTSIDE]))
    assert main(["run", "configs/sample.yaml", "--output", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert "write.output: " in said
    assert f"staging/x/manifest.json: got '{OUTSIDE}'" in said
    assert canary.read_text() == "alive"


BROKEN_MANIFESTS: dict[str, bytes] = {
    "empty": b"",
    "cut": b'{"run": null, "renames": [["_date',
    "not an object": b"5",
    "not UTF-8": b'{"run": "\xff\xfe"}',
    "nested deeply": b"[" * 50_000 + b"]" * 50_000,
    "many objects": b"[" + b"[]," * 100_000 + b"[]]",
    "a size that is not a number": b'{"run": null, "stale": [], "renames": [["a", "b", NaN]]}',
    "a size below zero": b'{"run": null, "stale": [], "renames": [["a", "b", -1]]}',
    "a size of many digits": b'{"run": null, "stale": [], "renames": [["a", "b", 1%s]]}' % (b"0" * 5000),
    "a size that is true": b'{"run": null, "stale": [], "renames": [["a", "b", true]]}',
    "paths that are numbers": b'{"run": null, "renames": [], "stale": [1]}',
    "paths that are objects": b'{"run": null, "renames": {"a": 1}, "stale": []}',
    "a run that is a list": b'{"run": [], "renames": [], "stale": []}',
    "no stale": b'{"run": null, "renames": []}',
    "missing files": json.dumps(manifest(renames=[["_dateline/staging/z/b.staged", SHARD, 5]], name="z")).encode(),
    "a staged file that was cut": json.dumps(
        manifest(renames=[["_dateline/staging/z/a.staged", SHARD, 50]], name="z")
    ).encode(),
}


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("case", BROKEN_MANIFESTS)
def test_a_broken_manifest_is_named_and_left_alone(
    case: str, start: Callable[[str], None], tmp_path: Path, caplog: Any
) -> None:
    out = tmp_path / "out"
    write(out / "_dateline/staging/z/a.staged", b"rows!")
    write(out / "_dateline/runs/4f0c.json", {**RUN, "files": []})
    path = write(out / "_dateline/staging/z/manifest.json", BROKEN_MANIFESTS[case])
    with caplog.at_level(logging.WARNING, "dateline"):
        start(str(out))
    assert path.read_bytes() == BROKEN_MANIFESTS[case]
    assert (out / "_dateline/staging/z/a.staged").exists()
    assert [one for one in caplog.messages if str(path) in one and "dateline check" in one] == caplog.messages
    assert len(caplog.messages) == 1


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize(
    ("link", "target"),
    [
        ("_dateline", "outside"),
        ("_dateline/staging", "outside"),
        ("_dateline/runs", "outside"),
        ("_dateline/stop", "outside/canary"),
        ("_dateline/memory/0000000001-4f0c.json", "outside/canary"),
        ("_dateline/stream", "out/articles"),
        ("articles", "outside"),
        ("articles/date=2026-11-22", "outside"),
        (SHARD, "outside/canary"),
        ("archive", "outside"),
        ("entities", "nowhere"),
    ],
)
def test_links_that_leave_the_dataset_are_refused(
    link: str, target: str, start: Callable[[str], None], tmp_path: Path, canary: Path
) -> None:
    out = tmp_path / "out"
    (out / link).parent.mkdir(parents=True, exist_ok=True)
    if link != "_dateline":
        write(out / "_dateline/known/0-9a.segment", b"")
    (out / link).symlink_to(tmp_path / target)
    write(tmp_path / "outside/runs/4f0c.json", RUN)
    before = contents(tmp_path)
    with pytest.raises(Exception, match=r"got 'a link to .*'; expected|expected the folder of a Dateline dataset"):
        start(str(out))
    assert contents(tmp_path) == before


def test_a_dataset_may_be_a_link_and_have_links_within_itself(tmp_path: Path) -> None:
    committed(tmp_path / "real", range(3), "a.txt", shards=1)
    (tmp_path / "real/articles/date=2026-11-22").rename(tmp_path / "real/articles/kept")
    (tmp_path / "real/articles/date=2026-11-22").symlink_to("kept")
    (tmp_path / "out").symlink_to(tmp_path / "real")
    lock.release(str(tmp_path / "real/_dateline"))
    begin(str(tmp_path / "out"))
    assert len(list_runs(str(tmp_path / "real"))) == 2


def test_a_fifo_does_not_stop_a_run_for_ever(tmp_path: Path) -> None:
    (tmp_path / "_dateline/runs").mkdir(parents=True)
    os.mkfifo(tmp_path / "_dateline/runs/4f0c.json")
    with pytest.raises(UntrustedDataset, match="got 'a special file'; expected a regular file"):
        begin(str(tmp_path))


HOSTILE_RECORDS: dict[str, Any] = {
    "files elsewhere": {**RUN, "files": [OUTSIDE]},
    "files by an absolute path": {**RUN, "files": ["/etc/passwd"]},
    "files that are records": {**RUN, "files": ["_dateline/runs/4f0c.json"]},
    "another run's id": {**RUN, "run_id": "9a3b"},
    "an id that is a path": {**RUN, "run_id": "../4f0c"},
}
BROKEN_RECORDS: dict[str, bytes] = {
    "empty": b"",
    "cut": b'{"run_id": "4f',
    "not UTF-8": b"\xff\xfe{}",
    "nested deeply": b"[" * 50_000,
    "a list": b"[]",
    "no time": json.dumps({**RUN, "started": "yesterday"}).encode(),
    "a time without a zone": json.dumps({**RUN, "started": "2026-11-22T12:00:00"}).encode(),
    "no files": json.dumps({key: value for key, value in RUN.items() if key != "files"}).encode(),
    "a state of its own": json.dumps({**RUN, "state": ["committed"]}).encode(),
    "rows that are not numbers": json.dumps({**RUN, "rows": {"articles": "many"}}).encode(),
    "counts that are NaN": json.dumps({**RUN, "counts": {"inputs": float("nan")}}).encode(),
    "inputs that are numbers": json.dumps({**RUN, "inputs": [1]}).encode(),
}


@pytest.mark.parametrize("case", HOSTILE_RECORDS)
def test_a_record_that_names_what_is_elsewhere_is_refused(case: str, tmp_path: Path, canary: Path) -> None:
    path = write(tmp_path / "out/_dateline/runs/4f0c.json", HOSTILE_RECORDS[case])
    before = contents(tmp_path)
    for start in (begin_feed, start_compaction):
        with pytest.raises(UntrustedDataset, match=r"runs/4f0c\.json: got "):
            start(str(tmp_path / "out"))
    assert contents(tmp_path) == before
    history = tmp_path / "out/_dateline/history/2026-11.jsonl.gz"
    path.unlink()
    if case != "another run's id":
        write(history, gzip.compress(json.dumps(HOSTILE_RECORDS[case]).encode()))
        with pytest.raises(UntrustedDataset, match=r"history/2026-11\.jsonl\.gz: got "):
            start_compaction(str(tmp_path / "out"))


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("case", BROKEN_RECORDS)
def test_a_broken_record_of_another_run_is_named_and_left_out(
    case: str, start: Callable[[str], None], tmp_path: Path, caplog: Any
) -> None:
    path = write(tmp_path / "_dateline/runs/4f0c.json", BROKEN_RECORDS[case])
    start(str(tmp_path))
    assert path.read_bytes() == BROKEN_RECORDS[case]
    with caplog.at_level(logging.WARNING, "dateline"):
        assert [run.run_id for run in list_runs(str(tmp_path)) if run.run_id == "4f0c"] == []
    if start in (begin_feed, start_compaction):  # the others do not read the records of other runs
        assert str(path) in caplog.text


def test_a_runs_own_record_that_is_broken_is_one_clear_error(tmp_path: Path) -> None:
    begin(str(tmp_path))
    (path,) = tmp_path.glob("_dateline/runs/*.json")
    path.write_bytes(b"")
    with pytest.raises(DamagedFile, match=rf"{path}: empty; expected JSON; `dateline check DATASET --repair`"):
        begin(str(tmp_path))
