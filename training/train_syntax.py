"""Trains the English syntax model: tags, morphology, lemmas, dependencies and sentences.

    python -m training.train_syntax --corpora ../shared/corpora --vectors training/work/all/vectors

Steps: training by `syntax.cfg` on the treebanks, the lemmatizer's tables from the
same, evaluation on their development set, and one pipeline in the folder
`syntax` of the work folder, which `assemble.py` puts into one model with the
entities. It must read the same word vectors as they do. One core, about half an
hour.
"""

import argparse
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import spacy
from spacy.language import Language
from spacy.training import Example
from spacy.training.initialize import init_nlp
from spacy.training.loop import train
from spacy.util import load_config

from training.corpora import read_docs
from training.lemmas import read_pairs, tables
from training.shipping import describe, ship, size_in_mb
from training.treebank import DEVELOPMENT, TRAIN

HERE = Path(__file__).parent
MEASURES = ("tag_acc", "pos_acc", "morph_acc", "lemma_acc", "dep_uas", "dep_las", "sents_f")
SOURCES = (
    {
        "name": "Universal Dependencies English Web Treebank",
        "license": "CC BY-SA 4.0",
        "description": "weblogs, newsgroups, e-mail, reviews and answers, for syntax",
    },
    {
        "name": "Universal Dependencies GUM, the Georgetown University Multilayer corpus",
        "license": "CC BY 4.0",
        "description": "news, interviews, speeches, guides and other genres, for syntax",
    },
)


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpora", type=Path, required=True, help="folder with the folder syntax")
    parser.add_argument("--vectors", type=Path, required=True, help="pipeline with the vectors that the entities use")
    parser.add_argument("--work", type=Path, default=HERE / "work" / "syntax", help="checkpoints, log, and the result")
    parser.add_argument("--steps", type=int, help="steps of training, instead of those of syntax.cfg")
    return parser.parse_args(argv)


def overrides(args: argparse.Namespace) -> dict[str, Any]:
    """Return the values that the command line overrides in syntax.cfg."""
    changed = {
        "paths.train": str(args.corpora / "syntax" / f"{TRAIN}.spacy"),
        "paths.dev": str(args.corpora / "syntax" / f"{DEVELOPMENT}.spacy"),
        "paths.work": str(args.work),
        "paths.vectors": str(args.vectors),
    }
    return changed | ({"training.max_steps": args.steps} if args.steps else {})


def train_model(changed: dict[str, Any], work: Path) -> Language:
    """Train by syntax.cfg and returns the best checkpoint."""
    config = load_config(HERE / "syntax.cfg", overrides=changed, interpolate=False)
    train(init_nlp(config), work, use_gpu=-1)
    return spacy.load(work / "model-best")


def add_lemmatizer(nlp: Language, corpora: Path) -> None:
    """Put the rule lemmatizer, with tables learned from the treebank, after the parts of speech that it needs."""
    lemmatizer = nlp.add_pipe("lemmatizer", after="morphologizer", config={"mode": "rule"})
    pairs = read_pairs(read_docs(corpora / "syntax" / f"{TRAIN}.spacy", nlp))
    lemmatizer.initialize(lookups=tables(pairs))  # type: ignore[attr-defined]


def evaluate(nlp: Language, corpora: Path) -> dict[str, float]:
    """Return shares from 0 to 1 on the development set, read as plain text.

    Punctuation does not count for dependencies.
    """
    docs = read_docs(corpora / "syntax" / f"{DEVELOPMENT}.spacy", nlp)
    scores = nlp.evaluate([Example(nlp.make_doc(doc.text), doc) for doc in docs])
    return {name: round(scores[name], 3) for name in MEASURES}


def main(argv: Sequence[str] | None = None) -> None:
    """Run all steps."""
    args = arguments(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    args.work.mkdir(parents=True, exist_ok=True)
    nlp = train_model(overrides(args), args.work)
    add_lemmatizer(nlp, args.corpora)
    scores = evaluate(nlp, args.corpora)
    describe(nlp, "Syntax of English by Universal Dependencies.", SOURCES, {DEVELOPMENT: scores})
    ship(nlp, args.work / "syntax")
    logging.info("%s: %s MB with its vectors, %s", args.work / "syntax", size_in_mb(args.work / "syntax"), scores)


if __name__ == "__main__":
    main()
