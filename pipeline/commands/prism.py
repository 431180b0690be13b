"""`dateline prism build`: Beam's Prism with a private socket, compiled from source."""

import argparse
import sys
from pathlib import Path
from typing import Any

from pipeline.errors import ConfigurationError, Exit
from pipeline.monitoring.terminal import show

EPILOG = """\
Prism is Beam's local runner for streams, a program in Go. As Beam publishes it, it listens on all
network interfaces without authentication, and whoever can connect runs programs as you. This command
takes the source of the installed Beam's version from Go's module proxy, adds a flag by which Prism
listens on a Unix socket, and compiles it: about a minute, with Go 1.25 or newer.
"""


def add_prism_commands(commands: Any) -> None:
    """Add `prism build` to the command line."""
    group = commands.add_parser("prism", help="build Beam's local runner for streams")
    sub = group.add_subparsers(required=True, metavar="COMMAND").add_parser(
        "build",
        help="compile Prism with a private socket",
        description="Compile Prism with a private socket.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    sub.set_defaults(command=_build)
    sub.add_argument(
        "--output", metavar="FILE", help="path of the program; default: next to this Python, where it is found"
    )
    sub.add_argument("--if-needed", action="store_true", help="do nothing if the program there can do it already")


def _build(args: argparse.Namespace) -> int:
    from pipeline.engines.prism_build import BuildError, build

    target = Path(args.output or Path(sys.executable).parent / "prism").absolute()
    if args.if_needed and target.is_file() and _is_right(target):
        show(f"dateline: {target} is there")
        return Exit.DONE
    show(f"dateline: compiling Prism into {target}; this takes about a minute")
    try:
        build(target)
    except (BuildError, OSError) as error:
        show(f"dateline: Prism could not be built: {error}", file=sys.stderr)
        return Exit.FAILED
    return Exit.DONE


def _is_right(program: Path) -> bool:
    from pipeline.engines.prism import has_socket

    try:
        return has_socket(str(program))
    except ConfigurationError:
        return False
