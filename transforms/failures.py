"""A bad record becomes a `Failure` row here, and nowhere else.

Three kinds of error are kept apart. A wrong setting raises before the run. A
bad record raises `BadRecord` (or anything unforeseen) inside `attempt` and
becomes a row. Broken infrastructure, such as a full disk or a missing model,
is not a record's fault and is left to the runner.
"""

import enum
import sqlite3
import traceback
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Self

from apache_beam.pvalue import TaggedOutput

from transforms.http.redact import mask_text
from transforms.records import Failure, stable_id

FAILURES = "failures"
"""Tag of the output that carries `Failure` rows."""

MAX_PAYLOAD = 4096
_MAX_MESSAGE = 10_000

INFRASTRUCTURE = (MemoryError, sqlite3.DatabaseError)
"""Errors that would befall any record, and are left to the runner."""


class Reason(enum.StrEnum):
    """Every way in which an input can give no article, with what it means."""

    meaning: str

    def __new__(cls, value: str, meaning: str) -> Self:
        """Return a member is its value; the meaning goes into the documentation."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        return member

    UNREADABLE = (
        "unreadable",
        "It cannot be opened, is not a regular file (FIFO, dangling link, ...), or is of a kind that is not read.",
    )
    EMPTY = "empty", "Without content."
    BINARY = "binary", "Not text, whatever its name is."
    TOO_LARGE = (
        "too_large",
        "Longer than `read.max_bytes`, a JSONL answer than `read.max_jsonl_bytes`, a text than `parse.max_characters`;"
        " or it needs more memory than `max_memory_mb` allows.",
    )
    TOO_SLOW = "too_slow", "Needs more CPU time than `max_cpu_seconds` allows."
    CRASHED = "crashed", "The process that read it crashed on it; other articles are not affected."
    BAD_ARCHIVE = "bad_archive", "Named `.gz`, but not gzip, damaged, or truncated."
    ARCHIVE_BOMB = "archive_bomb", "A small archive that unpacks to far more than `read.max_bytes`."
    TOO_COMPLEX = "too_complex", "A page with more tags, attributes or depth than any article has."
    BAD_JSON = "bad_json", "Not JSON, or not an object."
    NO_TEXT = "no_text", "A record or entry without text."
    NO_ARTICLE = "no_article", "A page without an article: a login, a list, an error."
    BAD_FEED = "bad_feed", "Not a feed, or a broken or hostile one."
    NO_ENTRIES = "no_entries", "A feed without entries."
    FETCH_FAILED = "fetch_failed", "The server did not answer, refused, or took too long."
    GONE = "gone", "The server reports 410 Gone; it is not requested again."
    UNSAFE_ADDRESS = (
        "unsafe_address",
        "The address, or one that it led to, is not on the public internet or not a port of web servers.",
    )
    UNEXPECTED = "unexpected", "An error that was not foreseen; the row keeps its traceback. Please report it."


class BadRecord(Exception):
    """This record cannot be used; the run goes on without it.

    Args:
        reason: one of the closed set, under which it is counted.
        message: for a person: what was found and what was expected.
    """

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.reason, str(self))


def failure_from(error: Exception, *, stage: str, source: str, payload: bytes | str | None = None) -> Failure:
    """Return the row for an error; an unforeseen one keeps its traceback. Addresses in both are masked."""
    foreseen = isinstance(error, BadRecord)
    reason = error.reason if isinstance(error, BadRecord) else Reason.UNEXPECTED
    if isinstance(payload, str):
        payload = payload[:MAX_PAYLOAD].encode("utf-8", "replace")
    return Failure(
        failure_id=stable_id(stage, source, reason),
        stage=stage,
        reason=reason.value,
        error=type(error).__name__,
        message=mask_text(str(error)[:_MAX_MESSAGE])[:1000],
        source=source,
        payload=payload[:MAX_PAYLOAD] if payload else None,
        traceback=None if foreseen else mask_text("".join(traceback.format_exception(error))[-8000:]),
    )


def attempt(
    function: Callable[[Any], Iterable[Any]],
    item: Any,
    *,
    stage: str,
    source: str,
    payload: bytes | str | None = None,
) -> Iterator[Any]:
    """Yield all that `function(item)` gives, or one tagged `Failure`; never a part and a failure.

    What says more about the worker than about the record is not caught: no memory, a damaged gazetteer.
    """
    try:
        results = list(function(item))
    except INFRASTRUCTURE:
        raise
    except Exception as error:
        failure = failure_from(error, stage=stage, source=source, payload=payload)
        yield TaggedOutput(FAILURES, failure)
    else:
        yield from results
