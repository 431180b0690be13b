"""Visits to hosts in parallel, one thread each; the requests to one host stay one after the other."""

import concurrent.futures
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import apache_beam as beam
from apache_beam.transforms.window import GlobalWindows

from transforms.http.client import Client, Limits
from transforms.http.rate_limit import HostRateLimiter
from transforms.progress import advance

WAITING_RESULTS = 64
"""Results that may wait to be taken; a thread that has another waits itself."""

Visit = Callable[[Client, HostRateLimiter, list[Any]], Iterator[Any]]
"""What to do at one host, for all that there is to do there; may give tagged outputs."""

_END = object()


class Bundle:
    """The visits of one bundle, and what they have given so far."""

    def __init__(self) -> None:
        self._results: queue.Queue[Any] = queue.Queue(WAITING_RESULTS)
        self._given_up = threading.Event()
        self._open = 0

    def begin(self, pool: concurrent.futures.Executor, visit: Callable[[], Iterator[Any]]) -> None:
        """Let a thread of the pool go."""
        self._open += 1
        pool.submit(self._run, visit)

    def results(self, *, wait: bool) -> Iterator[Any]:
        """Yield the results so far; with `wait`, until all visits have ended.

        Raises:
            Exception: an error of a visit that no input has caused.
        """
        while self._open:
            try:
                found = self._results.get(block=wait)
            except queue.Empty:
                return
            if found is _END:
                self._open -= 1
            elif isinstance(found, BaseException):
                self._given_up.set()
                raise found
            else:
                advance(".asked")
                yield found

    def give_up(self) -> None:
        """Let no thread wait for results to be taken that nobody will take."""
        self._given_up.set()

    def _run(self, visit: Callable[[], Iterator[Any]]) -> None:
        try:
            for result in visit():
                if not self._put(result):
                    return
        except BaseException as error:
            self._put(error)
        else:
            self._put(_END)

    def _put(self, result: Any) -> bool:
        while not self._given_up.is_set():
            try:
                self._results.put(result, timeout=1)
            except queue.Full:
                continue
            return True
        return False


class VisitHosts(beam.DoFn):
    """Takes `(host, tasks)`, and visits the hosts of a bundle side by side.

    Args:
        visit: what to do at a host.
        limits: of each request.
        interval: seconds between two requests to a host.
        at_once: hosts, per worker.
    """

    def __init__(self, visit: Visit, limits: Limits, interval: float, at_once: int) -> None:
        self._visit = visit
        self._limits = limits
        self._interval = interval
        self._at_once = at_once
        self._bundle: Bundle | None = None

    def setup(self) -> None:
        self._turns = HostRateLimiter(self._interval)
        self._pool = concurrent.futures.ThreadPoolExecutor(self._at_once, thread_name_prefix="fetch")

    def start_bundle(self) -> None:
        if self._bundle is not None:
            self._bundle.give_up()  # of a bundle that failed, and is tried again
        self._bundle = Bundle()

    def process(self, element: tuple[str, Iterable[Any]]) -> Iterator[Any]:
        _, tasks = element
        found = list(tasks)
        bundle = self._bundle or Bundle()
        bundle.begin(self._pool, lambda: self._at_host(found))
        yield from bundle.results(wait=False)

    def finish_bundle(self) -> Iterator[Any]:
        for result in self._bundle.results(wait=True) if self._bundle else ():
            if isinstance(result, beam.pvalue.TaggedOutput):
                yield beam.pvalue.TaggedOutput(result.tag, GlobalWindows.windowed_value(result.value))
            else:
                yield GlobalWindows.windowed_value(result)

    def teardown(self) -> None:
        if self._bundle is not None:
            self._bundle.give_up()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _at_host(self, tasks: list[Any]) -> Iterator[Any]:
        with Client(self._limits) as client:
            yield from self._visit(client, self._turns, tasks)
