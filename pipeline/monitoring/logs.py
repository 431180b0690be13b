"""What a command says while it works: lines for people, or one JSON object a line for machines.

Both go to stderr. There is nothing per article in either: what becomes of each
is in the dataset, and the totals are in the run's record and its metrics.
"""

import datetime
import json
import logging
import os
import sys
from typing import Any, TextIO

from pipeline.monitoring.terminal import masked, printable, printable_json, show, write

FORMATS = ("text", "json")
VARIABLE = "DATELINE_LOG_FORMAT"
"""Environment variable that tells worker processes of the format."""

_run_id: str | None = None


def set_format(log_format: str) -> None:
    """Choose the form of all that is said from now on, here and in the workers that are started."""
    os.environ[VARIABLE] = log_format


def as_json() -> bool:
    """Return True if objects are wanted."""
    return os.environ.get(VARIABLE) == "json"


def set_run(run_id: str | None) -> None:
    """Set the run that log objects name."""
    global _run_id
    _run_id = run_id


def say(text: str, *, event: str, level: str = "info", **fields: Any) -> None:
    """Say something on stderr.

    Args:
        text: for people, as it is to be printed; of an object it is `message`.
        event: what it is about, from a small closed set: started, progress, done, failed, ...
        level: info, warning or error, in objects only.
        fields: further numbers and names of an object.
    """
    said = line(text, event=event, level=level, **fields) if as_json() else text
    show(said, file=sys.stderr)


def line(text: str, *, event: str, level: str, **fields: Any) -> str:
    """Return one object, without the name of the program and empty lines that people are given."""
    message = "; ".join(part.strip() for part in text.splitlines() if part.strip()).removeprefix("dateline: ")
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
    head = {"time": now, "level": level, "event": event, **({"run_id": _run_id} if _run_id else {})}
    shown = {name: masked(value) if isinstance(value, str) else value for name, value in fields.items()}
    said = {**head, "message": masked(message), **shown}
    return printable_json(json.dumps(said, ensure_ascii=False, default=str))


class JsonFormatter(logging.Formatter):
    """Log records of libraries, Beam's above all, as objects of the same form."""

    def format(self, record: logging.LogRecord) -> str:
        error = {"error": self.formatException(record.exc_info)} if record.exc_info else {}
        level = record.levelname.lower()
        return line(record.getMessage(), event="log", level=level, logger=record.name, process=record.process, **error)


class TextFormatter(logging.Formatter):
    """Log records of libraries as lines for people, masked and without control characters."""

    def format(self, record: logging.LogRecord) -> str:
        return printable(masked(super().format(record)))


class _Handler(logging.StreamHandler[TextIO]):
    """Writes what the stream's encoding has not as escapes, rather than fail."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            write(self.format(record) + self.terminator, self.stream)
        except Exception:
            self.handleError(record)


def handler() -> logging.Handler:
    """Return a handler of log records that writes in the chosen format."""
    made = _Handler()
    made.setFormatter(JsonFormatter() if as_json() else TextFormatter(logging.BASIC_FORMAT))
    return made


class _Warnings(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        say(f"dateline: {record.getMessage()}", event="damaged", level="warning")


def show_warnings() -> None:
    """Print the warnings of our own libraries, such as of damaged files, whatever level Beam's log has."""
    own = logging.getLogger("dateline")
    own.handlers[:] = [_Warnings()]
    own.propagate = False
