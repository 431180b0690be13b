"""What a dataset remembers of the addresses that it is fed from."""

import dataclasses
from collections.abc import Iterator
from typing import Any

import apache_beam as beam

from transforms.failures import Reason
from transforms.read.again import TRIED
from transforms.read.fetch import Asked
from transforms.read.schedule import FeedState, from_json, key_of, to_json
from transforms.read.sources import is_address
from transforms.records import Failure, Item
from transforms.write import snapshot


def read_states(dataset: str) -> Iterator[tuple[str, FeedState]]:
    """Key and state of each address, as the newest committed run has left them."""
    for key, values in snapshot.read(dataset).items():
        if "asked" in values:  # a stream remembers other things as well
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


def to_try_again(what: Failure | Item) -> Iterator[tuple[str, dict[str, Any]]]:
    """The note that an entry of a feed is to be tried again: its page could not be had, or it failed unforeseen.

    An address with a secret in it is not known by what rows show of it, and has no such notes.
    """
    if isinstance(what, Item):
        yield key_of(what.uri), {TRIED: [what.position]}
        return
    uri, _, position = what.source.rpartition("#")
    if what.reason == Reason.UNEXPECTED and is_address(uri) and position.isascii() and position.isdigit():
        yield key_of(uri), {TRIED: [int(position)]}
