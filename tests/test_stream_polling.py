"""Rounds of a stream, and its settings."""

import datetime
from pathlib import Path

import pytest

from tests.test_stream import NOON
from transforms.dataset import files
from transforms.formats.known import split
from transforms.limits import Budget
from transforms.stream import Read, Stream
from transforms.stream.connectors import Kafka, PubSub, to_document
from transforms.stream.folder_watch import files_from
from transforms.stream.follow import followed, list_watched
from transforms.stream.outcomes import Outcome
from transforms.stream.polling import Progress, Reader, due, read_round


class TestRounds:
    def test_a_round_reads_whole_files_and_gives_a_receipt(self, tmp_path: Path):
        path = tmp_path / "a.jsonl"
        path.write_text('{"text": "Rain fell."}\n{"text": "Snow fell."}\n')
        (tmp_path / "b.txt").write_text("")
        found = list_watched([str(tmp_path)])
        reader = Reader(Read(inputs=[str(tmp_path)]), Budget())
        results, after = read_round(reader, Progress(), [], found, NOON + datetime.timedelta(microseconds=1234))
        reader.close()
        last = results[-1]
        assert isinstance(last, Outcome)
        slip = last.value
        assert slip.read == NOON + datetime.timedelta(milliseconds=1)
        assert slip.sources == (f"{path}#1", f"{path}#2", str(tmp_path / "b.txt"))
        assert [one.kind for one in results if isinstance(one, Outcome)] == ["failure", "receipt"]
        assert after.round == 1
        assert set(after.files) == {str(path), str(tmp_path / "b.txt")}
        assert files_from(slip.memory) == after.files

    def test_feeds_are_due_as_they_are_for_a_run(self):
        assert [task.address for task in due(["https://a.test"], Progress(), NOON)] == ["https://a.test"]

    def test_addresses_are_told_from_what_is_watched(self):
        assert followed(["https://a.test/rss", "in/*.jsonl", "nowhere"]) == (
            ["https://a.test/rss"],
            ["in/*.jsonl", "nowhere"],
        )


class TestSettings:
    def test_what_is_remembered_must_outlast_a_window(self):
        with pytest.raises(ValueError, match=r"remember_hours: got 1\.0; expected at least 2\.8"):
            Stream(remember_hours=1.0)

    def test_times_are_times(self):
        with pytest.raises(ValueError, match="window_minutes: got 0"):
            Stream(window_minutes=0)

    def test_connectors_are_off_unless_they_are_named(self):
        assert not Kafka().is_on
        assert not PubSub().is_on
        with pytest.raises(ValueError, match=r"kafka\.topic"):
            Kafka(topic="news")
        with pytest.raises(ValueError, match="projects/<project>/subscriptions/<name>"):
            PubSub(subscription="news")

    @pytest.mark.parametrize(
        ("message", "kinds"),
        [
            (b'{"text": "Rain fell."}\n{"text": "Snow fell."}', ["json", "json"]),
            (b"<!doctype html><html><body><p>Rain</p></body></html>", ["html"]),
            (b"<rss version='2.0'><channel><item><title>Rain</title></item></channel></rss>", ["entry"]),
            (b"Rain fell on Monday.", ["text"]),
        ],
    )
    def test_a_message_is_what_its_first_bytes_say(self, message: bytes, kinds: list[str]):
        document = to_document(message, "kafka://news", 1_000_001_500)
        assert [item.kind for item in split(document)] == kinds
        assert document.uri.startswith("kafka://news/")
        assert document.fetched.timestamp() == 1000.001

    def test_staged_files_of_jobs_that_were_killed_are_taken_away(self, tmp_path: Path):
        from transforms.stream.commit import clean_staging

        draft = tmp_path / "_dateline" / "staging" / "20261122T120000Z_4f0c" / "x.staged"
        draft.parent.mkdir(parents=True)
        draft.write_text("x")
        clean_staging(str(tmp_path))
        assert not draft.exists()
        assert files.list_files(str(tmp_path / "**" / "*.staged")) == []
