"""A worker process of a local run: Beam's own, that says nothing but errors."""

import logging
import sys

if __name__ == "__main__":
    # Beam sets the level of the log to INFO, whatever was asked; the handler is ours to set, first of all.
    handler = logging.StreamHandler()
    handler.setLevel(logging.ERROR)
    logging.getLogger().addHandler(handler)

    from apache_beam.runners.worker import sdk_worker_main

    sdk_worker_main.main(sys.argv)
