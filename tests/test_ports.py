"""Nothing listens that a stranger can use, neither on the network nor on this machine.

The first two attacks of issue 12 are here, and what each way to run has open while it runs.
"""

import contextlib
import itertools
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import grpc
import psutil
import pytest
from apache_beam.portability import common_urns
from apache_beam.portability.api import beam_artifact_api_pb2, beam_artifact_api_pb2_grpc, beam_runner_api_pb2

from benchmarks.soak_web import Web, serve
from pipeline.cli import main
from pipeline.config import load_settings
from pipeline.engines.ports import check_ports, enter_network
from pipeline.errors import ConfigurationError, Exit
from tests.helpers.engines import ENVIRONMENT, engine, external, fetched, worker_pool
from tests.helpers.ports import Watch, family, is_private, listening, sockets
from tests.test_stream_prism import Stream, commits, needs_prism, settings

RUN = [sys.executable, "-m", "pipeline", "run", "configs/sample.yaml"]
NOBODY = 65534

needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="asks Linux what a process has open")


def read_artifact(address: str, path: Path) -> bytes:
    """Return what Beam's artifact service at an address gives a client for a file of this machine."""
    payload = beam_runner_api_pb2.ArtifactFilePayload(path=str(path)).SerializeToString()
    artifact = beam_runner_api_pb2.ArtifactInformation(
        type_urn=common_urns.artifact_types.FILE.urn, type_payload=payload
    )
    with grpc.insecure_channel(address) as channel:
        stub = beam_artifact_api_pb2_grpc.ArtifactRetrievalServiceStub(channel)
        request = beam_artifact_api_pb2.GetArtifactRequest(artifact=artifact)
        try:
            return b"".join(part.data for part in stub.GetArtifact(request, timeout=5))
        except grpc.RpcError:
            return b""


def start(output: Path, *arguments: str) -> subprocess.Popen:
    command = [*RUN, "--output", str(output), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=ENVIRONMENT)


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text("of this user alone")
    path.chmod(0o600)
    return path


@needs_linux
def test_a_file_cannot_be_read_through_a_run_with_workers(secret: Path, tmp_path: Path) -> None:
    process = start(tmp_path / "out", "--set", "workers=2")
    read, seen = set(), set()
    while process.poll() is None:
        for address in listening(process.pid) | {f"unix:{path}" for path in sockets(process.pid)}:
            if address not in seen:
                seen.add(address)
                read.add(read_artifact(f"localhost:{address.rpartition(':')[2]}", secret))
                read.add(read_artifact(address, secret))
    assert process.returncode == 0, process.communicate()[0]
    assert read == {b""}
    assert len(seen) >= 4


WAYS = {
    "in memory": [],
    "workers": ["--set", "workers=2"],
    "Prism": ["--set", "runner=PrismRunner"],
    "embed": ["--set", "runner=PortableRunner", "--", "--job_endpoint=embed", "--environment_type=LOOPBACK"],
}


@needs_linux
@pytest.mark.parametrize("way", [pytest.param(way, marks=needs_prism if way == "Prism" else ()) for way in WAYS])
def test_a_run_listens_on_private_sockets_only(way: str, tmp_path: Path) -> None:
    process = start(tmp_path / "out", *WAYS[way])
    watch = Watch(process)
    said = watch.run()
    assert process.returncode == 0, said
    assert watch.addresses == set()
    assert bool(watch.private) == (way != "in memory")
    assert all(watch.private.values())
    assert not any(path.parent.exists() for path in watch.private)


@needs_linux
def test_a_run_on_a_worker_pool_listens_on_private_sockets_only(tmp_path: Path) -> None:
    with worker_pool(tmp_path) as (address, pool):
        embed = ["--set", "runner=PortableRunner", "--", "--job_endpoint=embed", *external(address)]
        process, workers = start(tmp_path / "out", *embed), Watch(pool)
        watch = Watch(process)
        while process.poll() is None:
            watch.look()
            workers.look()
        assert process.returncode == 0, process.communicate()[0]
    assert watch.addresses | workers.addresses == set()
    assert len(watch.private) == 4
    assert len(workers.private) >= 1
    assert all(watch.private.values())
    assert all(workers.private.values())


JVM = {
    "Flink": "flink/job-server.jar",
    "Spark": "spark/job-server.jar",
}


@needs_linux
@pytest.mark.parametrize("name", JVM)
def test_a_job_server_on_the_jvm_has_a_network_of_its_own(name: str, tmp_path: Path) -> None:
    fetched(JVM[name])
    with engine(name, tmp_path) as arguments:
        process = start(tmp_path / "out", *arguments)
        interfaces, addresses = set(), set()
        while process.poll() is None:
            for java in [one for one in family(process.pid) if is_java(one)]:
                with contextlib.suppress(OSError):
                    own = Path(f"/proc/{java.pid}/ns/net").readlink() != Path("/proc/self/ns/net").readlink()
                    devices = Path(f"/proc/{java.pid}/net/dev").read_text().splitlines()[2:]
                    interfaces |= {(own, line.partition(":")[0].strip()) for line in devices}
                    addresses |= listening(process.pid)
            time.sleep(0.05)
    assert process.returncode == 0, process.communicate()[0]
    assert interfaces == {(True, "lo")}
    assert addresses == set()


def is_java(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return process.name() == "java"
    return False


NETWORK = {
    "a feed": {"inputs": ["https://example.org/rss.xml"]},
    "a list of feeds": {"inputs": ["seeds", "seeds/feeds.csv"]},
    "an object store": {"inputs": ["gs://bucket/*.jsonl"]},
    "an output elsewhere": {"output": "s3://bucket/out"},
    "pages": {"changes": ["read.full_text=true"]},
    "a cluster": {"beam_flags": ["--flink_master=localhost:8081"]},
    "a cluster of Spark": {"changes": ["runner=SparkRunner"], "beam_flags": ["--spark_master_url=spark://localhost:1"]},
    "a pool": {"beam_flags": ["--environment_type=EXTERNAL", "--environment_config=localhost:1"]},
}


@pytest.mark.parametrize("why", NETWORK)
def test_a_job_server_that_needs_the_network_must_be_asked_for(why: str, monkeypatch) -> None:
    monkeypatch.setattr("pipeline.engines.ports.why_not", lambda: "")
    with pytest.raises(ConfigurationError, match=r"listen: got 'private'; expected 'network' with .*the network"):
        check_ports(load_settings("configs/flink.yaml", **NETWORK[why]))  # type: ignore[arg-type]


@pytest.mark.parametrize("spark", ["local", "local[2]", "local[*]"])
def test_a_job_server_of_a_local_run_may_be_private(spark: str, monkeypatch) -> None:
    monkeypatch.setattr("pipeline.engines.ports.why_not", lambda: "")
    check_ports(load_settings("configs/flink.yaml"))
    flags = [f"--spark_master_url={spark}"]
    check_ports(load_settings("configs/sample.yaml", changes=["runner=SparkRunner"], beam_flags=flags))


def test_a_system_without_namespaces_is_told(monkeypatch, capsys) -> None:
    monkeypatch.setattr("pipeline.engines.ports.why_not", lambda: "this system does not allow users one")
    assert main(["check", "configs/flink.yaml"]) == Exit.CONFIGURATION
    assert "since this system does not allow users one" in capsys.readouterr().err
    assert main(["check", "configs/flink.yaml", "--set", "listen=network"]) == Exit.DONE


@needs_linux
def test_a_user_who_is_not_root_has_a_namespace_too() -> None:
    """Skip where the system does not allow it; Ubuntu 24.04 does not by default."""
    code = "import os; os.setuid(65534) if os.getuid() == 0 else None; import ctypes; ctypes.CDLL(None).prctl(4, 1)"
    leave = "from pipeline.engines.network import leave_network, NoNamespace; import socket"
    body = "leave_network(); print([name for _, name in socket.if_nameindex()])"
    command = [sys.executable, "-c", f"{leave}; {code}; {body}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    if "does not allow" in done.stderr:
        pytest.skip(done.stderr.splitlines()[-1])
    assert done.stdout == "['lo']\n", done.stderr


def test_a_program_is_not_moved_into_another_network(tmp_path: Path) -> None:
    settings = load_settings("configs/flink.yaml", output=str(tmp_path))
    with pytest.raises(ConfigurationError, match="as a process of its own"):
        enter_network(settings)


ATTACK = """
import sys
import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions

job, worker, marker = sys.argv[1:]

def run_as_the_stream(_):
    import os, pathlib
    pathlib.Path(marker).write_text(str(os.getpid()))

flags = [f"--job_endpoint={job}", "--environment_type=EXTERNAL", f"--environment_config={worker}"]
options = PipelineOptions([*flags, "--job_server_timeout=10", "--pickle_library=cloudpickle"])
with beam.Pipeline(runner="PortableRunner", options=options) as p:
    p | beam.Create([None]) | beam.Map(run_as_the_stream)
"""


def attack(job: str, worker: str, marker: Path) -> None:
    """Submit a job that writes its process id into a file, to be done by the worker at an address."""
    command = [sys.executable, "-c", ATTACK, job, worker, str(marker)]
    subprocess.run(command, capture_output=True, timeout=60)


def addresses_of_this_machine() -> list[str]:
    """Of each network interface, IPv4 only."""
    found = psutil.net_if_addrs().values()
    return [one.address for interface in found for one in interface if one.family == socket.AF_INET]


CONNECT = """
import os, socket, sys
path, user = sys.argv[1], int(sys.argv[2])
os.setgroups([])
os.setgid(user)
os.setuid(user)
socket.socket(socket.AF_UNIX).connect(path)
"""


def refused(path: Path, user: int) -> bool:
    """Return True if a process of another user cannot connect to a socket."""
    command = [sys.executable, "-c", CONNECT, str(path), str(user)]
    return "PermissionError" in subprocess.run(command, capture_output=True, text=True, timeout=60).stderr


@needs_linux
@needs_prism
def test_nobody_else_gets_a_function_run_in_a_stream(tmp_path: Path) -> None:
    (tmp_path / "dropped").mkdir()
    web = Web(1, 2.0, seed=5)
    stream = Stream(settings(tmp_path, serve(web), 1), tmp_path / "stream.log")
    marker = tmp_path / "marker"
    try:
        stream.wait_for(lambda: commits(tmp_path / "out") >= 1, web)
        ports = {address.rpartition(":")[2] for address in listening(stream.process.pid)}
        for host, (job, worker) in itertools.product(addresses_of_this_machine(), itertools.permutations(ports, 2)):
            attack(f"{host}:{job}", f"{host}:{worker}", marker)
        assert not marker.exists(), f"ran in process {marker.read_text()}; the stream is {stream.process.pid}"
        assert not ports
        there = sockets(stream.process.pid)
        assert len(there) == 2  # Prism's, and the worker's
        assert all(map(is_private, there))
        if os.getuid() == 0:
            assert [refused(path, user) for path in there for user in (0, NOBODY)] == [False, True] * len(there)
        stream.process.send_signal(signal.SIGTERM)
        assert stream.process.wait(60) == Exit.DONE
    finally:
        stream.end()
    assert not any(path.parent.exists() for path in there)
