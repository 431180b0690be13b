"""Speed by the processor's clock of this process, so that other processes count less; only an idle machine counts."""

import time
from collections.abc import Callable, Sequence

from spacy.language import Language

from benchmarks.measures.corpus import PIECE_CHARS, Case, Place, parsed
from transforms.extract.entities import annotate
from transforms.extract.fast_pipe import bounded, read
from transforms.gazetteer.lookup import Gazetteer

BATCH = 16
"""Articles read together, as the default of `extract.batch_size`."""


def seconds(work: Callable[[], object]) -> float:
    """Return processor time of a call."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def lines(cases: Sequence[Case], nlp: Language, gazetteer: Gazetteer, place: Place) -> dict[str, float]:
    """Return words, mentions and articles a second on one core, over documents that have been read once before."""
    texts = [case.document["text"] for case in cases]
    words = sum(len(text.split()) for text in texts)
    mentions = sum(len(place(case.annotated).locations) for case in cases)
    reading = seconds(lambda: read_all(texts, nlp))
    placing = seconds(lambda: [place(case.annotated) for case in cases])
    whole = seconds(lambda: chain(cases, nlp, gazetteer, place))
    return {
        "entities, words/s": round(words / reading),
        "geocoding, mentions/s": round(mentions / placing),
        "whole chain (parse, extract, geocode; no Beam, no files), articles/s": round(len(cases) / whole, 1),
        "words an article": round(words / len(cases)),
    }


def read_all(texts: Sequence[str], nlp: Language) -> None:
    """Annotate the texts as a run does, a batch at a time."""
    for begin in range(0, len(texts), BATCH):
        with bounded(nlp):
            for _ in read(nlp, texts[begin : begin + BATCH]):
                pass


def chain(cases: Sequence[Case], nlp: Language, gazetteer: Gazetteer, place: Place) -> int:
    """Parse, extract and geocode, a batch at a time; the number of locations."""
    found = 0
    for begin in range(0, len(cases), BATCH):
        articles = [parsed(case.document, gazetteer) for case in cases[begin : begin + BATCH]]
        found += sum(len(place(annotated).locations) for annotated in annotate(articles, nlp, PIECE_CHARS))
    return found
