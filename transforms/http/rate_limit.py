"""One request at a time to a host, and a pause between two."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from transforms.progress import advance

MAX_WAIT = 600.0
"""Seconds that a request waits for its turn; a host at which more wait than that is left until the next run."""


NAP_SECONDS = 10.0


class HostRateLimited(Exception):
    """The host is rate limited by itself, or has no turn left in this run.

    Args:
        host: which.
        seconds: for how long, where it is known.
    """

    def __init__(self, host: str, seconds: float | None = None) -> None:
        super().__init__(f"{host} is left alone for now")
        self.host = host
        self.seconds = seconds


def host_of(address: str) -> str:
    """Return host and port, in lower case.

    >>> host_of("https://me:pw@News.test:8443/rss")
    'news.test:8443'
    """
    try:
        return urlsplit(address).netloc.rpartition("@")[2].lower()
    except ValueError:
        return ""


def wait(seconds: float) -> None:
    """Sleep, and report progress: a host may require ten minutes between two requests, which is not a hang."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(left, NAP_SECONDS))
        advance(".waited")


class _Host:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.next = 0.0
        self.interval = 0.0
        self.closed_until: float | None = None


class HostRateLimiter:
    """Whose turn it is, for all threads of a process.

    Args:
        interval: seconds between the end of a request and the start of the next at the same host.
        longest_wait: seconds that a request may wait.
        clock: seconds, and `sleep` waits for some.
    """

    def __init__(
        self,
        interval: float,
        *,
        longest_wait: float = MAX_WAIT,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = wait,
    ) -> None:
        self._interval = interval
        self._longest_wait = longest_wait
        self._clock = clock
        self._sleep = sleep
        self._hosts: dict[str, _Host] = {}
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def turn(self, address: str) -> Iterator[None]:
        """Wait for the turn of the address's host, and hold it inside this context.

        Raises:
            HostWaits: the host has been closed, or the turn would come too late.
        """
        name = host_of(address)
        host = self._host(name)
        if not host.lock.acquire(timeout=self._longest_wait):
            raise HostRateLimited(name)
        try:
            now = self._clock()
            if host.closed_until is not None and now < host.closed_until:
                raise HostRateLimited(name, host.closed_until - now)
            if host.next - now > self._longest_wait:
                raise HostRateLimited(name)
            if host.next > now:
                self._sleep(host.next - now)
            yield
        finally:
            host.next = self._clock() + max(self._interval, host.interval)
            host.lock.release()

    def slow(self, address: str, interval: float) -> None:
        """Set the minimum seconds between two requests: a crawl delay."""
        host = self._host(host_of(address))
        host.interval = max(host.interval, interval)
        host.next = max(host.next, self._clock() + interval)

    def hold(self, address: str, seconds: float) -> None:
        """Delay the next request to the address's host by a number of seconds."""
        host = self._host(host_of(address))
        host.next = max(host.next, self._clock() + seconds)

    def close(self, address: str, seconds: float) -> None:
        """Refuse requests to the address's host for a number of seconds."""
        self._host(host_of(address)).closed_until = self._clock() + seconds

    def _host(self, name: str) -> _Host:
        with self._lock:
            return self._hosts.setdefault(name, _Host())
