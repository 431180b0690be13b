"""Memory of the addresses that a dataset is fed from."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import apache_beam as beam

from transforms.dataset import layout
from transforms.dataset import memory as snapshot
from transforms.dataset.sinks import sink_of
from transforms.dataset.trust import damaged, shown, warn
from transforms.failures import Reason
from transforms.feeds.fetch import FetchOutcome
from transforms.feeds.retries import TRIED
from transforms.feeds.schedule import FeedState, from_json, key_of, to_json
from transforms.read.sources import is_address
from transforms.records import Failure, Item


def read_states(dataset: str) -> Iterator[tuple[str, FeedState]]:
    """Yield key and state of each address, as the newest committed run has left them."""
    yield from states_in(sink_of(dataset).read_memory(), dataset).items()


def states_in(memory: Mapping[str, Mapping[str, Any]], dataset: str) -> dict[str, FeedState]:
    """Return key -> state of each address in what a dataset remembers.

    One that cannot be used is left out, with a warning.
    """
    found: dict[str, FeedState] = {}
    for key, values in memory.items():
        if "due" not in values:  # a stream remembers other things as well
            continue
        try:
            found[key] = check_state(from_json(values))
        except (TypeError, ValueError, LookupError, AttributeError) as error:
            where = f"{dataset}/{layout.MEMORY}"
            warn(damaged(where, error), f"what it remembers of {shown(key)} is left out, and read in full again")
    return found


def forget_inputs(memory: snapshot.Entries, uris: set[str] | None) -> snapshot.Entries:
    """Return memory without the validators by which a run skips entries and files that it has read.

    Where an address has moved to, and that it is gone, stays remembered.

    Args:
        memory: what a dataset remembers.
        uris: feeds and files by their name in a run's record, without secrets; None for all.
    """
    keys = {key_of(uri) for uri in uris or ()}
    kept: snapshot.Entries = {}
    for key, values in memory.items():
        name = values.get("shown", values.get("file"))
        if uris is not None and name not in uris and key not in keys:
            kept[key] = values
        elif "asked" in values:
            left = {name: value for name, value in values.items() if name not in VALIDATORS}
            kept[key] = {**left, "due": values["asked"]}
    return kept


VALIDATORS = ("etag", "last_modified", "body", "entries", "again", TRIED)
"""Of a state: what tells that a feed, or an entry of it, is as it was."""


def check_state(state: FeedState) -> FeedState:
    """Return the state if its values have the types that `FeedState` declares.

    Raises:
        ValueError: one has not.
    """
    for name, is_valid in _VALID.items():
        if not is_valid(getattr(state, name)):
            raise ValueError(f"{name}: got {shown(getattr(state, name))}; expected what a run remembers there")
    return state


def _is_text_or_none(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and 0 <= value < float("inf")


_VALID: dict[str, Callable[[Any], bool]] = {
    **dict.fromkeys(("moved_to", "etag", "last_modified", "body"), _is_text_or_none),
    **dict.fromkeys(("key", "shown"), lambda value: isinstance(value, str)),
    "entries": lambda value: all(isinstance(one, str) for one in value),
    "rate": _is_number,
    "failed": lambda value: type(value) is int and value >= 0,
    "status": lambda value: value is None or type(value) is int,
    "gone": lambda value: isinstance(value, bool),
    "told": lambda value: isinstance(value, dict) and all(map(snapshot.is_instant, value.values())),
    "again": lambda value: all(type(count) is int and isinstance(due, str) for count, due in value.values()),
    **dict.fromkeys(("asked", "due"), lambda value: value.tzinfo is not None),
    "answered": lambda value: value is None or value.tzinfo is not None,
}
"""Field of a state -> check of its value."""


@dataclasses.dataclass
class ReadStates(beam.PTransform):
    """`(key, FeedState)` of each address that the dataset remembers; nothing without a dataset."""

    dataset: str | None

    def __post_init__(self) -> None:
        super().__init__()

    def expand(self, begin: beam.pvalue.PBegin) -> beam.PCollection[tuple[str, FeedState]]:
        datasets = [self.dataset] if self.dataset else []
        return begin | "The dataset" >> beam.Create(datasets) | "States" >> beam.FlatMap(read_states)


def to_remember(asked: FetchOutcome) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the memory that `Write` stores for an address."""
    if asked.state is not None:
        yield asked.state.key, to_json(asked.state)


def to_try_again(what: Failure | Item) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield a retry for a feed entry: its page could not be fetched, or it failed for an unforeseen reason.

    An address with a secret in it is not known by what rows show of it, and has no such notes.
    """
    if isinstance(what, Item):
        yield key_of(what.uri), {TRIED: [what.position]}
        return
    uri, _, position = what.source.rpartition("#")
    if what.reason == Reason.UNEXPECTED and is_address(uri) and position.isascii() and position.isdigit():
        yield key_of(uri), {TRIED: [int(position)]}
