"""Entry point of a fork server that is a fresh interpreter: `python -m transforms.limits FD`."""

import sys

from transforms.limits.fork_server import main

main(int(sys.argv[1]))
