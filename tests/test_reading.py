"""Our way through a spaCy pipeline gives what spaCy's own gives, and forgets the words it need not keep."""

import random

import pytest
import spacy
from spacy.language import Language
from thinc.api import NumpyOps

from benchmarks.throughput import articles
from transforms.extract import fast_pipe as reading
from transforms.extract import models
from transforms.extract.fast_pipe import bounded, read

ODD = [
    "",
    " ",
    "\n\n",
    "Paris",
    "U.S.-led forces met in São Paulo — “no deal”, said Kim.",
    "a" * 300,
    "مرحبا Москва 北京",
]


@pytest.fixture(scope="module")
def shipped() -> Language:
    return models.load_model(models.SHIPPED_NAME)


def entities(docs) -> list[list[tuple[int, int, str]]]:
    return [[(e.start_char, e.end_char, e.label_) for e in doc.ents] for doc in docs]


def test_read_finds_what_pipe_finds(shipped):
    texts = [article["text"] for article in articles(12)] + ODD
    with bounded(shipped):
        found = entities(read(shipped, texts))
    assert found == entities(shipped.pipe(texts, batch_size=5))
    assert sum(map(len, found)) > 100


def test_read_parses_as_pipe_does():
    nlp = models.load_model(models.SHIPPED_NAME, syntax=True)
    texts = [article["text"] for article in articles(3)] + ODD
    got, wanted = (
        [[(t.head.i, t.dep_, t.tag_, t.lemma_) for t in doc] for doc in docs]
        for docs in (read(nlp, texts), nlp.pipe(texts))
    )
    assert got == wanted


def test_groups_are_bounded_and_keep_the_order(shipped, monkeypatch):
    monkeypatch.setattr(reading, "GROUP_TOKENS", 10)
    texts = ["one two three four five six"] * 3 + ["x " * 40, "", "end"]
    sizes = [[len(doc) for doc in group] for group in reading._groups(shipped, texts)]
    assert all(len(group) == 1 or sum(group) <= 10 for group in sizes)
    assert [doc.text for doc in read(shipped, texts)] == texts


def test_components_without_pipe_or_with_a_beam_are_run_as_they_are():
    nlp = spacy.blank("en")
    Language.component("marks_first", func=lambda doc: doc)
    nlp.add_pipe("marks_first")
    ner = nlp.add_pipe("ner")
    ner.add_label("X")  # type: ignore[attr-defined]
    nlp.initialize()
    ner.cfg["beam_width"] = 4  # type: ignore[attr-defined]
    assert [doc.text for doc in read(nlp, ["a b", "c"])] == ["a b", "c"]


def test_words_met_late_are_forgotten(shipped):
    rng = random.Random(1)

    def new_words() -> str:
        return " ".join("".join(rng.choices("abcdefghij", k=12)) for _ in range(200))

    before = len(shipped.vocab.strings)
    for _ in range(3):
        with bounded(shipped, most_strings=before - 1):
            list(read(shipped, [new_words()]))
    assert len(shipped.vocab.strings) == before
    with bounded(shipped):
        list(read(shipped, [new_words()]))
    assert len(shipped.vocab.strings) > before


def test_products_are_numpys_only_where_they_are_fast(shipped, monkeypatch):
    assert {type(layer.ops) for _, pipe in shipped.pipeline for layer in pipe.model.walk()} == {NumpyOps}
    monkeypatch.setattr(reading, "GOOD_PRODUCTS", frozenset())
    slow = models.load_model(models.SHIPPED_NAME)
    assert all(layer.ops.use_blis for _, pipe in slow.pipeline for layer in pipe.model.walk())  # type: ignore[attr-defined]
    texts = [article["text"] for article in articles(4)]
    assert entities(read(slow, texts)) == entities(read(shipped, texts))
