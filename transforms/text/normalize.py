"""Text as it is stored: one kind of line end and space, and nothing invisible."""

import re

_LINE_ENDS = re.compile(r"\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_SPACES = re.compile(r"[\xa0\u1680\u2000-\u200a\u202f\u205f\u3000]")
# Controls, soft hyphens, zero-width spaces, marks of direction, byte order marks, noncharacters. The
# zero-width joiners stay: Persian and the languages of India are misspelt without them.
_INVISIBLE = re.compile(
    r"[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\xad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff"
    r"\ufff9-\ufffb\ufffe\uffff]"
)
_SURROGATES = re.compile(r"[\ud800-\udfff]")
_TRAILING = re.compile(r"[ \t]+(?=\n)|(?<=\n)[ \t]+|(?<=[ \t])[ \t]+")
_BLANK_LINES = re.compile(r"\n{3,}")


def clean(text: str) -> str:
    """Return line feeds for all line ends, plain spaces for all spaces, and no invisible characters.

    It is done once, before anything counts offsets; never to the text of a JSONL line.

    >>> clean("Z\\u00fc\\u00adrich,\\u00a0Oct.\\u202f1\\r\\n")
    'Zürich, Oct. 1\\n'
    """
    text = _LINE_ENDS.sub("\n", text)
    if text.isascii() and text.replace("\n", "").isprintable():
        return text
    return encodable(_INVISIBLE.sub("", _SPACES.sub(" ", text)))


def encodable(text: str) -> str:
    """Return `text` with each lone surrogate, which no file can hold, made U+FFFD; offsets stay as they are.

    >>> encodable("a\\ud800b")
    'a\\ufffdb'
    """
    return _SURROGATES.sub("\ufffd", text)


def clean_line(text: str) -> str:
    """Return a title or a name: `clean`, on one line, with single spaces.

    >>> clean_line("  Rain \\n in\\u00a0Spain ")
    'Rain in Spain'
    """
    return " ".join(clean(text).split())


def clean_paragraphs(text: str) -> str:
    """Return `clean`, with single blanks, none of them at the ends of lines, and without runs of blank lines."""
    return _BLANK_LINES.sub("\n\n", _TRAILING.sub("", clean(text))).strip()
