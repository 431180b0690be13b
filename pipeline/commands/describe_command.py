"""`dateline describe`: the arguments, apart from the report, so that `--help` does not import pyarrow."""

import argparse
from typing import Any

from pipeline.errors import ConfigurationError, Exit
from pipeline.monitoring.terminal import show


def add_describe_command(commands: Any) -> None:
    """Add `describe` to the command line."""
    text = "show the tables, rows, columns and runs of a dataset"
    sub = commands.add_parser("describe", help=text, description=text)
    sub.set_defaults(command=_describe)
    sub.add_argument("dataset", help="a folder that `dateline run` has written")


def _describe(args: argparse.Namespace) -> int:
    from pipeline.beam_flags import beam_options, use_for_files
    from pipeline.commands.describe import describe

    use_for_files(beam_options(args.beam_flags))
    try:
        show(describe(args.dataset), end="")
    except ValueError as error:
        raise ConfigurationError([str(error)]) from error
    return Exit.DONE
