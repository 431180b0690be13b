"""The whole chain: the command as a user types it, the Parquet read back."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import psutil
import pyarrow.dataset as ds
import pytest

from benchmarks.kills import command, dataset, kill_after, rows
from benchmarks.throughput import articles
from transforms.dataset import list_runs
from transforms.records import TABLES

COMMAND = [sys.executable, "-m", "pipeline"]


def dateline(*arguments: str, check: int | None = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=300)
    assert check is None or done.returncode == check, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    """Return the sample run's output folder and what it printed."""
    output = tmp_path_factory.mktemp("sample")
    return output, dateline("run", "configs/sample.yaml", "--output", str(output)).stdout


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """Return a file of made-up articles, long enough to be interrupted."""
    file = tmp_path_factory.mktemp("many") / "many.jsonl"
    file.write_text("".join(json.dumps(article) + "\n" for article in articles(150)))
    return file


@pytest.fixture(scope="module")
def undisturbed(many, tmp_path_factory):
    output = tmp_path_factory.mktemp("undisturbed")
    dateline("run", "configs/sample.yaml", "--input", str(many), "--output", str(output))
    return dataset(output)


def test_sample_run_adds_up(sample):
    output, said = sample
    (run,) = list_runs(str(output))
    counts = run.counts
    assert counts["inputs"] == counts["articles"] + counts["duplicates"] + counts["failures"]
    assert counts["duplicates"] >= 1
    assert counts["failures"] >= 2
    assert {table: len(rows(output, table)) for table in TABLES} == run.rows
    assert re.search(rf"inputs +{counts['inputs']} ", said)
    assert "already" not in said


def test_every_fact_shows_its_evidence(sample):
    output, _ = sample
    texts = {row["article_id"]: row["text"] for row in rows(output, "articles")}
    for table in ("entities", "locations"):
        found = rows(output, table)
        assert found
        assert all(texts[row["article_id"]][row["start"] : row["end"]] == row["surface"] for row in found)


def test_the_printed_query_works(sample):
    _, said = sample
    query = said.strip().splitlines()[-1].strip()
    done = subprocess.run(query, shell=True, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "mentions" in done.stdout


def test_started_twice_leaves_the_same_rows(sample):
    output, _ = sample
    before = dataset(output)
    files = sorted(path.relative_to(output) for path in output.rglob("*.parquet"))
    dateline("run", "configs/sample.yaml", "--output", str(output), "--set", "workers=2", "--set", "write.shards=3")
    assert dataset(output) == before
    dateline("run", "configs/sample.yaml", "--output", str(output))
    assert sorted(path.relative_to(output) for path in output.rglob("*.parquet")) == files


def test_overlapping_input_adds_nothing_twice(many, tmp_path, undisturbed):
    lines = many.read_text().splitlines(keepends=True)
    (tmp_path / "first.jsonl").write_text("".join(lines[:20]))
    (tmp_path / "both.jsonl").write_text("".join(lines[:30]))
    output = tmp_path / "out"
    for name in ("first", "both"):
        dateline("run", "configs/sample.yaml", "--input", str(tmp_path / f"{name}.jsonl"), "--output", str(output))
    second = list_runs(str(output))[-1]
    assert second.counts["duplicates.already_in_dataset"] == 20
    assert len(rows(output, "articles")) == 30


@pytest.fixture(scope="module")
def seconds(many, tmp_path_factory):
    """How long the run takes here and now."""
    begun = time.monotonic()
    dateline("run", "configs/sample.yaml", "--input", str(many), "--output", str(tmp_path_factory.mktemp("timing")))
    return time.monotonic() - begun


@pytest.mark.parametrize("share", [0.3, 0.7, 0.95])
def test_killed_and_started_again(many, undisturbed, seconds, tmp_path, share):
    arguments = command(many, tmp_path)
    kill_after(share * seconds, arguments)
    for path in tmp_path.rglob("*.parquet"):
        ds.dataset(str(path), format="parquet").count_rows()  # raises on a broken file
    subprocess.run(arguments, check=True, capture_output=True, timeout=300)
    assert dataset(tmp_path) == undisturbed
    assert not list(tmp_path.glob("_dateline/staging/*"))


def test_a_killed_worker_ends_the_run(many, tmp_path):
    process = subprocess.Popen(
        command(many, tmp_path / "out", "--set", "workers=2"),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    worker = _wait_for_worker(process.pid)
    os.kill(worker, signal.SIGKILL)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "a worker process died" in said
    assert not list((tmp_path / "out").rglob("*.parquet"))


def _wait_for_worker(launcher: int) -> int:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for child in psutil.Process(launcher).children(recursive=True):
            if child.name() == "dateline-worker":
                return child.pid
        time.sleep(0.1)
    raise AssertionError("no worker process was started")


def test_workers_do_not_outlive_a_killed_launcher(many, tmp_path):
    process = subprocess.Popen(command(many, tmp_path, "--set", "workers=2"), stdout=subprocess.DEVNULL)
    worker = psutil.Process(_wait_for_worker(process.pid))
    process.kill()
    process.wait()
    assert not psutil.wait_procs([worker], timeout=10)[1]


def test_a_worker_whose_launcher_is_gone_already_ends():
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    worker = subprocess.Popen(
        [sys.executable, "-m", "pipeline.engines.worker", str(gone.pid)], stderr=subprocess.DEVNULL
    )
    assert worker.wait(timeout=30) == 1


def test_two_workers_share_the_work(many, undisturbed, tmp_path):
    dateline("run", "configs/sample.yaml", "--input", str(many), "--output", str(tmp_path), "--set", "workers=2")
    assert dataset(tmp_path) == undisturbed
