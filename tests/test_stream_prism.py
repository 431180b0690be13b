"""`dateline stream` as a user starts it, on Prism: killed, started again, and drained; nothing lost, nothing twice."""

import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
import yaml

from benchmarks.soak import account, configuration
from benchmarks.soak_web import Web, drop_file, serve
from pipeline.cli import main
from pipeline.commands.windows import line
from pipeline.config import load_settings
from pipeline.engines.ports import prism_location
from pipeline.engines.prism import VARIABLE, check_prism, find_prism
from pipeline.engines.prism_build import CHANGES, BuildError, change
from pipeline.errors import ConfigurationError, Exit
from pipeline.launch.checks import check_engine
from pipeline.launch.stream import DOUBLE_SIGNAL_SECONDS
from tests.helpers.engines import ENVIRONMENT, kill_family
from tests.test_stream import NOON
from transforms.dataset import Run, list_runs
from transforms.dataset import memory as snapshot

try:
    PRISM = check_prism(None, "private")
except ConfigurationError as error:
    PRISM = ""
    WHY = str(error)
else:
    WHY = ""

needs_prism = pytest.mark.skipif(not PRISM, reason=WHY)

SHORT = {
    "window_minutes": 0.1,
    "wait_minutes": 0.05,
    "oldest_minutes": 1,
    "late_minutes": 0.02,
    "remember_hours": 0.1,
    "check_seconds": 0.5,
}


def settings(folder: Path, port: int, feeds: int, runner: str = "PrismRunner") -> Path:
    """Return the soak's configuration with windows of six seconds, and feeds polled every two."""
    path = configuration(folder, port, feeds)
    tree = yaml.safe_load(path.read_text())
    tree["runner"] = runner
    if runner == "FlinkRunner":
        tree["listen"] = "network"  # it follows feeds
    tree["stream"] = SHORT
    tree["read"]["every_minutes"] = 1 / 30
    path.write_text(yaml.safe_dump(tree))
    return path


class Stream:
    """The command, and what it prints."""

    def __init__(self, config: Path, log: Path, *flags: str) -> None:
        self.log = log
        command = [sys.executable, "-m", "pipeline", "stream", str(config), *(["--", *flags] if flags else [])]
        self.process = subprocess.Popen(command, stdout=log.open("wb"), stderr=subprocess.STDOUT, env=ENVIRONMENT)

    def wait_for(self, there: Callable[[], bool], web: Web | None = None, seconds: float = 90) -> None:
        deadline = time.monotonic() + seconds
        while not there():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            if web is not None:
                web.live()
            time.sleep(0.1)

    def end(self) -> None:
        """Kill the stream and the processes that it has started."""
        kill_family(self.process)


def commits(output: Path) -> int:
    return len([run for run in list_runs(str(output)) if run.state == "committed"])


def assert_right(web: Web, dropped: list[str], output: Path) -> None:
    """Nothing that was sent or dropped is missing in the dataset, nothing in it twice."""
    found = account(web, dropped, output)
    wrong = {name: found[name] for name in ("rows doubled", "article ids twice", "entities without article")}
    assert wrong == dict.fromkeys(wrong, 0)
    assert (found["stories lost"], found["of them lost"]) == ([], [])
    assert (found["of them not told"], found["of them told twice"]) == ([], 0)
    assert len(web.sent) > 15
    assert found["inputs"] == found["articles + duplicates + failures"]


@needs_prism
def test_a_stream_that_is_killed_and_started_again_loses_nothing_and_doubles_nothing(tmp_path: Path):
    (tmp_path / "dropped").mkdir()
    output = tmp_path / "out"
    web = Web(3, 2.0, seed=5)
    web.faulty = False
    config = settings(tmp_path, serve(web), 3)
    killed = Stream(config, tmp_path / "killed.log")
    try:
        killed.wait_for(lambda: commits(output) >= 2, web)
        prism = psutil.Process(killed.process.pid).children()
        killed.process.kill()
        killed.process.wait()
        dropped = drop_file(tmp_path / "dropped", 1, web)
        before = commits(output)
        stream = Stream(config, tmp_path / "stream.log")
        try:
            stream.wait_for(lambda: commits(output) >= before + 3, web)
            assert not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in prism)
            stream.process.send_signal(signal.SIGTERM)
            assert stream.process.wait(60) == Exit.DONE
        finally:
            stream.end()
    finally:
        killed.end()
    assert_right(web, dropped, output)
    said = (tmp_path / "stream.log").read_text()
    assert re.search(r"inputs = [\d,]+ articles \(\d+ late\) \+ [\d,]+ duplicates \+ 1 failures", said), said
    assert "Traceback" not in said
    assert not (output / "_dateline" / "stop").exists()
    assert not list((output / "_dateline" / "staging").glob("*/*"))
    assert len([values for values in snapshot.read(str(output)).values() if "due" in values]) == 3


@needs_prism
def test_a_stream_that_hangs_ends_itself_and_the_next_start_goes_on(tmp_path: Path):
    (tmp_path / "dropped").mkdir()
    output = tmp_path / "out"
    web = Web(2, 2.0, seed=5)
    web.faulty = False
    config = settings(tmp_path, serve(web), 2)
    tree = yaml.safe_load(config.read_text())
    tree["stream"] = {**SHORT, "stalled_minutes": 0.5}
    config.write_text(yaml.safe_dump(tree))
    hung = Stream(config, tmp_path / "hung.log")
    try:
        hung.wait_for(lambda: commits(output) >= 2 and bool(list((output / "_dateline").glob("alive_*"))), web)
        (prism,) = [one for one in psutil.Process(hung.process.pid).children() if one.name() == "prism"]
        prism.suspend()
        assert hung.process.wait(90) == Exit.HUNG, hung.log.read_text()
    finally:
        hung.end()
    said = hung.log.read_text()
    assert "(stalled_minutes: 0.5)" in said
    assert "looks at the sources" in said
    assert "Traceback" not in said
    assert not prism.is_running() or prism.status() == psutil.STATUS_ZOMBIE
    before = commits(output)
    stream = Stream(config, tmp_path / "stream.log")
    try:
        stream.wait_for(lambda: commits(output) >= before + 2, web)
        stream.process.send_signal(signal.SIGTERM)
        assert stream.process.wait(60) == Exit.DONE
    finally:
        stream.end()
    assert_right(web, [], output)
    assert not list((output / "_dateline").glob("alive_*"))


@needs_prism
def test_a_second_interrupt_ends_it_at_once(tmp_path: Path):
    (tmp_path / "dropped").mkdir()
    web = Web(1, 2.0, seed=5)
    stream = Stream(settings(tmp_path, serve(web), 1), tmp_path / "stream.log")
    try:
        stream.wait_for(lambda: bool(web.sent), web)
        # A round that waits for a feed, and asks it once more, keeps the drain from ending before the second signal.
        web.fault = lambda: "silent"  # type: ignore[method-assign]
        stream.wait_for(lambda: web.faults["no answer in time"] > 0)
        stream.process.send_signal(signal.SIGINT)
        stream.wait_for(lambda: "draining" in stream.log.read_text())
        time.sleep(DOUBLE_SIGNAL_SECONDS)
        stream.process.send_signal(signal.SIGINT)
        assert stream.process.wait(20) == Exit.INTERRUPTED
    finally:
        stream.end()
    assert "the next start goes on" in stream.log.read_text()


@needs_prism
def test_a_signal_that_comes_twice_at_once_drains(tmp_path: Path):
    (tmp_path / "dropped").mkdir()
    web = Web(1, 2.0, seed=5)
    stream = Stream(settings(tmp_path, serve(web), 1), tmp_path / "stream.log")
    try:
        stream.wait_for(lambda: bool(web.sent), web)
        stream.process.send_signal(signal.SIGTERM)
        stream.wait_for(lambda: "draining" in stream.log.read_text())
        stream.process.send_signal(signal.SIGTERM)
        assert stream.process.wait(60) == Exit.DONE
    finally:
        stream.end()


def test_who_stops_a_stream_that_is_not_there_is_told_so(tmp_path: Path, capsys):
    assert main(["stream", "configs/stream.yaml", "--stop", "--output", str(tmp_path / "out")]) == Exit.CONFIGURATION
    assert "expected a dataset that a stream writes into" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    (tmp_path / "out" / "_dateline").mkdir(parents=True)
    assert main(["stream", "configs/stream.yaml", "--stop", "--output", str(tmp_path / "out")]) == Exit.DONE
    assert "No process on this machine writes into it" in capsys.readouterr().out


@needs_prism
def test_a_stream_stops_when_it_is_asked_from_elsewhere(tmp_path: Path, capsys):
    (tmp_path / "dropped").mkdir()
    web = Web(1, 2.0, seed=5)
    config = settings(tmp_path, serve(web), 1)
    stream = Stream(config, tmp_path / "stream.log")
    try:
        stream.wait_for(lambda: bool(web.sent), web)
        assert main(["stream", str(config)]) == Exit.BUSY
        assert "expected a dataset that no other run writes into" in capsys.readouterr().err
        assert main(["stream", str(config), "--stop"]) == Exit.DONE
        assert stream.process.wait(60) == Exit.DONE
    finally:
        stream.end()
    assert account(web, [], tmp_path / "out")["stories lost"] == []


def test_without_prism_it_says_how_to_get_it(monkeypatch, tmp_path: Path):
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(ConfigurationError, match="`dateline prism build`"):
        find_prism()
    (tmp_path / "prism").write_text("")
    assert find_prism() == str(tmp_path / "prism") or not (tmp_path / "prism").stat().st_mode & 0o111
    with pytest.raises(ConfigurationError, match="is not a file"):
        find_prism(str(tmp_path / "nowhere"))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (["runner=DirectRunner"], "this one closes no window"),
        (["read.inputs=[]"], "expected feeds, folders or globs to follow"),
        (["write.shards=2"], "one file for each table and window"),
        (["stream.window_minute=5"], "did you mean 'window_minutes'"),
        (["max_minutes=14"], "max_minutes: got 14.0; expected no value"),
        (["metrics=out/metrics.json"], "metrics: got 'out/metrics.json'; expected no value"),
        (["stalled_minutes=5"], "a stream has stream.stalled_minutes"),
        (["read.inputs=['']"], "a glob in each entry"),
        (["stream.window_minutes=0"], "expected a number above 0"),
        (["kafka.topic=news"], "or neither"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_starts(changes: list[str], said: str, capsys):
    flags = [flag for change in changes for flag in ("--set", change)]
    assert main(["stream", "configs/stream.yaml", *flags]) == Exit.CONFIGURATION
    assert said in capsys.readouterr().err


@needs_prism
def test_the_example_is_right(capsys, tmp_path: Path):
    assert main(["stream", "configs/stream.yaml", "--check", "--output", str(tmp_path / "out")]) == Exit.DONE
    assert "the settings are right" in capsys.readouterr().out
    assert not (tmp_path / "out").exists()


def test_a_commit_is_told_on_a_line():
    pane = {"start": NOON.isoformat(), "end": NOON.replace(minute=15).isoformat(), "index": 1, "late": True}
    run = Run(
        run_id="x", listing="y", started=NOON, counts={"articles": 2}, rows={"entities": 11, "locations": 3}, pane=pane
    )
    assert line(run).split() == ["2026-11-22", "12:00-12:15", "2", "11", "3", "0", "0", "late"]


@needs_prism
def test_a_prism_that_is_killed_ends_the_stream_and_is_named(tmp_path: Path):
    (tmp_path / "dropped").mkdir()
    web = Web(1, 2.0, seed=5)
    config = settings(tmp_path, serve(web), 1)
    stream = Stream(config, tmp_path / "stream.log")
    try:
        stream.wait_for(lambda: bool(web.sent), web)
        for child in psutil.Process(stream.process.pid).children():
            child.kill()
        assert stream.process.wait(60) == Exit.FAILED
    finally:
        stream.end()
    said = stream.log.read_text()
    assert "the stream failed: Prism was killed (SIGKILL)" in said
    assert "Traceback" not in said


@needs_prism
def test_a_stream_that_cannot_write_says_so_and_shows_no_traceback(tmp_path: Path):
    (tmp_path / "dropped").mkdir()
    web = Web(1, 2.0, seed=5)
    output = tmp_path / "out"
    stream = Stream(settings(tmp_path, serve(web), 1), tmp_path / "stream.log")
    try:
        stream.wait_for(lambda: commits(output) >= 1, web)
        output.rename(tmp_path / "gone")
        output.write_text("a file")
        assert stream.process.wait(60) == Exit.FAILED
    finally:
        stream.end()
    said = stream.log.read_text().partition("the stream failed: ")[2]
    assert "NotADirectoryError" in said
    assert said.count("\n") == 2
    assert "Traceback" not in stream.log.read_text()


def program(path: Path, flags: str) -> Path:
    """Return a program whose help names these flags."""
    path.write_text(f"#!/bin/sh\necho '{flags}' >&2\n")
    path.chmod(0o700)
    return path


def test_a_batch_run_looks_for_prism_where_a_stream_does(tmp_path: Path, monkeypatch, capsys):
    ours, other = (program(tmp_path / name, "-job_port int -socket string") for name in ("prism", "other"))
    monkeypatch.setenv(VARIABLE, str(ours))
    for flags, expected in (([], ours), ([f"--prism_location={other}"], other)):
        given = load_settings("configs/prism.yaml", beam_flags=flags)
        check_engine(given)
        assert check_prism(prism_location(given), "private") == str(expected)
    monkeypatch.setenv(VARIABLE, str(tmp_path / "nowhere"))
    for command in ("check", "run"):
        assert main([command, "configs/prism.yaml", "--output", str(tmp_path / "out")]) == Exit.CONFIGURATION
        assert "nowhere' is not a file" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("command", [["check"], ["run"], ["stream", "--check"], ["stream"]])
def test_a_prism_that_listens_on_all_interfaces_is_refused(command, tmp_path: Path, monkeypatch, capsys):
    monkeypatch.setenv(VARIABLE, str(program(tmp_path / "prism", "-job_port int")))
    name, *flags = command
    config = "configs/stream.yaml" if name == "stream" else "configs/prism.yaml"
    assert main([name, config, "--output", str(tmp_path / "out"), *flags]) == Exit.CONFIGURATION
    said = capsys.readouterr().err
    assert "make prism" in said
    assert "listens on all network interfaces" in said
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("location", ["", "https://example.org/prism.zip"])
def test_an_open_prism_must_be_asked_for(location, tmp_path: Path, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(program(tmp_path / "prism", "-job_port int")))
    with pytest.raises(ConfigurationError, match="expected 'network'"):
        check_prism(location, "private")
    assert check_prism(location, "network") == location or str(tmp_path / "prism")


@pytest.mark.parametrize(
    ("content", "mode", "said"),
    [
        ("#!/bin/sh\n", 0o600, "cannot be started: Permission denied"),
        ("no program", 0o700, "cannot be started: Exec format error"),
        ("#!/bin/sh\necho 'panic: nil pointer' >&2; exit 2", 0o700, "-h says 'panic: nil pointer'"),
        ("#!/bin/sh\n", 0o700, "-h says ''"),
    ],
)
@pytest.mark.parametrize("listen", ["private", "network"])
def test_what_is_no_prism_is_refused_for_what_it_is(content, mode, said, listen, tmp_path: Path):
    found = tmp_path / "prism"
    found.write_text(content)
    found.chmod(mode)
    if said.startswith("cannot"):
        said = f"{found} {said}"
    with pytest.raises(ConfigurationError, match=re.escape(said)):
        check_prism(str(found), listen)


def test_a_source_of_prism_that_is_not_as_expected_is_refused(tmp_path: Path):
    for name in {name for name, _, _ in CHANGES}:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("".join(old for file, old, _ in CHANGES if file == name))
    change(tmp_path)
    with pytest.raises(BuildError, match="is not as expected"):
        change(tmp_path)
