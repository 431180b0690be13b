"""The whole graph of a stream on one page; what it shares with a run is the same code."""

import datetime
from collections.abc import Iterator
from typing import Any

import apache_beam as beam

from pipeline.stream_settings import StreamSettings
from transforms import Annotate
from transforms.deduplicate import DUPLICATES
from transforms.records import AnnotatedArticle, Failure
from transforms.stream import (
    CommitPanes,
    Follow,
    GatherPanes,
    Identify,
    IntoWindows,
    Job,
    Outcome,
    timed,
)
from transforms.stream.follow import OUTCOMES


def build_stream(p: beam.Pipeline, settings: StreamSettings, job: Job) -> None:
    """Add the stream to `p`: articles in as they appear, windows of tables out.

    Every input leaves through exactly one door, as in a run: a row of the
    articles table, a failure, or a duplicate, which is counted.
    """
    stream, deduplicate = settings.stream, settings.deduplicate

    items, read = sources(p, settings, job)
    articles, unparsed = items | "Spread" >> beam.Reshuffle() | "Parse" >> settings.parse
    identified = articles | "Identify" >> Identify(
        output=job.output,
        run_id=job.staging_id,
        remember_hours=stream.remember_hours,
        window_days=deduplicate.window_days,
    )
    windows = IntoWindows(window_seconds=60 * stream.window_minutes)
    unique = (
        identified.articles | "Event time" >> beam.Map(timed, 60 * stream.oldest_minutes) | "By event time" >> windows
    )
    annotate = Annotate(settings.extract, settings.geocode)
    annotated, unannotated = unique | "Annotate" >> annotate

    failed = unparsed | "Unparsed" >> beam.ParDo(_FailedAt())
    dropped = (read, identified[DUPLICATES], failed) | "No articles" >> beam.Flatten() | "By time read" >> windows
    lost = unannotated | "Lost" >> beam.Map(_failure)
    kept = annotated | "Kept" >> beam.Map(_article)
    outcomes = (kept, lost, dropped) | "Outcomes" >> beam.Flatten()
    panes = outcomes | "Panes" >> GatherPanes(
        started=job.started, wait_seconds=60 * stream.wait_minutes, late_seconds=60 * stream.late_minutes
    )
    panes | "Write" >> CommitPanes(job, deduplicate)


def sources(p: beam.Pipeline, settings: StreamSettings, job: Job) -> tuple[Any, Any]:
    """Return items of all sources, and outcomes of what gave none."""
    stream = settings.stream
    read = []
    if settings.inputs:
        follow = Follow(
            settings.read,
            output=settings.output,
            job_id=job.job_id,
            check_seconds=stream.check_seconds,
            wait_seconds=60 * stream.wait_minutes,
            oldest_seconds=60 * stream.oldest_minutes,
            has_heartbeat=stream.stalled_minutes > 0,
            budget=settings.parse.budget,
        )
        read.append(p | "Follow" >> follow)
    if settings.kafka.is_on:
        read.append(p | "Kafka" >> settings.kafka)
    if settings.pubsub.is_on:
        read.append(p | "Pub/Sub" >> settings.pubsub)
    items = [one["items"] for one in read] | "Items" >> beam.Flatten()
    return items, [one[OUTCOMES] for one in read] | "Receipts" >> beam.Flatten()


class _FailedAt(beam.DoFn):
    """A failure to parse, with the time of its round, which is its timestamp."""

    def process(self, failure: Failure, timestamp: Any = beam.DoFn.TimestampParam) -> Iterator[Outcome]:
        yield Outcome("failure", failure, failure.source, timestamp.to_utc_datetime().replace(tzinfo=datetime.UTC))


def _failure(failure: Failure) -> Outcome:
    return Outcome("failure", failure, failure.source)


def _article(annotated: AnnotatedArticle) -> Outcome:
    article = annotated.article
    return Outcome("article", annotated, article.source, article.date_fetched)
