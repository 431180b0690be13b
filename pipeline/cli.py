"""The command `dateline`: arguments -> settings -> a run -> printed totals and an exit code."""

import argparse
import logging
import os
import signal
import sys
import threading
from collections.abc import Sequence
from typing import Any

from pipeline.commands.check import add_check_command
from pipeline.commands.compact import add_compact_command
from pipeline.commands.describe_command import add_describe_command
from pipeline.commands.feeds import add_feeds_commands
from pipeline.commands.gazetteer import add_gazetteer_commands
from pipeline.commands.prism import add_prism_commands
from pipeline.commands.run import add_run_command
from pipeline.commands.stream import add_stream_command
from pipeline.commands.submit import add_submit_command
from pipeline.commands.workers import add_workers_command
from pipeline.engines.shutdown import SIGNALS, in_own_process, let_go, open_standard_streams
from pipeline.engines.startup import import_beam, import_spacy, importing
from pipeline.errors import ConfigurationError, Exit
from pipeline.monitoring import logs
from pipeline.monitoring.terminal import one_line, show, show_uncaught

DESCRIPTION = """\
Dateline turns news into data: it reads articles from feeds and files, finds who and what they name,
places every place on the map, and writes Parquet.

  dateline run configs/sample.yaml                           the sample articles, into out/sample
  dateline run configs/sample.yaml --input 'mine/*.txt' --output out/mine
  dateline run configs/sample.yaml --input https://www.example.org/rss.xml --output out/feed
  dateline check configs/sample.yaml --set extract.batch_size=16
  dateline describe out/sample                               tables, rows, and what each column means
  dateline feeds check seeds/feeds.csv                       feeds that answer, have moved, or are stale
  dateline check out/sample                                  read every file of a dataset; --repair sets damage aside
  dateline compact out/feed                                  merge the small files of past days
  dateline stream configs/stream.yaml                        follow feeds without end, a commit for each window
"""

EPILOG = """\
exit codes:
  0  done
  1  the run failed: a worker died, a disk was full, totals did not add up; start it again
  2  the settings or arguments are wrong; nothing was started
  3  done, but more inputs failed than `max_failure_share` allows
  4  another run is writing into the dataset; nothing was started
  5  ended: it took longer than `max_minutes`, or made no progress for `stalled_minutes`
  130  interrupted
"""

COMMANDS = (
    add_run_command,
    add_check_command,
    add_describe_command,
    add_feeds_commands,
    add_submit_command,
    add_compact_command,
    add_stream_command,
    add_workers_command,
    add_prism_commands,
    add_gazetteer_commands,
)
"""Every command, in the order of `--help`: the only place to register one."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code.

    Args:
        arguments: of a call from within a program; without them those of this process, which ends with the command.
    """
    if arguments is not None:
        return _command(arguments)
    open_standard_streams()
    sys.excepthook = show_uncaught
    threading.excepthook = lambda found: show_uncaught(found.exc_type, found.exc_value, found.exc_traceback)
    in_own_process()
    before = [signal.getsignal(number) for number in SIGNALS]
    try:
        return _command(sys.argv[1:])
    finally:
        let_go(before)


def _command(arguments: Sequence[str]) -> int:
    own, beam_flags = _split_at_dashes(list(arguments))
    args = _parser().parse_args(own)
    args.beam_flags = beam_flags
    logs.set_format(getattr(args, "log_format", "text"))
    # Beam warns of what does not concern a user, such as packages of clouds that are not used.
    logging.basicConfig(level=logging.INFO if args.verbose else logging.ERROR, handlers=[logs.handler()])
    logs.show_warnings()
    try:
        _import_libraries()
        return int(args.command(args))
    except ConfigurationError as error:
        for problem in error.problems:
            logs.say(f"dateline: {one_line(problem)}", event="refused", level="error")
        return error.code
    except BrokenPipeError:
        # Who reads our output has seen enough, as `head` does; Python would complain of it again at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.FAILED
    except KeyboardInterrupt:
        text = "\ndateline: interrupted; start the same command again to do the run over"
        logs.say(text, event="interrupted", level="error")
        return Exit.INTERRUPTED


def _split_at_dashes(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Return the arguments before `--`, which are ours, and those after it, which are Beam's."""
    at = arguments.index("--") if "--" in arguments else len(arguments)
    return arguments[:at], arguments[at + 1 :]


class _Parser(argparse.ArgumentParser):
    """Prints what it is given without control characters: it repeats arguments that it does not know."""

    def _print_message(self, message: str, file: Any = None) -> None:
        if message:
            show(message, end="", file=file or sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="dateline", description=DESCRIPTION, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--verbose", action="store_true", help="show what Beam logs")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for add_command in COMMANDS:
        add_command(commands)
    return parser


# Packages that take seconds to import are imported by the command that needs them, so that --help is fast.


def _import_libraries() -> None:
    # spaCy's matrix products are small; threads of several workers would only be in each other's way. Said before
    # numpy is imported: it starts them then, and a process with threads cannot be forked into workers.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with importing():
        import_beam()
        import_spacy()
        import transforms  # noqa: F401
