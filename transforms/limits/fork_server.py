"""Process that has everything loaded and forks children on request.

A fork takes milliseconds where a fresh interpreter takes seconds, and what was
loaded is in memory once. A launcher forks its own server before it has any
thread (`pipeline/engines/template.py`); any other process starts one as a fresh
interpreter (`python -m transforms.limits FD`).
"""

import gc
import os
import pickle
import signal
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from multiprocessing.connection import Connection, wait
from multiprocessing.reduction import recv_handle
from typing import Any, NoReturn

from transforms.limits import child

GRACE_SECONDS = 1.0
"""That a child whose connection has ended may take to end."""
CLOSED = 256
"""In the place of the exit code of a child that closed its connection but did not end."""
PREPARE, FORK, REAP = "prepare", "fork", "reap"
"""Requests: load what a task needs; fork a child; return the exit code of a child that has ended."""


class ForkServer:
    """Answers the requests of its clients.

    Args:
        inherited: gives further connections of this process, which a child must close:
            a connection ends only when all copies of its other end are closed.
        in_child: called in each child before it takes work.
    """

    def __init__(
        self,
        inherited: Callable[[], Iterable[Connection]] = tuple,
        in_child: Callable[[], None] = lambda: None,
    ) -> None:
        self.clients: list[Connection] = []
        self._inherited = inherited
        self._in_child = in_child
        self._tasks: dict[str, Any] = {}
        self._children: dict[int, int | None] = {}
        """Process ids, with the exit code of those that have ended."""

    def answer(self, client: Connection) -> None:
        """Answer one request; forget a client that is gone."""
        try:
            kind, *arguments = client.recv()
            if kind == PREPARE:
                client.send(self._prepare(*arguments))
            elif kind == FORK:
                client.send(self._fork(recv_handle(client), *arguments))
            elif kind == REAP:
                client.send(self._reap(*arguments))
        except (EOFError, OSError):
            self.clients.remove(client)
            client.close()

    def kill_children(self) -> None:
        """End all children that are alive, and wait for their end."""
        for pid, code in self._children.items():
            if code is None:
                _end(pid)

    def _prepare(self, key: str, packed: bytes) -> str:
        """Load what a task needs; return an error's text, or nothing."""
        if key in self._tasks:
            return ""
        try:
            task = pickle.loads(packed)
            task.preload()
        except BaseException as error:  # a model may call sys.exit() when it is loaded
            return f"{type(error).__name__}: {error}"
        child.ignore_signals()  # a model may have set handlers of its own
        self._tasks[key] = task
        # A collection would visit what was loaded again and again, and copy its pages in each child.
        gc.collect()
        gc.freeze()
        return ""

    def _fork(self, handle: int, memory_mb: float, environ: Mapping[str, str]) -> int:
        """Fork a child that serves the connection with this descriptor; return its process id."""
        child.flush()
        pid = os.fork()
        if pid:
            os.close(handle)
            self._children[pid] = None
            self._collect()
            return pid
        try:
            for other in (*self.clients, *self._inherited()):
                other.close()
            os.environ.update(environ)
            self._in_child()
            child.serve(Connection(handle), self._tasks, memory_mb)
        except BaseException:  # it must not go on as a second server
            sys.excepthook(*sys.exc_info())
        finally:
            os._exit(1)

    def _collect(self) -> None:
        """Note the exit codes of children that have ended; forget those that ended because their client was gone."""
        for pid in [pid for pid, code in self._children.items() if code is None]:
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                self._children[pid] = os.waitstatus_to_exitcode(status)
                if not self._children[pid]:
                    del self._children[pid]

    def _reap(self, pid: int) -> int:
        """End a child and return its exit code, negative for a signal."""
        code = self._children.pop(pid, 0)
        return _end(pid, GRACE_SECONDS) if code is None else code


def _end(pid: int, grace_seconds: float = 0.0) -> int:
    """Return the exit code of a child of this process; it is killed, and `CLOSED` returned, if it has not ended.

    One that has closed its connection but goes on would block the server, and
    all other clients with it.
    """
    deadline = time.monotonic() + grace_seconds
    ended, status = os.waitpid(pid, os.WNOHANG)
    while not ended and time.monotonic() < deadline:
        time.sleep(0.001)
        ended, status = os.waitpid(pid, os.WNOHANG)
    if not ended:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        return CLOSED
    return os.waitstatus_to_exitcode(status)


def main(descriptor: int) -> NoReturn:
    """Serve one client until it is gone."""
    child.ignore_signals()
    child.set_name("dateline-ready")
    server = ForkServer()
    server.clients.append(Connection(descriptor))
    while server.clients:
        ready = wait(server.clients)
        for client in [client for client in server.clients if client in ready]:
            server.answer(client)
    server.kill_children()
    os._exit(0)
