"""How well a pipeline finds entities: strict span and label, per corpus and label, and in words a second."""

import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from spacy.language import Language
from spacy.tokens import Doc

from training.corpora import read_docs

DEVELOPMENT = ("ww_dev", "gmb_dev", "ewt_dev", "gum_open_dev")
CORE3 = ("PERSON", "ORG", "LOC")
CORE5 = (*CORE3, "NORP", "DATE")

Scores = dict[str, dict[str, float]]
"""Label or group -> precision, recall, f1 and the number of mentions in the corpus."""


class Span(NamedTuple):
    """A mention: document, characters and label."""

    doc: int
    start: int
    end: int
    label: str


def merged(label: str) -> str:
    """Return the label under which a mention is scored: a facility counts as a place."""
    return "LOC" if label == "FAC" else label


def spans(index: int, doc: Doc, judged: Doc) -> set[Span]:
    """Return the mentions of `doc` at tokens that `judged` annotates."""
    unknown = {token.i for token in judged if token.ent_iob == 0}
    return {
        Span(index, ent.start_char, ent.end_char, merged(ent.label_))
        for ent in doc.ents
        if unknown.isdisjoint(range(ent.start, ent.end))
    }


def prf(gold: set[Span], predicted: set[Span]) -> dict[str, float]:
    """Return precision, recall and F1 of exact matches.

    >>> prf({Span(0, 0, 4, "LOC"), Span(0, 9, 12, "ORG")}, {Span(0, 0, 4, "LOC")})
    {'precision': 1.0, 'recall': 0.5, 'f1': 0.667, 'mentions': 2}
    """
    hits = len(gold & predicted)
    precision = hits / len(predicted) if predicted else 0.0
    recall = hits / len(gold) if gold else 0.0
    f1 = 2 * hits / (len(gold) + len(predicted)) if gold or predicted else 0.0
    return {"precision": round(precision, 3), "recall": round(recall, 3), "f1": round(f1, 3), "mentions": len(gold)}


def score(gold: set[Span], predicted: set[Span]) -> Scores:
    """Return scores of each label of the corpus and of the core groups that it annotates fully."""
    known = {span.label for span in gold}
    groups: dict[str, Sequence[str]] = {"core3": CORE3, "core5": CORE5}
    groups = {name: labels for name, labels in groups.items() if known.issuperset(labels)}
    groups |= {label: (label,) for label in sorted(known)}
    return {name: prf(_of(gold, labels), _of(predicted, labels)) for name, labels in groups.items()}


def _of(mentions: set[Span], labels: Sequence[str]) -> set[Span]:
    return {span for span in mentions if span.label in labels}


def evaluate_docs(nlp: Language, docs: Sequence[Doc]) -> Scores:
    """Return scores of the pipeline on annotated documents, read with their own tokens."""
    bare = (Doc(nlp.vocab, [t.text for t in doc], [bool(t.whitespace_) for t in doc]) for doc in docs)
    gold: set[Span] = set()
    predicted: set[Span] = set()
    for i, (found, doc) in enumerate(zip(nlp.pipe(bare), docs, strict=True)):
        gold |= spans(i, doc, doc)
        predicted |= spans(i, found, doc)
    return score(gold, predicted)


def evaluate(nlp: Language, corpora: Path, names: Iterable[str] = DEVELOPMENT) -> dict[str, Scores]:
    """Return scores on each development corpus, by its file's stem."""
    return {name: evaluate_docs(nlp, read_docs(corpora / "ner" / f"{name}.spacy", nlp)) for name in names}


def words_per_second(nlp: Language, texts: Sequence[str]) -> int:
    """Return tokens read in a second of processor time, tokenizer included, by this process."""
    began = time.process_time()
    tokens = sum(len(doc) for doc in nlp.pipe(texts))
    return round(tokens / (time.process_time() - began))
