"""What a run remembers -> a staged snapshot, committed with its rows."""

from typing import Any

import apache_beam as beam

from transforms.dataset.memory import stage
from transforms.dataset.sidecars import StagedExtra


class StageSnapshot(beam.PTransform):
    """`(key, what to remember)` pairs -> one staged snapshot, or none where nothing changes.

    Holds all that the dataset remembers in memory, once.
    """

    def __init__(self, output: str, run_id: str) -> None:
        super().__init__()
        self._output = output
        self._run_id = run_id

    def expand(self, changes: beam.PCollection[Any]) -> beam.PCollection[StagedExtra]:
        return (
            changes
            | "Together" >> beam.WithKeys(0)
            | "All changes" >> beam.GroupByKey()
            | "Write snapshot" >> beam.Map(stage, self._output, self._run_id)
        )
