"""Work on articles inside limits: each item ends as its results, or as one failure row."""

import contextlib
import signal
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import apache_beam as beam

from transforms.failures import FAILURES, BadRecord, Reason, failure_from
from transforms.limits import pool
from transforms.limits.budget import Budget
from transforms.limits.child import DONE, NO_ROOM, OUT_OF_MEMORY, Request
from transforms.limits.fork_server import CLOSED
from transforms.progress import in_work


class Task(Protocol):
    """Work that a child process can do. It is pickled, so it holds settings, not what they name."""

    stage: str
    """Stage of its failure rows."""

    def preload(self) -> None:
        """Load what all children can share; called once, in the fork server."""

    def setup(self) -> None:
        """Open what each child needs for itself, such as database connections."""

    def run(self, items: Sequence[Any]) -> list[Any]:
        """Return the results of all items; a bad item gives a tagged `Failure`, as from `failures.attempt`."""

    def source(self, item: Any) -> str:
        """Return the source of an item for its failure row."""

    def payload(self, item: Any) -> bytes | str | None:
        """Return the start of an item's content for its failure row."""


class Guard:
    """Limits of a task: it runs in a child process, or in this process if there are no limits.

    Args:
        task: the work.
        budget: the limits for each item.
    """

    def __init__(self, task: Task, budget: Budget) -> None:
        self._task = task
        self._budget = budget
        self._key = ""

    def setup(self) -> None:
        """Load what the task needs; call it once before `run`."""
        if self._budget.is_enforced:
            self._key = pool.prepare(self._task)
        else:
            self._task.preload()
            self._task.setup()

    def run(self, items: Sequence[Any], budget: Budget | None = None) -> Iterator[Any]:
        """Yield the results of all items, and a tagged `Failure` for each item that exceeds its limits.

        If a batch exceeds the limits of a batch, its items are done one by one.

        Args:
            items: a batch.
            budget: replaces the budget of the guard.

        Raises:
            Exception: an error that is not the fault of an item, see `failures.INFRASTRUCTURE`.
        """
        if not self._budget.is_enforced:
            yield from self._task.run(items)
            return
        budget = budget or self._budget
        with in_work(self._task.stage, [self._task.source(item) for item in items]):
            try:
                yield from self._call(items, budget.for_batch(len(items)))
                return
            except (pool.ChildEnded, _OutOfMemory) as error:
                ended = error
            if len(items) > 1:
                for item in items:
                    yield from self.run([item], budget)
                return
            if isinstance(ended, pool.ChildEnded) and ended.code == -signal.SIGKILL and not ended.timed_out:
                yield from self._again(items, budget)
                return
            yield self._failure(items[0], reason_of(ended, budget))

    def _again(self, items: Sequence[Any], budget: Budget) -> Iterator[Any]:
        """Repeat the work of a child that was killed from elsewhere; its item need not be the cause."""
        try:
            yield from self._call(items, budget)
        except (pool.ChildEnded, _OutOfMemory) as error:
            if isinstance(error, pool.ChildEnded) and error.code == -signal.SIGKILL:
                where = self._task.source(items[0])
                raise RuntimeError(
                    f"a reader process was killed twice at {where}; is the machine out of memory?"
                ) from error
            yield self._failure(items[0], reason_of(error, budget))

    def _call(self, items: Sequence[Any], budget: Budget) -> list[Any]:
        request = Request(self._key, list(items), budget.cpu_seconds)
        kind, value = pool.call(request, memory_mb=budget.memory_mb, wall_seconds=budget.wall_seconds)
        if kind == DONE:
            return value
        if kind == OUT_OF_MEMORY:
            # What the child has freed may still count as its memory.
            pool.replace_idle(budget.memory_mb)
            raise _OutOfMemory
        raise value

    def _failure(self, item: Any, error: BadRecord) -> beam.pvalue.TaggedOutput:
        failure = failure_from(
            error, stage=self._task.stage, source=self._task.source(item), payload=self._task.payload(item)
        )
        return beam.pvalue.TaggedOutput(FAILURES, failure)


class _OutOfMemory(Exception):
    """A child could not get the memory that it needed."""


def reason_of(ended: Exception, budget: Budget) -> BadRecord:
    """Return the reason for a failure row.

    >>> reason_of(pool.ChildEnded(-signal.SIGPROF), Budget(30, 100))
    BadRecord('needs more than 30 s of CPU time (max_cpu_seconds)')
    >>> reason_of(pool.ChildEnded(-signal.SIGSEGV), Budget(30, 100)).reason.value
    'crashed'
    """
    if not isinstance(ended, pool.ChildEnded) or ended.code == NO_ROOM:
        return BadRecord(Reason.TOO_LARGE, f"needs more than {budget.memory_mb:g} MB of memory (max_memory_mb)")
    if ended.timed_out:
        return BadRecord(Reason.TOO_SLOW, f"no result after {budget.wall_seconds:g} s")
    if ended.code == -signal.SIGPROF:
        message = f"needs more than {budget.cpu_seconds:g} s of CPU time (max_cpu_seconds)"
        return BadRecord(Reason.TOO_SLOW, message)
    if ended.code == CLOSED:
        return BadRecord(Reason.CRASHED, "the process that read it closed its connection")
    how = f"exit code {ended.code}"
    with contextlib.suppress(ValueError):
        how = signal.Signals(-ended.code).name
    return BadRecord(Reason.CRASHED, f"the process that read it ended: {how}")
