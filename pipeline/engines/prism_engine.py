"""Prism: Beam's runner in Go, which the command starts on a private socket; for streams on one machine."""

from typing import TYPE_CHECKING, Any

from pipeline.engines.base import Engine

if TYPE_CHECKING:
    from pipeline.stream_settings import StreamSettings
    from transforms.stream import Job


class PrismEngine(Engine):
    """Prism, started by this command unless the options name its job service."""

    names = ("PrismRunner",)

    def stream_runner(self, settings: "StreamSettings") -> str:
        """Return the runner for a job service: `engine_server` has started Prism, and named it in the options."""
        return "PortableRunner" if _endpoint(settings) else settings.launch.runner

    def stream_options(self, settings: "StreamSettings", job: "Job") -> Any:
        """Return Beam's options, with this process as the worker."""
        from apache_beam.options.pipeline_options import DebugOptions, PortableOptions

        options = super().stream_options(settings, job)
        if endpoint := _endpoint(settings):
            portable = options.view_as(PortableOptions)
            portable.job_endpoint = endpoint
            portable.environment_type = portable.environment_type or "LOOPBACK"
            # Else Prism splits a slow bundle between two elements of one key, runs both parts in parallel, and loses
            # what one of them wrote into the key's state (2.77.0, `splitBundle`).
            options.view_as(DebugOptions).add_experiment("prism_disable_sdf_split")
        return options


def _endpoint(settings: "StreamSettings") -> str | None:
    from pipeline.engines.ports import portable

    return portable(settings).job_endpoint or None
