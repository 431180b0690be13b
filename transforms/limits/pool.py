"""Children of this process that are ready for work, and the fork server that they come from."""

import contextlib
import hashlib
import os
import pickle
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from multiprocessing.connection import Connection, Pipe
from multiprocessing.reduction import send_handle
from typing import Any

from transforms.limits.child import UNKNOWN, Request
from transforms.limits.fork_server import FORK, PREPARE, REAP

VARIABLES = "DATELINE_"
"""Start of the names of the environment variables that a child takes from the process that it works for."""


class ChildEnded(Exception):
    """A child ended before it answered.

    Args:
        code: its exit code, negative for the signal that ended it.
        timed_out: True if it was ended from here because it did not answer.
    """

    def __init__(self, code: int, *, timed_out: bool = False) -> None:
        super().__init__(f"a child process ended with code {code}")
        self.code = code
        self.timed_out = timed_out


class ForkServerEnded(RuntimeError):
    """The fork server is gone, so no child can be replaced: the run fails."""


class ServerClient:
    """Client of a fork server; any thread may call it.

    Args:
        connection: to the server.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()

    def prepare(self, key: str, task: bytes) -> None:
        """Load what a task needs, in the server.

        Raises:
            RuntimeError: loading failed; says why.
        """
        with self._lock:
            problem = self._call(PREPARE, key, task)
        if problem:
            raise RuntimeError(f"a reader process could not be prepared: {problem}")

    def fork(self, memory_mb: float) -> tuple[int, Connection]:
        """Fork a child; return its process id and the connection that it serves."""
        environ = {name: value for name, value in os.environ.items() if name.startswith(VARIABLES)}
        near, far = Pipe()
        with self._lock, far:
            try:
                self._connection.send((FORK, memory_mb, environ))
                send_handle(self._connection, far.fileno(), None)
                return self._connection.recv(), near
            except (EOFError, OSError) as error:
                near.close()
                raise ForkServerEnded("the fork server ended; out of memory is the usual cause") from error

    def reap(self, pid: int) -> int:
        """Wait for the end of a child and return its exit code."""
        with self._lock:
            return int(self._call(REAP, pid))

    def close(self) -> None:
        """Close the connection; a server without clients ends."""
        self._connection.close()

    def _call(self, *request: Any) -> Any:
        try:
            self._connection.send(request)
            return self._connection.recv()
        except (EOFError, OSError) as error:
            raise ForkServerEnded("the fork server ended; out of memory is the usual cause") from error


class Pool:
    """Hands out children, forks new ones when all are busy, and replaces those that end.

    Threads that need a child while `size` are busy wait for one. One pool serves
    all tasks with the same memory limit.
    """

    def __init__(self, client: ServerClient, memory_mb: float, size: int) -> None:
        self._client = client
        self._memory_mb = memory_mb
        self._free: list[Child] = []
        self._permits = threading.Semaphore(size)

    def call(self, request: Request, wall_seconds: float | None) -> tuple[str, Any]:
        """Send a request to a child; return the kind and the value of its answer.

        Raises:
            ChildEnded: it exceeded its limits or crashed, or did not answer in time.
            ForkServerEnded: the fork server is gone, or another one than the task was prepared in.
        """
        packed = pickle.dumps(request, pickle.HIGHEST_PROTOCOL)
        with self._permits:
            while True:
                child, is_new = self._take()
                answer = self._ask(child, packed, wall_seconds)
                if answer[0] != UNKNOWN:
                    self._free.append(child)
                    return answer
                # It was forked before its server knew the task.
                child.close()
                if is_new:
                    raise ForkServerEnded("the fork server does not know the task; it was restarted")

    def replace_idle(self) -> None:
        """End the idle children, for example because one of them needs much memory."""
        while self._free:
            with contextlib.suppress(IndexError):
                self._free.pop().close()

    def _take(self) -> tuple["Child", bool]:
        """Return an idle child, or a new one, and True if it is new."""
        with contextlib.suppress(IndexError):
            return self._free.pop(), False
        return Child(*self._client.fork(self._memory_mb)), True

    def _ask(self, child: "Child", packed: bytes, wall_seconds: float | None) -> tuple[str, Any]:
        timed_out = False
        try:
            child.connection.send_bytes(packed)
            timed_out = not child.wait(wall_seconds)
            if child.connection.poll():
                return pickle.loads(child.connection.recv_bytes())
            if timed_out:
                os.kill(child.pid, signal.SIGKILL)
        except (EOFError, OSError):
            pass
        child.close()
        raise ChildEnded(self._client.reap(child.pid), timed_out=timed_out)


class Child:
    """A child of this process's fork server, and how to wait for it.

    Its connection alone does not tell its end: a process that the child has
    forked, for example in code of a model, may hold a copy of it. So its
    process is waited for, too, where the system can (pidfd, Linux 5.3).
    """

    def __init__(self, pid: int, connection: Connection) -> None:
        self.pid = pid
        self.connection = connection
        self._process: int | None = None
        self._poller = select.poll()
        self._poller.register(connection.fileno(), select.POLLIN)
        if sys.platform == "linux":
            with contextlib.suppress(OSError):  # it has ended, or the kernel is old
                self._process = os.pidfd_open(pid)
                self._poller.register(self._process, select.POLLIN)

    def wait(self, seconds: float | None) -> bool:
        """Wait until it has answered or ended; return False after the timeout in seconds."""
        return bool(self._poller.poll(None if seconds is None else 1000 * seconds))

    def close(self) -> None:
        """Close the connection; a child that waits for a request ends."""
        self.connection.close()
        if self._process is not None:
            os.close(self._process)
            self._process = None


_LOCK = threading.RLock()
_client: ServerClient | None = None
_owner = 0
_pools: dict[float, Pool] = {}
_prepared: dict[bytes, str] = {}


def connect(connection: Connection) -> None:
    """Use this fork server for all tasks of this process."""
    global _client, _owner
    with _LOCK:
        _forget()
        _client, _owner = ServerClient(connection), os.getpid()


@contextlib.contextmanager
def connected(connection: Connection) -> Iterator[None]:
    """Use this fork server inside this context."""
    connect(connection)
    try:
        yield
    finally:
        disconnect()


def disconnect() -> None:
    """End the children of this process; a fork server that serves no other process ends, too."""
    with _LOCK:
        _forget()


def _forget() -> None:
    global _client
    for pool in _pools.values():
        pool.replace_idle()
    if _client is not None:
        _client.close()
    _client = None
    _pools.clear()
    _prepared.clear()


def prepare(task: Any) -> str:
    """Load what a task needs in the fork server, which is started if there is none; return the task's key.

    Raises:
        RuntimeError: loading failed; says why.
    """
    packed = pickle.dumps(task)
    with _LOCK:
        client = _started()
        if packed not in _prepared:
            key = hashlib.blake2b(packed, digest_size=8).hexdigest()
            client.prepare(key, packed)
            _prepared[packed] = key
        return _prepared[packed]


def call(request: Request, *, memory_mb: float, wall_seconds: float | None) -> tuple[str, Any]:
    """Send a request to a child of this process; see `Pool.call`."""
    return _pool(memory_mb).call(request, wall_seconds)


def replace_idle(memory_mb: float) -> None:
    """End the idle children that have this memory limit; see `Pool.replace_idle`."""
    _pool(memory_mb).replace_idle()


def _pool(memory_mb: float) -> Pool:
    with _LOCK:
        if memory_mb not in _pools:
            _pools[memory_mb] = Pool(_started(), memory_mb, size=os.cpu_count() or 1)
        return _pools[memory_mb]


def _started() -> ServerClient:
    """Return the client of this process; a copy made by a fork has none of its own."""
    global _client, _owner
    if _client is None or _owner != os.getpid():
        _pools.clear()
        _prepared.clear()
        _client, _owner = ServerClient(_start_server()), os.getpid()
    return _client


def _start_server() -> Connection:
    """Start a fork server as a fresh interpreter."""
    near, far = socket.socketpair()
    with far:
        subprocess.Popen(
            [sys.executable, "-m", "transforms.limits", str(far.fileno())],
            pass_fds=[far.fileno()],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
            stdin=subprocess.DEVNULL,
        )
    return Connection(near.detach())
