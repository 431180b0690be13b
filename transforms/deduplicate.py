"""One record per article, and copies that point at their first.

Two things are told apart. The same article met twice, in two feeds or in a
feed and a file, is counted and dropped. The same text under another address is
a copy: it keeps its row, with `duplicate_of`, because who reprinted what is a
fact of its own.
"""

import dataclasses
from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam
from apache_beam.pvalue import TaggedOutput

from transforms.records import Article, stable_id

DUPLICATES = "duplicates"

SAME_ARTICLE = "same_article"
ALREADY_IN_DATASET = "already_in_dataset"


@dataclasses.dataclass
class Deduplicate(beam.PTransform):
    """Drops articles met before, and marks copies.

    Takes `articles` (a PCollection of `Article`) and `known` (of
    `(text_sha256, (article_id, duplicate_of))`, what earlier runs have put into the dataset);
    gives the articles to keep and the reason for each dropped one.
    Deterministic whatever the order of the input. Shuffles each article twice,
    with its text; holds in memory the articles of one address, then those of
    one text.
    """

    copies: bool = True
    """Whether the same text under another address is marked with `duplicate_of`."""

    # Any, because Beam warns of an annotation that is not one collection.
    def expand(self, inputs: Any) -> Any:
        by_address = (
            inputs["articles"]
            | "Key by address" >> beam.Map(lambda article: (address_key(article), article))
            | "Gather an address" >> beam.GroupByKey()
            | "One per address" >> beam.FlatMapTuple(_first_only).with_outputs(DUPLICATES, main="articles")
        )
        by_text = (
            {
                "new": by_address.articles | "Key by text" >> beam.Map(lambda article: (article.text_sha256, article)),
                "known": inputs["known"],
            }
            | "Gather a text" >> beam.CoGroupByKey()
            | "Mark copies" >> beam.FlatMapTuple(_not_known, self.copies).with_outputs(DUPLICATES, main="articles")
        )
        dropped = (by_address[DUPLICATES], by_text[DUPLICATES]) | "All duplicates" >> beam.Flatten()
        return by_text.articles, dropped


def address_key(article: Article) -> str:
    """Equal for two readings of one article.

    The address alone is not enough: live pages and podcast feeds give many
    articles one address, and their headlines tell them apart, or else their
    texts. Without an address only the same id, if any, and text make the same.
    """
    address = article.canonical_url or article.url
    if not address:
        return article.article_id
    return stable_id(address, " ".join((article.headline or article.text).casefold().split()))


def order(article: Article) -> tuple[Any, ...]:
    """Sorts the fullest reading first, and is the same on every run."""
    told = sum(getattr(article, name) is not None for name in ("date_published", "headline", "byline", "publisher"))
    return -article.word_count, -told, article.source_uri, article.source_position, article.article_id


def _first_only(_: str, readings: Iterable[Article]) -> Iterator[Any]:
    first, *others = sorted(readings, key=order)
    yield first
    for _other in others:
        yield TaggedOutput(DUPLICATES, SAME_ARTICLE)


def _not_known(_: str, found: dict[str, Iterable[Any]], copies: bool = True) -> Iterator[Any]:
    known = dict(found["known"])
    originals = sorted(article_id for article_id, duplicate_of in known.items() if duplicate_of is None)
    original = originals[0] if originals else None
    for article in sorted(found["new"], key=_publication_order):
        if article.article_id in known:
            yield TaggedOutput(DUPLICATES, ALREADY_IN_DATASET)
            continue
        yield dataclasses.replace(article, duplicate_of=original) if copies else article
        original = original or article.article_id


def _publication_order(article: Article) -> tuple[Any, ...]:
    published = article.date_published
    return published is None, published.timestamp() if published else 0.0, order(article)
