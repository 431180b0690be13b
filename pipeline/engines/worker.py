"""A worker process of a local run: Beam's own, that says nothing but errors and never outlives its launcher."""

import logging
import os
import sys
import threading
import time
from typing import Any

from pipeline.engines.startup import import_beam, import_spacy

BLOCK_BYTES = 1 << 10
"""Of data between steps: a dozen articles, each as its place in a file (`transforms/spill.py`)."""


def run(launcher: int) -> None:
    """Do the launcher's work, in the variables that Beam sets for a worker, until the launcher ends it.

    Args:
        launcher: process id of this process's parent. It is given, since the
            parent may be gone by now, and this process another's child.
    """
    begin(launcher)
    from apache_beam.runners.worker import sdk_worker_main

    send_small_blocks()
    sdk_worker_main.main(sys.argv)


def begin(parent: int) -> None:
    """Prepare this process as a worker: it ends with its parent, imports everything, and logs errors only."""
    end_with(parent)
    import_beam()
    import_spacy()
    import transforms.preload  # noqa: F401
    from pipeline.monitoring import logs, stacks
    from transforms.limits.child import ignore_signals, set_name

    ignore_signals()
    set_name("dateline-worker")
    # Beam sets the level of the log to INFO, whatever the flags say; the handler is ours to set, first of all.
    handler = logs.handler()
    handler.setLevel(logging.ERROR)
    logging.getLogger().handlers[:] = [handler]
    logs.show_warnings()
    stacks.answer()


def send_small_blocks() -> None:
    """Have Beam send what it makes in blocks of `BLOCK_BYTES`, not of 10 MB.

    FnApiRunner deals the blocks of a step out to the workers of the next one by
    turns, however many elements are in each: with blocks of 10 MB, one worker got
    4,182 of 5,000 articles. They must be small compared with what one worker makes: with
    64 kB, a full block and a short one of each, the full ones went to one worker.
    Without effect on a Beam that has no such setting.
    """
    from apache_beam.runners.worker import data_plane

    stream: Any = data_plane.SizeBasedBufferingClosableOutputStream
    beams = data_plane._DEFAULT_SIZE_FLUSH_THRESHOLD
    defaults = stream.__init__.__defaults__
    stream.__init__.__defaults__ = tuple(BLOCK_BYTES if value == beams else value for value in defaults)


def end_with(launcher: int) -> None:
    """End this process when its parent has gone; Beam's worker would wait long for the parent's word."""

    def watch() -> None:
        while os.getppid() == launcher:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    run(int(sys.argv.pop(1)))
