"""`dateline stream`: feeds, folders and messages into a dataset, window by window, until it is told to stop."""

import argparse
import concurrent.futures
import contextlib
import datetime
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import ConfigurationError, DatasetBusy, Exit
from pipeline.monitoring.terminal import show

if TYPE_CHECKING:
    from pipeline.stream_settings import StreamSettings
    from transforms.stream import Job

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

ONE_WISH_SECONDS = 1.0
"""Within them two signals are one: `timeout`, and a terminal whose shell passes it on, send it twice."""
LOOK_SECONDS = 10.0
"""Between two looks at whether the stream goes on."""


def add_stream_command(commands: Any) -> None:
    """Add `stream` to the command line."""
    sub = commands.add_parser(
        "stream",
        help="follow feeds and folders for ever: a commit for each window",
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


# What takes seconds to import is imported where it is used, so that --help answers at once.


def _stream(args: argparse.Namespace) -> int:
    from pipeline.beam_flags import use_for_files
    from pipeline.config import load
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
        return _ask_to_stop(settings)
    _check(settings)
    if args.check:
        return _build_only(settings)
    return stream(settings)


def _ask_to_stop(settings: "StreamSettings") -> int:
    from transforms.dataset import files, guard, layout, lock
    from transforms.dataset.trust import UntrustedDataset
    from transforms.stream.control_files import request_stop

    output = settings.output
    own = files.join(output, layout.OWN)
    if files.is_local(output) and not Path(own).is_dir():
        raise ConfigurationError([f"write.output: {output!r} is no dataset; no stream writes into it"])
    try:
        guard.check_links(output)
    except UntrustedDataset as error:
        raise ConfigurationError([f"write.output: {error}"]) from error
    request_stop(output)
    show(f"dateline: the stream into {output} is asked to drain")
    if files.is_local(output) and not lock.is_held(own):
        show("  No process on this machine writes into it; only a job on a cluster would hear of it.")
        _end_on_cluster(settings)
    return Exit.DONE


def _end_on_cluster(settings: "StreamSettings") -> None:
    """Wait until the job of a launcher that is gone has drained, and ends it, where Flink never does."""
    from pipeline.engines import flink
    from transforms.stream.control_files import is_drained, owner_of

    cluster = flink.cluster_of(settings.launch.runner, settings.options)
    if cluster is None:
        return
    job = owner_of(settings.output)
    name = f"{flink.jobs_of(settings.output)}{job}"
    try:
        if not cluster.jobs(name):
            show(f"  Flink at {cluster.address} has no job of this dataset.")
            return
        show(f"  Job {job} on Flink at {cluster.address}: waiting until all is committed")
        while cluster.jobs(name) and not _may_end(settings, job):
            time.sleep(flink.LOOK_SECONDS)
        cluster.cancel(name)
    except OSError as error:
        raise ConfigurationError([f"beam.flink_master: {cluster.address} does not answer: {error}"]) from error
    show("  All is committed, and the job has ended." if is_drained(settings.output, job) else "  The job has ended.")


def _check(settings: "StreamSettings") -> None:
    """Refuse what cannot work, before anything is started."""
    from pipeline.config import LOCAL_RUNNERS
    from pipeline.engines import flink
    from pipeline.engines.ports import check_ports
    from pipeline.engines.service import service_problems
    from pipeline.launch.batch import check_models, check_output
    from transforms.stream.follow import followed

    problems = []
    runner = settings.launch.runner
    if runner in LOCAL_RUNNERS:
        problems.append(
            f"runner: {runner!r} cannot run a stream: it never closes a window while the source goes on;"
            " give PrismRunner, FlinkRunner or DataflowRunner"
        )
    if not settings.inputs and not settings.has_topics:
        problems.append("read.inputs: names nothing to follow; give feeds, folders or globs, or a topic under kafka")
    if not all(entry.strip() for entry in settings.inputs):
        problems.append("read.inputs: one of them is empty; give a feed, a file, a folder or a glob")
    launch = settings.launch
    problems += [
        f"{name}: is for `dateline run`; a stream has no end to be measured or timed, leave it out"
        for name in ("max_minutes", "stalled_minutes", "metrics", "prometheus")
        if getattr(launch, name)
    ]
    try:
        followed(settings.inputs)
    except ValueError as error:
        problems += [f"read.{line}" for line in str(error).splitlines()]
    if runner == "DataflowRunner":
        problems += service_problems(settings)
    if runner == "FlinkRunner":
        problems += flink.stream_problems(settings.options)
    if problems:
        raise ConfigurationError(problems)
    check_ports(settings)
    check_output(settings.output)
    check_models(settings)


def _build_only(settings: "StreamSettings") -> int:
    import apache_beam as beam

    from pipeline.graph.stream import build_stream

    try:
        job = _job(settings)
        build_stream(beam.Pipeline(options=_options(settings, job, None)), settings, job)
    except (ValueError, RuntimeError) as error:  # a connector's own refusal; Java or its jar is missing
        raise ConfigurationError([f"the graph cannot be built: {error}"]) from error
    show(f"runner {settings.launch.runner}, written to {settings.output}; the settings are right")
    return Exit.DONE


def stream(settings: "StreamSettings") -> int:
    """Carry a stream to its end, printing what it commits; returns the exit code."""
    from pipeline.engines.forked import prepared_readers
    from pipeline.engines.ports import enter_network
    from pipeline.engines.prepare import prepare
    from pipeline.engines.startup import share_heaps

    enter_network(settings)
    share_heaps()
    job = _job(settings)
    _begin(settings, job)
    with contextlib.ExitStack() as stack:
        if _works_here(settings):
            # First of all: a process that has a thread cannot be forked.
            stack.enter_context(prepared_readers(lambda: prepare(settings)))
        return _follow(settings, job)


def _follow(settings: "StreamSettings", job: "Job") -> int:
    from pipeline.commands import windows
    from pipeline.engines.shutdown import without_tracebacks
    from transforms.stream.control_files import clear_control_files

    _ask_for_contact(settings)
    show(f"dateline: following {_named(settings.inputs)} into {settings.output}")
    show(f"  job {job.job_id} on {settings.launch.runner}; Ctrl-C drains it\n\n{windows.HEADER}")
    begun = time.monotonic()
    with _drained_by_signal(settings.output):
        with without_tracebacks(), windows.told_commits(settings.output, job) as told:
            try:
                _carry(settings, job)
            except Exception as error:
                show(f"\ndateline: the stream failed: {_why(error)}", file=sys.stderr)
                show("What was committed stays. Started again, the same command goes on from there.", file=sys.stderr)
                logging.getLogger(__name__).info("the stream failed", exc_info=error)
                return Exit.FAILED
        clear_control_files(settings.output)
        show(windows.totals(told.counts, told.rows, told.late, time.monotonic() - begun))
    return Exit.DONE


def _carry(settings: "StreamSettings", job: "Job") -> None:
    from pipeline.engines.ports import engine_server, portable
    from pipeline.engines.startup import leave_alone_what_is_there

    prism = settings.launch.runner == "PrismRunner"
    leave_alone_what_is_there()
    with engine_server(settings), _watched(settings, job):
        _execute(settings, job, portable(settings).job_endpoint if prism else None)


@contextlib.contextmanager
def _watched(settings: "StreamSettings", job: "Job") -> Iterator[None]:
    """Within, a stream whose source is no longer looked at ends this process: a runner may wait for a lost worker."""
    from pipeline.engines.local import leave, shared_progress
    from pipeline.monitoring.watchdog import Limits, watched
    from transforms.stream.control_files import is_stop_requested, read_heartbeat

    begun = time.monotonic()

    def look() -> dict[str, int]:
        try:
            if not is_stop_requested(settings.output):
                return {"looks at the sources": read_heartbeat(settings.output, job.job_id)}
        except (OSError, ValueError) as error:  # a bucket that does not answer just now is no stream that hangs
            logging.getLogger(__name__).debug("how far the stream is could not be read", exc_info=error)
        return {"seconds": int(time.monotonic() - begun)}

    def end(why: str) -> None:
        show(f"\ndateline: the stream was ended: {why}", file=sys.stderr)
        show("What was committed stays. Started again, the same command goes on from there.", file=sys.stderr)
        sys.stderr.flush()
        leave(Exit.HUNG, why)

    # Of topics alone nothing is looked at.
    minutes = settings.stream.stalled_minutes if settings.inputs else 0
    limits = Limits(stalled_minutes=minutes)
    with shared_progress(), watched(limits, end, min(LOOK_SECONDS, 6 * limits.stalled_minutes), look):
        yield


def _works_here(settings: "StreamSettings") -> bool:
    """Return True if this process is the worker."""
    from apache_beam.options.pipeline_options import PortableOptions

    return settings.options.view_as(PortableOptions).environment_type in (None, "LOOPBACK")


def _why(error: Exception) -> str:
    from pipeline.engines.prism import PrismEnded
    from pipeline.launch.batch import last_line

    if isinstance(error, PrismEnded):
        return str(error)
    return "the connection to the runner was lost" if _is_connection(type(error)) else last_line(error)


def _job(settings: "StreamSettings") -> "Job":
    from pipeline.launch.batch import versions_of
    from transforms.dataset.schema import dateline_version
    from transforms.records import SCHEMA_VERSION
    from transforms.stream import Job, job_id

    now = datetime.datetime.now(datetime.UTC)
    versions = {"dateline": dateline_version(), "schema": SCHEMA_VERSION, **versions_of(settings)}
    return Job(output=settings.output, job_id=job_id(settings.output, now), started=now, versions=versions)


def _begin(settings: "StreamSettings", job: "Job") -> None:
    """Take the dataset for this job alone, and makes good what an earlier one left."""
    from transforms.dataset import files, guard, layout, lock
    from transforms.dataset.commit import decided, roll_forward_all
    from transforms.dataset.trust import DamagedFile, UntrustedDataset
    from transforms.stream.commit import clean_staging
    from transforms.stream.control_files import clear_control_files, take_over

    output = files.check_output(settings.output)
    try:
        guard.check_links(output)
        for _ in decided(output):  # checked before this job writes anything
            pass
        if files.is_local(output):
            lock.hold(files.join(output, layout.OWN))
        _end_former(settings)
        take_over(output, job.job_id)
        roll_forward_all(output)
        if files.is_local(output):
            clean_staging(output)
        clear_control_files(output)
    except lock.DatasetLocked as error:
        raise DatasetBusy([f"write.output: another run is writing into {output!r}; wait until it has ended"]) from error
    except (UntrustedDataset, DamagedFile) as error:
        raise ConfigurationError([f"write.output: {error}"]) from error
    except OSError as error:
        raise ConfigurationError([f"write.output: cannot write to {output!r}: {error}"]) from error


def _end_former(settings: "StreamSettings") -> None:
    """End the jobs that a cluster goes on with though their launcher was killed."""
    from pipeline.engines import flink

    cluster = flink.cluster_of(settings.launch.runner, settings.options)
    try:
        if cluster is not None and cluster.cancel(flink.jobs_of(settings.output)):
            show("dateline: an earlier job of this dataset went on; it was cancelled", file=sys.stderr)
    except OSError as error:
        assert cluster is not None
        raise ConfigurationError([f"beam.flink_master: {cluster.address} does not answer: {error}"]) from error


def _ask_for_contact(settings: "StreamSettings") -> None:
    from transforms.read.sources import is_address

    if any(map(is_address, settings.inputs)) and not settings.read.contact:
        show("dateline: read.contact is empty; give publishers a page or mailbox to reach you by", file=sys.stderr)


def _execute(settings: "StreamSettings", job: "Job", endpoint: str | None) -> None:
    import apache_beam as beam
    from apache_beam.runners.runner import PipelineState

    from pipeline.engines.ports import close_all
    from pipeline.graph.stream import build_stream

    close_all(settings)
    p = beam.Pipeline(
        runner="PortableRunner" if endpoint else settings.launch.runner, options=_options(settings, job, endpoint)
    )
    build_stream(p, settings, job)
    result = p.run()
    if settings.launch.runner == "FlinkRunner":
        _end_when_drained(result, settings, job)
        return
    state = result.wait_until_finish()
    if state != PipelineState.DONE:
        raise RuntimeError(f"the runner ended in state {state}")


def _end_when_drained(result: Any, settings: "StreamSettings", job: "Job") -> None:
    """Wait until the job may end, and ends it: with checkpoints, Flink keeps the source of one that has drained."""
    from pipeline.engines import flink

    ended: concurrent.futures.Future[str] = concurrent.futures.Future()
    threading.Thread(target=_hear, args=(result, ended), daemon=True).start()
    while not ended.done() and not _may_end(settings, job.job_id):
        concurrent.futures.wait([ended], timeout=flink.LOOK_SECONDS)
    if not _may_end(settings, job.job_id):
        raise RuntimeError(f"the runner ended in state {ended.result()}")
    if settings.has_topics:
        show("dateline: a topic has no end; what open windows hold, the next start reads again")
    # A Flink within this command ends with it.
    if cluster := flink.cluster_of(settings.launch.runner, settings.options):
        cluster.cancel(f"{flink.jobs_of(settings.output)}{job.job_id}")


def _may_end(settings: "StreamSettings", job_id: str) -> bool:
    """Return True if all is committed; or a job is to stop whose topic has no end, and the next one reads the rest."""
    from transforms.stream.control_files import is_drained, is_stop_requested

    return is_drained(settings.output, job_id) or (settings.has_topics and is_stop_requested(settings.output))


def _hear(result: Any, ended: "concurrent.futures.Future[str]") -> None:
    try:
        ended.set_result(result.wait_until_finish())
    except Exception as error:
        ended.set_exception(error)


def _options(settings: "StreamSettings", job: "Job", endpoint: str | None) -> Any:
    """Return Beam's options: those of the configuration, and that this is a stream; on Prism, in this process."""
    from apache_beam.options.pipeline_options import DebugOptions, PipelineOptions, PortableOptions, StandardOptions

    from pipeline.engines.flink import prepare_stream

    options = PipelineOptions.from_dictionary(settings.options.get_all_options(drop_default=True))
    options.view_as(StandardOptions).streaming = True
    if settings.launch.runner == "FlinkRunner":
        prepare_stream(options, settings.output, job.job_id)
    if endpoint:
        portable = options.view_as(PortableOptions)
        portable.job_endpoint = endpoint
        portable.environment_type = portable.environment_type or "LOOPBACK"
        # Else Prism splits a slow bundle between two elements of one key, runs both at once, and loses what one of
        # them wrote into the key's state (2.77.0, `splitBundle`).
        options.view_as(DebugOptions).add_experiment("prism_disable_sdf_split")
    return options


def _is_connection(error: type[BaseException]) -> bool:
    return error.__module__.startswith("grpc")


@contextlib.contextmanager
def _drained_by_signal(output: str) -> Iterator[None]:
    """Within, the first SIGINT or SIGTERM asks the stream to stop, and the second ends this process at once."""
    import psutil

    from pipeline.engines.shutdown import SIGNALS, let_go
    from pipeline.engines.sockets import remove_socket_folder
    from transforms.stream.control_files import request_stop

    asked = list[float]()

    def drain(*_: object) -> None:
        now = time.monotonic()
        if asked and now - asked[0] < ONE_WISH_SECONDS:
            return
        if asked:
            show("\ndateline: interrupted; the next start goes on from the last commit", file=sys.stderr)
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
            for child in psutil.Process().children(recursive=True):
                child.kill()
            remove_socket_folder()
            os._exit(Exit.INTERRUPTED)
        asked.append(now)
        show("\ndateline: draining: reads nothing more, commits what it has (again to end at once)")
        # Not here: a handler must not wait for a file system.
        threading.Thread(target=request_stop, args=(output,), daemon=True).start()

    before = [signal.signal(number, drain) for number in SIGNALS]
    try:
        yield
    finally:
        let_go(before)


def _named(inputs: list[str]) -> str:
    return f"{inputs[0]}{f' and {len(inputs) - 1} more' if len(inputs) > 1 else ''}" if inputs else "messages"
