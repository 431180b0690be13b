"""docs/adding/annotator.md and column.md, followed in a copy: in batch, in a stream, and in Beam YAML."""

import shutil
import sys
from pathlib import Path

import pyarrow.dataset as ds
import pytest

from tests.helpers.adding import ROOT, follow, patched, run, steps_of

TEXT = (
    "GENEVA, March 3 (Reuters) - Ann Lee of the Red Cross said on Monday that talks would go on. They end on Friday.\n"
)
FOUND = [("Friday", 3), ("Monday", 3)]
BEAM_YAML = """
import apache_beam as beam
from transforms.yaml import AnnotateArticles

with beam.Pipeline(runner="apache_beam.runners.portability.fn_api_runner.FnApiRunner") as p:
    found = p | beam.Create([beam.Row(text={text!r}, url="https://a.test/1")]) | AnnotateArticles()
    found["weekdays"] | beam.Map(lambda row: print("row", row.surface, row.start))
"""
PRISM = shutil.which("prism") or shutil.which("prism", path=str(Path(sys.executable).parent))


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("annotator")
    touched = ["transforms/annotators/known.py", "transforms/annotators/weekdays.py", "transforms/records.py"]
    assert follow("annotator", folder) == touched
    (folder / "in").mkdir()
    (folder / "in" / "a.txt").write_text(TEXT, encoding="utf-8")
    return folder


def weekdays(output: Path) -> list[tuple[str, int]]:
    rows = ds.dataset(output / "weekdays").to_table().to_pylist()
    assert all(TEXT[row["start"] : row["end"]] == row["surface"] for row in rows)
    return sorted((row["surface"], min(row["entities_before"], 3)) for row in rows)


def test_batch_writes_counts_and_describes_the_table(copy: Path):
    command = ("-m", "pipeline", "run", "configs/sample.yaml", "--input", "in/a.txt", "--output", "out/batch")
    shown = run(copy, *command)
    assert weekdays(copy / "out" / "batch") == FOUND
    assert [line.split() for line in (shown.stdout + shown.stderr).splitlines() if "weekdays" in line][:1] == [
        ["weekdays", "2"]
    ]
    described = run(copy, "-m", "pipeline", "describe", "out/batch").stdout
    assert "Number of entities before it in the text." in described
    assert "| `entities_before` | int64 |" in run(copy, "-m", "pipeline.commands.columns").stdout
    assert run(copy, "-m", "pipeline", "check", "out/batch").returncode == 0


@pytest.mark.skipif(PRISM is None, reason="needs Prism: make prism")
def test_a_stream_writes_the_table(copy: Path):
    settings = ("--set", "stream.window_minutes=0.05", "--set", "stream.wait_minutes=0.05", "--set", "read.inputs=[in]")
    starts = "import sys, threading, os, signal, time; threading.Timer(25, lambda: os.kill(os.getpid(), 15)).start();"
    code = f"{starts} from pipeline.cli import main; sys.exit(main(sys.argv[1:]))"
    run(copy, "-c", code, "stream", "configs/stream.yaml", "--output", "out/stream", *settings)
    assert weekdays(copy / "out" / "stream") == FOUND


def test_beam_yaml_gives_the_table(copy: Path):
    shown = run(copy, "-c", BEAM_YAML.format(text=TEXT)).stdout
    assert sorted(line.split()[1] for line in shown.splitlines() if line.startswith("row")) == ["Friday", "Monday"]


@pytest.mark.parametrize(
    ("path", "line", "said"),
    [
        ("transforms/annotators/known.py", "    Weekdays,\n", "got 0 for the table 'weekdays'; expected 1"),
        ("transforms/records.py", '@fact_table("weekdays")\n', "expected a record with @fact_table('weekdays')"),
    ],
)
def test_a_forgotten_line_stops_the_run_before_it_starts(copy: Path, path: str, line: str, said: str):
    whole = (copy / path).read_text(encoding="utf-8")
    (copy / path).write_text(whole.replace(line, "", 1), encoding="utf-8")
    try:
        with pytest.raises(AssertionError, match="exit") as caught:
            run(
                copy, "-m", "pipeline", "run", "configs/sample.yaml", "--input", "in/a.txt", "--output", "out/forgotten"
            )
    finally:
        (copy / path).write_text(whole, encoding="utf-8")
    assert said in str(caught.value)


def test_a_column_takes_two_files(tmp_path: Path):
    assert follow("column", tmp_path) == ["transforms/parse/article.py", "transforms/records.py"]
    (tmp_path / "a.txt").write_text("Why did the river rise in Beira? Nobody knows. Will it rise again?\n" * 3)
    run(tmp_path, "-m", "pipeline", "run", "configs/sample.yaml", "--input", "a.txt", "--output", "out")
    (row,) = ds.dataset(tmp_path / "out" / "articles").to_table().to_pylist()
    assert row["question_marks"] == row["text"].count("?") > 0
    assert "Number of question marks" in run(tmp_path, "-m", "pipeline.commands.columns").stdout


def test_every_page_fits_the_code():
    for page in sorted((ROOT / "docs" / "adding").glob("*.md")):
        for step in steps_of(page.read_text(encoding="utf-8")):
            if step.kind == "diff" and (ROOT / step.path).exists():
                assert patched((ROOT / step.path).read_text(encoding="utf-8"), step)
