"""Where the time of an article goes: CPU milliseconds of each stage, and its share of what the model costs by itself.

All stages run in this process, one after the other in each round, so that
whatever else the machine does befalls all of them; the table has the median of
the rounds. In these every name and word has been met before; what it cost to meet
them is below the table. A long run is between the two.

    python benchmarks/stages.py --articles 200 --rounds 5
    python benchmarks/stages.py --texts ../shared/corpora/geo/lgl_train.jsonl
"""

import argparse
import datetime
import json
import os
import pickle
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import spacy
from spacy.language import Language

from benchmarks.throughput import given
from transforms.dataset.shards import shard_of, stage_shard
from transforms.deduplicate.minhash import sketch
from transforms.deduplicate.versions import reading_of
from transforms.extract.entities import annotate
from transforms.extract.fast_pipe import bounded, read
from transforms.extract.models import SHIPPED_NAME, SHIPPED_PATH, load_model
from transforms.formats.known import split
from transforms.gazetteer.lookup import Gazetteer
from transforms.geocode.focus import focus_columns
from transforms.geocode.geocode import geocode, locate, names_of, publisher_names
from transforms.geocode.mentions import find_mentions
from transforms.geocode.publisher import country_of
from transforms.geocode.ranking.weights import rank
from transforms.parse.article import parse_item
from transforms.records import AnnotatedArticle, Document
from transforms.text.dateline.parse import parse_dateline
from transforms.text.language import identify_language

FETCHED = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
BATCH = 16
PIECE_CHARS = 20_000
BARE = "bare nlp.pipe"
OURS = ("split and parse", "sketch", "extract", "geocode", "rows and Parquet", "pickle and back")
"""Stages that add up to an article's way through the pipeline, but for Beam itself."""


class Stages:
    """Stages over the same articles: each is a method without arguments that works on the result of earlier ones."""

    def __init__(self, lines: list[bytes]) -> None:
        self.count = len(lines)
        self.document = Document(uri="a.jsonl", kind="jsonl", content=b"\n".join(lines), fetched=FETCHED)
        self.gazetteer = Gazetteer()
        self.nlp = load_model(SHIPPED_NAME)
        # As anybody would load it; the components are those that a run loads.
        self.bare: Language = spacy.load(SHIPPED_PATH, exclude=_left_out(self.nlp))
        self.first: dict[str, float] = {}
        """Milliseconds an article of the stages that remember what they have met, when they had met nothing."""
        self.articles = self._first("split and parse", self._parsed)
        self.texts = [article.text for article in self.articles]
        self.annotated = self._first("extract", self._annotated)
        self.placed = self._first("geocode", self._placed)

    def table(self) -> dict[str, Callable[[], object]]:
        """Return name -> what is timed; a name that begins with a blank is part of the one above."""
        found = self._found()
        return {
            BARE: lambda: [None for _ in self.bare.pipe(self.texts, batch_size=BATCH)],
            "split and parse": self._parsed,
            "  language": lambda: [identify_language(text) for text in self.texts],
            "  dateline": lambda: [parse_dateline(text, self.gazetteer.is_place) for text in self.texts],
            "sketch": lambda: [(sketch.__wrapped__(one.text), reading_of(one)) for one in self.articles],
            "extract": self._annotated,
            "  words": lambda: [self.nlp.make_doc(text) for text in self.texts],
            "  model, words included": lambda: [self._read(some) for some in _batches(self.texts)],
            "geocode": self._placed,
            "  mentions": self._found,
            "  names": lambda: [
                names_of(m, a.article, self.gazetteer) for m, a in zip(found, self.annotated, strict=True)
            ],
            "  ranking": self._ranking(found),
            "  names, ranking, rows": lambda: [
                list(locate(m, a.article, self.gazetteer)) for m, a in zip(found, self.annotated, strict=True)
            ],
            "  focus": lambda: [focus_columns(a.article, a.locations, self.gazetteer) for a in self.placed],
            "rows and Parquet": self._written,
            "pickle and back": lambda: [pickle.loads(pickle.dumps(one, 5)) for one in self.placed],
        }

    def _first(self, name: str, work: Callable[[], list[Any]]) -> list[Any]:
        begun = time.process_time()
        result = work()
        self.first[name] = (time.process_time() - begun) * 1000 / self.count
        return result

    def _parsed(self) -> list[Any]:
        return [parse_item(item, self.gazetteer.is_place) for item in split(self.document)]

    def _annotated(self) -> list[AnnotatedArticle]:
        return [one for some in _batches(self.articles) for one in annotate(some, self.nlp, PIECE_CHARS)]

    def _read(self, texts: list[str]) -> int:
        with bounded(self.nlp):
            return sum(len(doc.ents) for doc in read(self.nlp, texts))

    def _placed(self) -> list[AnnotatedArticle]:
        return [geocode(one, self.gazetteer) for one in self.annotated]

    def _found(self) -> list[Any]:
        return [find_mentions(one.article, one.entities, self.gazetteer) for one in self.annotated]

    def _ranking(self, found: list[Any]) -> Callable[[], object]:
        articles = [one.article for one in self.annotated]
        names = [
            [*names_of(mentions, article, self.gazetteer).values(), *publisher_names(article, self.gazetteer)]
            for mentions, article in zip(found, articles, strict=True)
        ]

        def rank_all() -> None:
            for some, article in zip(names, articles, strict=True):
                rank(some, article.text, country=country_of(article))

        return rank_all

    def _written(self) -> None:
        rows: dict[str, Iterable[Any]] = {
            "articles": [one.article for one in self.placed],
            "entities": [row for one in self.placed for row in one.entities],
            "locations": [row for one in self.placed for row in one.locations],
        }
        for table, some in rows.items():
            shards: dict[int, list[Any]] = {}
            for row in some:
                shards.setdefault(shard_of(row, 4), []).append(row)
            with tempfile.TemporaryDirectory() as folder:
                for number, shard in shards.items():
                    stage_shard(folder, "run", table, number, shard)


def _left_out(nlp: Language) -> list[str]:
    config = json.loads((SHIPPED_PATH / "meta.json").read_text(encoding="utf-8"))
    return [name for name in config["pipeline"] if name not in nlp.pipe_names]


def _batches(some: list[Any]) -> list[list[Any]]:
    return [some[begin : begin + BATCH] for begin in range(0, len(some), BATCH)]


def cpu_ms(work: Callable[[], object]) -> float:
    """Return CPU time of this process for a call, milliseconds."""
    begun = time.process_time()
    work()
    return (time.process_time() - begun) * 1000


def main() -> None:
    """Print one line a stage."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--texts", type=Path, help="JSON Lines with `text`, instead of made-up articles")
    args = parser.parse_args()
    stages = Stages([json.dumps(article).encode() for article in given(args.texts, args.articles)])
    words = sum(len(text.split()) for text in stages.texts)
    table = stages.table()
    times: dict[str, list[float]] = {name: [] for name in table}
    for _ in range(args.rounds):
        for name, work in table.items():
            times[name].append(cpu_ms(work) / stages.count)
    medians = {name: statistics.median(rounds) for name, rounds in times.items()}
    print(f"{stages.count} articles of {words / stages.count:.0f} words; CPU ms an article, median of {args.rounds}")
    for name, median in medians.items():
        print(f"{name:28s} {median:8.3f}  {median / medians[BARE]:6.1%} of bare nlp.pipe")
    whole = sum(medians[name] for name in OURS)
    beside = whole - medians["  model, words included"]
    print(f"{'all of ours':28s} {whole:8.3f}  {whole / medians[BARE]:6.1%} of bare nlp.pipe")
    print(f"{'all but the model':28s} {beside:8.3f}  {beside / medians[BARE]:6.1%} of bare nlp.pipe")
    print("met for the first time: " + ", ".join(f"{name} {ms:.3f}" for name, ms in stages.first.items()))
    for name in (BARE, "  model, words included"):
        print(f"{name.strip()}: {words / stages.count / medians[name] * 1000:,.0f} words/s")


if __name__ == "__main__":
    main()
