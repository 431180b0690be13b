"""Texts rewritten into forms that news has and the corpora lack: datelines, headlines, other typography."""

import random
from collections.abc import Callable, Sequence
from typing import NamedTuple

from training.passages import Passage, mentions, replace

AGENCIES = ("AP", "Reuters", "AFP", "Xinhua", "dpa", "IANS", "TASS", "EFE", "UPI", "Kyodo", "ANI", "MNA")
MONTHS = ("Jan.", "Feb.", "March", "April", "May", "June", "July", "Aug.", "Sept.", "Oct.", "Nov.", "Dec.")
DASHES = ("-", "--", "–", "—")
STRAIGHT = {"“": '"', "”": '"', "‘": "'", "’": "'", "’s": "'s", "``": '"', "''": '"', "—": "--", "–": "-"}
CURLY = {"'s": "’s", "n't": "n’t", "'re": "’re", "'ve": "’ve", "'": "’", "--": "—"}


class City(NamedTuple):
    """A populated place and its country, as tokens."""

    name: tuple[str, ...]
    country: tuple[str, ...]


def phrase(words: Sequence[str], label: str | None = None) -> Passage:
    """Return words with spaces between them, as one mention if a label is given.

    >>> phrase(["North", "Korea"], "LOC").labels
    ['B-LOC', 'I-LOC']
    """
    labels: list[str | None] = ["O"] * len(words)
    if label:
        labels = [f"B-{label}", *[f"I-{label}"] * (len(words) - 1)]
    return Passage(list(words), [True] * len(words), labels)


def chain(*parts: Passage) -> Passage:
    """Return the parts in a row; without a space before punctuation."""
    words = [word for part in parts for word in part.words]
    spaces = [space for part in parts for space in part.spaces]
    for i, word in enumerate(words):
        if word in {",", ")"} and i:
            spaces[i - 1] = False
        if word == "(":
            spaces[i] = False
    return Passage(words, spaces, [label for part in parts for label in part.labels])


def dateline(city: City, rng: random.Random) -> Passage:
    """Return a dateline in one of the forms that agencies print.

    >>> " ".join(dateline(City(("Moscow",), ("Russia",)), random.Random(4)).words)
    'MOSCOW , Russia ( Reuters ) -'
    """
    parts = [phrase([word.upper() if rng.random() < 0.8 else word for word in city.name], "LOC")]
    if rng.random() < 0.5:
        parts += [phrase([","]), phrase(city.country, "LOC")]
    if rng.random() < 0.3:
        parts += [phrase([","]), phrase([rng.choice(MONTHS), str(rng.randint(1, 28))], "DATE")]
    if rng.random() < 0.5:
        parts += [phrase(["("]), phrase([rng.choice(AGENCIES)], "ORG"), phrase([")"])]
    return chain(*parts, phrase([rng.choice(DASHES)]))


def with_dateline(passage: Passage, city: City, rng: random.Random) -> Passage:
    """Return the passage with a dateline before it."""
    return replace(passage, 0, 0, dateline(city, rng))


def recase(passage: Passage, change: Callable[[str], str]) -> Passage:
    """Return the passage with every word changed, as by `str.upper`; labels stay."""
    return passage._replace(words=[change(word) for word in passage.words])


def headline_case(word: str) -> str:
    """Return a word as in a headline.

    >>> [headline_case(w) for w in ("talks", "in", "US", "resume")]
    ['Talks', 'in', 'US', 'Resume']
    """
    small = {"a", "an", "the", "of", "in", "on", "at", "to", "for", "and", "or", "by", "as"}
    return word if word in small or not word[:1].islower() else word[0].upper() + word[1:]


def retype(passage: Passage, table: dict[str, str]) -> Passage:
    """Return the passage in another typography of quotes, apostrophes and dashes."""
    return recase(passage, lambda word: table.get(word, word))


def rename(passage: Passage, label: str, names: Sequence[Sequence[str]], rng: random.Random) -> Passage:
    """Return every mention with the label under another name; equal mentions get equal names."""
    chosen: dict[str, Sequence[str]] = {}
    for mention in reversed(list(mentions(passage.labels))):
        if mention.label == label:
            surface = " ".join(passage.words[mention.start : mention.end])
            name = chosen.setdefault(surface, rng.choice(names))
            passage = replace(passage, mention.start, mention.end, phrase(name, label))
    return passage


def vary(passage: Passage, rng: random.Random) -> Passage:
    """Return the passage, or now and then the same in another case or typography."""
    if rng.random() < 0.3:
        passage = retype(passage, rng.choice((STRAIGHT, CURLY)))
    draw = rng.random()
    if draw < 0.03:
        return recase(passage, str.upper)
    if draw < 0.08:
        return recase(passage, headline_case)
    return recase(passage, str.lower) if draw < 0.095 else passage
