"""Engines: what executes a Beam graph, from this process to a cluster.

An engine is a subclass of `Engine` in a file of its own, and a line in
`known.ENGINES`. All names of runners are there; the rest of the code calls the
engine. See docs/adding/engine.md.
"""

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

if TYPE_CHECKING:
    from pipeline.config import Launch, Settings
    from pipeline.stream_settings import StreamSettings
    from transforms.stream import Job

MAX_JOB_SECONDS = 10 * 365 * 86_400
"""Beam's client stops watching a job after `--job_server_timeout`, whatever the job does; this is without end."""
PRELOAD = "transforms.preload"
"""Module that a worker imports before it takes work."""


class Watch(Protocol):
    """The launcher's work during a run: it records, samples, and ends a run that hangs."""

    run_id: str

    def last_word(self, code: int, why: str) -> None:
        """Write the metrics before the process exits in the middle of a run."""

    def watched(self, cancel: Callable[[], None]) -> AbstractContextManager[Any]:
        """Sample usage and apply timeouts inside the context; `cancel` is called before the process exits."""


class Engine:
    """Executes graphs. One object for each kind; it holds no state."""

    names: ClassVar[tuple[str, ...]]
    """Values of the setting `runner`."""
    is_local: ClassVar[bool] = False
    """True if workers are this process and its children, `workers` of them."""
    can_stream: ClassVar[bool] = True
    """True if windows of a stream close."""
    is_service: ClassVar[bool] = False
    """True if a job continues without its launcher, so that it can be submitted."""
    has_jvm_server: ClassVar[bool] = False
    """True if Beam's job server for it runs on the JVM: it cannot use Unix sockets."""
    master_option: ClassVar[str] = ""
    """Name of Beam's option with the address of its cluster."""

    def check(self, settings: "Settings") -> list[str]:
        """Return a line for each setting with which a job on this engine could only fail."""
        return []

    def options(self, launch: "Launch") -> list[str]:
        """Return flags for Beam that the engine needs."""
        return [f"--job_server_timeout={MAX_JOB_SECONDS}", f"--beam_plugins={PRELOAD}"]

    def run(self, settings: "Settings", build: Callable[[Any], None], watch: Watch) -> str:
        """Execute a graph, and wait for its end.

        Args:
            settings: checked settings.
            build: adds the graph to a pipeline.
            watch: the launcher.

        Returns:
            The state in which the job ended, a `PipelineState`.
        """
        import apache_beam as beam

        from pipeline.engines.ports import close_all, engine_server
        from pipeline.engines.shutdown import without_tracebacks

        job: Any = None

        def cancel() -> None:
            if job is not None:
                self.cancel(job)

        with contextlib.ExitStack() as stack:
            # First of all: a process that has a thread, be it one that samples or watches, cannot be forked.
            runner = stack.enter_context(self.workers(settings))
            stack.enter_context(without_tracebacks())
            stack.enter_context(self.supervised(watch))
            stack.enter_context(watch.watched(cancel))
            stack.enter_context(self.scratch(settings, watch))
            close_all(settings)
            stack.enter_context(engine_server(settings))
            p = beam.Pipeline(runner=runner, options=settings.options)
            build(p)
            job = p.run()
            stack.enter_context(self.interruptible(job))
            return str(job.wait_until_finish())

    def cancel(self, job: Any) -> None:
        """Request the end of a job; the engine may not answer."""
        with contextlib.suppress(Exception):  # the runner may be what hangs
            job.cancel()

    @contextlib.contextmanager
    def workers(self, settings: "Settings") -> Iterator[Any]:
        """Yield the runner for Beam's `Pipeline`, with its workers started."""
        yield settings.launch.runner

    def supervised(self, watch: Watch) -> AbstractContextManager[Any]:
        """Return a context in which lost workers and signals end the run, and progress is shown."""
        return contextlib.nullcontext()

    def scratch(self, settings: "Settings", watch: Watch) -> AbstractContextManager[Any]:
        """Return a context with a folder for large elements between two steps."""
        return contextlib.nullcontext()

    def interruptible(self, job: Any) -> AbstractContextManager[Any]:
        """Return a context in which SIGINT and SIGTERM cancel the job."""
        from pipeline.engines.remote import cancelled_by_signal

        return cancelled_by_signal(job)

    def check_stream(self, settings: "StreamSettings") -> list[str]:
        """Return a line for each setting with which a stream on this engine could only fail."""
        return self.check(settings)

    def follow(self, settings: "StreamSettings", build: Callable[[Any], None], job: "Job") -> None:
        """Execute the graph of a stream until it has drained.

        Raises:
            RuntimeError: the job ended in another state.
        """
        import apache_beam as beam

        from pipeline.engines.ports import close_all

        close_all(settings)
        p = beam.Pipeline(runner=self.stream_runner(settings), options=self.stream_options(settings, job))
        build(p)
        self.finish_stream(p.run(), settings, job)

    def stream_runner(self, settings: "StreamSettings") -> str:
        """Return the name of the runner for a stream."""
        return settings.launch.runner

    def stream_options(self, settings: "StreamSettings", job: "Job") -> Any:
        """Return Beam's options for a stream."""
        from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions

        options = PipelineOptions.from_dictionary(settings.options.get_all_options(drop_default=True))
        options.view_as(StandardOptions).streaming = True
        return options

    def finish_stream(self, result: Any, settings: "StreamSettings", job: "Job") -> None:
        """Wait for the end of a stream's job.

        Raises:
            RuntimeError: the job ended in another state than DONE.
        """
        check_state(result.wait_until_finish())

    def end_former(self, settings: "StreamSettings") -> int:
        """Cancel jobs of the dataset that continue though their launcher was killed; return their number.

        Raises:
            ConfigurationError: the cluster does not answer.
        """
        return 0


def check_state(state: str) -> None:
    """Raise RuntimeError for a job that ended in another state than DONE."""
    if state != "DONE":
        raise RuntimeError(f"the runner ended in state {state}")
