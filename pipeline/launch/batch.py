"""Checked settings -> a finished run and what the user sees of it."""

import contextlib
import datetime
import logging
import os
import re
import sys
import time
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam.io.filesystems import FileSystems
from apache_beam.runners.runner import PipelineState

from pipeline.config import LOCAL_RUNNERS, Settings
from pipeline.engines.forked import prepared_runner
from pipeline.engines.local import ended_by_lost_worker, interruptible, leave, shown_progress, spilling
from pipeline.engines.ports import check_ports, close_all, engine_server, enter_network
from pipeline.engines.prepare import prepare
from pipeline.engines.remote import cancelled_by_signal
from pipeline.engines.service import service_problems
from pipeline.engines.shutdown import without_tracebacks
from pipeline.errors import ConfigurationError, DatasetBusy, Exit
from pipeline.graph.batch import build
from pipeline.launch.totals import adds_up, failure_share, summarize
from pipeline.monitoring import logs
from pipeline.monitoring.metrics import STDOUT, Report
from pipeline.monitoring.terminal import show
from pipeline.monitoring.watchdog import Limits, progress, watched
from transforms import Run, Source, begin_run, read_run, resolve_inputs
from transforms.dataset import DatasetLocked
from transforms.dataset.trust import DamagedFile, UntrustedDataset
from transforms.extract.models import load_models, model_ids
from transforms.gazetteer.lookup import Gazetteer
from transforms.http.redact import mask
from transforms.read.sources import is_address
from transforms.settings import got


def check(settings: Settings) -> int:
    """Say what a run would do, having checked all that can be checked without running or asking a network."""
    sources = find_sources(settings, remote=False)
    _ask_for_contact(settings, sources)
    check_output(settings.output)
    check_reports(settings)
    check_models(settings)
    check_runner(settings)
    show(f"{_plural(len(sources), 'input file or address', 'input files and addresses')}, written to {settings.output}")
    show(f"runner {settings.launch.runner}, {_workers(settings)}; the settings are right")
    return Exit.DONE


def launch(settings: Settings) -> int:
    """Carry out a run, prints its totals, writes its metrics, returns the exit code."""
    check_reports(settings)
    check_runner(settings)
    enter_network(settings)
    launch = settings.launch
    about = {"dataset": mask(settings.output), "runner": launch.runner, "workers": launch.workers}
    report = Report(launch.metrics, launch.prometheus, about)
    try:
        code, error = _run(settings, report), None
    except ConfigurationError as wrong:
        _write_report(report, wrong.code, str(wrong))
        raise
    except _Failed as failed:
        code, error = Exit.FAILED, str(failed)
    return _write_report(report, code, error)


class _Failed(Exception):
    """The run has failed, and the user has been told why."""


def _run(settings: Settings, report: Report) -> Exit:
    sources = find_sources(settings)
    begun = time.monotonic()
    run = report.run = begin(settings, sources)
    logs.set_run(run.run_id)
    _ask_for_contact(settings, sources)
    head = f"dateline: reading {_plural(len(sources), 'file or address', 'files and addresses')} into {settings.output}"
    _tell(f"{head}\n  run {run.run_id} on {settings.launch.runner}, {_workers(settings)}", settings, event="started")
    try:
        _execute(settings, run, report)
    except Exception as error:
        text = f"\ndateline: the run failed: {last_line(error)}"
        after = "\nNothing was committed. Started again, the same command does the run over."
        logs.say(text + after, event="failed", level="error")
        logging.getLogger(__name__).info("the run failed", exc_info=error)
        raise _Failed(last_line(error)) from error
    finished = report.finished = read_run(settings.output, run.run_id)
    seconds = time.monotonic() - begun
    articles = finished.counts.get("articles", 0)
    brief = f"{articles:,} articles of {finished.counts.get('inputs', 0):,} inputs in {seconds:.1f} s"
    text = brief if logs.as_json() else summarize(finished, settings.output, seconds=seconds)
    _tell(text, settings, event="done", seconds=round(seconds, 3), counts=finished.counts, rows=finished.rows)
    return _exit_code(finished, settings)


def _tell(text: str, settings: Settings, *, event: str, **fields: Any) -> None:
    """What is meant for the person who has typed the command: on stdout, unless that is taken by the metrics."""
    if logs.as_json() or settings.launch.metrics == STDOUT:
        logs.say(text, event=event, **fields)
    else:
        show(text)


def _write_report(report: Report, code: Exit, error: str | None) -> Exit:
    """Write the metrics; a run whose figures cannot be written has still done its work."""
    try:
        report.write(code, error)
    except OSError as wrong:
        logs.say(f"dateline: the metrics cannot be written: {wrong}", event="metrics", level="error")
        return code or Exit.FAILED
    return code


def _ask_for_contact(settings: Settings, sources: list[Source]) -> None:
    """Publishers block readers that they cannot ask to slow down."""
    if any(is_address(source.uri) for source in sources) and not settings.read.contact:
        text = "dateline: read.contact is empty; give publishers a page or mailbox to reach you by"
        logs.say(text, event="advice", level="warning")


def check_output(output: str) -> None:
    """Whether a local folder can be made or written to; a run finds out by writing."""
    if "://" in output:
        try:
            FileSystems.get_filesystem(output)
        except ValueError as error:
            raise ConfigurationError([f"write.output: {error}"]) from error
        return
    folder = next(path for path in (Path(output).absolute(), *Path(output).absolute().parents) if path.exists())
    if not (folder.is_dir() and os.access(folder, os.W_OK)):
        raise ConfigurationError(
            [f"write.output: cannot write to {output!r}: {folder} is no folder that can be written"]
        )


def check_reports(settings: Settings) -> None:
    """Whether the files of the metrics can be written: a run writes them last, and may have taken hours by then."""
    problems = []
    for name in ("metrics", "prometheus"):
        given = getattr(settings.launch, name)
        if not given or given == STDOUT:
            continue
        path = Path(given).absolute()
        folder = next(one for one in path.parents if one.exists())
        if path.is_dir() or not folder.is_dir() or not os.access(path if path.exists() else folder, os.W_OK):
            problems.append(got(name, given, "a file in a folder that can be written to"))
    if problems:
        raise ConfigurationError(problems)


def check_runner(settings: Settings) -> None:
    """Find the program of the engine, or says how to get it; refuses what others could use, or could only fail."""
    check_ports(settings)
    if settings.launch.runner == "DataflowRunner" and (problems := service_problems(settings)):
        raise ConfigurationError(problems)


def check_models(settings: Settings) -> None:
    """Raise ConfigurationError for a model that cannot be loaded or finds nothing."""
    try:
        load_models(settings.extract.model)
    except ValueError as error:
        raise ConfigurationError([str(error)]) from error


def find_sources(settings: Settings, *, remote: bool = True) -> list[Source]:
    """Return the files and addresses to read; ConfigurationError for a pattern without any."""
    try:
        return resolve_inputs(settings.inputs, remote=remote)
    except ValueError as error:
        here = "paths are relative to the folder in which the command is typed"
        raise ConfigurationError([f"read.{line} ({here})" for line in str(error).splitlines()]) from error


def begin(settings: Settings, sources: list[Source]) -> Run:
    """Open the run; ConfigurationError where the output cannot be written, DatasetBusy where another one writes."""
    listing = [(mask(source.uri), source.size, source.modified) for source in sources]
    try:
        return begin_run(settings.output, listing, datetime.datetime.now(datetime.UTC), versions=versions_of(settings))
    except DatasetLocked as error:
        raise DatasetBusy([f"write.{error}"]) from error
    except (UntrustedDataset, DamagedFile) as error:
        raise ConfigurationError([f"write.output: {error}"]) from error
    except ValueError as error:
        raise ConfigurationError([f"write.{error}"]) from error


def versions_of(settings: Settings) -> dict[str, str]:
    """What the run's rows depend on beside the code."""
    model = settings.extract.model
    gazetteer = Gazetteer(settings.geocode.gazetteer).id
    return {"model": ", ".join(model_ids(model)), "gazetteer": gazetteer}


def _execute(settings: Settings, run: Run, report: Report) -> None:
    """Build the graph and waits for its end; a local run is watched."""

    def last_word(code: int, why: str) -> None:
        report.progress = progress()
        report.write(code, why)

    job = None

    def end(why: str) -> None:
        after = "Nothing was committed. Started again, the same command does the run over."
        logs.say(f"\ndateline: the run was ended: {why}\n{after}", event="hung", level="error")
        if job is not None and settings.launch.runner not in LOCAL_RUNNERS:
            with contextlib.suppress(Exception):  # the runner may be what hangs
                job.cancel()
        leave(Exit.HUNG, why, last_word)

    with contextlib.ExitStack() as stack:
        runner = settings.launch.runner
        if runner in LOCAL_RUNNERS:
            # First of all: a process that has a thread, be it one that samples or watches, cannot be forked.
            runner = stack.enter_context(prepared_runner(settings.launch.workers, lambda: prepare(settings)))
        stack.enter_context(without_tracebacks())
        if settings.launch.runner in LOCAL_RUNNERS:
            stack.enter_context(ended_by_lost_worker(Exit.FAILED, last_word))
            stack.enter_context(shown_progress(sys.stderr))
            stack.enter_context(interruptible(Exit.INTERRUPTED, last_word))
        launch = settings.launch
        stack.enter_context(report.usage.sampled())
        limits = Limits(max_minutes=launch.max_minutes, stalled_minutes=launch.stalled_minutes)
        stack.enter_context(watched(limits, end))
        if settings.launch.runner in LOCAL_RUNNERS:
            stack.enter_context(spilling(settings.output, run.run_id))
        close_all(settings)
        stack.enter_context(engine_server(settings))
        p = beam.Pipeline(runner=runner, options=settings.options)
        build(p, settings, run)
        job = p.run()
        if settings.launch.runner not in LOCAL_RUNNERS:
            stack.enter_context(cancelled_by_signal(job))
        state = job.wait_until_finish()
        if state != PipelineState.DONE:
            raise RuntimeError(f"the runner ended in state {state}")


def _exit_code(run: Run, settings: Settings) -> Exit:
    if not adds_up(run):
        text = "dateline: the totals do not add up; please report this as a defect"
        logs.say(text, event="failed", level="error")
        return Exit.FAILED
    share = failure_share(run)
    if share > settings.launch.max_failure_share:
        logs.say(
            f"dateline: {share:.1%} of the inputs failed; max_failure_share allows"
            f" {settings.launch.max_failure_share:.1%}",
            event="too_many_failures",
            level="error",
        )
        return Exit.TOO_MANY_FAILURES
    return Exit.DONE


def _workers(settings: Settings) -> str:
    if settings.launch.runner not in LOCAL_RUNNERS:
        return "sized by its own options"
    return _plural(settings.launch.workers or os.cpu_count() or 1, "worker", "workers")


def _plural(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"


def last_line(error: Exception) -> str:
    """Return what happened: the last line, since Beam wraps tracebacks into its message; of gRPC's the details.

    >>> last_line(Exception('<_InactiveRpcError of RPC that terminated with:\\n\\tdetails = "Socket closed"\\n>'))
    'Socket closed'
    """
    text = str(error)
    if text.endswith("\n>") and (details := re.findall(r'details = "(.+)"$', text, re.MULTILINE)):
        return str(details[-1])
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
