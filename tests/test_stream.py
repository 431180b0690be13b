"""The decisions of a stream, without Beam: when what is committed, remembered, late."""

import datetime
import json
from collections import Counter
from pathlib import Path

import apache_beam as beam
import pyarrow.parquet as pq
import pytest
from apache_beam.testing.test_pipeline import TestPipeline

from tests.helpers.records import RUNNER, article
from transforms.dataset import list_runs, runs
from transforms.dataset import memory as snapshot
from transforms.deduplicate import Deduplicate
from transforms.deduplicate.versions import reading_of
from transforms.failures import BadRecord, Reason, failure_from
from transforms.read.sources import Source
from transforms.records import AnnotatedArticle, Article
from transforms.stream import CommitPanes
from transforms.stream.commit import Books, Job, commit_pane
from transforms.stream.control_files import (
    clear_control_files,
    is_drained,
    is_stop_requested,
    is_taken_over,
    mark_drained,
    owner_of,
    read_heartbeat,
    request_stop,
    take_over,
    write_heartbeat,
)
from transforms.stream.folder_watch import Seen, files_from, key_of, ready, to_json
from transforms.stream.follow import list_watched
from transforms.stream.history import History
from transforms.stream.identify import identify, recall
from transforms.stream.ledger import Ledger, remembered
from transforms.stream.outcomes import Outcome, Receipt
from transforms.stream.panes import Pane, all_late, event_time
from transforms.stream.reported_failures import ReportedFailures

NOON = datetime.datetime(2026, 11, 22, 12, tzinfo=datetime.UTC)
MINUTE = datetime.timedelta(minutes=1)
LONG = "The river rose again on {day} and the bridge at {place} was closed, the mayor said in the town hall. " * 3


def made(text: str, *, url: str | None = None, read: datetime.datetime = NOON, **changes: object) -> Article:
    import dataclasses

    return dataclasses.replace(article(text), url=url, date_fetched=read, source_uri=url or "a.txt", **changes)  # type: ignore[arg-type]


def receipt(number: int, *sources: str, **memory: dict[str, object]) -> Receipt:
    return Receipt(number=number, read=NOON + number * MINUTE, sources=sources, memory=memory)


class TestLedger:
    def test_a_round_is_complete_with_the_last_of_its_inputs(self):
        ledger = Ledger()
        ledger.enter(receipt(1, "a#1", "a#2"))
        ledger.settle([("a#1", NOON + MINUTE)])
        assert ledger.complete() == []
        ledger.settle([("a#2", NOON + MINUTE)])
        assert [one.number for one in ledger.complete()] == [1]
        assert (ledger.waiting, ledger.done) == (0, {})

    def test_no_round_is_complete_before_those_before_it(self):
        ledger = Ledger()
        ledger.enter(receipt(2, "b"))
        ledger.settle([("b", NOON + 2 * MINUTE)])
        assert ledger.complete() == []
        ledger.enter(receipt(1, "a"))
        assert ledger.complete() == []
        ledger.settle([("a", NOON + MINUTE)])
        assert [one.number for one in ledger.complete()] == [1, 2]

    def test_inputs_may_be_committed_before_the_receipt_is(self):
        ledger = Ledger()
        ledger.settle([("a", NOON + MINUTE)])
        ledger.enter(receipt(1, "a"))
        assert [one.number for one in ledger.complete()] == [1]

    def test_an_input_of_an_unknown_round_counts_for_the_last_that_waits_for_it(self):
        ledger = Ledger()
        ledger.enter(receipt(1, "a"))
        ledger.enter(receipt(2, "a"))
        ledger.settle([("a", None)])
        assert ledger.complete() == []
        ledger.settle([("a", NOON + 2 * MINUTE)])
        assert [one.number for one in ledger.complete()] == [1, 2]
        assert not ledger.loose

    def test_what_a_connector_has_given_is_not_waited_for(self):
        ledger = Ledger()
        ledger.settle([("kafka://news/1", NOON), ("pubsub://news/1", None)])
        assert (ledger.done, ledger.loose) == ({}, Counter())

    def test_a_round_that_comes_again_is_not_counted_again(self):
        ledger = Ledger()
        ledger.enter(receipt(1))
        ledger.complete()
        ledger.enter(receipt(1))
        assert ledger.complete() == []

    def test_the_last_word_on_an_address_holds(self):
        first, second = receipt(1, a={"n": 1}, b={"n": 1}), receipt(2, a={"n": 2})
        assert remembered([first, second]) == {"a": {"n": 2}, "b": {"n": 1}}


class TestWatch:
    def test_a_file_is_read_when_it_has_stood_still_and_again_when_it_has_changed(self):
        new = Source(uri="in/a.jsonl", kind="jsonl", size=5, modified=1.0)
        whole, growing = ready([new], {}, {})
        assert (whole, growing) == ([], {"in/a.jsonl": Seen(5, 1.0)})
        whole, growing = ready([new], {}, growing)
        assert (whole, growing) == ([new], {})
        assert ready([new], {"in/a.jsonl": Seen(5, 1.0)}, {}) == ([], {})
        longer = Source(uri="in/a.jsonl", kind="jsonl", size=9, modified=2.0)
        assert ready([longer], {"in/a.jsonl": Seen(5, 1.0)}, {})[1] == {"in/a.jsonl": Seen(9, 2.0)}

    def test_a_file_that_grows_waits(self):
        looks = [Source(uri="a.txt", kind="text", size=size, modified=1.0) for size in (1, 2, 3, 3)]
        looked_at: dict[str, Seen] = {}
        read = []
        for look in looks:
            whole, looked_at = ready([look], {}, looked_at)
            read.append(len(whole))
        assert read == [0, 0, 0, 1]

    def test_names_of_files_that_are_being_written_are_passed_over(self):
        found = [Source(uri=f"in/{name}", kind="text", size=1) for name in ("a.txt.part", "b.TMP", "c.txt~")]
        assert ready(found, {}, {}) == ([], {})

    def test_what_is_remembered_of_files_is_read_again(self):
        seen = Seen(5, 1.5)
        memory = {key_of("a"): json.loads(json.dumps(to_json("a", seen))), "feed": {"due": "..."}}
        assert files_from(memory) == {"a": seen}

    def test_an_empty_folder_is_no_error(self, tmp_path: Path):
        assert list_watched([str(tmp_path / "*.jsonl"), str(tmp_path)]) == []
        (tmp_path / "a.jsonl").write_text("{}")
        (tmp_path / "b.pdf").write_text("x")
        assert [Path(one.uri).name for one in list_watched([str(tmp_path)])] == ["a.jsonl"]
        found = {Path(one.uri).name: one.kind for one in list_watched([str(tmp_path / "*"), str(tmp_path)])}
        assert found == {"a.jsonl": "jsonl", "b.pdf": None}, "asked for by name, and so a failure"


class TestEventTime:
    @pytest.mark.parametrize(
        ("published", "expected"),
        [
            (NOON - 20 * MINUTE, NOON - 20 * MINUTE),
            (NOON - 60 * MINUTE, NOON - 60 * MINUTE),
            (NOON - 61 * MINUTE, NOON),
            (datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC), NOON),
            (NOON + datetime.timedelta(days=1), NOON),
            (None, NOON),
        ],
    )
    def test_wild_dates_are_bounded(self, published: datetime.datetime | None, expected: datetime.datetime):
        assert event_time(made("x", date_published=published), 3600) == expected

    def test_a_message_keeps_the_time_of_its_connector(self):
        assert event_time(made("x", url="kafka://news/1", date_published=NOON - 20 * MINUTE), 3600) == NOON

    def test_panes_are_named_by_window(self):
        names = [Pane(NOON, NOON + MINUTE, *given).name("4f0c") for given in ((0, False), (1, True), (0, True))]
        assert names == ["20261122T120000Z_4f0c", "20261122T120000Z_late1_4f0c", "20261122T120000Z_late0_4f0c"]
        assert Pane(NOON, NOON, 0, False).name("4f0c", 1) == "20261122T120000Z_4f0c_again1"

    def test_a_pane_of_articles_that_were_read_when_it_was_closed_is_late(self):
        early, late = (Outcome("article", None, read=NOON + n * MINUTE) for n in (0, 2))
        assert all_late([late], NOON + MINUTE)
        assert not all_late([early, late], NOON + MINUTE)
        assert not all_late([Outcome("receipt", None, read=NOON + 2 * MINUTE)], NOON + MINUTE)


class TestIdentify:
    def test_the_same_again_is_dropped_and_another_text_is_a_version(self):
        first = made("Rain fell on Paris.", url="https://a.test/1", feed_url="https://a.test/rss", headline="Rain")
        met = [reading_of(first)]
        assert identify(first, met, []) is None
        assert identify(first, [], met) is None
        changed = made("Snow fell on Paris.", url="https://a.test/1", feed_url="https://a.test/rss", headline="Rain")
        version = identify(changed, met, [])
        assert version is not None
        assert (version.version, version.version_of) == (2, first.article_id)

    def test_the_dataset_knows_of_which_story_a_version_is(self):
        first = made("Rain fell on Paris.", url="https://a.test/1", feed_url="https://a.test/rss", headline="Rain")
        changed = made("Snow fell on Paris.", url="https://a.test/1", feed_url="https://a.test/rss", headline="Rain")
        reading = reading_of(first)
        version = identify(changed, [reading], [reading._replace(story="s")])
        assert version is not None
        assert version.story_id == "s"


def commit(
    output: Path,
    outcomes: list[Outcome],
    books: Books,
    number: int = 0,
    job: str = "4f0c",
    start: datetime.datetime = NOON,
):
    given = Job(output=str(output), job_id=job, started=NOON)
    pane = Pane(start, start + 15 * MINUTE, number, number > 0)
    history = History(str(output), given.staging_id, 7, 0, NOON.date)
    told = ReportedFailures(str(output), job, given.started)
    return commit_pane(given, pane, outcomes, books, history, Deduplicate(), told)


def kept(one: Article) -> Outcome:
    return Outcome("article", AnnotatedArticle(article=one), one.source, one.date_fetched)


def rows(output: Path, table: str = "articles") -> list[dict[str, object]]:
    paths = sorted(output.glob(f"{table}/**/*.parquet"))
    return [row for path in paths for row in pq.ParquetFile(path).read().to_pylist()]


class TestCommit:
    def test_a_pane_is_committed_with_what_may_be_remembered(self, tmp_path: Path):
        one, other = (made(text, url=f"https://a.test/{text[:4]}") for text in ("Rain fell.", "Snow fell."))
        failure = failure_from(BadRecord(Reason.NO_TEXT, "none"), stage="parse", source="a#3")
        slip = Receipt(
            number=1,
            read=NOON,
            sources=(one.source, other.source, "a#3", "a#4"),
            memory={"k": {"due": "2026-11-22T12:10:00+00:00"}},
            counts={"addresses": 1},
        )
        outcomes = [kept(one), Outcome("failure", failure, "a#3"), Outcome("receipt", slip, read=NOON)]
        outcomes.append(Outcome("duplicate", "same_article", "a#4", NOON))
        run, books = commit(tmp_path, outcomes, Books(Ledger(), Counter()))
        assert run is not None
        assert (run.run_id, run.state) == ("20261122T120000Z_4f0c", "committed")
        assert run.counts == {
            "inputs": 3, "articles": 1, "articles.not_extracted": 1, "failures": 1, "failures.no_text": 1,
            "duplicates": 1, "duplicates.same_article": 1, "addresses": 1,
        }  # fmt: skip
        assert snapshot.read(str(tmp_path)) == {}
        run, books = commit(tmp_path, [kept(other)], books, number=1)
        assert run is not None
        assert run.pane["late"]
        assert snapshot.read(str(tmp_path)) == {"k": {"due": "2026-11-22T12:10:00+00:00"}}
        assert books.ledger.waiting == 0
        assert {row["text"] for row in rows(tmp_path)} == {"Rain fell.", "Snow fell."}
        assert not list((tmp_path / "_dateline" / "staging").glob("*/*"))

    def test_a_pane_without_rows_commits_the_memory_alone(self, tmp_path: Path):
        slip = Receipt(number=1, read=NOON, sources=(), memory={"k": {"n": 1}}, counts={"addresses": 2})
        run, books = commit(tmp_path, [Outcome("receipt", slip, read=NOON)], Books(Ledger(), Counter()))
        assert run is None
        assert snapshot.read(str(tmp_path)) == {"k": {"n": 1}}
        assert list_runs(str(tmp_path)) == []
        run, _ = commit(tmp_path, [kept(made("Rain fell."))], books)
        assert run is not None
        assert run.counts["addresses"] == 2

    def test_a_pane_that_comes_again_adds_only_what_is_new(self, tmp_path: Path):
        one, other = (made(text, url=f"https://a.test/{text[:4]}") for text in ("Rain fell.", "Snow fell."))
        commit(tmp_path, [kept(one)], Books(Ledger(), Counter()))
        commit(tmp_path, [kept(one)], Books(Ledger(), Counter()))
        commit(tmp_path, [kept(one), kept(other)], Books(Ledger(), Counter()))
        assert sorted(str(row["text"]) for row in rows(tmp_path)) == ["Rain fell.", "Snow fell."]

    def test_another_job_never_replaces_the_same_window(self, tmp_path: Path):
        for job, text in (("4f0c", "Rain fell."), ("9a3b", "Snow fell.")):
            commit(tmp_path, [kept(made(text))], Books(Ledger(), Counter()), job=job)
        assert len(rows(tmp_path)) == 2

    def test_a_failure_that_a_killed_job_has_told_of_is_not_told_again(self, tmp_path: Path):
        old, new = (
            Outcome("failure", failure_from(BadRecord(Reason.NO_TEXT, "none"), stage="parse", source=source), source)
            for source in ("a.jsonl#3", "a.jsonl#4")
        )
        commit(tmp_path, [old], Books(Ledger(), Counter()))
        run, _ = commit(tmp_path, [old, new], Books(Ledger(), Counter()), job="9a3b")
        assert run is not None
        assert run.counts == {
            "inputs": 2, "failures": 1, "failures.no_text": 1, "duplicates": 1, "duplicates.already_in_dataset": 1
        }  # fmt: skip
        assert sorted(str(row["source"]) for row in rows(tmp_path, "failures")) == ["a.jsonl#3", "a.jsonl#4"]
        commit(tmp_path, [old, new], Books(Ledger(), Counter()), job="9a3b")  # after a lost answer
        assert len(rows(tmp_path, "failures")) == 2

    def test_what_fails_again_in_the_same_job_or_later_is_news(self, tmp_path: Path):
        failure = failure_from(BadRecord(Reason.NO_TEXT, "none"), stage="parse", source="a.jsonl#3")
        again = Outcome("failure", failure, "a.jsonl#3")
        commit(tmp_path, [again], Books(Ledger(), Counter()))
        commit(tmp_path, [again], Books(Ledger(), Counter()), start=NOON + 15 * MINUTE)
        commit(tmp_path, [again], Books(Ledger(), Counter()), job="9a3b", start=NOON + 90 * MINUTE)
        assert len(rows(tmp_path, "failures")) == 3

    def test_what_was_told_days_before_a_job_was_killed_is_news(self, tmp_path: Path):
        failure = failure_from(BadRecord(Reason.NO_TEXT, "none"), stage="parse", source="https://a.test/rss")
        again = Outcome("failure", failure, failure.source)
        commit(tmp_path, [again], Books(Ledger(), Counter()), start=NOON - 2 * 1440 * MINUTE)
        commit(tmp_path, [kept(made("Rain fell."))], Books(Ledger(), Counter()), start=NOON - 60 * MINUTE)
        commit(tmp_path, [again], Books(Ledger(), Counter()), job="9a3b")
        assert len(rows(tmp_path, "failures")) == 2

    def test_copies_point_back_over_windows(self, tmp_path: Path):
        text = LONG.format(day="Monday", place="Rosen")
        first, again = made(text, url="https://a.test/1"), made(text + "Rain.", url="https://b.test/1")
        commit(tmp_path, [kept(first)], Books(Ledger(), Counter()))
        commit(tmp_path, [kept(again)], Books(Ledger(), Counter()), number=1)
        found = {str(row["url"]): row for row in rows(tmp_path)}
        assert found["https://b.test/1"]["duplicate_of"] == first.article_id
        assert found["https://b.test/1"]["story_id"] == first.article_id

    def test_a_commit_that_was_cut_short_is_finished_by_the_next_attempt(self, tmp_path: Path, monkeypatch):
        one = made("Rain fell.")
        with monkeypatch.context() as broken:
            broken.setattr(runs, "write_run", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
            with pytest.raises(OSError, match="disk full"):
                commit(tmp_path, [kept(one)], Books(Ledger(), Counter()))
        commit(tmp_path, [kept(one)], Books(Ledger(), Counter()))
        assert len(rows(tmp_path)) == 1
        assert [run.state for run in list_runs(str(tmp_path))] == ["committed"]

    def test_a_dataset_is_looked_at_again_when_that_is_asked_for(self, tmp_path: Path):
        one = made("Rain fell.", url="https://a.test/1")
        history = History(str(tmp_path), "stream_x", 7, 600, NOON.date)
        assert [len(readings) for readings in recall([one], history).values()] == [0]
        commit(tmp_path, [kept(one)], Books(Ledger(), Counter()))
        assert [len(readings) for readings in recall([one], history).values()] == [0]
        history.look_again()
        assert [len(readings) for readings in recall([one], history).values()] == [1]

    def test_the_dataset_is_asked_for_what_earlier_jobs_committed(self, tmp_path: Path):
        one = made("Rain fell.", url="https://a.test/1")
        nowhere = made("Hail fell.")
        commit(tmp_path, [kept(one), kept(nowhere)], Books(Ledger(), Counter()))
        history = History(str(tmp_path), "stream_x", 7, 600, NOON.date)
        found = recall([one, nowhere, made("New.", url="https://a.test/2")], history)
        assert sorted(len(readings) for readings in found.values()) == [0, 1, 1]


class TestEnd:
    def test_of_two_jobs_the_one_that_began_last_writes(self, tmp_path: Path):
        output = str(tmp_path)
        assert not is_taken_over(output, "4f0c")
        take_over(output, "4f0c")
        assert not is_taken_over(output, "4f0c")
        take_over(output, "9a3b")
        assert (owner_of(output), is_taken_over(output, "4f0c"), is_taken_over(output, "9a3b")) == ("9a3b", True, False)

    def test_a_job_says_that_it_goes_on(self, tmp_path: Path):
        output = str(tmp_path)
        assert read_heartbeat(output, "4f0c") == 0
        write_heartbeat(output, "4f0c", 7)
        write_heartbeat(output, "9a3b", 2)
        assert (read_heartbeat(output, "4f0c"), read_heartbeat(output, "9a3b")) == (7, 2)
        clear_control_files(output)
        assert (read_heartbeat(output, "4f0c"), read_heartbeat(output, "9a3b")) == (0, 0)

    def test_what_streams_have_said_is_forgotten_when_the_next_begins(self, tmp_path: Path):
        output = str(tmp_path)
        request_stop(output)
        mark_drained(output, "4f0c")
        assert is_stop_requested(output)
        assert [is_drained(output, job) for job in ("4f0c", "9a3b")] == [True, False]
        clear_control_files(output)
        assert not is_stop_requested(output)
        assert not is_drained(output, "4f0c")

    @pytest.mark.parametrize(("owner", "texts"), [("", ["Rain fell."]), ("4f0c", ["Rain fell."]), ("9a3b", [])])
    def test_a_job_that_was_followed_by_another_commits_no_more_and_still_says_its_end(
        self, owner: str, texts: list[str], tmp_path: Path
    ):
        if owner:
            take_over(str(tmp_path), owner)
        job = Job(output=str(tmp_path), job_id="4f0c", started=NOON)
        pane = Pane(NOON, NOON + 15 * MINUTE, 0, False)
        outcomes = [kept(made("Rain fell.")), Outcome("end", None, read=NOON)]
        with TestPipeline(runner=RUNNER) as p:
            _ = p | beam.Create([(0, (pane, outcomes))]) | CommitPanes(job, Deduplicate())
        assert [row["text"] for row in rows(tmp_path)] == texts
        assert is_drained(str(tmp_path), "4f0c")
