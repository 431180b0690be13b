"""The list of sinks, and the sink for a value of `write.output`."""

import datetime
from collections.abc import Mapping, Sequence

from transforms.dataset.base import InputStat, Sink
from transforms.dataset.parquet_sink import ParquetSink
from transforms.dataset.runs import Run

SINKS: tuple[type[Sink], ...] = (ParquetSink,)
"""All sinks; the one without a prefix is the default."""


def sink_of(output: str) -> Sink:
    """Return the sink for an output: `PREFIX:PLACE`, or a folder or URL for Parquet files.

    >>> type(sink_of("out/news")).__name__, type(sink_of("gs://bucket/news")).__name__
    ('ParquetSink', 'ParquetSink')
    """
    prefix, colon, place = output.partition(":")
    named = [sink for sink in SINKS if sink.prefix and sink.prefix == prefix and colon and not place.startswith("//")]
    if named:
        return named[0](place)
    (default,) = (sink for sink in SINKS if not sink.prefix)
    return default(output)


def begin_run(
    output: str, inputs: Sequence[InputStat], now: datetime.datetime, *, versions: Mapping[str, str] | None = None
) -> Run:
    """Open a run in the sink of an output; see `Sink.begin`.

    Raises:
        DatasetLocked: another process writes into the dataset.
        ValueError: the place cannot be written to.
    """
    return sink_of(output).begin(inputs, now, versions=versions or {})


def read_run(output: str, run_id: str) -> Run:
    """Return the record of a run in the sink of an output; see `Sink.read_run`."""
    return sink_of(output).read_run(run_id)
