"""One process that has everything loaded; the workers and readers of a local run are copies of it.

A process that begins as a fresh interpreter imports Beam, spaCy and the rest,
and loads the model, before it can do anything: seconds, and memory, for each.
So the launcher forks a template, once, before it has any thread; the template
gets everything ready while the launcher builds the graph, and then forks
workers, which run Beam, and readers, which work on articles under limits
(`transforms/limits`). A fork takes milliseconds, and what was loaded is in
memory once.
"""

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from multiprocessing.connection import Connection, Pipe, wait
from pathlib import Path
from typing import NoReturn

from pipeline.engines import worker
from pipeline.engines.startup import leave_alone_what_is_there
from transforms.limits.child import end_with_parent, flush

END_SECONDS = 1.0
"""Time that a template has to end after the request."""
TASKS = Path("/proc/self/task")
HARMLESS = frozenset({"jemalloc_bg_thd"})
"""Threads by name that survive a fork, or are started again by their library."""


def can_fork() -> bool:
    """Return True if a copy of this process works: on Linux, as long as no thread but this one may hold a lock."""
    if not TASKS.is_dir() or threading.active_count() > 1:
        return False
    others = [task for task in TASKS.iterdir() if task.name != str(os.getpid())]
    return all((task / "comm").read_text().strip() in HARMLESS for task in others)


class Template:
    """The launcher's end.

    Attributes:
        readers: the connection by which this process gets readers, for `pool.connected`.

    Args:
        prepare: what the template does before the first worker is asked for.
            An error in it is not reported: a worker will meet it again, and report it.
    """

    def __init__(self, prepare: Callable[[], None]) -> None:
        self._control, far_end = Pipe()
        self.readers, of_readers = Pipe()
        flush()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                self._control.close()
                self.readers.close()
                _serve(far_end, of_readers, prepare)
            except BaseException:  # it must not reach the launcher's code, which this process has on its stack
                sys.excepthook(*sys.exc_info())
            finally:
                os._exit(1)
        far_end.close()
        of_readers.close()
        self._asked: dict[str, Future[int]] = {}
        self._listener = threading.Thread(target=self._listen, daemon=True)

    def start_worker(self, worker_id: str, environ: Mapping[str, str]) -> "Future[int]":
        """Fork a worker with this environment; its exit code is there once it has ended."""
        ended: Future[int] = Future()
        self._asked[worker_id] = ended
        if not self._listener.ident:
            self._listener.start()
        try:
            self._control.send((worker_id, dict(environ)))
        except OSError as error:
            raise RuntimeError(
                "the process that workers are copies of ended; out of memory is the usual cause"
            ) from error
        return ended

    def close(self) -> None:
        """End the template, and workers and readers that are left."""
        # It waits for its children, so that their CPU time is counted. While it prepares, it does not hear.
        with contextlib.suppress(OSError):
            self._control.send(None)
        deadline = time.monotonic() + END_SECONDS
        while not (ended := os.waitpid(self.pid, os.WNOHANG)[0]) and time.monotonic() < deadline:
            time.sleep(0.002)
        if not ended:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        # The listener may be about to read, so the descriptor stays until the other end is gone.
        if self._listener.ident:
            self._listener.join()
        self._control.close()

    def _listen(self) -> None:
        with contextlib.suppress(EOFError, OSError):
            while True:
                worker_id, code = self._control.recv()
                self._asked[worker_id].set_result(code)
        for ended in self._asked.values():
            if not ended.done():
                ended.set_result(-signal.SIGKILL)


def _serve(control: Connection, of_readers: Connection, prepare: Callable[[], None]) -> NoReturn:
    """Serve the launcher and its workers; end with the launcher, and end them."""
    # Imported here, since whoever imports Beam decides how (`lean.import_beam`).
    from pipeline.monitoring import stacks
    from transforms.limits.child import ignore_signals, set_name
    from transforms.limits.fork_server import ForkServer

    ignore_signals()
    set_name("dateline-ready")
    with contextlib.suppress(BaseException):  # a model may call sys.exit() when it is loaded
        prepare()
    ignore_signals()  # a model may have set handlers of its own
    # What is there now is never garbage; to look at it again would also copy its pages.
    leave_alone_what_is_there()
    running: dict[Connection, tuple[str, int]] = {}
    readers = ForkServer(lambda: [control, *running], stacks.answer)
    readers.clients.append(of_readers)
    while True:
        ready = wait([control, *running, *readers.clients])
        for pipe in [pipe for pipe in running if pipe in ready]:
            worker_id, pid = running.pop(pipe)
            pipe.close()
            code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            with contextlib.suppress(OSError):
                control.send((worker_id, code))
        for client in [client for client in readers.clients if client in ready]:
            readers.answer(client)
        if control in ready:
            request = None
            with contextlib.suppress(EOFError, OSError):
                request = control.recv()
            if request is None:
                for _, pid in running.values():
                    os.kill(pid, signal.SIGKILL)
                    os.waitpid(pid, 0)
                readers.kill_children()
                os._exit(0)
            worker_id, environ = request
            near, far = Pipe()
            pipe, pid = _fork_worker(environ, far, [control, near, *running, *readers.clients])
            far.close()
            readers.clients.append(near)
            running[pipe] = worker_id, pid


def _fork_worker(environ: Mapping[str, str], readers: Connection, others: list[Connection]) -> tuple[Connection, int]:
    """Return a pipe that ends when the worker does, and its process id.

    Args:
        environ: of the worker.
        readers: the connection by which it gets readers.
        others: what the worker must close.
    """
    alive, held = Pipe(duplex=False)
    template = os.getpid()
    pid = os.fork()
    if pid:
        held.close()
        return alive, pid
    code = 1
    try:
        end_with_parent()
        for other in (alive, *others):
            other.close()
        os.environ.clear()
        os.environ.update(environ)
        from transforms.limits import pool

        with pool.connected(readers):
            worker.run(template)
        code = 0
    except BaseException:  # whatever it is, it must not reach the launcher's code that this process has on its stack
        sys.excepthook(*sys.exc_info())
    finally:
        flush()
        os._exit(code)
