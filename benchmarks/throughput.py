"""How much the pipeline costs over the model alone: articles per second, as a ratio in one run.

Measures, in turn and several times over the same generated articles:

(a) bare `nlp.pipe` over the texts in N plain processes, the model loaded beforehand,
(b) `dateline run` with N workers: read, parse, deduplicate, extract, geocode, write.

The time of (b) is that of the whole process from start to end; without its
start-up, measured by a run over a single article, it is given as well. CPU
seconds are those of all processes together; they hold where the machine has
other things to do, too. `benchmarks/stages.py` says which step takes them.

    python benchmarks/throughput.py --articles 5000 --workers 2 --rounds 3
"""

import argparse
import contextlib
import dataclasses
import json
import multiprocessing
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import psutil
import spacy
from spacy.language import Language

from transforms.dataset import list_runs
from transforms.extract.models import SHIPPED_NAME, SHIPPED_PATH, load_model

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
COMMON_WORDS = Path(__file__).parents[1] / "transforms" / "languages" / "en" / "common_words.txt"
WORDS = COMMON_WORDS.read_text(encoding="utf-8").partition("\n")[2].split()
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


def articles(count: int, seed: int = 7) -> Iterator[dict[str, str]]:
    """Yield made-up articles of 250 to 550 words, the length of news, the same for every run."""
    rng = random.Random(seed)
    for number in range(count):
        sentences = [_sentence(rng) for _ in range(rng.randint(14, 30))]
        text = "\n\n".join(" ".join(sentences[i : i + 3]) for i in range(0, len(sentences), 3))
        yield {"id": str(number), "title": f"Report {number}", "text": text, "url": f"https://example.org/{number}"}


def given(file: Path | None, count: int) -> Iterator[dict[str, str]]:
    """Yield the texts of a file, again and again with a number in front, or made-up articles."""
    if file is None:
        yield from articles(count)
        return
    texts = [json.loads(line)["text"] for line in file.read_text(encoding="utf-8").rstrip("\n").split("\n")]
    for number in range(count):
        yield {"id": str(number), "text": f"Report {number}.\n\n{texts[number % len(texts)]}"}


def _sentence(rng: random.Random) -> str:
    """Return a made-up sentence with every fourth small word changed, so that articles are not copies of each
    other.
    """
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


def bare_pipeline() -> Language:
    """Return the shipped model as anybody would load it, with the components that a run loads."""
    meta = json.loads((SHIPPED_PATH / "meta.json").read_text(encoding="utf-8"))
    ours = load_model(SHIPPED_NAME).pipe_names
    return spacy.load(SHIPPED_PATH, exclude=[name for name in meta["pipeline"] if name not in ours])


def read_bare(texts: list[str]) -> tuple[float, float]:
    """Return wall and CPU seconds that the model alone takes for the texts, loaded beforehand."""
    nlp = bare_pipeline()
    list(nlp.pipe(texts[:20]))
    begun, cpu = time.perf_counter(), time.process_time()
    for _ in nlp.pipe(texts, batch_size=16):
        pass
    return time.perf_counter() - begun, time.process_time() - cpu


@dataclasses.dataclass
class Took:
    """What one way of reading all articles took."""

    seconds: float
    """Wall time."""
    cpu: dict[str, float]
    """Kind of process -> CPU seconds."""
    counts: str = ""

    @property
    def total_cpu(self) -> float:
        """Return CPU seconds of all processes."""
        return sum(self.cpu.values())


def time_bare(file: Path, workers: int) -> Took:
    """Return (a): the slowest of N processes that share the texts evenly."""
    texts = [json.loads(line)["text"] for line in file.open()]
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        took = pool.map(read_bare, [texts[i::workers] for i in range(workers)])
    return Took(max(wall for wall, _ in took), {"bare": sum(cpu for _, cpu in took)})


def time_pipeline(file: Path, workers: int) -> Took:
    """Return (b), from the start of the process to its end."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pipeline", "run", "configs/sample.yaml", "--input", str(file)]
        command += ["--output", folder, "--set", f"workers={workers}", "--set", f"write.shards={workers}"]
        before = _cpu_of_children()
        begun = time.perf_counter()
        process = psutil.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        workers_cpu = _watch(process)
        seconds = time.perf_counter() - begun
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, command)
        (run,) = list_runs(folder)
    cpu = {"workers": workers_cpu, "launcher and start-up": _cpu_of_children() - before - workers_cpu}
    return Took(seconds, cpu, ", ".join(f"{name} {n}" for name, n in sorted(run.counts.items())))


def _watch(process: psutil.Popen) -> float:
    """Wait for the end; CPU seconds of the worker processes as last seen, a tenth of a second before theirs."""
    seen: dict[int, float] = {}
    while process.poll() is None:
        with contextlib.suppress(psutil.Error):
            for child in process.children(recursive=True):
                if child.name() == "dateline-worker":
                    times = child.cpu_times()
                    seen[child.pid] = times.user + times.system
        time.sleep(0.1)
    return sum(seen.values())


def _cpu_of_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    """Print a line a round, the medians, and where the CPU time went."""
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
    print(f"{rounds[0][1].counts}")
    _report(rounds, args.articles)


Round = tuple[Took, Took, Took]


def _round(many: Path, one: Path, workers: int, number: int) -> Round:
    bare = time_bare(many, workers)
    whole = time_pipeline(many, workers)
    start_up = time_pipeline(one, workers)
    print(
        f"round {number}: bare {bare.seconds:.2f} s, pipeline {whole.seconds:.2f} s, one article"
        f" {start_up.seconds:.2f} s; CPU {bare.total_cpu:.2f}, {whole.total_cpu:.2f}, {start_up.total_cpu:.2f} s",
        flush=True,
    )
    return bare, whole, start_up


def _report(rounds: Sequence[Round], articles: int) -> None:
    ways: dict[str, Callable[[Round], tuple[float, float]]] = {
        "whole process": lambda row: (row[0].seconds, row[1].seconds),
        "without start-up": lambda row: (row[0].seconds, row[1].seconds - row[2].seconds),
        "whole process, CPU": lambda row: (row[0].total_cpu, row[1].total_cpu),
        "without start-up, CPU": lambda row: (row[0].total_cpu, row[1].total_cpu - row[2].total_cpu),
    }
    for name, way in ways.items():
        bare, ours = (statistics.median(way(row)[at] for row in rounds) for at in (0, 1))
        ratio = statistics.median(way(row)[0] / way(row)[1] for row in rounds)
        print(
            f"median, {name + ':':23s} {articles / ours:6.1f} articles/s, bare {articles / bare:6.1f},"
            f" ratio to bare nlp.pipe {ratio:.3f}"
        )
    print("CPU ms an article, medians:")
    for kind in ("bare", "workers", "launcher and start-up"):
        spent = statistics.median(sum(took.cpu.get(kind, 0.0) for took in row[:2]) for row in rounds)
        print(f"  {kind:22s} {spent / articles * 1000:7.2f}")


if __name__ == "__main__":
    main()
