"""Parsing measured on real input: 91 feeds, and 181 pages with gold bodies.

    python -m benchmarks.parsing --feeds DIRECTORY --pages DIRECTORY --metadata GOLD.tsv

The feeds are bare files, the pages those of article-extraction-benchmark
(`ground-truth.json` and `pages/*.html.gz`). The measure of bodies is that
benchmark's own: texts are cut into tokens, tokens into overlapping runs of
four, and the runs of a page compared as multisets; precision and recall are
averaged over pages, and F1 is that of the two averages.
https://github.com/scrapinghub/article-extraction-benchmark

Titles, authors and dates are compared with a table of facts, for which see
`measure_metadata`; the pages themselves have no gold of these.
"""

import argparse
import collections
import datetime
import gzip
import json
import re
import statistics
import sys
import time
import unicodedata
from collections.abc import Callable, Iterable
from pathlib import Path

import trafilatura

from transforms.failures import BadRecord
from transforms.formats.html.page import parse_page
from transforms.formats.known import split
from transforms.parse import parse_item
from transforms.records import Document
from transforms.text.encoding import decode

THEN = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
SHINGLE = 4
_TOKEN = re.compile(r"\w+", re.UNICODE | re.MULTILINE | re.IGNORECASE | re.DOTALL)


def shingles(text: str) -> collections.Counter[tuple[str, ...]]:
    """Return overlapping runs of four tokens; of a shorter text the whole of it.

    >>> sorted(shingles("a b c d e").elements())
    [('a', 'b', 'c', 'd'), ('b', 'c', 'd', 'e')]
    """
    tokens = _TOKEN.findall(text or "")
    runs = max(1, len(tokens) - SHINGLE + 1)
    return collections.Counter(tuple(tokens[at : at + SHINGLE]) for at in range(runs) if tokens)


def precision_recall(gold: str, found: str) -> tuple[float, float]:
    """Return precision and recall of one page, 0 where there is nothing to divide by."""
    gold_runs, found_runs = shingles(gold), shingles(found)
    shared = (gold_runs & found_runs).total()
    return (
        shared / found_runs.total() if found_runs else 0.0,
        shared / gold_runs.total() if gold_runs else 0.0,
    )


def f1(pairs: Iterable[tuple[float, float]]) -> tuple[float, float, float]:
    """Return F1 of the mean precision and the mean recall, and those two.

    >>> f1([(1.0, 0.5), (0.5, 1.0)])
    (0.75, 0.75, 0.75)
    """
    precisions, recalls = zip(*pairs, strict=True)
    precision, recall = statistics.mean(precisions), statistics.mean(recalls)
    return 2 * precision * recall / (precision + recall), precision, recall


def ours(content: bytes, url: str) -> str:
    """Return the body that Dateline takes from a page."""
    try:
        return parse_page(content, url=url, charset=None, fetched=THEN).text
    except BadRecord:
        return ""


def reference(content: bytes, url: str) -> str:
    """Return the body that trafilatura alone takes from a page, with its defaults."""
    return trafilatura.extract(decode(content), url=url, include_comments=False) or ""


def measure_pages(directory: Path, extract: Callable[[bytes, str], str]) -> str:
    """Return one line: F1 of the bodies, and the time a page took."""
    truth = json.loads((directory / "ground-truth.json").read_text(encoding="utf-8"))
    began = time.perf_counter()
    pairs = []
    for name, gold in sorted(truth.items()):
        content = gzip.decompress((directory / "pages" / f"{name}.html.gz").read_bytes())
        pairs.append(precision_recall(gold["articleBody"], extract(content, gold["url"])))
    seconds = (time.perf_counter() - began) / len(pairs)
    score, precision, recall = f1(pairs)
    return (
        f"{extract.__name__:10} {len(pairs)} pages: F1 {score:.3f} (precision {precision:.3f}, recall {recall:.3f}),"
        f" {seconds * 1000:.0f} ms a page"
    )


Facts = tuple[str, frozenset[str], datetime.date | None]
"""Title, authors and the day of publication, made comparable."""


def our_facts(content: bytes, url: str) -> Facts:
    """Return the result of Dateline for a page."""
    try:
        page = parse_page(content, url=url, charset=None, fetched=THEN)
    except BadRecord:
        return "", frozenset(), None
    day = page.published.value.date() if page.published else None
    return plain(page.metadata.title or ""), frozenset(map(plain, page.metadata.authors)), day


def reference_facts(content: bytes, url: str) -> Facts:
    """Return the result of trafilatura alone for a page."""
    found = trafilatura.extract_metadata(decode(content), default_url=url)
    authors = frozenset(plain(name) for name in (found.author or "").split("; ") if name)
    return plain(found.title or ""), authors, datetime.date.fromisoformat(found.date) if found.date else None


def plain(text: str) -> str:
    """Return a text without what two honest copies of it differ in: quotes, dashes, capitals, spaces.

    >>> plain("  ‘Rain’\\u00a0… ")
    "'rain' ..."
    """
    folded = unicodedata.normalize("NFKC", text).translate(_QUOTES).casefold()
    return " ".join(folded.split())


_QUOTES = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-"})


def measure_metadata(
    directory: Path, gold: Path, extract: Callable[[bytes, str], Facts], wrong: Callable[[str], object] | None = None
) -> str:
    """Return one line: the shares of pages whose title, set of authors and day of publication are exactly right.

    Args:
        directory: with `ground-truth.json` and `pages`.
        gold: a TSV file of page, title, authors (`;` between them, `~` between sets that are both right) and dates
            (ISO, `,` between days that are both right, as in two time zones); empty where there is none.
        extract: gives what is compared.
        wrong: called with a line for each mistake.
    """
    truth = json.loads((directory / "ground-truth.json").read_text(encoding="utf-8"))
    right: collections.Counter[str] = collections.Counter()
    rows = [line.split("\t") for line in gold.read_text(encoding="utf-8").splitlines()[1:]]
    for name, title, authors, dates in rows:
        content = gzip.decompress((directory / "pages" / f"{name}.html.gz").read_bytes())
        found = extract(content, truth[name]["url"])
        sets = [frozenset(plain(one) for one in said.split(";") if one) for said in authors.split("~")]
        days = [datetime.date.fromisoformat(day) if day else None for day in dates.split(",")]
        verdicts = {"title": found[0] == plain(title), "authors": found[1] in sets, "date": found[2] in days}
        right.update(field for field, verdict in verdicts.items() if verdict)
        for at, (field, verdict) in enumerate(verdicts.items()):
            if not verdict and wrong:
                wrong(f"  {name[:8]} {field}: {found[at]!r}, not {(title, authors, dates)[at]!r}")
    shares = ", ".join(f"{field} {right[field] / len(rows):.3f}" for field in ("title", "authors", "date"))
    return f"{extract.__name__:15} {len(rows)} pages: {shares}"


def measure_feeds(directory: Path) -> str:
    """Return entries, articles and failures by reason over all feeds, and the slowest feed."""
    counts: collections.Counter[str] = collections.Counter()
    slowest = (0.0, "")
    for path in sorted(directory.iterdir()):
        began = time.perf_counter()
        document = Document(uri=f"{path.name}.xml", kind="feed", content=path.read_bytes(), fetched=THEN)
        counts.update(outcomes(document))
        slowest = max(slowest, (time.perf_counter() - began, path.name))
    entries = sum(counts.values())
    reasons = ", ".join(f"{name} {count:,}" for name, count in counts.most_common())
    return f"{entries:,} inputs = {reasons}; slowest feed {slowest[1]} {slowest[0]:.2f} s"


def outcomes(document: Document) -> Iterable[str]:
    """Return the outcome of each entry of a feed: `articles`, or the reason of its failure."""
    try:
        items = list(split(document))
    except BadRecord as error:
        return [error.reason.value]
    return [_outcome(item) for item in items]


def _outcome(item: object) -> str:
    try:
        parse_item(item, lambda name: False)  # type: ignore[arg-type]
    except BadRecord as error:
        return error.reason.value
    return "articles"


def main() -> None:
    """Print a line for each measurement."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--feeds", type=Path, help="directory of feeds")
    parser.add_argument("--pages", type=Path, help="directory with ground-truth.json and pages/")
    parser.add_argument("--metadata", type=Path, help="TSV of titles, authors and dates of some of the pages")
    parser.add_argument("--wrong", action="store_true", help="print each mistake in the metadata")
    arguments = parser.parse_args()
    if not (arguments.feeds or arguments.pages):
        parser.error("give --feeds, --pages or both")
    if arguments.feeds:
        sys.stdout.write(f"feeds: {measure_feeds(arguments.feeds)}\n")
    if arguments.metadata and not arguments.pages:
        parser.error("--metadata needs --pages")
    if arguments.metadata:
        wrong = print if arguments.wrong else None
        for facts in (our_facts, reference_facts):
            sys.stdout.write(f"{measure_metadata(arguments.pages, arguments.metadata, facts, wrong)}\n")
        return
    for extract in (ours, reference) if arguments.pages else ():
        sys.stdout.write(f"{measure_pages(arguments.pages, extract)}\n")


if __name__ == "__main__":
    main()
