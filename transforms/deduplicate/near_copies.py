"""Near copies: candidates that share band keys, compared by their shingles, and resolved to the first.

What is shared is measured on the sets themselves, so that a candidate is only
ever a proposal. Each article has at most one link of each kind, to the first
article before it, whatever the order or the number of workers.
"""

import bisect
import dataclasses
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from transforms.deduplicate.shingles import Shingles, distinct, overlap
from transforms.deduplicate.versions import HEADLINE, TEXT, ArticleKey
from transforms.records import Article

PARTS = 4
"""Ranges of keys, each gathered on one worker; more would cost each article more elements."""
FIRST_OF_BAND = 12
"""Articles of a band, by time, that each later one is compared with. A band that many share is a footer or a wire
story that all took: a copy of any of them is one of the first, and n articles make n comparisons, not n * n."""
MAX_OF_RANGE = 48
"""Articles of a range of keys, by how many they share, that are proposed for one."""
MAX_ALIKE = 12
"""Articles, by how many keys they share, that one is compared with."""
MAX_BY_CHANCE = 3
"""Of them those that share a single key of the hundred. Texts with a fifth of their shingles in common share four, as a
rule; unrelated ones share one by chance, and the more articles there are, the more of these."""
MIN_SHARED = 6
"""Shingles that two texts must share: fewer is a phrase."""
FURNITURE = 2
"""Other articles of a site that have a shingle, from which on it is the site's own."""
SIBLINGS = 24
"""Articles of its site that an article is held against, at most."""


class CopyCandidate(NamedTuple):
    """An article as the search for copies sees it."""

    reading: ArticleKey
    known: bool
    """Whether an earlier run wrote it; then it cannot change any more and comes first."""
    keys: bytes
    """Band keys, uint32; of a known one those that this run has, too."""
    shingles: bytes
    """Distinct shingles, uint32."""

    @property
    def rank(self) -> tuple[bool, int, str]:
        """Return its place in time."""
        return not self.known, self.reading.time, self.reading.article_id


class BandEntry(NamedTuple):
    """A candidate in one range of keys."""

    article_id: str
    time: int
    known: bool
    site: int
    keys: bytes

    @property
    def rank(self) -> tuple[bool, int, str]:
        """Return its place in time."""
        return not self.known, self.time, self.article_id


class Proposal(NamedTuple):
    """An article that another one shares keys with."""

    article_id: str
    before: bool
    """Whether it is the earlier of the two."""
    keys: int
    """How many they share."""
    known: bool
    time: int

    @property
    def rank(self) -> tuple[bool, int, str]:
        """Return its place in time."""
        return not self.known, self.time, self.article_id


class Link(NamedTuple):
    """What an article is to those before it; ids are those of its direct neighbours."""

    copy_of: ArticleKey | None = None
    copy_known: bool = False
    overlap: float | None = None
    version_of: ArticleKey | None = None
    version_known: bool = False
    changed: tuple[str, ...] = ()
    story_of: ArticleKey | None = None
    story_known: bool = False


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rules:
    """When two texts are a copy, and when one story."""

    window_days: float
    containment: float
    jaccard: float
    same_story: float


def entries(candidate: CopyCandidate) -> Iterator[tuple[int, BandEntry]]:
    """Yield the candidate's keys, divided by range."""
    keys = np.frombuffer(candidate.keys, dtype=np.uint32)
    part = (keys >> np.uint32(8)) % np.uint32(PARTS)
    reading = candidate.reading
    for number in distinct(part).tolist():
        own = keys[part == number].tobytes()
        yield number, BandEntry(reading.article_id, reading.time, candidate.known, reading.site, own)


def proposals(members: Iterable[BandEntry], window_days: float) -> tuple[dict[str, list[Proposal]], int]:
    """Yield candidates for copies in one range of keys, and the number of comparisons left out because bands were full.

    Returns:
        Id of an article of this run -> the articles that it may be compared
        with: those before it, and among the first of a band and one site those
        after it, too, for `without_furniture`.
    """
    ordered = sorted(members, key=lambda one: one.rank)
    arrays = [np.frombuffer(one.keys, dtype=np.uint32) for one in ordered]
    if not arrays:
        return {}, 0
    keys = np.concatenate(arrays)
    owners = np.repeat(np.arange(len(arrays)), [len(one) for one in arrays])
    order = np.lexsort((owners, keys))
    keys, owners = keys[order], owners[order]
    starts = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]])
    ends = np.r_[starts[1:], len(keys)]
    shown: dict[int, Counter[int]] = defaultdict(Counter)
    left_out = 0
    for start, end in zip(starts[ends - starts > 1].tolist(), ends[ends - starts > 1].tolist(), strict=True):
        band = owners[start:end].tolist()
        left_out += max(0, len(band) - FIRST_OF_BAND) * max(0, len(band) - FIRST_OF_BAND - 1) // 2
        for one, to in _pairs_of_band(band, ordered, window_days * 86_400):
            shown[to][one] += 1
    found: dict[str, list[Proposal]] = {}
    for to, counts in shown.items():
        others = [_proposal(ordered[one], one < to, keys) for one, keys in counts.items()]
        found[ordered[to].article_id] = _most_alike(others, MAX_OF_RANGE)
        left_out += max(0, len(others) - MAX_OF_RANGE)
    return found, left_out


def _proposal(entry: BandEntry, before: bool, keys: int) -> Proposal:
    return Proposal(entry.article_id, before, keys, entry.known, entry.time)


def choose(proposed: Iterable[Proposal]) -> tuple[list[str], int]:
    """Return the articles that one is compared with, of those that all ranges propose, and how many were left out.

    Args:
        proposed: for one article; another may come once from each range.
    """
    total: dict[str, Proposal] = {}
    for one in proposed:
        before = total.get(one.article_id)
        total[one.article_id] = one._replace(keys=one.keys + before.keys) if before else one
    kept: list[str] = []
    left_out = 0
    for side in (True, False):
        some = _most_alike([one for one in total.values() if one.before is side], len(total))
        several = sum(one.keys > 1 for one in some)
        kept += [one.article_id for one in some[: min(several + MAX_BY_CHANCE, MAX_ALIKE)]]
        left_out += max(0, several - MAX_ALIKE)
    return kept, left_out


def pairs(ranges: Iterable[Iterable[BandEntry]], window_days: float) -> tuple[set[tuple[str, str]], int]:
    """Return all of it in memory: which article is to be shown to which, as pairs of ids, and how many were left
    out.
    """
    proposed: dict[str, list[Proposal]] = defaultdict(list)
    left_out = 0
    for members in ranges:
        found, more = proposals(members, window_days)
        left_out += more
        for to, some in found.items():
            proposed[to] += some
    chosen: set[tuple[str, str]] = set()
    for to, some in proposed.items():
        kept, more = choose(some)
        left_out += more
        chosen.update((one, to) for one in kept)
    return chosen, left_out


def _most_alike(some: Iterable[Proposal], most: int) -> list[Proposal]:
    """Return those that share most keys; of equals the first in time."""
    return sorted(some, key=lambda one: (-one.keys, one.rank))[:most]


def _pairs_of_band(band: list[int], ordered: list[BandEntry], seconds: float) -> Iterator[tuple[int, int]]:
    """Yield each article of this run with the first of the band that are in the window and before it."""
    for known in (True, False):
        before = [at for at in band if ordered[at].known is known]
        times = [ordered[at].time for at in before]
        for number, later in enumerate(at for at in band if not ordered[at].known):
            begin = bisect.bisect_left(times, ordered[later].time - seconds)
            for earlier in before[begin : begin + FIRST_OF_BAND]:
                in_window = ordered[earlier].time - ordered[later].time <= seconds
                if not in_window or not (known or earlier < later):
                    continue
                yield earlier, later
                if not known and number < FIRST_OF_BAND and ordered[earlier].site == ordered[later].site:
                    yield later, earlier


def link(article: CopyCandidate, others: Iterable[CopyCandidate], rules: Rules) -> Link | None:
    """Return the link to an earlier candidate; None if there is none."""
    ordered = sorted(set(others), key=lambda one: one.rank)
    sets = [np.frombuffer(one.shingles, dtype=np.uint32) for one in ordered]
    own = np.frombuffer(article.shingles, dtype=np.uint32)
    siblings = [at for at, other in enumerate(ordered) if _is_sibling(article.reading, other.reading)][:SIBLINGS]
    found = Link()
    for at, other in enumerate(ordered):
        if other.rank >= article.rank:
            break
        if found.copy_of is not None and not is_same_page(article.reading, other.reading):
            continue  # the first is known; of a story that hundreds took, the others need not be compared
        measured = overlap(own, sets[at])
        if at in siblings and max(measured.containment, measured.jaccard) >= rules.same_story:
            crowd = [sets[one] for one in siblings if one != at]
            measured = overlap(*without_furniture(own, sets[at], crowd))
        if measured.shared < MIN_SHARED:
            continue
        copied = measured.containment >= rules.containment or measured.jaccard >= rules.jaccard
        related = copied or max(measured.containment, measured.jaccard) >= rules.same_story
        if not related:
            continue
        if is_same_page(article.reading, other.reading):
            found = found._replace(
                version_of=other.reading, version_known=other.known, changed=_changed(article.reading, other.reading)
            )
        elif copied and found.copy_of is None:
            found = found._replace(
                copy_of=other.reading, copy_known=other.known, overlap=round(measured.containment, 4)
            )
        elif found.story_of is None:
            found = found._replace(story_of=other.reading, story_known=other.known)
    return found if found != Link() else None


def _is_sibling(one: ArticleKey, other: ArticleKey) -> bool:
    """Return True if two articles are of one site, and nothing but their texts could make them one."""
    same_headline = bool(one.headline) and one.headline == other.headline
    return bool(one.site) and one.site == other.site and not same_headline and not is_same_page(one, other)


def without_furniture(one: Shingles, other: Shingles, crowd: Iterable[Shingles]) -> tuple[Shingles, Shingles]:
    """Return two texts of one site without what others of the site have, too: the same head and foot under short texts.

    What `FURNITURE` others share is the site's, not the article's. Where little
    is left of either text it was the article after all, published that often.
    """
    counts = np.zeros(len(one), dtype=np.int64)
    for text in crowd:
        counts += np.isin(one, text, assume_unique=True)
    furniture = one[counts >= FURNITURE]
    rest = tuple(np.setdiff1d(text, furniture, assume_unique=True) for text in (one, other))
    return (one, other) if min(map(len, rest)) < MIN_SHARED else (rest[0], rest[1])


def is_same_page(one: ArticleKey, other: ArticleKey) -> bool:
    """Return True if two texts that are alike are versions of one article: one address, or one guid of one feed."""
    return bool((one.page and one.page == other.page) or (one.guid and one.guid == other.guid))


def _changed(one: ArticleKey, other: ArticleKey) -> tuple[str, ...]:
    return (HEADLINE, TEXT) if one.headline != other.headline else (TEXT,)


def resolve(article: Article, links: Mapping[str, Link]) -> Article:
    """Return the article with the first one of its copies, its story and its version, found by following the links."""
    own = links.get(article.article_id)
    twin = article.duplicate_of  # with the same text
    original, story = _first(twin or article.article_id, links)
    if own is None and article.version_of and not twin:
        story = _first(article.version_of, links)[1]
    changes: dict[str, Any] = {"story_id": article.story_id or story}
    line = article.version_of
    if own and own.version_of and line is None:
        number, line = _version(article.article_id, links)
        changes |= {"version": number, "version_of": line, "changed": own.changed}
    nearest = links.get(twin) if twin else own
    measured = nearest.overlap if nearest and nearest.copy_of else article.duplicate_overlap
    # A version may be like a copy of the first one; that makes it no copy of its own article.
    copies = original not in (article.article_id, line)
    changes |= {"duplicate_of": original if copies else None, "duplicate_overlap": measured if copies else None}
    return dataclasses.replace(article, **changes)


def _first(article_id: str, links: Mapping[str, Link]) -> tuple[str, str]:
    """Return the article that the links of copies lead to, and the first of its story."""
    at, original = article_id, article_id
    while own := links.get(at):
        if own.copy_of is not None:
            neighbour, known = own.copy_of, own.copy_known
        elif own.version_of is not None:
            neighbour, known = own.version_of, own.version_known
        elif own.story_of is not None:
            neighbour, known = own.story_of, own.story_known
        else:
            break
        if own.copy_of is not None and original == at:
            original = neighbour.root if known else neighbour.article_id
        if known:
            return original, neighbour.story or neighbour.root
        at = neighbour.article_id
    return original, at


def _version(article_id: str, links: Mapping[str, Link]) -> tuple[int, str]:
    """Return the number of a version and the id of the first one."""
    number, at = 1, article_id
    while (own := links.get(at)) and own.version_of is not None:
        if own.version_known or own.version_of.version > 1:
            return number + own.version_of.version, own.version_of.line
        number, at = number + 1, own.version_of.article_id
    return number, at
