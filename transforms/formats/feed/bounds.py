"""Bounds on what feedparser does with long values, set where its options do not reach."""

from typing import Any

from feedparser.mixin import _FeedParserMixin

MAX_AUTHOR = 1_000
"""Characters of an author in which feedparser looks for an e-mail address, in time that grows with their square."""

_sync_author_detail = _FeedParserMixin._sync_author_detail


def _sync_bounded(self: Any, key: str = "author") -> None:
    """Keep a long author as it is, with no e-mail address cut out of it."""
    context = self._get_context()
    author = context.get(key)
    if isinstance(author, str) and len(author) > MAX_AUTHOR:
        details = context.get(f"{key}s")
        if details and not details[-1]:
            details[-1]["name"] = author
        return
    _sync_author_detail(self, key)


def bound_authors() -> None:
    """Have feedparser pass long authors by (6.0.12, `mixin.py`: `emailmatch`)."""
    vars(_sync_bounded)["__wrapped__"] = _sync_author_detail
    _FeedParserMixin._sync_author_detail = _sync_bounded
