"""Tables for spaCy's rule lemmatizer, learned from a treebank: endings, and the words that they get wrong.

The lemmatizer lowercases a word and looks it up by its part of speech, so that
`TALKS` and `Talks` end as `talk` in headlines too, and a name stays as printed.
It takes the first rule whose ending fits; the rules are sorted from the longest
ending to the shortest, so that each is an exception to those after it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from spacy.lookups import Lookups
from spacy.tokens import Doc

MAX_ENDING = 5
MIN_WORDS = 2
"""Different words that must support a rule."""
MIN_SHARE = 0.4
"""Share of the words with its ending that a rule must get right; the empty ending aside."""
UNCHANGED = ("PROPN", "X")
"""Parts of speech whose lemma is the word: spaCy leaves names as they are and lowercases the others."""

Pairs = dict[str, dict[str, str]]
"""Part of speech, small as in spaCy's tables -> lowercased word -> its most frequent lemma."""


class Rule(NamedTuple):
    """An ending and what takes its place."""

    ending: str
    new: str


def read_pairs(docs: Iterable[Doc]) -> Pairs:
    """Return the words of the treebank with their lemmas; misspelled words and names are left out."""
    counts: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for token in (token for doc in docs for token in doc):
        if token.pos_ not in UNCHANGED and token.lemma_ and "Typo=Yes" not in str(token.morph):
            counts[token.pos_.lower()][token.lower_][token.lemma_] += 1
    return {part: {word: found.most_common(1)[0][0] for word, found in words.items()} for part, words in counts.items()}


def rules_of(word: str, lemma: str) -> list[Rule]:
    """Return all rules that make the lemma from the word, from the shortest ending on.

    >>> rules_of("stopped", "stop")[:2]
    [Rule(ending='ped', new=''), Rule(ending='pped', new='p')]
    """
    common = 0
    while common < min(len(word), len(lemma)) and word[common] == lemma[common]:
        common += 1
    shortest = len(word) - common
    return [
        Rule(word[len(word) - length :], lemma[len(word) - length :])
        for length in range(shortest, min(MAX_ENDING, len(word) - 1) + 1)
    ]


def learn_rules(words: dict[str, str]) -> list[Rule]:
    """Return the rules that enough words agree on, the longest ending first, and the empty one last.

    >>> learn_rules({"cats": "cat", "dogs": "dog", "cows": "cow", "pens": "pen", "bus": "bus"})
    [Rule(ending='s', new=''), Rule(ending='', new='')]
    """
    votes: dict[str, Counter[str]] = defaultdict(Counter)
    for word, lemma in words.items():
        for rule in rules_of(word, lemma):
            votes[rule.ending][rule.new] += 1
    carriers = Counter(word[len(word) - n :] for word in words for n in range(1, min(MAX_ENDING, len(word) - 1) + 1))
    found = []
    for ending, news in votes.items():
        new, count = news.most_common(1)[0]
        if ending and count >= MIN_WORDS and count >= carriers[ending] * MIN_SHARE:
            found.append(Rule(ending, new))
    found.sort(key=lambda rule: (-len(rule.ending), rule))
    return [*_without_repeats(found), Rule("", "")]


def _without_repeats(rules: list[Rule]) -> list[Rule]:
    """Leave out rules that a shorter ending implies: `ings` -> `ing` if there is `s` -> ``."""
    kept: list[Rule] = []
    for rule in reversed(rules):
        if apply(kept, rule.ending) != rule.new:
            kept.insert(0, rule)
    return kept


def apply(rules: Iterable[Rule], word: str) -> str:
    """Return the word by the first rule that fits.

    >>> apply([Rule("ies", "y"), Rule("s", "")], "cities")
    'city'
    """
    for ending, new in rules:
        if word.endswith(ending) and len(word) - len(ending) + len(new) > 0:
            return word[: len(word) - len(ending)] + new
    return word


def tables(pairs: Pairs) -> Lookups:
    """Return the tables as spaCy's lemmatizer wants them: rules, exceptions, and an empty index of known lemmas."""
    rules = {part: learn_rules(words) for part, words in pairs.items()}
    exceptions = {
        part: {word: [lemma] for word, lemma in words.items() if apply(rules[part], word) != lemma}
        for part, words in pairs.items()
    }
    found = Lookups()
    found.add_table("lemma_rules", {part: [list(rule) for rule in of_part] for part, of_part in rules.items()})
    found.add_table("lemma_exc", exceptions)
    found.add_table("lemma_index", {part: [] for part in pairs})
    return found
