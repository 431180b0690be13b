"""The gate before the tokenizer: chunks that are longer than any word."""

import base64
import itertools
import random

import pytest
import spacy

from benchmarks.growth.steps import article, model
from transforms.extract.entities import annotate
from transforms.extract.gate import MAX_CHUNK, make_doc, tame

CLEAN = "President Vladimir Putin met Angela Merkel in Berlin on Monday. "
NOISE = base64.b64encode(random.Random(1).randbytes(3_000)).decode()
GERMAN = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"


@pytest.mark.parametrize(
    "text",
    [
        "",
        CLEAN,
        GERMAN + " " + GERMAN,
        "https://news.test/" + "a-long-headline-" * 16 + "x",
        "=" * MAX_CHUNK,
        "漢字" * 100,
    ],
)
def test_no_word_address_or_compound_is_changed(text):
    assert tame(text) == (text, [])


@pytest.mark.parametrize(
    ("chunk", "left"),
    [
        ("=" * 5_000, ""),
        ("\U0001f600" * 500, ""),
        (NOISE, ""),
        ("a" * 5_000, ""),
        ("Headline" + "=" * 500, "Headline"),
        ("word—" * 200, "word—" * 200),
        ("漢字かな。" * 200, "漢字かな。" * 200),
        ("ภาษาไทย" * 200, "ภาษาไทย" * 200),
        ("https://a.test/?" + "q=1&" * 200, ""),
    ],
)
def test_what_is_read_of_a_long_chunk(chunk, left):
    text, cuts = tame(f"Rain {chunk} fell")
    assert text.split() == ["Rain", *([left] if left else []), "fell"]
    assert len(text) == len(f"Rain {chunk} fell")
    edges = [0, *cuts, len(text)]
    chunks = [piece for start, end in itertools.pairwise(edges) for piece in text[start:end].split()]
    assert max(map(len, chunks)) <= MAX_CHUNK


def test_text_without_spaces_is_cut_after_signs():
    text = "漢字かな。" * 200
    _, cuts = tame(text)
    assert cuts
    assert {text[cut - 1] for cut in cuts} == {"。"}


@pytest.mark.parametrize("noise", ["=" * 3_000, NOISE, "\U0001f600" * 400, "('*_\"" * 400])
def test_entities_around_noise_are_those_of_the_clean_text(noise):
    clean = [entity.surface for entity in found(CLEAN + CLEAN)]
    text = CLEAN + noise + " " + CLEAN
    entities = found(text)
    assert [entity.surface for entity in entities] == clean
    assert all(text[entity.start : entity.end] == entity.surface for entity in entities)


def found(text):
    return next(annotate([article(text)], model(), 20_000)).entities


@pytest.mark.parametrize("language", ["en", "de", "zh", "xx"])
def test_any_pipeline_gets_words_at_their_offsets(language):
    nlp = spacy.blank(language)
    text = f"{CLEAN}{'=' * 400} {'漢字かな。' * 100} {'word—' * 100}"
    doc = make_doc(nlp, text)
    assert len(doc.text) == len(text)
    words = [(token.idx, token.text) for token in doc if not token.is_space]
    assert all(text[start : start + len(word)] == word for start, word in words)
    assert make_doc(nlp, CLEAN).to_array("ORTH").tolist() == nlp.make_doc(CLEAN).to_array("ORTH").tolist()
