"""A worker process of a pool: imports all of Dateline, then connects to the engine."""

import sys

from pipeline.engines.worker import begin


def run(pool: int) -> None:
    """Do what an engine asks for, in the variables that the pool sets, until the engine closes the connection.

    Args:
        pool: process id of this process's parent.
    """
    begin(pool)
    from apache_beam.runners.worker import sdk_worker_main

    sdk_worker_main.main(sys.argv)


if __name__ == "__main__":
    run(int(sys.argv.pop(1)))
