"""Dataflow: a service; a job continues without its launcher."""

from typing import TYPE_CHECKING

from pipeline.engines.base import Engine

if TYPE_CHECKING:
    from pipeline.config import Settings


class DataflowEngine(Engine):
    """Google Cloud Dataflow."""

    names = ("DataflowRunner",)
    is_service = True

    def check(self, settings: "Settings") -> list[str]:
        """Return missing options, and inputs and outputs that workers cannot reach."""
        from pipeline.engines.service import service_problems

        return service_problems(settings)
