"""The treebank that the syntax model learns from, and the forms of news that it is read in."""

import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import spacy
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import registry
from spacy.vocab import Vocab

from training.augment import City, dateline, vary
from training.corpora import read_cities, read_docs
from training.passages import Passage, mentions

TRAIN = "parse_train"
DEVELOPMENT = "parse_dev"
SPACE = ("_SP", "SPACE", "", "dep")
"""Tag, part of speech, morphology and relation of white space, as in spaCy's own English models."""
ENDS = (".", "!", "?", "…", ":", ")", '"', "”", "''")
"""A text with another ending is a title or a fragment, and gets a line of its own."""
SEED = 0


class Token(NamedTuple):
    """One word with its analysis."""

    word: str
    space: bool
    """Whether a space follows."""
    head: int
    """Position of its head, relative to the token; 0 for the root of a sentence."""
    tag: str
    pos: str
    morph: str
    dep: str


Text = list[Token]
"""The tokens of one text, of one or more sentences."""


def from_doc(doc: Doc) -> Text:
    """Return the analysed text of a Doc."""
    return [Token(t.text, bool(t.whitespace_), t.head.i - t.i, t.tag_, t.pos_, str(t.morph), t.dep_) for t in doc]


def to_doc(text: Text, vocab: Vocab) -> Doc:
    """Return a Doc with the analysis."""
    words, spaces, heads, tags, pos, morphs, deps = map(list, zip(*text, strict=True))
    heads = [i + head for i, head in enumerate(heads)]
    return Doc(vocab, words, spaces, heads=heads, tags=tags, pos=pos, morphs=morphs, deps=deps)


def insert_space(text: Text, at: int, space: str) -> Text:
    """Return the text with a token of white space before token `at`, which hangs on the token in front of it.

    >>> [(t.word, t.head) for t in insert_space([Token("a", True, 1, *SPACE), Token("b", False, 0, *SPACE)], 1, "|")]
    [('a', 2), ('|', -1), ('b', 0)]
    """
    heads = [i + token.head for i, token in enumerate(text)]
    moved = [
        token._replace(head=head + (head >= at) - i - (i >= at))
        for i, (token, head) in enumerate(zip(text, heads, strict=True))
    ]
    if at:
        moved[at - 1] = moved[at - 1]._replace(space=False)
    return [*moved[:at], Token(space, False, -1 if at else 1, *SPACE), *moved[at:]]


def vary_words(text: Text, rng: random.Random) -> Text:
    """Return now and then the same text in another case or typography; the analysis stays."""
    words = vary(Passage([t.word for t in text], [t.space for t in text], [None] * len(text)), rng).words
    return [token._replace(word=word) for token, word in zip(text, words, strict=True)]


def wrap(text: Text, width: int) -> Text:
    """Return the text broken into lines of about a number of characters, as in plain-text files."""
    column = 0
    for i in reversed(range(1, len(text))):
        column += len(text[i].word) + text[i].space
        if column > width and text[i - 1].space:
            text, column = insert_space(text, i, "\n"), 0
    return text


def join(texts: Sequence[Text], rng: random.Random) -> Text:
    """Return one text of several: sentences in a row or in paragraphs.

    A text without an end is followed by a line break.
    """
    breaks = rng.choice(("\n\n", "\n", " ", " "))
    joined: Text = []
    for i, text in enumerate(texts):
        joined += [*text[:-1], text[-1]._replace(space=i + 1 < len(texts))]
        if i + 1 < len(texts) and (breaks != " " or not text[-1].word.endswith(ENDS)):
            joined = insert_space(joined, len(joined), breaks if breaks != " " else "\n\n")
    return joined


def dateline_text(city: City, rng: random.Random) -> Text:
    """Return a dateline as a sentence of its own: the place is its root, and the rest is attached to it."""
    passage = dateline(city, rng)
    named = {mention.start: mention for mention in mentions(passage.labels)}
    text: Text = []
    root = head = 0
    for i, (word, space) in enumerate(zip(passage.words, passage.spaces, strict=True)):
        if i in named:
            head = i
            dep = "ROOT" if i == 0 else "nmod:unmarked" if named[i].label == "DATE" else "appos"
            text.append(Token(word, space, root - i, "NNP", "PROPN", "Number=Sing", dep))
        elif word.isdigit():
            text.append(Token(word, space, head - i, "CD", "NUM", "NumForm=Digit|NumType=Card", "nummod"))
        elif word[0].isalpha():
            text.append(Token(word, space, head - i, "NNP", "PROPN", "Number=Sing", "flat"))
        else:
            tag = {"(": "-LRB-", ")": "-RRB-", ",": ","}.get(word, ":")
            to = i + 1 if word == "(" else head
            text.append(Token(word, space, to - i, tag, "PUNCT", "", "punct"))
    return text


def compose(texts: Sequence[Text], cities: Sequence[City], rng: random.Random) -> Text:
    """Return an article of some texts, each varied at times, with a dateline before it at times."""
    article = join([vary_words(text, rng) for text in texts], rng)
    if rng.random() < 0.05:
        article = dateline_text(rng.choice(cities), rng) + article
    return wrap(article, 72) if rng.random() < 0.05 else article


def groups(texts: Sequence[Text], rng: random.Random, *, most: int, tokens: int) -> Iterator[list[Text]]:
    """Yield the texts in a new random order, up to `most` together with about `tokens` tokens at most."""
    order = rng.sample(list(texts), len(texts))
    while order:
        size = rng.randint(1, most)
        group = [order.pop()]
        while order and len(group) < size and sum(map(len, group)) + len(order[-1]) <= tokens:
            group.append(order.pop())
        yield group


@registry.readers("dateline.treebank.v1")
def treebank(path: str, most_texts: int = 4, most_tokens: int = 150) -> Callable[[Language], Iterator[Example]]:
    """Yield training examples from a DocBin file, mixed and varied; each call is another pass.

    Half of them have the tokens of spaCy's tokenizer, which differ from the
    treebank's here and there, as they will in what the model is to read.
    """
    texts = [from_doc(doc) for doc in read_docs(Path(path), spacy.blank("en")) if len(doc)]
    cities = read_cities()
    rng = random.Random(SEED)

    def one_pass(nlp: Language) -> Iterator[Example]:
        for group in groups(texts, rng, most=most_texts, tokens=most_tokens):
            reference = to_doc(compose(group, cities, rng), nlp.vocab)
            words, spaces = [t.text for t in reference], [bool(t.whitespace_) for t in reference]
            read = nlp.make_doc(reference.text) if rng.random() < 0.5 else Doc(nlp.vocab, words, spaces)
            yield Example(read, reference)

    return one_pass


@registry.readers("dateline.treebank_gold.v1")
def treebank_gold(path: str) -> Callable[[Language], Iterator[Example]]:
    """Yield development examples: the text as spaCy's tokenizer cuts it, with the treebank's analysis."""

    def every(nlp: Language) -> Iterator[Example]:
        for doc in read_docs(Path(path), nlp):
            yield Example(nlp.make_doc(doc.text), doc)

    return every


@registry.readers("dateline.treebank_labels.v1")
def treebank_labels(path: str, component: str, least: int = 1) -> Any:
    """Return all labels of one component; left to itself, it would know those of the first hundred examples only.

    Args:
        path: the DocBin file.
        component: tagger, morphologizer or parser.
        least: how often a relation of the parser must occur.
    """
    nlp = spacy.blank("en")
    pipe = nlp.add_pipe(component, config={"min_action_freq": least} if component == "parser" else {})
    examples = list(treebank(path)(nlp))
    pipe.initialize(lambda: examples, nlp=nlp)  # type: ignore[attr-defined]
    return pipe.label_data  # type: ignore[attr-defined]
