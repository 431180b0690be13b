"""`dateline check DATASET`: what is foreign, linked, doubled or unfinished; the lock; the command itself."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.cli import main
from pipeline.commands.check import is_dataset
from tests import test_check_dataset
from tests.test_check_dataset import (
    NOON,
    counts_of,
    damaged_copies,
    file_of,
    findings,
    hold_together,
    ids_of,
    repaired,
    rows_of,
)
from tests.test_damaged_files import cut, flip
from tests.test_known import committed, made
from transforms.dataset import Run, begin_run, layout, list_runs, lock, trust
from transforms.dataset import memory as snapshot
from transforms.dataset.commit import commit
from transforms.dataset.shards import stage_shard
from transforms.feeds.schedule import from_json
from transforms.records import TABLES
from transforms.stream.commit import commit_tables

whole, out = test_check_dataset.whole, test_check_dataset.out
"""Fixtures: a dataset, and a copy of it."""


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    monkeypatch.setattr(trust, "_warned", set())


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("articles/date=2026-11-22/mine.parquet", b"x"),
        ("articles/notes.txt", b"x"),
        ("articles/date=2026-02-30/4f0c-00000-of-00001.parquet", b"x"),
        ("_dateline/unknown", b"x"),
        ("_dateline/runs/not a run.json", b"{}"),
        ("_dateline/memory/0000000009-4f0c.json", b"["),
        ("_dateline/known/0-9a.segment", b"x"),
        ("_dateline/staging/x/manifest.json", b"{}"),
        ("_dateline/staging/x/manifest.json", b'{"run": null, "renames": [], "stale": ["../x"], "name": "x"}'),
    ],
)
def test_what_is_foreign_or_broken_is_set_aside(path: str, content: bytes, out: Path) -> None:
    before = sorted(ids_of(out))
    (out / path).parent.mkdir(parents=True, exist_ok=True)
    (out / path).write_bytes(content)
    (finding,) = findings(out)
    assert finding.startswith(f"{path}: ")
    assert "--repair sets it aside" in finding
    repaired(out)
    hold_together(out)
    assert ids_of(out) == before
    assert content in damaged_copies(out).values()
    assert not (out / path).exists()


def test_links_and_special_files_are_set_aside_and_what_they_lead_to_stays(out: Path, tmp_path: Path) -> None:
    (tmp_path / "canary").write_text("alive")
    (out / "articles/date=2026-11-22/link.parquet").symlink_to(tmp_path / "canary")
    (out / "_dateline/known").mkdir(exist_ok=True)
    (out / "_dateline/known/link").symlink_to(out / "articles")
    os.mkfifo(out / "_dateline/fifo")
    assert len(findings(out)) == 3
    repaired(out)
    hold_together(out)
    assert (tmp_path / "canary").read_text() == "alive"


@pytest.mark.parametrize("name", ["_dateline", "_dateline/damaged"])
def test_where_our_own_folder_is_a_link_nothing_is_repaired(name: str, out: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    if name == "_dateline":
        (out / name).rename(tmp_path / "outside" / "was")
    (out / name).symlink_to(tmp_path / "outside")
    before = sorted((tmp_path / "outside").rglob("*"))
    assert main(["check", str(out), "--repair"]) == 2
    assert sorted((tmp_path / "outside").rglob("*")) == before


def test_a_file_that_its_runs_record_does_not_list_is_set_aside(out: Path) -> None:
    path = file_of(out, "articles")
    run_id = layout.run_of(path.name)
    shutil.copy(path, path.with_name(f"{run_id}-00001-of-00007.parquet"))
    found = findings(out)
    assert any(f"the record of run {run_id} does not list it" in one for one in found)
    assert any("is also in" in one for one in found)
    repaired(out)
    hold_together(out)


def test_articles_that_are_there_twice_are_named(tmp_path: Path) -> None:
    committed(tmp_path, [1, 2], "a.txt", shards=1)
    committed(tmp_path, [2, 3], "b.txt", shards=1)
    (finding,) = findings(tmp_path)
    assert f"article {made(2).article_id[:16]}... is also in articles/" in finding


def test_a_record_with_other_rows_is_corrected(out: Path) -> None:
    path = next(out.glob("_dateline/runs/*.json"))
    record = json.loads(path.read_text())
    record["rows"]["articles"] += 5
    path.write_text(json.dumps(record))
    (finding,) = findings(out)
    assert "rows of articles, and" in finding
    repaired(out)
    hold_together(out)


def test_a_commit_that_was_cut_short_is_finished(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = begin_run(str(out), [("c.txt", 1, 1.0)], NOON)
    staged = [stage_shard(str(out), given.run_id, "articles", 0, [made(30)])]
    with monkeypatch.context() as patch:
        patch.setattr("transforms.dataset.commit.roll_forward", lambda *_: None)
        commit(str(out), given, staged, shards=1, counts={})
    lock.release(f"{out}/_dateline")
    (finding,) = findings(out)
    assert "a commit that was cut short; the next run, or --repair, finishes it" in finding
    repaired(out)
    assert findings(out) == []
    assert made(30).article_id in ids_of(out)


def test_lost_articles_of_a_stream_make_it_read_everything_again(out: Path) -> None:
    pane = {"start": NOON.isoformat(), "end": NOON.isoformat(), "index": 0, "late": False, "job": "9a3b"}
    given = Run(run_id="20261122T120000Z_9a3b", listing="stream_9a3b", started=NOON, pane=pane)
    rows = rows_of(range(20, 23), "stream")
    commit_tables(str(out), given, rows, counts_of(rows), {"f": {"file": "in/a.txt", "size": 1, "modified": 1.0}})
    cut(next(out.glob("articles/*/20261122T*")))
    done = repaired(out)
    hold_together(out)
    memory = snapshot.read(str(out))
    assert "f" not in memory
    assert from_json(memory["other"]).etag is None
    assert "the inputs of its stream" in done.notes[0]


def test_the_lock_is_respected(out: Path) -> None:
    script = (
        "import sys, time; from transforms.dataset import lock; "
        "lock.hold(sys.argv[1]); print(flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", script, f"{out}/_dateline"], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        cut(file_of(out, "articles"))
        before = sorted(out.rglob("*"))
        assert main(["check", str(out), "--repair"]) == 4
        assert sorted(out.rglob("*")) == before
        assert main(["check", str(out)]) == 1
        process.kill()


def test_what_is_no_dataset_is_refused(tmp_path: Path, capsys: Any) -> None:
    assert main(["check", str(tmp_path)]) == 2
    assert "expected the folder that `dateline run` has written" in capsys.readouterr().err
    assert main(["check", "configs/sample.yaml", "--repair"]) == 2
    assert main(["check", str(tmp_path), "--set", "workers=2"]) == 2
    assert (is_dataset("no-such-folder"), is_dataset("gs://bucket/config.yaml")) == (False, False)


def sorted_rows(folder: Path) -> pa.Table:
    table = pq.read_table(folder)
    return table.sort_by(table.column_names[0])


@pytest.mark.parametrize("damage", [cut, flip])
def test_the_sample_is_whole_again_after_repair_and_a_run(
    damage: Callable[[Path], Any], tmp_path: Path, capsys: Any
) -> None:
    """As a person would do it, with the command."""
    command = [sys.executable, "-m", "pipeline", "run", "configs/sample.yaml", "--output", str(tmp_path)]
    subprocess.run(command, capture_output=True, check=True, timeout=300)
    tables = {
        table: pq.read_table(tmp_path / table).sort_by(pq.read_table(tmp_path / table).column_names[0])
        for table in TABLES
    }
    (before,) = list_runs(str(tmp_path))
    path = next((tmp_path / "articles").glob("*/*.parquet"))
    damage(path)
    assert main(["check", str(tmp_path)]) == 1
    assert f"{path.relative_to(tmp_path)}: " in capsys.readouterr().out
    assert main(["check", str(tmp_path), "--repair"]) == 0
    assert "do it again over" in capsys.readouterr().out
    done = subprocess.run(command, capture_output=True, check=True, timeout=300, text=True)
    assert "already" not in done.stdout
    (after,) = list_runs(str(tmp_path))
    assert (after.rows, after.counts) == (before.rows, before.counts)
    for table, rows in tables.items():
        assert sorted_rows(tmp_path / table).equals(rows), table
    assert main(["check", str(tmp_path)]) == 0
