"""Options of Flink's job server that Beam's Python does not know, so that they can be given and are checked."""

import argparse

from apache_beam.options.pipeline_options import PipelineOptions


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
