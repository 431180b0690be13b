"""The registry of all changes to other packages' internals, and those that keep servers off the network.

`close_ports` keeps Beam's servers off the network. Beam 2.77.0 binds them to
`[::]`, without authentication: docs/security.md says what that lets a stranger
do. `PATCHED` lists each function that a change here or in another room (`where`)
replaces or relies on, with a hash of its source. `tests/test_patches.py` fails
when one has changed: then compare the change with the new source, or remove it,
and write the new hash. It fails as well when a file changes an internal of
these packages and no entry names the file.
"""

import dataclasses
import hashlib
import inspect
import os
import subprocess
import threading
from collections.abc import Callable
from typing import Any

import grpc

from pipeline.engines.sockets import new_socket

SECRET_PARAMETER = "dateline_secret"
"""Name of a worker pool's secret among the parameters of an environment."""
WILDCARDS = ("[::]", "0.0.0.0", "*", "")
WORKER_THREAD = "run_worker"
"""Name of the thread in which FnApiRunner waits for a worker process."""


@dataclasses.dataclass(frozen=True)
class Patched:
    """A function or constant of another package that a change replaces or relies on.

    Raises:
        ModuleNotFoundError, AttributeError: from `found`, if it is not there any more.
    """

    version: str
    module: str
    name: str
    why: str
    until: str
    sha256: str
    """First 16 digits of the hash of its source, or of a constant's `repr`; COMPILED where there is no source."""
    where: str = "pipeline/patches.py"
    """File of ours that makes the change."""
    package: str = "apache-beam"

    def found(self) -> str:
        """Return the hash of what is installed."""
        target: Any = __import__(self.module, fromlist=["_"])
        for part in self.name.split("."):
            target = inspect.getattr_static(target, part)
        if isinstance(target, str | int):
            return _digest(repr(target))
        try:
            return _digest(inspect.getsource(inspect.unwrap(_ORIGINALS.get(target, target))))
        except TypeError:
            return COMPILED


COMPILED = "compiled"


def _digest(source: str) -> str:
    return hashlib.sha256(source.encode()).hexdigest()[:16]


_HANDLERS = "apache_beam.runners.portability.fn_api_runner.worker_handlers"
_ORIGINALS: dict[Any, Any] = {}
"""Replacement -> the function that it replaces."""

PATCHED = [
    Patched(
        "2.77.0",
        _HANDLERS,
        "GrpcServer.__init__",
        why="four servers on [::]:0; ArtifactRetrievalService opens any path for anyone who can connect",
        until="Beam binds them to a Unix socket, and serves only the artifacts that the job has staged",
        sha256="a7ad417327e21013",
    ),
    Patched(
        "2.77.0",
        _HANDLERS,
        "GrpcWorkerHandler.port_from_worker",
        why="takes what a server is bound to for a port of localhost",
        until="as above",
        sha256="073b292b93886055",
    ),
    Patched(
        "2.77.0",
        _HANDLERS,
        "SubprocessSdkWorkerHandler.start_worker",
        why="starts one more server on [::]:0, for a worker's log",
        until="as above",
        sha256="eb622509cbc26327",
    ),
    Patched(
        "2.77.0",
        "apache_beam.runners.portability.abstract_job_service",
        "UberJarBeamJob._start_artifact_service",
        why="a server on [::] that takes artifacts for a Flink cluster (--flink_submit_uber_jar)",
        until="as above",
        sha256="9309a3e7ab40a568",
    ),
    Patched(
        "2.77.0",
        "apache_beam.runners.worker.worker_pool_main",
        "BeamFnExternalWorkerPoolServicer.start",
        why="LOOPBACK opens a worker pool on [::]: whoever can connect has a function run in this process",
        until="Beam binds it to a Unix socket, or to 127.0.0.1 with a secret",
        sha256="9901444a2f53bc5f",
    ),
    Patched(
        "2.77.0",
        "apache_beam.runners.portability.portable_runner",
        "PortableRunner.start_and_replace_loopback_environments",
        why="takes what `start` returns for the environment's configuration, which may have parameters",
        until="as above",
        sha256="08bd4bf8db7aa7bc",
    ),
    Patched(
        "2.77.0",
        "apache_beam.transforms.environments",
        "ExternalEnvironment.from_options",
        why="the secret of a worker pool would have to be in the options, which engines show and log",
        until="Beam reads an environment's parameters from a file",
        sha256="a58dbeb57219356b",
    ),
    Patched(
        "2.77.0",
        "apache_beam.transforms.core",
        "get_function_args_defaults",
        why="looks at the signatures of all methods of a step each time it meets the step: an eighth of a short run",
        until="Beam remembers them",
        sha256="5e41a60ff81fe8ca",
        where="pipeline/engines/startup.py",
    ),
    Patched(
        "2.77.0",
        "apache_beam.runners.worker.data_plane",
        "SizeBasedBufferingClosableOutputStream.__init__",
        why="blocks of 10 MB gave one of two workers 4,182 of 5,000 articles",
        until="the size of a block is an option",
        sha256="29ccf519611fbc43",
        where="pipeline/engines/worker.py",
    ),
    Patched(
        "2.77.0",
        "apache_beam.runners.worker.sdk_worker",
        "SdkHarness._execute",
        why="prints each traceback to stderr, and also logs it",
        until="it logs only",
        sha256="2a62fda30490e8cb",
        where="pipeline/engines/shutdown.py",
    ),
    Patched(
        "2.77.0",
        "apache_beam.io.aws.clients.s3.boto3_client",
        "Client.__init__",
        why="a client of boto3 for each file system, made in threads at the same time, which boto3 does not allow",
        until="Beam makes one client a process",
        sha256="1cf60e5ab4b1b180",
        where="transforms/dataset/s3.py",
    ),
    Patched(
        "2.77.0",
        "apache_beam.runners.dataflow.internal.apiclient",
        "_FNAPI_ENVIRONMENT_MAJOR_VERSION",
        why="a submission without Google's client needs the version of the environment; only this constant has it",
        until="it is public",
        sha256="3c62712717042101",
        where="pipeline/engines/dataflow.py",
    ),
    Patched(
        "2.77.0",
        "apache_beam.runners.portability.job_server",
        "JavaJarJobServer.subprocess_cmd_and_endpoint",
        why="the jar has to be there before the job server starts in a namespace without a network",
        until="the folder is public",
        sha256="0cc9987664b7fbec",
        where="pipeline/engines/ports.py",
    ),
    Patched(
        "3.8.18",
        "spacy.pipeline.transition_parser",
        "Parser.pipe",
        why="gives the interpreter's lock away for nearly every move: three quarters of the recognizer's time",
        until="`benchmarks/stages.py` finds `nlp.pipe` as fast",
        sha256=COMPILED,
        where="transforms/extract/fast_pipe.py",
        package="spacy",
    ),
    Patched(
        "8.3.14",
        "thinc.backends.numpy_ops",
        "NumpyOps.gemm",
        why="BLIS takes its generic code on some processors; numpy's OpenBLAS was 2.8 times as fast there",
        until="thinc's own products are as fast",
        sha256=COMPILED,
        where="transforms/extract/fast_pipe.py",
        package="thinc",
    ),
    Patched(
        "3.8.18",
        "spacy.cli.info",
        "info",
        why="spaCy imports its whole command line for this one function: a quarter of a second",
        until="`import spacy` imports no `spacy.cli`",
        sha256="3688b676a4322372",
        where="pipeline/engines/startup.py",
        package="spacy",
    ),
    Patched(
        "6.0.14",
        "feedparser.mixin",
        "_FeedParserMixin._sync_author_detail",
        why="looks for an e-mail address in time that grows with the square of an author's length",
        until="feedparser bounds the text that it looks at",
        sha256="85518f0566cd2aa0",
        where="transforms/formats/feed/bounds.py",
        package="feedparser",
    ),
]


class SocketPort(int):
    """Result of binding a socket, in place of a port; as text it is the address of the socket."""

    url: str

    def __new__(cls, url: str) -> "SocketPort":
        """Remember the address `unix:PATH`; as a number it is 0."""
        port = super().__new__(cls, 0)
        port.url = url
        return port

    def __str__(self) -> str:
        return self.url


class _PrivateServer:
    """A gRPC server that binds a Unix socket when Beam requests all interfaces."""

    def __init__(self, server: grpc.Server) -> None:
        self._server = server

    def __getattr__(self, name: str) -> Any:
        return getattr(self._server, name)

    def add_insecure_port(self, address: str) -> int:
        """Bind the address, or a socket of this process's private folder if the address is a wildcard."""
        if address.startswith("unix:") or address.rpartition(":")[0] not in WILDCARDS:
            return int(self._server.add_insecure_port(address))
        url = f"unix:{new_socket('beam')}"
        self._server.add_insecure_port(url)
        return SocketPort(url)


class _NoArtifacts:
    """The module `beam_artifact_api_pb2_grpc` for FnApiRunner: nothing is staged for our workers, nothing is served."""

    @staticmethod
    def add_ArtifactRetrievalServiceServicer_to_server(*_: Any) -> None:
        """Leave the service out, so that a client gets the error that it does not exist."""


def close_ports() -> None:
    """Have each gRPC server that Beam starts in this process listen on a private Unix socket."""
    from apache_beam.runners.portability import abstract_job_service
    from apache_beam.runners.portability.fn_api_runner import worker_handlers
    from apache_beam.runners.worker import worker_pool_main
    from apache_beam.transforms import environments

    if grpc.server is _private_server:
        return
    grpc.server = _private_server
    handlers: Any = worker_handlers
    handlers.beam_artifact_api_pb2_grpc = _NoArtifacts
    _replace(handlers.GrpcWorkerHandler, "port_from_worker", _address_for_worker)
    _replace(handlers.SubprocessSdkWorkerHandler, "start_worker", lambda _: _start_subprocess)
    _replace(abstract_job_service.UberJarBeamJob, "_start_artifact_service", _artifacts_of_jar)
    _replace(worker_pool_main.BeamFnExternalWorkerPoolServicer, "start", _start_loopback)
    _replace(environments.ExternalEnvironment, "from_options", _with_secret)


class Pools:
    """Starter of workers for engines outside this process."""

    tcp = False
    """True if LOOPBACK listens on a port of 127.0.0.1, for an engine that cannot connect to a Unix socket."""
    secret: str | None = None
    """Of the pool that the options name."""


def _start_loopback(_: Any) -> Any:
    def start(
        cls: Any,
        use_process: bool = False,
        port: int = 0,
        state_cache_size: int = 0,
        data_buffer_time_limit_ms: int = -1,
        container_executable: str | None = None,
    ) -> tuple[str, grpc.Server]:
        from pipeline.engines.pool import start_loopback

        if port or container_executable:
            raise ValueError("Beam's worker pool is for LOOPBACK only here; `dateline workers` starts another one")
        return start_loopback(
            use_process=use_process,
            state_cache_size=state_cache_size,
            data_buffer_time_limit_ms=data_buffer_time_limit_ms,
            tcp=Pools.tcp,
        )

    return classmethod(start)


def _with_secret(original: Any) -> Any:
    def from_options(cls: Any, options: Any) -> Any:
        environment = original.__func__(cls, options)
        if environment.params is None and Pools.secret is not None:
            environment.params = {SECRET_PARAMETER: Pools.secret}
        return environment

    return classmethod(from_options)


def _replace(owner: Any, name: str, make: Callable[[Any], Any]) -> None:
    """Replace a method by what `make` makes of it."""
    original = inspect.getattr_static(owner, name)
    _ORIGINALS[replacement := make(original)] = original
    setattr(owner, name, replacement)


_beams_server = grpc.server


def _private_server(*arguments: Any, **named: Any) -> Any:
    return _PrivateServer(_beams_server(*arguments, **named))


def _address_for_worker(original: Any) -> Any:
    def port_from_worker(handler: Any, port: int) -> str:
        return port.url if isinstance(port, SocketPort) else original(handler, port)

    return port_from_worker


def _artifacts_of_jar(original: Any) -> Any:
    def start_artifact_service(job: Any, jar: str, requested_port: int) -> int:
        port = original(job, jar, 0)
        job._artifact_staging_endpoint.url = str(port)
        return int(port)

    return start_artifact_service


def _start_subprocess(handler: Any) -> None:
    """Start the worker's command; its log goes to the server that FnApiRunner has for it."""
    from apache_beam.runners.portability.fn_api_runner import worker_handlers

    with worker_handlers.SUBPROCESS_LOCK:
        process = subprocess.Popen(
            handler._worker_command_line.decode(), shell=True, env={**os.environ, **worker_environment(handler)}
        )

    def wait() -> None:
        if code := process.wait():
            raise RuntimeError(f"Worker subprocess exited with return code {code}")

    handler.worker_thread = threading.Thread(name=WORKER_THREAD, target=wait)
    handler.worker_thread.start()


def worker_environment(handler: Any) -> dict[str, str]:
    """Return the variables that Beam's worker reads: its id, the addresses of its runner, and the options."""
    import json

    from google.protobuf import json_format, text_format

    options = handler.provision_info.provision_info.pipeline_options
    return {
        "WORKER_ID": handler.worker_id,
        "CONTROL_API_SERVICE_DESCRIPTOR": text_format.MessageToString(handler.control_api_service_descriptor()),
        "LOGGING_API_SERVICE_DESCRIPTOR": text_format.MessageToString(handler.logging_api_service_descriptor()),
        "PIPELINE_OPTIONS": json.dumps(json_format.MessageToDict(options)),
    }
