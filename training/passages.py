"""Labelled text as plain lists, which are cut, joined and rewritten more easily than Doc objects."""

import random
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from spacy.tokens import Doc
from spacy.training import Example
from spacy.vocab import Vocab


class Passage(NamedTuple):
    """Tokens of one text with their labels; the three sequences are of one length."""

    words: Sequence[str]
    spaces: Sequence[bool]
    """Whether a space follows the token."""
    labels: Sequence[str | None]
    """`B-LOC`, `I-LOC`, `O`, or None where the annotation does not say."""


class Mention(NamedTuple):
    """A labelled span of tokens, `start` inclusive and `end` exclusive."""

    start: int
    end: int
    label: str


def from_doc(doc: Doc) -> Passage:
    """Return the passage of an annotated Doc."""
    labels = [label_of(token.ent_iob_, token.ent_type_) for token in doc]
    return Passage([t.text for t in doc], [bool(t.whitespace_) for t in doc], labels)


def label_of(iob: str, kind: str) -> str | None:
    """Return one token's label from spaCy's two attributes.

    >>> label_of("B", "LOC"), label_of("O", ""), label_of("", "")
    ('B-LOC', 'O', None)
    """
    if not iob:
        return None
    return f"{iob}-{kind}" if kind else "O"


def mentions(labels: Sequence[str | None]) -> Iterator[Mention]:
    """Yield the labelled spans.

    >>> list(mentions(["O", "B-LOC", "I-LOC", None, "B-ORG"]))
    [Mention(start=1, end=3, label='LOC'), Mention(start=4, end=5, label='ORG')]
    """
    start = 0
    for i, label in enumerate([*labels, "O"]):
        if label and label.startswith("I-"):
            continue
        previous = labels[start] if start < i else None
        if previous and previous.startswith("B-"):
            yield Mention(start, i, previous[2:])
        start = i


def replace(passage: Passage, start: int, end: int, new: Passage) -> Passage:
    """Return the passage with `new` in place of the tokens from start to end; the space after it does not change."""
    space = passage.spaces[end - 1] if end > start else True
    return Passage(
        [*passage.words[:start], *new.words, *passage.words[end:]],
        [*passage.spaces[:start], *new.spaces[:-1], space, *passage.spaces[end:]],
        [*passage.labels[:start], *new.labels, *passage.labels[end:]],
    )


def join(passages: Sequence[Passage], separator: str) -> Passage:
    """Return one text of several; a blank separator is not a token, line breaks are one, as in spaCy's tokenizer.

    >>> one = Passage(["Hi", "."], [False, False], ["O", "O"])
    >>> join([one, one], chr(10)).words
    ['Hi', '.', '\\n', 'Hi', '.']
    >>> join([one, one], " ").spaces
    [False, True, False, False]
    """
    words: list[str] = []
    spaces: list[bool] = []
    labels: list[str | None] = []
    for i, passage in enumerate(passages):
        if i:
            spaces[-1] = separator == " "
        if i and separator.strip(" "):
            words, spaces, labels = [*words, separator], [*spaces, False], [*labels, "O"]
        words += passage.words
        spaces += passage.spaces
        labels += passage.labels
    return Passage(words, spaces, labels)


def group(passages: Sequence[Passage], rng: random.Random, *, most: int, tokens: int) -> Iterator[list[Passage]]:
    """Yield runs of up to `most` neighbours with about `tokens` tokens at most, cut differently by every call."""
    i = 0
    while i < len(passages):
        size = rng.randint(1, most)
        run = [passages[i]]
        while len(run) < size and i + len(run) < len(passages):
            following = passages[i + len(run)]
            if sum(len(p.words) for p in run) + len(following.words) > tokens:
                break
            run.append(following)
        yield run
        i += len(run)


def to_example(passage: Passage, vocab: Vocab, mark: str = "") -> Example:
    """Return a training example; `mark` is set as ENT_KB_ID on every token that the model sees.

    The model reads that attribute as the name of the label guideline. Texts of
    the guideline we want have no mark, and neither has anything it reads later.
    """
    words, spaces = list(passage.words), list(passage.spaces)
    predicted = Doc(vocab, words=words, spaces=spaces)
    if mark:
        for token in predicted:
            token.ent_kb_id_ = mark
    return Example(predicted, Doc(vocab, words=words, spaces=spaces, ents=list(passage.labels)))  # type: ignore[arg-type]  # None is allowed: missing
