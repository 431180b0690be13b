"""Extract: pieces, persons, entities, and one bad article in a batch."""

import json

import apache_beam as beam
import pytest
import spacy
from apache_beam.testing.util import assert_that
from spacy.language import Language

from tests.helpers.records import RUNNER, article
from transforms.extract import Extract, models
from transforms.extract.chunks import cut
from transforms.extract.entities import annotate
from transforms.extract.extract import extract_batch
from transforms.extract.persons import join_persons, plain_name
from transforms.extract.postprocess import Span, revise
from transforms.failures import FAILURES


@pytest.fixture(scope="module")
def ruler() -> Language:
    """Return a pipeline with fixed names, so that tests do not depend on a trained model."""
    nlp = spacy.blank("en")
    rules = nlp.add_pipe("entity_ruler")
    for label, name in (
        ("PERSON", "Ana Maria Silva"),
        ("PERSON", "Silva"),
        ("PERSON", "Mr. Silva"),
        ("ORG", "Red Cross"),
        ("LOC", "Lisbon"),
    ):
        rules.add_patterns([{"label": label, "pattern": name}])  # type: ignore[attr-defined]
    nlp.meta["name"], nlp.meta["version"] = "rules", "1.0"
    return nlp


@Language.component("breaks_on_poison")
def breaks_on_poison(doc):
    if "poison" in doc.text:
        raise RuntimeError("cannot read this")
    return doc


@pytest.mark.parametrize(
    ("text", "limit", "pieces"),
    [
        ("", 10, [""]),
        ("short", 10, ["short"]),
        ("one two three", 8, ["one two ", "three"]),
        ("para one.\n\npara two.", 14, ["para one.\n\n", "para two."]),
        ("line one\nline two", 10, ["line one\n", "line two"]),
        ("x" * 25, 10, ["x" * 10, "x" * 10, "x" * 5]),
    ],
)
def test_cut(text, limit, pieces):
    assert [piece for _, piece in cut(text, limit)] == pieces
    assert all(text[start : start + len(piece)] == piece for start, piece in cut(text, limit))


@pytest.mark.parametrize(
    ("surface", "name"),
    [
        ("Mr. Silva", "Silva"),
        ("Prime Minister Ana\nSilva", "Ana Silva"),
        ("Putin's", "Putin"),
        ("Barnes’", "Barnes"),
        ("Sen. Dr. Bo Li", "Bo Li"),
        ("President", "President"),
        ("Drew Carey", "Drew Carey"),
        ("King", "King"),
        ("Stephen King", "Stephen King"),
    ],
)
def test_plain_name(surface, name):
    assert plain_name(surface) == name


@pytest.mark.parametrize(
    ("names", "fullest"),
    [
        ([], []),
        (["Putin", "Vladimir Putin", "Putin"], [1, 1, 1]),
        (["Vladimir Putin", "Vladimir V. Putin", "Putin"], [1, 1, 1]),
        (["V. Putin", "Vladimir Putin"], [1, 1]),
        (["Kim Jong Un", "Kim"], [0, 0]),
        (["Kim Jong Un", "Kim Yo Jong", "Kim"], [0, 1, 2]),
        (["Bill Clinton", "Hillary Clinton", "Clinton"], [0, 1, 1]),
        (["Bill Clinton", "Clinton", "Hillary Clinton"], [0, 0, 2]),
        (["José Pérez", "Perez"], [0, 0]),
        (["John Smith Jr.", "Smith"], [0, 0]),
        (["Anna Lee", "Lee Park"], [0, 1]),
        (["Ana Silva", "Ana Silva"], [0, 0]),
        (["A", "B"], [0, 1]),
        (["--"], [0]),
    ],
)
def test_join_persons(names, fullest):
    assert join_persons(names) == fullest


@pytest.mark.parametrize(
    ("text", "found", "revised"),
    [
        ("of the Russian Far Eastern Institute", [("Russian", "NORP")], [("Russian Far Eastern Institute", "ORG")]),
        ("Kim of the Lisbon University", [("Lisbon", "LOC")], [("Lisbon University", "ORG")]),
        ("Japan's Foreign Ministry said", [("Japan", "LOC")], [("Japan's Foreign Ministry", "ORG")]),
        ("The Palestinian Society met", [("Palestinian", "NORP")], [("Palestinian Society", "ORG")]),
        ("Institute of Physics in Rome", [("Rome", "LOC")], [("Rome", "LOC")]),
        ("the Lisbon University Hospital burned", [("Lisbon", "LOC")], [("Lisbon University Hospital", "ORG")]),
        ("Ana Silva Foundation", [("Ana Silva", "PERSON")], [("Ana Silva", "PERSON")]),
        ("the Vienna Society", [("Vienna Society", "ORG")], [("Vienna Society", "ORG")]),
        ("an Institute without a name", [], []),
        ("Bo Li left. Li", [("Bo Li", "PERSON"), ("Li", "MISC")], [("Bo Li", "PERSON"), ("Li", "PERSON")]),
        ("Bo Li left. Li", [("Bo Li", "PERSON"), ("Li", "LOC")], [("Bo Li", "PERSON"), ("Li", "LOC")]),
    ],
)  # fmt: skip
def test_revise(text, found, revised):
    position, spans = 0, []
    for surface, label in found:
        start = text.index(surface, position)
        position = start + len(surface)
        spans.append(Span(start, position, label))
    assert [(text[s.start : s.end], s.label) for s in revise(text, spans)] == revised


def test_offsets_hold_in_pieces(ruler):
    text = ("Nothing here at all. " * 40 + "\n\n") + "Ana Maria Silva went to Lisbon. " * 40
    (found,) = annotate([article(text)], ruler, piece_chars=200)
    assert len(found.entities) == 80
    assert all(text[e.start : e.end] == e.surface for e in found.entities)


def test_a_mention_ends_where_the_name_does():
    nlp = spacy.blank("en")
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "LOC", "pattern": [{"TEXT": "Lima"}, {"TEXT": "😀"}]}])  # type: ignore[attr-defined]
    (found,) = annotate([article("Rain in Lima 😀 today")], nlp, 1000)
    assert [(e.surface, e.start, e.end) for e in found.entities] == [("Lima", 8, 12)]


def test_persons_are_joined_and_listed(ruler):
    (found,) = annotate([article("Silva of the Red Cross said. Ana Maria Silva left Lisbon. Mr. Silva")], ruler, 1000)
    persons = [e for e in found.entities if e.label == "PERSON"]
    assert {p.name for p in persons} == {"Ana Maria Silva"}
    assert {p.canonical_id for p in persons} == {persons[0].entity_id}
    assert found.article.persons == ("Ana Maria Silva",)
    assert found.article.organizations == ("Red Cross",)
    assert found.article.model == "en_rules-1.0"


def test_one_bad_article_fails_alone(ruler):
    nlp = spacy.blank("en")
    nlp.add_pipe("breaks_on_poison")
    results = list(extract_batch([article("good"), article("poison"), article("fine")], {"en": nlp}, 1000))
    failures = [r.value for r in results if isinstance(r, beam.pvalue.TaggedOutput)]
    assert [r.article.text for r in results if not isinstance(r, beam.pvalue.TaggedOutput)] == ["good", "fine"]
    assert [(f.stage, f.reason, f.message, f.payload) for f in failures] == [
        ("extract", "unexpected", "cannot read this", b"poison")
    ]


def test_languages_go_to_their_models(ruler):
    articles = [article("Lisbon one", "en"), article("Lisboa", "pt"), article("Lisbon two", None)]
    found = {r.article.text: r for r in extract_batch(articles, {"en": ruler}, 1000)}
    assert len(found) == 3
    assert found["Lisboa"].article.extraction == "language_not_read"
    assert found["Lisboa"].entities == ()
    assert [e.surface for e in found["Lisbon two"].entities] == ["Lisbon"]
    both = {r.article.text: r for r in extract_batch(articles, {"en": ruler, "xx": ruler}, 1000)}
    assert both["Lisboa"].article.extraction == "extracted"


def test_wiring_with_a_model_from_a_folder(ruler, tmp_path):
    ruler.to_disk(tmp_path / "rules")
    with beam.Pipeline(runner=RUNNER) as p:
        found, failures = (
            p
            | beam.Create([article(f"Lisbon {n}") for n in range(10)])
            | Extract(model=str(tmp_path / "rules"), batch_size=3)
        )
        places = found | beam.FlatMap(lambda a: [(a.article.text, e.surface) for e in a.entities])
        assert_that(places, lambda got: sorted(got) == [(f"Lisbon {n}", "Lisbon") for n in range(10)] or 1 / 0)
        assert_that(failures, lambda got: not got or 1 / 0, label="no failures")


def test_multi_language_mapping_is_checked(tmp_path):
    with pytest.raises(ValueError, match=r"no_such_model.*expected an installed spaCy pipeline.*en_dateline"):
        Extract(model={"en": models.SHIPPED_NAME, "de": "no_such_model"})


@pytest.mark.parametrize(("field", "value"), [("batch_size", 0), ("piece_chars", 10)])
def test_wrong_settings_are_refused(field, value):
    with pytest.raises(ValueError, match=f"extract.{field}: got {value}; expected"):
        Extract(**{field: value})


def test_a_pipeline_without_entities_is_refused(tmp_path):
    spacy.blank("en").to_disk(tmp_path / "blank")
    with pytest.raises(ValueError, match="a model that finds entities"):
        models.load_model(str(tmp_path / "blank"))


def test_a_model_for_another_spacy_is_refused(tmp_path, ruler):
    ruler.to_disk(tmp_path / "old")
    meta = json.loads((tmp_path / "old" / "meta.json").read_text())
    (tmp_path / "old" / "meta.json").write_text(json.dumps({**meta, "spacy_version": ">=2.0,<2.1"}))
    with pytest.raises(ValueError, match=r"a model for spaCy 3\..*; this one is for >=2\.0,<2\.1"):
        Extract(model=str(tmp_path / "old"))


def test_a_damaged_model_is_refused(tmp_path, ruler):
    ruler.to_disk(tmp_path / "rules")
    (tmp_path / "rules" / "config.cfg").write_text("broken")
    with pytest.raises(ValueError, match=r"a model that spaCy .* can load"):
        models.load_model(str(tmp_path / "rules"))


def test_shipped_model_reads_news():
    nlp = models.load_model(models.SHIPPED_NAME)
    text = "NAIROBI, Kenya (AP) — Foreign Minister Amina Okello met officials of the World Bank in Mombasa on Monday."
    (found,) = annotate([article(text)], nlp, 20_000)
    got = {(e.name, e.label) for e in found.entities}
    assert {("Amina Okello", "PERSON"), ("World Bank", "ORG"), ("Mombasa", "LOC")} <= got
    assert FAILURES not in got
