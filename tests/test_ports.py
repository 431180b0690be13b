"""Nothing listens that a stranger can use, neither on the network nor on this machine.

The first two attacks of issue 12 are here, and what each way to run has open while it runs.
"""

import os
import subprocess
import sys
from pathlib import Path

import grpc
import pytest
from apache_beam.portability import common_urns
from apache_beam.portability.api import beam_artifact_api_pb2, beam_artifact_api_pb2_grpc, beam_runner_api_pb2

from tests.engines import ENVIRONMENT
from tests.ports import Watch, folders, listening, sockets

RUN = [sys.executable, "-m", "pipeline", "run", "configs/sample.yaml"]
NOBODY = 65534

needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="asks Linux what a process has open")
needs_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")


def read_artifact(address: str, path: Path) -> bytes:
    """What a client gets that asks Beam's artifact service at an address for a file of this machine."""
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
    "embed": ["--set", "runner=PortableRunner", "--", "--job_endpoint=embed", "--environment_type=LOOPBACK"],
}


@needs_linux
@pytest.mark.parametrize("way", WAYS)
def test_a_run_listens_on_private_sockets_only(way: str, tmp_path: Path) -> None:
    before = folders()
    process = start(tmp_path / "out", *WAYS[way])
    watch = Watch(process)
    said = watch.run()
    assert process.returncode == 0, said
    assert watch.addresses == set()
    assert bool(watch.private) == (way != "in memory")
    assert all(watch.private.values())
    assert folders() <= before
