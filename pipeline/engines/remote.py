"""A run on another engine: interrupted, it asks for its job to end."""

import contextlib
import signal
from collections.abc import Iterator
from typing import Any

from pipeline.engines.shutdown import SIGNALS, let_go


@contextlib.contextmanager
def cancelled_by_signal(job: Any) -> Iterator[None]:
    """Cancel the job on SIGINT and SIGTERM within the block, and raise KeyboardInterrupt.

    Not every engine does: on a Flink cluster the job goes on until it is done or cancelled there.
    """
    before = [signal.signal(number, signal.default_int_handler) for number in SIGNALS]
    try:
        yield
    except KeyboardInterrupt:
        with contextlib.suppress(Exception):  # the engine may be gone already
            job.cancel()
        raise
    finally:
        let_go(before)
