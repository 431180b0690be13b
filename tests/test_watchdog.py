"""A run that hangs is ended, says where it hung, and leaves nothing behind."""

import collections
import concurrent.futures
import json
import os
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import psutil
import pytest

from benchmarks.kills import command
from pipeline.monitoring.watchdog import Limits
from transforms.dataset import list_runs
from transforms.http.rate_limit import wait
from transforms.progress import FOLDER_VARIABLE, read_progress
from transforms.read.visit_hosts import Bundle

SLEEPING_MODEL = """
    import sys, time
    from pipeline.monitoring import watchdog
    from pipeline.cli import main
    from transforms import annotate

    def read_articles(articles, nlp, piece_chars):
        {how}

    annotate.read_articles = read_articles
    watchdog.GRACE_SECONDS = 1
    sys.exit(main(sys.argv[1:]))
"""
LIMIT = "0.2"
"""Minutes: long enough for a run of one article to get to where it hangs."""


HANGING_DISK = """
    import os, time
    opened = os.open

    def hang(path, *more, **named):
        if str(path).endswith("never.txt") and os.path.getsize(path) == 5:
            time.sleep(600)
        return opened(path, *more, **named)

    os.open = hang
"""


@pytest.fixture
def file_without_end(tmp_path: Path) -> Path:
    """Return a file that never gives a byte, as of a server for files that has gone away."""
    (tmp_path / "never.txt").write_text("never")
    (tmp_path / "sitecustomize.py").write_text(textwrap.dedent(HANGING_DISK))
    return tmp_path / "never.txt"


def run(arguments: list[str], site: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command, with a folder from which Python and its workers take their `sitecustomize`."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, [site, Path.cwd()]))} if site else None
    return subprocess.run(arguments, capture_output=True, text=True, timeout=120, env=env)


@pytest.mark.parametrize(("workers", "limit"), [(1, "max_minutes"), (2, "stalled_minutes")])
def test_a_run_that_hangs_is_ended(file_without_end: Path, workers: int, limit: str) -> None:
    folder = file_without_end.parent
    metrics = folder / "metrics.json"
    limits = ["--set", f"{limit}={LIMIT}", "--set", f"workers={workers}", "--metrics", str(metrics)]
    done = run(command(file_without_end, folder / "out", *limits), folder)
    assert done.returncode == 5, done.stderr
    assert f"({limit}: {LIMIT})" in done.stderr
    assert "transforms/files/" in done.stderr  # where it hung
    assert "Traceback" not in done.stderr
    assert not list(folder.glob("out/**/*.parquet"))
    assert [found.state for found in list_runs(str(folder / "out"))] == ["started"]
    written = json.loads(metrics.read_text())
    assert (written["exit_code"], written["committed"], limit in written["error"]) == (5, False, True)
    assert not [one for one in psutil.process_iter(["cmdline"]) if str(folder) in " ".join(one.info["cmdline"] or [])]


def test_the_same_command_does_it_over(file_without_end: Path) -> None:
    folder = file_without_end.parent
    arguments = command(file_without_end, folder / "out", "--set")
    assert run([*arguments, f"max_minutes={LIMIT}"], folder).returncode == 5
    file_without_end.write_text("LIMA, Peru - Rain fell for three days, officials said.")
    assert run([*arguments, "max_minutes=5"]).returncode == 0


def sleeping(folder: Path, how: str, *settings: str) -> subprocess.CompletedProcess[str]:
    """Run the command with a model that hangs."""
    (folder / "a.txt").write_text("LIMA, Peru - Rain fell for three days, officials said.")
    script = folder / "sleeping.py"
    script.write_text(textwrap.dedent(SLEEPING_MODEL).format(how=how))
    arguments = command(folder / "a.txt", folder / "out", "--set", f"stalled_minutes={LIMIT}")
    arguments += [part for setting in settings for part in ("--set", setting)]
    env = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    return subprocess.run(
        [sys.executable, str(script), *arguments[3:]], capture_output=True, text=True, timeout=120, env=env
    )


def test_what_was_running_is_said(tmp_path: Path) -> None:
    done = sleeping(tmp_path, "time.sleep(600)")
    assert done.returncode == 5, done.stderr
    assert "done until then: 1 read" in done.stderr
    assert f"in work: annotate of {tmp_path / 'a.txt'}, for " in done.stderr
    assert "transforms/annotate.py" in done.stderr


def test_compiled_code_that_holds_the_interpreter_is_ended_too(tmp_path: Path) -> None:
    endless = 'import re; re.match("(a|a)*b", "a" * 60)'
    done = sleeping(tmp_path, endless)
    assert done.returncode == 5, done.stderr
    assert f"in work: annotate of {tmp_path / 'a.txt'}, for " in done.stderr


def test_without_limits_of_an_article_the_last_resort_ends_the_run(tmp_path: Path) -> None:
    """There the launcher reads the article itself, and no other thread of it can act."""
    endless = 'import re; re.match("(a|a)*b", "a" * 60)'
    done = sleeping(tmp_path, endless, "extract.max_cpu_seconds=0", "extract.max_memory_mb=0")
    assert done.returncode == 1, done.stderr
    assert "Timeout" in done.stderr
    assert "in read_articles" in done.stderr


def test_a_run_in_time_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("LIMA, Peru - Rain fell for three days, officials said.")
    limits = ["--set", "max_minutes=5", "--set", "stalled_minutes=5"]
    assert run(command(tmp_path / "a.txt", tmp_path / "out", *limits)).returncode == 0


@pytest.mark.parametrize(
    ("limits", "running", "stalled", "wrong"),
    [
        (Limits(), 1e9, 1e9, False),
        (Limits(max_minutes=1), 59, 59, False),
        (Limits(max_minutes=1), 61, 0, True),
        (Limits(stalled_minutes=1), 1e9, 59, False),
        (Limits(stalled_minutes=1), 1e9, 61, True),
    ],
)
def test_limits(limits: Limits, running: float, stalled: float, wrong: bool) -> None:
    assert (limits.exceeded(running, stalled) is not None) == wrong


def test_the_last_resort_comes_behind_every_limit() -> None:
    assert Limits(max_minutes=10, stalled_minutes=1).last_resort(0) > 60
    assert Limits(max_minutes=10, stalled_minutes=1).last_resort(599) > 1
    assert Limits(max_minutes=1).last_resort(1000) > 0


def test_waiting_for_a_host_and_asking_it_are_progress(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    monkeypatch.setattr("transforms.progress.INTERVAL_SECONDS", 0.0)
    monkeypatch.setattr("transforms.progress._next_write", 0.0)
    monkeypatch.setattr("transforms.http.rate_limit.NAP_SECONDS", 0.01)
    monkeypatch.setattr("transforms.progress._done", collections.Counter())
    threads = [threading.Thread(target=wait, args=(0.1,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    bundle = Bundle()
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        bundle.begin(pool, lambda: iter("ab"))
        assert list(bundle.results(wait=True)) == ["a", "b"]
    for thread in threads:
        thread.join()
    done = read_progress(tmp_path)
    assert done[".asked"] == 2
    assert done[".waited"] >= 8 * 2
