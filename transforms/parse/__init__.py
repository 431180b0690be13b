"""Bytes -> Article: feeds, pages, JSON and plain text."""

from typing import TYPE_CHECKING

from transforms.lazy import on_demand

if TYPE_CHECKING:
    from transforms.parse.article import Parse, parse_item
    from transforms.parse.split import Split
else:
    __getattr__ = on_demand(__name__)

__all__ = ["Parse", "Split", "parse_item"]
