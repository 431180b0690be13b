"""The source of a stream: feeds and folders, polled without end."""

import dataclasses
import datetime
import time
from collections.abc import Iterator
from typing import Any

import apache_beam as beam
from apache_beam.coders import PickleCoder
from apache_beam.io.iobase import RestrictionProgress, RestrictionTracker
from apache_beam.io.watermark_estimators import ManualWatermarkEstimator
from apache_beam.transforms.core import RestrictionProvider
from apache_beam.transforms.window import TimestampedValue
from apache_beam.utils.timestamp import Duration, Timestamp

from transforms.dataset import memory as snapshot
from transforms.feeds.feed_list import is_feed_list
from transforms.feeds.fetch import utc_now
from transforms.limits import Budget
from transforms.read.memory import states_in
from transforms.read.read import Read
from transforms.read.sources import Source, find_files, is_address, resolve_inputs
from transforms.records import Item
from transforms.stream import folder_watch as watch
from transforms.stream.control_files import is_stop_requested, is_taken_over, write_heartbeat
from transforms.stream.outcomes import Outcome
from transforms.stream.polling import Progress, Reader, due, read_round

OUTCOMES = "outcomes"
"""Tag of the output that carries what goes no further than the source."""
EARLY = 0.05
"""Seconds by which a runner may come too early."""
NAP = 1.0
"""Seconds that are slept at a time, of a wait that the runner did not keep."""
ALIVE_SECONDS = 10.0
"""Between two signs of life, at least: in a bucket each is a request that costs."""


@dataclasses.dataclass
class Follow(beam.PTransform):
    """Reads feeds when they are due and files when they appear, until a stop request.

    Gives a dict: `items`, and `Outcome`s under `OUTCOMES`, among them a
    `Receipt` for each round of reading. Unbounded. One worker reads, hosts side
    by side; its elements carry the time at which their round began, and the
    watermark is the present minus `wait_seconds`. A runner that resumes the source
    too early is made to wait, so that hosts are never requested more often than
    `read` allows.

    What the dataset remembers of feeds and files is where it begins; what it
    learns is given away in receipts. It ends when there is a file that asks for
    it, or another job has begun to write into the dataset, and says so with a
    last `Outcome`; see `stop.py`.
    """

    read: Read
    """Whose settings hold, and whose inputs are followed."""
    output: str
    """Folder of the dataset that remembers."""
    job_id: str
    """The stream that it reads for."""
    check_seconds: float = 5.0
    """Seconds between two looks at what is due, at the folders, and whether to stop."""
    wait_seconds: float = 600.0
    """Delay of the watermark: it is the present minus this."""
    oldest_seconds: float = 3600.0
    """Further delay at the start: the first round finds articles from before the stream started."""
    has_heartbeat: bool = False
    """True if it writes a heartbeat into the dataset for the launcher; see `control_files.write_heartbeat`."""
    budget: Budget = Budget()
    """CPU time for each megabyte of a feed, and memory for the feed."""

    def __post_init__(self) -> None:
        super().__init__()

    def expand(self, begin: beam.pvalue.PBegin) -> Any:
        addresses, patterns = followed(self.read.inputs)
        waits = max(self.wait_seconds, self.oldest_seconds), self.wait_seconds
        alive = ALIVE_SECONDS if self.has_heartbeat else float("inf")
        source = _Follow(
            self.read, self.output, self.job_id, addresses, patterns, self.check_seconds, waits, alive, self.budget
        )
        read = begin | "Begin" >> beam.Impulse() | "Rounds" >> beam.ParDo(source).with_outputs(OUTCOMES, main="items")
        return {"items": read.items, OUTCOMES: read[OUTCOMES]}


def followed(inputs: list[str]) -> tuple[list[str], list[str]]:
    """Return addresses to ask, and files, folders and globs to watch, which need not exist yet.

    Raises:
        ValueError: an address or a list of feeds that cannot be used.
    """
    listed = [one for one in inputs if is_address(one) or is_feed_list(one)]
    addresses = [source.uri for source in resolve_inputs(listed)] if listed else []
    return addresses, [one for one in inputs if one not in listed]


def list_watched(patterns: list[str]) -> list[Source]:
    """Return the files that match now, also those that will be failures; nothing where nothing matches yet."""
    found: dict[str, Source] = {}
    for pattern in patterns:
        try:
            found.update((source.uri, source) for source in find_files(pattern))
        except (ValueError, OSError):  # an invalid pattern was reported when the stream started
            continue
    return list(found.values())


class _Tracker(RestrictionTracker):
    """Progress that is claimed twice: before a round, which cannot be split, and after it."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._reading = False
        self._given_away = False

    def current_restriction(self) -> Progress:
        return self._progress

    def current_progress(self) -> RestrictionProgress:
        return RestrictionProgress(completed=0.0, remaining=1.0)

    def try_claim(self, position: Progress | None) -> bool:
        """Return none before a round, and the progress after it."""
        if self._given_away:
            return False
        self._reading = position is None
        self._progress = position or self._progress
        return True

    def try_split(self, fraction_of_remainder: float) -> tuple[Progress, Progress] | None:
        if self._reading or self._given_away or self._progress.ended or fraction_of_remainder:
            return None
        self._given_away = True
        rest, self._progress = self._progress, Progress(ended=True)
        return self._progress, rest

    def check_done(self) -> None:
        if not self._progress.ended:
            raise ValueError("the source returned without its end, and without saying when to go on")

    def is_bounded(self) -> bool:
        return False


class _Follow(beam.DoFn, RestrictionProvider):
    def __init__(
        self,
        read: Read,
        output: str,
        job_id: str,
        addresses: list[str],
        patterns: list[str],
        check_seconds: float,
        waits: tuple[float, float],
        alive_seconds: float,
        budget: Budget,
    ) -> None:
        self._read = read
        self._output = output
        self._job_id = job_id
        self._addresses = addresses
        self._patterns = patterns
        self._check_seconds = check_seconds
        self._waits = waits
        self._alive_seconds = alive_seconds
        self._budget = budget

    def setup(self) -> None:
        self._reader = Reader(self._read, self._budget, self._beat)
        self._looks, self._said = 0, time.monotonic()

    def teardown(self) -> None:
        self._reader.close()

    @beam.DoFn.unbounded_per_element()
    def process(
        self,
        _: bytes,
        tracker: Any = beam.DoFn.RestrictionParam(),
        watermark: Any = beam.DoFn.WatermarkEstimatorParam(ManualWatermarkEstimator.default_provider()),
    ) -> Iterator[Any]:
        progress: Progress = tracker.current_restriction()
        if progress.ended or not tracker.try_claim(None):
            return
        sleep_until(progress.next, at_most=self._check_seconds)
        self._beat()
        now = utc_now()
        if is_stop_requested(self._output) or is_taken_over(self._output, self._job_id):
            if tracker.try_claim(dataclasses.replace(progress, ended=True)):
                end = Outcome("end", None, read=now)
                yield beam.pvalue.TaggedOutput(OUTCOMES, TimestampedValue(end, Timestamp(micros=to_micros(now))))
            return
        advance(watermark, Timestamp(micros=to_micros(now)) - Duration(self._waits[progress.round > 0]))
        results: list[Any] = []
        if progress.next - now.timestamp() <= EARLY:
            results, progress = self._look(progress, now)
        if not tracker.try_claim(progress):
            return
        for result in results:
            at = Timestamp(micros=to_micros(result.fetched if isinstance(result, Item) else result.read))
            if isinstance(result, Item):
                yield TimestampedValue(result, at)
            else:
                yield beam.pvalue.TaggedOutput(OUTCOMES, TimestampedValue(result, at))
        tracker.defer_remainder(Duration(max(0.0, progress.next - time.time())))

    def _beat(self) -> None:
        self._looks += 1
        if time.monotonic() - self._said >= self._alive_seconds:
            self._said = time.monotonic()
            write_heartbeat(self._output, self._job_id, self._looks)

    def _look(self, progress: Progress, now: datetime.datetime) -> tuple[list[Any], Progress]:
        """Read what there is to read now, if anything."""
        tasks = due(self._addresses, progress, now)
        files, growing = watch.ready(list_watched(self._patterns), progress.files, progress.looked_at)
        results: list[Any] = []
        if tasks or files:
            results, progress = read_round(self._reader, progress, tasks, files, now)
        return results, dataclasses.replace(progress, looked_at=growing, next=time.time() + self._check_seconds)

    # How the source is begun and divided: not at all, it is one.

    def initial_restriction(self, element: bytes) -> Progress:
        """Return the state after the last commit into the dataset."""
        memory = snapshot.read(self._output) if self._read.remember else {}
        feeds = states_in(memory, self._output)
        return Progress(feeds=feeds, files=watch.files_from(memory))

    def create_tracker(self, restriction: Progress) -> _Tracker:
        return _Tracker(restriction)

    def restriction_size(self, element: bytes, restriction: Progress) -> float:
        return 1.0

    def restriction_coder(self) -> PickleCoder:
        return PickleCoder()

    def truncate(self, element: bytes, restriction: Progress) -> None:
        """Stop reading: a job that its runner drains leaves the rest to the next job."""


def sleep_until(moment: float, *, at_most: float) -> None:
    """Wait where the runner did not, a nap at a time.

    Args:
        moment: seconds since 1970.
        at_most: seconds; then the runner calls again.
    """
    end = min(moment, time.time() + at_most)
    while (left := end - time.time()) > EARLY:
        time.sleep(min(left, NAP))


def advance(watermark: Any, to: Timestamp) -> None:
    """Move the watermark forward, never back: a clock may have been set."""
    before = watermark.current_watermark()
    if before is None or to > before:
        watermark.set_watermark(to)


def to_micros(moment: datetime.datetime) -> int:
    """Return microseconds since 1970, exactly.

    >>> to_micros(datetime.datetime(2026, 11, 22, 10, 15, 0, 123000, tzinfo=datetime.UTC))
    1795342500123000
    """
    return (moment - EPOCH) // datetime.timedelta(microseconds=1)


EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
