"""The launcher of a stream: checks settings, follows sources until it drains, prints each commit."""

import contextlib
import datetime
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator

import apache_beam as beam
import psutil
from apache_beam.options.pipeline_options import PortableOptions

from pipeline.commands import windows
from pipeline.engines.forked import prepared_readers
from pipeline.engines.known import engine_of
from pipeline.engines.local import leave, shared_progress
from pipeline.engines.ports import check_ports, engine_server, enter_network
from pipeline.engines.prepare import prepare
from pipeline.engines.prism import PrismEnded
from pipeline.engines.shutdown import SIGNALS, let_go, without_tracebacks
from pipeline.engines.sockets import remove_socket_folder
from pipeline.engines.startup import leave_alone_what_is_there, share_heaps
from pipeline.errors import ConfigurationError, DatasetBusy, Exit
from pipeline.graph.stream import build_stream
from pipeline.launch.checks import advise_contact, check_models, check_output, last_line, versions_of
from pipeline.monitoring.terminal import show
from pipeline.monitoring.watchdog import Limits, watched
from pipeline.stream_settings import StreamSettings
from transforms.dataset import files, guard, layout, lock
from transforms.dataset.commit import decided, roll_forward_all
from transforms.dataset.schema import dateline_version
from transforms.dataset.sinks import sink_of
from transforms.dataset.trust import DamagedFile, UntrustedDataset
from transforms.records import SCHEMA_VERSION
from transforms.settings import got
from transforms.stream import Job, job_id
from transforms.stream.commit import clean_staging
from transforms.stream.control_files import (
    clear_control_files,
    is_stop_requested,
    read_heartbeat,
    request_stop,
    take_over,
)
from transforms.stream.follow import followed

DOUBLE_SIGNAL_SECONDS = 1.0
"""Two signals within this time count as one: `timeout`, and a terminal whose shell passes it on, send it twice."""
HEARTBEAT_SECONDS = 10.0
"""Time between two checks of the stream's heartbeat."""
ONLY_RUNS = ("max_minutes", "stalled_minutes", "metrics", "prometheus")
"""Settings of a run that a stream, which has no end, does not have."""


def check_stream(settings: StreamSettings) -> None:
    """Refuse settings that cannot work, before anything is started.

    Raises:
        ConfigurationError: with all problems.
    """
    problems = engine_of(settings.launch.runner).check_stream(settings)
    if not sink_of(settings.output).can_stream:
        problems.append(got("write.output", settings.output, "a folder of Parquet files: other sinks take no stream"))
    if not settings.inputs and not settings.has_topics:
        problems.append(got("read.inputs", [], "feeds, folders or globs to follow, or a topic under kafka"))
    if not all(entry.strip() for entry in settings.inputs):
        problems.append(got("read.inputs", settings.inputs, "a feed, a file, a folder or a glob in each entry"))
    problems += [
        got(name, value, "no value: a stream has no end")
        for name in ONLY_RUNS
        if (value := getattr(settings.launch, name))
    ]
    try:
        followed(settings.inputs)
    except ValueError as error:
        problems += [f"read.{line}" for line in str(error).splitlines()]
    if problems:
        raise ConfigurationError(problems)
    check_ports(settings)
    check_output(settings.output)
    check_models(settings)


def build_only(settings: StreamSettings) -> int:
    """Build the graph and start nothing; print that the settings are right."""
    try:
        job = _job(settings)
        options = engine_of(settings.launch.runner).stream_options(settings, job)
        build_stream(beam.Pipeline(options=options), settings, job)
    except (ValueError, RuntimeError) as error:  # a connector's own refusal; Java or its jar is missing
        raise ConfigurationError([f"the graph cannot be built: {error}"]) from error
    show(f"runner {settings.launch.runner}, written to {settings.output}; the settings are right")
    return Exit.DONE


def stream(settings: StreamSettings) -> int:
    """Follow the sources until the stream drains, and print each commit; return the exit code."""
    enter_network(settings)
    share_heaps()
    job = _job(settings)
    _begin(settings, job)
    with contextlib.ExitStack() as stack:
        if _works_here(settings):
            # First of all: a process that has a thread cannot be forked.
            stack.enter_context(prepared_readers(lambda: prepare(settings)))
        return _follow(settings, job)


def _follow(settings: StreamSettings, job: Job) -> int:
    """Run the job, and print its commits and totals; return the exit code."""
    advise_contact(settings, settings.inputs)
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


def _carry(settings: StreamSettings, job: Job) -> None:
    """Start the engine, and run the job on it until it has drained."""
    leave_alone_what_is_there()
    with engine_server(settings), _watched(settings, job):
        engine_of(settings.launch.runner).follow(settings, lambda p: build_stream(p, settings, job), job)


@contextlib.contextmanager
def _watched(settings: StreamSettings, job: Job) -> Iterator[None]:
    """End this process if the source's heartbeat stops inside this context: a runner may wait for a lost worker."""
    begun = time.monotonic()

    def look() -> dict[str, int]:
        try:
            if not is_stop_requested(settings.output):
                return {"looks at the sources": read_heartbeat(settings.output, job.job_id)}
        except (OSError, ValueError) as error:  # a bucket that does not answer now does not mean a hang
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
    with shared_progress(), watched(limits, end, min(HEARTBEAT_SECONDS, 6 * limits.stalled_minutes), look):
        yield


def _works_here(settings: StreamSettings) -> bool:
    """Return True if this process is the worker."""
    return settings.options.view_as(PortableOptions).environment_type in (None, "LOOPBACK")


def _why(error: Exception) -> str:
    if isinstance(error, PrismEnded):
        return str(error)
    return "the connection to the runner was lost" if _is_connection(type(error)) else last_line(error)


def _job(settings: StreamSettings) -> Job:
    now = datetime.datetime.now(datetime.UTC)
    versions = {"dateline": dateline_version(), "schema": SCHEMA_VERSION, **versions_of(settings)}
    return Job(output=settings.output, job_id=job_id(settings.output, now), started=now, versions=versions)


def _begin(settings: StreamSettings, job: Job) -> None:
    """Take the dataset for this job alone, and finish commits that an earlier job left."""
    output = files.check_output(settings.output)
    try:
        guard.check_links(output)
        for _ in decided(output):  # checked before this job writes anything
            pass
        if files.is_local(output):
            lock.hold(files.join(output, layout.OWN))
        if engine_of(settings.launch.runner).end_former(settings):
            show("dateline: an earlier job of this dataset was still running; it was cancelled", file=sys.stderr)
        take_over(output, job.job_id)
        roll_forward_all(output)
        if files.is_local(output):
            clean_staging(output)
        clear_control_files(output)
    except lock.DatasetLocked as error:
        rule = "a dataset that no other run writes into; wait until it has ended"
        raise DatasetBusy([got("write.output", output, rule)]) from error
    except (UntrustedDataset, DamagedFile) as error:
        raise ConfigurationError([f"write.output: {error}"]) from error
    except OSError as error:
        raise ConfigurationError([got("write.output", output, f"a place that can be written to: {error}")]) from error


def _is_connection(error: type[BaseException]) -> bool:
    return error.__module__.startswith("grpc")


@contextlib.contextmanager
def _drained_by_signal(output: str) -> Iterator[None]:
    """Request a drain at the first SIGINT or SIGTERM inside this context; exit immediately at the second."""
    asked = list[float]()

    def drain(*_: object) -> None:
        now = time.monotonic()
        if asked and now - asked[0] < DOUBLE_SIGNAL_SECONDS:
            return
        if asked:
            show("\ndateline: interrupted; the next start goes on from the last commit", file=sys.stderr)
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
            for child in psutil.Process().children(recursive=True):
                child.kill()
            remove_socket_folder()
            os._exit(Exit.INTERRUPTED)
        asked.append(now)
        show("\ndateline: draining: reads nothing more, commits all it has (press again to exit immediately)")
        # Not here: a handler must not wait for a file system.
        threading.Thread(target=request_stop, args=(output,), daemon=True).start()

    before = [signal.signal(number, drain) for number in SIGNALS]
    try:
        yield
    finally:
        let_go(before)


def _named(inputs: list[str]) -> str:
    return f"{inputs[0]}{f' and {len(inputs) - 1} more' if len(inputs) > 1 else ''}" if inputs else "messages"
