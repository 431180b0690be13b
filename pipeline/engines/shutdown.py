"""The end of a command: signals that come too late to change anything, and tracebacks that nobody asked for."""

import contextlib
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM)
TRACEBACK = "Traceback (most recent call last)"
BEAM = ("apache_beam", "grpc")

_own_process = False


def in_own_process() -> None:
    """Say that this process is the command, and ends with it; it waits for its children, whatever its parent does."""
    global _own_process
    _own_process = True
    if hasattr(signal, "SIGCHLD"):
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)


def open_standard_streams() -> None:
    """Open /dev/null for each of stdin, stdout and stderr that is closed, as some schedulers start a command.

    Else Python has None there, and the next file or socket gets its number.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            null = os.open(os.devnull, os.O_RDWR)
            if null != number and not _is_open(number):
                os.dup2(null, number)
                os.close(null)
                null = number
            os.set_inheritable(null, True)
            setattr(sys, name, os.fdopen(null, "w" if number else "r", encoding="utf-8"))


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def is_own_process() -> bool:
    """Return True if this process is the command, and not a program that calls it."""
    return _own_process


def let_go(before: Sequence[Any]) -> None:
    """Give signals back when the work is done: to `before`, or, in the command's own process, to nobody.

    What is left then are moments, in which Python ends its threads. A signal
    would not stop anything, but change the exit code of what has been done:
    Python itself gives a handler of ours back to the system before its end,
    and only an ignored signal stays ignored.
    """
    for number, handler in zip(SIGNALS, before, strict=True):
        signal.signal(number, signal.SIG_IGN if _own_process else handler)


class _NoTraceback(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        return not (record.exc_info or TRACEBACK in record.getMessage())


@contextlib.contextmanager
def without_tracebacks() -> Iterator[None]:
    """Hide Beam's tracebacks within the block, except with `--verbose`; the caller says what has happened.

    Beam tells of one failure up to five times: the worker prints and logs it,
    its streams log that they ended, the runner logs it again and raises it.
    Its threads do so even after it has ended; the command's own process is
    left that way as well.
    """
    if logging.getLogger().getEffectiveLevel() <= logging.INFO:
        yield
        return
    from apache_beam.runners.worker import sdk_worker

    handlers, hidden, before = list(logging.getLogger().handlers), _NoTraceback(), threading.excepthook

    def hear(error: threading.ExceptHookArgs) -> None:
        if not _is_beams(error):
            before(error)

    for handler in handlers:
        handler.addFilter(hidden)
    threading.excepthook = hear
    # The worker prints each traceback to stderr, and also logs it (2.77.0, `SdkHarness._execute`).
    vars(sdk_worker)["print"] = lambda *_, **__: None
    try:
        yield
    finally:
        if not _own_process:
            vars(sdk_worker).pop("print")
            threading.excepthook = before
            for handler in handlers:
                handler.removeFilter(hidden)


def _is_beams(error: threading.ExceptHookArgs) -> bool:
    """Return True if it was raised under a thread of Beam or of its connections, and not of ours."""
    frame = error.exc_traceback
    while frame is not None:
        if str(frame.tb_frame.f_globals.get("__name__")).startswith(BEAM):
            return True
        frame = frame.tb_next
    return error.exc_type.__module__.startswith(BEAM)
