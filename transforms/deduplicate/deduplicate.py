"""One record per article; versions and copies that point at their first.

Three cases are distinguished. The same article twice, in two feeds, in a
feed and a file, or in two runs, is counted and dropped. The same article with
another text is a version: it is kept, with `version_of`. The same text, or a
good part of it, under another address is a copy: it keeps its row, with
`duplicate_of`, because who reprinted what is a fact of its own.
"""

import dataclasses
import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import apache_beam as beam
from apache_beam.pvalue import AsDict, AsSingleton, TaggedOutput
from apache_beam.transforms.window import GlobalWindows

from transforms.deduplicate import history as known
from transforms.deduplicate import near_copies as copies
from transforms.deduplicate.minhash import sketch
from transforms.deduplicate.near_copies import BandEntry, CopyCandidate, Link, Rules
from transforms.deduplicate.segments import Segment
from transforms.deduplicate.versions import (
    ArticleKey,
    in_time,
    is_shared,
    judge,
    lesser,
    number_of,
    one_per_article,
    reading_of,
)
from transforms.records import Article
from transforms.settings import bad_setting
from transforms.spill import spill, unspill, unspilled

DUPLICATES = "duplicates"
COUNTS = "counts"

SAME_ARTICLE = "same_article"
ALREADY_IN_DATASET = "already_in_dataset"
LEFT_OUT = "comparisons_left_out"

HELD_ENTRIES = 1_000
"""Of a range of keys, sent on together."""


@dataclasses.dataclass
class Deduplicate(beam.PTransform):
    """Drops articles met before, and marks versions and copies.

    Takes `articles` (a PCollection of `Article`) and `known` (of the
    `Segment`s of `KnownArticles`); gives the articles to keep, the reason for
    each dropped one, and (name, number) pairs for the run's totals.

    Deterministic whatever the order of the input and the number of workers.
    Shuffles each article twice with its text, and four kilobytes of hashes.
    Holds in memory the articles of one address, then those of one text; and on
    every worker half a kilobyte for each article of the run, to ask history
    for it, and as much for each that copies another.
    """

    copies: bool = True
    """Whether the same text under another address is marked with `duplicate_of`."""
    near_copies: bool = True
    """Whether a part of the text is enough: cut, edited, or with something added."""
    window_days: float = 7.0
    """Days between two articles within which near copies are looked for."""
    containment: float = 0.5
    """Share of the shorter text's runs of five words that the longer must have for a copy, 0 to 1."""
    jaccard: float = 0.3
    """Or share of all runs that both must have, 0 to 1."""
    same_story: float = 0.2
    """Share, of either kind, from which two articles are of one story without being copies, 0 to 1."""

    def __post_init__(self) -> None:
        super().__init__()
        for name in ("containment", "jaccard", "same_story"):
            if not 0 < getattr(self, name) <= 1:
                raise bad_setting(f"deduplicate.{name}", getattr(self, name), "a share, 0 to 1")
        if self.window_days < 0:
            raise bad_setting("deduplicate.window_days", self.window_days, "days, at least 0")

    # Any, because Beam warns of an annotation that is not one collection.
    def expand(self, inputs: Any) -> Any:
        articles = inputs["articles"]
        found = inputs["known"] | "Look up" >> beam.FlatMap(_look_up, self.wanted(articles)).with_outputs(
            known.CANDIDATES, main="readings"
        )
        pages = (
            {
                "new": articles | "Key by page" >> beam.Map(lambda one: (page_key(one), spill(one))),
                "known": found.readings | "Known by page" >> beam.Map(lambda one: (one.page, one)),
            }
            | "Gather a page" >> beam.CoGroupByKey()
            | "One per article" >> beam.FlatMap(_one_per_article).with_outputs(DUPLICATES, main="articles")
        )
        texts = (
            {
                "new": pages.articles | "Key by text" >> beam.Map(lambda one: (reading_of(one).text, spill(one))),
                "known": found.readings | "Known by text" >> beam.Map(lambda one: (one.text, one)),
            }
            | "Gather a text" >> beam.CoGroupByKey()
            | "Mark copies" >> beam.FlatMap(same_text, self.copies).with_outputs(DUPLICATES, main="articles")
        )
        dropped = (pages[DUPLICATES], texts[DUPLICATES]) | "All duplicates" >> beam.Flatten()
        if not (self.copies and self.near_copies):
            return texts.articles, dropped, articles.pipeline | "No counts" >> beam.Create([])
        links, counts = (texts.articles, found[known.CANDIDATES]) | "Near copies" >> _NearCopies(self.rules)
        kept = texts.articles | "Put aside" >> beam.Map(spill)
        resolved = kept | "Resolve" >> beam.Map(_resolve, AsDict(links))
        return resolved, dropped, counts

    @property
    def rules(self) -> Rules:
        """Return the thresholds for a copy and for one story."""
        return Rules(
            window_days=self.window_days,
            containment=self.containment,
            jaccard=self.jaccard,
            same_story=self.same_story,
        )

    def wanted(self, articles: Any) -> AsSingleton:
        """Return the query of this run to earlier runs."""
        near = self.copies and self.near_copies
        numbers = articles | "What to ask" >> beam.Map(asked, near)
        wanted = numbers | "Ask" >> beam.CombineGlobally(known.Gather(self.window_days))
        return AsSingleton(wanted | "Put what is asked aside" >> beam.Map(spill))


@dataclasses.dataclass
class _NearCopies(beam.PTransform):
    """Articles and known candidates -> (id, `Link`) of those that copy another, and counts."""

    rules: Rules

    def __post_init__(self) -> None:
        super().__init__()

    def expand(self, inputs: Any) -> Any:
        articles, candidates = inputs
        own = articles | "Sketch" >> beam.FlatMap(candidate_of) | "Own by id" >> beam.Map(_by_id)
        every = (own, candidates | "Known by id" >> beam.Map(_by_id)) | "New and known" >> beam.Flatten()
        found = (
            every
            | "By range of keys" >> beam.ParDo(_ByRange()).with_output_types(tuple[int, Any])
            | "Gather a range" >> beam.GroupByKey()
            | "Propose" >> beam.FlatMap(_propose, self.rules.window_days).with_outputs(COUNTS, main="proposed")
        )
        chosen = (
            found.proposed
            | "Gather what is proposed" >> beam.GroupByKey()
            | "Choose" >> beam.FlatMap(_choose).with_outputs(COUNTS, main="pairs")
        )
        sent = (
            {"candidate": every, "pairs": chosen.pairs}
            | "Gather the earlier" >> beam.CoGroupByKey()
            | "Send to the later" >> beam.FlatMap(_send)
        )
        links = (
            {"article": own, "before": sent}
            | "Gather the later" >> beam.CoGroupByKey()
            | "Compare" >> beam.FlatMap(_compare, self.rules)
        )
        return links, (found[COUNTS], chosen[COUNTS]) | "All left out" >> beam.Flatten()


def relatives(article: Article) -> Iterator[tuple[str, int]]:
    """Yield the relation of an article to others (copy, version), for the run's totals."""
    if article.duplicate_of is not None:
        yield "copies", 1
    if article.version_of is not None:
        yield "versions", 1


def page_key(article: Article) -> int:
    """Return equal for two readings of one page; without address and guid, only the same text is the same."""
    return reading_of(article).page or number_of("text", article.text_sha256)


def asked(article: Article, near: bool) -> tuple[int, int, int, bytes]:
    """Return the input of `history.Gather`: text, page, time, and band keys if near copies are searched."""
    reading = reading_of(article)
    keys = sketch(article.text)[0] if near else b""
    return reading.text, reading.page, reading.time, keys


def _look_up(segment: Segment, wanted: Any) -> Iterator[Any]:
    return known.look_up(segment, unspill(wanted))


def _one_per_article(page: tuple[int, dict[str, Iterable[Any]]]) -> Iterator[Any]:
    _, found = page
    new = sorted(unspilled(found["new"]), key=in_time)
    known_ones: list[ArticleKey] = sorted(set(found["known"]))
    seen = [*known_ones]
    groups = one_per_article(new)
    shared = is_shared(new)
    nothing_new = set() if shared else lesser(group[0] for group in groups)
    for group in sorted(groups, key=lambda readings: in_time(readings[0])):
        first = None if group[0].article_id in nothing_new else judge(group[0], seen, shared=shared)
        for _other in group[1:]:
            yield TaggedOutput(DUPLICATES, SAME_ARTICLE)
        if first is not None:
            seen.append(reading_of(first))
            yield first
        elif judge(group[0], known_ones, shared=shared) is None:
            yield TaggedOutput(DUPLICATES, ALREADY_IN_DATASET)
        else:  # an article of this run, met again under the same address with a text all of its own
            yield TaggedOutput(DUPLICATES, SAME_ARTICLE)


def same_text(text: tuple[int, dict[str, Iterable[Any]]], mark: bool) -> Iterator[Any]:
    """Yield new articles with a known text: marked as copies, or tagged as duplicates."""
    _, found = text
    known_ones = sorted(set(found["known"]), key=lambda one: (one.original is not None, one.time, one.article_id))
    known_ids = {one.article_id for one in known_ones}
    first: ArticleKey | None = known_ones[0] if known_ones else None
    for article in sorted(unspilled(found["new"]), key=in_time):
        reading = reading_of(article)
        if article.article_id in known_ids:
            yield TaggedOutput(DUPLICATES, ALREADY_IN_DATASET)
            continue
        if first is None or not mark:
            yield article
        elif reading.page and reading.page == first.page:  # another headline over the same text
            yield dataclasses.replace(article, duplicate_of=first.original)
        else:
            story = (first.story or first.root) if known_ones else None
            yield dataclasses.replace(article, duplicate_of=first.root, duplicate_overlap=1.0, story_id=story)
        first = first or reading


def _resolve(article: Any, links: Mapping[str, Link]) -> Article:
    return copies.resolve(unspill(article), links)


def _by_id(candidate: CopyCandidate) -> tuple[str, Any]:
    return candidate.reading.article_id, spill(candidate)


def candidate_of(article: Article) -> Iterator[CopyCandidate]:
    """Yield the article as a candidate; one with another's text is what that one is."""
    if article.duplicate_of is None:
        keys, shingles = sketch(article.text)
        if keys:
            yield CopyCandidate(reading_of(article), False, keys, shingles)


class _ByRange(beam.DoFn):
    """(id, `CopyCandidate`) -> (range of keys, `BandEntry`s), gathered by bundle: each alone would be four elements.

    For bounded collections in the global window.
    """

    def start_bundle(self) -> None:
        self._held: dict[int, list[BandEntry]] = defaultdict(list)

    def process(self, one: tuple[str, Any]) -> Iterator[tuple[int, Any]]:
        for number, entry in copies.entries(unspill(one[1])):
            self._held[number].append(entry)
            if len(self._held[number]) >= HELD_ENTRIES:
                yield number, spill(self._held.pop(number))

    def finish_bundle(self) -> Iterator[Any]:
        for number, held in sorted(self._held.items()):
            yield GlobalWindows.windowed_value((number, spill(held)))


def _propose(part: tuple[int, Iterable[Any]], window_days: float) -> Iterator[Any]:
    members = itertools.chain.from_iterable(unspilled(part[1]))
    found, left_out = copies.proposals(members, window_days)
    for later, proposed in sorted(found.items()):
        yield later, spill(proposed)
    if left_out:
        yield TaggedOutput(COUNTS, (LEFT_OUT, left_out))


def _choose(later: tuple[str, Iterable[Any]]) -> Iterator[Any]:
    article_id, proposed = later
    chosen, left_out = copies.choose(one for some in unspilled(proposed) for one in some)
    for earlier in chosen:
        yield earlier, article_id
    if left_out:
        yield TaggedOutput(COUNTS, (LEFT_OUT, left_out))


def _send(earlier: tuple[str, dict[str, Iterable[Any]]]) -> Iterator[tuple[str, Any]]:
    _, group = earlier
    later = sorted(set(group["pairs"]))
    candidates = sorted(set(unspilled(group["candidate"]))) if later else []
    for candidate in candidates[:1]:
        slim = spill(candidate._replace(keys=b""))
        for article_id in later:
            yield article_id, slim


def _compare(later: tuple[str, dict[str, Iterable[Any]]], rules: Rules) -> Iterator[tuple[str, Link]]:
    article_id, group = later
    before = [*unspilled(group["before"])]
    for article in unspilled(group["article"]):
        link = copies.link(article, before, rules)
        if link is not None:
            yield article_id, link
