"""`dateline workers` starts a worker for who has the secret, and for nobody else."""

import stat
import subprocess
import sys
from pathlib import Path

import grpc
import pytest
from apache_beam.portability.api import beam_fn_api_pb2, beam_fn_api_pb2_grpc

from pipeline.cli import main
from pipeline.commands.workers import check_address
from pipeline.config import load_settings
from pipeline.engines.pool import MIN_CHARACTERS, REFUSED, make_secret, read_secret, serve
from pipeline.engines.ports import can_dial_sockets, pool_secret
from pipeline.errors import ConfigurationError, Exit
from pipeline.launch.batch import check
from pipeline.patches import SECRET_PARAMETER, Pools
from tests.helpers.engines import external, worker_pool
from tests.helpers.ports import is_private, listening, sockets
from tests.test_stream_prism import needs_prism

SECRET = "s" * MIN_CHARACTERS


class Counting:
    """A pool that counts what it is asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def StartWorker(self, request, _):
        self.asked.append(f"start {request.worker_id}")
        return beam_fn_api_pb2.StartWorkerResponse()

    def StopWorker(self, request, _):
        self.asked.append(f"stop {request.worker_id}")
        return beam_fn_api_pb2.StopWorkerResponse()


def ask(address: str, params: dict[str, str]) -> grpc.StatusCode:
    """Return the answers to a client that requests a worker and then its end."""
    with grpc.insecure_channel(address) as channel:
        stub = beam_fn_api_pb2_grpc.BeamFnExternalWorkerPoolStub(channel)
        try:
            stub.StartWorker(beam_fn_api_pb2.StartWorkerRequest(worker_id="w", params=params), timeout=20)
        except grpc.RpcError as error:
            return error.code()
        finally:
            stub.StopWorker(beam_fn_api_pb2.StopWorkerRequest(worker_id="w"), timeout=20)
    return grpc.StatusCode.OK


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({}, grpc.StatusCode.UNAUTHENTICATED),
        ({SECRET_PARAMETER: ""}, grpc.StatusCode.UNAUTHENTICATED),
        ({SECRET_PARAMETER: SECRET[:-1]}, grpc.StatusCode.UNAUTHENTICATED),
        ({SECRET_PARAMETER: SECRET + "é"}, grpc.StatusCode.UNAUTHENTICATED),
        ({"another": SECRET}, grpc.StatusCode.UNAUTHENTICATED),
        ({SECRET_PARAMETER: SECRET, "another": "x"}, grpc.StatusCode.OK),
    ],
)
def test_a_worker_is_started_for_the_secret_only(params, code):
    pool = Counting()
    address, server = serve(pool, "127.0.0.1:0", SECRET)
    assert ask(address, params) == code
    # A request to stop one has no secret, so that on a port nobody is obeyed.
    assert pool.asked == (["start w"] if code == grpc.StatusCode.OK else [])
    server.stop(0)


def test_on_a_private_socket_a_worker_can_be_stopped(tmp_path):
    pool = Counting()
    address, server = serve(pool, f"unix:{tmp_path}/s", SECRET)
    assert ask(address, {SECRET_PARAMETER: SECRET}) == grpc.StatusCode.OK
    assert pool.asked == ["start w", "stop w"]
    server.stop(0)


def test_two_pools_do_not_share_a_port():
    address, server = serve(Counting(), "127.0.0.1:0", SECRET)
    with pytest.raises(OSError, match=r"127\.0\.0\.1"):
        serve(Counting(), address, SECRET)
    server.stop(0)


@pytest.mark.parametrize("port", [False, True])
def test_the_command_refuses_a_stranger_and_writes_its_secret_for_its_user_alone(port, tmp_path):
    with worker_pool(tmp_path, port=port) as (address, process):
        assert ask(address, {SECRET_PARAMETER: SECRET}) == grpc.StatusCode.UNAUTHENTICATED
        assert listening(process.pid) == ({address} if port else set())
        assert all(map(is_private, sockets(process.pid)))
        assert bool(sockets(process.pid)) != port
        said = (tmp_path / "pool.log").read_text()
        file = Path(said.partition("secret in ")[2].partition(";")[0])
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
        assert read_secret(file) not in said


@pytest.mark.parametrize("address", ["0.0.0.0:50000", "[::]:50000", "10.1.2.3:50000", "example.org:50000"])
def test_an_address_that_others_reach_must_be_asked_for(address, capsys):
    assert main(["workers", "--listen", address]) == Exit.CONFIGURATION
    assert "--open allows it" in capsys.readouterr().err
    assert check_address(address, is_open=True) == address


@pytest.mark.parametrize("address", ["50000", ":50000", "localhost", "localhost:port", "127.0.0.1:99999"])
def test_what_is_no_address_is_refused(address):
    with pytest.raises(ConfigurationError, match="expected unix:PATH or HOST:PORT"):
        check_address(address, is_open=True)


def test_a_socket_where_others_may_look_is_refused(tmp_path):
    tmp_path.chmod(0o755)
    with pytest.raises(ConfigurationError, match="mode 0700: chmod 700"):
        check_address(f"unix:{tmp_path}/s", is_open=False)
    with pytest.raises(ConfigurationError, match="at most 100 bytes"):
        check_address(f"unix:{tmp_path}/{'s' * 100}", is_open=False)
    assert check_address(f"unix:{tmp_path}/new/s", is_open=False) == f"unix:{tmp_path}/new/s"
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700


def test_an_open_pool_is_warned_about(tmp_path):
    command = [sys.executable, "-m", "pipeline", "workers", "--listen=0.0.0.0:0", "--open"]
    process = subprocess.Popen(
        [*command, f"--secret-file={tmp_path}/secret"], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    )
    assert "runs code as you" in process.stderr.readline()
    process.kill()
    process.communicate()


@pytest.mark.parametrize(
    ("content", "mode", "problem"),
    [
        (SECRET, 0o644, "chmod 600"),
        (SECRET, 0o640, "chmod 600"),
        ("short", 0o600, "5 characters"),
        ("x" * 5000, 0o600, "expected 32 to 1,000"),
    ],
)
def test_a_secret_that_is_none_is_refused(content, mode, problem, tmp_path, monkeypatch, capsys):
    file = tmp_path / "secret"
    file.write_text(content)
    file.chmod(mode)
    for use in (make_secret, read_secret):
        with pytest.raises(ValueError, match=problem):
            use(file)
    flags = ["--environment_type=EXTERNAL", "--environment_config=localhost:1"]
    arguments = ["check", "configs/prism.yaml", "--set", f"workers_secret={file}", "--", *flags]
    monkeypatch.setattr("pipeline.engines.ports.check_prism", lambda *_: None)
    assert main(arguments) == Exit.CONFIGURATION
    assert f"workers_secret: '{file}'" in capsys.readouterr().err


def test_a_secret_is_made_once(tmp_path):
    file = tmp_path / "a" / "b"
    assert make_secret(file) == make_secret(file) == read_secret(file)
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize(
    ("flags", "found"),
    [
        ([], None),
        (["--environment_type=EXTERNAL", "--environment_config=localhost:1"], SECRET),
        (["--environment_type=EXTERNAL", '--environment_config={"url": "localhost:1"}'], SECRET),
        (["--environment_type=EXTERNAL", '--environment_config={"url": "localhost:1", "params": {}}'], None),
    ],
)
def test_a_run_takes_the_secret_of_its_user(flags, found, tmp_path, monkeypatch):
    file = tmp_path / "dateline" / "workers.secret"
    file.parent.mkdir()
    file.write_text(f"{SECRET}\n")
    file.chmod(0o600)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert pool_secret(load_settings("configs/prism.yaml", beam_flags=flags)) == found


def test_a_secret_that_is_missing_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    flags = ["--environment_type=EXTERNAL", "--environment_config=localhost:1"]
    settings = load_settings("configs/sample.yaml", beam_flags=flags, changes=["runner=PortableRunner"])
    with pytest.raises(ConfigurationError, match="`dateline workers` writes it"):
        check(settings)


def test_the_secret_is_in_no_option(tmp_path, monkeypatch):
    from apache_beam.options.pipeline_options import PipelineOptions, PortableOptions
    from apache_beam.transforms.environments import Environment

    monkeypatch.setattr(Pools, "secret", SECRET)
    options = PipelineOptions(["--environment_type=EXTERNAL", "--environment_config=localhost:1"])
    environment = Environment.from_options(options.view_as(PortableOptions))
    assert environment.params == {SECRET_PARAMETER: SECRET}
    assert SECRET not in str(options.get_all_options())


@pytest.mark.parametrize(
    ("runner", "flags", "can"),
    [
        ("FnApiRunner", [], True),
        ("PrismRunner", [], True),
        ("PortableRunner", ["--job_endpoint=embed"], True),
        ("PortableRunner", ["--job_endpoint=localhost:8099"], False),
        ("FlinkRunner", [], False),
        ("SparkRunner", [], False),
    ],
)
def test_only_engines_that_dial_sockets_are_given_one(runner, flags, can):
    settings = load_settings("configs/sample.yaml", beam_flags=flags, changes=[f"runner={runner}"])
    assert can_dial_sockets(settings) == can


@pytest.mark.parametrize("runner", ["PortableRunner", pytest.param("PrismRunner", marks=needs_prism)])
def test_a_run_with_another_secret_fails_and_says_why(runner, tmp_path):
    make_secret(tmp_path / "other")
    job = ["--job_endpoint=embed"] if runner == "PortableRunner" else []
    with worker_pool(tmp_path) as (address, process):
        command = [sys.executable, "-m", "pipeline", "run", "configs/sample.yaml", "--output", str(tmp_path / "out")]
        changes = ["--set", f"runner={runner}", "--set", f"workers_secret={tmp_path}/other"]
        done = subprocess.run(
            [*command, *changes, "--", *job, *external(address)], capture_output=True, text=True, timeout=120
        )
        assert done.returncode == Exit.FAILED
        assert REFUSED in done.stderr
        assert read_secret(tmp_path / "other") not in done.stdout + done.stderr + (tmp_path / "pool.log").read_text()
        socket = Path(address.removeprefix("unix:"))
        assert socket.exists()
        process.terminate()
        assert process.wait(30) == Exit.DONE
        assert not socket.exists()
