"""A few days of a few feeds; `python -m benchmarks.fortnight` is the whole fortnight."""

from benchmarks.fortnight import simulate


def test_no_story_is_lost_or_doubled() -> None:
    found = simulate(feeds=12, days=2, seed=3)
    assert found["stories published"] > 100
    assert found["stories lost"] == 0
    assert found["rows doubled"] == 0
    assert found["of them lost"] == 0
    assert found["answers 304"] > 100
    assert found["requests per feed and day"] < 97
