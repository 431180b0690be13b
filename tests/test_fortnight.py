"""A few days of a few feeds; `python -m benchmarks.fortnight` is the whole fortnight."""

import datetime

import pytest

from benchmarks.fortnight import simulate, why_missing

NOON = datetime.datetime(2026, 3, 2, 12, tzinfo=datetime.UTC)


def test_no_story_is_lost_or_doubled() -> None:
    found, missing = simulate(feeds=12, days=2, seed=3)
    assert found["stories published"] > 100
    assert (found["stories lost"], missing) == (0, [])
    assert found["rows doubled"] == 0
    assert found["of them lost, the story found later"] == 0
    assert found["answers 304"] > 100
    assert found["requests per feed and day"] < 97


def test_the_feeds_of_one_host_fare_as_among_all() -> None:
    alone, _ = simulate(feeds=61, days=0.25, seed=3, host=0)
    assert alone["feeds"] == 2
    assert alone == simulate(feeds=61, days=0.25, seed=3, host=0)[0]


@pytest.mark.parametrize(
    ("runs", "why"),
    [
        ("failed failed", "never offered"),
        ("failed waiting died", "never offered"),
        ("", "never offered"),
        ("failed not_asked", "not asked"),
        ("not_asked answered", "answered"),
    ],
)
def test_what_is_missing_is_ours_unless_no_request_could_have_shown_it(runs: str, why: str) -> None:
    step = datetime.timedelta(minutes=15)
    history = [(NOON + at * step, run.replace("_", " ")) for at, run in enumerate(runs.split())]
    assert why_missing([*history, (NOON + 9 * step, "answered")], NOON, NOON + 8 * step) == why
