"""Which spaCy pipeline reads which language.

The shipped model is package data, made by the scripts in `training/`. Any
installed spaCy pipeline, or a folder with one, can replace it. Of each
only the components that a run needs are loaded.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import spacy
import spacy.about
import spacy.util
from spacy.language import Language
from thinc.api import Config

from transforms.extract.fast_pipe import keep_freed_memory, use_fast_products
from transforms.settings import bad_setting

SHIPPED_NAME = "en_dateline"
SHIPPED_PATH = Path(__file__).with_name("model")
ANY_LANGUAGE = "xx"

_NOT_NEEDED = frozenset({"textcat", "textcat_multilabel", "entity_linker"})
_SYNTAX = frozenset(
    {"tagger", "morphologizer", "parser", "senter", "lemmatizer", "trainable_lemmatizer", "attribute_ruler"}
)
"""Factories, for a component may bear any name; what is in neither set is always loaded."""
_ENCODERS = frozenset({"tok2vec", "transformer", "curated_transformer"})
"""Factories of components that give others something to listen to."""

_kept: dict[tuple[str, bool], Language] = {}
"""Pipelines that stay loaded in this process and those forked from it."""


def check_model(name: str) -> None:
    """Find out before a run what would keep a model from being loaded, without loading it.

    Raises:
        ValueError: the model does not exist, or is made for another spaCy; with the allowed values.
    """
    folder = model_folder(name)
    wanted = json.loads((folder / "meta.json").read_text(encoding="utf-8")).get("spacy_version", "")
    if spacy.util.is_compatible_version(spacy.about.__version__, wanted) is False:
        rule = (
            f"a model for spaCy {spacy.about.__version__}; this one is for {wanted}: install its release for this spaCy"
        )
        raise bad_setting("extract.model", name, rule)


def model_ids(model: str | Mapping[str, str]) -> list[str]:
    """Return names and versions of the configured models, without loading them."""
    folders = [model_folder(name) for name in ([model] if isinstance(model, str) else sorted(set(model.values())))]
    metas = [json.loads((folder / "meta.json").read_text(encoding="utf-8")) for folder in folders]
    return [_full_name(meta) for meta in metas]


def model_folder(name: str) -> Path:
    """Return the folder of a configured model.

    Raises:
        ValueError: the model does not exist; with the allowed values.
    """
    folder = SHIPPED_PATH if name == SHIPPED_NAME else Path(name)
    if name != SHIPPED_NAME and spacy.util.is_package(name):
        folder = spacy.util.get_package_path(name)
    if (folder / "meta.json").is_file():
        return folder
    if name == SHIPPED_NAME:
        rule = "an installed model; the shipped one is missing: reinstall dateline, or train it with `make model`"
        raise bad_setting("extract.model", SHIPPED_NAME, rule)
    installed = ", ".join([SHIPPED_NAME, *sorted(spacy.util.get_installed_models())])
    rule = f"an installed spaCy pipeline ({installed}), or a folder with one (it has a meta.json)"
    raise bad_setting("extract.model", name, rule)


def load_model(name: str, *, syntax: bool = False) -> Language:
    """Load a pipeline without the components that are not asked for: they cost neither time nor memory.

    Its matrix products are numpy's, which makes `nlp.pipe` faster, too; `reading.read` is faster still.

    Args:
        name: the shipped model, an installed pipeline, or a folder with one.
        syntax: also load what finds tags, lemmas, dependencies and sentences.

    Raises:
        ValueError: the model is missing, made for another spaCy, finds no entities, or no dependencies
            where syntax is asked for.
    """
    check_model(name)
    path = SHIPPED_PATH if name == SHIPPED_NAME else name
    try:
        nlp = spacy.load(path, exclude=not_needed(read_config(model_folder(name)), syntax=syntax))
    except (OSError, ValueError, ImportError, KeyError) as error:
        raise bad_setting(
            "extract.model", name, f"a model that spaCy {spacy.about.__version__} can load: {error}"
        ) from error
    for thing, assigned in [("entities", "doc.ents"), *([("dependencies", "token.dep")] if syntax else [])]:
        if not any(assigned in nlp.get_pipe_meta(pipe).assigns for pipe in nlp.pipe_names):
            components = ", ".join(nlp.pipe_names) or "none"
            raise bad_setting("extract.model", name, f"a model that finds {thing}; its components are {components}")
    use_fast_products(nlp)
    keep_freed_memory()
    return nlp


def not_needed(config: Mapping[str, Any], *, syntax: bool = False) -> list[str]:
    """Return names of the components to leave out, with the encoders that only they listen to.

    Args:
        config: a pipeline's config.cfg.
        syntax: whether tags, lemmas, dependencies and sentences are wanted.
    """
    pipeline: list[str] = config["nlp"]["pipeline"]
    factories = {name: config["components"][name].get("factory") for name in pipeline}
    unwanted = _NOT_NEEDED if syntax else _NOT_NEEDED | _SYNTAX
    left_out = [name for name in pipeline if factories[name] in unwanted]
    heard_by: dict[str, set[str]] = {name: set() for name in pipeline if factories[name] in _ENCODERS}
    for i, listener in enumerate(pipeline):
        for upstream in _upstreams(config["components"][listener]):
            for encoder in pipeline[:i] if upstream == "*" else [upstream]:
                heard_by.setdefault(encoder, set()).add(listener)
    idle = [
        name for name in pipeline if factories[name] in _ENCODERS and heard_by[name] and heard_by[name] <= {*left_out}
    ]
    return left_out + idle


def _upstreams(config: Mapping[str, Any]) -> Iterator[str]:
    """Yield the encoders that a component's model listens to; `*` for any before it."""
    if "Listener" in str(config.get("@architectures", "")):
        yield config.get("upstream", "*")
    for value in config.values():
        if isinstance(value, Mapping):
            yield from _upstreams(value)


def read_config(folder: Path) -> Config:
    """Return a pipeline's config.cfg; an installed package has it one folder deeper."""
    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    inner = folder / _full_name(meta)
    return spacy.util.load_config((inner if inner.is_dir() else folder) / "config.cfg", interpolate=True)


def load_models(model: str | Mapping[str, str], *, syntax: bool = False) -> dict[str, Language]:
    """Return language (ISO 639-1, or `xx` for any) -> the pipeline that reads it, with its syntax if that is wanted."""
    if isinstance(model, str):
        nlp = load_model(model, syntax=syntax)
        return {nlp.lang or ANY_LANGUAGE: nlp}
    loaded = {name: load_model(name, syntax=syntax) for name in set(model.values())}
    return {language: loaded[name] for language, name in model.items()}


def keep_loaded(model: str | Mapping[str, str], *, syntax: bool = False) -> dict[str, Language]:
    """Return models as `load_models` does, each loaded once for this process and those forked from it."""
    names = {"": model} if isinstance(model, str) else dict(model)
    for name in names.values():
        if (name, syntax) not in _kept:
            _kept[name, syntax] = load_model(name, syntax=syntax)
    kept = {language: _kept[name, syntax] for language, name in names.items()}
    return {language or nlp.lang or ANY_LANGUAGE: nlp for language, nlp in kept.items()}


def reader_of(language: str | None, models: Mapping[str, Language]) -> Language | None:
    """Return the pipeline for a language, or None.

    A text too short to tell its language is read by the first pipeline.
    """
    if language is None:
        return next(iter(models.values()))
    return models.get(language, models.get(ANY_LANGUAGE))


def model_id(nlp: Language) -> str:
    """Return name and version as spaCy gives them: `en_dateline-0.1.0`."""
    return _full_name(nlp.meta)


def _full_name(meta: Mapping[str, Any]) -> str:
    return f"{meta['lang']}_{meta['name']}-{meta['version']}"
