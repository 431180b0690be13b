"""MinHash LSH: map a shingle set to band keys; similar texts share at least one key.

MinHash, in bands: the least of a set's hashes under one permutation is the same
in two sets with the probability of their Jaccard similarity J, two of them
with J^2, and one pair in `BANDS` of them with 1 - (1 - J^2)^BANDS. The usual
bands look for J of .7 or .8; a text cut to a quarter has .25. With ours that is
.998, and .98 at J = .2; what they find too much is thrown out when the sets
themselves are compared. Text of another length hides a short copy from J, so a
long text is signed in pieces, too.
"""

import functools

import numpy as np
from numpy.typing import NDArray
from rensa import RMinHash

from transforms.deduplicate.shingles import IDEOGRAPHS, LETTERS, WORDS, distinct, shingle_hashes

Keys = NDArray[np.uint32]
"""Sorted and distinct band keys."""

BANDS = 100
ROWS = 2
SEED = 1997
PIECE = 400
"""Shingles in a piece; a text that is longer than two pieces is signed in pieces as well."""
PIECES = 40
"""At most; the tail of a book is signed as one with the rest only."""
MIN_SHINGLES = 8
"""Texts with fewer are compared as a whole only: a line such as a caption is written twice by chance."""

SCHEME = f"crc32 {WORDS}-{IDEOGRAPHS}-{LETTERS} rensa-{RMinHash.ALGORITHM_VERSION} {BANDS}x{ROWS} {PIECE}"
"""Changes with anything that changes the keys of a text; keys of two schemes are not compared."""

_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_MIXER = np.uint64(0xBF58476D1CE4E5B9)


def band_keys(hashes: NDArray[np.uint32]) -> Keys:
    """Return the keys of a text's shingles.

    Args:
        hashes: of the shingles in the order of the text; none if there are
            fewer than `MIN_SHINGLES`.
    """
    if len(hashes) < MIN_SHINGLES:
        return np.empty(0, dtype=np.uint32)
    pieces = [hashes, *_pieces(hashes)]
    flat = np.concatenate(pieces).astype(np.uint64)
    offsets = np.cumsum([0, *map(len, pieces)], dtype=np.uint64)
    # Of the library's ways in, this one costs least: 4 microseconds for 300 shingles, lists of numbers 30.
    rows = RMinHash.digest_matrix_from_flat_token_hashes(flat, offsets, BANDS * ROWS, SEED).to_rows()
    signatures = np.array(rows, dtype=np.uint64).reshape(len(pieces), BANDS, ROWS)
    mixed = signatures[:, :, 0] * _MULTIPLIER ^ signatures[:, :, 1]
    mixed = (mixed ^ (mixed >> np.uint64(31)) ^ np.arange(BANDS, dtype=np.uint64)[None, :]) * _MIXER
    return distinct((mixed >> np.uint64(32)).astype(np.uint32))


def _pieces(hashes: NDArray[np.uint32]) -> list[NDArray[np.uint32]]:
    """Return pieces that overlap by half."""
    if len(hashes) < 2 * PIECE:
        return []
    starts = range(0, len(hashes) - PIECE // 2, PIECE // 2)
    return [hashes[start : start + PIECE] for start in starts[:PIECES]]


@functools.lru_cache(maxsize=2_000)
def sketch(text: str) -> tuple[bytes, bytes]:
    """Return band keys and distinct shingles of a text, packed; kept for a while, because a run needs them twice."""
    hashes = shingle_hashes(text)
    return band_keys(hashes).tobytes(), distinct(hashes).tobytes()
