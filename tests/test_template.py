"""Workers are copies of one process that has everything loaded, and end as separate processes would."""

import signal
import subprocess
import sys
import textwrap
import threading

import pytest

from pipeline.engines import template

FORKING = """
    import os, signal, sys, time
    from pipeline.engines import template, worker
    from pipeline.engines.template import Template, can_fork

    def prepare():
        global loaded
        loaded = os.getpid()

    def run(parent):
        assert os.getppid() == parent == loaded
        worker.end_with(parent)
        do = os.environ["DO"]
        if do == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if do == "raise":
            raise ValueError("broken")
        if do == "wait":
            time.sleep(60)

    worker.run = run
    assert can_fork()
    made = Template(prepare)
"""


def fork(body: str) -> str:
    """What a process says that forks a template and does `body` with it; pytest has threads."""
    script = textwrap.dedent(FORKING) + textwrap.dedent(body)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def test_each_worker_ends_with_its_own_code():
    said = fork("""
        ended = [made.start_worker(do, {"DO": do}) for do in ("nothing", "die", "raise")]
        print([one.result(timeout=20) for one in ended])
        made.close()
    """)
    assert "[0, -9, 1]" in said
    assert "ValueError: broken" in said


def test_workers_end_with_a_template_that_was_killed():
    said = fork("""
        ended = made.start_worker("a", {"DO": "wait"})
        time.sleep(0.5)
        os.kill(made.pid, signal.SIGKILL)
        print(ended.result(timeout=20))
        made.close()
    """)
    assert "-9" in said


def test_an_error_while_preparing_is_left_to_the_worker():
    said = fork("""
        def fail():
            prepare()
            raise ValueError("no model")
        failing = Template(fail)
        print(failing.start_worker("a", {"DO": "nothing"}).result(timeout=20))
        failing.close()
        made.close()
    """)
    assert said.startswith("0\n")
    assert "ValueError" not in said


@pytest.mark.skipif(not template.TASKS.is_dir(), reason="only Linux says which threads there are")
def test_a_process_with_threads_is_not_forked():
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    try:
        assert not template.can_fork()
    finally:
        done.set()
        thread.join()


def test_workers_of_a_run_are_forked(tmp_path):
    """Whatever else the launcher starts, no thread of it may be there before the template."""
    (tmp_path / "one.txt").write_text("Rain fell in Lima for ten days, officials said.")
    script = f"""
        from pipeline.cli import main
        from pipeline.engines.template import Template
        start = Template.start_worker
        def start_worker(self, *given):
            print("forked", flush=True)
            return start(self, *given)
        Template.start_worker = start_worker
        main(["run", "configs/sample.yaml", "--input", {str(tmp_path / "one.txt")!r},
              "--output", {str(tmp_path / "out")!r}, "--set", "workers=2"])
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.stdout.count("forked\n") == 2, done.stderr


def test_workers_die_with_their_launcher():
    """They hold the other end of the pipes that `run` reads, and would wait for longer than it."""
    script = textwrap.dedent(FORKING) + textwrap.dedent("""
        made.start_worker("a", {"DO": "wait"})
        time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGKILL)
    """)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30)
    assert done.returncode == -signal.SIGKILL


SHARED = """
    from apache_beam.runners.portability.fn_api_runner.execution import ListBuffer
    from apache_beam.runners.worker.data_plane import ClosableOutputStream
    from pipeline.engines.worker import send_small_blocks

    send_small_blocks()
    for made in (200, 1000, 1100, 4000):
        dealt = ListBuffer(None)
        for worker in range(2):
            stream = ClosableOutputStream.create(None, dealt.append, 0)
            for _ in range(made):
                stream.write(b"where an article lies".ljust(70))
                stream.maybe_flush()
            stream.flush()
        parts = [sum(map(len, part)) // 70 for part in dealt.partition(2)]
        assert sum(parts) == 2 * made
        print(made, max(parts) / made)
"""


def test_what_two_workers_make_is_dealt_out_evenly():
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(SHARED)], capture_output=True, text=True, check=True)
    shares = [float(line.split()[1]) for line in done.stdout.splitlines()]
    assert len(shares) == 4
    assert max(shares) < 1.1


def test_what_a_model_raises_or_ignores_while_it_loads_ends_in_the_template():
    said = fork("""
        def prepare():
            signal.signal(signal.SIGCHLD, signal.SIG_IGN)
            global loaded
            loaded = os.getpid()
            raise SystemExit("bye")

        leaving = Template(prepare)
        print([leaving.start_worker(do, {"DO": do}).result(timeout=20) for do in ("nothing", "die")])
        leaving.close()
        print("once")
        made.close()
    """)
    assert "[0, -9]" in said
    assert said.count("once") == 1


def test_a_worker_asked_of_a_template_that_was_killed_is_refused():
    said = fork("""
        os.kill(made.pid, signal.SIGKILL)
        os.waitid(os.P_PID, made.pid, os.WEXITED | os.WNOWAIT)
        try:
            made.start_worker("a", {"DO": "nothing"})
        except RuntimeError as error:
            print(error)
        made.close()
    """)
    assert "the process that workers are copies of ended" in said
