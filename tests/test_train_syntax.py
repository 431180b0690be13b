"""Training of the syntax model on invented sentences, its lemmas, and the model made of it and the entities."""

import json
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc, DocBin
from spacy.vectors import Vectors  # type: ignore[import-not-found]

from tests.helpers.floors import check_floor
from training import assemble, lemmas, shipping, train_syntax, treebank
from training.augment import City

ROOT = Path(__file__).parent.parent
CORPORA = ROOT.parent / "shared" / "corpora"
MODEL = ROOT / "transforms" / "extract" / "model"

PORT_LOUIS = City(("Port", "Louis"), ("Mauritius",))
WORDS = ["Ministers", "met", "in", "Rio", "."]
ATTRIBUTES = ["ORTH", "SPACY", "TAG", "POS", "MORPH", "LEMMA", "HEAD", "DEP", "SENT_START"]
EVERYTHING = ["tok2vec", "ner", "tok2vec_syntax", "tagger", "morphologizer", "lemmatizer", "parser"]


def analysed(nlp: Language) -> Doc:
    return Doc(
        nlp.vocab,
        WORDS * 2,
        [True, True, True, False, True] * 2,
        tags=["NNS", "VBD", "IN", "NNP", "."] * 2,
        pos=["NOUN", "VERB", "ADP", "PROPN", "PUNCT"] * 2,
        morphs=["Number=Plur", "Tense=Past|VerbForm=Fin", "", "Number=Sing", ""] * 2,
        lemmas=["minister", "meet", "in", "Rio", "."] * 2,
        heads=[1, 1, 3, 1, 1, 6, 6, 8, 6, 6],
        deps=["nsubj", "ROOT", "case", "obl", "punct"] * 2,
    )


@pytest.fixture(scope="module")
def nlp() -> Language:
    return spacy.blank("en")


@pytest.fixture(scope="module")
def text(nlp) -> treebank.Text:
    return treebank.from_doc(analysed(nlp))


def edges(doc: Doc) -> list[tuple[str, str, str]]:
    """Return the dependencies between words, by their lowercased text; white space aside."""
    return [(t.lower_, t.dep_, t.head.lower_) for t in doc if not t.is_space]


# The treebank's texts.


def test_a_doc_comes_back_from_its_text(nlp, text):
    doc, back = analysed(nlp), treebank.to_doc(text, nlp.vocab)
    assert back.text == doc.text
    assert edges(back) == edges(doc)
    assert [(t.tag_, t.pos_, str(t.morph)) for t in back] == [(t.tag_, t.pos_, str(t.morph)) for t in doc]
    assert len(list(back.sents)) == 2


@pytest.mark.parametrize("at", range(11))
def test_white_space_changes_no_other_dependency(nlp, text, at):
    doc = treebank.to_doc(treebank.insert_space(text, at, "\n"), nlp.vocab)
    assert edges(doc) == edges(analysed(nlp))
    assert [(t.i, t.tag_, t.pos_, t.dep_) for t in doc if t.is_space] == [(at, "_SP", "SPACE", "dep")]
    assert len(list(doc.sents)) == 2


@pytest.mark.parametrize("seed", range(30))
def test_an_article_keeps_every_analysis_and_its_sentences_begin_with_words(nlp, text, seed):
    article = treebank.compose([text] * 3, [PORT_LOUIS], random.Random(seed))
    doc = treebank.to_doc(article, nlp.vocab)
    assert edges(doc)[-30:] == edges(analysed(nlp)) * 3
    starts = [sentence[0] for sentence in doc.sents]
    assert all(not token.is_space for token in starts)
    assert [token.lower_ for token in starts][-6:] == ["ministers"] * 6


def test_a_text_without_an_end_is_followed_by_a_line_break(text):
    title = text[:4]
    joined = [treebank.join([title, text], random.Random(seed)) for seed in range(20)]
    assert {tokens[4].word for tokens in joined} == {"\n", "\n\n"}
    assert {treebank.join([text, text], random.Random(seed))[10].word for seed in range(20)} >= {"Ministers", "\n\n"}


def test_broken_lines_are_no_longer_than_asked(nlp, text):
    wrapped = treebank.to_doc(treebank.wrap(text * 5, 30), nlp.vocab).text
    assert max(map(len, wrapped.split("\n"))) <= 36
    assert wrapped.replace("\n", " ") == treebank.to_doc(text * 5, nlp.vocab).text


@pytest.mark.parametrize("seed", range(30))
def test_a_dateline_is_a_sentence_of_its_own(nlp, text, seed):
    doc = treebank.to_doc(treebank.dateline_text(PORT_LOUIS, random.Random(seed)) + text, nlp.vocab)
    first, *others = doc.sents
    assert first.root.lower_ == "port"
    assert [sentence[0].text for sentence in others] == ["Ministers", "Ministers"]
    assert {token.dep_ for token in first} <= {"ROOT", "flat", "appos", "punct", "nmod:unmarked", "nummod"}


def test_groups_hold_every_text_once(text):
    texts = [[text[0]._replace(word=str(i))] * 10 for i in range(50)]
    groups = list(treebank.groups(texts, random.Random(0), most=4, tokens=30))
    assert sorted(one[0].word for group in groups for one in group) == sorted(map(str, range(50)))
    assert {len(group) for group in groups} == {1, 2, 3}  # 4 texts would be 40 tokens


# Lemmas.


def lemmatize(words: list[str], part: str, pairs: lemmas.Pairs) -> list[str]:
    nlp = spacy.blank("en")
    nlp.add_pipe("lemmatizer", config={"mode": "rule"}).initialize(lookups=lemmas.tables(pairs))  # type: ignore[attr-defined]
    return [token.lemma_ for token in nlp.get_pipe("lemmatizer")(Doc(nlp.vocab, words, pos=[part] * len(words)))]


VERBS = {
    "talked": "talk", "walked": "walk", "met": "meet", "planned": "plan", "banned": "ban", "manned": "man",
    "rated": "rate", "stated": "state", "dated": "date", "asked": "ask", "said": "say",
}  # fmt: skip


@pytest.mark.parametrize(
    ("word", "lemma"),
    [("Met", "meet"), ("SAID", "say"), ("balked", "balk"), ("spanned", "span"), ("hated", "hate"), ("run", "run")],
)
def test_verbs_by_the_rules_that_known_words_agree_on(word, lemma):
    assert lemmatize([word], "VERB", {"verb": VERBS}) == [lemma]


def test_names_stay_as_printed():
    assert lemmatize(["Talked", "USA"], "PROPN", {"verb": VERBS}) == ["Talked", "USA"]


def test_pairs_leave_out_names_and_misspelled_words(nlp):
    doc = Doc(nlp.vocab, ["Rio", "Met", "me"], pos=["PROPN", "VERB", "VERB"], lemmas=["Rio", "meet", "meet"],
              morphs=["", "", "Typo=Yes"])  # fmt: skip
    assert lemmas.read_pairs([doc]) == {"verb": {"met": "meet"}}


# Training and the assembled model.


@pytest.fixture(scope="module")
def folder(tmp_path_factory, nlp) -> Path:
    """Return entities and syntax trained for no time at all on vectors of five words, each in a folder."""
    folder = tmp_path_factory.mktemp("training")
    blank = spacy.blank("en")
    blank.vocab.vectors = Vectors(
        strings=blank.vocab.strings,
        data=np.eye(5, 8, dtype=np.float32),
        keys=[blank.vocab.strings.add(w) for w in WORDS],
    )
    blank.to_disk(folder / "vectors")
    (folder / "syntax").mkdir()
    for name in (treebank.TRAIN, treebank.DEVELOPMENT):
        DocBin(docs=[analysed(nlp)] * 8, attrs=ATTRIBUTES).to_disk(folder / "syntax" / f"{name}.spacy")
    common = ["--corpora", str(folder), "--vectors", str(folder / "vectors"), "--work", str(folder / "work")]
    train_syntax.main([*common, "--steps", "1"])

    entities = spacy.load(folder / "vectors")
    entities.add_pipe("tok2vec", config={"model": {"pretrained_vectors": True}})
    listening = {"@architectures": "spacy.Tok2VecListener.v1", "width": 96, "upstream": "*"}
    entities.add_pipe("ner", config={"model": {"tok2vec": listening}}).add_label("LOC")  # type: ignore[attr-defined]
    entities.initialize()
    shipping.describe(entities, "Entities.", [{"name": "News"}], {"ww_dev": {}})
    shipping.ship(entities, folder / "entities")
    assemble.main(
        ["--entities", str(folder / "entities"), "--syntax", str(folder / "work" / "syntax"),
         "--output", str(folder / "model"), "--report", str(folder / "report.json")]
    )  # fmt: skip
    return folder


READ = """
import json, sys, spacy
nlp = spacy.load(sys.argv[1])
docs = list(nlp.pipe(json.load(sys.stdin)))
print(json.dumps([[doc.to_json(), [token.lemma_ for token in doc]] for doc in docs]))
"""


def read_elsewhere(model: Path, texts: list[str]) -> list[tuple[dict[str, object], list[str]]]:
    """What a fresh process, whose table of strings is the model's alone, reads: analysis and lemmas of each text."""
    run = subprocess.run(
        [sys.executable, "-c", READ, str(model)], input=json.dumps(texts), capture_output=True, text=True, check=True
    )
    return [(analysis, found) for analysis, found in json.loads(run.stdout)]


def test_the_model_reads_as_its_halves_do(folder):
    texts = [" ".join(WORDS), "OSLO (AP) — Talks\n\nended in Rio"]
    both, entities, syntax = (
        read_elsewhere(path, texts) for path in (folder / "model", folder / "entities", folder / "work" / "syntax")
    )
    for (whole, found), (names, _), (parsed, expected) in zip(both, entities, syntax, strict=True):
        assert whole["ents"] == names["ents"]
        assert (whole["tokens"], whole["sents"], found) == (parsed["tokens"], parsed["sents"], expected)


def test_the_model_has_one_table_of_vectors_and_no_recipe(folder):
    model = folder / "model"
    assert [path.parent.name for path in model.rglob("vectors")] == ["vocab"]
    assert str(folder) not in (model / "config.cfg").read_text(encoding="utf-8")
    assert "dateline." not in (model / "config.cfg").read_text(encoding="utf-8")


def test_the_model_names_the_sources_and_scores_of_both(folder):
    meta = json.loads((folder / "model" / "meta.json").read_text(encoding="utf-8"))
    assert meta["sources"] == [{"name": "News"}, *train_syntax.SOURCES]
    assert set(meta["performance"]) == {"ww_dev", treebank.DEVELOPMENT}
    assert set(meta["performance"][treebank.DEVELOPMENT]) == set(train_syntax.MEASURES)
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert report["scores"] == meta["performance"]
    assert report["size_mb"] == shipping.size_in_mb(folder / "model")


@pytest.mark.parametrize("left_out", [(), *[(name,) for name in EVERYTHING[3:]], ("tok2vec", "ner"), EVERYTHING[2:]])
def test_each_component_can_be_switched_off(folder, left_out):
    nlp = spacy.load(folder / "model", exclude=left_out)
    assert nlp.pipe_names == [name for name in EVERYTHING if name not in left_out]
    doc = nlp(" ".join(WORDS))
    assert doc.has_annotation("DEP") == ("parser" not in left_out)
    assert doc.has_annotation("TAG") == ("tagger" not in left_out)
    assert doc.has_annotation("POS") == ("morphologizer" not in left_out)


def test_halves_with_other_vectors_are_refused(folder):
    entities, syntax = spacy.load(folder / "entities"), spacy.load(folder / "work" / "syntax")
    entities.vocab.vectors.data = entities.vocab.vectors.data + 1
    with pytest.raises(ValueError, match="train both with the same --vectors"):
        assemble.assemble(entities, syntax)


# The shipped model.


@pytest.fixture(scope="module")
def shipped() -> Language:
    nlp = spacy.load(MODEL)
    if "parser" not in nlp.pipe_names:
        pytest.skip("the shipped model has no syntax yet")
    return nlp


def test_the_shipped_model_is_whole_and_small(shipped):
    assert shipped.pipe_names == EVERYTHING
    assert shipping.size_in_mb(MODEL) < 30
    assert [dict(source) for source in train_syntax.SOURCES] == shipped.meta["sources"][-2:]


def test_the_shipped_model_parses_plain_news(shipped):
    first, second = shipped("Rebels attacked two villages near Goma. The United Nations condemned the killings.").sents
    assert [(t.text, t.lemma_, t.dep_, t.pos_) for t in first][:4] == [
        ("Rebels", "rebel", "nsubj", "NOUN"),
        ("attacked", "attack", "ROOT", "VERB"),
        ("two", "two", "nummod", "NUM"),
        ("villages", "village", "obj", "NOUN"),
    ]
    assert (second.root.lemma_, [t.text for t in second.root.children if t.dep_ == "obj"]) == ("condemn", ["killings"])


def test_the_shipped_model_scores_what_it_claims_for_syntax(shipped):
    if not (CORPORA / "syntax").is_dir():
        pytest.skip("needs the corpora in ../shared, which are not part of the repository")
    with shipped.select_pipes(disable=["tok2vec", "ner"]):
        scores = train_syntax.evaluate(shipped, CORPORA)
    assert scores == pytest.approx(shipped.meta["performance"][treebank.DEVELOPMENT], abs=0.005)
    check_floor("syntax.parse_dev.dep_las", scores["dep_las"])
