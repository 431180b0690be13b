"""Fetching within Beam: hosts side by side, state committed with the rows, nothing lost when a run is killed."""

import datetime
import itertools
import time
from collections import Counter
from pathlib import Path
from typing import Any

import apache_beam as beam
import pyarrow.dataset as ds
import pytest
from apache_beam.testing.util import assert_that, equal_to

from pipeline.engines.local import local_runner
from tests.helpers.hostile import Exchange, Server
from tests.helpers.hostile_answers import says
from tests.test_fetch import feed, validated
from tests.test_fetch_pages import PAGE
from transforms.dataset import Run, begin_run, files, read_run
from transforms.dataset import memory as snapshot
from transforms.dataset.commit import roll_forward_all
from transforms.parse.split import UNCHANGED, Split
from transforms.read.memory import read_states, to_remember
from transforms.read.pages import FullText
from transforms.read.read import Read
from transforms.records import Failure, stable_id
from transforms.write import Write

HOSTS = [f"127.0.0.{number}" for number in range(2, 12)]
NOON = datetime.datetime(2026, 3, 2, 12, tzinfo=datetime.UTC)


@pytest.fixture(scope="module")
def running() -> Server:
    return Server(everywhere=True)


@pytest.fixture
def server(running: Server) -> Server:
    running.answers, running.requests = {}, []
    running.most_open.clear()
    return running


def as_row(item: Any) -> Failure:
    """Return an entry as a row of the simplest table."""
    return Failure(
        failure_id=stable_id(item.content.url), stage="t", reason="t", error="", message="", source=item.content.url
    )


def run_over(
    output: Path, addresses: list[str], *, now: datetime.datetime = NOON, workers: int = 1, **settings: Any
) -> Run:
    """Run the part of the main job for feeds; each entry becomes a row of `failures`."""
    run = begin_run(str(output), [(address, None, None) for address in addresses], now)
    options: dict[str, Any] = {"every_minutes": 0, "host_interval_seconds": 0, "allow_private_addresses": True}
    read = Read(addresses, memory=str(output), **{**options, **settings})
    flags = beam.options.pipeline_options.PipelineOptions([f"--direct_num_workers={workers}"])
    with beam.Pipeline(runner=local_runner(workers), options=flags) as p:
        found = p | "Read" >> read
        split = found.documents | "Split" >> Split()
        rows = split.items | "Rows" >> beam.Map(as_row)
        counts = (
            found.outcomes | "Outcomes" >> beam.Map(lambda asked: (asked.outcome, 1)),
            found.failures | "Failures" >> beam.Map(lambda failure: (f"failed.{failure.reason}", 1)),
            split[UNCHANGED] | "Unchanged" >> beam.Map(lambda _: ("unchanged", 1)),
        ) | "Counts" >> beam.Flatten()
        memory = found.outcomes | "Remember" >> beam.FlatMap(to_remember)
        {"failures": rows, "counts": counts, "memory": memory} | "Write" >> Write(
            output=str(output), run=run, shards=1, only=("failures",)
        )
    return read_run(str(output), run.run_id)


def links(output: Path) -> Counter[str]:
    """Entry -> how often it is in the dataset."""
    return Counter(ds.dataset(output / "failures", format="parquet").to_table()["source"].to_pylist())


def at(server: Server, *paths: str) -> list[str]:
    return [f"http://{path.replace('/', f':{server.port}/', 1)}" for path in paths]


def test_what_a_run_gives_is_not_given_again(server: Server, tmp_path: Path) -> None:
    addresses = at(server, "127.0.0.2/a", "127.0.0.2/b", "127.0.0.3/c", "127.0.0.3/missing")
    server.answers.update({"/a": validated(feed("a1", "a2")), "/b": says(body=feed("b1")), "/c": says(body=feed("c1"))})
    first = run_over(tmp_path, addresses)
    assert first.counts == {"new": 3, "failed": 1, "failed.fetch_failed": 1}
    assert set(links(tmp_path).values()) == {1}
    server.answers.update({"/c": says(body=feed("c2", "c1"))})
    second = run_over(tmp_path, addresses[:3], now=NOON + datetime.timedelta(hours=1))
    assert second.counts == {"not_modified": 2, "new": 1, "unchanged": 1}
    assert links(tmp_path) == {f"https://news.test/{name}": 1 for name in ("a1", "a2", "b1", "c1", "c2")}
    assert len(snapshot.paths(str(tmp_path))) == 1


def test_a_run_without_news_leaves_no_files_behind(server: Server, tmp_path: Path) -> None:
    addresses = at(server, "127.0.0.2/a")
    server.answers["/a"] = says(body=feed("a"))
    run_over(tmp_path, addresses)
    second = run_over(tmp_path, addresses, now=NOON + datetime.timedelta(hours=1))
    assert second.counts == {"not_modified": 1}
    assert second.files == ()
    assert len(list(tmp_path.rglob("*.parquet"))) == 1


def test_what_is_not_due_is_not_asked(server: Server, tmp_path: Path) -> None:
    addresses = at(server, "127.0.0.2/a", "127.0.0.3/gone")
    server.answers.update({"/a": says(body=feed("a")), "/gone": says(410)})
    run_over(tmp_path, addresses, every_minutes=10.0)
    second = run_over(tmp_path, addresses, now=NOON + datetime.timedelta(hours=1), every_minutes=10.0)
    assert second.counts == {"not_due": 1, "gone": 1}
    third = run_over(tmp_path, addresses, now=NOON + datetime.timedelta(hours=2), remember=False)
    assert third.counts == {"new": 1, "gone": 1, "failed.gone": 1}
    assert len(server.requests) == 4


def test_a_run_that_dies_before_its_commit_is_as_if_it_had_not_been(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses = at(server, "127.0.0.2/a")
    server.answers["/a"] = validated(feed("a1"))
    run_over(tmp_path, addresses)
    server.answers["/a"] = validated(feed("a2", "a1"))
    with monkeypatch.context() as patch:
        patch.setattr("transforms.dataset.commit.write_manifest", _no_power)
        with pytest.raises(Exception, match="power"):
            run_over(tmp_path, addresses, now=NOON + datetime.timedelta(hours=1))
    again = run_over(tmp_path, addresses, now=NOON + datetime.timedelta(hours=2))
    assert again.counts == {"new": 1, "unchanged": 1}
    assert set(links(tmp_path).values()) == {1}
    assert len(links(tmp_path)) == 2


def _no_power(*_: Any) -> None:
    raise RuntimeError("no power")


def test_rows_come_before_what_is_remembered(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    addresses = at(server, "127.0.0.2/a")
    server.answers["/a"] = validated(feed("a1"))
    real, done = files.replace, []

    def stop_at_the_snapshot(source: str, target: str, *, size: int) -> None:
        if "/memory/" in target:
            done.append(len(list((tmp_path / "failures").rglob("*.parquet"))))
            raise RuntimeError("no power")
        real(source, target, size=size)

    with monkeypatch.context() as patch:
        patch.setattr(files, "replace", stop_at_the_snapshot)
        with pytest.raises(Exception, match="power"):
            run_over(tmp_path, addresses)
    assert done == [1]
    assert dict(read_states(str(tmp_path))) == {}
    roll_forward_all(str(tmp_path))
    assert len(dict(read_states(str(tmp_path)))) == 1
    assert links(tmp_path) == {"https://news.test/a1": 1}


def test_hosts_are_asked_side_by_side_and_each_at_its_pace(server: Server, tmp_path: Path) -> None:
    def slow(exchange: Exchange) -> None:
        time.sleep(0.2)
        exchange.reply(body=feed(f"{exchange.host}{exchange.target}"))

    server.answers["/slow"] = slow
    addresses = at(server, *(f"{host}/slow?{number}" for host in HOSTS for number in range(3)))
    began = time.monotonic()
    run = run_over(tmp_path, addresses, host_interval_seconds=0.3)
    took = time.monotonic() - began
    assert run.counts == {"new": 30}
    assert max(server.most_open.values()) == 1
    for host in HOSTS:
        times = [request.at for request in server.requests if request.host.startswith(f"{host}:")]
        assert len(times) == 3
        assert min(later - earlier for earlier, later in itertools.pairwise(times)) >= 0.5
    assert took < 6, "one after the other it would be 12 s"


def test_two_workers(server: Server, tmp_path: Path) -> None:
    server.answers["/a"] = lambda exchange: exchange.reply(body=feed(f"{exchange.host}-{exchange.target[3:]}"))
    addresses = at(server, *(f"{host}/a?{number}" for host in HOSTS for number in range(2)), "127.0.0.2/missing")
    run = run_over(tmp_path, addresses, workers=2)
    assert run.counts == {"new": 20, "failed": 1, "failed.fetch_failed": 1}
    assert set(links(tmp_path).values()) == {1}
    assert len(links(tmp_path)) == 20
    assert max(server.most_open.values()) == 1


def test_the_pages_of_a_host_are_asked_one_after_the_other_by_two_workers(server: Server, tmp_path: Path) -> None:
    def list_pages(exchange: Exchange) -> None:
        links = (f"http://{host}:{server.port}/page?{exchange.host}-{n}" for host in HOSTS[:3] for n in range(2))
        items = "".join(f"<item><title>{link}</title><link>{link}</link></item>" for link in links)
        exchange.reply(body=f"<rss><channel>{items}</channel></rss>".encode())

    server.answers.update({"/feed": list_pages, "/page": says(200, "Content-Type: text/html", body=PAGE)})
    addresses = at(server, *(f"{host}/feed" for host in HOSTS[:3]))
    flags = beam.options.pipeline_options.PipelineOptions(["--direct_num_workers=2"])
    with beam.Pipeline(runner=local_runner(2), options=flags) as p:
        read = Read(addresses, full_text=True, allow_private_addresses=True, host_interval_seconds=0.2)
        items = (p | read).documents | Split()
        pages = (items.items | FullText(read)).items | beam.Map(lambda item: item.page is not None)
        assert_that(pages, equal_to([True] * 18))
    for host in HOSTS[:3]:
        asked = [one for one in server.requests if one.host.startswith(f"{host}:") and "/page" in one.target]
        assert len(asked) == 6
        assert min(later.at - earlier.at for earlier, later in itertools.pairwise(asked)) >= 0.2
    assert max(server.most_open.values()) == 1


def test_a_private_address_is_a_failure_by_default(server: Server, tmp_path: Path) -> None:
    run = run_over(tmp_path, at(server, "127.0.0.2/a"), allow_private_addresses=False)
    assert run.counts == {"failed": 1, "failed.unsafe_address": 1}
    assert server.requests == []


def test_jsonl_is_read_as_it_comes(server: Server, tmp_path: Path) -> None:
    line = b'{"text": "%s"}\n' % (b"x" * 500)
    server.answers["/a.jsonl"] = says(body=line * 4000)
    run = begin_run(str(tmp_path), [], NOON)
    with beam.Pipeline(runner=local_runner(1)) as p:
        found = p | Read(at(server, "127.0.0.2/a.jsonl"), allow_private_addresses=True, max_bytes=100_000)
        lines = found.documents | beam.Map(lambda document: document.content.count(b"{"))
        assert_that(lines | beam.CombineGlobally(sum), equal_to([4000]), label="lines")
    assert run.state == "started"
