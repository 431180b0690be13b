"""Items to articles: each kind whole, offsets, ids, and every item that gives no article."""

import datetime
import hashlib
import json
import pickle
import time
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.testing.util import assert_that, equal_to
from apache_beam.transforms.window import FixedWindows, GlobalWindow, TimestampedValue
from apache_beam.utils.timestamp import Timestamp

from transforms.failures import FAILURES, BadRecord, Reason
from transforms.formats.feed.parse import Body, Entry
from transforms.formats.feed.text import entry_text
from transforms.formats.known import split
from transforms.limits import Budget, Guard
from transforms.parse import Parse, parse_item
from transforms.parse.article import BATCH_BYTES, BATCH_ITEMS, ParseItems, _ParseItem
from transforms.records import Article, Document, Item
from transforms.text.urls import absolute, canonical

RUNNER = "apache_beam.runners.portability.fn_api_runner.FnApiRunner"
SEED = Path(__file__).parents[2] / "shared" / "seed"
THEN = datetime.datetime(2026, 3, 6, tzinfo=datetime.UTC)
PLACES = {"MOSCOW", "Russia", "OSLO", "BERGEN", "Moscow"}


def item(kind: Any, content: Any, **fields: Any) -> Item:
    return Item(**{"uri": "a.x", "position": 0, "kind": kind, "content": content, "fetched": THEN, **fields})


def parse(kind: Any, content: Any, **fields: Any) -> Article:
    return parse_item(item(kind, content, **fields), PLACES.__contains__)


def jsonl(**fields: Any) -> bytes:
    return json.dumps(fields).encode()


# Plain text.


def test_plain_text() -> None:
    article = parse("text", b"Wed, 28 Sep 2022\r\n\r\nOSLO \x97 Trams ran\xa0late on Monday.\r\n\r\nShare this\r\n")
    assert article.text == "OSLO — Trams ran late on Monday."
    assert (article.text_start, article.text_basis, article.removed) == (18, "file", ("date", "share"))
    assert article.date_published == datetime.datetime(2022, 9, 28, tzinfo=datetime.UTC)
    assert (article.date_published_raw, article.date_published_basis) == ("Wed, 28 Sep 2022", "text")
    assert article.dateline_start is not None
    assert article.text[article.dateline_start : article.dateline_end] == article.dateline == "OSLO"
    assert article.text[article.body_start :] == "Trams ran late on Monday."


@pytest.mark.skipif(not SEED.is_dir(), reason="the seed article of ../shared is not here")
def test_the_seed_article() -> None:
    expected = json.loads((SEED / "expected.json").read_text(encoding="utf-8"))["article"]
    article = parse("text", (SEED / "article.txt").read_bytes())
    assert article.date_published is not None
    assert article.date_published.date().isoformat() == expected["date_published"]
    assert (article.headline, article.byline, article.language) == (None, None, expected["language"])
    assert article.dateline == expected["dateline"]["surface"]
    assert article.text[article.body_start :].startswith(expected["body_starts_with"])
    assert article.text.endswith(expected["body_ends_with"])
    assert not any(phrase in article.text for phrase in expected["not_in_body"])


# JSON.


def test_jsonl_text_is_verbatim_and_its_fields_come_through() -> None:
    text = " MOSCOW, Russia - Trams\u00a0ran late.\r\n\r\nShare this "
    article = parse(
        "json",
        jsonl(id=7, url="https://n.test/a?utm_source=x#y", title="Trams", text=text, date="2026-03-01", source="N"),
        position=3,
    )
    assert article.text == text
    assert (article.source_id, article.source_position, article.headline, article.publisher) == ("7", 3, "Trams", "N")
    assert (article.url, article.canonical_url) == ("https://n.test/a?utm_source=x#y", "https://n.test/a")
    assert (article.date_published_raw, article.date_published_basis) == ("2026-03-01", "json:date")
    assert article.removed == ()
    assert article.text[article.dateline_start or 0 : article.dateline_end] == article.dateline == "MOSCOW, Russia"


def test_jsonl_html_goes_through_the_page_parser() -> None:
    body = "".join(f"<p>On day {day} the trams of the town ran late again, said the mayor.</p>" for day in range(5))
    html = f"<html><head><title>Of the page</title></head><body><script>x</script>{body}</body></html>"
    article = parse("json", jsonl(id="a", title="Of the line", html=html, url="https://n.test/a"))
    assert article.text.startswith("On day 0 the trams")
    assert (article.headline, article.text_basis) == ("Of the line", "html")
    assert parse("json", jsonl(html=html)).headline == "Of the page"


def test_jsonl_html_may_be_a_fragment_too_short_for_a_page() -> None:
    article = parse("json", jsonl(html="<p>Snow fell in Oslo.</p><p>Trams <b>stood</b>.</p>"))
    assert (article.text, article.text_basis) == ("Snow fell in Oslo.\n\nTrams stood.", "html")


def test_a_date_that_names_no_day_is_kept_raw() -> None:
    article = parse("json", jsonl(text="It rained.", date="last week"))
    assert (article.date_published, article.date_published_raw) == (None, "last week")
    assert parse("json", jsonl(text="It rained.")).date_published_raw is None


# Feed entries.


@pytest.mark.parametrize(
    ("bodies", "text", "basis", "summary"),
    [
        ([("content", "<p>Long text.</p>", True), ("summary", "Short.", False)], "Long text.", "content", "Short."),
        ([("content", "Short.", False), ("summary", "<b>Longer</b> text.", True)], "Longer text.", "summary", None),
        ([("summary", "1 < 2\n\nand more", True)], "1 < 2\n\nand more", "summary", None),
        ([("summary", "<img src='x'>", True)], "A title", "title", None),
        ([("media", "A caption that is long", False), ("summary", "News.", False)], "News.", "summary", None),
        ([("media", "A caption", False)], "A caption", "media", None),
        ([("summary", "Plain&nbsp;so called, 1 < 2", False)], "Plain so called, 1 < 2", "summary", None),
        ([], "A title", "title", None),
    ],
)
def test_the_text_of_an_entry_is_its_fullest(
    bodies: list[tuple[str, str, bool]], text: str, basis: str, summary: str | None
) -> None:
    made = tuple(Body(basis=basis, value=value, is_html=is_html) for basis, value, is_html in bodies)
    assert entry_text(Entry(title="A title", bodies=made)) == (text, basis, summary)


def test_an_entry() -> None:
    entry = Entry(
        entry_id="g1",
        url="https://n.test/a",
        feed_url="https://n.test/rss",
        title="Trams",
        language="en-GB",
        published="Wed, 28 Sep 2022 10:00:00 GMT",
        published_basis="feed",
        latitude=59.9,
        longitude=10.7,
        bodies=(Body(basis="content", value="<p>OSLO — Trams ran late.</p><p>Again.</p>", is_html=True),),
    )
    article = parse("entry", entry, position=2)
    assert article.text == "OSLO — Trams ran late.\n\nAgain."
    assert (article.source_id, article.feed_url, article.dateline) == ("g1", "https://n.test/rss", "OSLO")
    assert (article.source_latitude, article.source_longitude) == (59.9, 10.7)
    assert article.date_published == datetime.datetime(2022, 9, 28, 10, tzinfo=datetime.UTC)


# All kinds.


def test_ids_depend_on_address_and_text_alone() -> None:
    one = parse("json", jsonl(url="https://n.test/a?utm_source=x", text="It rained."))
    same = parse("json", jsonl(url="https://n.test/a#top", text="It rained.", title="Rain"), uri="b.y", position=9)
    edited = parse("json", jsonl(url="https://n.test/a", text="It snowed."))
    other = parse("json", jsonl(url="https://n.test/b", text="It rained."))
    assert one.article_id == same.article_id
    assert len({one.article_id, edited.article_id, other.article_id}) == 3
    assert one.text_sha256 == hashlib.sha256(b"It rained.").hexdigest()
    assert one.word_count == 2


@pytest.mark.parametrize(
    ("kind", "content", "reason"),
    [
        ("text", b"\xc2\xa0\n", Reason.NO_TEXT),
        ("text", b"=" * 1000, Reason.NO_TEXT),
        ("text", "\U0001f600 ** (_) ".encode() * 10, Reason.NO_TEXT),
        ("text", b"word " * 250_000, Reason.TOO_LARGE),
        ("html", b"<p>Log in.</p>", Reason.NO_ARTICLE),
        ("json", b"{broken", Reason.BAD_JSON),
        ("json", b'{"text": ""}', Reason.NO_TEXT),
        ("json", jsonl(text="word " * 250_000), Reason.TOO_LARGE),
        ("entry", Entry(), Reason.NO_TEXT),
        ("entry", BadRecord(Reason.TOO_COMPLEX, "too deep"), Reason.TOO_COMPLEX),
        ("entry", Entry(bodies=(Body(basis="content", value="<p>" * 60_000, is_html=True),)), Reason.TOO_COMPLEX),
    ],
)
def test_an_item_without_an_article(kind: Any, content: Any, reason: Reason) -> None:
    with pytest.raises(BadRecord) as caught:
        parse(kind, content)
    assert caught.value.reason == reason


@pytest.mark.parametrize("content", [b"word " * 9_800_000, b"It rained.\n" * 4_400_000, b"\n" * 49_000_000])
def test_a_text_of_49_mb_is_refused_at_once(content: bytes) -> None:
    began = time.process_time()
    with pytest.raises(BadRecord) as caught:
        parse("text", content)
    assert caught.value.reason == Reason.TOO_LARGE
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize(
    ("address", "clean"),
    [
        ("https://n.test/a?utm_source=x&id=7&fbclid=y#top", "https://n.test/a?id=7"),
        ("HTTP://N.test:80", "http://n.test/"),
        ("https://n.test/a?ref=7&cmp=x", "https://n.test/a?ref=7"),
        ("https://u:p@n.test/a", "https://n.test/a"),
        ("ftp://n.test/a", None),
        ("//n.test/a", None),
        ("https://[broken/a", None),
        ("", None),
        (None, None),
    ],
)
def test_canonical_addresses(address: str | None, clean: str | None) -> None:
    assert canonical(address) == clean


def test_absolute_addresses() -> None:
    assert absolute("../x?y=1", "https://n.test/a/b/c") == "https://n.test/a/x?y=1"
    assert absolute("x" * 10_000, "https://n.test/") is None
    assert absolute("data:image/png;base64,xx", "https://n.test/") is None


def test_items_can_be_sent_between_workers() -> None:
    feed = b"<rss><channel><item><title>a</title></item></channel></rss>"
    (entry,) = split(Document(uri="f", kind="feed", content=feed, fetched=THEN))
    assert pickle.loads(pickle.dumps(entry)) == entry
    error = pickle.loads(pickle.dumps(BadRecord(Reason.BAD_FEED, "bad")))
    assert (error.reason, str(error)) == (Reason.BAD_FEED, "bad")


# The transform.


def test_parse_gives_an_article_or_a_failure_for_each_item() -> None:
    items = [
        item("json", jsonl(id=1, text="OSLO - Trams ran late on Monday."), uri="a.jsonl", position=1),
        item("json", b"{broken", uri="a.jsonl", position=2),
        item("json", jsonl(id=3, text="It rained."), uri="a.jsonl", position=3),
    ]
    with beam.Pipeline(runner=RUNNER) as p:
        found = p | beam.Create(items) | Parse()
        articles = found["articles"] | "Ids" >> beam.Map(lambda article: (article.source_id, article.dateline))
        failures = found[FAILURES] | "Rows" >> beam.Map(
            lambda failure: (failure.stage, failure.reason, failure.source, failure.payload)
        )
        assert_that(articles, equal_to([("1", "OSLO"), ("3", None)]), "articles")
        assert_that(failures, equal_to([("parse", "bad_json", "a.jsonl#2", b"{broken")]), "failures")


@pytest.mark.parametrize("limit", [30.0, 0.0])
def test_what_is_parsed_together_keeps_its_time_and_window(limit: float) -> None:
    """More items than are parsed together, in windows of ten seconds, some of them broken."""
    lines = [jsonl(id=n, text="It rained.") if n % 5 else b"{broken" for n in range(BATCH_ITEMS + 9)]
    items = [TimestampedValue(item("json", line, position=n), n) for n, line in enumerate(lines, 1)]

    class Where(beam.DoFn):
        def process(self, one: Any, at: Any = beam.DoFn.TimestampParam, window: Any = beam.DoFn.WindowParam) -> Any:
            position = one.source_position if isinstance(one, Article) else int(one.source.rpartition("#")[2])
            yield position, int(at.seconds()), int(window.start.seconds())

    with beam.Pipeline(runner=RUNNER) as p:
        windowed = p | beam.Create(items) | beam.Map(lambda one: one) | beam.WindowInto(FixedWindows(10))
        found = windowed | Parse(max_cpu_seconds=limit, max_memory_mb=limit * 100)
        both = (found["articles"], found[FAILURES]) | beam.Flatten() | beam.ParDo(Where())
        assert_that(both, equal_to([(n, n, n // 10 * 10) for n in range(1, len(lines) + 1)]))


@pytest.mark.parametrize(("sizes", "batches"), [([10] * 3, 1), ([BATCH_BYTES] * 3, 3), ([10] * (BATCH_ITEMS + 1), 2)])
def test_items_are_parsed_together_up_to_a_number_and_a_size(sizes: list[int], batches: int) -> None:
    taken: list[int] = []

    class Counting(Guard):
        def run(self, items: Any, budget: Any = None) -> Any:
            taken.append(len(items))
            return iter(items)

    step = _ParseItem(Counting(ParseItems("", 1), Budget()))
    step.start_bundle()
    given = [item("text", b"x" * size, position=n) for n, size in enumerate(sizes)]
    results = [result for one in given for result in step.process(one, Timestamp(0), GlobalWindow())]
    results += step.finish_bundle()
    assert [one.value for one in results] == given
    assert len(taken) == batches


def test_settings_are_checked(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"parse\.max_characters: got 0"):
        Parse(max_characters=0)
    with pytest.raises(ValueError, match=r"parse\.gazetteer: .*no gazetteer"):
        Parse(gazetteer=str(tmp_path / "none.sqlite"))
    (tmp_path / "other.sqlite").write_bytes(b"something else")
    with pytest.raises(ValueError, match=r"parse\.gazetteer: "):
        Parse(gazetteer=str(tmp_path / "other.sqlite"))
