"""A worker process of a pool: imports all of Dateline, then connects to the engine."""

import logging
import sys

from pipeline.engines.lean import import_beam, import_spacy
from pipeline.engines.worker import end_with


def run(pool: int) -> None:
    """Do what an engine asks for, in the variables that the pool sets, until the engine closes the connection.

    Args:
        pool: process id of this process's parent.
    """
    end_with(pool)
    import_beam()
    import_spacy()
    from pipeline.monitoring import logs
    from transforms.limits.child import ignore_signals, set_name

    ignore_signals()
    set_name("dateline-worker")

    # Beam sets the level of the log to INFO; the handler is ours to set, first of all.
    handler = logs.handler()
    handler.setLevel(logging.ERROR)
    logging.getLogger().handlers[:] = [handler]
    from apache_beam.runners.worker import sdk_worker_main

    import transforms.preload  # noqa: F401
    from pipeline.monitoring import stacks

    stacks.answer()
    sdk_worker_main.main(sys.argv)


if __name__ == "__main__":
    run(int(sys.argv.pop(1)))
