"""Panes of windows become part of the dataset, each whole, with what was learned of the sources."""

import dataclasses
import datetime
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import apache_beam as beam
from apache_beam.coders import PickleCoder
from apache_beam.transforms.timeutil import TimeDomain
from apache_beam.transforms.userstate import ReadModifyWriteStateSpec, TimerSpec, on_timer
from apache_beam.transforms.window import GlobalWindow
from apache_beam.utils.shared import Shared

from transforms.count import how_read
from transforms.dataset import Run, bounded, files, layout, runs
from transforms.dataset import memory as snapshot
from transforms.dataset.commit import (
    extras_of,
    plan_commit,
    roll_forward,
    tables_elsewhere,
)
from transforms.dataset.manifest import manifest_paths, read_manifest, write_manifest
from transforms.dataset.parquet_sink import ParquetSink
from transforms.dataset.shards import stage_shard
from transforms.deduplicate import ALREADY_IN_DATASET, Deduplicate, relatives
from transforms.records import FACT_TABLES, TABLES, AnnotatedArticle
from transforms.stream.control_files import is_taken_over, mark_drained
from transforms.stream.history import History
from transforms.stream.ledger import Ledger, remembered
from transforms.stream.link_copies import link_articles
from transforms.stream.outcomes import Outcome
from transforms.stream.panes import Pane
from transforms.stream.reported_failures import ReportedFailures

Tables = dict[str, list[Any]]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Job:
    """One job of a stream: what its commits have in common."""

    output: str
    """Folder of the dataset."""
    job_id: str
    started: datetime.datetime
    versions: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """As in the record of a run."""

    @property
    def staging_id(self) -> str:
        """Return the name of the staging folder for files of the job that belong to no commit."""
        return f"stream_{self.job_id}"


@dataclasses.dataclass
class CommitPanes(beam.PTransform):
    """Commits `(0, (Pane, outcomes))`, one after the other; gives the committed `Run`s.

    A pane becomes one file per table that it has rows of, committed together
    by a manifest, as a run is. Its copies are looked for in the whole dataset
    first. What the sources' rounds have taught is committed with the last
    window that holds something of them; a pane without rows commits nothing
    else. Done again after a retry, a commit adds only what the first one
    lacks. One worker commits; it holds a pane's rows in memory. A job that is
    not the last to have begun commits nothing: its successor reads all of it.
    When the source has ended and all is committed, that is said in the dataset.
    """

    job: Job
    deduplicate: Deduplicate
    """Settings for copies."""

    def __post_init__(self) -> None:
        super().__init__()

    def expand(self, panes: beam.PCollection) -> beam.PCollection[Run]:
        return panes | "Commit" >> beam.ParDo(_Commit(self.job, self.deduplicate))


class Books(NamedTuple):
    """What the step that commits carries from pane to pane."""

    ledger: Ledger
    counts: Counter[str]
    """Totals of panes that had no rows, for the next one that has."""


class _Commit(beam.DoFn):
    BOOKS = ReadModifyWriteStateSpec("books", PickleCoder())
    END = TimerSpec("end", TimeDomain.WATERMARK)

    def __init__(self, job: Job, deduplicate: Deduplicate) -> None:
        self._job = job
        self._deduplicate = deduplicate
        self._shared = Shared()

    def setup(self) -> None:
        given = self._job.output, self._job.staging_id, self._deduplicate.window_days, 0.0
        self._history: History = self._shared.acquire(lambda: History(*given))
        self._told = ReportedFailures(self._job.output, self._job.job_id, self._job.started)

    def process(
        self,
        element: tuple[int, tuple[Pane, list[Outcome]]],
        books: Any = beam.DoFn.StateParam(BOOKS),
        end: Any = beam.DoFn.TimerParam(END),
    ) -> Iterator[Run]:
        _, (pane, outcomes) = element
        if any(one.kind == "end" for one in outcomes):
            end.set(GlobalWindow().max_timestamp())  # after all panes, also late ones
        if is_taken_over(self._job.output, self._job.job_id):
            return
        before = books.read() or Books(Ledger(), Counter())
        run, after = commit_pane(self._job, pane, outcomes, before, self._history, self._deduplicate, self._told)
        books.write(after)
        if run is not None:
            yield run

    @on_timer(END)
    def say_end(self) -> None:
        mark_drained(self._job.output, self._job.job_id)


def commit_pane(
    job: Job,
    pane: Pane,
    outcomes: Sequence[Outcome],
    books: Books,
    history: History,
    deduplicate: Deduplicate,
    told: ReportedFailures,
) -> tuple[Run | None, Books]:
    """Commit a pane, and what may be remembered from now on; None where there is nothing to record."""
    for outcome in outcomes:
        if outcome.kind == "receipt":
            books.ledger.enter(outcome.value)
    ends = [one for one in outcomes if one.kind in ("article", "failure", "duplicate")]
    books.ledger.settle((one.source, one.read) for one in ends)
    memory = remembered(books.ledger.complete())
    counts = Counter(books.counts)
    for outcome in outcomes:
        counts.update(outcome.value.counts if outcome.kind == "receipt" else ())
    records = [one.value for one in outcomes if one.kind == "archive"]
    if not ends and not records:
        commit_memory(job, memory)
        return None, Books(books.ledger, counts)
    annotated = [one.value for one in ends if one.kind == "article"]
    linked, more = link_articles([one.article for one in annotated], history, deduplicate)
    kept = [
        dataclasses.replace(one, article=linked[one.article.article_id])
        for one in annotated
        if one.article.article_id in linked
    ]
    failures, old = told.split((one.value for one in ends if one.kind == "failure"), pane.start)
    reasons = [one.value for one in ends if one.kind == "duplicate"]
    reasons += [ALREADY_IN_DATASET] * (len(annotated) - len(kept) + old)
    tables = tables_of(kept, failures)
    run_id, tables, again = _not_yet_committed(job, pane, tables)
    if again and not any(tables.values()):
        commit_memory(job, memory)
        return None, Books(books.ledger, Counter(books.counts))
    counts.update(totals(tables, reasons))
    counts.update(more)
    run = Run(
        run_id=run_id,
        listing=job.staging_id,
        started=pane.start,
        versions=dict(job.versions),
        pane={
            "start": pane.start.isoformat(),
            "end": pane.end.isoformat(),
            "index": pane.number,
            "late": pane.late,
            "job": job.job_id,
        },
    )
    return commit_tables(job.output, run, tables, counts, memory, records), Books(books.ledger, Counter())


def tables_of(annotated: Iterable[AnnotatedArticle], failures: Iterable[Any]) -> Tables:
    """Return the rows of each table."""
    tables: Tables = {name: [] for name in TABLES}
    for one in annotated:
        tables["articles"].append(one.article)
        for name in FACT_TABLES:
            tables[name] += one.rows(name)
    tables["failures"] += failures
    return tables


def totals(tables: Tables, duplicates: Iterable[str]) -> Counter[str]:
    """Return inputs and what became of each, as the totals of a run name them."""
    counts: Counter[str] = Counter()
    kinds = [("articles", how_read(article)) for article in tables["articles"]]
    kinds += [("failures", failure.reason) for failure in tables["failures"]]
    kinds += [("duplicates", reason) for reason in duplicates]
    for name, kind in kinds:
        counts.update(("inputs", name, f"{name}.{kind}"))
    for article in tables["articles"]:
        counts.update(name for name, _ in relatives(article))
    return counts


def commit_tables(
    output: str,
    run: Run,
    tables: Tables,
    counts: Mapping[str, int],
    memory: Mapping[str, Mapping[str, Any]],
    records: Sequence[bytes] = (),
) -> Run:
    """Stage rows, archive and memory, and commit them together; return the committed run."""
    staged = [stage_shard(output, run.run_id, table, 0, rows) for table, rows in tables.items()]
    extras = [snapshot.stage((0, memory.items()), output, run.run_id)] if memory else []
    if records:
        extras.append(ParquetSink(output).stage_archive(0, records, run, 1))
    manifest = plan_commit(
        run,
        staged,
        shards=1,
        counts=counts,
        present=extras_of(output, run.run_id, extras),
        extras=extras,
        elsewhere=tables_elsewhere(output, run.run_id),
    )
    write_manifest(output, manifest)
    roll_forward(output, manifest)
    assert manifest.run is not None
    return manifest.run


def commit_memory(job: Job, memory: Mapping[str, Mapping[str, Any]]) -> None:
    """Put a new snapshot in place, and takes the old ones away."""
    if not memory:
        return
    old = snapshot.readable(job.output)
    extra = snapshot.stage((0, memory.items()), job.output, job.staging_id)
    files.replace(files.join(job.output, extra.path), files.join(job.output, extra.target), size=extra.size)
    files.remove(old)


def _not_yet_committed(job: Job, pane: Pane, tables: Tables) -> tuple[str, Tables, bool]:
    """Return an id for the commit, the rows that earlier attempts at the same pane lack, and whether there were any.

    A runner may bring a pane again: after it lost the answer, with the same
    rows, or after it went back to a checkpoint and the source has read
    again, with others. Nothing that is committed is replaced.
    """
    attempt = 0
    while True:
        run_id = pane.name(job.job_id, attempt)
        manifest = read_manifest(job.output, run_id)
        if manifest is not None:
            roll_forward(job.output, manifest)
        run = runs.find_run(job.output, run_id)
        if run is None:
            return run_id, tables, attempt > 0
        there = _ids_of(job.output, run)
        tables = {name: [row for row in rows if _owner(row) not in there] for name, rows in tables.items()}
        attempt += 1


def _owner(row: Any) -> str:
    """Return the article or failure that a row belongs to."""
    return str(getattr(row, "article_id", None) or row.failure_id)


def _ids_of(output: str, run: Run) -> set[str]:
    ids: set[str] = set()
    for path in run.files:
        column = {"articles": "article_id", "failures": "failure_id"}.get(path.partition("/")[0])
        if column is not None:
            with bounded.parquet(files.join(output, path)) as file:
                for batch in file.iter_batches(columns=[column]):
                    ids.update(batch[column].to_pylist())
    return ids


def clean_staging(output: str) -> None:
    """Take away what jobs that were killed have left uncommitted; for who holds the dataset's lock.

    What is not of the layout, and what a damaged manifest names, is left alone.
    """
    decided = {path.split("/")[-2] for path in manifest_paths(output)}
    for path in files.list_files(files.join(output, layout.STAGING, "*", "*")):
        name = path.split("/")[-2]
        if layout.is_staging_name(name) and name not in decided:
            files.remove([path])
