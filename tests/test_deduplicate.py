"""Deduplicate: the same article once, copies marked, nothing lost."""

import dataclasses
import datetime

import apache_beam as beam
import pytest
from apache_beam.testing.util import assert_that, equal_to

from tests.making import RUNNER, article
from transforms.deduplicate import Deduplicate
from transforms.records import Article, stable_id


def made(text: str, **changes) -> Article:
    found = dataclasses.replace(article(text), **changes)
    return dataclasses.replace(found, article_id=stable_id(found.canonical_url or found.source_id or "", text))


A = made("Storm hits the coast", canonical_url="https://example.org/1", headline="Storm")
A_LONGER = made("Storm hits the coast, and more of it", canonical_url="https://example.org/1", headline="Storm ")
LIVE = made("Another entry", canonical_url="https://example.org/1", headline="Live: flood")
COPY = made("Storm hits the coast", canonical_url="https://example.net/9", headline="Reprinted")
UNTITLED = made("Storm hits the coast", canonical_url="https://example.org/1")
UNTITLED_2 = made("Quite another storm", canonical_url="https://example.org/1")
KNOWN_COPY = dataclasses.replace(made("Storm hits the coast", source_id="copy"), duplicate_of=A.article_id)
BY_ID_1 = made("Short", source_id="1")
BY_ID_2 = made("Another", source_id="1")
EARLIER = dataclasses.replace(COPY, date_published=datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC))


@pytest.mark.parametrize(
    ("articles", "known", "kept", "dropped"),
    [
        ([], [], [], []),
        ([A], [], [(A, None)], []),
        ([A, A], [], [(A, None)], ["same_article"]),
        ([A, A_LONGER], [], [(A_LONGER, None)], ["same_article"]),
        ([A, LIVE], [], [(A, None), (LIVE, None)], []),
        ([A, COPY], [], [(COPY, None), (A, COPY)], None),
        ([A, EARLIER], [], [(EARLIER, None), (A, EARLIER)], []),
        ([BY_ID_1, BY_ID_2, BY_ID_1], [], [(BY_ID_1, None), (BY_ID_2, None)], ["same_article"]),
        ([A, LIVE], [A], [(LIVE, None)], ["already_in_dataset"]),
        ([COPY], [A], [(COPY, A)], []),
        ([COPY], [KNOWN_COPY, A], [(COPY, A)], []),
        ([UNTITLED, UNTITLED_2], [], [(UNTITLED, None), (UNTITLED_2, None)], []),
    ],
)
def test_deduplicate(articles, known, kept, dropped):
    with beam.Pipeline(runner=RUNNER) as p:
        inputs = {
            "articles": p | "articles" >> beam.Create(articles),
            "known": p | "known" >> beam.Create([(k.text_sha256, (k.article_id, k.duplicate_of)) for k in known]),
        }
        unique, duplicates = inputs | Deduplicate()
        ids = unique | beam.Map(lambda a: (a.article_id, a.duplicate_of))
        if dropped is None:  # which of two undated copies comes first follows from the files' names alone
            assert_that(ids | beam.combiners.Count.Globally(), equal_to([len(kept)]), label="kept")
        else:
            assert_that(ids, equal_to([(k.article_id, of and of.article_id) for k, of in kept]), label="kept")
            assert_that(duplicates, equal_to(dropped), label="dropped")


def test_copies_can_be_left_unmarked():
    with beam.Pipeline(runner=RUNNER) as p:
        inputs = {"articles": p | beam.Create([A, COPY]), "known": p | "known" >> beam.Create([])}
        unique, _ = inputs | Deduplicate(copies=False)
        assert_that(unique | beam.Map(lambda a: a.duplicate_of), equal_to([None, None]))
