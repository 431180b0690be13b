"""CPU time of a call at growing lengths, and whether it grows faster than the length."""

import gc
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, NamedTuple

GROWTH = 3.0
"""Time per character may grow by this factor over ten times the length."""
QUIET_SECONDS = 0.03
"""A call that takes less is too short to be measured, and too short to matter."""
LIMIT_SECONDS = 2.0
STEPS = (25, 400)


class Measured(NamedTuple):
    """Seconds for one text of ten times `length` characters, and for ten of `length`."""

    length: int
    short: float
    long: float

    @property
    def growth(self) -> float:
        """Return by how much the time per character grows."""
        return self.long / max(self.short, 1e-6)


class TooSlow(BaseException):
    """The call did not end within the limit; no Exception, because parsers catch those of the libraries they use."""


@contextmanager
def limited(seconds: float = LIMIT_SECONDS) -> Iterator[None]:
    """Raise TooSlow in a call that takes more CPU time; works within `re`, not within other C code."""

    def stop(signum: int, frame: FrameType | None) -> None:
        raise TooSlow

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def seconds(call: Callable[[Any], object], value: Any, tries: int = 1) -> float:
    """Return the least CPU time of some calls; LIMIT_SECONDS if one does not end before that."""
    least = LIMIT_SECONDS
    for _ in range(tries):
        gc.collect(0)
        start = time.process_time()
        try:
            with limited():
                call(value)
        except TooSlow:
            return LIMIT_SECONDS
        least = min(least, time.process_time() - start)
    return least


def superlinear(call: Callable[[Any], object], make: Callable[[int], Any], longest: int) -> Measured | None:
    """Return the measure of a call whose time per character grows; None if it stays about the same.

    The lengths grow tenfold, so that a call that takes the square or more is
    caught while it is short. What looks like growth is measured again, as the
    least of several tries, because other processes disturb a clock.

    Args:
        call: what is measured; its result is ignored.
        make: a length -> an input of about that length.
        longest: the greatest length to try.
    """
    for length in [*(step for step in STEPS if step * 4 < longest), longest]:
        if seconds(call, make(length)) < QUIET_SECONDS:
            continue
        measured = measure(call, make, length, tries=2)
        if measured.growth > GROWTH and measured.long >= QUIET_SECONDS:
            return measured
    return None


def measure(call: Callable[[Any], object], make: Callable[[int], Any], length: int, tries: int = 3) -> Measured:
    """Return the time of one text of a length, and that of ten texts of a tenth of it."""
    short, long = make(max(1, length // 10)), make(length)

    def ten(value: Any) -> None:
        for _ in range(10):
            call(value)

    return Measured(max(1, length // 10), seconds(ten, short, tries), seconds(call, long, tries))
