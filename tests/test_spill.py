"""What is large lies on disk between two steps, and comes back as it was."""

import subprocess
import sys
import threading
from pathlib import Path

import apache_beam as beam
import psutil
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.testing.util import assert_that, equal_to

from pipeline.engines.local import local_runner, spilling
from tests.helpers.records import article
from transforms.spill import (
    MIN_BYTES,
    SUFFIX,
    Spilled,
    Spread,
    _folder,
    remove_spilled,
    spill,
    spilling_into,
    unspill,
    unspilled,
)

LARGE = "a" * MIN_BYTES


def spilled_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob(f"*{SUFFIX}"))


@pytest.mark.parametrize("value", [None, 7, "short", (1, "two"), b""])
def test_what_is_small_travels_as_it_is(value, tmp_path):
    with spilling_into(tmp_path):
        assert spill(value) == value
        assert unspill(value) == value
    assert not spilled_bytes(tmp_path)


def test_without_a_folder_everything_travels_as_it_is():
    assert spill(LARGE) is LARGE
    assert [*unspilled([LARGE, 1])] == [LARGE, 1]


@pytest.mark.parametrize("value", [LARGE, LARGE.encode(), (1, LARGE, None), article(LARGE)])
def test_what_is_large_comes_back_as_it_was(value, tmp_path):
    with spilling_into(tmp_path / "made"):
        places = [spill(value), spill(value)]
        assert all(isinstance(place, Spilled) for place in places)
        assert [*unspilled(places)] == [value, value]
        assert spilled_bytes(tmp_path / "made") == sum(place.length for place in places)


def test_threads_do_not_write_into_each_other(tmp_path):
    values = [f"{number}" * MIN_BYTES for number in range(40)]
    places: dict[int, Spilled] = {}

    def put(first: int) -> None:
        for at in range(first, len(values), 4):
            places[at] = spill(values[at])

    with spilling_into(tmp_path):
        threads = [threading.Thread(target=put, args=(first,)) for first in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [unspill(places[at]) for at in range(len(values))] == values


def test_a_process_takes_up_what_another_has_put_aside(tmp_path):
    script = f"from transforms.spill import spill; print(*spill({LARGE!r}))"
    with spilling_into(tmp_path):
        said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
        assert unspill(Spilled(*map(int, said.split()))) == LARGE


def test_at_the_end_nothing_is_left_and_nothing_is_open(tmp_path):
    before = psutil.Process().num_fds()
    with spilling_into(tmp_path):
        unspill(spill(LARGE))
    assert not [*tmp_path.iterdir()]
    assert psutil.Process().num_fds() == before
    assert spill(LARGE) is LARGE


def test_a_signal_may_take_away_what_is_there_while_it_is_written(tmp_path):
    with spilling_into(tmp_path):
        spill(LARGE)
        with _folder(str(tmp_path))._turn:  # a handler runs in the middle of whatever the main thread does
            remove_spilled(tmp_path)
        assert not spilled_bytes(tmp_path)


def test_a_file_that_was_cut_is_an_error(tmp_path):
    with spilling_into(tmp_path):
        place = spill(LARGE)
        for path in tmp_path.glob(f"*{SUFFIX}"):
            path.write_bytes(b"")
        with pytest.raises(OSError, match="0 are left"):
            unspill(place)


def test_it_lies_beside_what_the_run_stages_or_with_temporary_files(tmp_path):
    with spilling(str(tmp_path), "4f0c"):
        spill(LARGE)
        assert spilled_bytes(tmp_path / "_dateline" / "staging" / "4f0c")
    with spilling("gs://bucket/dataset", "4f0c"):
        assert unspill(spill(LARGE)) == LARGE


def test_what_a_killed_run_has_left_is_taken_away_by_the_next_of_whatever_inputs(tmp_path):
    left = tmp_path / "_dateline" / "staging" / "killed" / f"7{SUFFIX}"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"much")
    with spilling(str(tmp_path), "4f0c"):
        assert not left.exists()


@pytest.mark.parametrize("workers", [1, 2])
def test_elements_are_spread_over_workers_by_way_of_the_disk(workers, tmp_path):
    values = [f"{number}" * MIN_BYTES for number in range(20)] + ["short"]
    with spilling_into(tmp_path):
        options = PipelineOptions([f"--direct_num_workers={workers}"])
        with beam.Pipeline(runner=local_runner(workers), options=options) as p:
            assert_that(p | beam.Create(values) | Spread(), equal_to(values))
        assert spilled_bytes(tmp_path) >= sum(len(value) for value in values[:20])
