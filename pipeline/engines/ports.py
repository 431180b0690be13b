"""Ports and sockets of the engine that a run uses: who may connect, and how workers are found."""

import contextlib
import importlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from apache_beam.options.pipeline_options import PortableOptions, PrismRunnerOptions

from pipeline.config import Settings
from pipeline.engines.base import PRELOAD
from pipeline.engines.known import engine_of
from pipeline.engines.network import has_left_network, start_again, why_not
from pipeline.engines.prism import check_prism, prism_server
from pipeline.engines.prism_engine import PrismEngine
from pipeline.engines.shutdown import is_own_process
from pipeline.engines.spark_engine import SparkEngine
from pipeline.errors import ConfigurationError
from pipeline.monitoring import logs
from pipeline.patches import Pools, close_ports
from transforms.dataset import files
from transforms.feeds.feed_list import is_feed_list
from transforms.http.redact import mask
from transforms.read.sources import is_address

LOCAL_MASTER = re.compile(r"\[(local|auto|collection)\]|local(\[.*\])?")
"""Address of a Flink or Spark that is within the run."""
OPEN = (
    "listen: network: the job server of {} listens on all network interfaces without authentication; whoever can"
    " connect to it runs programs as you. Put a firewall in front of it"
)


def close_all(settings: Settings) -> None:
    """Have all that Beam opens in this process listen privately, as far as the engine can connect to it then.

    Raises:
        ConfigurationError: the worker pool's secret cannot be read.
    """
    close_ports()
    if not engine_of(settings.launch.runner).is_local:
        importlib.import_module(PRELOAD)  # this process may be a worker, in several threads
    Pools.tcp = not can_dial_sockets(settings)
    Pools.secret = pool_secret(settings)


def check_ports(settings: Settings) -> None:
    """Refuse an engine that others could use, unless `listen` says that they may.

    Raises:
        ConfigurationError: with what to do.
    """
    if starts_prism(settings):
        check_prism(prism_location(settings), settings.launch.listen)
    if starts_job_server(settings) and settings.launch.listen != "network" and (why := why_open(settings)):
        raise ConfigurationError(
            [
                f"listen: got {settings.launch.listen!r}; expected 'network' with {settings.launch.runner} here, since"
                f" {why}. Its job server opens ports on all network interfaces, and whoever connects to them runs"
                " programs as you; without a need for the network it runs in a network of its own"
            ]
        )
    pool_secret(settings)


def enter_network(settings: Settings) -> None:
    """Give a job server on the JVM a network of its own, or warn that it is open; call it before anything has begun.

    The command is started again in it.

    Raises:
        ConfigurationError: a program called this, which would lose its network.
    """
    if not starts_job_server(settings) or has_left_network():
        return
    if settings.launch.listen == "network":
        logs.say(f"dateline: {OPEN.format(settings.launch.runner)}", event="open_port", level="warning")
        return
    if not is_own_process():
        raise ConfigurationError(
            [
                f"listen: got 'private'; expected 'network' for {settings.launch.runner} within a program; or run"
                " `dateline` as a process of its own, which can leave the network"
            ]
        )
    fetch_job_server(settings)
    start_again()


def starts_job_server(settings: Settings) -> bool:
    """Return True if Beam starts its job server for Flink or Spark on this machine."""
    return engine_of(settings.launch.runner).has_jvm_server and not _is_elsewhere(settings)


def starts_prism(settings: Settings) -> bool:
    """Return True if this command starts Prism."""
    return isinstance(engine_of(settings.launch.runner), PrismEngine) and not _is_elsewhere(settings)


def why_open(settings: Settings) -> str:
    """Return the reason why the run needs the network, or cannot leave it; or nothing.

    That is: a cluster, workers elsewhere, or inputs or an output that are not on this machine.
    """
    given = settings.options.get_all_options()
    master = str(given[engine_of(settings.launch.runner).master_option] or "")
    if not LOCAL_MASTER.fullmatch(master.strip()):
        return f"the cluster {master} is reached by the network"
    if portable(settings).environment_type not in (None, "LOOPBACK"):
        return f"workers of environment_type {portable(settings).environment_type} are reached by the network"
    away = [one for one in settings.inputs if is_address(one) or is_feed_list(one) or not files.is_local(one)]
    away += [] if files.is_local(settings.output) else [settings.output]
    if away:
        return f"{mask(away[0])!r} is reached by the network"
    if settings.read.full_text:
        return "read.full_text is fetched by the network"
    if getattr(settings, "has_topics", False):
        return "a topic is read by the network"
    return why_not()


def fetch_job_server(settings: Settings) -> None:
    """Have the job server's jar in Beam's cache, from where it is taken without a network."""
    from apache_beam.runners.portability import flink_runner, spark_runner

    is_spark = isinstance(engine_of(settings.launch.runner), SparkEngine)
    kind: Any = spark_runner.SparkJarJobServer if is_spark else flink_runner.FlinkJarJobServer
    server = kind(settings.options)
    server.local_jar(server.path_to_jar(), server._jar_cache_dir)


@contextlib.contextmanager
def engine_server(settings: Settings) -> Iterator[None]:
    """Start the engine, if it is Prism on this machine; the options name it then. It lives inside this context only."""
    location = prism_location(settings)
    if not starts_prism(settings) or "://" in location:
        yield
        return
    with prism_server(location, settings.launch.listen) as address:
        portable(settings).job_endpoint = address
        yield


def prism_location(settings: Settings) -> str:
    """Return the path or address of Prism that the options give, or nothing."""
    return str(settings.options.view_as(PrismRunnerOptions).prism_location or "")


def _is_elsewhere(settings: Settings) -> bool:
    """Return True if the options name a job service that somebody else has started."""
    return bool(portable(settings).job_endpoint)


def can_dial_sockets(settings: Settings) -> bool:
    """Return True if the engine connects to Unix sockets: all but those on the JVM, and those that we do not know."""
    engine = engine_of(settings.launch.runner)
    endpoint = str(portable(settings).job_endpoint or "")
    ours = endpoint in ("", "embed") or endpoint.startswith("unix:")
    return engine.is_local or (not engine.has_jvm_server and ours)


def pool_secret(settings: Settings) -> str | None:
    """Return the secret of the worker pool that the options name; None if they name none, or say parameters themselves.

    Raises:
        ConfigurationError: the file cannot be read, or others can read it.
    """
    options = portable(settings)
    if options.environment_type != "EXTERNAL" or _has_parameters(options.environment_config):
        return None
    from pipeline.engines.pool import default_secret_file, read_secret

    file = Path(settings.launch.workers_secret or default_secret_file()).expanduser()
    try:
        return read_secret(file)
    except FileNotFoundError as error:
        raise ConfigurationError(
            [
                f"workers_secret: got {str(file)!r}; expected a file, and it is not there. `dateline workers` writes it"
                " when it starts a pool. For a pool of another program, give its parameters:"
                """ --environment_config='{"url": "HOST:PORT", "params": {}}'"""
            ]
        ) from error
    except (OSError, ValueError) as error:
        raise ConfigurationError([f"workers_secret: {error}"]) from error


def _has_parameters(environment_config: Any) -> bool:
    try:
        return "params" in json.loads(str(environment_config))
    except (ValueError, TypeError):
        return False


def portable(settings: Settings) -> Any:
    """Return Beam's options for engines with a job service."""
    return settings.options.view_as(PortableOptions)
