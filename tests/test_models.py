"""Which components of a pipeline are loaded: those that a run asks for, and what these listen to."""

from pathlib import Path

import pytest
import spacy
from spacy.language import Language

from transforms.extract import models

WORDS = "Ana lives in Lisbon ."


def listener(upstream: str = "*", kind: str = "spacy.Tok2VecListener.v1") -> dict[str, object]:
    return {"model": {"tok2vec": {"@architectures": kind, "upstream": upstream}}}


def config(**components: dict[str, object]) -> dict[str, object]:
    """Return a pipeline's config; a component's factory is its name unless given."""
    made = {name: {"factory": name, **settings} for name, settings in components.items()}
    return {"nlp": {"pipeline": list(components)}, "components": made}


SHARED = config(tok2vec={}, tagger=listener(), parser=listener(), lemmatizer={}, ner=listener())
TWO = config(
    tok2vec={},
    ner=listener("tok2vec"),
    second={"factory": "tok2vec"},
    morphologizer=listener("second"),
    parser=listener("second"),
)
TRANSFORMER = config(
    transformer={}, tagger=listener(kind="spacy-transformers.TransformerListener.v1"), textcat={}, ner={}
)
CROSSED = config(tok2vec={}, more={"factory": "tok2vec"}, tagger=listener("tok2vec"), ner=listener("more"))
RENAMED = config(sentences={"factory": "senter"}, rules={"factory": "entity_ruler"}, own={"factory": "my_company"})


@pytest.mark.parametrize(
    ("pipeline", "left_out", "left_out_with_syntax"),
    [
        (SHARED, {"tagger", "parser", "lemmatizer"}, set()),
        (TWO, {"second", "morphologizer", "parser"}, set()),
        (TRANSFORMER, {"transformer", "tagger", "textcat"}, {"textcat"}),
        (RENAMED, {"sentences"}, set()),
        (config(tok2vec={}, ner={}), set(), set()),  # nobody listens by the book: some code may read doc.tensor
        (CROSSED, {"tok2vec", "tagger"}, set()),
    ],
)
def test_left_out_is_what_only_unwanted_components_need(pipeline, left_out, left_out_with_syntax):
    assert set(models.not_needed(pipeline)) == left_out
    assert set(models.not_needed(pipeline, syntax=True)) == left_out_with_syntax


@pytest.fixture(scope="module")
def shared(tmp_path_factory) -> str:
    """Return a pipeline of a user's, whose tagger, parser and entity recognizer listen to one encoder."""
    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec")
    listening = {"@architectures": "spacy.Tok2VecListener.v1", "width": 96, "upstream": "*"}
    for name, label in (("tagger", "NN"), ("parser", "nsubj"), ("ner", "LOC")):
        nlp.add_pipe(name, config={"model": {"tok2vec": listening}}).add_label(label)  # type: ignore[attr-defined]
    nlp.initialize()
    folder = tmp_path_factory.mktemp("shared")
    nlp.to_disk(folder)
    return str(folder)


def found(nlp: Language) -> list[tuple[str, str]]:
    return [(ent.text, ent.label_) for ent in nlp(WORDS).ents]


def test_a_shared_encoder_is_loaded_for_the_entities_alone(shared):
    nlp = models.load_model(shared)
    assert nlp.component_names == ["tok2vec", "ner"]
    assert found(nlp) == found(spacy.load(shared))
    assert models.load_model(shared, syntax=True).pipe_names == ["tok2vec", "tagger", "parser", "ner"]


def test_syntax_that_a_model_lacks_is_refused(shared, tmp_path):
    spacy.load(shared, exclude=["parser"]).to_disk(tmp_path / "no_parser")
    with pytest.raises(ValueError, match="a model that finds dependencies; its components are tok2vec, tagger, ner"):
        models.load_models({"en": str(tmp_path / "no_parser")}, syntax=True)


def test_of_the_shipped_model_a_run_loads_the_entities_only():
    assert models.load_model(models.SHIPPED_NAME).component_names == ["tok2vec", "ner"]


def test_an_installed_package_has_its_config_one_folder_deeper(shared, tmp_path):
    nlp = spacy.load(shared)
    nlp.to_disk(tmp_path / f"en_{nlp.meta['name']}-{nlp.meta['version']}")
    (tmp_path / "meta.json").write_bytes((Path(shared) / "meta.json").read_bytes())
    assert models.read_config(tmp_path) == models.read_config(Path(shared))
