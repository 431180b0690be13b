"""A text as the set of its shingles: runs of five words, or of letters where words are not spaced.

Two texts are compared by the shingles they share. Five words in a row are
rarely written twice by chance, and a cut, an insertion or a changed word costs
no more than the shingles across it. The measure is that of Broder, On the
resemblance and containment of documents (1997).
"""

import re
import zlib
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from transforms.text.normal_forms import normal_form

Number = TypeVar("Number", bound=np.integer)

Shingles = NDArray[np.uint32]
"""Sorted and distinct hashes."""

WORDS = 5
"""Words in a shingle."""
IDEOGRAPHS = 8
"""Letters in a shingle of Chinese or Japanese, where a word has one or two."""
LETTERS = 16
"""Letters in a shingle of Thai, Lao, Khmer, Burmese or Tibetan, where a word has three to five and no space follows."""

_IDEOGRAPHIC = "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_UNSPACED = "\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\uaa60-\uaa7f"
_TOKEN = re.compile(f"[{_IDEOGRAPHIC}{_UNSPACED}]|[^\\W{_IDEOGRAPHIC}{_UNSPACED}]+")
_ONE_IDEOGRAPH = re.compile(f"[{_IDEOGRAPHIC}]")
_ONE_LETTER = re.compile(f"[{_UNSPACED}]")
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_MIXER = np.uint64(0xBF58476D1CE4E5B9)


class _Hashes(dict[str, int]):
    """Hashes of the words met; most texts have the same ones, and looking up is faster than making."""

    def __missing__(self, word: str) -> int:
        if len(self) >= MAX_WORDS:
            self.clear()
        self[word] = found = zlib.crc32(word.encode("utf-8", "surrogatepass"))
        return found


MAX_WORDS = 100_000
_WORDS = _Hashes()


class Overlap(NamedTuple):
    """How much of two texts is the same."""

    shared: int
    """Shingles that both have."""
    containment: float
    """Share of the smaller set that the larger has, 0 to 1."""
    jaccard: float
    """Share of all shingles that both have, 0 to 1."""


def shingle_hashes(text: str) -> NDArray[np.uint32]:
    """Return hashes of a text's shingles in the order of the text; none of a text that is shorter than a shingle.

    The same on every machine and in every version of Python: they are kept
    with datasets. Two shingles of different texts have the same hash once in
    4 billion.

    >>> one = shingle_hashes("The river rose again on Monday.")
    >>> len(one), bool((one == shingle_hashes("the river “rose” again on Monday")).all())
    (2, True)
    """
    folded = text.casefold() if text.isascii() else normal_form("NFKC", text).casefold()
    tokens = _TOKEN.findall(folded)
    length = _length(folded, len(tokens))
    if len(tokens) < length:
        return np.empty(0, dtype=np.uint32)
    words = np.fromiter(map(_WORDS.__getitem__, tokens), np.uint64, len(tokens))
    count = len(words) - length + 1
    mixed = np.zeros(count, dtype=np.uint64)
    for at in range(length):
        mixed = (mixed ^ words[at : at + count]) * _MULTIPLIER
        mixed ^= mixed >> np.uint64(29)
    mixed *= _MIXER
    return (mixed >> np.uint64(32)).astype(np.uint32)


def _length(folded: str, tokens: int) -> int:
    """Return the number of tokens in a shingle, by the script of most of the text."""
    if folded.isascii():
        return WORDS
    ideographs, letters = len(_ONE_IDEOGRAPH.findall(folded)), len(_ONE_LETTER.findall(folded))
    if 2 * (ideographs + letters) < tokens:
        return WORDS
    return IDEOGRAPHS if ideographs >= letters else LETTERS


def distinct(hashes: NDArray[Number]) -> NDArray[Number]:
    """Return the set of a text's shingles, or of other whole numbers, ascending."""
    # Not `np.unique`, which fills a hash table: of ten million numbers 400 MB in 14 s, not 85 MB in half a second.
    ascending = np.sort(hashes, axis=None)
    new = np.ones(len(ascending), dtype=bool)
    np.not_equal(ascending[1:], ascending[:-1], out=new[1:])
    return ascending[new]


def overlap(one: Shingles, other: Shingles) -> Overlap:
    """Return the overlap of two sets of shingles; zero if either is empty.

    >>> overlap(np.array([1, 2, 3, 4], np.uint32), np.array([3, 4, 5], np.uint32))
    Overlap(shared=2, containment=0.6666666666666666, jaccard=0.4)
    """
    if not len(one) or not len(other):
        return Overlap(0, 0.0, 0.0)
    smaller, larger = sorted((one, other), key=len)
    at = np.searchsorted(larger, smaller)
    at[at == len(larger)] = 0
    shared = int((larger[at] == smaller).sum())
    return Overlap(shared, shared / len(smaller), shared / (len(one) + len(other) - shared))
