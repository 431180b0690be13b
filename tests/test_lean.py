"""A process takes no more memory than it needs."""

import os
import subprocess
import sys
import textwrap

import pytest

THREADS = """
    import ctypes, sys, threading
    from pipeline.engines.lean import share_heaps

    if sys.argv[1:] == ["share"]:
        share_heaps()
    together = threading.Barrier(8)

    def work():
        together.wait()
        kept = [b"x" * 5000 for _ in range(100)]
        together.wait()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ctypes.CDLL(None).malloc_stats()
"""


def heaps(*arguments: str, **environment: str) -> int:
    """Heaps of a process with eight threads, as the C library counts them."""
    command = [sys.executable, "-c", textwrap.dedent(THREADS), *arguments]
    plain = {name: value for name, value in os.environ.items() if name != "MALLOC_ARENA_MAX"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**plain, **environment})
    return done.stderr.count("Arena ")


@pytest.mark.skipif("glibc" not in os.confstr("CS_GNU_LIBC_VERSION").lower(), reason="only glibc's heaps are shared")
def test_threads_share_heaps_unless_the_user_says_otherwise():
    assert heaps() > 3
    assert heaps("share") <= 2
    assert heaps("share", MALLOC_ARENA_MAX="4") == 4


COLLECTED = """
    import gc, sys
    from pipeline.engines.lean import leave_alone_what_is_there

    there = [[] for _ in range(400_000)]
    gc.collect()
    if sys.argv[1:] == ["leave"]:
        leave_alone_what_is_there()
    before = gc.get_stats()[2]["collections"]
    new = [[] for _ in range(95_000)]
    print(gc.get_stats()[2]["collections"] - before)
"""


def test_garbage_is_looked_for_beside_what_is_new_not_beside_what_is_there():
    script = [sys.executable, "-c", textwrap.dedent(COLLECTED)]
    said = [subprocess.run([*script, *more], capture_output=True, check=True).stdout for more in ([], ["leave"])]
    assert int(said[0]) == 0 < int(said[1])
