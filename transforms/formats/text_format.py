"""Plain text: a file is one article, with the boilerplate around it removed."""

from typing import Any

from transforms.formats.base import Format
from transforms.formats.columns import date_columns
from transforms.formats.plain_text import parse_plain_text
from transforms.records import Item
from transforms.text.bylines import names
from transforms.text.dates import parse_date
from transforms.text.encoding import decode
from transforms.text.normalize import clean

MAX_BYTES = 4
"""Bytes of a character at most, in any charset of the web: a longer file need not be decoded to be refused."""


class TextFormat(Format):
    """Plain text."""

    name = "text"
    extensions = (".txt",)
    item_kinds = ("text",)

    def min_characters(self, item: Item) -> int:
        """Return the number of characters if each took the most bytes."""
        return len(item.content) // MAX_BYTES

    def fields(self, item: Item) -> dict[str, Any]:
        """Return the columns of a file; `text` is one slice of the decoded and cleaned file."""
        plain = parse_plain_text(clean(decode(item.content, item.charset)))
        raw = plain.date_raw
        return {
            "headline": plain.title,
            "byline": plain.byline,
            "authors": names(plain.byline or ""),
            **date_columns(parse_date(raw) if raw else None, raw, "text"),
            "text": plain.text,
            "text_basis": "file",
            "text_start": plain.text_start,
            "removed": plain.removed,
        }
