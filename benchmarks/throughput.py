"""How much the pipeline costs over the model alone: articles per second, as a ratio in one run.

Measures, in turn and several times over the same generated articles:

(a) bare `nlp.pipe` over the texts in N plain processes,
(b) `dateline run` with N workers: read, parse, deduplicate, extract, geocode, write.

Both times are of the whole process from start to end, and (b) without its
start-up is given as well, measured by a run over a single article.

    python benchmarks/throughput.py --articles 1000 --workers 2 --rounds 3
"""

import argparse
import json
import multiprocessing
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

from transforms.extract.models import SHIPPED_NAME, load_model
from transforms.write import Run, list_runs

PEOPLE = [
    "Amina Okello",
    "Jonas Weber",
    "Li Wenhua",
    "Maria Sandoval",
    "Tariq Haddad",
    "Ingrid Solheim",
    "Paul Mbeki",
    "Yuki Tanabe",
]
PLACES = [
    "Nairobi",
    "Paris, Texas",
    "Tbilisi",
    "Lagos",
    "the Korean Peninsula",
    "Birmingham, Alabama",
    "Tripoli",
    "Kherson",
    "São Paulo",
    "Manila",
    "Quebec",
    "Aleppo",
    "Port Moresby",
    "Lima",
    "Gothenburg",
    "Chennai",
    "Accra",
    "Winnipeg",
    "Odesa",
    "Hanoi",
]
BODIES = [
    "the Red Cross",
    "the World Bank",
    "the Ministry of Health",
    "the city council",
    "Northern Rail",
    "the African Union",
]
SENTENCES = (
    "{person} told reporters in {place} on {day} that {body} would send {number} more workers within the week.",
    "Heavy rain closed the road for most of the night, officials of {body} said.",
    "“We did not expect this,” said {person}, who has worked there for {number} years and plans to stay.",
    "According to {body}, prices rose by {number} percent in {place}, more than anywhere else in the country.",
    "The agreement was signed after talks that lasted until late on {day}, but neither side gave any details.",
    "Residents have waited for a decision since the flood, which reached the lower villages within hours.",
    "The report names {number} places where wells have run dry and asks for help before the end of the season.",
    "Nobody could say how long the repairs would take, or who is going to pay for them in the end.",
    "The price of bread has doubled since the summer, and many families have begun to bake at home again.",
    "It was the third time in a month that the trains did not run, and patience is wearing thin.",
)
COMMON_WORDS = Path(__file__).parents[1] / "transforms" / "geocode" / "data" / "common_words.txt"
WORDS = COMMON_WORDS.read_text(encoding="utf-8").partition("\n")[2].split()
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


def articles(count: int, seed: int = 7) -> Iterator[dict[str, str]]:
    """Made-up articles of 250 to 550 words, the length of news, the same for every run."""
    rng = random.Random(seed)
    for number in range(count):
        sentences = [_sentence(rng) for _ in range(rng.randint(14, 30))]
        text = "\n\n".join(" ".join(sentences[i : i + 3]) for i in range(0, len(sentences), 3))
        yield {"id": str(number), "title": f"Report {number}", "text": text, "url": f"https://example.org/{number}"}


def given(file: Path | None, count: int) -> Iterator[dict[str, str]]:
    """The texts of a file, again and again with a number in front, or made-up articles."""
    if file is None:
        yield from articles(count)
        return
    texts = [json.loads(line)["text"] for line in file.read_text(encoding="utf-8").rstrip("\n").split("\n")]
    for number in range(count):
        yield {"id": str(number), "text": f"Report {number}.\n\n{texts[number % len(texts)]}"}


def _sentence(rng: random.Random) -> str:
    """A made-up sentence in which every fourth small word is another, lest the articles be copies of each other."""
    sentence = rng.choice(SENTENCES).format(
        person=rng.choice(PEOPLE),
        place=rng.choice(PLACES),
        body=rng.choice(BODIES),
        day=rng.choice(DAYS),
        number=rng.randint(2, 900),
    )
    words = sentence.split()
    first = rng.randrange(4)
    return " ".join(
        rng.choice(WORDS) if i % 4 == first and word.isalpha() and word.islower() else word
        for i, word in enumerate(words)
    )


def read_bare(texts: list[str]) -> tuple[float, int]:
    """Seconds that the model alone takes for the texts, loaded beforehand, and the entities it finds."""
    nlp = load_model(SHIPPED_NAME)
    list(nlp.pipe(texts[:20]))
    begun = time.perf_counter()
    found = sum(len(doc.ents) for doc in nlp.pipe(texts, batch_size=16))
    return time.perf_counter() - begun, found


def time_bare(file: Path, workers: int) -> float:
    """Wall seconds for (a): the slowest of N processes that share the texts evenly."""
    texts = [json.loads(line)["text"] for line in file.open()]
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        return max(seconds for seconds, _ in pool.map(read_bare, [texts[i::workers] for i in range(workers)]))


def time_pipeline(file: Path, workers: int) -> tuple[float, Run]:
    """Wall seconds for (b), start to end, and the run's record."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pipeline", "run", "configs/sample.yaml", "--input", str(file)]
        command += ["--output", folder, "--set", f"workers={workers}"]
        begun = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        return time.perf_counter() - begun, list_runs(folder)[0]


def main() -> None:
    """Prints a line a round and the medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--texts", type=Path, help="JSON Lines with `text`, instead of made-up articles")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        many, one = Path(folder, "many.jsonl"), Path(folder, "one.jsonl")
        lines = [json.dumps(article) + "\n" for article in given(args.texts, args.articles)]
        many.write_text("".join(lines))
        one.write_text(lines[0])
        words = sum(len(json.loads(line)["text"].split()) for line in lines)
        print(f"{args.articles:,} articles, {words:,} words, {args.workers} workers")
        rounds = [_round(many, one, args.workers, number) for number in range(1, args.rounds + 1)]
    for name, index in (("whole process", 1), ("without start-up", 2)):
        ratio = statistics.median(row[0] / row[index] for row in rounds)
        seconds = statistics.median(row[index] for row in rounds)
        print(f"median, {name}: {args.articles / seconds:.1f} articles/s, ratio to bare nlp.pipe {ratio:.3f}")


def _round(many: Path, one: Path, workers: int, number: int) -> tuple[float, float, float]:
    bare = time_bare(many, workers)
    whole, run = time_pipeline(many, workers)
    start_up, _ = time_pipeline(one, workers)
    counts = ", ".join(f"{name} {n}" for name, n in sorted(run.counts.items()))
    print(
        f"round {number}: bare {bare:.2f} s, pipeline {whole:.2f} s, one article {start_up:.2f} s ({counts})",
        flush=True,
    )
    return bare, whole, whole - start_up


if __name__ == "__main__":
    main()
