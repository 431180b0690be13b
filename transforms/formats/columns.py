"""Columns that several formats fill: dates, and what a web page says about its article."""

import datetime
from typing import Any

from transforms.text.dates import ParsedDate, parse_date


def date_columns(parsed: ParsedDate | None, raw: str | None, basis: str | None) -> dict[str, Any]:
    """Return the columns of a publication date; the raw text is kept even if it names no certain day."""
    return {
        "date_published": parsed.value if parsed else None,
        "date_published_precision": parsed.precision if parsed else None,
        "date_published_raw": raw,
        "date_published_basis": basis if raw else None,
    }


def instant(raw: str | None) -> datetime.datetime | None:
    """Return a date as an instant; None if it cannot be parsed."""
    parsed = parse_date(raw) if raw else None
    return parsed.value if parsed else None


def page_columns(page: Any) -> dict[str, Any]:
    """Return the columns of a parsed web page (`formats.html.page.Page`)."""
    metadata = page.metadata
    return {
        "canonical_url": metadata.canonical_url,
        "publisher": metadata.publisher,
        "headline": metadata.title,
        "byline": metadata.byline,
        "authors": metadata.authors,
        "section": metadata.section,
        "keywords": metadata.keywords,
        "summary": metadata.summary,
        "image_url": metadata.image_url,
        "declared_language": metadata.language,
        **date_columns(page.published, page.published_raw, page.published_basis),
        "date_modified": instant(metadata.modified),
        "text": page.text,
        "text_basis": "page",
        "removed": page.removed,
    }
