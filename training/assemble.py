"""Puts the entity model and the syntax model into one, which reads one table of vectors.

    python -m training.assemble --entities training/work/all/entities --syntax training/work/syntax/syntax

Each component can be switched off at load (`spacy.load(folder, exclude=[...])`);
those of one half need nothing of the other. The meta names the sources and
scores of both, and the report adds the size and the speed with and without each
component.
"""

import argparse
import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import spacy
from spacy.language import Language

from training.corpora import read_docs
from training.evaluate import DEVELOPMENT, words_per_second
from training.shipping import REPORT, SHIPPED, describe, ship, size_in_mb

DESCRIPTION = (
    "Entities of English news, by the guideline of the first source; tags, morphology, lemmas and dependencies"
    " by Universal Dependencies. One table of vectors serves both."
)


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entities", type=Path, required=True, help="pipeline written by train_entities.py")
    parser.add_argument("--syntax", type=Path, required=True, help="pipeline written by train_syntax.py")
    parser.add_argument("--corpora", type=Path, help="folder with the folder ner, to measure the speed on its texts")
    parser.add_argument("--output", type=Path, default=SHIPPED, help="where the finished model goes")
    parser.add_argument("--report", type=Path, default=REPORT, help="where the scores go")
    return parser.parse_args(argv)


def check_vectors(entities: Language, syntax: Language) -> None:
    """Check that both models were trained on one table of vectors: only one is kept.

    Raises:
        ValueError: the tables differ.
    """
    one, other = entities.vocab.vectors, syntax.vocab.vectors
    same_rows = one.shape == other.shape and np.array_equal(one.data, other.data)
    if not same_rows or one.key2row != other.key2row:
        raise ValueError(
            f"the entities were trained on vectors of {one.shape} with {one.n_keys} words, the syntax on others,"
            f" of {other.shape} with {other.n_keys} words: train both with the same --vectors"
        )


def assemble(entities: Language, syntax: Language) -> Language:
    """Return the entity pipeline with the syntax components after it, and a meta of both.

    The entity recognizer listens to any `tok2vec` before it, so that of the
    syntax must come after it.
    """
    check_vectors(entities, syntax)
    metas = [dict(entities.meta), dict(syntax.meta)]
    for name in syntax.pipe_names:
        entities.add_pipe(name, source=syntax)
    sources = [source for meta in metas for source in meta["sources"]]
    describe(entities, DESCRIPTION, sources, metas[0]["performance"] | metas[1]["performance"])
    return entities


def speeds(folder: Path, texts: Sequence[str]) -> dict[str, int]:
    """Return words a second of processor time: of all, without one thing or the other, and of either half alone."""
    nlp = spacy.load(folder)
    words_per_second(nlp, texts[: len(texts) // 10])  # warm
    entities = ["tok2vec", "ner"]
    switched_off = {
        "all": [],
        "without parser": ["parser"],
        "without tagger": ["tagger"],
        "without lemmatizer": ["lemmatizer"],
        "without morphologizer and lemmatizer": ["morphologizer", "lemmatizer"],
        "syntax only": entities,
        "entities only": [name for name in nlp.pipe_names if name not in entities],
    }
    found = {}
    for name, pipes in switched_off.items():
        with nlp.select_pipes(disable=pipes):
            found[name] = words_per_second(nlp, texts)
    return found


def report(folder: Path, corpora: Path | None) -> dict[str, Any]:
    """Return the scores with the size of the shipped folder, and its speed if there are texts to measure it on."""
    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    found = {
        "model": f"{meta['lang']}_{meta['name']}-{meta['version']}",
        "measure": "entities: strict span and label on the development sets, FAC counts as LOC; syntax (parse_dev):"
        " spaCy's scores on plain text",
        "size_mb": size_in_mb(folder),
        "scores": meta["performance"],
    }
    if corpora:
        path = corpora / "ner" / f"{DEVELOPMENT[0]}.spacy"
        words = speeds(folder, [doc.text for doc in read_docs(path, spacy.blank("en"))])
        found |= {"words_per_cpu_second": words["entities only"], "words_per_cpu_second_of": words}
    return found


def main(argv: Sequence[str] | None = None) -> None:
    """Write the model and the report."""
    args = arguments(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    ship(assemble(spacy.load(args.entities), spacy.load(args.syntax)), args.output)
    figures = report(args.output, args.corpora)
    args.report.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    logging.info("%s: %s MB", args.output, figures["size_mb"])


if __name__ == "__main__":
    main()
