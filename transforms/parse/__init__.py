"""Bytes -> Article: feeds, pages, JSON and plain text."""

from transforms.parse.article import Parse, parse_item
from transforms.parse.split import Split, split

__all__ = ["Parse", "Split", "parse_item", "split"]
