"""The command `dateline`: arguments -> settings -> a run -> printed totals and an exit code."""

import argparse
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pipeline.commands.check import EPILOG as CHECK_EPILOG
from pipeline.commands.compact import add_compact_command
from pipeline.commands.feeds import add_feeds_commands
from pipeline.commands.prism import add_prism_commands
from pipeline.commands.stream import add_stream_command
from pipeline.commands.submit import add_submit_command
from pipeline.commands.workers import add_workers_command
from pipeline.engines.shutdown import SIGNALS, in_own_process, let_go, open_standard_streams
from pipeline.engines.startup import import_beam, import_spacy, importing
from pipeline.errors import ConfigurationError, Exit
from pipeline.monitoring import logs
from pipeline.monitoring.terminal import one_line, show, show_uncaught

if TYPE_CHECKING:
    from pipeline.config import Settings

DESCRIPTION = """\
Dateline turns news into data: it reads articles from feeds and files, finds who and what they name,
places every place on the map, and writes Parquet.

  dateline run configs/sample.yaml                           the sample articles, into out/sample
  dateline run configs/sample.yaml --input 'mine/*.txt' --output out/mine
  dateline run configs/sample.yaml --input https://www.example.org/rss.xml --output out/feed
  dateline check configs/sample.yaml --set extract.batch_size=16
  dateline describe out/sample                               tables, rows, and what each column means
  dateline feeds check seeds/feeds.csv                       which feeds answer, have moved, are stale
  dateline check out/sample                                  read every file of a dataset; --repair sets damage aside
  dateline compact out/feed                                  put the small files of past days together
  dateline stream configs/stream.yaml                        follow feeds for ever, a commit for each window
"""

EPILOG = """\
exit codes:
  0  done
  1  the run failed: a worker died, a disk was full, totals did not add up; start it again
  2  the settings or arguments are wrong; nothing was started
  3  done, but more inputs failed than `max_failure_share` allows
  4  another run is writing into the dataset; nothing was started
  5  ended, since it took longer than `max_minutes` or did not get on for `stalled_minutes`
  130  interrupted
"""

RUN_EPILOG = """\
A section of the configuration is a step of the pipeline and a key its setting; `--set` changes one
for this run: --set extract.batch_size=16, --set workers=2, --set 'read.inputs=[a.txt, b.txt]'.
What stands behind `--` goes to Beam: --set runner=FlinkRunner -- --flink_master=localhost:8081

Inputs are files by glob (.txt .html .htm .jsonl .xml .rss .atom .json, each also .gz, local or gs://,
s3://, hdfs:// ...), http(s) addresses of feeds, or a list of feeds such as seeds/feeds.csv. A glob
means what it means to a shell: *.txt, **/*.txt (any folder), {a,b}.txt, [a-z]*, ~/news/*; quote it.
What it matches and cannot be read is a row of the failures table. Started
again over the same files, a run replaces what it wrote; articles that other runs have put into the
same output are not written twice.
"""

GAZETTEER_EPILOG = """\
Without --geonames it is made of the installed packages: towns of 500 people and more, countries,
divisions, airports, and our own regions, waters and mountains; a quarter of a minute, 27 MB.
With it, of GeoNames' own dump (https://download.geonames.org/export/dump/), up to 13 million places;
our own regions, demonyms and abbreviations are merged in. allCountries.zip alone is enough;
alternateNamesV2.zip tells abbreviations and preferred names from other spellings.
"""


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
    for name, command, text, epilog in (
        ("run", _run, "run the pipeline: articles in, Parquet out", RUN_EPILOG),
        (
            "check",
            _check,
            "check a configuration without running it, or the files of a dataset",
            f"{CHECK_EPILOG}\n{RUN_EPILOG}",
        ),
    ):
        sub = commands.add_parser(
            name, help=text, description=text, epilog=epilog, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        sub.set_defaults(command=command)
        if name == "run":
            sub.add_argument("config", help="YAML file, such as configs/sample.yaml")
        else:
            sub.add_argument("config", metavar="CONFIG_OR_DATASET", help="YAML file, or the folder of a dataset")
            sub.add_argument("--repair", action="store_true", help="set damaged files of a dataset aside")
        sub.add_argument(
            "--input", nargs="+", action="extend", default=[], metavar="GLOB_OR_URL", help="read these instead"
        )
        sub.add_argument("--output", metavar="DIR", help="write the dataset here instead")
        sub.add_argument("--set", action="append", default=[], metavar="SECTION.KEY=VALUE", help="change a setting")
        if name == "run":
            sub.add_argument("--metrics", metavar="FILE", help="write the run's figures here as JSON, - for stdout")
            sub.add_argument("--prometheus", metavar="FILE", help="write them here in Prometheus' text format")
            sub.add_argument(
                "--log-format", choices=logs.FORMATS, default="text", help="json: progress and errors as objects"
            )
    sub = commands.add_parser("describe", help="say what a dataset holds", description="Say what a dataset holds.")
    sub.set_defaults(command=_describe)
    sub.add_argument("dataset", help="a folder that `dateline run` has written")
    add_feeds_commands(commands)
    add_submit_command(commands)
    add_compact_command(commands)
    add_stream_command(commands)
    add_workers_command(commands)
    add_prism_commands(commands)
    gazetteer = commands.add_parser("gazetteer", help="build the gazetteer").add_subparsers(
        required=True, metavar="COMMAND"
    )
    sub = gazetteer.add_parser(
        "build",
        help="build it, from the installed packages of place names or from a dump of GeoNames",
        description="Build the gazetteer.",
        epilog=GAZETTEER_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    sub.set_defaults(command=_build_gazetteer)
    sub.add_argument("--output", metavar="FILE", help="where; by default where the pipeline looks for it")
    sub.add_argument("--geonames", metavar="ZIP", help="GeoNames' allCountries.zip, or the dump of one country")
    sub.add_argument("--alternate-names", metavar="ZIP", help="GeoNames' alternateNamesV2.zip")
    sub.add_argument("--classes", metavar="LETTERS", help="feature classes to take, such as A,P,H (all but R and U)")
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


def _run(args: argparse.Namespace) -> int:
    from pipeline.launch.batch import launch

    return launch(_settings(args))


def _check(args: argparse.Namespace) -> int:
    from pipeline.commands.check import check_dataset, is_dataset

    if is_dataset(args.config):
        from pipeline.beam_flags import beam_options, use_for_files

        use_for_files(beam_options(args.beam_flags))
        return check_dataset(args)
    if args.repair:
        raise ConfigurationError([f"--repair: got {args.config!r}; expected the folder of a dataset"])
    from pipeline.launch.batch import check

    return check(_settings(args))


def _settings(args: argparse.Namespace) -> "Settings":
    from pipeline.beam_flags import use_for_files
    from pipeline.config import load_settings

    files = {name: getattr(args, name, None) for name in ("metrics", "prometheus")}
    changes = [*args.set, *(f"{name}={json.dumps(file)}" for name, file in files.items() if file)]
    settings = load_settings(
        args.config, inputs=args.input, output=args.output, changes=changes, beam_flags=args.beam_flags
    )
    use_for_files(settings.options)
    return settings


def _describe(args: argparse.Namespace) -> int:
    from pipeline.beam_flags import beam_options, use_for_files
    from pipeline.commands.describe import describe

    use_for_files(beam_options(args.beam_flags))
    try:
        show(describe(args.dataset), end="")
    except ValueError as error:
        raise ConfigurationError([str(error)]) from error
    return Exit.DONE


def _build_gazetteer(args: argparse.Namespace) -> int:
    from transforms.gazetteer.build.assemble import DEFAULT_CLASSES, build_gazetteer
    from transforms.gazetteer.build.geonames import GeoNamesError, check_alternates, check_classes, check_dump
    from transforms.gazetteer.lookup import DEFAULT_PATH

    if args.geonames is None and (args.alternate_names or args.classes):
        raise ConfigurationError(["--alternate-names and --classes need --geonames, GeoNames' allCountries.zip"])
    if args.geonames and not args.output:
        raise ConfigurationError(
            [
                "--geonames needs --output FILE, so that it does not replace the shipped gazetteer;"
                " name FILE under geocode.gazetteer to use it"
            ]
        )
    try:
        classes = check_classes(args.classes) if args.classes is not None else DEFAULT_CLASSES
        if args.geonames:
            check_dump(args.geonames)
        if args.alternate_names:
            check_alternates(args.alternate_names)
        build_gazetteer(
            args.output or DEFAULT_PATH, geonames=args.geonames, alternate_names=args.alternate_names, classes=classes
        )
    except GeoNamesError as error:
        raise ConfigurationError([str(error)]) from error
    return Exit.DONE
