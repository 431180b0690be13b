"""One article that never ends: the command as a user types it, in memory, with workers, and in a stream."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import psutil
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
import yaml

from tests.helpers.engines import kill_family, wait_for
from tests.test_stream_prism import SHORT, needs_prism

SAMPLE = Path(__file__).parents[1] / "configs/sample.yaml"

BURNING = """
    import collections, itertools, os, sys
    os.environ["OMP_NUM_THREADS"] = "1"  # as the command does: threads of OpenBLAS cannot be forked
    from pipeline.engines.startup import import_beam, import_spacy

    import_beam()
    import_spacy()
    from spacy.language import Language

    @Language.component("burn")
    def burn(doc):
        if "poisonous" in doc.text:
            collections.deque(itertools.repeat(0), maxlen=0)
        return doc

    if sys.argv[1:] == ["make"]:
        import spacy
        nlp = spacy.blank("en")
        nlp.add_pipe("entity_ruler").add_patterns([{"label": "GPE", "pattern": "Lima"}])
        nlp.add_pipe("burn")
        nlp.to_disk("model")
    else:
        from pipeline.cli import main
        raise SystemExit(main(sys.argv[1:]))
"""


@pytest.fixture
def burning(tmp_path):
    """A command with a model that never ends on some texts, in compiled code; and 20 articles with one of these."""
    script = tmp_path / "burning.py"
    script.write_text(textwrap.dedent(BURNING))
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    subprocess.run([sys.executable, str(script), "make"], cwd=tmp_path, env=environment, check=True)
    (tmp_path / "articles").mkdir()
    for number in range(21):
        word = "poisonous" if number == 7 else f"the {number}th"
        text = f"LIMA, 3 March - Rain fell in Lima for {number} days, and a {word} frog was seen there, officials said."
        (tmp_path / "articles" / f"{number}.txt").write_text(text)

    def start(*arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, str(script), *arguments]
        return subprocess.Popen(
            command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    return start


def run(started: subprocess.Popen[str]) -> tuple[int, str]:
    said, _ = started.communicate(timeout=300)
    return started.returncode, said


def flags(*settings: str) -> list[str]:
    return [part for setting in settings for part in ("--set", setting)]


@pytest.mark.parametrize("workers", [1, 2])
def test_one_poisonous_article_of_a_run_is_one_failure(burning, workers):
    settings = flags("extract.model=model", "extract.max_cpu_seconds=1", f"workers={workers}")
    code, said = run(burning("run", str(SAMPLE), "--input", "articles/*.txt", "--output", "out", *settings))
    assert code == 0, said
    assert "= articles           20" in said
    assert "+ failures            1  too_slow 1" in said
    assert "articles/7.txt: too_slow: needs more than 1 s of CPU time (max_cpu_seconds)" in said


@needs_prism
def test_one_poisonous_article_of_a_stream_is_one_failure(burning, tmp_path):
    tree = yaml.safe_load((SAMPLE.parent / "stream.yaml").read_text())
    tree["read"] = {"inputs": ["articles"]}
    tree["stream"] = {**SHORT, "oldest_minutes": 10, "remember_hours": 1}
    tree["extract"] = {"model": "model", "max_cpu_seconds": 1}
    tree["write"] = {"output": "out"}
    (tmp_path / "stream.yaml").write_text(yaml.safe_dump(tree))
    stream = burning("stream", "stream.yaml")
    try:
        there = {"articles": 20, "failures": 1}
        wait_for(lambda: stream.poll() is not None or rows(tmp_path / "out") == there, 180, "all rows")
        stream.send_signal(signal.SIGTERM)
        code, said = run(stream)
    finally:
        kill_family(stream)
    assert code == 0, said
    (failure,) = ds.dataset(tmp_path / "out" / "failures").to_table().to_pylist()
    assert (failure["reason"], failure["stage"]) == ("too_slow", "annotate")
    assert failure["source"].endswith("articles/7.txt")


def rows(output: Path) -> dict[str, int]:
    """Return the rows of committed files."""
    tables = {name: [*(output / name).glob("*/*.parquet")] for name in ("articles", "failures")}
    return {name: sum(pq.read_metadata(file).num_rows for file in files) for name, files in tables.items()}


def test_a_run_that_is_ended_names_the_articles_in_work(burning, tmp_path):
    settings = flags(
        "extract.model=model", "extract.max_cpu_seconds=0", "extract.max_memory_mb=5000", "max_minutes=0.4"
    )
    code, said = run(burning("run", str(SAMPLE), "--input", "articles/7.txt", "--output", "out", *settings))
    assert code == 5, said
    assert "in work: annotate of articles/7.txt, for " in said
    left = [one for one in psutil.process_iter(["cmdline"]) if str(tmp_path) in " ".join(one.info["cmdline"] or ())]
    assert left == []
