"""Ends a run that takes too long or does not get on, and says what it was at.

A scheduled job that hangs is worse than one that fails: it holds the lock of
the dataset, and nobody notices. The limits are the job's to set, since only it
knows when the next one is due.
"""

import contextlib
import dataclasses
import faulthandler
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from pipeline.monitoring.stacks import ask
from transforms.progress import FOLDER_VARIABLE, read_progress, read_work

GRACE_SECONDS = 30
"""After which the process ends by itself if compiled code keeps the interpreter from this watchdog."""
PLACES_SHOWN = 5


@dataclasses.dataclass(frozen=True, kw_only=True)
class Limits:
    """What a run may take; 0 for without end."""

    max_minutes: float = 0
    """Of the whole run."""
    stalled_minutes: float = 0
    """Without any step having finished anything."""

    def exceeded(self, running: float, stalled: float) -> str | None:
        """Return the limit that is exceeded after some seconds of running, and some without progress.

        >>> Limits(max_minutes=2, stalled_minutes=1).exceeded(90, 30)
        >>> Limits(max_minutes=2, stalled_minutes=1).exceeded(90, 61)
        'no step has finished anything for 61 s (stalled_minutes: 1)'
        """
        if self.max_minutes and running > self.max_minutes * 60:
            return f"it has run for {running:.0f} s (max_minutes: {self.max_minutes:g})"
        if self.stalled_minutes and stalled > self.stalled_minutes * 60:
            return f"no step has finished anything for {stalled:.0f} s (stalled_minutes: {self.stalled_minutes:g})"
        return None

    def last_resort(self, running: float) -> float:
        """Return seconds from now after which the run is over its limits in any case, with some grace."""
        left = [self.max_minutes * 60 - running] if self.max_minutes else []
        left += [self.stalled_minutes * 60] if self.stalled_minutes else []
        return max(0.0, min(left)) + GRACE_SECONDS


def progress() -> dict[str, int]:
    """Return stage -> elements finished, of a local run."""
    folder = os.environ.get(FOLDER_VARIABLE)
    return dict(read_progress(Path(folder))) if folder else {}


@contextlib.contextmanager
def watched(
    limits: Limits,
    end: Callable[[str], None],
    tick_seconds: float = 1.0,
    look: Callable[[], dict[str, int]] = progress,
) -> Iterator[None]:
    """End a run that exceeds its limits inside this context: call `end` in another thread; it must not return.

    Where compiled code holds the interpreter's lock, as an endless regular
    expression does in a run of one process, no other thread can act. Then
    Python's `faulthandler` ends the process `GRACE_SECONDS` later with exit
    code 1, and prints the stacks; workers end with their launcher.

    Args:
        limits: when.
        end: ends the run.
        tick_seconds: how often it is looked.
        look: how far the run is, stage by stage.
    """
    if not (limits.max_minutes or limits.stalled_minutes):
        yield
        return
    done = threading.Event()
    thread = threading.Thread(target=_watch, args=(limits, end, done, tick_seconds, look), name="watchdog", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        faulthandler.cancel_dump_traceback_later()


def _watch(
    limits: Limits,
    end: Callable[[str], None],
    done: threading.Event,
    tick_seconds: float,
    look: Callable[[], dict[str, int]],
) -> None:
    begun = changed = time.monotonic()
    before: dict[str, int] = {}
    while not done.wait(tick_seconds):
        now = time.monotonic()
        faulthandler.dump_traceback_later(limits.last_resort(now - begun), exit=True)
        stages = look()
        if stages != before:
            before, changed = stages, now
        wrong = limits.exceeded(now - begun, now - changed)
        if wrong and not done.is_set():
            faulthandler.cancel_dump_traceback_later()
            end(f"{wrong}\n{what_was_running(stages)}")
            return


def what_was_running(stages: dict[str, int]) -> str:
    """Say how far the run is, which articles it is working on, and where in our code its processes are."""
    shown = {stage.lstrip("."): count for stage, count in stages.items()}
    far = ", ".join(f"{count:,} {stage}" for stage, count in sorted(shown.items(), reverse=True)) or "nothing yet"
    folder = os.environ.get(FOLDER_VARIABLE)
    work = "".join(f"\nin work: {one}" for one in read_work(Path(folder))[:PLACES_SHOWN]) if folder else ""
    found = ask(Path(folder)) if folder else []
    where = "".join(f"\n  in {place}" for place in found[:PLACES_SHOWN])
    return f"done until then: {far}{work}" + (f"\nwhat was running:{where}" if where else "")
