"""Event time, windows and their panes."""

import dataclasses
import datetime
import math
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import apache_beam as beam
from apache_beam.transforms.trigger import AccumulationMode, AfterCount, AfterProcessingTime, AfterWatermark
from apache_beam.transforms.window import FixedWindows, GlobalWindows, TimestampedValue
from apache_beam.utils.timestamp import Duration, Timestamp
from apache_beam.utils.windowed_value import PaneInfoTiming

from transforms.records import Article, stable_id
from transforms.stream.connectors import SCHEMES
from transforms.stream.follow import EPOCH, to_micros
from transforms.stream.outcomes import Outcome

NAMED = "%Y%m%dT%H%M%SZ"
"""How a window's start is written in the names of its commits."""
LONGEST_LATENESS = 7 * 86_400.0
"""Seconds for which a window takes late articles; connectors date their elements themselves."""


class Pane(NamedTuple):
    """A firing of a window."""

    start: datetime.datetime
    end: datetime.datetime
    number: int
    """Firings before it."""
    late: bool

    def name(self, job: str, attempt: int = 0) -> str:
        """The run id of the pane's commit: begins the names of its files, and sorts by time.

        >>> start = datetime.datetime(2026, 11, 22, 10, 15, tzinfo=datetime.UTC)
        >>> Pane(start, start, 0, False).name("4f0c"), Pane(start, start, 2, True).name("4f0c")
        ('20261122T101500Z_4f0c', '20261122T101500Z_late2_4f0c')
        """
        kind = f"late{self.number}" if self.late else f"pane{self.number}" if self.number else ""
        again = f"again{attempt}" if attempt else ""
        return "_".join(part for part in (f"{self.start:{NAMED}}", kind, job, again) if part)


def start_in(path: str) -> datetime.datetime | None:
    """When the window began whose commit has written the file; None for a file of a run.

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
    """When an article happened to the stream: when it was published, if that can be.

    Feeds date articles into the future and into 1970, and name old ones again.
    What was published more than `oldest_seconds` before it was read, or behind
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
    """The article at its event time, in Beam's milliseconds."""
    return TimestampedValue(article, Timestamp(micros=to_micros(event_time(article, oldest_seconds)) // 1000 * 1000))


@dataclasses.dataclass
class IntoWindows(beam.PTransform):
    """Fixed windows by event time; what comes late is gathered for a while, and comes as a pane of its own."""

    window_seconds: float
    late_seconds: float
    """How long late articles of a window are gathered, in whole seconds; 0 makes a pane of each lot."""

    def __post_init__(self) -> None:
        super().__init__()

    def expand(self, elements: beam.PCollection) -> beam.PCollection:
        gathered = math.ceil(self.late_seconds)
        return elements | "Windows" >> beam.WindowInto(
            FixedWindows(self.window_seconds),
            trigger=AfterWatermark(late=AfterProcessingTime(gathered) if gathered else AfterCount(1)),
            accumulation_mode=AccumulationMode.DISCARDING,
            allowed_lateness=Duration(LONGEST_LATENESS),
        )


@dataclasses.dataclass
class GatherPanes(beam.PTransform):
    """`Outcome`s in windows to `(0, (Pane, outcomes))`, in the global window; a pane is one element."""

    started: datetime.datetime
    """When the job began; what was published before, its first round finds late and in time."""
    wait_seconds: float
    """How far the watermark is behind."""

    def __post_init__(self) -> None:
        super().__init__()

    def expand(self, outcomes: beam.PCollection[Outcome]) -> beam.PCollection:
        return (
            outcomes
            | "Under one key" >> beam.Map(_under_one_key)
            | "Gather a pane" >> beam.GroupByKey()
            | "Name it" >> beam.ParDo(_NamePane(self.started, self.wait_seconds))
            | "Out of windows" >> beam.WindowInto(GlobalWindows())
        )


def _under_one_key(outcome: Outcome) -> tuple[int, Any]:
    return 0, outcome


class _NamePane(beam.DoFn):
    def __init__(self, started: datetime.datetime, wait_seconds: float) -> None:
        self._started = started
        self._wait = datetime.timedelta(seconds=wait_seconds)

    def process(
        self,
        group: tuple[int, Iterable[Any]],
        window: Any = beam.DoFn.WindowParam,
        info: Any = beam.DoFn.PaneInfoParam,
    ) -> Iterator[tuple[int, Any]]:
        _, outcomes = group
        start, end = (EPOCH + datetime.timedelta(microseconds=at.micros) for at in (window.start, window.end))
        found = list(outcomes)
        # Prism says of the first pane of a window in which nothing was in time that it was.
        late = info.timing == PaneInfoTiming.LATE or (start >= self._started and all_late(found, end + self._wait))
        yield 0, (Pane(start, end, max(0, info.index), late), found)


def all_late(outcomes: Iterable[Outcome], closed: datetime.datetime) -> bool:
    """Whether a pane has articles, and each was read after its window had closed."""
    read = [one.read for one in outcomes if one.kind == "article" and one.read is not None]
    return bool(read) and min(read) > closed


def job_id(output: str, started: datetime.datetime) -> str:
    """The id of one job of a stream: a job that is started again is another, and replaces nothing."""
    return stable_id("stream", output, started.isoformat())[:8]
