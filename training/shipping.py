"""What every shipped pipeline has in common: its name, its record of sources and scores, and how it is written."""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from spacy.language import Language

HERE = Path(__file__).parent
SHIPPED = HERE.parent / "transforms" / "extract" / "model"
REPORT = HERE / "report.json"
NAME = "dateline"
VERSION = "0.2.0"
SPACY = ">=3.8.0,<3.9.0"
RECIPE_SECTIONS = ("paths", "system", "corpora", "training", "initialize", "pretraining")
"""Parts of the config that training needs and reading does not; they name paths and code of this folder."""


def describe(nlp: Language, description: str, sources: Sequence[Mapping[str, str]], scores: Mapping[str, Any]) -> None:
    """Fill the model's meta with its name, sources (name, license, description) and scores by corpus."""
    nlp.meta.update(
        name=NAME,
        version=VERSION,
        spacy_version=SPACY,
        description=description,
        sources=[dict(source) for source in sources],
        performance=dict(scores),
    )


def ship(nlp: Language, folder: Path) -> None:
    """Write what reading needs and no more: no recipe, no paths, no word list of the corpora."""
    for section in RECIPE_SECTIONS:
        nlp.config.pop(section, None)
    shutil.rmtree(folder, ignore_errors=True)
    nlp.to_disk(folder)
    (folder / "vocab" / "strings.json").write_text(json.dumps(labels(nlp)), encoding="utf-8")


def labels(nlp: Language) -> list[str]:
    """Return the strings that the components give out: all that the table of strings must know at load."""
    found = (getattr(nlp.get_pipe(name), "labels", ()) for name in nlp.pipe_names)
    return sorted({label for of_pipe in found for label in of_pipe if isinstance(label, str)})


def size_in_mb(folder: Path) -> float:
    """Return megabytes (10**6 bytes) of all files in a folder."""
    return round(sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6, 1)
