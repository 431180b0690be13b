"""How well entities are found, by training/evaluate.py on the development corpora, which training only looks at."""

from collections.abc import Sequence
from pathlib import Path

from spacy.language import Language

GROUPS = ("core3", "core5")


def scores(nlp: Language, corpora: Path, names: Sequence[str] | None = None) -> dict[str, dict[str, dict[str, float]]]:
    """Return corpus -> core3 or core5 -> precision, recall, f1, mentions.

    Args:
        nlp: the pipeline.
        corpora: folder with `ner/`.
        names: development corpora; all of them by default.
    """
    from training import evaluate  # needs packages of the extra `training`

    found = evaluate.evaluate(nlp, corpora, names or evaluate.DEVELOPMENT)
    return {name: {group: one[group] for group in GROUPS if group in one} for name, one in found.items()}
