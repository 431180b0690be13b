"""What comes too late to change a command's end is not heard, and what nobody asked for is not shown."""

import logging
import os
import signal
import subprocess
import sys
import textwrap
import threading

import pytest
from apache_beam.runners.worker import sdk_worker

from pipeline.engines.local import interruptible
from pipeline.engines.shutdown import TRACEBACK, let_go, without_tracebacks

LATE = """
    import atexit, os, sys, threading, time
    from pipeline.launch.stream import _drained_by_signal
    from pipeline.engines.shutdown import in_own_process
    from pipeline.engines.local import interruptible
    from pipeline.engines.remote import cancelled_by_signal

    def late():
        # Python has given its own handlers back by then, where there is time for a signal still.
        threading.main_thread().join()
        time.sleep(0.2)
        os.kill(os.getpid(), int(sys.argv[2]))

    in_own_process()
    with {"stream": lambda: _drained_by_signal("out"), "run": lambda: interruptible(130),
          "engine": lambda: cancelled_by_signal(None)}[sys.argv[1]]():
        pass
    os.kill(os.getpid(), int(sys.argv[2]))
    threading.Thread(target=late).start()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("command", ["stream", "run", "engine"])
def test_a_signal_behind_the_end_of_the_work_does_not_change_the_exit_code(command, number, tmp_path):
    script = [sys.executable, "-c", textwrap.dedent(LATE), command, str(int(number))]
    done = subprocess.run(script, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "interrupted" not in done.stderr


def test_who_calls_a_command_from_a_program_gets_the_signals_back():
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with interruptible(130):
        assert signal.getsignal(signal.SIGINT) not in before
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
    let_go(before)
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def fail() -> None:
    raise ValueError("of ours")


def fail_in_beam() -> None:
    exec(compile("raise ValueError('of Beam')", "x", "exec"), {"__name__": "apache_beam.runners.worker"})


def in_a_thread(what) -> None:
    thread = threading.Thread(target=what)
    thread.start()
    thread.join()


def test_tracebacks_of_beam_are_hidden_and_nothing_else(capsys, monkeypatch):
    heard = []
    monkeypatch.setattr(threading, "excepthook", lambda error: heard.append(str(error.exc_value)))
    handler = logging.StreamHandler(sys.stderr)
    monkeypatch.setattr(logging.getLogger(), "handlers", [handler])
    monkeypatch.setattr(logging.getLogger(), "level", logging.ERROR)
    with without_tracebacks():
        sdk_worker.print(f"{TRACEBACK}:\n", file=sys.stderr)
        logging.getLogger("apache_beam").error("bundle failed: %s", f"{TRACEBACK}:\n ...")
        logging.getLogger("apache_beam").error("out of memory")
        in_a_thread(fail)
        in_a_thread(fail_in_beam)
    assert capsys.readouterr().err == "out of memory\n"
    assert heard == ["of ours"]
    assert not hasattr(sdk_worker, "print")


def test_tracebacks_of_beam_are_shown_to_who_wants_them(monkeypatch):
    monkeypatch.setattr(logging.getLogger(), "level", logging.INFO)
    with without_tracebacks():
        assert not hasattr(sdk_worker, "print")


BROKEN = """
    import sys
    from pipeline import cli
    from transforms.read import read

    def broken(self, source):
        raise OSError("no space left")

    read._ReadSource.process = broken
    sys.exit(cli.main())
"""


def test_a_run_whose_step_fails_says_so_and_shows_no_traceback(tmp_path):
    script = [sys.executable, "-c", textwrap.dedent(BROKEN), "run", "configs/sample.yaml"]
    done = subprocess.run([*script, "--output", str(tmp_path)], capture_output=True, text=True, timeout=100)
    assert done.returncode == 1, done.stderr
    assert "the run failed: no space left" in done.stderr.replace("OSError: ", "")
    assert TRACEBACK not in done.stderr


@pytest.mark.parametrize("closed", [[0], [1], [2], [0, 1, 2]])
def test_a_command_whose_standard_streams_are_closed_does_its_work(closed, tmp_path):
    body = """
        import os, sys
        from pipeline.engines.shutdown import in_own_process, open_standard_streams
        open_standard_streams()
        in_own_process()
        print("said")
        print("said", file=sys.stderr, flush=True)
        assert sys.stdin.read() == ""
        with open(sys.argv[1], "w") as out:
            print(out.fileno() > 2, os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)[1], file=out)
    """

    def prepare() -> None:
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        for number in closed:
            os.close(number)

    command = [sys.executable, "-c", textwrap.dedent(body), str(tmp_path / "out")]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, preexec_fn=prepare, timeout=60)
    assert done.returncode == 0
    assert (tmp_path / "out").read_text() == "True 0\n"
