"""The whole graph on one page."""

from operator import attrgetter

import apache_beam as beam

from pipeline.config import Settings
from transforms import Count, Deduplicate, Extract, Geocode, KnownArticles, Parse, Read, Run, Split, Write
from transforms.deduplicate import relatives
from transforms.records import Article


def build(p: beam.Pipeline, settings: Settings, run: Run) -> None:
    """Adds the main job to `p`: articles in, tables out.

    Every input leaves through exactly one door: the articles table, the
    failures table, or the duplicates, which are counted.
    """
    section = settings.sections

    documents, unread = p | "Read" >> Read(**section["read"], fetched=run.started)
    items, unsplit = documents | "Split" >> Split()
    articles, unparsed = items | "Spread" >> beam.Reshuffle() | "Parse" >> Parse(**section["parse"])
    deduplicate = Deduplicate(**section["deduplicate"])
    known = p | "Known" >> KnownArticles(output=settings.output, run=run, window_days=deduplicate.window_days)
    unique, duplicates, totals = {"articles": articles, "known": known} | "Deduplicate" >> deduplicate
    extracted, unextracted = unique | "Extract" >> Extract(**section["extract"])
    annotated, unplaced = extracted | "Geocode" >> Geocode(**section["geocode"])

    tables = {
        "articles": annotated | "Articles" >> beam.Map(attrgetter("article")),
        "entities": annotated | "Entities" >> beam.FlatMap(attrgetter("entities")),
        "locations": annotated | "Locations" >> beam.FlatMap(attrgetter("locations")),
        "failures": (unread, unsplit, unparsed, unextracted, unplaced) | "Failures" >> beam.Flatten(),
    }
    counts = (
        (items, unread, unsplit) | "Count inputs" >> Count("inputs"),
        duplicates | "Count duplicates" >> Count("duplicates", kind=str),
        tables["articles"] | "Count articles" >> Count("articles", kind=_how_read),
        tables["failures"] | "Count failures" >> Count("failures", kind=attrgetter("reason")),
        tables["articles"] | "Count relatives" >> beam.FlatMap(relatives),
        totals,
    )
    tables["counts"] = counts | "Counts" >> beam.Flatten()
    tables | "Write" >> Write(**section["write"], run=run)


def _how_read(article: Article) -> str:
    """`extracted`, or `language_not_read.fr`."""
    how = article.extraction or "not_extracted"
    return f"{how}.{article.language}" if how == "language_not_read" else how
