"""A dataset -> what is in it, as plain text: `dateline describe`."""

import collections
import dataclasses
import textwrap
from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa

from transforms.dataset import Run, bounded, files, guard, layout, list_runs
from transforms.dataset.trust import DamagedFile, warn
from transforms.records import TABLES
from transforms.settings import bad_setting

WIDTH = 110
"""Columns of text."""

RUNS_SHOWN = 20

PROVENANCE = {"model": "Models", "gazetteer": "Gazetteers"}
"""Columns of `articles` that name what made the rows, and how they are headed."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class TableSummary:
    """What the footers of one table's files say."""

    name: str
    rows: int
    files: int
    size: int
    """Bytes."""
    schema: pa.Schema
    """Of the newest file."""
    versions: tuple[tuple[str, str], ...]
    """Distinct pairs of schema version and Dateline version, over all files."""


def describe(dataset: str) -> str:
    """Return tables, columns with their documentation, versions and runs of a dataset.

    Args:
        dataset: its folder or URL.

    Raises:
        ValueError: it is not a dataset, or has links that leave it.
    """
    dataset = files.check_output(dataset)
    guard.check_links(dataset)
    runs = list_runs(dataset)
    if not runs:
        raise bad_setting(
            "dataset",
            dataset,
            "the folder of a Dateline dataset, as `dateline run --output` writes it;"
            f" no run has started there ({layout.RUNS} has no record)",
        )
    tables = summarize_tables(dataset)
    parts = [headline(dataset, tables, runs), *map(table_text, tables), made_with(dataset), runs_text(runs)]
    return "\n\n".join(part for part in parts if part) + "\n"


def table_paths(dataset: str) -> dict[str, list[str]]:
    """Return table -> its committed files, oldest partition first."""
    found: dict[str, list[str]] = collections.defaultdict(list)
    for path in files.list_files(files.join(dataset, layout.table_pattern("*"))):
        found[path.split("/")[-3]].append(path)
    return {name: found[name] for name in sorted(found, key=table_rank)}


def table_rank(name: str) -> tuple[int, str]:
    """Return tables in the order of `records.TABLES`; those of other versions follow, by name."""
    known = list(TABLES)
    return (known.index(name) if name in known else len(known), name)


def summarize_tables(dataset: str) -> list[TableSummary]:
    """Return one summary per table."""
    return [summarize(name, paths) for name, paths in table_paths(dataset).items()]


def summarize(name: str, paths: list[str]) -> TableSummary:
    """Read the footers of a table's files, and nothing else of them."""
    rows, versions, schema = 0, set(), pa.schema([])
    for path in paths:
        try:
            with bounded.parquet(path) as parquet:
                rows, schema = rows + parquet.metadata.num_rows, parquet.schema_arrow
        except DamagedFile as error:
            warn(error, "its rows are not counted")
            continue
        versions.add((metadata_of(schema, "dateline_schema"), metadata_of(schema, "dateline_version")))
    size = sum(files.size_of(path) or 0 for path in paths)
    return TableSummary(
        name=name, rows=rows, files=len(paths), size=size, schema=schema, versions=tuple(sorted(versions))
    )


def metadata_of(described: pa.Schema | pa.Field, key: str) -> str:
    """Return a value of the metadata of a schema or a field; `?` if it has none, as in a file that is not ours."""
    return str((described.metadata or {}).get(key.encode(), b"?").decode())


def headline(dataset: str, tables: list[TableSummary], runs: list[Run]) -> str:
    """Return one line for the whole.

    >>> headline("out", [], [])
    'out: 0 tables, 0 rows, 0 files, 0 runs'
    """
    totals = [
        number(len(tables), "table"),
        number(sum(table.rows for table in tables), "row"),
        number(sum(table.files for table in tables), "file"),
        number(len(runs), "run"),
    ]
    versions = sorted({version for table in tables for version in table.versions})
    return "; ".join(
        [f"{dataset}: {', '.join(totals)}", *(f"schema {schema} by Dateline {version}" for schema, version in versions)]
    )


def number(count: int, noun: str) -> str:
    """Return a count with its noun.

    >>> number(1, "row"), number(12000, "row")
    ('1 row', '12,000 rows')
    """
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def size_text(size: int) -> str:
    """Return bytes for people.

    >>> size_text(999), size_text(38_200), size_text(5_000_000)
    ('999 bytes', '38.2 kB', '5.0 MB')
    """
    if size < 1000:
        return number(size, "byte")
    return f"{size / 1e3:.1f} kB" if size < 1e6 else f"{size / 1e6:,.1f} MB"


def type_name(field: pa.Field) -> str:
    """Return a column's type for people.

    >>> type_name(pa.field("start", pa.int64(), nullable=False))
    'int64'
    >>> type_name(pa.field("authors", pa.list_(pa.string())))
    'list of string, or null'
    """
    name = str(field.type)
    if pa.types.is_list(field.type):
        name = f"list of {field.type.value_type}"
    elif pa.types.is_struct(field.type):
        name = f"struct of {' '.join(part.name for part in field.type)}"
    elif pa.types.is_timestamp(field.type):
        name = f"timestamp {field.type.tz or ''}".rstrip()
    return name + (", or null" if field.nullable else "")


def table_text(table: TableSummary) -> str:
    """Return a table's figures, its documentation, and a line or more per column."""
    head = f"{table.name}: {number(table.rows, 'row')}, {number(table.files, 'file')}, {size_text(table.size)}"
    doc = textwrap.fill(metadata_of(table.schema, "description"), WIDTH, initial_indent="  ", subsequent_indent="  ")
    return "\n".join([head, doc, *column_lines(table.schema)])


def column_lines(schema: pa.Schema) -> Iterator[str]:
    """Yield name, type and documentation of each column, aligned, the documentation wrapped."""
    types = [type_name(field) for field in schema]
    wide_name, wide_type = max(map(len, schema.names), default=0), max(map(len, types), default=0)
    for field, kind in zip(schema, types, strict=True):
        start = f"    {field.name:<{wide_name}}  {kind:<{wide_type}}  "
        doc = metadata_of(field, "description")
        yield textwrap.fill(doc, WIDTH, initial_indent=start, subsequent_indent=" " * len(start))


def made_with(dataset: str) -> str:
    """Return the models and gazetteers of the articles, with the number of rows of each."""
    paths = table_paths(dataset).get("articles", [])
    return "\n".join(
        f"{head}: {counted(values)}" for column, head in PROVENANCE.items() if (values := count_values(paths, column))
    )


def count_values(paths: Iterable[str], column: str) -> collections.Counter[str]:
    """Return the number of each value of a text column in the files; nulls are not counted."""
    totals: collections.Counter[str] = collections.Counter()
    for path in paths:
        try:
            with bounded.parquet(path) as parquet:
                if column in parquet.schema_arrow.names:
                    for batch in parquet.iter_batches(columns=[column]):
                        totals.update(value for value in batch.column(0).to_pylist() if value is not None)
        except DamagedFile as error:
            warn(error, "its rows are not counted")
    return totals


def counted(values: collections.Counter[str]) -> str:
    """Return values with the number of articles, most frequent first.

    >>> counted(collections.Counter({"a": 1, "b": 2}))
    'b (2 articles), a (1 article)'
    """
    ordered = sorted(values.items(), key=lambda pair: (-pair[1], pair[0]))
    return ", ".join(f"{value} ({number(count, 'article')})" for value, count in ordered)


def runs_text(runs: Sequence[Run]) -> str:
    """Return a paragraph for each of the newest runs: when, over how much, what came of it, and what made it."""
    earlier = len(runs) - RUNS_SHOWN
    head = ["Runs"] + ([f"  ({number(earlier, 'earlier run')} not shown)"] if earlier > 0 else [])
    return "\n".join([*head, *(line for run in runs[-RUNS_SHOWN:] for line in run_lines(run))])


def run_lines(run: Run) -> Iterator[str]:
    """Return the lines about a run, from its record."""
    yield f"  {run.run_id}  {run.started:%Y-%m-%d %H:%M:%S} UTC  {run.state}  {number(len(run.inputs), 'input')}"
    for name, values in (("rows", run.rows), ("counts", run.counts), ("versions", run.versions)):
        if values:
            yield wrapped_pairs(name, values)


def wrapped_pairs(name: str, values: dict[str, int] | dict[str, str]) -> str:
    """Return names and values on a line, wrapped.

    >>> wrapped_pairs("rows", {"articles": 12, "entities": 1200})
    '    rows: articles 12, entities 1,200'
    """
    pairs = (f"{key} {value:,}" if isinstance(value, int) else f"{key} {value}" for key, value in values.items())
    return textwrap.fill(", ".join(pairs), WIDTH, initial_indent=f"    {name}: ", subsequent_indent=" " * 6)
