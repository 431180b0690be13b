"""Fuzzing: hostile input for every parser in turn, for a given time; faults are printed and kept.

    python -m benchmarks.fuzz --minutes 30 --samples DIRECTORY --keep FOUND

Input is generated, or made of real samples by cutting, doubling and repeating.
Each property holds for any input: a parser raises nothing but `BadRecord`, gives
the same result twice, keeps its offsets within the text, gives no more than its
input allows, and takes time in proportion to it.
"""

import argparse
import gzip
import io
import itertools
import json
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from benchmarks.growth.steps import THEN, article, entities_of, gazetteer, model
from transforms.deduplicate.minhash import sketch
from transforms.extract.entities import annotate
from transforms.failures import BadRecord
from transforms.feeds import freshness as hints
from transforms.feeds.feed_list import FeedListError
from transforms.feeds.opml import parse_opml
from transforms.formats.html.json_ld import loads
from transforms.formats.known import split
from transforms.formats.plain_text import parse_plain_text
from transforms.formats.warc import read_warc
from transforms.geocode.geocode import geocode
from transforms.http.decoding import decode_content
from transforms.http.redact import mask_text
from transforms.parse import parse_item
from transforms.records import AnnotatedArticle, Article, Document, Entity, Location
from transforms.text.boilerplate import boilerplate
from transforms.text.bylines import names
from transforms.text.dateline.parse import parse_dateline
from transforms.text.dates import parse_date
from transforms.text.encoding import decode, looks_binary
from transforms.text.language import identify_language
from transforms.text.normalize import clean, clean_paragraphs
from transforms.text.urls import address_key, canonical

SECONDS_FIXED, SECONDS_PER_CHARACTER = 2.0, 0.000_4
"""CPU time that an input may take; the model takes most of it."""
MAX_GROWTH, OUTPUT_FIXED = 200, 200_000
"""Characters of results for one of the input, and for none; a list of places gives a row for every few letters."""
MAX_BYTES = 60_000
EXAMPLES = 60
WORDS = tuple(
    token.replace("~", " ").encode()
    for line in (
        "< > <!-- --> <![CDATA[ ]]> <!DOCTYPE~a~[ <!ENTITY~a~'b'> &a; &amp; <item> </item> <entry> <p>",
        "<div> <script> = ( \" ' { } [ ] , : - _ * 1 A a Paris,~ Mr.~Smith~ ~counties By~A.~Lee 2021-05-03",
        "http://a.test/ a@b.test \\u0000 \\ud800 xmlns:a='b'~ WARC/1.1~",
    )
    for token in line.split(" ")
)
TOKENS = (
    *WORDS,
    b" ",
    b"\n",
    b"\r\n",
    b"\0",
    b"\xff",
    b"\xed\xa0\x80",
    b"\xf0\x9f\x98\x80",
    b"e\xcc\x81",
    b"\xe6\xbc\xa2",
)


class Target(NamedTuple):
    """A parser: its name, what it does with bytes, and the kinds of samples that it is given."""

    name: str
    call: Callable[[bytes], Any]
    kinds: tuple[str, ...] = ("text",)


class Broken(Exception):
    """A property does not hold."""


def _document(kind: Any) -> Callable[[bytes], Any]:
    def call(content: bytes) -> Any:
        results: list[Any] = []
        for item in split(Document(uri="https://news.test/a", kind=kind, content=content, fetched=THEN)):
            try:
                results.append(parse_item(item, gazetteer().is_place))
            except BadRecord as error:
                results.append(repr(error))
        return results

    return call


def _line(function: Callable[[str], Any]) -> Callable[[bytes], Any]:
    return lambda content: function(content.decode("utf-8", "replace"))


def _annotated(text: str) -> Any:
    found = list(annotate([article(clean(text)[:3_000])], model(), 20_000))
    return [geocode(one, gazetteer()) for one in found]


def _placed(text: str) -> Any:
    text = clean(text)
    return geocode(AnnotatedArticle(article=article(text), facts={"entities": tuple(entities_of(text))}), gazetteer())


def _opml(content: bytes) -> Any:
    try:
        return parse_opml(content)
    except FeedListError as error:
        return repr(error)


def _decoded(content: bytes) -> Any:
    total = 0
    header = ("gzip", "deflate", "br", "zstd")[len(content) % 4]
    for block in decode_content([content], header):
        total += len(block)
        if total > 1_000_000:
            break
    return total


def _warc(content: bytes) -> Any:
    try:
        return [repr(one)[:100] for one in itertools.islice(read_warc(io.BytesIO(content), "a", max_bytes=10**6), 50)]
    except BadRecord as error:
        return type(error).__name__


def _hints(text: str) -> Any:
    return hints.feed_interval(text), [sorted(each) for each in hints.skipped(text)], hints.http_date(text)


TARGETS = (
    Target("feed", _document("feed"), ("feed",)),
    Target("page", _document("html"), ("html",)),
    Target("plain text", _document("text")),
    Target("JSONL", _document("jsonl"), ("json",)),
    Target("plain text lines", _line(parse_plain_text)),
    Target("model and places", _line(_annotated)),
    Target("places", _line(_placed)),
    Target("OPML", _opml, ("opml", "feed")),
    Target("JSON-LD", _line(loads), ("json",)),
    Target("WARC", _warc, ("warc",)),
    Target("content codings", _decoded, ("gzip",)),
    Target("decode", lambda content: (decode(content), looks_binary(content)), ("text", "html", "feed")),
    Target("lines", _line(lambda text: (clean_paragraphs(text), boilerplate(text), mask_text(text)))),
    Target("bylines", _line(names)),
    Target("dates", _line(parse_date)),
    Target("addresses", _line(lambda text: (canonical(text), address_key(text)))),
    Target("datelines", _line(lambda text: parse_dateline(text, gazetteer().is_place))),
    Target("language", _line(lambda text: identify_language(text, text[:10]))),
    Target("polling hints", _line(_hints), ("feed",)),
    Target("sketches", _line(sketch)),
)


def check(target: Target, content: bytes) -> None:
    """Check the properties of a parser on one input.

    Raises:
        Broken: one of them does not hold.
    """
    start = time.process_time()
    try:
        result = target.call(content)
    except BadRecord:
        return
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        raise Broken(f"raises {type(error).__name__} in {Path(where.filename).name}:{where.lineno}: {error}") from error
    taken = time.process_time() - start
    if taken > SECONDS_FIXED + SECONDS_PER_CHARACTER * len(content):
        raise Broken(f"takes {taken:.1f} s for {len(content):,} bytes")
    shown = repr(result)
    if len(shown) > OUTPUT_FIXED + MAX_GROWTH * len(content):
        raise Broken(f"gives {len(shown):,} characters for {len(content):,} bytes")
    for one in result if isinstance(result, list) else [result]:
        _check_offsets(one)
    if taken < 0.2:
        try:
            again = repr(target.call(content))
        except BadRecord:
            again = ""
        if again != shown:
            raise Broken("gives another result for the same input")


def _check_offsets(one: Any) -> None:
    """Check that all offsets of an article are inside its text and fit their surfaces."""
    if isinstance(one, AnnotatedArticle):
        text = one.article.text
        rows: tuple[Entity | Location, ...] = (*one.entities, *one.locations)
        for row in rows:
            if not 0 <= row.start < row.end <= len(text) or text[row.start : row.end] != row.surface:
                raise Broken(f"has an offset that is not its surface: {row.surface!r} at {row.start}")
    elif isinstance(one, Article):
        start, end = one.dateline_start, one.dateline_end
        if start is not None and end is not None and one.text[start:end] != one.dateline:
            raise Broken(f"has a dateline {one.dateline!r} that is not at {start}")
        if not 0 <= one.body_start <= len(one.text):
            raise Broken(f"begins its body at {one.body_start} of {len(one.text)}")


@st.composite
def inputs(draw: Callable[[Any], Any], samples: Sequence[bytes]) -> bytes:
    """Draw a sample, or nothing, with some mutations."""
    content: bytes = (
        draw(st.sampled_from(samples)) if samples and draw(st.integers(0, 4)) else draw(st.binary(max_size=300))
    )
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, max(0, len(content))))
        until = min(len(content), at + draw(st.sampled_from((1, 5, 20, 200, 2_000))))
        kind = draw(st.integers(0, 6))
        if kind == 0:
            content = content[:at] + content[until:]
        elif kind == 1:
            content = content[:at] + content[at:until] * draw(st.sampled_from((2, 10, 300))) + content[until:]
        elif kind == 2:
            times = draw(st.sampled_from((1, 1, 3, 50, 3_000, 20_000)))
            content = content[:at] + draw(st.sampled_from(TOKENS)) * times + content[at:]
        elif kind == 3:
            pair = draw(st.sampled_from(TOKENS)) + draw(st.sampled_from(TOKENS))
            content = content[:at] + pair * draw(st.sampled_from((1, 50, 5_000))) + content[at:]
        elif kind == 4:
            content = content[:at] + draw(st.binary(min_size=1, max_size=8)) + content[until:]
        elif kind == 5 and samples:
            other = draw(st.sampled_from(samples))
            content = content[:at] + other[at:]
        else:
            content = content[:at]
        content = content[:MAX_BYTES]
    return content


def run(target: Target, samples: Sequence[bytes], examples: int, number: int) -> tuple[str, bytes] | None:
    """Try some inputs; return what is wrong and the smallest input that shows it, or None."""
    last: list[bytes] = [b""]

    @seed(number)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
        report_multiple_bugs=False,
    )
    @given(inputs(samples))
    def holds(content: bytes) -> None:
        last[0] = content
        check(target, content)

    try:
        holds()
    except Broken as error:
        return str(error), last[0]
    return None


def read_samples(folders: Iterable[Path], largest: int = 40_000) -> dict[str, list[bytes]]:
    """Return real files by kind, recognized by their first bytes; compressed files are unpacked."""
    found: dict[str, list[bytes]] = {kind: [] for kind in ("feed", "html", "json", "text", "opml", "gzip", "warc")}
    for path in sorted(path for folder in folders for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()[:2_000_000]
        if content.startswith(b"\x1f\x8b"):
            found["gzip"].append(content[:largest])
            try:
                content = gzip.decompress(content)
            except (OSError, EOFError):
                continue
        found[_kind(path.name, content)].append(content[:largest])
    return found


def _kind(name: str, content: bytes) -> str:
    head = content[:300].lstrip().lower()
    if b"<opml" in head:
        return "opml"
    if head.startswith(b"warc/"):
        return "warc"
    if any(root in head for root in (b"<rss", b"<feed", b"<rdf")):
        return "feed"
    if head.startswith((b"{", b"[")):
        return "feed" if b"jsonfeed" in head else "json"
    return "html" if b"<html" in head or b"<!doctype" in head or ".html" in name else "text"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all targets in turn until the time is over; return 1 if a property was broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--samples", type=Path, nargs="*", default=[Path("tests/data"), Path("seeds")])
    parser.add_argument("--keep", type=Path, default=Path("out/fuzz"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="*", default=[])
    options = parser.parse_args(arguments)
    samples = read_samples(options.samples)
    print("samples: " + ", ".join(f"{len(files)} {kind}" for kind, files in samples.items()), flush=True)
    targets = [target for target in TARGETS if not options.only or target.name in options.only]
    tried: dict[str, int] = dict.fromkeys((target.name for target in targets), 0)
    seen: set[str] = set()
    end = time.monotonic() + 60 * options.minutes
    for number in itertools.count(options.seed):
        for target in targets:
            if time.monotonic() > end:
                print(f"seeds {options.seed} to {number}; inputs: {json.dumps(tried)}; found: {len(seen)}")
                return int(bool(seen))
            own = [content for kind in target.kinds for content in samples[kind]]
            wrong = run(target, own, EXAMPLES, number)
            tried[target.name] += EXAMPLES
            if wrong and f"{target.name}: {wrong[0][:60]}" not in seen:
                seen.add(f"{target.name}: {wrong[0][:60]}")
                options.keep.mkdir(parents=True, exist_ok=True)
                path = options.keep / f"{target.name.replace(' ', '_')}-{number}"
                path.write_bytes(wrong[1])
                print(f"{target.name}, seed {number}: {wrong[0]} ({len(wrong[1]):,} bytes in {path})", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
