"""The parsers and steps that read what strangers send, each as a function of one text.

`STEPS` names them, with the longest input that is tried and the frames that
put a long repeat where the step reads it.
"""

import dataclasses
import datetime
import functools
import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from benchmarks.growth import reading
from benchmarks.growth.frames import FEED_FRAMES, FEED_UNITS, FEW, HTML, NAMES, PAGE_FRAMES, TAGS
from benchmarks.growth.triggers import COMMON, Trigger, units
from transforms.deduplicate import minhash as sketch
from transforms.extract.entities import annotate, join_mentions
from transforms.extract.gate import make_doc
from transforms.extract.models import load_model
from transforms.extract.postprocess import Span, revise
from transforms.failures import BadRecord
from transforms.feeds import freshness as hints
from transforms.feeds import opml
from transforms.formats.feed.cut import cut_feed
from transforms.formats.html import headline
from transforms.formats.html.json_ld import loads
from transforms.formats.known import split
from transforms.formats.plain_text import parse_plain_text
from transforms.gazetteer.lookup import DEFAULT_PATH, Gazetteer
from transforms.geocode.geocode import geocode
from transforms.http import redact as masking
from transforms.parse import parse_item
from transforms.records import AnnotatedArticle, Article, Document, Entity, Item
from transforms.text import boilerplate, dates, encoding, language
from transforms.text import bylines as people
from transforms.text import normalize as clean
from transforms.text import urls as addresses
from transforms.text.dateline import parse as dateline

THEN = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
TEXT = "{}"
MARKS = units("\u0301\u0323", "\u0f71\u0f72", "\u0f73", "\u0323\uff9e", "a1,b2,")
"""Marks that a normal form sorts, and values of a table."""
_NUMBER = itertools.count()


@dataclasses.dataclass(frozen=True)
class Step:
    """A function of a text, the longest text to try, and where in it a long repeat is put."""

    name: str
    call: Callable[[str], object]
    longest: int
    frames: Sequence[str] = (TEXT,)
    units: Sequence[Trigger] = COMMON

    def triggers(self) -> Iterator[Trigger]:
        """Yield every unit in every frame."""
        for frame in self.frames:
            head, _, tail = frame.partition("{}")
            for unit in self.units:
                yield Trigger(head + unit.head, unit.unit, unit.tail + tail)


def _parsed(kind: Any) -> Callable[[str], object]:
    def call(text: str) -> object:
        document = Document(uri="https://news.test/a", kind=kind, content=text.encode("utf-8", "replace"), fetched=THEN)
        try:
            return [_article(item) for item in split(document)]
        except BadRecord:
            return None

    return call


def _article(item: Item) -> object:
    try:
        return parse_item(item, gazetteer().is_place)
    except BadRecord:
        return None


@functools.cache
def gazetteer() -> Gazetteer:
    """Return the gazetteer, opened once."""
    return Gazetteer(DEFAULT_PATH)


@functools.cache
def model() -> Any:
    """Return the shipped model, loaded once."""
    return load_model("en_dateline")


def article(text: str) -> Article:
    """Return an article with a text and little else."""
    return Article(
        article_id="growth", source_uri="growth", source_position=0, source_kind="text", text=text, text_basis="file",
        text_sha256="", word_count=0, language="en", language_basis="text", date_fetched=THEN,
    )  # fmt: skip


def entities_of(text: str) -> list[Entity]:
    """Return an entity for every capitalized word, with labels in turn."""
    labels = ("PERSON", "GPE", "ORG", "NORP", "MISC")
    spans = []
    at = 0
    for number, word in enumerate(text.split()):
        at = text.index(word, at)
        if word[0].isupper():
            spans.append(Span(at, at + len(word), labels[number % len(labels)]))
        at += len(word)
    return [_entity(text, span) for span in spans]


def _entity(text: str, span: Span) -> Entity:
    surface = text[span.start : span.end]
    return Entity(
        entity_id=f"{span.start}", article_id="growth", start=span.start, end=span.end, surface=surface,
        label=span.label, name=surface, canonical_id=f"{span.start}", model="growth",
    )  # fmt: skip


def _geocoded(text: str) -> object:
    return geocode(AnnotatedArticle(article=article(text)), gazetteer())


def _geocoded_entities(text: str) -> object:
    return geocode(AnnotatedArticle(article=article(text), facts={"entities": tuple(entities_of(text))}), gazetteer())


def _joined(text: str) -> object:
    return join_mentions([dataclasses.replace(entity, label="PERSON") for entity in entities_of(text)])


def _revised(text: str) -> object:
    return revise(text, [Span(entity.start, entity.end, entity.label) for entity in entities_of(text)])


def _numbered(pattern: str, separator: str) -> Callable[[str], str]:
    """Return a function that makes a list of different names of a text's length."""

    def make(text: str) -> str:
        parts = []
        size = 0
        for number in range(len(text)):
            letters = "".join(chr(97 + number // 26**place % 26) for place in range(4))
            parts.append(pattern.format(letters))
            size += len(parts[-1]) + len(separator)
            if size >= len(text):
                break
        return separator.join(parts)

    return make


def _varied(call: Callable[[str], object], pattern: str, separator: str) -> Callable[[str], object]:
    make = _numbered(pattern, separator)
    return lambda text: call(make(text))


LINES: tuple[tuple[str, Callable[[str], object]], ...] = (
    ("clean", clean.clean),
    ("clean_line", clean.clean_line),
    ("clean_paragraphs", clean.clean_paragraphs),
    ("people.names", people.names),
    ("dates.parse_date", dates.parse_date),
    ("addresses.canonical", addresses.canonical),
    ("addresses.address_key", addresses.address_key.__wrapped__),
    ("boilerplate", boilerplate.boilerplate),
    ("headline.without_site", lambda text: headline.without_site(text[: headline.MAX_HEADLINE], {"theecho"})),
    ("language.identify_language", lambda text: language.identify_language(text, None)),
    ("plain_text", parse_plain_text),
    ("dateline", lambda text: dateline.parse_dateline(text, gazetteer().is_place)),
    ("encoding.decode", lambda text: encoding.decode(text.encode("utf-8", "replace"))),
    ("json_ld", loads),
    ("masking.mask_text", masking.mask_text),
    ("hints.feed_interval", hints.feed_interval),
    ("hints.skipped", hints.skipped),
)


def _names(name: str, call: Callable[[str], object], longest: int) -> Iterator[Step]:
    for pattern, separator in NAMES:
        yield Step(
            f"{name}: {pattern!r} by {separator!r}", _varied(call, pattern, separator), longest, units=units("a")
        )


def _jsonl(text: str) -> str:
    return json.dumps({"url": "https://a.test/1", "title": text, "text": text, "author": text, "date": text})


@functools.cache
def all_steps() -> tuple[Step, ...]:
    """Return every parser and step."""
    return (
        *(Step(name, call, 40_000) for name, call in LINES),
        Step("opml", _opml, 40_000, ("{}", '<opml><body><outline text="{}" xmlUrl="http://a.test/1"/></body></opml>')),
        Step("page", _parsed("html"), 40_000, PAGE_FRAMES, FEW),
        Step("page: tags", _parsed("html"), 40_000, (HTML,), TAGS),
        Step("feed", _parsed("feed"), 40_000, FEED_FRAMES, FEW),
        Step("feed: tags", _parsed("feed"), 40_000, FEED_FRAMES[:6], FEED_UNITS),
        Step("feed cut into entries", _cut, 400_000, FEED_FRAMES[1:4], FEED_UNITS),
        Step("plain text", _parsed("text"), 40_000),
        Step("JSONL", lambda text: _parsed("jsonl")(_jsonl(text)), 40_000),
        Step("JSON Feed", lambda text: _parsed("feed")(reading.json_feed(text)), 40_000),
        Step("feed's own title", lambda text: _parsed("feed")(reading.rss_feed(text)), 40_000),
        Step("robots.txt", reading.robots, 40_000),
        Step("content codings", reading.codings, 20_000, units=(*FEW[:3], *MARKS)),
        Step("WARC", reading.warc, 10_000, units=(*FEW[:3], *MARKS)),
        Step("list of feeds", reading.feed_list, 40_000, units=(*COMMON, *MARKS)),
        Step("address masked", reading.masked, 40_000, units=(*COMMON, *MARKS)),
        Step("near copies", sketch.sketch.__wrapped__, 40_000, units=(*COMMON, *MARKS)),
        Step("tokenizer", _tokenized, 20_000),
        Step("revise", _revised, 40_000),
        Step("join persons", _joined, 40_000),
        Step("geocode", _geocoded, 20_000),
        Step("geocode with entities", _geocoded_entities, 20_000),
        *_names("join persons", _joined, 40_000),
        *_names("revise", _revised, 40_000),
        *_names("geocode", _geocoded, 20_000),
        *_names("geocode with entities", _geocoded_entities, 20_000),
    )


def _tokenized(text: str) -> object:
    # A chunk of its own each time: spaCy keeps the words of those that it has met.
    return make_doc(model(), "(" * (next(_NUMBER) % 40) + text)


def _cut(text: str) -> object:
    try:
        return len(cut_feed(text).entries)
    except BadRecord:
        return None


def _opml(text: str) -> object:
    try:
        return opml.parse_opml(text.encode("utf-8", "replace"))
    except ValueError:
        return None


def read_with_model(text: str) -> object:
    """Return the entities that the model finds in a text."""
    return list(annotate([article(text)], model(), 20_000))
