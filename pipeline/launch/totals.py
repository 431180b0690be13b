"""What a finished run says of itself: totals, the first places, how to query them."""

import itertools
import re
import shlex
import shutil
import sys
from pathlib import Path
from typing import Any

from pipeline.monitoring.terminal import masked, one_line
from transforms import Run
from transforms.dataset import bounded, files, layout
from transforms.dataset.parquet_sink import ParquetSink
from transforms.dataset.sinks import sink_of
from transforms.dataset.trust import DamagedFile
from transforms.records import FACT_TABLES

FIRST_FAILURES = 5
FIRST_PLACES = 6
RELATIVES = {
    "copies": "of them point at the article they copy (duplicate_of)",
    "versions": "of them point at the article they change (version_of)",
}


def adds_up(run: Run) -> bool:
    """Return True if every input has become an article, a duplicate or a failure."""
    count = run.counts.get
    return count("inputs", 0) == count("articles", 0) + count("duplicates", 0) + count("failures", 0)


def failure_share(run: Run) -> float:
    """Return failed inputs as a share of all, 0 to 1; an address without anything new has not failed either.

    One that fails as it did before has no row again, but counts.
    """
    still = run.counts.get("addresses.still_failing", 0)
    fine = run.counts.get("addresses.not_modified", 0)
    return (run.counts.get("failures", 0) + still) / max(1, run.counts.get("inputs", 0) + fine + still)


def summarize(run: Run, output: str, *, seconds: float) -> str:
    """Return the text that `dateline run` ends with."""
    parts = [totals(run, seconds), first_failures(run, output), first_places(run, output)]
    if not isinstance(sink_of(output), ParquetSink):
        parts.append(f"The dataset is in {output}.")
    else:
        parts.append(where_to_look(output) if has_articles(run, output) else f"There is no article in {output} yet.")
    return "\n\n".join(part for part in parts if part)


def totals(run: Run, seconds: float) -> str:
    """Return inputs = articles + duplicates + failures, each with its named reasons."""
    counts = run.counts
    rows = [
        ("inputs", counts.get("inputs", 0), f"{counts.get('inputs', 0) / seconds:.1f}/s, {seconds:.1f} s in all"),
        ("= articles", counts.get("articles", 0), _reasons(counts, "articles")),
        ("+ duplicates", counts.get("duplicates", 0), _reasons(counts, "duplicates")),
        ("+ failures", counts.get("failures", 0), _reasons(counts, "failures")),
        *([("addresses", counts["addresses"], _reasons(counts, "addresses"))] if "addresses" in counts else []),
        *((total, run.rows.get(table, 0), "") for table, total in FACT_TABLES.items()),
    ]
    relatives = [(name, counts[name], meaning) for name, meaning in RELATIVES.items() if counts.get(name)]
    rows[4:4] = relatives
    text = "\n" + "\n".join(f"  {name:<14}{count:>9,}  {note}".rstrip() for name, count, note in rows)
    if counts.get("duplicates.already_in_dataset"):
        text += "\n  What other runs wrote stays as it is; to do it over with other settings, give another --output."
    return text


def _reasons(counts: dict[str, int], name: str) -> str:
    """Return `bad_json 1, empty 1`: the most frequent first."""
    found = {key.removeprefix(f"{name}."): n for key, n in counts.items() if key.startswith(f"{name}.")}
    return ", ".join(f"{reason} {n:,}" for reason, n in sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))


def first_failures(run: Run, output: str) -> str:
    """Return a few failures with their reasons; all are in the failures table."""
    rows = list(
        itertools.islice(sink_of(output).read_rows(run, "failures", ["source", "reason", "message"]), FIRST_FAILURES)
    )
    lines = [f"  {_field(row['source'])}: {row['reason']}: {_field(row['message'], 120)}" for row in rows]
    more = run.rows.get("failures", 0) - len(rows)
    return "\n".join([*lines, *([f"  ... and {more:,} more in {output}/failures"] if more else [])])


def first_places(run: Run, output: str) -> str:
    """Return the first mention of each of the first places, as a promise of what the dataset holds."""
    columns = ["surface", "name", "country", "latitude", "longitude", "score", "place_id"]
    first: dict[str, dict[str, Any]] = {}
    for row in sink_of(output).read_rows(run, "locations", columns):
        first.setdefault(row["place_id"], row)
        if len(first) == FIRST_PLACES:
            break
    lines = [
        f"  {_field(row['surface'], 26):<27} {_field(row['name'], 26):<27} {row['country'] or '':<4}"
        f" {row['latitude']:>8.3f} {row['longitude']:>9.3f}  {row['score']:.2f}"
        for row in first.values()
    ]
    header = f"  {'in the text':<27} {'place':<27} {'':<4} {'lat':>8} {'lon':>9}  score"
    return "\n".join([header, *lines]) if lines else ""


def _field(text: str, most: int | None = None) -> str:
    """Return a text of the dataset on one line, without control characters."""
    return one_line(masked(text)[:most])


def has_articles(run: Run, output: str) -> bool:
    """Return True if this run or another has put an article into the dataset."""
    return bool(run.rows.get("articles")) or any(map(_number_of_rows, _files(output, "articles")))


def _files(output: str, table: str) -> list[str]:
    return files.list_files(files.join(output, layout.table_pattern(table)))


def _number_of_rows(path: str) -> int:
    try:
        with bounded.parquet(path) as file:
            return int(file.metadata.num_rows)
    except DamagedFile:  # the run has warned of it
        return 0


def where_to_look(output: str) -> str:
    """Return the dataset's folder and a command that queries it."""
    table = files.join(output, "locations").replace("'", "''")
    query = (
        f"SELECT name, country, count(*) AS mentions FROM '{table}/**/*.parquet'"
        " GROUP BY ALL ORDER BY mentions DESC, name LIMIT 10"
    )
    describe = f"dateline describe {shlex.quote(output)}"
    return f"The dataset is in {output}; `{describe}` says what each column means. Query it:\n  {_duckdb(query)}"


def _duckdb(query: str) -> str:
    """Return a query with DuckDB's own command if it is next to this Python or on the path."""
    beside = Path(sys.executable).with_name("duckdb")
    found = beside if beside.exists() else Path(shutil.which("duckdb") or "duckdb")
    command = str(found.relative_to(Path.cwd()) if found.is_relative_to(Path.cwd()) else found)
    install = "" if beside.exists() or shutil.which("duckdb") else "pip install duckdb-cli && "
    # Double quotes, which a query in SQL does not need itself, read better than what shlex makes of single ones.
    return f'{install}{shlex.quote(command)} -c "{_in_double_quotes(query)}"'


def _in_double_quotes(text: str) -> str:
    return re.sub(r'([\\"$`])', r"\\\1", text)
