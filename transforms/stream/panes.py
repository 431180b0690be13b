"""Event time, windows and their panes."""

import dataclasses
import datetime
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import apache_beam as beam
from apache_beam.coders import PickleCoder
from apache_beam.transforms.timeutil import TimeDomain
from apache_beam.transforms.userstate import BagStateSpec, ReadModifyWriteStateSpec, TimerSpec, on_timer
from apache_beam.transforms.window import FixedWindows, GlobalWindows, TimestampedValue
from apache_beam.utils.timestamp import Duration, Timestamp

from transforms.feeds.fetch import utc_now
from transforms.records import Article, stable_id
from transforms.stream.connectors import SCHEMES
from transforms.stream.follow import EPOCH, to_micros
from transforms.stream.outcomes import Outcome

NAMED = "%Y%m%dT%H%M%SZ"
"""How a window's start is written in the names of its commits."""
MAX_LATENESS = 7 * 86_400.0
"""Seconds for which a window takes late articles; connectors date their elements themselves."""


class Pane(NamedTuple):
    """A firing of a window."""

    start: datetime.datetime
    end: datetime.datetime
    number: int
    """Firings before it."""
    late: bool

    def name(self, job: str, attempt: int = 0) -> str:
        """Return the run id of the pane's commit: begins the names of its files, and sorts by time.

        >>> start = datetime.datetime(2026, 11, 22, 10, 15, tzinfo=datetime.UTC)
        >>> Pane(start, start, 0, False).name("4f0c"), Pane(start, start, 2, True).name("4f0c")
        ('20261122T101500Z_4f0c', '20261122T101500Z_late2_4f0c')
        """
        kind = f"late{self.number}" if self.late else f"pane{self.number}" if self.number else ""
        again = f"again{attempt}" if attempt else ""
        return "_".join(part for part in (f"{self.start:{NAMED}}", kind, job, again) if part)


def start_in(path: str) -> datetime.datetime | None:
    """Return the start of the window whose commit wrote the file; None for a file of a run.

    >>> start_in("out/failures/date=2026-11-22/20261122T101500Z_4f0c-00000-of-00001.parquet")
    datetime.datetime(2026, 11, 22, 10, 15, tzinfo=datetime.timezone.utc)
    >>> start_in("out/_dateline/runs/4f0c2a9be1d07735.json")
    """
    began, _, rest = path.rpartition("/")[2].partition("_")
    try:
        return datetime.datetime.strptime(began, NAMED).replace(tzinfo=datetime.UTC) if rest else None
    except ValueError:
        return None


def event_time(article: Article, oldest_seconds: float) -> datetime.datetime:
    """Return the event time of an article: its publication, if that is plausible.

    Feeds date articles into the future and into 1970, and name old ones again.
    An article published more than `oldest_seconds` before it was read, or after
    that, counts as of the time it was read: it is in time, and makes no late
    pane of its own. `date_published` stays as it is.
    """
    read = article.date_fetched
    if article.source_uri.startswith(SCHEMES):  # its watermark is its connector's, and waits for no article
        return read
    earliest = read - datetime.timedelta(seconds=oldest_seconds)
    published = article.date_published
    return published if published is not None and earliest <= published <= read else read


def timed(article: Article, oldest_seconds: float) -> TimestampedValue:
    """Return the article at its event time, in Beam's milliseconds."""
    return TimestampedValue(article, Timestamp(micros=to_micros(event_time(article, oldest_seconds)) // 1000 * 1000))


@dataclasses.dataclass
class IntoWindows(beam.PTransform):
    """Fixed windows by event time."""

    window_seconds: float

    def __post_init__(self) -> None:
        super().__init__()

    def expand(self, elements: beam.PCollection) -> beam.PCollection:
        windows = FixedWindows(self.window_seconds)
        return elements | "Windows" >> beam.WindowInto(windows, allowed_lateness=Duration(MAX_LATENESS))


@dataclasses.dataclass
class GatherPanes(beam.PTransform):
    """`Outcome`s in windows to `(0, (Pane, outcomes))`, in the global window; a pane is one element.

    A window is a pane when the watermark passes its end; what comes later is
    gathered for a while, and comes as a pane of its own. By keyed state and
    timers, not by Beam's triggers, nor by a window's own state: Prism (2.77.0)
    never releases an element that reaches a grouping between the watermark
    of the step before it and its own, and with it all that comes late from then
    on; and it forgets a window's state at its end, whatever lateness is allowed.
    """

    started: datetime.datetime
    """When the job began; what was published before, its first round finds late and in time."""
    wait_seconds: float
    """Delay of the watermark."""
    late_seconds: float
    """How long late outcomes of a window are gathered."""

    def __post_init__(self) -> None:
        super().__init__()

    def expand(self, outcomes: beam.PCollection[Outcome]) -> beam.PCollection:
        return (
            outcomes
            | "By window" >> beam.Map(_by_window)
            | "Out of windows" >> beam.WindowInto(GlobalWindows())
            | "Gather a pane" >> beam.ParDo(_Gather(self.started, self.wait_seconds, self.late_seconds))
        )


def _by_window(outcome: Outcome, window: Any = beam.DoFn.WindowParam) -> tuple[int, Any]:
    return window.start.micros, (window.end.micros, outcome)


class _Panes(NamedTuple):
    """What is known of a window's panes."""

    end: int
    """Of the window, microseconds since 1970."""
    number: int = 0
    """Panes that there have been."""
    waiting: bool = False
    """Whether the next one's timer is set."""


class _Gather(beam.DoFn):
    """The outcomes of a window, by its start, pane by pane."""

    HELD = BagStateSpec("held", PickleCoder())
    """Outcomes for the next pane."""
    PANES = ReadModifyWriteStateSpec("panes", PickleCoder())
    """`_Panes` of the window."""
    CLOSE = TimerSpec("close", TimeDomain.WATERMARK)
    FORGET = TimerSpec("forget", TimeDomain.WATERMARK)

    def __init__(self, started: datetime.datetime, wait_seconds: float, late_seconds: float) -> None:
        self._started = started
        self._wait = datetime.timedelta(seconds=wait_seconds)
        self._late = datetime.timedelta(seconds=late_seconds)

    def process(
        self,
        element: tuple[int, Any],
        held: Any = beam.DoFn.StateParam(HELD),
        panes: Any = beam.DoFn.StateParam(PANES),
        close: Any = beam.DoFn.TimerParam(CLOSE),
        forget: Any = beam.DoFn.TimerParam(FORGET),
    ) -> None:
        _, (end, outcome) = element
        held.add(outcome)
        before = panes.read() or _Panes(end)
        if before.waiting:
            return
        due = Timestamp(micros=end)
        if before.number:
            # The watermark is the clock minus `wait`, so that it has arrived when the time of gathering is over.
            due = max(due, Timestamp(micros=to_micros(utc_now() - self._wait + self._late)))
        close.set(due)
        forget.set(Timestamp(micros=end) + Duration(MAX_LATENESS))
        panes.write(before._replace(waiting=True))

    @on_timer(CLOSE)
    def close(
        self,
        start: Any = beam.DoFn.KeyParam,
        held: Any = beam.DoFn.StateParam(HELD),
        panes: Any = beam.DoFn.StateParam(PANES),
    ) -> Iterator[tuple[int, Any]]:
        found = list(held.read())
        held.clear()
        before = panes.read()
        panes.write(_Panes(before.end, before.number + 1))
        begun, ended = (EPOCH + datetime.timedelta(microseconds=at) for at in (start, before.end))
        # Of a window in which nothing was in time, the first pane is late, too.
        late = before.number > 0 or (begun >= self._started and all_late(found, ended + self._wait))
        if found:
            yield 0, (Pane(begun, ended, before.number, late), found)

    @on_timer(FORGET)
    def forget(self, panes: Any = beam.DoFn.StateParam(PANES)) -> None:
        before = panes.read()
        if before is not None and not before.waiting:
            panes.clear()


def all_late(outcomes: Iterable[Outcome], closed: datetime.datetime) -> bool:
    """Return True if a pane has articles, and each was read after its window had closed."""
    read = [one.read for one in outcomes if one.kind == "article" and one.read is not None]
    return bool(read) and min(read) > closed


def job_id(output: str, started: datetime.datetime) -> str:
    """Return the id of one job of a stream: a job that is started again is another, and replaces nothing."""
    return stable_id("stream", output, started.isoformat())[:8]
