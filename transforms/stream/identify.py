"""The same article met again in a stream: dropped, or a version of the first."""

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam
import numpy as np
from apache_beam.coders import PickleCoder
from apache_beam.transforms.timeutil import TimeDomain
from apache_beam.transforms.userstate import BagStateSpec, TimerSpec, on_timer
from apache_beam.transforms.window import GlobalWindow, TimestampedValue
from apache_beam.utils.shared import Shared
from apache_beam.utils.timestamp import Duration
from apache_beam.utils.windowed_value import WindowedValue

from transforms.deduplicate import ALREADY_IN_DATASET, DUPLICATES, SAME_ARTICLE
from transforms.deduplicate.deduplicate import page_key
from transforms.deduplicate.history import HistoryQuery
from transforms.deduplicate.versions import ArticleKey, at_front_page, judge, reading_of
from transforms.records import Article
from transforms.stream.history import History
from transforms.stream.outcomes import Outcome

AT_ONCE = 1_000
"""Articles that are looked up in the dataset together."""
FRESH_SECONDS = 600.0
"""How old the list of the dataset's files may be at most; what is newer is remembered by key."""
FRESH_SHARE = 0.25
"""And which share of the time that a page is remembered: half of it may pass until the page is committed."""


@dataclasses.dataclass
class Identify(beam.PTransform):
    """Gives each article once, and a version where it was changed; an `Outcome` for each that is dropped.

    Keyed state holds the readings of a page for `remember_hours` after the
    last of them; what is older, and what was committed before the job began,
    the dataset is asked for. So the state is small, and a job that begins with
    none doubles nothing. Exact on every runner, whatever the order: the first
    to come is the first. Shuffles each article once, by page.
    """

    output: str
    """Folder of the dataset."""
    run_id: str
    """The run whose staging folder is used."""
    remember_hours: float = 24.0
    """How long the state of a page is kept; must be longer than a window takes until it is committed."""
    window_days: float = 7.0
    """Days for which the dataset keeps what copies are found by; see `Deduplicate`."""

    def __post_init__(self) -> None:
        super().__init__()

    def expand(self, articles: beam.PCollection[Article]) -> Any:
        history = _Recall(self.output, self.run_id, self.window_days, fresh_seconds(self.remember_hours))
        return (
            articles
            | "Recall" >> beam.ParDo(history)
            | "Judge" >> beam.ParDo(_Judge(self.remember_hours)).with_outputs(DUPLICATES, main="articles")
        )


def fresh_seconds(remember_hours: float) -> float:
    """Return the maximum age of the list of files: a page must be in the list before keyed state forgets it.

    >>> fresh_seconds(24), fresh_seconds(0.1)
    (600.0, 90.0)
    """
    return min(FRESH_SECONDS, FRESH_SHARE * 3600 * remember_hours)


class _Recall(beam.DoFn):
    """Articles to `(page, (article, readings of the page in the dataset))`, in batches."""

    def __init__(self, output: str, run_id: str, window_days: float, fresh: float) -> None:
        self._given = output, run_id, window_days, fresh
        self._shared = Shared()

    def setup(self) -> None:
        self._history: History = self._shared.acquire(lambda: History(*self._given))
        # A job that goes back to a checkpoint forgets pages that were committed since, and this worker may outlive it.
        self._history.look_again()

    def start_bundle(self) -> None:
        self._waiting: list[tuple[Article, Any]] = []

    def process(
        self, article: Article, timestamp: Any = beam.DoFn.TimestampParam
    ) -> Iterator[tuple[int, tuple[Article, tuple[ArticleKey, ...]]]]:
        self._waiting.append((article, timestamp))
        if len(self._waiting) >= AT_ONCE:
            for element, at in self._take():
                yield TimestampedValue(element, at)

    def finish_bundle(self) -> Iterator[Any]:
        for element, at in self._take():
            yield WindowedValue(element, at, [GlobalWindow()])

    def _take(self) -> Iterator[Any]:
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        found = recall([article for article, _ in waiting], self._history)
        for article, at in waiting:
            yield (page_key(article), (article, tuple(found[page_key(article)]))), at


def recall(articles: list[Article], history: History) -> dict[int, list[ArticleKey]]:
    """Return page key -> readings that the dataset has of it, for each of the articles."""
    own = [reading_of(article) for article in articles]
    pages, texts = ({getattr(one, name) for one in own} for name in ("page", "text"))
    readings, _ = history.ask(
        HistoryQuery(texts=_packed(texts), pages=_packed(pages - {0}), keys=b"", earliest=0, latest=0)
    )
    by_page: dict[int, list[ArticleKey]] = defaultdict(list)
    by_text: dict[int, list[ArticleKey]] = defaultdict(list)
    for one in set(readings):
        by_page[one.page].append(one)
        by_text[one.text].append(one)
    found: dict[int, list[ArticleKey]] = {}
    for article, reading in zip(articles, own, strict=True):
        # Without an address, only the same text is the same article.
        same = by_page[reading.page] if reading.page else [one for one in by_text[reading.text] if not one.page]
        found.setdefault(page_key(article), sorted(same))
    return found


def _packed(numbers: Iterable[int]) -> bytes:
    return np.array(sorted(set(numbers)), dtype=np.uint64).tobytes()


class _Judge(beam.DoFn):
    """Articles of a page, one after the other."""

    SEEN = BagStateSpec("seen", PickleCoder())
    FORGET = TimerSpec("forget", TimeDomain.WATERMARK)

    def __init__(self, remember_hours: float) -> None:
        self._remember = Duration(remember_hours * 3600)

    def process(
        self,
        element: tuple[int, tuple[Article, tuple[ArticleKey, ...]]],
        timestamp: Any = beam.DoFn.TimestampParam,
        seen: Any = beam.DoFn.StateParam(SEEN),
        forget: Any = beam.DoFn.TimerParam(FORGET),
    ) -> Iterator[Any]:
        _, (article, committed) = element
        met = list(seen.read())
        first = identify(article, met, committed)
        if first is None:
            reason = SAME_ARTICLE if met else ALREADY_IN_DATASET
            outcome = Outcome("duplicate", reason, article.source, article.date_fetched)
            yield beam.pvalue.TaggedOutput(DUPLICATES, outcome)
            return
        seen.add(reading_of(first))
        forget.set(timestamp + self._remember)
        yield first

    @on_timer(FORGET)
    def forget(self, seen: Any = beam.DoFn.StateParam(SEEN)) -> None:
        seen.clear()


def identify(article: Article, met: Iterable[ArticleKey], committed: Iterable[ArticleKey]) -> Article | None:
    """Return the article, as a version where it is one; None if it was met before.

    Args:
        article: the one that has come.
        met: readings of its page in this job.
        committed: those in the dataset, which also know their story.
    """
    readings = {one.article_id: one for one in (*met, *committed)}
    if article.article_id in readings:
        return None
    return judge(article, readings.values(), shared=at_front_page(article))
