"""How right the places are: texts through model and geocoder, scored by the corpora's own scorer.

    python -m benchmarks.places --corpora ../shared/corpora/geo lgl_train geowebnews_train tud_loc_2013

Prints what `score.py` of the corpora prints for each: recognition, resolution, and end-to-end F1 within 161 km. The
ranker's weights were fitted on lgl_train and geowebnews_train, so their figures flatter; tud_loc_2013 was never
trained on.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from transforms.extract.entities import annotate
from transforms.extract.models import SHIPPED_NAME, load_model
from transforms.geocode.gazetteer import Gazetteer
from transforms.geocode.geocode import geocode
from transforms.parse.article import parse_item
from transforms.read.read import utc_now
from transforms.records import Article, Item


def documents(file: Path) -> Iterator[dict[str, Any]]:
    """The documents of a corpus."""
    for line in file.read_text(encoding="utf-8").rstrip("\n").split("\n"):
        yield json.loads(line)


def parsed(document: dict[str, Any], gazetteer: Gazetteer) -> Article:
    """A document as the pipeline parses it; `text` is kept, so offsets hold."""
    content = json.dumps({key: document.get(key) for key in ("title", "url", "text")}).encode()
    item = Item(uri="corpus.jsonl", position=1, kind="json", content=content, fetched=utc_now())
    return parse_item(item, gazetteer.is_place)


def predict(file: Path, gazetteer: Gazetteer, *, organizations: bool) -> Iterator[dict[str, Any]]:
    """The places of each document, in the form that the scorer reads."""
    nlp = load_model(SHIPPED_NAME)
    for document in documents(file):
        (annotated,) = annotate([parsed(document, gazetteer)], nlp, piece_chars=20_000)
        rows = geocode(annotated, gazetteer, organizations=organizations).locations
        places = [{"start": r.start, "end": r.end, "lat": r.latitude, "lon": r.longitude} for r in rows]
        yield {"corpus": document["corpus"], "doc_id": document["doc_id"], "toponyms": places}


def main() -> None:
    """Scores each corpus named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpora", type=Path, required=True, help="folder with the corpora and score.py")
    parser.add_argument("--organizations", action="store_true", help="as the setting geocode.organizations")
    parser.add_argument("names", nargs="+")
    args = parser.parse_args()
    gazetteer = Gazetteer()
    with tempfile.TemporaryDirectory() as folder:
        for name in args.names:
            gold, predictions = args.corpora / f"{name}.jsonl", Path(folder, f"{name}.jsonl")
            rows = predict(gold, gazetteer, organizations=args.organizations)
            predictions.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
            subprocess.run([sys.executable, args.corpora / "score.py", gold, predictions], check=True)


if __name__ == "__main__":
    main()
