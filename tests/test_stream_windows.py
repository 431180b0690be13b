"""Windows, late panes and keyed state of a stream, with time in the test's hand."""

import dataclasses
import datetime
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions
from apache_beam.runners.direct.direct_runner import BundleBasedDirectRunner
from apache_beam.testing.test_stream import TestStream
from apache_beam.testing.util import assert_that, equal_to
from apache_beam.transforms.window import TimestampedValue

from tests.helpers.records import article
from transforms.deduplicate import DUPLICATES
from transforms.records import Article
from transforms.stream import GatherPanes, Identify, IntoWindows, Outcome, identify, panes
from transforms.stream.history import History
from transforms.stream.panes import Pane

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


def at(seconds: float) -> datetime.datetime:
    return EPOCH + datetime.timedelta(seconds=seconds)


def streaming() -> beam.Pipeline:
    options = PipelineOptions([])
    options.view_as(StandardOptions).streaming = True
    return beam.Pipeline(runner=BundleBasedDirectRunner(), options=options)


def outcome(seconds: float) -> TimestampedValue:
    return TimestampedValue(Outcome("article", seconds, read=at(seconds)), seconds)


def told(element: tuple[int, tuple[Pane, list[Outcome]]]) -> tuple[int, int, bool, list[float]]:
    _, (pane, outcomes) = element
    return int(pane.start.timestamp()), pane.number, pane.late, sorted(one.value for one in outcomes)


def test_a_window_closes_with_the_watermark_and_what_comes_late_is_a_pane_of_its_own(monkeypatch):
    monkeypatch.setattr(panes, "utc_now", lambda: at(110))  # ten seconds before the watermark, which waits so long
    stream = (
        TestStream()
        .advance_watermark_to(0)
        .add_elements([outcome(1), outcome(59), outcome(61)])
        .advance_watermark_to(60)
        .advance_watermark_to(100)
        .add_elements([outcome(2), outcome(3)])
        .advance_watermark_to(104)
        .add_elements([outcome(4)])
        .advance_watermark_to(106)
        .add_elements([outcome(5)])
        .advance_watermark_to(130)
        .advance_watermark_to_infinity()
    )
    with streaming() as p:
        found = (
            p
            | stream
            | IntoWindows(window_seconds=60)
            | GatherPanes(started=at(10_000), wait_seconds=10, late_seconds=5)
            | beam.Map(told)
        )
        expected = [(0, 0, False, [1, 59]), (60, 0, False, [61]), (0, 1, True, [2, 3, 4]), (0, 2, True, [5])]
        assert_that(found, equal_to(expected))


def reading(text: str, url: str, seconds: float) -> TimestampedValue:
    one = dataclasses.replace(
        article(text), url=url, feed_url="https://a.test/rss", headline="Rain", date_fetched=at(seconds)
    )
    return TimestampedValue(one, seconds)


def named(one: Article) -> tuple[str, int]:
    return one.text, one.version


def run_identify(stream: TestStream, folder: Any, expected: list[tuple[str, int]], dropped: int) -> None:
    with streaming() as p:
        found = p | stream | Identify(output=str(folder), run_id="stream_x", remember_hours=1)
        assert_that(found.articles | beam.Map(named), equal_to(expected))
        reasons = found[DUPLICATES] | "Reasons" >> beam.Map(lambda one: one.value)
        assert_that(reasons, equal_to(["same_article"] * dropped), label="dropped")


def test_an_article_is_known_for_as_long_as_it_is_remembered(tmp_path):
    stream = (
        TestStream()
        .advance_watermark_to(0)
        .add_elements([reading("Rain fell.", "https://a.test/1", 1), reading("Wind.", "https://a.test/2", 1)])
        .add_elements([reading("Rain fell.", "https://a.test/1", 2)])
        .advance_watermark_to(1800)
        .add_elements([reading("Snow fell.", "https://a.test/1", 1801)])
        .advance_watermark_to_infinity()
    )
    run_identify(stream, tmp_path, [("Rain fell.", 1), ("Wind.", 1), ("Snow fell.", 2)], dropped=1)


def test_what_is_forgotten_is_asked_from_the_dataset_which_has_it_not_here(tmp_path):
    stream = (
        TestStream()
        .advance_watermark_to(0)
        .add_elements([reading("Rain fell.", "https://a.test/1", 1)])
        .advance_watermark_to(4000)
        .add_elements([reading("Rain fell.", "https://a.test/1", 4001)])
        .advance_watermark_to_infinity()
    )
    run_identify(stream, tmp_path, [("Rain fell.", 1), ("Rain fell.", 1)], dropped=0)


@pytest.mark.parametrize(("hours", "seconds"), [(24, 600), (1, 600), (0.5, 450), (0.1, 90)])
def test_the_dataset_is_listed_again_before_a_page_is_forgotten(tmp_path, monkeypatch, hours, seconds):
    asked = []
    monkeypatch.setattr(identify, "History", lambda *given: asked.append(given) or History(*given))
    with streaming() as p:
        articles = (
            p | TestStream().add_elements([reading("Rain.", "https://a.test/1", 1)]).advance_watermark_to_infinity()
        )
        articles | Identify(output=str(tmp_path), run_id="stream_x", remember_hours=hours)
    assert {given[-1] for given in asked} == {seconds}
