"""Flink: in the command with `[local]`, or on a cluster."""

import concurrent.futures
import threading
from typing import TYPE_CHECKING, Any

from pipeline.engines.base import Engine, check_state
from pipeline.errors import ConfigurationError
from pipeline.monitoring.terminal import show
from transforms.settings import got

if TYPE_CHECKING:
    from pipeline.engines.flink import Cluster
    from pipeline.stream_settings import StreamSettings
    from transforms.stream import Job


class FlinkEngine(Engine):
    """Flink, by Beam's job server."""

    names = ("FlinkRunner",)
    has_jvm_server = True
    master_option = "flink_master"

    def check_stream(self, settings: "StreamSettings") -> list[str]:
        """Return options with which a stream completes no checkpoint."""
        from pipeline.engines.flink import stream_problems

        return stream_problems(settings.options)

    def stream_options(self, settings: "StreamSettings", job: "Job") -> Any:
        """Return Beam's options, with checkpoints and a name by which the job is found."""
        from pipeline.engines.flink import prepare_stream

        options = super().stream_options(settings, job)
        prepare_stream(options, settings.output, job.job_id)
        return options

    def finish_stream(self, result: Any, settings: "StreamSettings", job: "Job") -> None:
        """Cancel the job when it has drained: with checkpoints, Flink keeps the source of such a job."""
        from pipeline.engines.flink import LOOK_SECONDS, jobs_of
        from transforms.stream.control_files import may_end

        ended: concurrent.futures.Future[str] = concurrent.futures.Future()
        threading.Thread(target=_wait, args=(result, ended), daemon=True).start()
        while not ended.done() and not may_end(settings.output, job.job_id, has_topics=settings.has_topics):
            concurrent.futures.wait([ended], timeout=LOOK_SECONDS)
        if not may_end(settings.output, job.job_id, has_topics=settings.has_topics):
            check_state(f"{ended.result()} before all was committed")
        if settings.has_topics:
            show("dateline: a topic has no end; the next start reads the articles of open windows again")
        # A Flink inside this command ends with it.
        if cluster := cluster_of(settings):
            cluster.cancel(f"{jobs_of(settings.output)}{job.job_id}")

    def end_former(self, settings: "StreamSettings") -> int:
        """Cancel jobs of the dataset on the cluster; return their number."""
        from pipeline.engines.flink import jobs_of

        cluster = cluster_of(settings)
        try:
            return cluster.cancel(jobs_of(settings.output)) if cluster else 0
        except OSError as error:
            assert cluster is not None
            rule = f"a cluster that answers: {error}"
            raise ConfigurationError([got("beam.flink_master", cluster.address, rule)]) from error


def cluster_of(settings: "StreamSettings") -> "Cluster | None":
    """Return the cluster that the options name; None if Flink is inside the command."""
    from apache_beam.options.pipeline_options import FlinkRunnerOptions

    from pipeline.engines.flink import Cluster

    master = settings.options.view_as(FlinkRunnerOptions).flink_master.strip()
    return None if master.startswith("[") else Cluster(master)


def _wait(result: Any, ended: "concurrent.futures.Future[str]") -> None:
    """Set the future to the state, or the error, in which a job ends."""
    try:
        ended.set_result(result.wait_until_finish())
    except Exception as error:
        ended.set_exception(error)
