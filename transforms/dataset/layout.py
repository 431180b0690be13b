"""Layout of a dataset: paths of its files, relative to its folder.

```
articles/date=2026-11-22/4f0c2a9be1d07735-00000-of-00004.parquet
articles/date=2026-11-22/compacted-9a3be1d07735c2aa.parquet   files of several runs in one
locations/date=2026-11-22/...
archive/date=2026-11-22/4f0c2a9be1d07735-00000-of-00004.warc.gz   answers as they came, where they are kept
_dateline/runs/4f0c2a9be1d07735.json           the record of a run
_dateline/history/2026-11.jsonl.gz             records of runs over feeds, put together
_dateline/memory/0000000042-4f0c2a9be1d07735.json   what is remembered of feeds; the highest number holds
_dateline/known/0-9a3be1d07735c2aa.segment     what its articles are recognized by; may be deleted
_dateline/staging/4f0c2a9be1d07735/...         what a run has written but not yet committed
_dateline/staging/4f0c2a9be1d07735/manifest.json   a commit that has been decided
_dateline/damaged/20261122T101500Z/...         set aside by `check --repair`, under its old path; Parquet as `.aside`
_dateline/stream, stop, alive_*, drained_*     control files of a stream: transforms/stream/control_files.py
```

Nothing below `_dateline` ends in `.parquet`, but for the moment in which a
compaction exchanges folders: DuckDB's `**/*.parquet` reads folders that begin
with an underscore, too. A table's own folder never holds anything else.
"""

import datetime
import re
from typing import NamedTuple

from transforms.records import TABLES

OWN = "_dateline"
RUNS = f"{OWN}/runs"
HISTORY = f"{OWN}/history"
STAGING = f"{OWN}/staging"
MEMORY = f"{OWN}/memory"
DAMAGED = f"{OWN}/damaged"
"""Folder of the files that `dateline check --repair` has set aside; never read."""
ARCHIVE = "archive"
COMPACTED = "compacted"
"""In the place of a run's id in the name of a file that holds rows of several runs."""


def record_path(run_id: str) -> str:
    """Return the record of a run."""
    return f"{RUNS}/{run_id}.json"


def history_path(month: str) -> str:
    """Return the records of a month's runs over feeds, a line each."""
    return f"{HISTORY}/{month}.jsonl.gz"


def staging_folder(run_id: str) -> str:
    """Return the folder of what the run has not yet committed."""
    return f"{STAGING}/{run_id}"


def manifest_path(run_id: str) -> str:
    """Return present from the moment a commit is decided until it is done."""
    return f"{staging_folder(run_id)}/manifest.json"


def staged_path(run_id: str, table: str, shard: int, attempt: str) -> str:
    """Return a shard before it is committed.

    Each attempt at a bundle has its own, so that none writes into another's.
    """
    return f"{staging_folder(run_id)}/{table}-{shard:05d}-{attempt}.staged"


def shard_path(table: str, date: datetime.date, run_id: str, shard: int, shards: int) -> str:
    """Return a committed file. Its name settles its rows: the run, and which part of how many.

    >>> shard_path("articles", datetime.date(2026, 11, 22), "4f0c", 0, 4)
    'articles/date=2026-11-22/4f0c-00000-of-00004.parquet'
    """
    return f"{table}/date={date.isoformat()}/{run_id}-{shard:05d}-of-{shards:05d}.parquet"


def compacted_path(table: str, date: str, content: str) -> str:
    """Return a file that was made of others, under a name that no other content has.

    >>> compacted_path("articles", "2026-11-22", "9a3b")
    'articles/date=2026-11-22/compacted-9a3b.parquet'
    """
    return f"{table}/date={date}/{COMPACTED}-{content}.parquet"


def memory_path(number: int, run_id: str) -> str:
    """Return the path of the memory after a run.

    >>> memory_path(42, "4f0c")
    '_dateline/memory/0000000042-4f0c.json'
    """
    return f"{MEMORY}/{number:010d}-{run_id}.json"


def archive_path(date: datetime.date, run_id: str, shard: int, shards: int) -> str:
    """Return answers of a run as they came."""
    return f"{ARCHIVE}/date={date.isoformat()}/{run_id}-{shard:05d}-of-{shards:05d}.warc.gz"


def table_pattern(table: str, run_id: str = "") -> str:
    """Return glob of the table's committed files: all of them, or those of one run."""
    return f"{table}/date=*/{run_id and run_id + '-'}*.parquet"


def run_of(path: str) -> str:
    """Return the run that wrote a committed file.

    >>> run_of("out/articles/date=2026-11-22/4f0c-00000-of-00004.parquet")
    '4f0c'
    """
    return path.rpartition("/")[2].partition("-")[0]


# The grammar of names. What a file of the dataset names must be one of these; anything else is not followed.

RUN_ID = r"(?!compacted-)[0-9A-Za-z_]{1,128}"
_DAY = r"date=(?P<date>\d{4}-\d{2}-\d{2})"
_TABLE = rf"(?P<table>{'|'.join(TABLES)})"
_STAGING = rf"(?P<staging>{RUN_ID}|compact-[0-9a-f]{{1,32}}|compact-runs-\d{{4}}-\d{{2}}|(?:restore|repair)-{RUN_ID})"
_PATTERNS: dict[str, re.Pattern[str]] = {
    kind: re.compile(pattern, re.ASCII)
    for kind, pattern in {
        "shard": rf"{_TABLE}/{_DAY}/(?P<run>{RUN_ID})-(?P<shard>\d{{5}})-of-\d{{5}}\.parquet",
        "compacted": rf"{_TABLE}/{_DAY}/{COMPACTED}-[0-9a-f]{{1,32}}\.parquet",
        "archive": rf"{ARCHIVE}/{_DAY}/(?P<run>{RUN_ID})-\d{{5}}-of-\d{{5}}\.warc\.gz",
        "record": rf"{RUNS}/(?P<run>{RUN_ID})\.json",
        "history": rf"{HISTORY}/(?P<month>\d{{4}}-\d{{2}})\.jsonl\.gz",
        "memory": rf"{MEMORY}/\d{{10,18}}-(?P<run>{RUN_ID})\.json",
        "segment": rf"{OWN}/known/\d-[0-9a-f]{{1,32}}\.segment",
        "manifest": rf"{STAGING}/{_STAGING}/manifest\.json",
        "staged": rf"{STAGING}/{_STAGING}/[0-9a-z-]{{1,128}}\.staged",
        "spare": rf"{STAGING}/(?:{_STAGING}/)?(?:[0-9a-f]{{1,64}}\.(?:draft|spilled)|folder-\d+/[^/]+)",
        "signal": rf"{OWN}/(?:stop|stream|(?:alive|drained)_[0-9a-zA-Z]{{1,64}})",
    }.items()
}
"""Kind of file -> pattern of its path, relative to the dataset."""

_RUN_ID = re.compile(RUN_ID, re.ASCII)
_STAGING_NAME = re.compile(_STAGING, re.ASCII)
MAX_PATH = 512
"""Maximum number of characters of a path relative to the dataset."""


class Name(NamedTuple):
    """Parts of a path of the layout."""

    kind: str
    """A key of `_PATTERNS`."""
    table: str = ""
    date: str = ""
    run: str = ""
    """Id of the run that the file belongs to; empty for files of several runs."""
    staging: str = ""
    """Name of the staging folder."""
    month: str = ""
    shard: str = ""


def parse(path: object) -> Name | None:
    """Return the parts of a path relative to the dataset, or None if it is not in the layout.

    >>> parse("articles/date=2026-11-22/4f0c-00000-of-00004.parquet").run
    '4f0c'
    >>> [parse(one) for one in ("articles/../../x", "/etc/passwd", "_dateline/runs/../../x.json", None)]
    [None, None, None, None]
    """
    if not isinstance(path, str) or len(path) > MAX_PATH:
        return None
    for kind, pattern in _PATTERNS.items():
        found = pattern.fullmatch(path)
        if found:
            named = {name: value for name, value in found.groupdict().items() if value is not None}
            return Name(kind, **named) if is_date(named.get("date", "2026-01-01")) else None
    return None


def is_shard_name(text: object) -> bool:
    """Return True if the text may be the name of a run's file, without its folder."""
    return (
        isinstance(text, str) and (name := parse(f"articles/date=2026-01-01/{text}")) is not None and bool(name.shard)
    )


def is_date(text: str) -> bool:
    """Return True if the text is a date of the calendar, as YYYY-MM-DD."""
    try:
        return datetime.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def is_run_id(text: object) -> bool:
    """Return True if the text may be the id of a run."""
    return isinstance(text, str) and _RUN_ID.fullmatch(text) is not None


def is_staging_name(text: object) -> bool:
    """Return True if the text may be the name of a staging folder."""
    return isinstance(text, str) and _STAGING_NAME.fullmatch(text) is not None


def relative(path: str) -> str:
    """Return the path of a table's or archive's file relative to its dataset.

    >>> relative("/out/articles/date=2026-11-22/4f0c-00000-of-00004.parquet")
    'articles/date=2026-11-22/4f0c-00000-of-00004.parquet'
    """
    return "/".join(path.split("/")[-3:])
