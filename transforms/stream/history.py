"""History of a stream: look-ups in the committed articles, with a list of segments that is cached."""

import datetime
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from apache_beam.pvalue import TaggedOutput

from transforms.deduplicate import history as known
from transforms.deduplicate import segments
from transforms.deduplicate.history import HistoryQuery
from transforms.deduplicate.near_copies import CopyCandidate
from transforms.deduplicate.segments import Segment
from transforms.deduplicate.versions import ArticleKey

_ONE_AT_A_TIME = threading.Lock()
"""Segments are merged and taken away, so that one thread of a process looks at a time."""


def utc_today() -> datetime.date:
    """Return the date now, in UTC."""
    return datetime.datetime.now(datetime.UTC).date()


class History:
    """The committed articles of a dataset, looked up by numbers.

    Args:
        output: folder of the dataset.
        run_id: whose staging folder holds segments while they are made.
        window_days: days for which near copies are looked for.
        fresh_seconds: how old the list of segments may be.
        today: return the date that `window_days` count back from.
    """

    def __init__(
        self,
        output: str,
        run_id: str,
        window_days: float,
        fresh_seconds: float,
        today: Callable[[], datetime.date] = utc_today,
    ) -> None:
        self._output = output
        self._run_id = run_id
        self._window_days = window_days
        self._fresh_seconds = fresh_seconds
        self._today = today
        self._segments: list[Segment] = []
        self._listed: float | None = None

    def ask(self, wanted: HistoryQuery) -> tuple[list[ArticleKey], list[CopyCandidate]]:
        """Return readings by page or text, and candidates for copies by their keys."""
        with _ONE_AT_A_TIME:
            if self._listed is None or time.monotonic() - self._listed > self._fresh_seconds:
                self._list()
            try:
                return _sorted_out(self._look_up(wanted))
            except OSError:  # another worker has merged a segment away
                self._list()
                return _sorted_out(self._look_up(wanted))

    def look_again(self) -> None:
        """List the segments again at the next look-up."""
        self._listed = None

    def _list(self) -> None:
        """List the segments, and makes those that are missing."""
        since = self._today() - datetime.timedelta(days=int(self._window_days) + 1)
        plan = segments.plan(self._output, "", since)
        made = [segments.make(self._output, source, self._run_id, since) for source in plan.missing]
        self._segments = [*plan.segments, *(one for one in made if one is not None)]
        self._listed = time.monotonic()

    def _look_up(self, wanted: HistoryQuery) -> Iterator[Any]:
        for segment in self._segments:
            yield from known.look_up(segment, wanted)


def _sorted_out(found: Iterable[Any]) -> tuple[list[ArticleKey], list[CopyCandidate]]:
    readings, candidates = [], []
    for one in found:
        if isinstance(one, TaggedOutput):
            candidates.append(one.value)
        else:
            readings.append(one)
    return readings, candidates
