"""Which spaCy pipeline reads which language.

The shipped model is package data, trained by `training/train_entities.py`.
Any installed spaCy pipeline, or a folder with one, can stand in its place.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import spacy
import spacy.about
import spacy.util
from spacy.language import Language

SHIPPED_NAME = "en_dateline"
SHIPPED_PATH = Path(__file__).with_name("model")
ANY_LANGUAGE = "xx"

_NOT_NEEDED = ("tagger", "morphologizer", "parser", "senter", "lemmatizer", "attribute_ruler", "textcat")
"""Components that entities do without; those that a pipeline lacks are ignored."""


def check_model(name: str) -> None:
    """Finds out before a run what would keep a model from being loaded, without loading it.

    Raises:
        ValueError: there is no such model, or it is made for another spaCy; says what is allowed.
    """
    folder = model_folder(name)
    wanted = json.loads((folder / "meta.json").read_text(encoding="utf-8")).get("spacy_version", "")
    if spacy.util.is_compatible_version(spacy.about.__version__, wanted) is False:
        raise ValueError(
            f"model {name!r} is made for spaCy {wanted}, but {spacy.about.__version__} is installed;"
            " install the model's release for this spaCy"
        )


def model_ids(model: str | Mapping[str, str]) -> list[str]:
    """Names and versions of the configured models, without loading them."""
    folders = [model_folder(name) for name in ([model] if isinstance(model, str) else sorted(set(model.values())))]
    metas = [json.loads((folder / "meta.json").read_text(encoding="utf-8")) for folder in folders]
    return [_full_name(meta) for meta in metas]


def model_folder(name: str) -> Path:
    """The folder of a configured model.

    Raises:
        ValueError: there is no such model; says what may be given instead.
    """
    folder = SHIPPED_PATH if name == SHIPPED_NAME else Path(name)
    if name != SHIPPED_NAME and spacy.util.is_package(name):
        folder = spacy.util.get_package_path(name)
    if (folder / "meta.json").is_file():
        return folder
    if name == SHIPPED_NAME:
        raise ValueError(
            f"model: the shipped {SHIPPED_NAME!r} is missing from this installation;"
            " reinstall dateline, or train it with `make model`"
        )
    installed = ", ".join([SHIPPED_NAME, *sorted(spacy.util.get_installed_models())])
    raise ValueError(
        f"model {name!r} is neither an installed spaCy pipeline nor a folder with one"
        f" (a folder has a meta.json); installed here: {installed}"
    )


def load_model(name: str) -> Language:
    """Loads a pipeline without the components that entities do without.

    Raises:
        ValueError: the model is missing, made for another spaCy, or finds no entities.
    """
    check_model(name)
    path = SHIPPED_PATH if name == SHIPPED_NAME else name
    try:
        nlp = spacy.load(path, exclude=list(_NOT_NEEDED))
    except (OSError, ValueError, ImportError, KeyError) as error:
        raise ValueError(f"model {name!r} cannot be loaded by spaCy {spacy.about.__version__}: {error}") from error
    if not any("doc.ents" in nlp.get_pipe_meta(pipe).assigns for pipe in nlp.pipe_names):
        raise ValueError(f"model {name!r} finds no entities: its components are {', '.join(nlp.pipe_names) or 'none'}")
    return nlp


def load_models(model: str | Mapping[str, str]) -> dict[str, Language]:
    """Language (ISO 639-1, or `xx` for any) -> the pipeline that reads it."""
    if isinstance(model, str):
        nlp = load_model(model)
        return {nlp.lang or ANY_LANGUAGE: nlp}
    loaded = {name: load_model(name) for name in set(model.values())}
    return {language: loaded[name] for language, name in model.items()}


def reader_of(language: str | None, models: Mapping[str, Language]) -> Language | None:
    """The pipeline for a language, or None.

    A text too short to tell its language is read by the first pipeline.
    """
    if language is None:
        return next(iter(models.values()))
    return models.get(language, models.get(ANY_LANGUAGE))


def model_id(nlp: Language) -> str:
    """Name and version as spaCy gives them: `en_dateline-0.1.0`."""
    return _full_name(nlp.meta)


def _full_name(meta: Mapping[str, Any]) -> str:
    return f"{meta['lang']}_{meta['name']}-{meta['version']}"
