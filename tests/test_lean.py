"""A process takes no more memory than it needs."""

import os
import subprocess
import sys
import textwrap

import pytest

THREADS = """
    import ctypes, sys, threading
    from pipeline.engines.startup import share_heaps

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
    """Return heaps of a process with eight threads, as the C library counts them."""
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
    from pipeline.engines.startup import leave_alone_what_is_there

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


SPACY = """
    import sys
    from pipeline.engines.startup import import_spacy

    import_spacy()
    import spacy
    assert not {"spacy.cli", "spacy.cli.info", "typer", "weasel", "jinja2"} & sys.modules.keys()
    from transforms.extract.models import SHIPPED_NAME, load_model
    nlp = load_model(SHIPPED_NAME)
    assert [entity.text for entity in nlp("Rain fell on Paris.").ents] == ["Paris"]
    assert spacy.info(silent=True)["spacy_version"] == spacy.__version__
    import spacy.cli
    assert spacy.cli.download
"""


def test_spacy_without_its_command_line_works_and_has_it_afterwards():
    subprocess.run([sys.executable, "-c", textwrap.dedent(SPACY)], check=True)


IMPORTED = """
    import gc
    from pipeline.engines.startup import import_spacy, importing

    gc.collect()
    before = [generation["collections"] for generation in gc.get_stats()]
    with importing():
        import_spacy()
    assert [generation["collections"] for generation in gc.get_stats()] == before
    assert gc.isenabled()
    frozen = gc.get_freeze_count()
    assert frozen > 100_000
    there = [[] for _ in range(1000)]
    with importing():
        import_spacy()
    assert gc.get_freeze_count() == frozen
    gc.disable()
    with importing():
        import wave
    assert not gc.isenabled()
"""


def test_imports_are_left_alone_by_the_collector_once():
    subprocess.run([sys.executable, "-c", textwrap.dedent(IMPORTED)], check=True)


SIGNATURES = """
    import inspect, sys
    from pipeline.engines.startup import import_beam

    import_beam()
    import apache_beam as beam
    from apache_beam.transforms import core
    from apache_beam.typehints import decorators

    asked = []
    look = decorators.get_signature
    core.get_signature = lambda function: asked.append(function) or look(function)

    class One(beam.DoFn):
        def process(self, element, at=beam.DoFn.TimestampParam):
            yield element

        @classmethod
        def name(cls, short=True):
            return "one"

    for _ in range(3):
        names, defaults = core.get_function_args_defaults(One().process)
        assert (names, defaults) == (["element", "at"], [beam.DoFn.TimestampParam])
        names.clear()
    assert core.get_function_args_defaults(One.process)[0] == ["self", "element", "at"]
    for name in (One.name, One().name):
        assert core.get_function_args_defaults(name) == (["short"], [True])
    assert core.get_function_args_defaults(lambda given, more=2: 0) == (["given", "more"], [2])
    assert [getattr(one, "__name__", "") for one in asked] == ["process", "process", "name", "<lambda>"]
"""


def test_beam_looks_at_a_method_once_and_sees_what_is_there():
    subprocess.run([sys.executable, "-c", textwrap.dedent(SIGNATURES)], check=True)
