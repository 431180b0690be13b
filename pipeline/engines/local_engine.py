"""Beam's local runner: in this process, or on worker processes forked from it."""

import contextlib
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from pipeline.engines.base import Engine, Watch
from pipeline.errors import Exit

if TYPE_CHECKING:
    from pipeline.config import Launch, Settings
    from pipeline.stream_settings import StreamSettings


class LocalEngine(Engine):
    """FnApiRunner, under either name: DirectRunner would use Prism where it can be downloaded."""

    names = ("DirectRunner", "FnApiRunner")
    is_local = True
    can_stream = False

    def options(self, launch: "Launch") -> list[str]:
        """Return the number of workers."""
        return [f"--direct_num_workers={launch.workers}"]

    def check_stream(self, settings: "StreamSettings") -> list[str]:
        """Refuse a stream: no window closes here while the source continues."""
        from transforms.settings import got

        rule = "PrismRunner, FlinkRunner or DataflowRunner: this one closes no window while the source continues"
        return [got("runner", settings.launch.runner, rule)]

    @contextlib.contextmanager
    def workers(self, settings: "Settings") -> Iterator[Any]:
        """Yield the local runner, its workers and readers forked from a process that has loaded the models."""
        from pipeline.engines.forked import prepared_runner
        from pipeline.engines.prepare import prepare

        with prepared_runner(settings.launch.workers, lambda: prepare(settings)) as runner:
            yield runner

    @contextlib.contextmanager
    def supervised(self, watch: Watch) -> Iterator[None]:
        """End the run if a worker is lost or a signal arrives, and show progress."""
        from pipeline.engines.local import ended_by_lost_worker, interruptible, shown_progress

        with (
            ended_by_lost_worker(Exit.FAILED, watch.last_word),
            shown_progress(sys.stderr),
            interruptible(Exit.INTERRUPTED, watch.last_word),
        ):
            yield

    def scratch(self, settings: "Settings", watch: Watch) -> AbstractContextManager[Any]:
        """Return a context in which large elements are on disk between two steps."""
        from pipeline.engines.local import spilling

        return spilling(settings.output, watch.run_id)

    def cancel(self, job: Any) -> None:
        """Do nothing: the workers are children of this process, and end with it."""

    def interruptible(self, job: Any) -> AbstractContextManager[Any]:
        """Return an empty context: `supervised` handles signals from the start."""
        return contextlib.nullcontext()
