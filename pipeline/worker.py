"""A worker process of a local run: Beam's own, that says nothing but errors and never outlives its launcher."""

import contextlib
import logging
import os
import signal
import sys
import threading
import time
from pathlib import Path

from pipeline.lean import import_beam


def answer_no_signals() -> None:
    """Ctrl-C reaches all processes of a terminal, and `timeout` ends a whole group; the launcher answers for all."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def set_name(name: str) -> None:
    """What `ps` and `top` call this process, where the system lets it choose."""
    with contextlib.suppress(OSError):
        Path("/proc/self/comm").write_text(name)


def run(launcher: int) -> None:
    """Does what the launcher says, in the variables that Beam sets for a worker, until it says that all is done.

    Args:
        launcher: process id of this process's parent. Given, since it may be
            gone by now, and this process be another's child.
    """
    answer_no_signals()
    set_name("dateline-worker")
    end_with(launcher)
    from pipeline import logs

    # Beam sets the level of the log to INFO, whatever was asked; the handler is ours to set, first of all.
    handler = logs.handler()
    handler.setLevel(logging.ERROR)
    logging.getLogger().handlers[:] = [handler]

    import_beam()
    from apache_beam.runners.worker import sdk_worker_main

    from pipeline import stacks

    stacks.answer()

    sdk_worker_main.main(sys.argv)


def end_with(launcher: int) -> None:
    """From now on this process leaves when its parent is gone, for whose word Beam's worker would wait for long."""

    def watch() -> None:
        while os.getppid() == launcher:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    run(int(sys.argv.pop(1)))
