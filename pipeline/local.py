"""Beam's local runner, watched: it must not hang, and it must not be silent."""

import contextlib
import os
import shlex
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import psutil
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.transforms.environments import SubprocessSDKEnvironment

from transforms.progress import FOLDER_VARIABLE, read_progress

WORKER_THREAD = "run_worker"
"""Name of the thread in which FnApiRunner waits for a worker process."""


def local_runner(workers: int) -> FnApiRunner:
    """Beam's local runner itself, in this process or with worker processes of ours.

    DirectRunner would run elsewhere if a Prism binary could be downloaded.

    Args:
        workers: processes; 0 for one a core. One works within this process.
    """
    if workers == 1:
        return FnApiRunner()
    # Without `exec` the worker would be the child of a shell, and not ours to watch.
    command = f"exec {shlex.quote(sys.executable)} -m pipeline.worker {os.getpid()}"
    return FnApiRunner(default_environment=SubprocessSDKEnvironment.from_command_string(command))


@contextlib.contextmanager
def ended_by_lost_worker(exit_code: int) -> Iterator[None]:
    """Within, the death of a worker process ends this process too, with `exit_code`.

    FnApiRunner waits for ever for the answer of a worker that was killed. All
    that is heard of it is an exception in the thread that waited for the
    process. There is no way back into the runner from there, so the other
    workers are killed and the process leaves at once; what was begun is left as
    after a `kill`, and the next run makes it good.
    """
    before = threading.excepthook

    def leave(error: threading.ExceptHookArgs) -> None:
        if error.thread is None or error.thread.name != WORKER_THREAD:
            before(error)
            return
        print(
            f"\ndateline: a worker process died ({error.exc_value}); the run has failed."
            "\nNothing was committed. Out of memory is the usual cause: try fewer `workers`."
            "\nStart the same command again to do the run over.",
            file=sys.stderr,
            flush=True,
        )
        _kill_workers()
        shutil.rmtree(os.environ.get(FOLDER_VARIABLE, ""), ignore_errors=True)
        os._exit(exit_code)

    threading.excepthook = leave
    try:
        yield
    finally:
        threading.excepthook = before


@contextlib.contextmanager
def interruptible(exit_code: int) -> Iterator[None]:
    """Within, SIGINT and SIGTERM end this process and its workers at once, with `exit_code`.

    The runner answers an exception by asking its workers to end in the middle
    of their work, which takes long and is noisy. What was begun is left as
    after a `kill`, and the next run makes it good.
    """

    def leave(*_: object) -> None:
        print("\ndateline: interrupted; start the same command again to do the run over", file=sys.stderr, flush=True)
        # The workers' end is no news, whichever of the runner's threads would tell it.
        threading.excepthook = lambda _: None
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
        _kill_workers()
        shutil.rmtree(os.environ.get(FOLDER_VARIABLE, ""), ignore_errors=True)
        os._exit(exit_code)

    signals = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, leave) for number in signals]
    try:
        yield
    finally:
        for number, handler in zip(signals, before, strict=True):
            signal.signal(number, handler)


def _kill_workers() -> None:
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()


@contextlib.contextmanager
def shown_progress(out: TextIO, interval_seconds: float = 2.0) -> Iterator[None]:
    """Within, prints how many articles have passed each stage, and how fast.

    On a terminal the line is rewritten, elsewhere a line is added each time the
    numbers have changed.
    """
    done = threading.Event()
    with tempfile.TemporaryDirectory(prefix="dateline-") as folder:
        os.environ[FOLDER_VARIABLE] = folder
        printer = threading.Thread(target=_print_progress, args=(Path(folder), out, interval_seconds, done))
        printer.start()
        try:
            yield
        finally:
            done.set()
            printer.join()
            del os.environ[FOLDER_VARIABLE]


def _print_progress(folder: Path, out: TextIO, interval_seconds: float, done: threading.Event) -> None:
    begun = time.monotonic()
    rewrite = out.isatty()
    shown = ""
    while not done.wait(interval_seconds):
        seconds = time.monotonic() - begun
        stages = read_progress(folder)
        text = ", ".join(f"{count:,} {stage}" for stage, count in sorted(stages.items(), reverse=True)) or "starting"
        if text != shown:
            shown = text
            rate = f" ({stages['extracted'] / seconds:.0f} articles/s)" if stages["extracted"] else ""
            print(f"\r  {seconds:4.0f} s  {text}{rate}", end="" if rewrite else "\n", file=out, flush=True)
    if rewrite and shown:
        print(file=out)
