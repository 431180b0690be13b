"""Word vectors for the entity model: what is known of a word apart from the sentence at hand.

The first columns are learned from the corpora's own text (skip-gram over words
and their pieces, by floret). The last columns are facts: what kind of place
bears the name, and how often the word is written small. As columns of an
ordinary vector table they reach the model without code of ours at load. Words
are lowercased first, and all cases of a word share one row: `MOSCOW` has the
vector of `Moscow`; case itself is told by other features.
"""

import html
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import feedparser
import floret
import numpy as np
import spacy
from corpora import SOURCES, read_cities, read_docs
from places import COLUMNS, place_columns
from spacy.vectors import Vectors  # type: ignore[import-not-found]  # compiled, without stubs

DIMENSIONS = 80
ROWS = 36_000
"""Words with a vector of their own; rarer ones share the row that is most like theirs."""
UNKNOWN_CASE = 0.5
SYNTAX = "parse_train"
"""EWT and GUM once more, with texts that have no entities."""

Matrix = np.ndarray[tuple[int, int], np.dtype[np.float32]]


def plain(markup: str) -> str:
    """Text without tags and addresses.

    >>> plain("<p>Ceasefire &amp; talks</p> see https://example.org/x now")
    'Ceasefire & talks see now'
    """
    text = re.sub(r"<[^>]*>|https?://\S+", " ", html.unescape(re.sub(r"<[^>]*>", " ", markup)))
    return " ".join(text.split())


def feed_texts(folder: Path) -> Iterator[str]:
    """The longest text of every feed entry that reads like English, each once."""
    seen = set()
    for path in sorted(folder.iterdir()):
        for entry in feedparser.parse(path.read_bytes()).entries:
            texts = [content.value for content in entry.get("content", [])]
            text = plain(max([*texts, entry.get("summary", "")], key=len))
            if " the " in text and text not in seen:
                seen.add(text)
                yield text


def name_lines(rng: random.Random, *, times: int = 3) -> list[str]:
    """Each city beside its country, `times` over and shuffled: what the learned columns know about places."""
    lines = [" ".join([*city.name, ",", *city.country]) for city in read_cities(15_000)] * times
    rng.shuffle(lines)
    return lines


def corpus_lines(corpora: Path, names: Sequence[str]) -> Iterator[str]:
    """The text of the corpora, as lines of tokens."""
    nlp = spacy.blank("en")
    files = [corpora / "ner" / f"{SOURCES[name].file}.spacy" for name in names if name not in {"ewt", "gum"}]
    files.append(corpora / "syntax" / f"{SYNTAX}.spacy")
    for file in files:
        yield from lines_of(read_docs(file, nlp))
    yield from lines_of(nlp.pipe(feed_texts(corpora / "feeds")))


def lines_of(docs: Iterable[Iterable[object]]) -> Iterator[str]:
    """Documents as lines of tokens."""
    return (" ".join(" ".join(map(str, doc)).split()) for doc in docs)


def small_share(lines: Iterable[str]) -> dict[str, float]:
    """How often each word is written small where it does not begin the line.

    >>> small_share(["The march of March", "In March"])
    {'march': 0.333, 'of': 1.0}
    """
    small: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for line in lines:
        for word in line.split()[1:]:
            total[word.lower()] += 1
            small[word.lower()] += word[0].islower()
    return {word: round(small[word] / count, 3) for word, count in total.items()}


def learn(text: Path) -> "floret.floret._floret":
    """Vectors of words and their pieces, from lines of lowercased tokens."""
    return floret.train_unsupervised(
        str(text), model="skipgram", mode="fasttext", bucket=400_000, minn=3, maxn=5,
        minCount=2, dim=DIMENSIONS, ws=5, neg=6, epoch=8, lr=0.05, thread=1,
    )  # fmt: skip


def rows_of(words: Sequence[str], learned: "floret.floret._floret", lines: Iterable[str]) -> Matrix:
    """One row a word: the learned columns, the kinds of place, and the share written small."""
    places, shares = place_columns(), small_share(lines)
    none = [0.0] * len(COLUMNS)
    meaning = np.stack([learned.get_word_vector(word) for word in words])
    meaning *= 3 / np.maximum(np.linalg.norm(meaning, axis=1, keepdims=True), 1e-6)
    facts = [[*places.get(word, none), shares.get(word, UNKNOWN_CASE)] for word in words]
    return np.hstack([meaning, np.array(facts)]).astype(np.float32)


def nearest(rows: Matrix, kept: Matrix, block: int = 2000) -> list[int]:
    """For each row the index of the kept row with the least distance.

    >>> nearest(np.array([[0.9, 0], [0, 2]]), np.array([[1, 0], [0, 1]]))
    [0, 1]
    """
    lengths = (kept**2).sum(axis=1) / 2
    found: list[int] = []
    for start in range(0, len(rows), block):
        found += (rows[start : start + block] @ kept.T - lengths).argmax(axis=1).tolist()
    return found


def cases(word: str, seen: Iterable[str]) -> set[str]:
    """The forms under which a lowercased word is looked up: as seen, and as headlines and datelines print it.

    spaCy can look vectors up by lowercase form, but 3.8 forgets that setting when it saves the table.

    >>> sorted(cases("moscow", ["Moscow"]))
    ['MOSCOW', 'Moscow']
    """
    return {*seen, word.title(), word.upper()}


def save(words: Sequence[str], rows: Matrix, seen: dict[str, set[str]], folder: Path) -> None:
    """Writes a pipeline of nothing but the table: the first ROWS words, and all others on the row most like theirs."""
    nlp = spacy.blank("en")
    table = Vectors(strings=nlp.vocab.strings, shape=(ROWS, rows.shape[1]))
    table.data = rows[:ROWS]
    places = [*range(ROWS), *nearest(rows[ROWS:], rows[:ROWS])]
    for word, place in zip(words, places, strict=True):
        for form in cases(word, seen.get(word, ())):
            table.add(nlp.vocab.strings.add(form), row=place)
    nlp.vocab.vectors = table
    nlp.to_disk(folder)


def train_vectors(corpora: Path, names: Sequence[str], work: Path) -> Path:
    """Makes the vectors and returns the folder of a pipeline that holds them and nothing else.

    Words come by their number in the corpora, and behind them the names that only the gazetteer has.
    """
    lines = list(corpus_lines(corpora, names))
    text = work / "vectors.txt"
    text.write_text("\n".join([*lines, *name_lines(random.Random(0))]).lower(), encoding="utf-8")
    seen = defaultdict(set)
    for word in {word for line in lines for word in line.split()}:
        seen[word.lower()].add(word)
    counts = Counter(word for line in lines for word in line.lower().split())
    words = [word for word, count in counts.most_common() if count > 1]
    words += sorted(place_columns().keys() - set(words))
    save(words, rows_of(words, learn(text), lines), seen, work / "vectors")
    return work / "vectors"
