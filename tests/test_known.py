"""What a dataset's earlier runs tell the next one: made from committed files, and from nothing else."""

import dataclasses
import datetime
from pathlib import Path

import apache_beam as beam
import pytest
from apache_beam.testing.util import assert_that, equal_to

from tests.helpers.records import RUNNER, article
from transforms.dataset import begin_run, read_run
from transforms.deduplicate import KnownArticles, segments
from transforms.deduplicate.history import Gather, look_up
from transforms.deduplicate.versions import reading_of
from transforms.records import Article, stable_id
from transforms.write import Write

NOON = datetime.datetime(2026, 11, 22, 12, tzinfo=datetime.UTC)
LONG_AGO = datetime.date(2000, 1, 1)


def made(number: int, **changes) -> Article:
    text = f"Story {number}: " + " ".join(f"word{number}x{at}" for at in range(30))
    address = f"https://news.test/{number}"
    found = dataclasses.replace(article(text), canonical_url=address, date_fetched=NOON, **changes)
    return dataclasses.replace(found, article_id=stable_id(address, text))


def committed(output: Path, numbers, name: str, days: int = 0, shards: int = 2):
    run = begin_run(str(output), [(name, 1, 1.0)], NOON + datetime.timedelta(days=days))
    with beam.Pipeline(runner=RUNNER) as p:
        rows = p | beam.Create([made(number) for number in numbers])
        _ = {"articles": rows} | Write(output=str(output), run=run, shards=shards, only=("articles",))
    return read_run(str(output), run.run_id)


def known(output: Path, asked, run_id: str = "none", since: datetime.date = LONG_AGO):
    """Return ids that are known of the articles asked for, by address or text, and those with like texts."""
    plan = segments.plan(str(output), run_id, since)
    made_now = [segments.make(str(output), one, run_id, since) for one in plan.missing]
    found = [*plan.segments, *(one for one in made_now if one is not None)]
    gather = Gather(window_days=7)
    accumulator = gather.create_accumulator()
    for one in asked:
        reading = reading_of(one)
        keys = segments.band_keys(segments.shingle_hashes(one.text)).tobytes()  # type: ignore[attr-defined]
        accumulator = gather.add_input(accumulator, (reading.text, reading.page, reading.time, keys))
    wanted = gather.extract_output(accumulator)
    readings, near = set(), set()
    for segment in found:
        for one in look_up(segment, wanted):
            if isinstance(one, beam.pvalue.TaggedOutput):
                near.add(one.value.reading.article_id)
            else:
                readings.add(one.article_id)
    return readings, near


def ids(numbers) -> set[str]:
    return {made(number).article_id for number in numbers}


def test_a_run_knows_what_others_have_committed_and_only_what_it_asks_for(tmp_path):
    committed(tmp_path, range(5), "a.txt")
    committed(tmp_path, range(5, 8), "b.txt")
    assert known(tmp_path, [made(2), made(6), made(9)]) == (ids([2, 6]), ids([2, 6]))
    assert known(tmp_path, []) == (set(), set())
    assert known(tmp_path / "none", [made(2)]) == (set(), set())


def test_its_own_rows_are_left_out_when_a_run_is_done_again(tmp_path):
    first = committed(tmp_path, range(5), "a.txt")
    assert known(tmp_path, [made(2)])[0] == ids([2])
    assert known(tmp_path, [made(2)], run_id=first.run_id)[0] == set()


def test_rows_that_a_run_no_longer_has_are_forgotten(tmp_path):
    committed(tmp_path, range(5), "a.txt")
    assert known(tmp_path, [made(4)])[0] == ids([4])
    committed(tmp_path, range(4), "a.txt")
    assert known(tmp_path, [made(3), made(4)])[0] == ids([3])


def test_what_is_staged_but_not_committed_is_not_known(tmp_path):
    run = begin_run(str(tmp_path), [("a.txt", 1, 1.0)], NOON)
    from transforms.dataset.shards import stage_shard

    stage_shard(str(tmp_path), run.run_id, "articles", 0, [made(1)])
    assert known(tmp_path, [made(1)]) == (set(), set())


def test_segments_may_be_lost(tmp_path):
    committed(tmp_path, range(5), "a.txt")
    before = known(tmp_path, [made(2)])
    for path in tmp_path.glob("_dateline/known/*"):
        path.unlink()
    assert known(tmp_path, [made(2)]) == before


def test_many_segments_are_merged_and_nothing_is_forgotten(tmp_path, monkeypatch):
    monkeypatch.setattr(segments, "MERGED", 3)
    for number in range(8):
        committed(tmp_path, [number], f"{number}.txt", days=number, shards=1)
        known(tmp_path, [made(0)])
    assert known(tmp_path, [made(number) for number in range(9)]) == (ids(range(8)), ids(range(8)))
    assert len(list(tmp_path.glob("_dateline/known/*.segment"))) <= 4
    assert not list(tmp_path.glob("_dateline/staging/*/*"))


def test_merged_rows_of_a_run_done_again_are_forgotten(tmp_path, monkeypatch):
    monkeypatch.setattr(segments, "MERGED", 2)
    committed(tmp_path, [1, 2], "a.txt", shards=1)
    committed(tmp_path, [3], "b.txt", shards=1)
    known(tmp_path, [made(1)])
    known(tmp_path, [made(1)])
    assert len(list(tmp_path.glob("_dateline/known/1-*.segment"))) == 1
    committed(tmp_path, [1], "a.txt", shards=1)
    assert known(tmp_path, [made(1), made(2), made(3)])[0] == ids([1, 3])


def test_a_merge_that_was_cut_short_harms_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(segments, "MERGED", 2)
    committed(tmp_path, [1], "a.txt", shards=1)
    committed(tmp_path, [2], "b.txt", shards=1)
    known(tmp_path, [made(1)])
    with monkeypatch.context() as patch:
        patch.setattr(segments.files, "remove", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))  # type: ignore[attr-defined]
        with pytest.raises(KeyboardInterrupt):
            known(tmp_path, [made(1)])
    assert known(tmp_path, [made(1), made(2)])[0] == ids([1, 2])


def test_shingles_are_kept_for_the_window_only(tmp_path, monkeypatch):
    committed(tmp_path, [1], "a.txt", shards=1)
    committed(tmp_path, [2], "b.txt", days=20, shards=1)
    since = NOON.date() + datetime.timedelta(days=10)
    assert known(tmp_path, [made(1), made(2)], since=since) == (ids([1, 2]), ids([2]))
    monkeypatch.setattr(segments, "MERGED", 2)
    later = NOON.date() + datetime.timedelta(days=30)
    assert known(tmp_path, [made(1), made(2)], since=later) == (ids([1, 2]), set())


def test_keys_of_another_version_of_the_library_are_made_again(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(segments, "SCHEME", "older")
        committed(tmp_path, [1, 2], "a.txt", shards=1)
        known(tmp_path, [made(1)])
    assert known(tmp_path, [made(1)]) == (ids([1]), ids([1]))


def test_through_beam(tmp_path):
    committed(tmp_path, range(5), "a.txt")
    run = begin_run(str(tmp_path), [("b.txt", 1, 1.0)], NOON)
    for _ in range(2):  # made, then read
        with beam.Pipeline(runner=RUNNER) as p:
            found = p | KnownArticles(output=str(tmp_path), run=run)
            assert_that(found | beam.Map(lambda one: one.alive), equal_to([b"\1"] * 2))
