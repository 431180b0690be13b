"""A local run neither hangs nor keeps silent."""

import io
import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions

from pipeline.engines.local import local_runner, shown_progress
from transforms.progress import advance, read_progress

DYING = """
    import os, signal
    import apache_beam as beam
    from apache_beam.options.pipeline_options import PipelineOptions
    from pipeline.engines.local import ended_by_lost_worker, local_runner

    def die(number):
        import os, signal
        os.kill(os.getpid(), signal.SIGKILL)

    if __name__ == "__main__":
        options = PipelineOptions(["--direct_num_workers=2"])
        with ended_by_lost_worker(7), beam.Pipeline(runner=local_runner(2), options=options) as p:
            p | beam.Create([1, 2]) | beam.Map(die)
"""


def test_a_dead_worker_ends_the_process(tmp_path):
    script = tmp_path / "dying.py"
    script.write_text(textwrap.dedent(DYING))
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 7
    assert "a worker process died" in done.stderr


def test_progress_is_printed_while_it_changes():
    out = io.StringIO()
    with shown_progress(out, interval_seconds=0.05):
        advance("read", 1200)
        time.sleep(0.2)
    assert out.getvalue().count("1,200 read") == 1


def test_progress_is_off_without_a_launcher(tmp_path):
    advance("read", 5)
    assert not read_progress(tmp_path)


def test_a_line_cut_short_is_no_error(tmp_path):
    (tmp_path / "1").write_text("read 10\nextrac")
    (tmp_path / "2").write_text("read 5\nextracted 7\n")
    assert read_progress(tmp_path) == {"read": 15, "extracted": 7, "extrac": 0}


def test_work_is_spread_over_all_workers():
    options = PipelineOptions(["--direct_num_workers=2"])
    with tempfile.TemporaryDirectory() as folder:
        with beam.Pipeline(runner=local_runner(2), options=options) as p:
            _ = p | beam.Create(range(40)) | beam.Reshuffle() | beam.Map(_leave_a_trace, folder)
        assert sorted(len(file.read_text().split()) for file in Path(folder).iterdir()) == [20, 20]


def test_large_elements_are_spread_too():
    """Beam sends what a step makes in blocks, and deals these out, not what is in them."""
    options = PipelineOptions(["--direct_num_workers=2"])
    with tempfile.TemporaryDirectory() as folder:
        with beam.Pipeline(runner=local_runner(2), options=options) as p:
            articles = p | beam.Create(range(5000)) | beam.Reshuffle() | beam.Map(lambda _: bytes(5000))
            count = beam.pvalue.AsSingleton(articles | beam.combiners.Count.Globally())
            _ = articles | beam.Map(lambda _, count, folder: _leave_a_trace(count, folder), count, folder)
        shares = [len(file.read_text().split()) for file in Path(folder).iterdir()]
    assert sum(shares) == 5000
    assert max(shares) < 2600


def _leave_a_trace(number: int, folder: str) -> None:
    with Path(folder, str(os.getpid())).open("a") as file:
        file.write(f"{number} ")


@pytest.mark.parametrize(("number", "workers"), [(signal.SIGINT, 2), (signal.SIGTERM, 2), (signal.SIGINT, 1)])
def test_a_signal_ends_a_run_at_once(tmp_path, number, workers):
    lines = "".join(f'{{"text": "Rain fell in Lima for {n} days, officials said."}}\n' for n in range(8000))
    (tmp_path / "many.jsonl").write_text(lines)
    process = subprocess.Popen(
        [sys.executable, "-m", "pipeline", "run", "configs/sample.yaml", "--set", f"workers={workers}",
         "--input", str(tmp_path / "many.jsonl"), "--output", str(tmp_path / "out")],
        stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, start_new_session=True,
    )  # fmt: skip
    assert process.stderr is not None
    before = iter(process.stderr.readline, "")
    assert any("extracted" in line for line in before), "it ended before it read anything"
    os.killpg(process.pid, number)
    said = process.communicate(timeout=30)[1]
    assert process.returncode == 130, said
    assert "interrupted" in said
    assert "Traceback" not in said
