"""Where things lie in a dataset; all paths are relative to its folder.

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
_dateline/stream, stop, alive_*, drained_*     between a stream and who started it; see transforms/stream/stop.py
```

Nothing below `_dateline` ends in `.parquet`, but for the moment in which a
compaction exchanges folders: DuckDB's `**/*.parquet` reads folders that begin
with an underscore, too. A table's own folder never holds anything else.
"""

import datetime

OWN = "_dateline"
RUNS = f"{OWN}/runs"
HISTORY = f"{OWN}/history"
STAGING = f"{OWN}/staging"
MEMORY = f"{OWN}/memory"
ARCHIVE = "archive"
COMPACTED = "compacted"
"""In the place of a run's id in the name of a file that holds rows of several runs."""


def record_path(run_id: str) -> str:
    """The record of a run."""
    return f"{RUNS}/{run_id}.json"


def history_path(month: str) -> str:
    """The records of a month's runs over feeds, a line each."""
    return f"{HISTORY}/{month}.jsonl.gz"


def staging_folder(run_id: str) -> str:
    """The folder of what the run has not yet committed."""
    return f"{STAGING}/{run_id}"


def manifest_path(run_id: str) -> str:
    """Present from the moment a commit is decided until it is done."""
    return f"{staging_folder(run_id)}/manifest.json"


def staged_path(run_id: str, table: str, shard: int, attempt: str) -> str:
    """A shard before it is committed; each attempt at a bundle has its own, so that none writes into another's."""
    return f"{staging_folder(run_id)}/{table}-{shard:05d}-{attempt}.staged"


def shard_path(table: str, date: datetime.date, run_id: str, shard: int, shards: int) -> str:
    """A committed file. Its name settles its rows: the run, and which part of how many.

    >>> shard_path("articles", datetime.date(2026, 11, 22), "4f0c", 0, 4)
    'articles/date=2026-11-22/4f0c-00000-of-00004.parquet'
    """
    return f"{table}/date={date.isoformat()}/{run_id}-{shard:05d}-of-{shards:05d}.parquet"


def compacted_path(table: str, date: str, content: str) -> str:
    """A file that was made of others, under a name that no other content has.

    >>> compacted_path("articles", "2026-11-22", "9a3b")
    'articles/date=2026-11-22/compacted-9a3b.parquet'
    """
    return f"{table}/date={date}/{COMPACTED}-{content}.parquet"


def memory_path(number: int, run_id: str) -> str:
    """What is remembered after a run.

    >>> memory_path(42, "4f0c")
    '_dateline/memory/0000000042-4f0c.json'
    """
    return f"{MEMORY}/{number:010d}-{run_id}.json"


def archive_path(date: datetime.date, run_id: str, shard: int, shards: int) -> str:
    """Answers of a run as they came."""
    return f"{ARCHIVE}/date={date.isoformat()}/{run_id}-{shard:05d}-of-{shards:05d}.warc.gz"


def table_pattern(table: str, run_id: str = "") -> str:
    """Glob of the table's committed files: all of them, or those of one run."""
    return f"{table}/date=*/{run_id and run_id + '-'}*.parquet"


def run_of(path: str) -> str:
    """The run that wrote a committed file.

    >>> run_of("out/articles/date=2026-11-22/4f0c-00000-of-00004.parquet")
    '4f0c'
    """
    return path.rpartition("/")[2].partition("-")[0]
