"""A run that hangs is ended, says where it hung, and leaves nothing behind."""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import psutil
import pytest

from benchmarks.kills import command
from pipeline.monitoring.watchdog import Limits
from transforms.write import list_runs

SLEEPING_MODEL = """
    import sys, time
    from pipeline.monitoring import watchdog
    from pipeline.cli import main
    from transforms.extract import extract

    def annotate(articles, nlp, piece_chars):
        {how}

    extract.annotate = annotate
    watchdog.GRACE_SECONDS = 1
    sys.exit(main(sys.argv[1:]))
"""
LIMIT = "0.2"
"""Minutes: long enough for a run of one article to get to where it hangs."""


@pytest.fixture
def pipe_without_end(tmp_path: Path) -> Path:
    """A file that never gives a byte, as of a server for files that has gone away."""
    os.mkfifo(tmp_path / "never.txt")
    return tmp_path / "never.txt"


def run(arguments: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(arguments, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize(("workers", "limit"), [(1, "max_minutes"), (2, "stalled_minutes")])
def test_a_run_that_hangs_is_ended(pipe_without_end: Path, workers: int, limit: str) -> None:
    folder = pipe_without_end.parent
    metrics = folder / "metrics.json"
    limits = ["--set", f"{limit}={LIMIT}", "--set", f"workers={workers}", "--metrics", str(metrics)]
    done = run(command(pipe_without_end, folder / "out", *limits))
    assert done.returncode == 5, done.stderr
    assert f"({limit}: {LIMIT})" in done.stderr
    assert "transforms/read/" in done.stderr  # where it hung
    assert "Traceback" not in done.stderr
    assert not list(folder.glob("out/**/*.parquet"))
    assert [found.state for found in list_runs(str(folder / "out"))] == ["started"]
    written = json.loads(metrics.read_text())
    assert (written["exit_code"], written["committed"], limit in written["error"]) == (5, False, True)
    assert not [one for one in psutil.process_iter(["cmdline"]) if str(folder) in " ".join(one.info["cmdline"] or [])]


def test_the_same_command_does_it_over(pipe_without_end: Path) -> None:
    folder = pipe_without_end.parent
    arguments = command(pipe_without_end, folder / "out", "--set")
    assert run([*arguments, f"max_minutes={LIMIT}"]).returncode == 5
    pipe_without_end.unlink()
    pipe_without_end.write_text("LIMA, Peru - Rain fell for three days, officials said.")
    assert run([*arguments, "max_minutes=5"]).returncode == 0


def sleeping(folder: Path, how: str, *settings: str) -> subprocess.CompletedProcess[str]:
    """A run whose model does not come back."""
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
    assert "done until then: 1 parsed" in done.stderr
    assert "transforms/extract/extract.py" in done.stderr


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
    assert "in annotate" in done.stderr


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
