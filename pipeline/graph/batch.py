"""The whole graph on one page."""

from dataclasses import replace
from operator import attrgetter

import apache_beam as beam

from pipeline.config import Settings
from transforms import Annotate, Count, KnownArticles, Run, Split
from transforms.annotate import fact_tables
from transforms.count import how_read
from transforms.deduplicate import relatives
from transforms.failures import FAILURES
from transforms.parse.split import UNCHANGED
from transforms.read.memory import to_remember, to_try_again
from transforms.read.pages import FullText
from transforms.spill import Spread


def build(p: beam.Pipeline, settings: Settings, run: Run) -> None:
    """Add the main job to `p`: articles in, tables out.

    Every input leaves through exactly one door: the articles table, the
    failures table, or the duplicates, which are counted.
    """
    parse, deduplicate = settings.parse, settings.deduplicate
    reader = replace(settings.read, fetched=run.started, memory=settings.output)
    read = p | "Read" >> reader
    split = read.documents | "Split" >> Split(parse.max_cpu_seconds, parse.max_memory_mb)
    unread, unsplit, unchanged = read.failures, split[FAILURES], split[UNCHANGED]
    pages = split.items | "Full text" >> FullText(reader)
    items = pages.items
    articles, unparsed = items | "Spread" >> Spread() | "Parse" >> parse
    known = p | "Known" >> KnownArticles(output=settings.output, run=run, window_days=deduplicate.window_days)
    unique, duplicates, totals = {"articles": articles, "known": known} | "Deduplicate" >> deduplicate
    annotate = Annotate(settings.extract, settings.geocode)
    annotated, unannotated = unique | "Annotate" >> annotate

    tables = {
        "articles": annotated | "Articles" >> beam.Map(attrgetter("article")),
        **fact_tables(annotated),
        "failures": (unread, unsplit, unparsed, unannotated) | "Failures" >> beam.Flatten(),
    }
    counts = (
        (items, unchanged, unread, unsplit) | "Count inputs" >> Count("inputs"),
        read.outcomes | "Count addresses" >> Count("addresses", kind=attrgetter("outcome")),
        duplicates | "Count duplicates" >> Count("duplicates", kind=str),
        unchanged | "Count unchanged" >> Count("duplicates", kind=_unchanged),
        tables["articles"] | "Count articles" >> Count("articles", kind=how_read),
        tables["failures"] | "Count failures" >> Count("failures", kind=attrgetter("reason")),
        tables["articles"] | "Count relatives" >> beam.FlatMap(relatives),
        totals,
    )
    tables["counts"] = counts | "Counts" >> beam.Flatten()
    tables["archive"] = (read.archive, pages.archive) | "Archive" >> beam.Flatten()
    states = read.outcomes | "Remember" >> beam.FlatMap(to_remember)
    failed = tables["failures"] | "Try again" >> beam.FlatMap(to_try_again)
    tables["memory"] = (states, pages.retries, failed) | "Memory" >> beam.Flatten()
    tables | "Write" >> replace(settings.write, run=run)


def _unchanged(_: str) -> str:
    """Return an entry that an earlier run has read just as it is."""
    return "already_in_dataset"
