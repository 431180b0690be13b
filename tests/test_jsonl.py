"""JSON objects to records: keys in the wild, values of any type, and what is no article."""

import json
from typing import Any

import pytest

from transforms.failures import BadRecord, Reason
from transforms.formats.jsonl import parse_line


def line(**fields: Any) -> bytes:
    return json.dumps({"text": "It rained.", **fields}).encode()


@pytest.mark.parametrize(
    ("fields", "field", "value"),
    [
        ({"id": 7}, "source_id", "7"),
        ({"id": 0}, "source_id", "0"),
        ({"id": "a-b"}, "source_id", "a-b"),
        ({"id": True}, "source_id", None),
        ({"id": float("inf")}, "source_id", None),
        ({"guid": "g", "id": None}, "source_id", "g"),
        ({"headline": " Rain\nin Spain "}, "title", "Rain in Spain"),
        ({"title": "", "headline": "Rain"}, "title", "Rain"),
        ({"title": {"x": 1}}, "title", None),
        ({"date": "2026-03-01"}, "published", "2026-03-01"),
        ({"date": "2026-03-01"}, "published_key", "date"),
        ({"published": 1700000000}, "published", "1700000000"),
        ({"source": {"id": "bbc", "name": "BBC News"}}, "publisher", "BBC News"),
        ({"source": []}, "publisher", None),
        ({"author": "By Ann Lee and Bo Ek"}, "authors", ("Ann Lee", "Bo Ek")),
        ({"authors": ["Ann Lee", {"name": "Bo Ek"}, None, 7]}, "authors", ("Ann Lee", "Bo Ek")),
        ({"authors": ["Ann Lee", "Bo Ek"]}, "byline", "Ann Lee, Bo Ek"),
        ({"byline": "By Ann Lee"}, "authors", ("Ann Lee",)),
        ({"keywords": "rain, Spain; Rain"}, "keywords", ("rain, Spain", "Rain")),
        ({"tags": ["rain", 7, None, "Rain"]}, "keywords", ("rain", "7")),
        ({"language": "en-US"}, "language", "en-US"),
        ({"no_such_key": {"deep": [1]}}, "text", "It rained."),
    ],
)
def test_one_field(fields: dict[str, Any], field: str, value: Any) -> None:
    assert getattr(parse_line(line(**fields)), field) == value


@pytest.mark.parametrize("text", [" \n lead \r\n\u00a0\u200b two  ", "Zürich \U0001f600\x00", "<b>not</b> &amp; html"])
def test_text_is_verbatim(text: str) -> None:
    assert parse_line(json.dumps({"text": text}).encode()).text == text
    assert parse_line(json.dumps({"text": text}, ensure_ascii=False).encode()).text == text


def test_a_charset_inside_the_text_is_not_the_lines() -> None:
    text = "<meta charset=koi8-r> Zürich"
    assert parse_line(json.dumps({"html": text}, ensure_ascii=False).encode()).html == text


def test_lone_surrogates_keep_their_place() -> None:
    assert parse_line(b'{"text": "a\\ud800b"}').text == "a\ufffdb"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{broken", Reason.BAD_JSON),
        (b'{"text": "a"} trailing', Reason.BAD_JSON),
        (b"[1, 2]", Reason.BAD_JSON),
        (b'"text"', Reason.BAD_JSON),
        (b"null", Reason.BAD_JSON),
        (b"[" * 100_000, Reason.BAD_JSON),
        (b'{"a":' * 100_000, Reason.BAD_JSON),
        (b"\xff\xfe\xfd", Reason.BAD_JSON),
        (b"1" * 10_000, Reason.BAD_JSON),
        (b"{}", Reason.NO_TEXT),
        (b'{"text": " \\n"}', Reason.NO_TEXT),
        (b'{"text": null, "html": ""}', Reason.NO_TEXT),
        (b'{"text": ["a", "b"]}', Reason.NO_TEXT),
    ],
)
def test_no_article(content: bytes, reason: Reason) -> None:
    with pytest.raises(BadRecord) as caught:
        parse_line(content)
    assert caught.value.reason == reason
