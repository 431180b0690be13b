"""Ports and sockets of the engine that a run uses: who may connect, and how workers are found."""

import contextlib
import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from apache_beam.options.pipeline_options import PortableOptions, PrismRunnerOptions

from pipeline.config import LOCAL_RUNNERS, PRELOAD, Settings
from pipeline.engines.prism import check_prism, prism_server
from pipeline.errors import ConfigurationError
from pipeline.patches import Pools, close_ports

JVM_RUNNERS = ("FlinkRunner", "SparkRunner")


def close_all(settings: Settings) -> None:
    """Have all that Beam opens in this process listen privately, as far as the engine can connect to it then.

    Raises:
        ConfigurationError: the worker pool's secret cannot be read.
    """
    close_ports()
    if settings.launch.runner not in LOCAL_RUNNERS:
        importlib.import_module(PRELOAD)  # this process may be a worker, in several threads
    Pools.tcp = not can_dial_sockets(settings)
    Pools.secret = pool_secret(settings)


def check_ports(settings: Settings) -> None:
    """Refuse an engine that others could use, unless `listen` says that they may.

    Raises:
        ConfigurationError: with what to do.
    """
    if settings.launch.runner == "PrismRunner" and not _is_elsewhere(settings):
        check_prism(prism_location(settings), settings.launch.listen)
    pool_secret(settings)


@contextlib.contextmanager
def engine_server(settings: Settings) -> Iterator[None]:
    """Start the engine, if it is Prism on this machine; the options name it then. It lives inside this context only."""
    location = prism_location(settings)
    if settings.launch.runner != "PrismRunner" or _is_elsewhere(settings) or "://" in location:
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
    runner = settings.launch.runner
    endpoint = str(portable(settings).job_endpoint or "")
    ours = endpoint in ("", "embed") or endpoint.startswith("unix:")
    return runner in LOCAL_RUNNERS or (runner not in JVM_RUNNERS and ours)


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
    """Return Beam's options for engines behind a job service."""
    return settings.options.view_as(PortableOptions)
