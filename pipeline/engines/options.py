"""Beam's pipeline options, for a graph of many steps."""

from typing import Any

from apache_beam.options.pipeline_options import PipelineOptions


class QuickOptions(PipelineOptions):
    """Makes each view of itself once.

    Beam asks for one or two at every step of a graph, and each time builds a
    parser of arguments for it: a third of a second for ours. All views share
    their values, so one is as good as another.
    """

    def view_as(self, cls: type) -> Any:
        views = self.__dict__.setdefault("_views", {})
        if cls not in views:
            views[cls] = super().view_as(cls)
        return views[cls]

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = super().__getstate__()
        return {name: value for name, value in state.items() if name != "_views"}
