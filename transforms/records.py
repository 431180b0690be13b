"""Every record that flows through the pipeline, and every column it writes.

A table is a frozen dataclass whose fields carry their own documentation. The
Parquet schema, the column descriptions inside each file and the tables of the
README are all derived from here, so a column is added in this file alone.

Offsets are counted in Unicode code points, `start` inclusive and `end`
exclusive, and always refer to `Article.text`. Coordinates are degrees in
WGS 84. Instants are UTC.
"""

import dataclasses
import datetime
import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeVar

SCHEMA_VERSION = "1"
"""Changes with any column's name, type or meaning; each change is in the CHANGELOG."""

PlaceKind = Literal["name", "demonym", "adjective", "dateline"]
PlaceBasis = Literal["model", "gazetteer", "demonyms", "dateline", "organization"]


TABLES: dict[str, type] = {}
"""Table name -> its record, in the order they are described. `table` and `fact_table` register them."""

FACT_TABLES: dict[str, str] = {}
"""Tables of facts found in articles, with their names in the totals of a run. Annotators fill them."""

Record = TypeVar("Record", bound=type)


def table(name: str) -> Callable[[Record], Record]:
    """Return a decorator that makes a record a table, which batch, stream and Beam YAML write."""

    def register(record: Record) -> Record:
        TABLES[name] = record
        return record

    return register


def fact_table(name: str, *, total: str = "") -> Callable[[Record], Record]:
    """Return a decorator that makes a record a table of facts, which an annotator must fill.

    Its columns include `article_id`.

    Args:
        name: of the table.
        total: its name in the totals of a run; the table's name if empty.
    """
    FACT_TABLES[name] = total or name
    return table(name)


def column(doc: str, **default: Any) -> Any:
    """Return a dataclass field with its documentation: `column("What it holds", default=None)`."""
    return dataclasses.field(metadata={"doc": doc}, **default)


def stable_id(*parts: str) -> str:
    """Return a 32-digit hexadecimal id that depends on nothing but its parts.

    >>> stable_id("a", "b") == stable_id("a", "b") != stable_id("ab", "")
    True
    """
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        encoded = part.encode("utf-8", "surrogatepass")
        digest.update(len(encoded).to_bytes(8, "big"))
        digest.update(encoded)
    return digest.hexdigest()


def source_of(uri: str, position: int) -> str:
    """Return a file, or a line or entry of it.

    >>> source_of("a.jsonl", 3), source_of("a.txt", 0)
    ('a.jsonl#3', 'a.txt')
    """
    return f"{uri}#{position}" if position else uri


# What flows from read to parse; not tables.


@dataclasses.dataclass(frozen=True, kw_only=True)
class Document:
    """One file or one response: bytes, already decompressed, with their provenance."""

    uri: str
    kind: str
    """Name of its format (`transforms/formats/known.py`)."""
    content: bytes
    fetched: datetime.datetime
    charset: str | None = None
    """As declared by the transport (an HTTP header); a page may declare another."""
    first_line: int = 1
    """Line of the file on which `content` begins: a JSONL file is read as many documents of whole lines."""
    known: frozenset[int] = frozenset()
    """Entries of a feed, from 1, that are as they were when a run last read it and committed them."""
    record: str | None = None
    """Of an answer out of a WARC file: the file, `#`, and where in it the record begins."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class FetchedPage:
    """The page of a feed entry, as it was served."""

    url: str
    """Where it was in the end, after redirects."""
    content: bytes
    charset: str | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Item:
    """One article to be: a whole file, one line of a JSONL file, or one entry of a feed.

    Items are what the totals call inputs: each ends as one article row, one
    counted duplicate or one failure row.
    """

    uri: str
    position: int
    """Line of a JSONL file or entry of a feed, from 1; 0 for a whole file."""
    kind: str
    """Which format's `fields` reads it: text, html, json or entry."""
    content: Any
    """bytes of a file or line, or the parsed entry of a feed."""
    fetched: datetime.datetime
    charset: str | None = None
    page: FetchedPage | None = None
    """Of an entry that gives only a summary, if it was requested and could be fetched."""
    page_failure: str | None = None
    """Why it could not."""
    record: str | None = None
    """As that of its `Document`."""

    @property
    def source(self) -> str:
        """Return the source, for messages: `seeds/a.jsonl#3`."""
        return source_of(self.uri, self.position)


# Tables.


@table("articles")
@dataclasses.dataclass(frozen=True, kw_only=True)
class Article:
    """One article, with the text that every offset of the other tables refers to."""

    article_id: str = column(
        "Stable hash of the article's address (else the source's own id, if any) and its text; the same article"
        " read again has the same id, an edited one another."
    )
    source_id: str | None = column("The source's own id: `id` of a JSONL line, guid of a feed entry.", default=None)
    source_uri: str = column("File or feed that the article was read from.")
    source_position: int = column("Line or entry within `source_uri`, from 1; 0 for a whole file.", default=0)
    source_kind: str = column("Form of the input: text, html, json or entry.")
    archive_record: str | None = column(
        "WARC file of the response from `source_uri`, `#`, and the offset of its record in the stored file;"
        " null for other inputs.",
        default=None,
    )
    feed_url: str | None = column("Address of the feed that named the article, if a feed did.", default=None)
    url: str | None = column("Address of the article as the source gave it.", default=None)
    canonical_url: str | None = column(
        "Address that the publisher calls canonical, else `url` without tracking.", default=None
    )
    publisher: str | None = column("Name of the publisher or of the feed.", default=None)
    headline: str | None = column("Headline as published.", default=None)
    byline: str | None = column("Line that names the authors, as published.", default=None)
    authors: tuple[str, ...] = column("Authors' names, in order.", default=())
    section: str | None = column("Section of the publication.", default=None)
    keywords: tuple[str, ...] = column("Categories and keywords given by the source.", default=())
    summary: str | None = column("The source's own summary, as plain text.", default=None)
    image_url: str | None = column("Address of the main picture.", default=None)
    media_urls: tuple[str, ...] = column("Addresses of enclosures and other media.", default=())
    language: str | None = column("Language of the text, ISO 639-1; null if it is unknown.", default=None)
    language_basis: str | None = column(
        "Origin of the language: declared (by the source), detected (from the text), or agreed (both are the same).",
        default=None,
    )
    date_published: datetime.datetime | None = column(
        "Time of publication (UTC); null if the source does not give it.", default=None
    )
    date_published_raw: str | None = column("The text that the publication date was read from.", default=None)
    date_published_basis: str | None = column("Place of that text, such as json-ld, feed or text.", default=None)
    date_published_precision: str | None = column(
        "time when the source gave a time of day, day when it gave only a date.", default=None
    )
    date_modified: datetime.datetime | None = column(
        "Time of the last change, as the source gives it (UTC).", default=None
    )
    date_fetched: datetime.datetime = column("Start of the run that read it (UTC).")
    dateline: str | None = column("The dateline as printed, such as `MOSCOW, Russia`.", default=None)
    dateline_start: int | None = column("Offset of the dateline's place in `text`.", default=None)
    dateline_end: int | None = column("Offset past the dateline's place in `text`.", default=None)
    dateline_agency: str | None = column("Agency named in the dateline, such as Reuters.", default=None)
    dateline_date: str | None = column("Date named in the dateline, as printed.", default=None)
    source_latitude: float | None = column("Latitude that the feed gave for the entry (georss), degrees.", default=None)
    source_longitude: float | None = column(
        "Longitude that the feed gave for the entry (georss), degrees.", default=None
    )
    text: str = column("The article's text, to which all offsets refer.")
    text_basis: str = column(
        "Origin of the text: file, page, content, summary, media (a caption), title, text or html (of a JSONL line)."
    )
    page_failure: str | None = column(
        "Reason for which the text is not that of the entry's page, if that was requested.", default=None
    )
    text_start: int | None = column(
        "Offset of `text` within the decoded plain-text file; null for other inputs.", default=None
    )
    body_start: int = column("Offset in `text` where the body begins, after the dateline.", default=0)
    removed: tuple[str, ...] = column(
        "Reasons for the lines removed from head and tail of a plain-text file or a page.",
        default=(),
    )
    text_sha256: str = column("SHA-256 of `text` in UTF-8, hexadecimal.")
    word_count: int = column("Number of words in `text`, split at white space.")
    duplicate_of: str | None = column(
        "`article_id` of the first article that this one copies under another address, whole or in part; null if it"
        " is not a copy.",
        default=None,
    )
    duplicate_overlap: float | None = column(
        "Share of the shorter text's shingles that the longer text has, 0 to 1; 1 for the same text. A shingle is five"
        " words, or letters in scripts without spaces. Null if it is not a copy.",
        default=None,
    )
    story_id: str | None = column(
        "`article_id` of the first article of the story: of copies, versions, and articles that share a good part of"
        " their text without being copies; its own if it is the first; null if copies are not searched.",
        default=None,
    )
    version: int = column("1, or the number of the version of an article that was changed at its address.", default=1)
    version_of: str | None = column("`article_id` of the first version, which does not change.", default=None)
    changed: tuple[str, ...] = column(
        "Changes of this version from the one before: headline, text, or both.", default=()
    )
    extraction: str | None = column(
        "extracted, or language_not_read when no model of the configuration reads the language.", default=None
    )
    persons: tuple[str, ...] = column("Distinct persons named, by their fullest form, in text order.", default=())
    organizations: tuple[str, ...] = column("Distinct organizations named, in text order.", default=())
    places: tuple[str, ...] = column("Distinct names of the places found, in text order.", default=())
    focus_place_id: str | None = column(
        "Id in our gazetteer of the place that the article is about: the smallest place with most of the evidence of"
        " its region, else the country or region with the most evidence; null if the article names no place.",
        default=None,
    )
    focus_geonameid: int | None = column("GeoNames id of that place, if it has one.", default=None)
    focus_name: str | None = column("Its name in the gazetteer.", default=None)
    focus_feature_code: str | None = column("Its GeoNames feature code: PCLI for a country, PPL ...", default=None)
    focus_country: str | None = column(
        "Country with the most evidence, ISO 3166-1 alpha-3, also where the place itself is a sea or another region"
        " without a country.",
        default=None,
    )
    focus_admin1: str | None = column("First-order division of the place by name, where known.", default=None)
    focus_latitude: float | None = column("Degrees north, WGS 84.", default=None)
    focus_longitude: float | None = column("Degrees east, WGS 84.", default=None)
    focus_uncertainty_km: float | None = column("Radius around the point that the place may fill, km.", default=None)
    focus_score: float | None = column(
        "Share of the evidence for the place, 0 to 1. Mentions are weighed by their position and kind; mentions of a"
        " country are divided among the places named in it; the doubt in the scores of mentions counts for no place.",
        default=None,
    )
    model: str | None = column("Id of the model that read the text.", default=None)
    gazetteer: str | None = column("Id of the gazetteer that placed its mentions.", default=None)

    @property
    def source(self) -> str:
        """Return the source, for messages: `seeds/a.jsonl#3`."""
        return source_of(self.source_uri, self.source_position)


@fact_table("entities")
@dataclasses.dataclass(frozen=True, kw_only=True)
class Entity:
    """One mention of a named thing."""

    entity_id: str = column("Stable id of the mention: article, offsets and label.")
    article_id: str = column("The article, `articles.article_id`.")
    start: int = column("Offset of the mention in the article's text.")
    end: int = column("Offset past the mention.")
    surface: str = column("The mention as printed: text[start:end].")
    label: str = column("Kind of thing, as the model names it: PERSON, ORG, LOC, NORP, DATE ...")
    name: str = column("The mention without titles, possessives and line breaks; of a person, the fullest form.")
    canonical_id: str = column(
        "`entity_id` of the first mention of the same thing in the article; its own if it is the first."
    )
    score: float | None = column("Confidence from 0 to 1; null when the model gives none.", default=None)
    model: str = column("Id of the model that found it.")


@fact_table("locations", total="places")
@dataclasses.dataclass(frozen=True, kw_only=True)
class Location:
    """One mention of a place, and where it is."""

    location_id: str = column("Stable id of the mention: article and offsets.")
    article_id: str = column("The article, `articles.article_id`.")
    start: int = column("Offset of the mention in the article's text.")
    end: int = column("Offset past the mention.")
    surface: str = column("The mention as printed: text[start:end].")
    kind: str = column("name, demonym (people: `Russians`), adjective (what is theirs: `Russian tanks`), or dateline.")
    basis: str = column(
        "Origin of the mention: model, gazetteer, demonyms, dateline, or organization (a place inside a longer name,"
        " as in `Athens Police Department`)."
    )
    geonameid: int | None = column("GeoNames id; null for places that GeoNames does not have.", default=None)
    place_id: str = column("Id in our gazetteer: `geonames:524901`, or `dateline:korean-peninsula`.")
    name: str = column("The place's name in the gazetteer.")
    feature_class: str = column("GeoNames feature class: A, P, H, T, L, S ...")
    feature_code: str = column("GeoNames feature code, such as PPLC, ADM1 or PEN.")
    country: str | None = column(
        "ISO 3166-1 alpha-3 code; null for seas and places in several countries.", default=None
    )
    admin1: str | None = column("First-order division by name, where known.", default=None)
    admin2: str | None = column("Second-order division by name, where known.", default=None)
    latitude: float = column("Degrees north, WGS 84.")
    longitude: float = column("Degrees east, WGS 84.")
    uncertainty_km: float = column("Radius around the point that the place may fill, km, by kind and extent.")
    population: int | None = column("Population in the gazetteer, where known.", default=None)
    score: float = column("Probability from 0 to 1 that this place is meant.")
    runner_up: str | None = column("`place_id` of the next best candidate.", default=None)
    runner_up_score: float | None = column("The next best candidate's score.", default=None)
    candidates: int = column("Number of places of the gazetteer with the name.", default=1)
    gazetteer: str = column("Id of the gazetteer that placed it.")


@table("failures")
@dataclasses.dataclass(frozen=True, kw_only=True)
class Failure:
    """One input that gave no row in a run, and why; an input that fails in each run has a row for each."""

    failure_id: str = column("Stable id: stage, source and reason.")
    stage: str = column("Step in which it failed: read, parse, extract or geocode.")
    reason: str = column("One of the closed set of reasons; see `transforms/failures.py`.")
    error: str = column("Class of the error.")
    message: str = column("Description of the error, for a person.")
    source: str = column("The input: file or address, and `#` line or entry.")
    payload: bytes | None = column("The first bytes of the input, at most 4,096.", default=None)
    traceback: str | None = column("Place in the code, if the error was not foreseen.", default=None)


@dataclasses.dataclass(frozen=True, kw_only=True)
class AnnotatedArticle:
    """An article with the facts found in it: the element between extract and write."""

    article: Article
    facts: Mapping[str, tuple[Any, ...]] = dataclasses.field(default_factory=dict)
    """Table of facts -> its rows, in text order."""

    @property
    def entities(self) -> tuple[Entity, ...]:
        """Return the rows of `entities`."""
        return self.rows("entities")

    @property
    def locations(self) -> tuple[Location, ...]:
        """Return the rows of `locations`."""
        return self.rows("locations")

    def rows(self, table: str) -> tuple[Any, ...]:
        """Return the rows of a table of facts; none if no annotator has filled it."""
        return self.facts.get(table, ())

    def with_rows(self, table: str, rows: Sequence[Any], **columns: Any) -> "AnnotatedArticle":
        """Return a copy with the rows of a table of facts, and with changed columns of the article."""
        article = dataclasses.replace(self.article, **columns) if columns else self.article
        return AnnotatedArticle(article=article, facts={**self.facts, table: tuple(rows)})
