"""The launcher of a run: checks settings, executes the graph, prints totals, writes metrics."""

import contextlib
import logging
import os
import time
from collections.abc import Callable, Iterator
from typing import Any

from pipeline.config import Settings
from pipeline.engines.base import check_state
from pipeline.engines.known import engine_of
from pipeline.engines.local import leave
from pipeline.engines.ports import enter_network
from pipeline.errors import ConfigurationError, Exit
from pipeline.graph.batch import build
from pipeline.launch.checks import (
    advise_contact,
    begin,
    check_engine,
    check_models,
    check_output,
    check_reports,
    find_sources,
    last_line,
)
from pipeline.launch.totals import adds_up, failure_share, summarize
from pipeline.monitoring import logs
from pipeline.monitoring.metrics import STDOUT, Report
from pipeline.monitoring.terminal import show
from pipeline.monitoring.watchdog import Limits, progress, watched
from transforms import Run, read_run
from transforms.http.redact import mask


def check(settings: Settings) -> int:
    """Say what a run would do, having checked all that can be checked without running or asking a network."""
    sources = find_sources(settings, remote=False)
    advise_contact(settings, (source.uri for source in sources))
    check_output(settings.output)
    check_reports(settings)
    check_models(settings)
    check_engine(settings)
    show(f"{_plural(len(sources), 'input file or address', 'input files and addresses')}, written to {settings.output}")
    show(f"runner {settings.launch.runner}, {_workers(settings)}; the settings are right")
    return Exit.DONE


def launch(settings: Settings) -> int:
    """Carry out a run, prints its totals, writes its metrics, returns the exit code."""
    check_reports(settings)
    check_engine(settings)
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
    """A run that failed, after the reason was printed."""


def _run(settings: Settings, report: Report) -> Exit:
    sources = find_sources(settings)
    begun = time.monotonic()
    run = report.run = begin(settings, sources)
    logs.set_run(run.run_id)
    advise_contact(settings, (source.uri for source in sources))
    head = f"dateline: reading {_plural(len(sources), 'file or address', 'files and addresses')} into {settings.output}"
    _tell(f"{head}\n  run {run.run_id} on {settings.launch.runner}, {_workers(settings)}", settings, event="started")
    try:
        engine = engine_of(settings.launch.runner)
        check_state(engine.run(settings, lambda p: build(p, settings, run), _Watch(settings, run, report)))
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
    """Print a text for the user: on stdout, unless the metrics go there."""
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


class _Watch:
    """The launcher during a run: records, samples, and ends a run that hangs.

    Args:
        settings: with the timeouts.
        run: what is run.
        report: where figures go.
    """

    def __init__(self, settings: Settings, run: Run, report: Report) -> None:
        launch = settings.launch
        self.run_id = run.run_id
        self._report = report
        self._limits = Limits(max_minutes=launch.max_minutes, stalled_minutes=launch.stalled_minutes)

    def last_word(self, code: int, why: str) -> None:
        """Write the metrics before the process exits in the middle of a run."""
        self._report.progress = progress()
        self._report.write(code, why)

    @contextlib.contextmanager
    def watched(self, cancel: Callable[[], None]) -> Iterator[None]:
        """Sample usage and apply timeouts inside this context."""

        def end(why: str) -> None:
            after = "Nothing was committed. Started again, the same command does the run over."
            logs.say(f"\ndateline: the run was ended: {why}\n{after}", event="hung", level="error")
            cancel()
            leave(Exit.HUNG, why, self.last_word)

        with self._report.usage.sampled(), watched(self._limits, end):
            yield


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
    if not engine_of(settings.launch.runner).is_local:
        return "sized by its own options"
    return _plural(settings.launch.workers or os.cpu_count() or 1, "worker", "workers")


def _plural(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"
