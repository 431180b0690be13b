"""A run on another engine: interrupted, it asks for its job to end, and at its end nothing is said that is no news."""

import contextlib
import logging
import signal
import threading
from collections.abc import Iterator
from typing import Any

HANGING_UP = "Multiplexer hanging up"
"""What the Java engines say to the streams of a worker when they are done with it."""


class _NoHangingUp(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        return not (record.exc_info and HANGING_UP in str(record.exc_info[1]))


@contextlib.contextmanager
def quiet_end() -> Iterator[None]:
    """Within, a worker in this process does not print the traceback of each stream that Flink or Spark hangs up."""
    handlers = list(logging.getLogger().handlers)
    hidden = _NoHangingUp()
    before = threading.excepthook

    def show(error: threading.ExceptHookArgs) -> None:
        if HANGING_UP not in str(error.exc_value):
            before(error)

    for handler in handlers:
        handler.addFilter(hidden)
    threading.excepthook = show
    try:
        yield
    finally:
        threading.excepthook = before
        for handler in handlers:
            handler.removeFilter(hidden)


@contextlib.contextmanager
def cancelled_by_signal(job: Any) -> Iterator[None]:
    """Within, SIGINT and SIGTERM ask the engine to cancel the job, and raise KeyboardInterrupt.

    Not every engine does: on a Flink cluster the job goes on until it is done or cancelled there.
    """
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        with contextlib.suppress(Exception):  # the engine may be gone already
            job.cancel()
        raise
    finally:
        signal.signal(signal.SIGTERM, before)
