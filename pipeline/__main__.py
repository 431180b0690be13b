"""`python -m pipeline` is the command `dateline`."""

import sys

from pipeline.cli import main

sys.exit(main())
