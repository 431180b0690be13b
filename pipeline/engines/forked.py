"""Beam's local runner on workers that are forked from a template."""

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from typing import Any

from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.runners.portability.fn_api_runner.worker_handlers import GrpcWorkerHandler, WorkerHandler
from apache_beam.transforms.environments import Environment, SubprocessSDKEnvironment, python_sdk_capabilities

from pipeline.engines.local import local_runner
from pipeline.engines.template import Template, can_fork
from pipeline.patches import WORKER_THREAD, worker_environment
from transforms.limits import pool

URN = "dateline:env:forked:v1"

_TEMPLATES: dict[str, Template] = {}
"""By process id, which is what an environment says of its template."""


@contextlib.contextmanager
def prepared_runner(workers: int, prepare: Callable[[], None]) -> Iterator[FnApiRunner]:
    """Return Beam's local runner, as `local_runner`; it forks its workers and readers where it can.

    They cannot where this process has threads already, and on other systems
    than Linux: there each is a fresh interpreter.

    Args:
        workers: processes; 0 for one a core. One works within this process.
        prepare: what is to be loaded before the first worker is forked.
    """
    with prepared_readers(prepare) as template:
        if workers == 1 or template is None:
            yield local_runner(workers)
        else:
            yield FnApiRunner(default_environment=ForkedEnvironment(template))


@contextlib.contextmanager
def prepared_readers(prepare: Callable[[], None]) -> Iterator[Template | None]:
    """Fork this process's readers from a template inside this context; None where it cannot be forked."""
    if not can_fork():
        yield None
        return
    template = Template(prepare)
    try:
        with pool.connected(template.readers):
            yield template
    finally:
        template.close()


class ForkedEnvironment(SubprocessSDKEnvironment):
    """Beam's environment of worker processes, but for how they are started."""

    def __init__(self, template: Template) -> None:
        super().__init__(str(template.pid), capabilities=python_sdk_capabilities())
        _TEMPLATES[str(template.pid)] = template

    def to_runner_api_parameter(self, context: Any) -> tuple[str, bytes]:
        return URN, self.command_string.encode()


Environment.register_urn(URN, bytes, lambda payload, *_: ForkedEnvironment(_TEMPLATES[payload.decode()]))


@WorkerHandler.register_environment(URN, bytes)
class ForkedWorkerHandler(GrpcWorkerHandler):
    """Requests workers from the template, and raises in a thread of its own if one dies, as Beam's own handler."""

    def __init__(self, payload: bytes, state: Any, provision_info: Any, grpc_server: Any) -> None:
        super().__init__(state, provision_info, grpc_server)
        self._template = _TEMPLATES[payload.decode()]

    def start_worker(self) -> None:
        """Return immediately; the worker reports to the runner's servers when it is there."""
        self._ended = self._template.start_worker(self.worker_id, {**os.environ, **worker_environment(self)})
        self._thread = threading.Thread(name=WORKER_THREAD, target=self._wait)
        self._thread.start()

    def stop_worker(self) -> None:
        """Wait for its end, which the runner has asked for."""
        self._thread.join()

    def _wait(self) -> None:
        if code := self._ended.result():
            raise RuntimeError(f"Worker subprocess exited with return code {code}")
