"""`dateline stream`: follow feeds, folders and topics into a dataset, window by window, until a request to stop."""

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import ConfigurationError, Exit
from pipeline.monitoring.terminal import show
from transforms.settings import got

if TYPE_CHECKING:
    from pipeline.stream_settings import StreamSettings

EPILOG = """\
Feeds are asked when they are due, folders and globs looked at every few seconds. What was published
within a window is committed together when the window has closed; what comes later is kept, as a
late pane of its window. A line is printed for each commit.

Ctrl-C or SIGTERM, or `dateline stream CONFIG --stop` from elsewhere, drains the stream: it reads
nothing more, commits what it has, prints totals and ends with 0. A second Ctrl-C ends it at once
with 130; what was not committed is read again by the next start.

On this machine it runs on Beam's Prism (runner: PrismRunner), a program that is found by
DATELINE_PRISM=/path/to/prism, on the path, or by --set 'beam={prism_location: /path/to/prism}'.
`dateline prism build` builds it. It listens on a socket that only you can use.
"""


def add_stream_command(commands: Any) -> None:
    """Add `stream` to the command line."""
    sub = commands.add_parser(
        "stream",
        help="follow feeds and folders without end: a commit for each window",
        description="Follow feeds, folders and messages, and commit what they give window by window.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    sub.set_defaults(command=_stream)
    sub.add_argument("config", help="YAML file, such as configs/stream.yaml")
    sub.add_argument(
        "--input", nargs="+", action="extend", default=[], metavar="GLOB_OR_URL", help="follow these instead"
    )
    sub.add_argument("--output", metavar="DIR", help="write the dataset here instead")
    sub.add_argument("--set", action="append", default=[], metavar="SECTION.KEY=VALUE", help="change a setting")
    sub.add_argument("--check", action="store_true", help="check the settings, build the graph, and start nothing")
    sub.add_argument("--stop", action="store_true", help="ask the stream that writes into the dataset to drain")


# Packages that take seconds to import are imported where they are used, so that --help is fast.


def _stream(args: argparse.Namespace) -> int:
    from pipeline.beam_flags import use_for_files
    from pipeline.config import load
    from pipeline.launch.stream import build_only, check_stream, stream
    from pipeline.stream_settings import StreamSettings

    settings = load(
        StreamSettings,
        args.config,
        inputs=args.input,
        output=args.output,
        changes=args.set,
        beam_flags=args.beam_flags,
    )
    use_for_files(settings.options)
    if args.stop:
        return _request_stop(settings)
    check_stream(settings)
    return build_only(settings) if args.check else stream(settings)


def _request_stop(settings: "StreamSettings") -> int:
    """Request the stream that writes into the dataset to drain."""
    from transforms.dataset import files, guard, layout, lock
    from transforms.dataset.trust import UntrustedDataset
    from transforms.stream.control_files import request_stop

    output = settings.output
    own = files.join(output, layout.OWN)
    if files.is_local(output) and not Path(own).is_dir():
        raise ConfigurationError([got("write.output", output, "a dataset that a stream writes into")])
    try:
        guard.check_links(output)
    except UntrustedDataset as error:
        raise ConfigurationError([f"write.output: {error}"]) from error
    request_stop(output)
    show(f"dateline: the stream into {output} is requested to drain")
    if files.is_local(output) and not lock.is_held(own):
        show("  No process on this machine writes into it; only a job on a cluster would notice the request.")
        _end_on_cluster(settings)
    return Exit.DONE


def _end_on_cluster(settings: "StreamSettings") -> None:
    """Wait until a job on Flink without a launcher has drained, then cancel it: Flink never ends it."""
    from pipeline.engines import flink
    from pipeline.engines.flink_engine import FlinkEngine, cluster_of
    from pipeline.engines.known import engine_of
    from transforms.stream.control_files import is_drained, may_end, owner_of

    is_flink = isinstance(engine_of(settings.launch.runner), FlinkEngine)
    cluster = cluster_of(settings) if is_flink else None
    if cluster is None:
        return
    job = owner_of(settings.output)
    name = f"{flink.jobs_of(settings.output)}{job}"
    try:
        if not cluster.jobs(name):
            show(f"  Flink at {cluster.address} has no job of this dataset.")
            return
        show(f"  Job {job} on Flink at {cluster.address}: waiting until all is committed")
        while cluster.jobs(name) and not may_end(settings.output, job, has_topics=settings.has_topics):
            time.sleep(flink.LOOK_SECONDS)
        cluster.cancel(name)
    except OSError as error:
        rule = f"a cluster that answers: {error}"
        raise ConfigurationError([got("beam.flink_master", cluster.address, rule)]) from error
    show("  All is committed, and the job has ended." if is_drained(settings.output, job) else "  The job has ended.")
