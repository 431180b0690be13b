"""Jobs on a Flink cluster, of which nothing but its REST interface is there."""

import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from apache_beam.options.pipeline_options import GoogleCloudOptions

from pipeline.beam_flags import beam_options
from pipeline.cli import main
from pipeline.engines.flink import Cluster, FlinkJobOptions, jobs_of, prepare_stream
from pipeline.engines.flink_engine import cluster_of
from pipeline.errors import Exit
from transforms.stream.control_files import is_stop_requested, mark_drained, take_over


class Flink:
    """Answers as Flink does; a job ends when it has been seen twice after it was cancelled."""

    def __init__(self) -> None:
        self.jobs: dict[str, list[str]] = {}
        """Id -> name and state."""
        self.cancelled: list[str] = []
        self.seen = 0


class Handler(http.server.BaseHTTPRequestHandler):
    flink: Flink

    def log_message(self, *_: object) -> None:
        """Says nothing."""

    def do_GET(self) -> None:
        self.flink.seen += 1
        jobs = [{"jid": one, "name": name, "state": state} for one, (name, state) in self.flink.jobs.items()]
        for state in self.flink.jobs.values():
            state[1] = {"CANCELLING": "CANCELED"}.get(state[1], state[1])
        self._answer({"jobs": jobs} if self.path == "/jobs/overview" else {})

    def do_PATCH(self) -> None:
        job = self.path.split("/")[2].partition("?")[0]
        self.flink.cancelled.append(job)
        self.flink.jobs[job][1] = "CANCELLING"
        self._answer({})

    def _answer(self, tree: dict) -> None:
        body = json.dumps(tree).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def flink() -> Iterator[tuple[Flink, str]]:
    fake = Flink()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("OfOne", (Handler,), {"flink": fake}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield fake, f"127.0.0.1:{server.server_address[1]}"
    server.shutdown()


def test_the_jobs_of_one_dataset_are_cancelled_and_waited_for(flink):
    fake, address = flink
    name = jobs_of("out")
    fake.jobs = {"a": [f"{name}4f0c", "RUNNING"], "b": [f"{name}9a3b", "FINISHED"], "c": ["another", "RUNNING"]}
    assert Cluster(address).cancel(name) == 1
    assert fake.cancelled == ["a"]
    assert fake.jobs["a"][1] == "CANCELED"
    assert Cluster(address).cancel(name) == 0


def test_a_cluster_is_what_an_address_names():
    for master, address in (
        ("localhost:8081", "http://localhost:8081"),
        ("https://flink.test:443", "https://flink.test:443"),
        ("[local]", None),
    ):
        cluster = cluster_of(SimpleNamespace(options=beam_options([f"--flink_master={master}"])))  # type: ignore[arg-type]
        assert (cluster.address if cluster else None) == address


@pytest.mark.parametrize(("given", "expected"), [([], 60_000), (["--checkpointing_interval=5000"], 5_000)])
def test_a_stream_has_checkpoints_and_a_name(given: list[str], expected: int):
    options = beam_options(given)
    prepare_stream(options, "out", "4f0c")
    assert options.view_as(FlinkJobOptions).checkpointing_interval == expected
    assert options.view_as(FlinkJobOptions).finish_bundle_before_checkpointing
    assert options.view_as(GoogleCloudOptions).job_name == f"{jobs_of('out')}4f0c"


FLINK = ["stream", "configs/stream.yaml", "--set", "runner=FlinkRunner"]


def test_an_option_that_ends_checkpoints_is_refused(capsys):
    assert main([*FLINK, "--check", "--", "--shutdown_sources_after_idle_ms=1000"]) == Exit.CONFIGURATION
    assert "beam.shutdown_sources_after_idle_ms: with it Flink completes no checkpoint" in capsys.readouterr().err


def test_a_job_without_a_launcher_is_ended_when_it_has_drained(flink, capsys, tmp_path: Path):
    fake, address = flink
    output = str(tmp_path)
    stop = [*FLINK, "--stop", "--output", output, "--", f"--flink_master={address}"]
    take_over(output, "4f0c")
    assert main(stop) == Exit.DONE
    assert "has no job of this dataset" in capsys.readouterr().out
    fake.jobs = {"a": [f"{jobs_of(output)}4f0c", "RUNNING"]}
    drained = threading.Timer(1.0, mark_drained, (output, "4f0c"))
    drained.start()
    assert main(stop) == Exit.DONE
    assert not drained.is_alive()
    assert fake.cancelled == ["a"]
    assert is_stop_requested(output)
    assert "All is committed, and the job has ended." in capsys.readouterr().out


def test_a_cluster_that_does_not_answer_is_named(capsys, tmp_path: Path):
    take_over(str(tmp_path), "4f0c")
    stop = [*FLINK, "--stop", "--output", str(tmp_path), "--", "--flink_master=127.0.0.1:9"]
    assert main(stop) == Exit.CONFIGURATION
    assert "beam.flink_master: got 'http://127.0.0.1:9'; expected a cluster that answers" in capsys.readouterr().err
