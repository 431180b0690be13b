"""What a dataset remembers of the addresses that it is fed from."""

import dataclasses
from collections.abc import Iterator
from typing import Any

import apache_beam as beam

from transforms.read.fetch import Asked
from transforms.read.schedule import FeedState, from_json, to_json
from transforms.write import snapshot


def read_states(dataset: str) -> Iterator[tuple[str, FeedState]]:
    """Key and state of each address, as the newest committed run has left them."""
    for key, values in snapshot.read(dataset).items():
        yield key, from_json(values)


@dataclasses.dataclass
class ReadStates(beam.PTransform):
    """`(key, FeedState)` of each address that the dataset remembers; nothing without a dataset."""

    dataset: str | None

    def __post_init__(self) -> None:
        super().__init__()

    def expand(self, begin: beam.pvalue.PBegin) -> beam.PCollection[tuple[str, FeedState]]:
        datasets = [self.dataset] if self.dataset else []
        return begin | "The dataset" >> beam.Create(datasets) | "States" >> beam.FlatMap(read_states)


def to_remember(asked: Asked) -> Iterator[tuple[str, dict[str, Any]]]:
    """What `Write` is to keep of what came of an address."""
    if asked.state is not None:
        yield asked.state.key, to_json(asked.state)
