"""The training code on invented text, and the shipped entity model as a user gets it."""

import json
import random
from pathlib import Path

import numpy as np
import pytest
import spacy
from scipy.sparse import csr_array
from spacy.tokens import Doc, DocBin

from tests.helpers.floors import check_floor
from training import augment, corpora, evaluate, passages, shipping, train_entities, vectors
from training.passages import Passage

ROOT = Path(__file__).parent.parent
CORPORA = ROOT.parent / "shared" / "corpora"
MODEL = ROOT / "transforms" / "extract" / "model"

MOSCOW = augment.City(("Moscow",), ("Russia",))
TALKS = Passage(
    ["Ana", "Sousa", "met", "Nato", "in", "Rio", "."],
    [True, True, True, True, True, False, False],
    ["B-PERSON", "I-PERSON", "O", "B-ORG", "O", "B-LOC", "O"],
)


def text_of(passage: Passage) -> str:
    return "".join(word + " " * space for word, space in zip(passage.words, passage.spaces, strict=True))


def surfaces(passage: Passage) -> list[tuple[str, str]]:
    return [(" ".join(passage.words[m.start : m.end]), m.label) for m in passages.mentions(passage.labels)]


@pytest.fixture(scope="module")
def nlp() -> spacy.language.Language:
    return spacy.blank("en")


@pytest.fixture(scope="module")
def shipped() -> spacy.language.Language:
    nlp = spacy.load(MODEL)
    nlp.select_pipes(enable=["tok2vec", "ner"])
    return nlp


# Passages.


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ([], []),
        (["O", None], []),
        (["B-LOC"], [(0, 1, "LOC")]),
        (["B-LOC", "B-LOC"], [(0, 1, "LOC"), (1, 2, "LOC")]),
        (["O", "B-ORG", "I-ORG", "I-ORG"], [(1, 4, "ORG")]),
        (["B-ORG", None, "B-PERSON", "O"], [(0, 1, "ORG"), (2, 3, "PERSON")]),
    ],
)
def test_mentions(labels, expected):
    assert list(passages.mentions(labels)) == expected


def test_a_doc_comes_back_from_its_passage(nlp):
    labels = ["B-LOC", "I-LOC", "O", None]
    doc = Doc(nlp.vocab, ["New", "York", "is", "odd"], [True, True, True, False], ents=labels)  # type: ignore[arg-type]
    passage = passages.from_doc(doc)
    assert passage.labels == labels
    example = passages.to_example(passage, nlp.vocab)
    assert example.reference.text == doc.text
    assert [token.ent_iob for token in example.reference] == [token.ent_iob for token in doc]


def test_joined_passages_keep_their_labels_and_text():
    joined = passages.join([TALKS, TALKS], "\n\n")
    assert text_of(joined) == "Ana Sousa met Nato in Rio.\n\nAna Sousa met Nato in Rio."
    assert surfaces(joined) == surfaces(TALKS) * 2


def test_groups_cover_every_passage_once_in_order():
    many = [TALKS._replace(words=[str(i)] * 7) for i in range(50)]
    runs = list(passages.group(many, random.Random(1), most=4, tokens=21))
    assert [passage for run in runs for passage in run] == many
    assert {len(run) for run in runs} == {1, 2, 3}  # 4 passages would be 28 tokens


def test_a_passage_longer_than_the_limit_stands_alone():
    assert list(passages.group([TALKS], random.Random(0), most=4, tokens=3)) == [[TALKS]]


def test_the_mark_of_a_source_is_on_what_the_model_reads_only(nlp):
    example = passages.to_example(TALKS, nlp.vocab, "gmb")
    assert {token.ent_kb_id_ for token in example.predicted} == {"gmb"}
    assert {token.ent_kb_id for token in passages.to_example(TALKS, nlp.vocab).predicted} == {0}
    assert [ent.text for ent in example.reference.ents] == ["Ana Sousa", "Nato", "Rio"]


# Augmentation.


@pytest.mark.parametrize("seed", range(30))
def test_a_dateline_names_its_place_in_front_of_the_text(seed):
    passage = augment.with_dateline(TALKS, MOSCOW, random.Random(seed))
    (place, label), *rest = surfaces(passage)
    assert (place.title(), label) == ("Moscow", "LOC")
    assert rest[-3:] == surfaces(TALKS)
    assert text_of(passage).endswith(" " + text_of(TALKS))
    assert " ," not in text_of(passage)
    assert "( " not in text_of(passage)


@pytest.mark.parametrize("seed", range(30))
def test_variation_changes_no_label(seed):
    varied = augment.vary(TALKS, random.Random(seed))
    assert varied.labels == TALKS.labels
    assert text_of(varied).lower() == text_of(TALKS).lower()


def test_variation_brings_capitals_now_and_then():
    rng = random.Random(0)
    upper = sum(text_of(augment.vary(TALKS, rng)).isupper() for _ in range(1000))
    assert 10 < upper < 60


def test_equal_mentions_get_equal_new_names():
    article = augment.rename(passages.join([TALKS, TALKS], " "), "LOC", [("Port", "Louis")], random.Random(0))
    assert surfaces(article) == [("Ana Sousa", "PERSON"), ("Nato", "ORG"), ("Port Louis", "LOC")] * 2
    assert text_of(article) == "Ana Sousa met Nato in Port Louis. Ana Sousa met Nato in Port Louis."


# Corpora.


def test_open_only_leaves_out_what_states_no_licence():
    names = list(corpora.SOURCES)
    assert corpora.chosen(names) == names
    kept = corpora.chosen(names, open_only=True)
    assert "ww" not in kept
    assert all("none" not in corpora.SOURCES[name].licence for name in kept)


def test_every_pass_reads_every_source_and_marks_all_but_the_target(tmp_path, nlp, monkeypatch):
    monkeypatch.setattr(corpora, "read_cities", lambda: [MOSCOW])
    (tmp_path / "ner").mkdir()
    for name in ("ww", "ewt"):
        docs = [passages.to_example(TALKS, nlp.vocab).reference] * 3
        DocBin(docs=docs).to_disk(tmp_path / "ner" / f"{corpora.SOURCES[name].file}.spacy")
    one_pass = corpora.articles(str(tmp_path), ["ww", "ewt"])
    for _ in range(2):
        seen = [(example.predicted[0].ent_kb_id_, len(example.reference.ents)) for example in one_pass(nlp)]
        assert sum(count for mark, count in seen if mark == "ewt") == 9
        assert sum(count for mark, count in seen if mark == "") >= 9 * corpora.SOURCES["ww"].repeat


def test_an_unknown_source_is_refused():
    with pytest.raises(KeyError, match="conll"):
        corpora.chosen(["conll"])


def test_the_recognizer_knows_labels_that_its_first_texts_lack(nlp):
    data = corpora.labels(["PERSON", "FAC"])
    recognizer = spacy.blank("en").add_pipe("ner")
    example = passages.to_example(TALKS._replace(labels=["O"] * 7), nlp.vocab)
    recognizer.initialize(lambda: [example], labels=data)  # type: ignore[attr-defined]
    assert set(recognizer.labels) == {"PERSON", "FAC"}  # type: ignore[attr-defined]


# Vectors.


def test_a_word_without_a_vector_gets_one_from_its_pieces():
    towns, verbs = ["danville", "greenville", "nashville", "louisville"], ["walking", "talking", "singing", "ringing"]
    rows = vectors.of_length(np.array([[1.0, 0.0]] * 4 + [[0.0, 1.0]] * 4, dtype=np.float32))
    town, verb = vectors.Subwords(towns + verbs, rows).predict(["jacksonville", "bringing"])
    assert town[0] > 2 * abs(town[1])
    assert verb[1] > 2 * abs(verb[0])


def test_conjugate_gradient_solves_the_ridge_equations():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(30, 8)), rng.normal(size=(30, 3))
    expected = np.linalg.solve(x.T @ x + 2.0 * np.eye(8), x.T @ y)
    assert np.allclose(vectors.conjugate_gradient(csr_array(x), y, 2.0, 30), expected, atol=1e-4)  # type: ignore[arg-type]


def test_glove_comes_in_its_order_reduced_and_of_one_length(tmp_path, monkeypatch):
    monkeypatch.setattr(vectors, "DIMENSIONS", 2)
    table = {"the": [1, 0, 0, 9, 0], "oslo": [0, 1, 0, 9, 1], "bergen": [0, 1, 0.1, 9, 2]}
    (tmp_path / "glove.json").write_text(json.dumps({"dimensions": 3, "words": list(table), "vectors": table}))
    words, rows = vectors.read_glove(tmp_path / "glove.json")
    assert words == ["the", "oslo", "bergen"]
    assert np.allclose(np.linalg.norm(rows, axis=1), vectors.LENGTH)
    assert rows[1] @ rows[2] > rows[0] @ rows[1]


def test_all_cases_of_a_word_share_a_row_and_rare_words_the_row_most_like_theirs(tmp_path, monkeypatch):
    monkeypatch.setattr(vectors, "ROWS", 2)
    rows = np.array([[1, 0], [0, 1], [0.1, 2]], dtype=np.float32)
    vectors.save(["moscow", "walk", "stroll"], rows, {"walk": {"walk"}}, {"stroll"}, tmp_path / "v")
    vocab = spacy.load(tmp_path / "v").vocab
    assert [vocab[word].vector[0] for word in ("Moscow", "MOSCOW", "walk")] == [1, 1, 0]
    assert vocab["stroll"].vector.tolist() == vocab["walk"].vector.tolist()
    assert not vocab["moscow"].has_vector  # names are not looked up as written small


def test_feed_texts_are_english_and_each_comes_once(tmp_path):
    item = "<item><title>t</title><description>{}</description></item>"
    items = [item.format(text) for text in ("Floods in the north", "Floods in the north", "Hochwasser im Norden")]
    (tmp_path / "feed").write_text(f"<rss version='2.0'><channel>{''.join(items)}</channel></rss>", encoding="utf-8")
    assert list(vectors.feed_texts(tmp_path)) == ["Floods in the north"]


# Evaluation.


def test_a_facility_counts_as_a_place_and_unknown_tokens_are_not_judged(nlp):
    words = ["Ana", "saw", "Olympia", "Stadium", "and", "Nato"]
    gold = Doc(nlp.vocab, words, ents=["B-PERSON", "O", "B-LOC", "I-LOC", "O", None])  # type: ignore[list-item]
    found = Doc(nlp.vocab, words, ents=["B-PERSON", "O", "B-FAC", "I-FAC", "O", "B-ORG"])
    assert evaluate.spans(0, found, gold) == evaluate.spans(0, gold, gold)


def test_a_group_is_scored_only_where_all_its_labels_are_annotated():
    spans = {evaluate.Span(0, i, i + 1, label) for i, label in enumerate(evaluate.CORE3)}
    assert set(evaluate.score(spans, spans)) == {"core3", *evaluate.CORE3}
    spans |= {evaluate.Span(1, i, i + 1, label) for i, label in enumerate(evaluate.CORE5)}
    assert set(evaluate.score(spans, spans)) == {"core3", "core5", *evaluate.CORE5}


def test_half_a_span_is_no_match():
    gold, found = evaluate.Span(0, 0, 9, "LOC"), evaluate.Span(0, 0, 4, "LOC")
    assert evaluate.prf({gold}, {found})["f1"] == 0


# The shipped model.


def test_what_is_shipped_names_no_path_and_no_code_of_the_recipe(nlp, tmp_path):
    trained = spacy.blank("en")
    trained.add_pipe("ner").add_label("LOC")  # type: ignore[attr-defined]
    trained.initialize()
    trained.config["corpora"] = {"train": {"@readers": "dateline.articles.v1"}}
    trained.config["paths"] = {"corpora": "somewhere"}
    shipping.describe(trained, "Entities.", train_entities.provenance(["ewt"]), {})
    shipping.ship(trained, tmp_path / "model")
    config = (tmp_path / "model" / "config.cfg").read_text(encoding="utf-8")
    assert "dateline." not in config
    assert "somewhere" not in config
    assert spacy.load(tmp_path / "model").meta["sources"][0]["license"] == "CC BY-SA 4.0"


def test_the_shipped_model_is_small_and_says_what_it_is_made_of(shipped):
    meta = shipped.meta
    assert (meta["lang"], meta["name"], meta["version"]) == ("en", shipping.NAME, shipping.VERSION)
    sources = train_entities.provenance(list(corpora.SOURCES))
    assert meta["sources"][: len(sources)] == sources
    assert set(meta["performance"]) >= set(evaluate.DEVELOPMENT)
    assert shipping.size_in_mb(MODEL) < 30
    assert "dateline." not in (MODEL / "config.cfg").read_text(encoding="utf-8")


def test_the_report_is_the_shipped_models():
    report = json.loads(shipping.REPORT.read_text(encoding="utf-8"))
    meta = json.loads((MODEL / "meta.json").read_text(encoding="utf-8"))
    assert report["scores"] == meta["performance"]
    assert report["model"] == f"{meta['lang']}_{meta['name']}-{meta['version']}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("President Emmanuel Macron arrived in Nairobi on Monday.", ["Emmanuel Macron", "Nairobi"]),
        ("NAIROBI, Kenya - Police fired tear gas at Kenyan protesters.", ["NAIROBI", "Kenya", "Kenyan"]),
        ("BEIRUT (AP) — The United Nations called for calm in Lebanon.", ["BEIRUT", "United Nations", "Lebanon"]),
        ("Talks\n\nThe foreign ministers of India and China met.", ["India", "China"]),
    ],
)
def test_the_shipped_model_reads_plain_news(shipped, text, expected):
    found = [ent.text for ent in shipped(text).ents]
    assert set(expected) <= set(found)


def test_the_shipped_model_scores_what_it_claims(shipped):
    folder = CORPORA / "ner"
    if not folder.is_dir():
        pytest.skip("needs the corpora in ../shared, which are not part of the repository")
    scores = evaluate.evaluate_docs(shipped, corpora.read_docs(folder / "ww_dev.spacy", shipped))
    claimed = shipped.meta["performance"]["ww_dev"]
    for group in ("core3", "core5"):
        assert scores[group]["f1"] == pytest.approx(claimed[group]["f1"], abs=0.005)
        check_floor(f"entities.ww_dev.{group}", scores[group]["f1"])
