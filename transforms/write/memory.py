"""Memory of a run: what it learned of its sources, staged to be committed with its rows."""

from collections.abc import Iterable
from typing import Any

import apache_beam as beam

from transforms.dataset.base import Sink
from transforms.dataset.runs import Run


class StageMemory(beam.PTransform):
    """`(key, what to remember)` pairs -> one staged sidecar, or none if nothing changes or the sink keeps no memory.

    Holds the whole memory of the dataset in RAM, once.
    """

    def __init__(self, sink: Sink, run: Run) -> None:
        super().__init__()
        self._sink, self._run = sink, run

    def expand(self, changes: beam.PCollection[Any]) -> beam.PCollection[Any]:
        return (
            changes
            | "Together" >> beam.WithKeys(0)
            | "All changes" >> beam.GroupByKey()
            | "Write memory" >> beam.FlatMap(stage, self._sink, self._run)
        )


def stage(group: tuple[int, Iterable[Any]], sink: Sink, run: Run) -> list[Any]:
    """Stage the memory; return the sidecar, or nothing if the sink keeps none."""
    sidecar = sink.stage_memory(group[1], run)
    return [] if sidecar is None else [sidecar]
