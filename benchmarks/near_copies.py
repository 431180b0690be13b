"""Near copies: how many edited articles are found again, and how many different ones are taken for copies.

    python -m benchmarks.near_copies --pages DIRECTORY --feeds DIRECTORY

Each real body (gold bodies of article-extraction-benchmark, and the entries of
feeds) is edited as newsrooms edit wire copy. An edit is found again if the
search proposes the pair and its shingles confirm it, all texts being searched
together. Ours is compared with the usual MinHash (bands for a similarity of .8, and
.8 of the signatures equal) and SimHash (64 bits, at most 3 of them different).

A false merge is a copy between two real articles of different addresses and
headlines; every such pair can be printed (--show) to see whether it is one.
"""

import argparse
import dataclasses
import datetime
import itertools
import json
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import apache_beam as beam
import numpy as np
from rensa import RMinHash

from transforms import Extract
from transforms.deduplicate import Deduplicate
from transforms.deduplicate import near_copies as copies
from transforms.deduplicate.minhash import band_keys
from transforms.deduplicate.near_copies import CopyCandidate, Link
from transforms.deduplicate.shingles import distinct, shingle_hashes
from transforms.deduplicate.versions import ArticleKey, number_of
from transforms.failures import BadRecord
from transforms.formats.known import split
from transforms.parse import parse_item
from transforms.records import Article, Document
from transforms.text.urls import address_key

THEN = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
RUNNER = "apache_beam.runners.portability.fn_api_runner.FnApiRunner"
MIN_WORDS = 80
"""Shorter bodies are not edited: a quarter of one is a sentence."""
USUAL_BANDS, USUAL_ROWS = 9, 13
"""What datasketch takes for a threshold of .8 and 128 permutations."""
BOILERPLATE = (
    "Sign up for our daily newsletter and get the latest news delivered to your inbox every morning. "
    "This article was first published by a partner and is republished here with permission. "
    "All rights reserved. This material may not be published, broadcast, rewritten or redistributed. "
    "Follow us on social media for updates throughout the day. Read more: five things to know this week. "
    "Our journalists can be reached by mail or telephone; corrections are made as soon as we learn of them. "
)

Edit = Callable[[str, random.Random], str]


@dataclasses.dataclass(frozen=True)
class Body:
    """One real article."""

    name: str
    text: str
    address: str | None = None
    headline: str | None = None

    @property
    def site(self) -> str:
        """Return the host of its address, else the file it is from."""
        return (address_key(self.address) or self.name.partition("#")[0]).partition("/")[0]


def with_boilerplate(text: str, rng: random.Random) -> str:
    """Add a head and a foot of the publisher's own."""
    return f"{BOILERPLATE[:170]}\n\n{text}\n\n{BOILERPLATE}"


def cut_to(share: float) -> Edit:
    """Return the first words only, as papers cut wire copy to fit."""

    def edit(text: str, rng: random.Random) -> str:
        words = text.split()
        return " ".join(words[: max(1, round(len(words) * share))])

    return edit


def without_paragraphs(text: str, rng: random.Random) -> str:
    """Remove 30 % of the paragraphs, or of the sentences of a text in one piece."""
    parts = [part for part in text.split("\n") if part.strip()]
    parts = parts if len(parts) > 3 else text.replace(". ", ".\n").split("\n")
    kept = sorted(rng.sample(range(len(parts)), max(1, round(len(parts) * 0.7))))
    return "\n".join(parts[at] for at in kept)


def with_other_words(text: str, rng: random.Random) -> str:
    """Replace 8 % of the words by others of the text."""
    words = text.split()
    others = [rng.choice(words) + "x" if rng.random() < 0.08 else word for word in words]
    return " ".join(others)


EDITS: dict[str, Edit] = {
    "boilerplate added": with_boilerplate,
    "cut to 50 %": cut_to(0.5),
    "cut to 25 %": cut_to(0.25),
    "30 % of paragraphs dropped": without_paragraphs,
    "8 % of words changed": with_other_words,
}


def gold_bodies(directory: Path) -> Iterator[Body]:
    """Yield the gold bodies of the pages."""
    truth = json.loads((directory / "ground-truth.json").read_text(encoding="utf-8"))
    for name, gold in sorted(truth.items()):
        yield Body(name, gold["articleBody"], gold.get("url"), None)


def feed_articles(directory: Path) -> Iterator[Article]:
    """Yield the entries of each feed, once per address and text."""
    seen: set[str] = set()
    for path in sorted(directory.iterdir()):
        document = Document(uri=f"{path.name}.xml", kind="feed", content=path.read_bytes(), fetched=THEN)
        try:
            items = list(split(document))
        except BadRecord:
            continue
        for item in items:
            try:
                found = parse_item(item, lambda name: False)
            except BadRecord:
                continue
            if found.article_id not in seen:
                seen.add(found.article_id)
                yield found


def candidate(name: str, text: str, at: int = 0, site: str | None = None) -> CopyCandidate:
    """Return a text as the search sees it; names sort in the order of time."""
    hashes = shingle_hashes(text)
    reading = ArticleKey(name, 0, 0, 0, number_of(site), 0, 0, "text", len(text.split()), at)
    return CopyCandidate(reading, False, band_keys(hashes).tobytes(), distinct(hashes).tobytes())


def links_of(candidates: list[CopyCandidate]) -> dict[str, Link]:
    """Return the links between all of them, as the pipeline finds them."""
    rules = Deduplicate().rules
    parts: dict[int, list[copies.BandEntry]] = {}
    for number, entry in (entry for one in candidates for entry in copies.entries(one)):
        parts.setdefault(number, []).append(entry)
    found, _ = copies.pairs(parts.values(), rules.window_days)
    by_id = {one.reading.article_id: one for one in candidates}
    shown: dict[str, list[CopyCandidate]] = {}
    for one, to in found:
        shown.setdefault(to, []).append(by_id[one])
    links = {to: copies.link(by_id[to], group, rules) for to, group in shown.items()}
    return {to: link for to, link in links.items() if link}


def signature(text: str) -> np.ndarray:
    """Return 128 permutations of the shingles."""
    hashes = distinct(shingle_hashes(text)).tolist() or [0]
    return np.array(RMinHash.digest_matrix_from_token_hash_sets([hashes], 128, 1).to_rows()[0], dtype=np.uint32)


def usual_finds(one: np.ndarray, other: np.ndarray) -> bool:
    """Return True if MinHash with bands for .8 proposes the pair and its signatures agree in .8."""
    size = USUAL_BANDS * USUAL_ROWS
    bands = (one[:size] == other[:size]).reshape(USUAL_BANDS, USUAL_ROWS).all(axis=1)
    return bool(bands.any() and (one == other).mean() >= 0.8)


def simhash(text: str) -> int:
    """Return 64 bits, each the sign of the sum of the shingles' bits."""
    hashes = shingle_hashes(text).astype(np.uint64)
    wide = hashes * np.uint64(0x9E3779B97F4A7C15)
    wide ^= wide >> np.uint64(29)
    bits = (wide[:, None] >> np.arange(64, dtype=np.uint64)) & np.uint64(1)
    signs = bits.astype(np.int64).sum(axis=0) * 2 > len(hashes)
    return int("".join("1" if sign else "0" for sign in signs), 2)


def measure_recall(bodies: list[Body], seed: int) -> Iterator[str]:
    """Yield a line for each edit: the share found again, by each way."""
    yield f"  {'edit':<28} {'ours':>7} {'usual .8':>9} {'SimHash':>8}   {len(bodies)} bodies"
    originals = [candidate(f"0-{at:06}", body.text) for at, body in enumerate(bodies)]
    signatures = [signature(body.text) for body in bodies]
    prints = [simhash(body.text) for body in bodies]
    for name, edit in EDITS.items():
        rng = random.Random(seed)
        edited = [edit(body.text, rng) for body in bodies]
        links = links_of([*originals, *(candidate(f"1-{at:06}", text, 60) for at, text in enumerate(edited))])
        ours = sum(_points_at(links, f"1-{at:06}", f"0-{at:06}") for at in range(len(bodies)))
        usual = sum(usual_finds(one, signature(text)) for one, text in zip(signatures, edited, strict=True))
        near = sum((one ^ simhash(text)).bit_count() <= 3 for one, text in zip(prints, edited, strict=True))
        shares = [count / len(bodies) for count in (ours, usual, near)]
        yield f"  {name:<28} {shares[0]:>7.3f} {shares[1]:>9.3f} {shares[2]:>8.3f}"


def _points_at(links: dict[str, Link], later: str, earlier: str) -> bool:
    """Return True if the edit is a copy of its original, or of what that is a copy of."""
    group = set()
    at = earlier
    while True:
        group.add(at)
        link = links.get(at)
        if link is None or link.copy_of is None:
            break
        at = link.copy_of.article_id
    link = links.get(later)
    return link is not None and link.copy_of is not None and link.copy_of.article_id in group


def false_merges(bodies: list[Body]) -> tuple[list[tuple[Body, Body, float]], int]:
    """Copy among different real articles, and how many pairs there are."""
    candidates = [candidate(f"{at:06}", body.text, site=body.site) for at, body in enumerate(bodies)]
    merged = []
    for later, link in sorted(links_of(candidates).items()):
        if link.copy_of is None:
            continue
        one, other = bodies[int(link.copy_of.article_id)], bodies[int(later)]
        if one.address != other.address and (one.headline is None or one.headline != other.headline):
            merged.append((one, other, link.overlap or 0.0))
    return merged, len(bodies) * (len(bodies) - 1) // 2


def measure_cost(articles: list[Article], extracted: int) -> str:
    """Return the cost of deduplication and of extraction for an article, both through Beam, in CPU seconds."""
    english = [one for one in articles if one.language == "en"]
    near = _milliseconds(english, _Unique(near_copies=True))
    same = _milliseconds(english, _Unique(near_copies=False))
    extraction = _milliseconds(english[:extracted], Extract())
    return (
        f"cost an article, through Beam: deduplication of {len(english):,} {near:.2f} ms (without near copies"
        f" {same:.2f}), extraction of {min(extracted, len(english)):,} {extraction:.1f} ms: {near / extraction:.1%}"
    )


def _milliseconds(articles: list[Article], transform: Any) -> float:
    """Return the seconds that a transform adds to a pipeline that only counts, per article."""
    return (_seconds(articles, transform) - _seconds(articles, beam.Map(lambda one: one))) / len(articles) * 1e3


@dataclasses.dataclass
class _Unique(beam.PTransform):
    """Deduplicates without a history."""

    near_copies: bool

    def expand(self, articles: Any) -> Any:
        known = articles.pipeline | "Nothing known" >> beam.Create([])
        unique, _, _ = {"articles": articles, "known": known} | Deduplicate(near_copies=self.near_copies)
        return unique


def _seconds(articles: list[Article], transform: Any) -> float:
    """Return processor time of one pipeline, whatever else the machine does."""
    begun = time.process_time()
    with beam.Pipeline(runner=RUNNER) as p:
        found = p | beam.Create(articles) | "Measured" >> transform
        found = found["articles"] if isinstance(transform, Extract) else found
        _ = found | beam.combiners.Count.Globally()
    return time.process_time() - begun


def main() -> None:
    """Print recall, false merges and speed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=Path, required=True, help="directory with ground-truth.json")
    parser.add_argument("--feeds", type=Path, help="directory of feeds")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--cost", type=int, default=0, help="articles of the feeds to extract from, to compare the cost with"
    )
    parser.add_argument("--show", type=int, default=0, help="false merges to print")
    args = parser.parse_args()
    pages = list(gold_bodies(args.pages))
    articles = list(feed_articles(args.feeds)) if args.feeds else []
    feeds = [Body(one.source, one.text, one.canonical_url, one.headline) for one in articles]
    for name, bodies in (("gold bodies of pages", pages), ("bodies in feeds", feeds)):
        long = [body for body in bodies if len(body.text.split()) >= MIN_WORDS]
        if long:
            print(f"recall, {name} of {MIN_WORDS} words or more:")
            print("\n".join(measure_recall(long, args.seed)))
    every = [*pages, *feeds]
    merged, pairs = false_merges(every)
    print(
        f"copies among {len(every):,} real articles of different addresses and headlines: {len(merged)}"
        f" in {pairs:,} pairs, {len(merged) / pairs * 1e6:.2f} per million"
    )
    for one, other, share in itertools.islice(merged, args.show):
        print(f"  {share:.2f}  {one.name}: {one.text[:150]!r}\n        {other.name}: {other.text[:150]!r}")
    begun = time.process_time()
    candidates = [candidate(f"{at:06}", body.text) for at, body in enumerate(every)]
    sketched = time.process_time()
    links_of(candidates)
    ended = time.process_time()
    words = sum(len(body.text.split()) for body in every) / len(every)
    print(
        f"{len(every) / (ended - begun):,.0f} documents/s of {words:.0f} words by processor time: sketch"
        f" {(sketched - begun) / len(every) * 1e3:.2f} ms, search and comparison"
        f" {(ended - sketched) / len(every) * 1e3:.2f} ms each"
    )
    if args.cost:
        print(measure_cost(articles, args.cost))


if __name__ == "__main__":
    main()
