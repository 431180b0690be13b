"""A worker process of a local run: Beam's own, that says nothing but errors and never outlives its launcher."""

import logging
import os
import signal
import sys
import threading
import time


def _end_with(launcher: int) -> None:
    """Leaves when the launcher is gone: it may have been killed, and Beam's worker waits for its word for long."""
    while os.getppid() == launcher:
        time.sleep(0.5)
    os._exit(1)


if __name__ == "__main__":
    # Ctrl-C reaches all processes of a terminal, and `timeout` ends a whole group; the launcher answers for all.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    # Said by the launcher: it may be gone before this line is reached, and this process be another's child.
    threading.Thread(target=_end_with, args=(int(sys.argv.pop(1)),), daemon=True).start()
    from pipeline import logs, stacks

    stacks.answer()
    # Beam sets the level of the log to INFO, whatever was asked; the handler is ours to set, first of all.
    handler = logs.handler()
    handler.setLevel(logging.ERROR)
    logging.getLogger().addHandler(handler)

    from apache_beam.runners.worker import sdk_worker_main

    sdk_worker_main.main(sys.argv)
