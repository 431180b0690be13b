"""Copies and stories among a window's articles, and back into the dataset."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from apache_beam.pvalue import TaggedOutput

from transforms.deduplicate import Deduplicate
from transforms.deduplicate import near_copies as copies
from transforms.deduplicate.deduplicate import LEFT_OUT, asked, candidate_of, same_text
from transforms.deduplicate.history import Gather
from transforms.deduplicate.near_copies import BandEntry, CopyCandidate, Link
from transforms.deduplicate.versions import ArticleKey, reading_of
from transforms.records import Article
from transforms.stream.history import History


def link_articles(
    articles: Sequence[Article], history: History, settings: Deduplicate
) -> tuple[dict[str, Article], dict[str, int]]:
    """Link the articles of one pane as `Deduplicate` links those of a run, in memory.

    Args:
        articles: of one pane, each once.
        history: the dataset with all that was committed before.
        settings: thresholds for copies.

    Returns:
        `article_id` -> the article with what it copies; one that the dataset
        has already is not among them. And counts for the totals.
    """
    if not articles:
        return {}, {}
    near = settings.copies and settings.near_copies
    gather = Gather(settings.window_days)
    wanted = gather.create_accumulator()
    for article in articles:
        wanted = gather.add_input(wanted, asked(article, near))
    readings, candidates = history.ask(gather.extract_output(wanted))
    kept = _same_texts(articles, readings, mark=settings.copies)
    if not near:
        return {article.article_id: article for article in kept}, {}
    links, counts = _near_copies(kept, candidates, settings)
    return {article.article_id: copies.resolve(article, links) for article in kept}, counts


def _same_texts(articles: Sequence[Article], readings: Sequence[ArticleKey], *, mark: bool) -> list[Article]:
    new: dict[int, list[Article]] = defaultdict(list)
    known: dict[int, list[ArticleKey]] = defaultdict(list)
    for article in articles:
        new[reading_of(article).text].append(article)
    for reading in readings:
        known[reading.text].append(reading)
    groups: list[tuple[int, dict[str, Iterable[Any]]]] = [
        (text, {"new": group, "known": known[text]}) for text, group in new.items()
    ]
    found = (one for group in groups for one in same_text(group, mark))
    return [one for one in found if not isinstance(one, TaggedOutput)]


def _near_copies(
    articles: Sequence[Article], candidates: Sequence[CopyCandidate], settings: Deduplicate
) -> tuple[dict[str, Link], dict[str, int]]:
    own = {one.reading.article_id: one for article in articles for one in candidate_of(article)}
    every = {**{one.reading.article_id: one for one in candidates}, **own}
    ranges: dict[int, list[BandEntry]] = defaultdict(list)
    for candidate in every.values():
        for part, entry in copies.entries(candidate):
            ranges[part].append(entry)
    shown: dict[str, set[str]] = defaultdict(set)
    pairs, left_out = copies.pairs(ranges.values(), settings.window_days)
    for earlier, later in pairs:
        shown[later].add(earlier)
    links: dict[str, Link] = {}
    for later, before in shown.items():
        if later in own:
            found = copies.link(own[later], [every[one] for one in sorted(before)], settings.rules)
            if found is not None:
                links[later] = found
    return links, {LEFT_OUT: left_out} if left_out else {}
