"""A worker process of a pool: imports all of Dateline, then connects to the engine."""

import logging
import sys

from pipeline.engines.lean import import_beam, import_spacy
from pipeline.engines.worker import answer_no_signals, end_with, set_name


def run(pool: int) -> None:
    """Do what an engine asks for, in the variables that the pool sets, until the engine closes the connection.

    Args:
        pool: process id of this process's parent.
    """
    answer_no_signals()
    set_name("dateline-worker")
    end_with(pool)
    from pipeline.monitoring import logs

    # Beam sets the level of the log to INFO; the handler is ours to set, first of all.
    handler = logs.handler()
    handler.setLevel(logging.ERROR)
    logging.getLogger().handlers[:] = [handler]
    import_beam()
    import_spacy()
    from apache_beam.runners.worker import sdk_worker_main

    import transforms.preload  # noqa: F401
    from pipeline.monitoring import stacks

    stacks.answer()
    sdk_worker_main.main(sys.argv)


if __name__ == "__main__":
    run(int(sys.argv.pop(1)))
