"""What a run tells machines: its figures, and its words as objects."""

import datetime
import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from benchmarks.kills import command
from pipeline.monitoring import logs
from pipeline.monitoring.metrics import Report, last_success, to_prometheus
from transforms.dataset import begin_run, lock

TEXT = "LIMA, Peru - Rain fell for three days, officials said."


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """Return a run of two workers over two good inputs and a bad one, with all that it can tell."""
    folder = tmp_path_factory.mktemp("measured")
    (folder / "in").mkdir()
    (folder / "in" / "a.jsonl").write_text(json.dumps({"text": TEXT}) + "\n{\n" + json.dumps({"text": TEXT * 2}) + "\n")
    more = ["--metrics", str(folder / "m.json"), "--prometheus", str(folder / "m.prom"), "--log-format", "json"]
    given = command(folder / "in" / "a.jsonl", folder / "out", "--set", "workers=2", *more)
    return folder, subprocess.run(given, capture_output=True, text=True, timeout=120, check=True)


def test_the_figures_of_a_run(measured: tuple[Path, object]) -> None:
    found = json.loads((measured[0] / "m.json").read_text())
    assert (found["exit_code"], found["error"], found["committed"]) == (0, None, True)
    assert (found["counts"]["inputs"], found["counts"]["articles"], found["counts"]["failures.bad_json"]) == (3, 2, 1)
    assert found["rows"]["articles"] == 2
    assert found["seconds"] > 0
    assert found["articles_per_second"] == pytest.approx(2 / found["seconds"], rel=0.01)
    # Two workers with a model each, beside the launcher.
    assert found["peak_memory_bytes"] > 300e6
    assert found["cpu_seconds"] > 1
    assert {"dateline", "schema", "beam", "python", "model", "gazetteer"} <= found["versions"].keys()


def test_prometheus_reads_them(measured: tuple[Path, object]) -> None:
    text = (measured[0] / "m.prom").read_text()
    found = {family.name: family for family in text_string_to_metric_families(text)}
    assert all(family.documentation and family.type == "gauge" for family in found.values())
    counts = {one.labels["name"]: one.value for one in found["dateline_last_run_count"].samples}
    assert (counts["inputs"], counts["articles"], counts["failures.bad_json"]) == (3, 2, 1)
    (code,) = found["dateline_last_run_exit_code"].samples
    assert (code.labels, code.value) == ({"dataset": str(measured[0] / "out")}, 0)
    assert found["dateline_last_success_timestamp_seconds"].samples[0].value > 1.7e9


def test_nothing_else_lies_beside_them(measured: tuple[Path, object]) -> None:
    assert sorted(path.name for path in measured[0].iterdir()) == ["in", "m.json", "m.prom", "out"]


def test_progress_and_end_are_objects(measured: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    said = [json.loads(one) for one in measured[1].stderr.splitlines()]
    assert {"started", "done"} <= {one["event"] for one in said}
    run_id = json.loads((measured[0] / "m.json").read_text())["run_id"]
    assert all(one["run_id"] == run_id and one["level"] == "info" and one["time"] for one in said)
    assert all("\n" not in one["message"] for one in said)
    assert measured[1].stdout == ""


def dateline(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "pipeline", *arguments], capture_output=True, text=True, timeout=120)


def test_stdout_is_all_the_metrics_if_they_go_there(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT)
    done = dateline("run", "configs/sample.yaml", "--input", str(tmp_path / "a.txt"), "--output", str(tmp_path / "o"),
                    "--metrics", "-")  # fmt: skip
    assert json.loads(done.stdout)["counts"]["articles"] == 1
    assert "= articles" in done.stderr


@pytest.mark.parametrize("flag", ["--metrics", "--prometheus"])
def test_a_place_that_cannot_be_written_is_told_before_the_run(tmp_path: Path, flag: str) -> None:
    given = [sys.executable, "-m", "pipeline", "run", "configs/sample.yaml", "--output", str(tmp_path / "out")]
    done = subprocess.run([*given, flag, str(tmp_path)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert f"{flag[2:]}: got '{tmp_path}'; expected a file in a folder" in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_dataset_in_use_has_an_exit_code_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT)
    lock.hold(str(tmp_path / "out" / "_dateline"))
    try:
        done = dateline("run", "configs/sample.yaml", "--input", str(tmp_path / "a.txt"),
                        "--output", str(tmp_path / "out"), "--metrics", str(tmp_path / "m.json"),
                        "--log-format", "json")  # fmt: skip
    finally:
        lock.release(str(tmp_path / "out" / "_dateline"))
    assert done.returncode == 4
    said = json.loads(done.stderr)
    assert (said["event"], said["level"]) == ("refused", "error")
    assert "another run is writing" in said["message"]
    found = json.loads((tmp_path / "m.json").read_text())
    assert (found["exit_code"], found["run_id"], found["committed"]) == (4, None, False)


def test_a_run_that_fails_tells_so(tmp_path: Path) -> None:
    """A table's name is taken by a file, so that nothing can be committed."""
    (tmp_path / "a.txt").write_text(TEXT)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "entities").write_text("not a folder")
    done = dateline("run", "configs/sample.yaml", "--input", str(tmp_path / "a.txt"), "--output", str(tmp_path / "out"),
                    "--metrics", str(tmp_path / "m.json"), "--prometheus", str(tmp_path / "m.prom"))  # fmt: skip
    assert done.returncode == 1
    found = json.loads((tmp_path / "m.json").read_text())
    assert (found["exit_code"], found["committed"], found["counts"]) == (1, False, {})
    assert "entities" in found["error"]
    assert last_success(str(tmp_path / "m.prom")) is None


def test_the_last_success_outlives_a_failure(tmp_path: Path) -> None:
    file = str(tmp_path / "m.prom")
    about = {"dataset": 'a "b"\\c', "runner": "DirectRunner", "workers": 1}
    Report("", file, about).write(0)
    before = last_success(file)
    assert before is not None
    Report("", file, about).write(1, "no")
    assert last_success(file) == before
    families = {family.name: family for family in text_string_to_metric_families(Path(file).read_text())}
    (code,) = families["dateline_last_run_exit_code"].samples
    assert (code.labels["dataset"], code.value) == ('a "b"\\c', 1)


def test_without_a_success_there_is_no_such_metric(tmp_path: Path) -> None:
    values = Report("", "", {"dataset": "d"}).values(1, "no")
    assert "last_success" not in to_prometheus(values, last_success=None)
    assert last_success(str(tmp_path / "none")) is None


def test_words_of_libraries_are_objects_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(logs.VARIABLE, "json")
    record = logging.makeLogRecord({"msg": "gone: %s", "args": ("x",), "levelname": "ERROR", "name": "apache_beam"})
    said = json.loads(logs.JsonFormatter().format(record))
    assert (said["event"], said["level"], said["message"], said["logger"]) == ("log", "error", "gone: x", "apache_beam")


def test_a_held_dataset_is_told_from_one_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="expected a folder that can be written to") as raised:
        begin_run(str(tmp_path / "file" / "out"), [("a", 1, 1.0)], datetime.datetime.now(datetime.UTC))
    assert not isinstance(raised.value, lock.DatasetLocked)
