"""Work on articles inside limits: the culprit is one failure row, everything else is done."""

import collections
import concurrent.futures
import dataclasses
import itertools
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import apache_beam as beam
import psutil
import pytest

from transforms.failures import FAILURES
from transforms.limits import Budget, Guard, budget, pool
from transforms.limits.child import Request
from transforms.progress import FOLDER_VARIABLE, in_work, read_work


@dataclasses.dataclass
class Double:
    """Doubles numbers; does what a word says."""

    marks: str = ""
    """Folder in which an item that acts once leaves its mark."""
    stage = "test"

    def preload(self) -> None:
        if self.marks == "broken":
            raise ValueError("no such model")
        if self.marks == "leaves":
            signal.signal(signal.SIGCHLD, signal.SIG_IGN)
            sys.exit("bye")

    def setup(self) -> None:
        self.opened = os.getpid()

    def run(self, items):
        assert self.opened == os.getpid()
        return [self._double(item) for item in items]

    def source(self, item):
        return f"item {item}"

    def payload(self, item):
        return str(item)

    def _double(self, item):
        if item == "burn":  # compiled code that never gives the interpreter's lock away
            collections.deque(itertools.repeat(0), maxlen=0)
        if item == "eat":
            return len(bytearray(300_000_000))
        if item == "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        if item == "exit":
            os._exit(3)
        if item == "close":
            os.closerange(3, 256)
            time.sleep(60)
        if item == "fork and burn":  # the fork holds a copy of the connection, for longer than the test lasts
            if os.fork() == 0:
                time.sleep(20)
                os._exit(0)
            collections.deque(itertools.repeat(0), maxlen=0)
        if item == "deaf":
            signal.signal(signal.SIGCHLD, signal.SIG_IGN)
            raise SystemExit("bye")
        if item == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        if item == "killed once":
            mark = Path(self.marks, "mark")
            if not mark.exists():
                mark.touch()
                os.kill(os.getpid(), signal.SIGKILL)
            return "done"
        if item == "sleep":
            time.sleep(60)
        if item == "disk":
            raise sqlite3.DatabaseError("the disk image is malformed")
        if item == "odd":
            raise _Odd("a", "b")
        return item * 2


class _Odd(Exception):
    """Cannot be restored from its pickle."""

    def __init__(self, one: str, two: str) -> None:
        super().__init__(one + two)


@pytest.fixture(autouse=True, scope="module")
def importable():
    """Yield a fork server of these tests' own, which finds this file."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(Path(__file__).parents[1]))
        pool.disconnect()
        yield
        pool.disconnect()


def guard(limits: Budget, marks: str = "") -> Guard:
    made = Guard(Double(marks), limits)
    made.setup()
    return made


def split(results) -> tuple[list, list[tuple[str, str]]]:
    """Results, and reason and source of failures."""
    results = list(results)
    failed = [one.value for one in results if isinstance(one, beam.pvalue.TaggedOutput)]
    assert all(one.tag == FAILURES for one in results if isinstance(one, beam.pvalue.TaggedOutput))
    done = [one for one in results if not isinstance(one, beam.pvalue.TaggedOutput)]
    return done, [(one.reason, one.source) for one in failed]


SMALL = Budget(cpu_seconds=0.5, memory_mb=100)


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ("burn", "too_slow"),
        ("eat", "too_large"),
        ("crash", "crashed"),
        ("exit", "crashed"),
        ("close", "crashed"),
        ("deaf", "crashed"),
        ("fork and burn", "too_slow"),
    ],
)
def test_the_culprit_of_a_batch_is_a_failure_and_the_others_are_done(item, reason):
    done, failed = split(guard(SMALL).run([1, 2, item, 3, "x"]))
    assert done == [2, 4, 6, "xx"]
    assert failed == [(reason, f"item {item}")]


def test_an_item_for_which_a_child_has_no_room_is_too_large():
    item = b"x" * 300_000_000
    done, failed = split(guard(SMALL).run([item, 1]))
    assert done == [2]
    assert [reason for reason, _ in failed] == ["too_large"]


def test_a_batch_with_several_culprits():
    limited = guard(SMALL)
    items = ["burn", 1, "crash", 2, "burn", 3]
    done, failed = split(limited.run(items))
    assert done == [2, 4, 6]
    assert [reason for reason, _ in failed] == ["too_slow", "crashed", "too_slow"]
    assert split(limited.run([7])) == ([14], [])


def test_what_takes_no_cpu_time_but_never_ends_is_ended(monkeypatch):
    monkeypatch.setattr(budget, "MIN_WALL_SECONDS", 0.5)
    assert split(guard(Budget(cpu_seconds=0.01)).run(["sleep"])) == ([], [("too_slow", "item sleep")])


def test_a_child_that_is_killed_from_elsewhere_is_replaced(tmp_path):
    limited = guard(SMALL, str(tmp_path))
    assert split(limited.run(["killed once"])) == (["done"], [])
    with pytest.raises(RuntimeError, match="killed twice at item killed; is the machine out of memory"):
        list(limited.run(["killed"]))


@pytest.mark.parametrize(("item", "error"), [("disk", sqlite3.DatabaseError), ("odd", RuntimeError)])
def test_an_error_that_is_not_the_item_s_fault_is_raised(item, error):
    with pytest.raises(error):
        list(guard(SMALL).run([item]))


def test_a_task_that_cannot_be_loaded_says_why():
    with pytest.raises(RuntimeError, match="could not be prepared: SystemExit: bye"):
        guard(SMALL, "leaves")
    with pytest.raises(RuntimeError, match="could not be prepared: ValueError: no such model"):
        guard(SMALL, "broken")


def test_tasks_that_come_later_are_known_to_later_children(tmp_path):
    first = guard(SMALL)
    assert split(first.run([1])) == ([2], [])
    second = guard(SMALL, str(tmp_path))
    assert split(second.run([2])) == ([4], [])
    assert split(first.run([3])) == ([6], [])


def test_without_limits_there_is_no_child():
    pool.disconnect()
    limited = guard(Budget(0, 0))
    assert list(limited.run([1, "x"])) == [2, "xx"]
    assert pool._client is None


def test_many_threads_share_the_children():
    limited = guard(SMALL)
    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        results = list(threads.map(lambda number: list(limited.run([number])), range(200)))
    assert results == [[2 * number] for number in range(200)]
    assert len(pool._pools[SMALL.memory_mb]._free) <= (os.cpu_count() or 1)


def children() -> list[psutil.Process]:
    return [one for one in psutil.Process().children(recursive=True) if one.status() != psutil.STATUS_ZOMBIE]


def test_children_and_server_end_with_the_pool():
    pool.disconnect()
    before = children()
    list(guard(SMALL).run([1]))
    started = [one for one in children() if one not in before]
    assert len(started) == 2
    pool.disconnect()
    _, alive = psutil.wait_procs(started, timeout=10)
    assert alive == []


def test_children_end_with_a_process_that_is_killed(tmp_path):
    script = f"""
        import sys, time
        sys.path[:0] = [{str(Path(__file__).parents[1])!r}]
        from tests.test_limits import SMALL, guard
        list(guard(SMALL).run([1]))
        print("ready", flush=True)
        time.sleep(60)
    """
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    started = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.wait()
    process.stdout.close()
    assert len(started) >= 2
    _, alive = psutil.wait_procs(started, timeout=10)
    assert alive == []


def test_a_fork_server_that_is_gone_is_an_error_of_the_run():
    limited = guard(SMALL)
    list(limited.run([1]))
    server = next(one for one in children() if "transforms.limits" in one.cmdline())
    server.kill()
    with pytest.raises(pool.ForkServerEnded, match="out of memory is the usual cause"):
        list(limited.run(["crash"]))
    pool.disconnect()


def test_limits_of_an_article_do_not_add_up():
    """The clock begins again with each request: many articles together may take more than one may."""
    limited = guard(Budget(cpu_seconds=0.4, memory_mb=0))
    child = None
    for _ in range(12):
        assert split(limited.run(["x" * 20_000_000])) == (["x" * 40_000_000], [])
        (idle,) = pool._pools[0]._free
        assert child in (None, idle.pid)
        child = idle.pid
    times = psutil.Process(child).cpu_times()
    assert times.user + times.system > 0.4


def test_the_pool_says_how_a_child_ended():
    limited = guard(SMALL)
    with pytest.raises(pool.ChildEnded) as ended:
        pool.call(Request(limited._key, ["burn"], 0.2), memory_mb=100, wall_seconds=30)
    assert ended.value.code == -signal.SIGPROF


@pytest.mark.parametrize("wrong", [{"cpu_seconds": -1}, {"memory_mb": -0.5}])
def test_a_budget_that_makes_no_sense(wrong):
    with pytest.raises(ValueError, match=r"max_\w+: got -\S+; expected at least 0 \(0 for no limit\)"):
        Budget(**wrong)


def test_what_is_in_work_is_shown(tmp_path, monkeypatch):
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    with in_work("parse", ["a.txt"]), concurrent.futures.ThreadPoolExecutor(1) as threads:
        with in_work("annotate", [f"{number}.txt" for number in range(16)]):  # of the same thread: the inner one
            assert [str(one) for one in read_work(tmp_path)] == ["annotate of 0.txt, 1.txt, 2.txt and 13 more, for 0 s"]
        threads.submit(_look, tmp_path).result()
    assert read_work(tmp_path) == []
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "gone"))
    with in_work("parse", ["a.txt"]):
        pass


def _look(folder: Path) -> None:
    with in_work("split", ["feed" * 1000]):
        (one,) = [one for one in read_work(folder) if one.stage == "split"]
        assert len(one.sources[0]) == 300
