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
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn, TextIO

import psutil
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.transforms.environments import SubprocessSDKEnvironment

from pipeline.engines.shutdown import SIGNALS, let_go
from pipeline.engines.sockets import remove_socket_folder
from pipeline.monitoring import logs
from pipeline.monitoring.terminal import printable, write
from pipeline.patches import WORKER_THREAD, close_ports
from transforms.dataset.sinks import sink_of
from transforms.progress import FOLDER_VARIABLE, read_progress
from transforms.spill import FOLDER_VARIABLE as SPILL_VARIABLE
from transforms.spill import remove_spilled, spilling_into

LastWord = Callable[[int, str], None]
"""Called with the exit code and the reason before the process leaves in the middle of a run."""

# Whoever can start a local run can import its runner from here only when Beam's ports are closed.
close_ports()


def local_runner(workers: int) -> FnApiRunner:
    """Return Beam's local runner itself, in this process or with worker processes of ours.

    DirectRunner would run elsewhere if a Prism binary could be downloaded.

    Args:
        workers: processes; 0 for one a core. One works within this process.
    """
    if workers == 1:
        return FnApiRunner()
    # Without `exec` the worker would be the child of a shell, and not ours to watch.
    command = f"exec {shlex.quote(sys.executable)} -m pipeline.engines.worker {os.getpid()}"
    return FnApiRunner(default_environment=SubprocessSDKEnvironment.from_command_string(command))


def leave(exit_code: int, why: str, last_word: LastWord | None = None) -> NoReturn:
    """End this process and its workers immediately, from whatever thread; there is no way back into the runner.

    What was begun is left as after a `kill`, and the next run makes it good.
    """
    if last_word:
        with contextlib.suppress(Exception):  # leaving matters more
            last_word(exit_code, why)
    # The workers' end is not news, whichever of the runner's threads would tell it.
    threading.excepthook = lambda _: None
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
    _kill_workers()
    if SPILL_VARIABLE in os.environ:
        remove_spilled(Path(os.environ[SPILL_VARIABLE]))
    shutil.rmtree(os.environ.get(FOLDER_VARIABLE, ""), ignore_errors=True)
    remove_socket_folder()
    os._exit(exit_code)


@contextlib.contextmanager
def ended_by_lost_worker(exit_code: int, last_word: LastWord | None = None) -> Iterator[None]:
    """End this process too, with `exit_code`, when a worker process dies within the block.

    FnApiRunner waits for ever for the answer of a worker that was killed. All
    that is heard of it is an exception in the thread that waited for the
    process.
    """
    before = threading.excepthook

    def lost(error: threading.ExceptHookArgs) -> None:
        if error.thread is None or error.thread.name != WORKER_THREAD:
            before(error)
            return
        why = f"a worker process died ({error.exc_value})"
        logs.say(
            f"\ndateline: {why}; the run has failed."
            "\nNothing was committed. Out of memory is the usual cause: try fewer `workers`."
            "\nStart the same command again to do the run over.",
            event="failed",
            level="error",
        )
        leave(exit_code, why, last_word)

    threading.excepthook = lost
    try:
        yield
    finally:
        threading.excepthook = before


@contextlib.contextmanager
def interruptible(exit_code: int, last_word: LastWord | None = None) -> Iterator[None]:
    """End this process and its workers immediately, with `exit_code`, on SIGINT and SIGTERM within the block.

    The runner answers an exception by asking its workers to end in the middle
    of their work, which takes long and is noisy.
    """

    def interrupted(*_: object) -> None:
        text = "\ndateline: interrupted; start the same command again to do the run over"
        logs.say(text, event="interrupted", level="error")
        leave(exit_code, "interrupted", last_word)

    before = [signal.signal(number, interrupted) for number in SIGNALS]
    try:
        yield
    finally:
        let_go(before)


def _kill_workers() -> None:
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()


@contextlib.contextmanager
def spilling(output: str, run_id: str) -> Iterator[None]:
    """Spill what is large to disk between two steps, within the block: next to the staged files, if they are local.

    The caller holds the dataset's lock: what runs that were killed have left there is taken away.
    """
    with contextlib.ExitStack() as stack:
        scratch = sink_of(output).scratch
        if scratch is not None:
            folder = scratch / run_id
            for left in scratch.glob("*/"):
                remove_spilled(left)
        else:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dateline-")))
        stack.enter_context(spilling_into(folder))
        yield


@contextlib.contextmanager
def shown_progress(out: TextIO, interval_seconds: float = 2.0) -> Iterator[None]:
    """Print, within the block, how many articles have passed each stage, and how fast.

    On a terminal the line is rewritten, elsewhere a line is added each time the
    numbers have changed.
    """
    done = threading.Event()
    with shared_progress() as folder:
        printer = threading.Thread(target=_print_progress, args=(folder, out, interval_seconds, done))
        printer.start()
        try:
            yield
        finally:
            done.set()
            printer.join()


@contextlib.contextmanager
def shared_progress() -> Iterator[Path]:
    """Have this process and its workers write, inside this context, how far they are and what they work on."""
    with tempfile.TemporaryDirectory(prefix="dateline-") as folder:
        os.environ[FOLDER_VARIABLE] = folder
        try:
            yield Path(folder)
        finally:
            del os.environ[FOLDER_VARIABLE]


def _print_progress(folder: Path, out: TextIO, interval_seconds: float, done: threading.Event) -> None:
    begun = time.monotonic()
    rewrite = out.isatty() and not logs.as_json()
    shown = ""
    while not done.wait(interval_seconds):
        seconds = time.monotonic() - begun
        # What begins with a dot is for the watchdog.
        stages = Counter({name: n for name, n in read_progress(folder).items() if not name.startswith(".")})
        text = ", ".join(f"{count:,} {stage}" for stage, count in sorted(stages.items(), reverse=True)) or "starting"
        if text != shown:
            shown = text
            rate = f" ({stages['extracted'] / seconds:.0f} articles/s)" if stages["extracted"] else ""
            if logs.as_json():
                write(logs.line(text, event="progress", level="info", seconds=round(seconds, 1), **stages) + "\n", out)
                continue
            write("\r" + printable(f"  {seconds:4.0f} s  {text}{rate}") + ("" if rewrite else "\n"), out)
    if rewrite and shown:
        write("\n", out)
