"""What the other names of an article say about each candidate of a name.

All candidates of all names of an article are rows of one matrix. A candidate with
some probability is a source: it speaks for the candidates of other names that are
near it, in the same division or in the same country, the louder the more probable
it is and the nearer in the text.
"""

import itertools
from collections.abc import Sequence

import numpy as np

from transforms.geocode.ranking.features import (
    CUES,
    FACTS,
    Array,
    Facts,
    Name,
    cue_features,
    facts_of,
    facts_of_places,
    number_of,
)
from transforms.geocode.ranking.words import TRAITS
from transforms.languages.known import LANGUAGES

CONTEXT = {
    "near_50": "mass within 50 km",
    "near_161": "mass within 161 km",
    "near_500": "mass within 500 km",
    "some_50": "whether anything lies within 50 km: 1 less the exponential of minus thrice the mass",
    "some_161": "... within 161 km",
    "some_division": "... in its first division",
    "some_country": "... in its country",
    "same_division": "mass in the first division that it lies in",
    "same_country": "mass in the country that it lies in",
    "division_inside": "of a first division: mass in it",
    "country_inside": "of a country: mass in it",
    "named_county": "mass on the second division that it lies in",
    "named_division": "mass on the first division that it lies in",
    "named_country": "mass on the country that it lies in",
    "same_place": "mass on the same place under another name",
    "country_share": "share of its country in all mass",
    "demonyms": "demonyms of its country",
    "close_161": "mass within 161 km, of names close by in the text",
    "close_division": "mass in its first division, of names close by in the text",
    "close_country": "mass in its country, of names close by in the text",
    "list_kind": "mass of its kind (country, first or second division, city), of neighbours in a list of names",
    "list_country": "mass in its country, of neighbours in a list of names",
    "list_161": "mass within 161 km, of neighbours in a list of names",
    "spread": "how the mass is spread over countries: 1 less the sum of squared shares",
    "listed": "in a list of names",
    "as_great": "difference of log10 of people to the mean of the cities named, by 7",
    "dateline_161": "probability that the dateline's place lies within 161 km",
    "dateline_division": "... in its first division",
    "dateline_country": "... in its country",
    "publisher_161": "probability that the publisher's place lies within 161 km",
    "publisher_division": "... in its first division",
    "publisher_country": "... in its country",
    "publisher_tld": "lies in the country of the address's top-level domain",
    "none_mass": "for `none of these`: mass of all other names of the text",
}
"""Features of a candidate in its article, with their meaning; mass counts as log(1 + mass)."""

CROSSED = {
    "country_share": ("population", "behind", "first_division", "known"),
    "spread": ("population", "country", "capital", "same_spelling", "known"),
    "listed": ("country", "first_division", "second_division"),
    "some_50": ("population", "doubtful", "alternate"),
}
"""Feature -> features whose product with it is one more feature."""
CROSSES = tuple((left, right) for right, lefts in CROSSED.items() for left in lefts)
PRODUCTS = {f"{left}*{right}": f"{left} times {right}" for left, right in CROSSES}

MEANINGS = {**FACTS, **CUES, **CONTEXT, **PRODUCTS, **TRAITS}
"""All features with their meaning."""
COLUMNS = tuple(MEANINGS)
"""All features, in the order of the columns."""
ALONE = len(FACTS) + len(CUES)
"""Number of columns known before the context."""
IN_CONTEXT = len(CONTEXT) + len(PRODUCTS)
"""Number of columns that follow and are the context's; the rest are traits."""
_LEFT, _RIGHT = (np.array([COLUMNS.index(pair[side]) for pair in CROSSES]) for side in (0, 1))

MIN = 0.02
"""Candidates less probable than this are not sources."""
CLOSE_CHARS = 150.0
"""Characters between the mentions over which a name's voice falls by e."""
LIST_GAP: frozenset[str] = frozenset().union(*(language.ranking.list_gaps for language in LANGUAGES))
MAX_PAIRED = 512
"""At most this number of mentions, every pair is compared; above it, each is compared with the `NEIGHBOURS` next."""
NEIGHBOURS = 64
_COS = np.cos(np.array([50.0, 161.0, 500.0]) / 6371.0)


class CandidateMatrix:
    """The names of one article with all their candidates, ready to be ranked.

    Rows are the candidates of the first name, then its "none of these", then the
    next name. Names with a fixed place have no rows and are sources only.

    Args:
        names: all names of the article, and those of its publisher.
        text: the article's text.
        country: ISO 3166-1 alpha-2 of the country that the publisher's address names; None where it tells none.

    Attributes:
        ranked: the names that have rows.
        starts: first row of each of them.
        none: row of "none of these" of each.
    """

    def __init__(self, names: Sequence[Name], text: str = "", country: str | None = None) -> None:
        self.ranked = [name for name in names if name.fixed is None and name.candidates]
        fixed = [name for name in names if name.fixed is not None]
        facts = [facts_of(name.options, name.name) for name in self.ranked]
        sizes = np.array([len(f.sizes) + 1 for f in facts], dtype=int)
        self.none = np.cumsum(sizes) - 1
        self.starts = self.none - sizes + 1
        self.size = int(sizes.sum())
        self._is_candidate = np.ones(self.size, dtype=bool)
        self._is_candidate[self.none] = False
        self._owner = np.repeat(np.arange(len(self.ranked)), sizes - 1)
        self._facts = _joined(facts)
        self._fixed = facts_of_places([name.fixed for name in fixed if name.fixed is not None])
        everyone = [*self.ranked, *fixed]
        self._source_owner = np.concatenate([self._owner, np.arange(len(self.ranked), len(everyone))])
        self._closeness, self._listed = _text_relations(everyone, text)
        kinds = [name.kind for name in everyone]
        self._from_publisher = np.array([kind == "publisher" for kind in kinds], dtype=bool)
        self._from_dateline = np.array([kind == "dateline" for kind in kinds], dtype=bool)
        self._is_demonym = np.array([kind == "demonym" for kind in kinds], dtype=bool)
        self._voice = np.array([0.0 if name.doubtful else 1.0 for name in everyone])
        self._country = number_of(country)
        self.features = np.zeros((self.size, len(COLUMNS)))
        if self.ranked:
            self.features[self._is_candidate, : len(FACTS)] = self._facts.matrix
            cues = [cue_features(name, f) for name, f in zip(self.ranked, facts, strict=True)]
            self.features[self._is_candidate, len(FACTS) : ALONE] = np.concatenate(cues)
            self.features[self.none, -len(TRAITS) :] = [
                name.traits or (1.0,) + (0.0,) * (len(TRAITS) - 1) for name in self.ranked
            ]

    def shares(self, scores: Array) -> Array:
        """Return scores of the rows to probabilities that add up to 1 for each name."""
        if not self.size:
            return scores
        top = np.maximum.reduceat(scores, self.starts)
        exponentials = np.exp(scores - np.repeat(top, self.none - self.starts + 1))
        totals = np.add.reduceat(exponentials, self.starts)
        return np.asarray(exponentials / np.repeat(totals, self.none - self.starts + 1))

    def set_context(self, probabilities: Array) -> None:
        """Fill the columns of `CONTEXT` from the probabilities of the rows in the last round."""
        if self.size:
            self.features[self._is_candidate, ALONE : ALONE + len(CONTEXT)] = self._context(probabilities)
            last = self.features[:, ALONE + len(CONTEXT) - 1]
            last[self.none] = last[self.starts]
            last[self._is_candidate] = 0.0
            crosses = slice(ALONE + len(CONTEXT), ALONE + IN_CONTEXT)
            self.features[:, crosses] = self.features[:, _LEFT] * self.features[:, _RIGHT]

    def _context(self, probabilities: Array) -> Array:
        own = probabilities[self._is_candidate]
        chosen = np.flatnonzero(own >= MIN)
        facts, fixed = self._facts, self._fixed
        points = np.concatenate([facts.points[chosen], fixed.points])
        codes = np.concatenate([facts.codes[chosen], fixed.codes])
        kinds = np.concatenate([facts.kinds[chosen], fixed.kinds])
        sizes = np.concatenate([facts.sizes[chosen], fixed.sizes])
        owner = self._source_owner[np.concatenate([chosen, np.arange(len(own), len(self._source_owner))])]
        mass = np.concatenate([own[chosen], np.ones(len(fixed.sizes))]) * self._voice[owner]
        publisher, dateline, demonym = self._from_publisher[owner], self._from_dateline[owner], self._is_demonym[owner]

        others = (self._owner[:, None] != owner[None, :]).astype(float)
        in_text = others * (mass * ~publisher)[None, :]
        close = in_text * self._closeness[np.ix_(self._owner, owner)]
        listed = in_text * self._listed[np.ix_(self._owner, owner)]
        is_listed = listed.any(axis=1)
        cosine = facts.points @ points.T
        local = kinds[:, 4][None, :] & facts.kinds[:, 4][:, None]
        near = [((cosine > limit) & local).astype(float) for limit in _COS]
        place, country, first, second = (
            ((facts.codes[:, [k]] == codes[None, :, k]) & (facts.codes[:, [k]] != -1)).astype(float) for k in range(4)
        )
        is_country, is_first = facts.kinds[:, 0], facts.kinds[:, 1]
        beside_country, beside_first = ~is_country, ~is_first
        same_kind = (facts.kinds[:, :4].astype(float) @ kinds[:, :4].T.astype(float) > 0).astype(float)

        by_country, by_first = _total(in_text, country), _total(in_text, first)
        by_near = [_total(in_text, n) for n in near]
        in_country, in_first = np.log1p(by_country), np.log1p(by_first)
        total = in_text.sum(axis=1)
        share = by_country / np.maximum(total, 1e-9)
        spread = self._spread(mass * ~publisher, codes[:, 1])
        weights = in_text * kinds[:, 3][None, :]
        mean_size = (weights @ sizes + 5 / 7) / (weights.sum(axis=1) + 1.0)
        is_city = facts.kinds[:, 3]
        none = [np.zeros(len(own))] * 3
        listed_columns = dateline_columns = publisher_columns = none
        if is_listed.any():
            listed_columns = [np.log1p(_total(listed, relation)) for relation in (same_kind, country, near[1])]
        if dateline.any():
            dateline_mass = in_text * dateline[None, :]
            dateline_columns = [_total(dateline_mass, relation) for relation in (near[1], first, country)]
        if publisher.any():
            publisher_mass = others * (mass * publisher)[None, :]
            publisher_columns = [_total(publisher_mass, relation) for relation in (near[1], first, country)]
        columns = [
            *map(np.log1p, by_near),
            -np.expm1(-3 * by_near[0]),
            -np.expm1(-3 * by_near[1]),
            -np.expm1(-3 * by_first) * beside_first,
            -np.expm1(-3 * by_country) * beside_country,
            in_first * beside_first,
            in_country * beside_country,
            in_first * is_first,
            in_country * is_country,
            np.log1p(_total(in_text, second * kinds[:, 2])) * ~facts.kinds[:, 2],
            np.log1p(_total(in_text, first * kinds[:, 1])) * beside_first,
            np.log1p(_total(in_text, country * kinds[:, 0])) * beside_country,
            np.log1p(_total(in_text, place)),
            share,
            np.log1p(_total(in_text, country * demonym)),
            np.log1p(_total(close, near[1])),
            np.log1p(_total(close, first)),
            np.log1p(_total(close, country)),
            *listed_columns,
            np.full(len(own), spread),
            is_listed,
            np.abs(facts.sizes - mean_size) * is_city,
            *dateline_columns,
            *publisher_columns,
            (facts.codes[:, 1] == self._country) & (self._country != -1),
            np.log1p(total),
        ]
        return np.stack(columns, axis=1)

    def _spread(self, mass: Array, countries: Array) -> float:
        """Return one less the sum of the squared shares of the countries in the mass."""
        inside = countries >= 0
        if not inside.any() or not mass[inside].sum():
            return 0.0
        totals = np.bincount(countries[inside], weights=mass[inside])
        return float(1.0 - ((totals / totals.sum()) ** 2).sum())


def _total(mass: Array, relation: Array) -> Array:
    return np.asarray(np.einsum("ij,ij->i", mass, relation))


def _joined(facts: Sequence[Facts]) -> Facts:
    if not facts:
        return facts_of_places(())
    return Facts(*(np.concatenate([getattr(f, part) for f in facts]) for part in Facts.__slots__))


def _text_relations(names: Sequence[Name], text: str) -> tuple[Array, Array]:
    """Return, by pairs of names, their nearness in the text, 0 to 1, and whether they are neighbours in a list."""
    count = len(names)
    close, listed = np.zeros((count, count)), np.zeros((count, count))
    spans = sorted((start, end, index) for index, name in enumerate(names) for start, end in name.spans)
    if not spans:
        return close, listed
    starts, ends, owners = np.array(spans).T
    if len(spans) <= MAX_PAIRED:
        gaps = np.maximum(0, np.maximum(starts[None, :] - ends[:, None], starts[:, None] - ends[None, :]))
        np.maximum.at(close, (owners[:, None], owners[None, :]), np.exp(-gaps / CLOSE_CHARS))
    else:
        for step in range(NEIGHBOURS + 1):
            near = np.exp(-np.maximum(0, starts[step:] - ends[: len(ends) - step]) / CLOSE_CHARS)
            left, right = owners[: len(owners) - step], owners[step:]
            np.maximum.at(close, (left, right), near)
            np.maximum.at(close, (right, left), near)
    for (_, end, left), (start, _, right) in itertools.pairwise(spans):
        if text[end:start] in LIST_GAP:
            listed[left, right] = listed[right, left] = 1.0
    return close, listed
