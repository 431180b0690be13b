"""One process that has everything loaded, of which the workers of a local run are copies.

A worker that begins as a fresh interpreter imports Beam, spaCy and the rest,
and loads the model, before it can do anything: seconds, and memory, for each.
So the launcher forks a template, once, before it has any thread; the template
gets everything ready while the launcher builds the graph, and then forks a
worker for each that is asked for. That takes milliseconds, and what was loaded
is in memory once.
"""

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from multiprocessing.connection import Connection, Pipe, wait
from pathlib import Path
from typing import NoReturn

from pipeline.engines import worker
from pipeline.engines.lean import leave_alone_what_is_there

TASKS = Path("/proc/self/task")
HARMLESS = frozenset({"jemalloc_bg_thd"})
"""Threads by name that survive a fork, or are started again by their library."""


def can_fork() -> bool:
    """Whether a copy of this process works: on Linux, as long as no thread but this one may hold a lock."""
    if not TASKS.is_dir() or threading.active_count() > 1:
        return False
    others = [task for task in TASKS.iterdir() if task.name != str(os.getpid())]
    return all((task / "comm").read_text().strip() in HARMLESS for task in others)


class Template:
    """The launcher's end.

    Args:
        prepare: what the template does before the first worker is asked for.
            An error in it is not told: a worker will meet it again, and tell it.
    """

    def __init__(self, prepare: Callable[[], None]) -> None:
        self._control, far_end = Pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        self.pid = os.fork()
        if self.pid == 0:
            self._control.close()
            _serve(far_end, prepare)
        far_end.close()
        self._asked: dict[str, Future[int]] = {}
        self._listener = threading.Thread(target=self._listen, daemon=True)

    def start_worker(self, worker_id: str, environ: Mapping[str, str]) -> "Future[int]":
        """Forks a worker with this environment; its exit code is there once it has ended."""
        ended: Future[int] = Future()
        self._asked[worker_id] = ended
        if not self._listener.ident:
            self._listener.start()
        self._control.send((worker_id, dict(environ)))
        return ended

    def close(self) -> None:
        """Ends the template, and workers that are left."""
        # The listener may be about to read, so the descriptor stays until the other end is gone.
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
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


def _serve(control: Connection, prepare: Callable[[], None]) -> NoReturn:
    """The template's whole life: it ends with its launcher, and its workers with it."""
    worker.answer_no_signals()
    worker.set_name("dateline-ready")
    with contextlib.suppress(Exception):
        prepare()
    # What is there now is never garbage; to look at it again would also copy its pages.
    leave_alone_what_is_there()
    running: dict[Connection, tuple[str, int]] = {}
    while True:
        ready = wait([control, *running])
        for pipe in [pipe for pipe in running if pipe in ready]:
            worker_id, pid = running.pop(pipe)
            pipe.close()
            code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            with contextlib.suppress(OSError):
                control.send((worker_id, code))
        if control in ready:
            try:
                worker_id, environ = control.recv()
            except (EOFError, OSError):
                for _, pid in running.values():
                    os.kill(pid, signal.SIGKILL)
                os._exit(0)
            pipe, pid = _fork_worker(environ, [control, *running])
            running[pipe] = worker_id, pid


def _fork_worker(environ: Mapping[str, str], others: list[Connection]) -> tuple[Connection, int]:
    """A pipe that ends when the worker does, and its process id."""
    alive, held = Pipe(duplex=False)
    template = os.getpid()
    pid = os.fork()
    if pid:
        held.close()
        return alive, pid
    for other in (alive, *others):
        other.close()
    os.environ.clear()
    os.environ.update(environ)
    code = 1
    try:
        worker.run(template)
        code = 0
    except BaseException:  # whatever it is, it must not reach the launcher's code that this process has on its stack
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
