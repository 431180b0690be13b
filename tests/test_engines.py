"""The same rows on every engine, also when something was killed.

What is not fetched is skipped; `make test-engines` fetches it first.
"""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from apache_beam.options.pipeline_options import PipelineOptions

from benchmarks.kills import dataset
from benchmarks.throughput import articles
from pipeline.beam_flags import check_beam_flags
from pipeline.config import load_settings
from pipeline.errors import Exit
from tests.helpers.engines import (
    ENVIRONMENT,
    engine,
    external,
    flink_cluster,
    kill_family,
    kill_worker,
    wait_for,
    worker_pool,
)

COMMAND = [sys.executable, "-m", "pipeline", "run", "configs/sample.yaml"]
ALL = [
    *("in memory", "multi-process", "embed", "worker pool", "Prism", "Prism, worker pool"),
    *("Flink", "Flink, worker pool", "Flink cluster", "Spark"),
]
ON_FLINK = ["--set", "runner=FlinkRunner", "--set", "listen=network", "--"]
"""That is not within the run alone."""
SECONDS = 400


def run(*arguments: str) -> str:
    done = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=SECONDS, env=ENVIRONMENT)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    output = tmp_path_factory.mktemp("sample")
    run("--output", str(output))
    return dataset(output)


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    file = tmp_path_factory.mktemp("many") / "many.jsonl"
    file.write_text("".join(json.dumps(article) + "\n" for article in articles(200)))
    return file


@pytest.fixture(scope="module")
def undisturbed(many, tmp_path_factory):
    output = tmp_path_factory.mktemp("undisturbed")
    run("--input", str(many), "--output", str(output))
    return dataset(output)


@pytest.mark.parametrize(("config", "runner"), [("flink", "FlinkRunner"), ("prism", "PrismRunner")])
def test_the_engine_s_configuration_is_the_sample_s(config, runner):
    settings, sample = (load_settings(f"configs/{name}.yaml") for name in (config, "sample"))
    assert settings.launch.runner == runner
    assert settings.inputs == sample.inputs


def test_options_of_flink_s_job_server_are_known():
    assert not check_beam_flags(["--checkpointing_interval=60000", "--object_reuse", "--savepoint_path=a"])
    assert "did you mean --checkpointing_interval?" in check_beam_flags(["--checkpoint_interval=60000"])[0]
    given = PipelineOptions(["--number_of_execution_retries=3"]).get_all_options(drop_default=True)
    assert given == {"number_of_execution_retries": 3}


@pytest.mark.parametrize("name", ALL)
def test_the_same_sample_gives_the_same_rows(name, sample, tmp_path):
    with engine(name, tmp_path) as arguments:
        said = run("--output", str(tmp_path / "out"), *arguments)
    assert dataset(tmp_path / "out") == sample
    assert "Traceback" not in said
    assert len(sample["articles"]) > 20


@pytest.mark.parametrize(
    "name", ["embed", "worker pool", "Prism", "Prism, worker pool", "Flink", "Flink, worker pool", "Spark"]
)
def test_a_killed_run_is_started_again(name, many, undisturbed, tmp_path):
    with engine(name, tmp_path) as arguments:
        given = ["--input", str(many), "--output", str(tmp_path / "out"), *arguments]
        # An engine in this process begins to read at once; the others have to start first.
        _kill_in_the_middle(
            given, tmp_path / "out", seconds=1 if name == "embed" else 4 if name == "worker pool" else 7
        )
        assert not list((tmp_path / "out").glob("*/**/*.parquet"))
        run(*given)
    assert dataset(tmp_path / "out") == undisturbed


def _kill_in_the_middle(arguments: list[str], out: Path, seconds: float) -> None:
    """Kill the launcher and all that it has started, some seconds after it has begun its run."""
    log_file = out.with_name("killed.log")
    with log_file.open("w") as log:
        process = subprocess.Popen([*COMMAND, *arguments], stdout=log, stderr=log, env=ENVIRONMENT)
    begun = None
    while begun is None or time.monotonic() < begun + seconds:
        assert process.poll() is None, log_file.read_text()
        if begun is None and list(out.glob("_dateline/runs/*.json")):
            begun = time.monotonic()
        time.sleep(0.05)
    kill_family(process)


def test_an_interrupted_launcher_is_started_again_beside_its_job(many, undisturbed, tmp_path):
    """The cluster goes on with the first job: Beam's job server does not pass its cancellation on."""
    with flink_cluster(tmp_path) as (cluster, flags, _):
        given = ["--input", str(many), "--output", str(tmp_path / "out"), *ON_FLINK, *flags]
        process = subprocess.Popen([*COMMAND, *given], stderr=subprocess.PIPE, text=True, env=ENVIRONMENT)
        wait_for(lambda: cluster.steps_done() > 5, 200, "the job")
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=60)[1]
        assert process.returncode == 130, said
        assert "interrupted" in said
        run(*given)
    assert dataset(tmp_path / "out") == undisturbed


@pytest.mark.parametrize("victim", ["task manager", "worker", "launcher"])
def test_a_flink_cluster_gets_over_a_death(victim, many, undisturbed, tmp_path):
    with flink_cluster(tmp_path) as (cluster, flags, pool):
        given = ["--input", str(many), "--output", str(tmp_path / "out"), *ON_FLINK, *flags]
        log = (tmp_path / "run.log").open("w")
        process = subprocess.Popen([*COMMAND, *given], stdout=log, stderr=log, env=ENVIRONMENT)
        wait_for(lambda: cluster.steps_done() > 5, 200, "the job")
        if victim == "task manager":
            cluster.task_managers[0].kill()
        elif victim == "worker":
            kill_worker(pool)
        else:
            kill_family(process)
        code = process.wait(timeout=SECONDS)
        if victim == "task manager":
            assert code == 0, (tmp_path / "run.log").read_text()
        elif code:
            # A worker's death ends the run, whatever Flink is told of starting again, which helps a stream.
            assert not list((tmp_path / "out").glob("*/**/*.parquet"))
            run(*given)
    assert dataset(tmp_path / "out") == undisturbed


@pytest.mark.parametrize("name", ["worker pool", "Prism, worker pool", "Flink, worker pool"])
def test_a_killed_worker_ends_the_run_and_another_makes_it_good(name, many, undisturbed, tmp_path):
    runner = {
        "worker pool": ["--set", "runner=PortableRunner", "--", "--job_endpoint=embed"],
        "Prism, worker pool": ["--set", "runner=PrismRunner", "--"],
        "Flink, worker pool": ON_FLINK,
    }[name]
    flink = name.startswith("Flink")
    with worker_pool(tmp_path, port=flink) as (address, pool), engine(name.partition(",")[0], tmp_path) as own:
        flags = [*runner, *(flag for flag in own if flag.startswith(("--prism_location", "--flink", "--parallelism")))]
        workers = external(address)
        given = ["--input", str(many), "--output", str(tmp_path / "out"), "--set", "max_minutes=2"]
        process = subprocess.Popen(
            [*COMMAND, *given, *flags, *workers], stderr=subprocess.PIPE, text=True, env=ENVIRONMENT
        )
        kill_worker(pool)
        said = process.communicate(timeout=SECONDS)[1]
        # Flink within the run does not always notice. Beam waits for a worker that dies after its first connection and
        # before its report (docs/engines.md, 5), which is likely on a loaded machine; `max_minutes` ends the run then.
        hung = name in ("Flink, worker pool", "worker pool") and process.returncode == Exit.HUNG
        assert process.returncode == (Exit.HUNG if hung else Exit.FAILED), said
        assert ("the run was ended" if hung else "the run failed") in said
        assert not list((tmp_path / "out").glob("*/**/*.parquet"))
        run(*given, "--set", "max_minutes=0", *flags, *workers)
    assert dataset(tmp_path / "out") == undisturbed
