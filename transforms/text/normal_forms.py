"""Unicode's normal forms in linear time.

Python sorts a run of combining marks in time that grows with the square of its
length: 1.6 s for 40,000 marks. A base letter of any language has a few.
"""

import re
import unicodedata

MAX_MARKS = 30
"""Marks in a row; the Stream-Safe Text Format has as many (https://www.unicode.org/reports/tr15/, section 13)."""

# No mark is a letter or digit, but for the two of Japanese in half width.
_SIGNS = re.compile(rf"(?:[^\w\x00-\x7f]|[\uff9e\uff9f]){{{MAX_MARKS + 1},}}")


def normal_form(form: str, text: str) -> str:
    """Return a text in a normal form, without the marks that follow `MAX_MARKS` others.

    Args:
        form: NFC, NFD, NFKC or NFKD.
        text: of any length.

    >>> normal_form("NFC", "e\\u0301"), len(normal_form("NFC", "\\u0301\\u0323" * 10_000))
    ('é', 30)
    """
    return unicodedata.normalize(form, few_marks(text))  # type: ignore[arg-type]


def few_marks(text: str) -> str:
    """Return a text without the marks that follow `MAX_MARKS` others, for code that brings it into a normal form.

    >>> few_marks("a\u0301") == "a\u0301", len(few_marks("\u0301\u0323" * 10_000))
    (True, 30)
    """
    return text if text.isascii() else _SIGNS.sub(_bounded, text)


def _bounded(match: re.Match[str]) -> str:
    kept = []
    count = 0
    for sign in match[0]:
        count = count + 1 if unicodedata.combining(unicodedata.normalize("NFKD", sign)[0]) else 0
        if count <= MAX_MARKS:
            kept.append(sign)
    return "".join(kept)
