"""Documents to items: how many there are, in which order, and where each came from."""

import datetime
import json
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.testing.util import assert_that, equal_to

from transforms.failures import FAILURES, BadRecord
from transforms.formats.known import split
from transforms.parse.split import Split
from transforms.records import Document

RUNNER = "apache_beam.runners.portability.fn_api_runner.FnApiRunner"
THEN = datetime.datetime(2026, 3, 6, tzinfo=datetime.UTC)


def document(kind: Any, content: bytes, **fields: Any) -> Document:
    return Document(uri="a.x", kind=kind, content=content, fetched=THEN, **fields)


@pytest.mark.parametrize(
    ("kind", "content", "items"),
    [
        ("text", b"News", [(0, "text", b"News")]),
        ("html", b"<p>News", [(0, "html", b"<p>News")]),
        ("jsonl", b'{"a":1}\n\n \r\nbroken\n', [(1, "json", b'{"a":1}'), (4, "json", b"broken")]),
        ("jsonl", b'\xef\xbb\xbf{"a":1}', [(1, "json", b'{"a":1}')]),
        ("feed", b'{"text": "x"}', [(0, "json", b'{"text": "x"}')]),
        ("feed", b'[{"text": "x"}, 7]', [(1, "json", b'{"text": "x"}'), (2, "json", b"7")]),
    ],
)
def test_split(kind: Any, content: bytes, items: list[tuple[int, str, bytes]]) -> None:
    assert [(item.position, item.kind, item.content) for item in split(document(kind, content))] == items


def test_lines_keep_their_numbers_in_the_file() -> None:
    items = list(split(document("jsonl", b"a\nb\n", first_line=41)))
    assert [(item.position, item.source) for item in items] == [(41, "a.x#41"), (42, "a.x#42")]


def test_provenance_is_handed_on() -> None:
    (item,) = split(document("html", b"x", charset="koi8-r"))
    assert (item.uri, item.charset, item.fetched) == ("a.x", "koi8-r", THEN)


def test_a_json_feed_is_told_by_its_items() -> None:
    feed = {"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "1", "content_text": "a"}, 7]}
    first, second = split(document("feed", json.dumps(feed).encode()))
    assert first.content.entry_id == "1"
    assert isinstance(second.content, BadRecord)


def test_documents_without_articles_are_one_failure_each() -> None:
    documents = [
        document("feed", b"<rss><channel></channel></rss>"),
        document("feed", b"<html></html>"),
        document("feed", b"{"),
        document("jsonl", b'{"text": "a"}\nbroken'),
    ]
    with beam.Pipeline(runner=RUNNER) as p:
        found = p | beam.Create(documents) | Split()
        reasons = found[FAILURES] | beam.Map(lambda failure: (failure.stage, failure.reason, failure.source))
        positions = found["items"] | "Positions" >> beam.Map(lambda item: item.position)
        assert_that(
            reasons, equal_to([("parse", reason, "a.x") for reason in ("no_entries", "bad_feed", "bad_json")]), "failed"
        )
        assert_that(positions, equal_to([1, 2]), "items")
