"""The list of engines, and the only place where names of runners are compared."""

from pipeline.engines.base import Engine
from pipeline.engines.dataflow_engine import DataflowEngine
from pipeline.engines.flink_engine import FlinkEngine
from pipeline.engines.local_engine import LocalEngine
from pipeline.engines.portable_engine import PortableEngine
from pipeline.engines.prism_engine import PrismEngine
from pipeline.engines.spark_engine import SparkEngine

ENGINES: tuple[Engine, ...] = (
    LocalEngine(),
    PrismEngine(),
    FlinkEngine(),
    SparkEngine(),
    DataflowEngine(),
    PortableEngine(),
)
"""All engines, in the order in which messages name them."""

RUNNERS = tuple(name for engine in ENGINES for name in engine.names)
"""Values of the setting `runner`; a class by its full name is allowed, too."""

_BY_NAME = {name: engine for engine in ENGINES for name in engine.names}


def engine_of(runner: str) -> Engine:
    """Return the engine for a value of the setting `runner`; `PortableEngine` for a class by its full name.

    >>> engine_of("FnApiRunner").is_local, engine_of("my.own.Runner").names
    (True, ('PortableRunner',))
    """
    return _BY_NAME.get(runner, _BY_NAME["PortableRunner"])
