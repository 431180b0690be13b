"""Worker pools for Beam's EXTERNAL and LOOPBACK environments: they start a worker for who has the secret.

Whoever can have a worker started for an engine of their own runs code as the
user of the pool. Beam's own pool asks for nothing. Here each request to start
one carries a secret, in the parameters of the environment.
"""

import contextlib
import hmac
import json
import os
import secrets
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import grpc
from apache_beam.portability.api import beam_fn_api_pb2, beam_fn_api_pb2_grpc, endpoints_pb2
from apache_beam.runners.worker.worker_pool_main import BeamFnExternalWorkerPoolServicer
from apache_beam.utils import thread_pool_executor
from google.protobuf import text_format

from pipeline.engines.sockets import new_socket
from pipeline.errors import ConfigurationError
from pipeline.patches import SECRET_PARAMETER

SECRET_BYTES = 32
MIN_CHARACTERS = 32
MAX_CHARACTERS = 1_000
SERVER_OPTIONS = [
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.http2.max_ping_strikes", 0),
    # Else a second pool shares the port of the first.
    ("grpc.so_reuseport", 0),
]
REFUSED = "the worker pool's secret is another one than that of the run (workers_secret)"
END_SECONDS = 10.0
"""Time that a worker has to end after the request."""


def is_right(request: Any, secret: str) -> bool:
    """Return True if the request has the secret; the time it takes says nothing about it."""
    return hmac.compare_digest(request.params.get(SECRET_PARAMETER, "").encode(), secret.encode())


class _Locked(beam_fn_api_pb2_grpc.BeamFnExternalWorkerPoolServicer):
    """Passes on what has the secret.

    A request to stop a worker has no parameters in Beam's protocol. On a port
    it is therefore ignored: a worker ends when its engine closes the connection.
    """

    def __init__(self, pool: Any, secret: str, private: bool) -> None:
        self._pool, self._secret, self._private = pool, secret, private

    def StartWorker(self, request: Any, context: Any) -> Any:
        """Start a worker for the engine that the request names, or abort with UNAUTHENTICATED."""
        if not is_right(request, self._secret):
            context.abort(grpc.StatusCode.UNAUTHENTICATED, REFUSED)
        return self._pool.StartWorker(request, context)

    def StopWorker(self, request: Any, context: Any) -> Any:
        """Stop a worker, if only this user can have asked for it."""
        if self._private:
            return self._pool.StopWorker(request, context)
        return beam_fn_api_pb2.StopWorkerResponse()


def serve(pool: Any, address: str, secret: str) -> tuple[str, grpc.Server]:
    """Start a server of the pool.

    Args:
        pool: a servicer; it gets only requests that have the secret.
        address: `unix:PATH` in a private folder, or `HOST:PORT`.
        secret: what a request to start a worker must have.

    Returns:
        The address with its port, and the server.

    Raises:
        OSError: the address is taken, or is none of this machine.
    """
    server = grpc.server(thread_pool_executor.shared_unbounded_instance(), options=SERVER_OPTIONS)
    private = address.startswith("unix:")
    beam_fn_api_pb2_grpc.add_BeamFnExternalWorkerPoolServicer_to_server(_Locked(pool, secret, private), server)
    try:
        port = server.add_insecure_port(address)
    except RuntimeError as error:
        raise OSError(str(error)) from error
    if not port:
        raise OSError(f"cannot listen on {address}")
    server.start()
    return address if private else f"{address.rpartition(':')[0]}:{port}", server


def start_loopback(
    *, use_process: bool, state_cache_size: int, data_buffer_time_limit_ms: int, tcp: bool
) -> tuple[str, grpc.Server]:
    """Start the pool of the LOOPBACK environment: workers are threads of this process.

    Args:
        use_process: start processes instead.
        state_cache_size: bytes, for Beam's worker.
        data_buffer_time_limit_ms: for Beam's worker.
        tcp: listen on a port of 127.0.0.1, for engines that cannot connect to a Unix socket.

    Returns:
        The environment's configuration, with a new secret, and the server.
    """
    pool = BeamFnExternalWorkerPoolServicer(
        use_process=use_process, state_cache_size=state_cache_size, data_buffer_time_limit_ms=data_buffer_time_limit_ms
    )
    secret = secrets.token_urlsafe(SECRET_BYTES)
    url, server = serve(pool, "127.0.0.1:0" if tcp else f"unix:{new_socket('pool')}", secret)
    return json.dumps({"url": url, "params": {SECRET_PARAMETER: secret}}), server


class ProcessPool:
    """Starts worker processes; each imports all of Dateline before it takes work."""

    def __init__(self) -> None:
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._lock = threading.Lock()

    def StartWorker(self, request: Any, _: Any) -> Any:
        """Start a process that connects to the engine."""
        control = endpoints_pb2.ApiServiceDescriptor(url=request.control_endpoint.url)
        environment = {
            **os.environ,
            "WORKER_ID": request.worker_id,
            "CONTROL_API_SERVICE_DESCRIPTOR": text_format.MessageToString(control),
            "PIPELINE_OPTIONS": json.dumps({"max_cache_memory_usage_mb": 0}),
        }
        command = [sys.executable, "-m", "pipeline.engines.pool_worker", str(os.getpid())]
        try:
            process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL)
        except OSError as error:
            return beam_fn_api_pb2.StartWorkerResponse(error=str(error))
        with self._lock:
            self._processes[f"{request.worker_id} {process.pid}"] = process
        return beam_fn_api_pb2.StartWorkerResponse()

    def StopWorker(self, request: Any, _: Any) -> Any:
        """End the worker of that name; content if there is none."""
        with self._lock:
            named = [key for key in self._processes if key.rpartition(" ")[0] == request.worker_id]
            processes = [self._processes.pop(key) for key in named]
        for process in processes:
            end(process)
        return beam_fn_api_pb2.StopWorkerResponse()

    def forget_ended(self) -> None:
        """Collect the exit codes of workers that have ended."""
        with self._lock:
            for key in [key for key, process in self._processes.items() if process.poll() is not None]:
                del self._processes[key]

    def close(self) -> None:
        """End all workers."""
        with self._lock:
            for process in self._processes.values():
                process.kill()
                process.wait()
            self._processes.clear()


def end(process: "subprocess.Popen[bytes]") -> None:
    """Wait for a worker whose engine has finished with it, and kill one that does not end."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(END_SECONDS)
        return
    process.kill()
    process.wait()


def default_secret_file() -> Path:
    """Return the path where pools and runs of this user look for the secret.

    Raises:
        ConfigurationError: this user has no home folder.
    """
    try:
        configuration = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    except RuntimeError as error:
        raise ConfigurationError(["HOME: is not set; expected your folder, or XDG_CONFIG_HOME"]) from error
    return Path(configuration, "dateline", "workers.secret")


def read_secret(file: Path) -> str:
    """Return the secret in a file.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: others may read it, or its content is not a secret.
    """
    # Opened first, so that what is checked is what is read; without waiting, since it may be a FIFO.
    with os.fdopen(os.open(file, os.O_RDONLY | os.O_NONBLOCK), encoding="ascii", errors="replace") as opened:
        found = os.fstat(opened.fileno())
        _check_secret_file(file, found)
        secret = opened.read(MAX_CHARACTERS + 1).strip()
    if not MIN_CHARACTERS <= len(secret) <= MAX_CHARACTERS:
        raise ValueError(
            f"{str(file)!r} has {len(secret)} characters; expected {MIN_CHARACTERS} to {MAX_CHARACTERS:,}:"
            " remove it, and `dateline workers` writes a new one"
        )
    return secret


def _check_secret_file(file: Path, found: os.stat_result) -> None:
    """Raise ValueError if others may read the file, or wrote it."""
    if not stat.S_ISREG(found.st_mode):
        raise ValueError(f"{str(file)!r} is not a regular file")
    if found.st_mode & 0o077 or found.st_uid not in (os.getuid(), 0):
        raise ValueError(
            f"{str(file)!r} has mode {stat.S_IMODE(found.st_mode):04o} and owner {found.st_uid};"
            f" expected mode 0600 and owner {os.getuid()}: chmod 600 {file}"
        )


def make_secret(file: Path) -> str:
    """Return the secret in a file, which is written with a new one if it is not there.

    Raises:
        ValueError: as of `read_secret`.
        OSError: it cannot be written.
    """
    with contextlib.suppress(FileNotFoundError):
        return read_secret(file)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Write to another file and rename, so that a reader finds all of it or nothing.
    aside = file.with_name(f"{file.name}.{os.getpid()}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(descriptor, secrets.token_urlsafe(SECRET_BYTES).encode())
        os.close(descriptor)
        with contextlib.suppress(FileExistsError):  # another pool was faster
            os.link(aside, file)
    finally:
        aside.unlink()
    return read_secret(file)
