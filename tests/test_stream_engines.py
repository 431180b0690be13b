"""`dateline stream` with workers outside of the engine: whatever is killed, nothing is lost or doubled.

What is not fetched is skipped; `make test-engines` fetches it first.
"""

import contextlib
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
import yaml

from benchmarks.soak_web import Web, drop_file, serve
from pipeline.engines.flink import Cluster, jobs_of
from pipeline.errors import Exit
from tests.helpers.engines import (
    ENVIRONMENT,
    FlinkCluster,
    Kafka,
    external,
    fetched,
    flink_cluster,
    kill_worker,
    wait_for,
    worker_pool,
)
from tests.test_stream_prism import Stream, assert_right, commits, settings

SECONDS = 240
FLAGS = [
    "--checkpointing_interval=2000",
    *("--externalized_checkpoints_enabled", "--retain_externalized_checkpoints_on_cancellation"),
]


def addresses(output: Path) -> set[str]:
    """Of the articles that the dataset has."""
    # A file that a commit is about to replace may be gone when it is opened.
    with contextlib.suppress(duckdb.IOException):
        rows = duckdb.sql(f"SELECT url FROM read_parquet('{output}/articles/**/*.parquet')").fetchall()
        return {row[0] for row in rows}
    return set()


class Scene:
    """A cluster, publishers, a folder that files are dropped into, and the dataset of it all."""

    def __init__(self, folder: Path, cluster: FlinkCluster, flags: list[str], pool: subprocess.Popen[bytes]) -> None:
        self.cluster, self.flags, self.pool = cluster, [*flags, *FLAGS], pool
        self.web = Web(3, 2.0, seed=5)
        self.web.faulty = False
        (folder / "dropped").mkdir()
        self._folder = folder
        self.output = folder / "out"
        self.config = settings(folder, serve(self.web), 3, "FlinkRunner")
        self.dropped: list[str] = []

    def start(self, *flags: str) -> Stream:
        """Return a stream that has committed something, and of which there is a checkpoint."""
        log = self._folder / f"stream-{commits(self.output)}.log"
        stream = Stream(self.config, log, *self.flags, *flags)
        # Not those of a job before it, which may still go on.
        stream.wait_for(lambda: log.read_text().count("\n  20") >= 2, self.web, SECONDS)
        stream.wait_for(lambda: self.checkpoints() > 0, self.web, SECONDS)
        return stream

    def checkpoints(self, kind: str = "completed") -> int:
        """Of the job that is running, that were completed, or restored from."""
        return int(self.cluster.checkpoints(self.cluster.job())["counts"][kind])

    def drop(self) -> None:
        """Drop a file of articles, and wait until the dataset has them."""
        self.dropped += drop_file(self._folder / "dropped", len(self.dropped), self.web)
        wait_for(lambda: self.web.live() or set(self.dropped) <= addresses(self.output), SECONDS, "rows of the file")

    def drain(self, stream: Stream) -> str:
        """End the stream as a user would, and return its log."""
        self.web.open = False
        stream.process.send_signal(signal.SIGTERM)
        assert stream.process.wait(SECONDS) == Exit.DONE, stream.log.read_text()
        return stream.log.read_text()

    def jobs_left(self) -> list[str]:
        """Return jobs of the dataset that Flink still runs."""
        return Cluster(f"localhost:{self.cluster.port}").jobs(jobs_of(str(self.output)))


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with flink_cluster(tmp_path) as (cluster, flags, pool):
        yield Scene(tmp_path, cluster, flags, pool)


@pytest.mark.parametrize("victim", ["task manager", "worker"])
def test_flink_goes_back_to_a_checkpoint_and_nothing_is_lost_or_doubled(victim: str, scene: Scene):
    stream = scene.start()
    try:
        if victim == "task manager":
            scene.cluster.task_managers[0].kill()
        else:
            kill_worker(scene.pool)
        scene.drop()
        assert scene.checkpoints("restored") > 0
        said = scene.drain(stream)
    finally:
        stream.end()
    assert_right(scene.web, scene.dropped, scene.output)
    assert " inputs = " in said
    assert "Traceback" not in said
    assert scene.jobs_left() == []


def test_a_job_whose_launcher_was_killed_goes_on_and_drains_when_it_is_told_from_elsewhere(scene: Scene):
    scene.start().end()
    scene.drop()
    scene.web.open = False
    command = [sys.executable, "-m", "pipeline", "stream", str(scene.config), "--stop", "--", *scene.flags]
    told = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, env=ENVIRONMENT)
    assert told.returncode == Exit.DONE, told.stdout + told.stderr
    assert "All is committed, and the job has ended" in told.stdout
    assert scene.jobs_left() == []
    assert_right(scene.web, scene.dropped, scene.output)


@pytest.mark.parametrize("state", ["none", "checkpoint"])
def test_a_stream_whose_launcher_was_killed_is_started_again(state: str, scene: Scene):
    scene.start().end()
    job = scene.cluster.job()
    flags = []
    if state == "checkpoint":
        Cluster(f"localhost:{scene.cluster.port}").cancel(jobs_of(str(scene.output)))
        # Flink's answer may be some seconds old, and its latest have been followed by another, and removed.
        told = Path(scene.cluster.checkpoints(job)["latest"]["completed"]["external_path"].removeprefix("file:"))
        latest = max(told.parent.glob("chk-*/_metadata"), key=lambda path: path.stat().st_mtime)
        flags = [f"--savepoint_path=file:{latest.parent}"]
    stream = scene.start(*flags)
    try:
        assert scene.jobs_left() == [scene.cluster.job()] != [job]
        assert scene.checkpoints("restored") == len(flags)
        scene.drop()
        said = scene.drain(stream)
    finally:
        stream.end()
    assert ("an earlier job of this dataset went on" in said) == (state == "none")
    assert_right(scene.web, scene.dropped, scene.output)
    assert scene.jobs_left() == []


def test_a_worker_of_prism_s_that_is_killed_ends_the_stream_and_the_next_start_makes_it_good(tmp_path: Path):
    prism = fetched("prism")
    (tmp_path / "dropped").mkdir()
    web = Web(3, 2.0, seed=5)
    web.faulty = False
    output = tmp_path / "out"
    config = settings(tmp_path, serve(web), 3)
    tree = yaml.safe_load(config.read_text())
    tree["stream"]["stalled_minutes"] = 0.5
    config.write_text(yaml.safe_dump(tree))
    with worker_pool(tmp_path) as (address, pool):
        flags = [*external(address), f"--prism_location={prism}"]
        stream = Stream(config, tmp_path / "killed.log", *flags)
        try:
            stream.wait_for(lambda: commits(output) >= 2, web, SECONDS)
            kill_worker(pool)
            # Of the two signs that a worker is gone Prism takes the first, and at one of them waits for its answer.
            assert stream.process.wait(SECONDS) in (Exit.FAILED, Exit.HUNG), stream.log.read_text()
        finally:
            stream.end()
        before = commits(output)
        stream = Stream(config, tmp_path / "stream.log", *flags)
        try:
            stream.wait_for(lambda: commits(output) >= before + 2, web, SECONDS)
            web.open = False
            stream.process.send_signal(signal.SIGTERM)
            assert stream.process.wait(SECONDS) == Exit.DONE, stream.log.read_text()
        finally:
            stream.end()
    assert_right(web, [], output)


def test_messages_of_a_real_kafka_are_committed_once_whatever_is_killed(tmp_path: Path):
    output = tmp_path / "out"
    sent: list[str] = []

    def send(count: int) -> None:
        made = [f"https://k.test/{len(sent) + at}" for at in range(count)]
        texts = [json.dumps({"url": url, "title": url, "text": f"Rain fell on Paris, says {url}."}) for url in made]
        kafka.send("news", texts)
        sent.extend(made)

    def wait_for_rows() -> None:
        wait_for(lambda: set(sent) == addresses(output), SECONDS, "rows of all messages")

    with flink_cluster(tmp_path) as (cluster, flags, _), contextlib.ExitStack() as stack:
        kafka = Kafka(tmp_path, stack)
        config = settings(tmp_path, 0, 0, "FlinkRunner")
        tree = yaml.safe_load(config.read_text())
        tree["read"]["inputs"] = []
        tree["kafka"] = {
            "bootstrap_servers": kafka.address,
            "topic": "news",
            "consumer": {"group.id": "dateline"},
            "expansion_service": kafka.expansion_service,
        }
        config.write_text(yaml.safe_dump(tree))
        send(20)
        stream = Stream(config, tmp_path / "killed.log", *flags, *FLAGS)
        try:
            wait_for_rows()
            cluster.task_managers[0].kill()
            send(10)
            wait_for_rows()
            send(10)
        finally:
            stream.end()
        again = Stream(config, tmp_path / "stream.log", *flags, *FLAGS)
        try:
            send(10)
            wait_for_rows()
            again.process.send_signal(signal.SIGTERM)
            assert again.process.wait(SECONDS) == Exit.DONE, again.log.read_text()
        finally:
            again.end()
    rows = duckdb.sql(f"SELECT count(*), count(DISTINCT article_id) FROM '{output}/articles/**/*.parquet'").fetchall()
    assert rows == [(len(sent), len(sent))]
