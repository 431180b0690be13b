"""Started by the launcher of a flex template: its parameters -> `dateline submit`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from pipeline.cli import main

CONFIGURATION = Path(__file__).with_name("template.yaml")


def translate(arguments: Sequence[str]) -> list[str]:
    """Translate the launcher's flags to our command line; a flag that the template does not declare is Beam's.

    >>> translate(["--inputs=gs://b/a*,gs://b/c", "--output=gs://b/out", "--runner=DataflowRunner", "--project=p"])[2:]
    ['--input', 'gs://b/a*', 'gs://b/c', '--output', 'gs://b/out', '--', '--project=p']
    """
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--inputs", required=True)
    parser.add_argument("--output", required=True)
    parser.add_argument("--settings", default="")
    parser.add_argument("--runner")
    own, beam = parser.parse_known_args(arguments)
    changes = [part for change in own.settings.split(";") if change for part in ("--set", change.strip())]
    inputs = [part for part in own.inputs.split(",") if part]
    return ["submit", str(CONFIGURATION), "--input", *inputs, "--output", own.output, *changes, "--", *beam]


if __name__ == "__main__":
    sys.exit(main(translate(sys.argv[1:])))
