"""Flink: options of Beam's job server that its Python does not know, and jobs on a cluster."""

import argparse
import json
import time
import urllib.request
from pathlib import Path
from typing import Any

from apache_beam.options.pipeline_options import GoogleCloudOptions, PipelineOptions

from transforms.dataset import files
from transforms.records import stable_id

CHECKPOINT_MILLISECONDS = 60_000
"""Between two checkpoints of a stream, where none is said: without any Flink forgets all that is in the graph."""
LOOK_SECONDS = 0.5
ANSWER_SECONDS = 10.0
CANCEL_SECONDS = 60.0
OVER = ("FINISHED", "FAILED", "CANCELED")


class FlinkJobOptions(PipelineOptions):
    """Passed on as they are; what each means: https://beam.apache.org/documentation/runners/flink/."""

    NUMBERS = (
        "checkpointing_interval",
        "checkpoint_timeout_millis",
        "min_pause_between_checkpoints",
        "num_concurrent_checkpoints",
        "number_of_execution_retries",
        "execution_retry_delay",
        "max_bundle_size",
        "max_bundle_time_mills",
        "auto_watermark_interval",
        "latency_tracking_interval",
        "shutdown_sources_after_idle_ms",
    )
    TEXTS = (
        "checkpointing_mode",
        "execution_mode_for_batch",
        "state_backend",
        "state_backend_storage_path",
        "savepoint_path",
        "flink_conf_dir",
    )
    SWITCHES = (
        "externalized_checkpoints_enabled",
        "retain_externalized_checkpoints_on_cancellation",
        "unaligned_checkpoint_enabled",
        "finish_bundle_before_checkpointing",
        "enable_stable_input_drain",
        "allow_non_restored_state",
        "object_reuse",
        "re_iterable_group_by_key_result",
    )

    @classmethod
    def _add_argparse_args(cls, parser: argparse.ArgumentParser) -> None:
        # None is not passed on, so that the job server's own defaults hold.
        for name in cls.NUMBERS:
            parser.add_argument(f"--{name}", type=int, default=None, help="Flink's job server.")
        for name in cls.TEXTS:
            parser.add_argument(f"--{name}", default=None, help="Flink's job server.")
        for name in cls.SWITCHES:
            parser.add_argument(f"--{name}", action="store_true", default=None, help="Flink's job server.")


def stream_problems(options: PipelineOptions) -> list[str]:
    """Return the problems of options that a stream must not have."""
    if options.view_as(FlinkJobOptions).shutdown_sources_after_idle_ms is None:
        return []
    return [
        "beam.shutdown_sources_after_idle_ms: with it Flink completes no checkpoint of a stream; leave it out:"
        " Dateline ends the job of a stream that has drained"
    ]


def prepare_stream(options: PipelineOptions, output: str, job_id: str) -> None:
    """Give a stream's job checkpoints, and the name that it is found by."""
    own = options.view_as(FlinkJobOptions)
    own.checkpointing_interval = own.checkpointing_interval or CHECKPOINT_MILLISECONDS
    # Else what a step gives while a checkpoint is made is sent after the watermark that it should precede; at the
    # end of a stream no window takes it any more (Beam 2.70.0, `DoFnOperator.snapshotState`).
    own.finish_bundle_before_checkpointing = True
    options.view_as(GoogleCloudOptions).job_name = f"{jobs_of(output)}{job_id}"


def jobs_of(output: str) -> str:
    """Return the prefix of the names of all jobs that write into the dataset.

    >>> jobs_of("/data/news") == jobs_of("/data/news/") != jobs_of("/data/other")
    True
    """
    folder = files.check_output(output)
    return f"dateline-{stable_id('dataset', str(Path(folder).resolve()) if files.is_local(folder) else folder)[:8]}-"


class Cluster:
    """Jobs on a Flink cluster, by its REST interface; Beam's job server passes no cancellation on.

    Args:
        address: where it is, `http://localhost:8081`.
    """

    def __init__(self, address: str) -> None:
        self.address = address if "://" in address else f"http://{address}"

    def jobs(self, name: str) -> list[str]:
        """Return ids of the jobs that are not over and whose name begins so."""
        jobs = self._ask("/jobs/overview")["jobs"]
        return [one["jid"] for one in jobs if one["name"].startswith(name) and one["state"] not in OVER]

    def cancel(self, name: str) -> int:
        """Cancel the jobs whose name begins so, waits until they are over, and says how many there were.

        Raises:
            OSError: the cluster does not answer, or does not end them.
        """
        jobs = self.jobs(name)
        for job in jobs:
            self._ask(f"/jobs/{job}?mode=cancel", method="PATCH")
        deadline = time.monotonic() + CANCEL_SECONDS
        while set(jobs) & set(self.jobs(name)):
            if time.monotonic() > deadline:
                raise TimeoutError(f"Flink at {self.address} has not ended the job after {CANCEL_SECONDS:.0f} s")
            time.sleep(LOOK_SECONDS)
        return len(jobs)

    def _ask(self, path: str, method: str = "GET") -> Any:
        request = urllib.request.Request(f"{self.address}{path}", method=method)
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as answer:
            return json.loads(answer.read() or b"{}")
