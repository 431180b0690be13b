"""Gate before the tokenizer: what a model reads of chunks that are longer than any word.

spaCy's tokenizer takes one sign after the other off the ends of a chunk without
white space, and copies the rest each time: 10,000 signs take 16 seconds
(spaCy 3.8, `Tokenizer._split_affixes`). Installed pipelines bring tokenizers of
their own, so the chunks are bounded here, before any of them:

- text of a script without spaces is cut, after a sign where there is one;
- so are words that signs join;
- the rest (base64, runs of one sign, emoji) is not prose: the model sees spaces.

Every character keeps its offset.
"""

import re
import unicodedata
from collections.abc import Iterator

from spacy.language import Language
from spacy.tokens import Doc

MAX_CHUNK = 300
"""Longest chunk without white space that is left alone; in 52 million characters of news, one URL has 267."""
MAX_SIGNS = 64
"""Longest run of signs that is read within a longer chunk."""
MAX_WORD = 100
"""Longest run of letters in a script with spaces; the longest German compound in use has 79."""

_CHUNK = re.compile(r"\S+")
_SIGNS = re.compile(r"-+")
_LETTERS = re.compile(r"[aA]+")
_INNER_CAPITAL = re.compile(r"(?<=a)A")
_UNSPACED = (
    (0x0E00, 0x0EFF), (0x0F00, 0x109F), (0x1100, 0x11FF), (0x1780, 0x17FF), (0x1950, 0x19DF), (0x1A20, 0x1AAF),
    (0x3040, 0x30FF), (0x3130, 0x318F), (0x31F0, 0x31FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xA960, 0xA97F),
    (0xAC00, 0xD7FF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF),
)  # fmt: skip
"""Thai, Lao, Tibetan, Burmese, Khmer, Tai, kana, Han; and Hangul, whose spaces are often lost."""


def make_doc(nlp: Language, text: str) -> Doc:
    """Return the text as a doc of words, in time that is linear in its length.

    A text without a chunk of more than `MAX_CHUNK` characters gives the doc of `nlp.make_doc`.
    """
    if max(map(len, text.split()), default=0) <= MAX_CHUNK:
        return nlp.make_doc(text)
    tamed, cuts = tame(text)
    docs = [nlp.make_doc(tamed[start:end]) for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    return docs[0] if len(docs) == 1 else Doc.from_docs(docs, ensure_whitespace=False)


def tame(text: str) -> tuple[str, list[int]]:
    """Return the text with spaces in place of what is not prose, and where else it is to be cut.

    >>> tame("Rain " + "=" * 400 + " in Spain")[0].split(), tame("Rain")
    (['Rain', 'in', 'Spain'], ('Rain', []))
    """
    pieces: list[str] = []
    cuts: list[int] = []
    at = 0
    for match in _CHUNK.finditer(text):
        if match.end() - match.start() <= MAX_CHUNK:
            continue
        pieces.append(text[at : match.start()])
        at = match.start()
        for part, is_read in _parts(match[0]):
            pieces.append(part if is_read else " " * len(part))
            cuts += [at + cut for cut in _cuts(part)] if is_read else []
            at += len(part)
    return "".join([*pieces, text[at:]]), cuts


def _parts(chunk: str) -> Iterator[tuple[str, bool]]:
    """Yield the parts of a long chunk in order, and whether the model reads them."""
    if sum(map(_is_unspaced, chunk)) * 2 >= len(chunk):
        yield chunk, True
        return
    kinds = "".join(map(_kind, chunk))
    at = 0
    for signs in _SIGNS.finditer(kinds):
        if signs.end() - signs.start() > MAX_SIGNS:
            yield from _part(chunk[at : signs.start()], kinds[at : signs.start()])
            yield chunk[signs.start() : signs.end()], False
            at = signs.end()
    yield from _part(chunk[at:], kinds[at:])


def _part(part: str, kinds: str) -> Iterator[tuple[str, bool]]:
    if part:
        yield part, len(part) <= MAX_CHUNK or ("://" not in part and _is_prose(kinds))


def _is_prose(kinds: str) -> bool:
    """Return True if the kinds of some characters are those of words that signs join.

    >>> _is_prose("Aaaa-aaaaa--" * 40), _is_prose("aA1aAAa1aAa-" * 40), _is_prose("a" * 400)
    (True, False, False)
    """
    words = [word.end() - word.start() for word in _LETTERS.finditer(kinds)]
    letters = sum(words)
    inner_capitals = sum(1 for _ in _INNER_CAPITAL.finditer(kinds))
    return (
        letters * 10 >= len(kinds) * 6
        and max(words) <= MAX_WORD
        and letters >= 3 * len(words)
        and inner_capitals * 10 <= letters
    )


def _cuts(part: str) -> Iterator[int]:
    """Yield the offsets at which a part is cut, so that no piece has more than `MAX_CHUNK` characters."""
    start = 0
    while len(part) - start > MAX_CHUNK:
        start = _last_sign(part, start + MAX_CHUNK // 2, start + MAX_CHUNK)
        yield start


def _last_sign(part: str, low: int, high: int) -> int:
    """Return the end of the last sign in a stretch; where there is none, the last place that parts no mark."""
    for is_end in (_is_sign, _is_letter):
        for at in range(high, low, -1):
            if is_end(part[at - 1]) and not unicodedata.category(part[at]).startswith("M"):
                return at
    return high


def _is_sign(letter: str) -> bool:
    return _kind(letter) == "-"


def _is_letter(letter: str) -> bool:
    return _kind(letter) != "-"


def _kind(letter: str) -> str:
    """Return `a` for a letter or a mark, `A` for a capital, `1` for a digit, `-` for a sign."""
    category = unicodedata.category(letter)
    if category[0] in "LM":
        return "A" if category == "Lu" else "a"
    return "1" if category[0] == "N" else "-"


def _is_unspaced(letter: str) -> bool:
    code = ord(letter)
    return code >= 0x0E00 and any(low <= code <= high for low, high in _UNSPACED)
