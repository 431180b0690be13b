"""One peer over one file, in whatever interpreter it is installed: `peers_inside.py NAME FILE` prints one JSON object.

The file has JSON Lines with `page` (HTML) or `text`. Loading, and the first
three inputs, are not timed. Imports nothing at the top but the standard
library, for it runs outside of our environment, too.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"

WARM_UP = 3

Counts = dict[str, int]
Reader = Callable[[list[str]], Counts]


def geotext() -> Reader:
    """Return names of cities and countries, by a list."""
    from geotext import GeoText

    def read(texts: list[str]) -> Counts:
        found = [GeoText(text) for text in texts]
        return {"names of places": sum(len(one.cities) + len(one.countries) for one in found)}

    return read


def flashgeotext() -> Reader:
    """Return names of cities and countries, by a list, with their offsets."""
    from flashgeotext.geotext import GeoText

    matcher = GeoText()

    def read(texts: list[str]) -> Counts:
        found = [matcher.extract(input_text=text) for text in texts]
        return {
            "names of places": sum(one["count"] for all_ in found for kind in all_.values() for one in kind.values())
        }

    return read


def newsplease() -> Reader:
    """Return pages -> title, body, authors, date."""
    from newsplease import NewsPlease

    return lambda pages: _texts(lambda page: NewsPlease.from_html(page, url=None, fetch_images=False).maintext, pages)


def newspaper() -> Reader:
    """Return pages -> title, body, authors, date."""
    from newspaper import Article

    def one(page: str) -> str:
        article = Article("https://example.org/", fetch_images=False)
        article.download(input_html=page)
        article.parse()
        return str(article.text)

    return lambda pages: _texts(one, pages)


def _texts(text_of: Callable[[str], str | None], pages: list[str]) -> Counts:
    """Return the number of pages with a text, and with an error, such as a missing package for one language."""
    counts = {"articles with a text": 0, "errors": 0}
    for page in pages:
        try:
            counts["articles with a text"] += bool(text_of(page))
        except Exception:
            counts["errors"] += 1
    return counts


def by_hand() -> Reader:
    """Return pages -> trafilatura -> `nlp.pipe` of our model: what is often written by hand."""
    import spacy
    import trafilatura

    from transforms.extract.models import SHIPPED_NAME, SHIPPED_PATH, load_model

    meta = json.loads((SHIPPED_PATH / "meta.json").read_text(encoding="utf-8"))
    ours = load_model(SHIPPED_NAME).pipe_names
    nlp = spacy.load(SHIPPED_PATH, exclude=[name for name in meta["pipeline"] if name not in ours])

    def read(pages: list[str]) -> Counts:
        texts = [text for page in pages if (text := trafilatura.extract(page))]
        return {"articles with a text": len(texts), "entities": sum(len(doc.ents) for doc in nlp.pipe(texts))}

    return read


def dateline() -> Reader:
    """Return pages -> articles, entities, and places with coordinates: a run's steps without Beam."""
    return _dateline("html")


def dateline_texts() -> Reader:
    """Return the same, from texts."""
    return _dateline("text")


def _dateline(kind: Any) -> Reader:
    import datetime

    from transforms.extract.entities import annotate
    from transforms.extract.models import SHIPPED_NAME, load_model
    from transforms.failures import BadRecord
    from transforms.gazetteer.lookup import Gazetteer
    from transforms.geocode.geocode import geocode
    from transforms.parse.article import parse_item
    from transforms.records import Article, Item

    nlp, gazetteer = load_model(SHIPPED_NAME), Gazetteer()
    now = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)

    def parse(content: str) -> list[Article]:
        item = Item(uri="a", position=0, kind=kind, content=content.encode("utf-8", "replace"), fetched=now)
        try:
            return [parse_item(item, gazetteer.is_place)]
        except BadRecord:
            return []

    def read(contents: list[str]) -> Counts:
        articles = [article for content in contents for article in parse(content)]
        batches = [articles[begin : begin + 16] for begin in range(0, len(articles), 16)]
        placed = [geocode(one, gazetteer) for batch in batches for one in annotate(batch, nlp, 20_000)]
        return {
            "articles with a text": len(placed),
            "entities": sum(len(one.entities) for one in placed),
            "places with coordinates": sum(len(one.locations) for one in placed),
        }

    return read


READERS: dict[str, Callable[[], Reader]] = {
    one.__name__: one for one in (geotext, flashgeotext, newsplease, newspaper, by_hand, dateline, dateline_texts)
}


def main() -> None:
    """Read the file once, timed."""
    name, file = sys.argv[1:]
    with Path(file).open(encoding="utf-8") as lines:
        inputs = [next(iter(json.loads(line).values())) for line in lines]
    read = READERS[name]()
    read(inputs[:WARM_UP])
    wall, cpu = time.perf_counter(), time.process_time()
    counts = read(inputs)
    figures = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu, "inputs": len(inputs)}
    sys.stdout.write("\n" + json.dumps({**figures, "counts": counts}) + "\n")


if __name__ == "__main__":
    main()
