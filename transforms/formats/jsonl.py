"""One JSON object to one article's fields: the lines of a JSONL file, or the articles of a `.json` file."""

import dataclasses
import json
import math
from typing import Any

from transforms.failures import BadRecord, Reason
from transforms.text.bylines import distinct, names
from transforms.text.encoding import decode
from transforms.text.normalize import clean_line, encodable

KEYS: dict[str, tuple[str, ...]] = {
    "id": ("id", "source_id", "guid", "_id", "article_id"),
    "url": ("url", "link", "source_url", "web_url"),
    "canonical_url": ("canonical_url",),
    "title": ("title", "headline"),
    "text": ("text", "body", "content", "article_text", "full_text", "articleBody"),
    "html": ("html", "content_html", "body_html", "raw_html"),
    "published": ("date", "date_published", "published", "published_at", "datePublished", "pub_date", "publish_date"),
    "modified": ("date_modified", "modified", "updated", "updated_at", "dateModified"),
    "publisher": ("publisher", "source", "source_name", "site_name", "outlet"),
    "byline": ("byline",),
    "authors": ("authors", "author"),
    "language": ("language", "lang"),
    "section": ("section", "category"),
    "keywords": ("keywords", "tags", "categories"),
    "summary": ("summary", "description", "abstract"),
    "image": ("image_url", "image", "top_image"),
}
"""Field -> keys under which files in the wild have it, the first with a value winning. Other keys are ignored."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Record:
    """What a JSON object says of an article; `text` is verbatim, all else on one line."""

    text: str | None = None
    html: str | None = None
    source_id: str | None = None
    url: str | None = None
    canonical_url: str | None = None
    title: str | None = None
    published: str | None = None
    published_key: str | None = None
    modified: str | None = None
    publisher: str | None = None
    byline: str | None = None
    authors: tuple[str, ...] = ()
    language: str | None = None
    section: str | None = None
    keywords: tuple[str, ...] = ()
    summary: str | None = None
    image_url: str | None = None


def parse_line(line: bytes) -> Record:
    """Return one line of a JSONL file.

    Raises:
        BadRecord: BAD_JSON if it is not one JSON object; NO_TEXT if it has neither text nor html.

    >>> record = parse_line(b'{"id": 7, "headline": "Rain", "text": " It rains.\\\\n", "author": "By Ann Lee"}')
    >>> record.source_id, record.title, record.text, record.authors
    ('7', 'Rain', ' It rains.\\n', ('Ann Lee',))
    """
    return record_of(load(line))


def load(content: bytes) -> Any:
    """Return parsed JSON, in whatever charset.

    Raises:
        BadRecord: BAD_JSON.
    """
    try:
        return json.loads(decode(content, "utf-8").strip())
    except (ValueError, RecursionError) as error:
        raise BadRecord(Reason.BAD_JSON, f"not JSON: {error}") from error


def record_of(value: Any) -> Record:
    """Return the fields of a parsed object.

    Raises:
        BadRecord: as `parse_line`.
    """
    if not isinstance(value, dict):
        raise BadRecord(Reason.BAD_JSON, f"not a JSON object but {type(value).__name__}: {str(value)[:60]!r}")
    found = {field: _first(value, keys) for field, keys in KEYS.items()}
    text, html = _verbatim(found["text"][1]), _verbatim(found["html"][1])
    if not text.strip() and not html.strip():
        raise BadRecord(
            Reason.NO_TEXT,
            f"text and html are missing, empty or no strings; keys: {', '.join(sorted(map(str, value)))[:200]}",
        )
    published_key, published = found["published"]
    return Record(
        text=text if text.strip() else None,
        html=html,
        source_id=_line(found["id"][1]),
        url=_line(found["url"][1]),
        canonical_url=_line(found["canonical_url"][1]),
        title=_line(found["title"][1]),
        published=_line(published),
        published_key=published_key,
        modified=_line(found["modified"][1]),
        publisher=_line(_named(found["publisher"][1])),
        byline=_line(found["byline"][1]) or ", ".join(_lines(found["authors"][1])) or None,
        authors=distinct(
            name for byline in _lines(found["authors"][1]) or _lines(found["byline"][1]) for name in names(byline)
        ),
        language=_line(found["language"][1]),
        section=_line(_named(found["section"][1])),
        keywords=distinct(_keywords(found["keywords"][1])),
        summary=_line(found["summary"][1]),
        image_url=_line(found["image"][1]),
    )


def _first(value: dict[str, Any], keys: tuple[str, ...]) -> tuple[str | None, Any]:
    """Return the first key that has something, and what it has."""
    return next(((key, value[key]) for key in keys if value.get(key) not in (None, "", [], {})), (None, None))


def _verbatim(value: Any) -> str:
    return encodable(value) if isinstance(value, str) else ""


def _line(value: Any) -> str | None:
    """Return a text or number on one line; None for anything else."""
    if isinstance(value, bool) or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return clean_line(str(value)) or None if isinstance(value, str | int | float) else None


def _named(value: Any) -> Any:
    """Return the name of an object such as `{"id": "bbc", "name": "BBC News"}`, the first of a list, or the value
    itself.
    """
    if isinstance(value, list):
        value = value[0]
    return next((value[key] for key in ("name", "title") if key in value), None) if isinstance(value, dict) else value


def _lines(value: Any) -> list[str]:
    """Return a value, or each of a list of values, on one line."""
    values = value if isinstance(value, list) else [value]
    return [line for line in (_line(_named(entry)) for entry in values if entry) if line]


def _keywords(value: Any) -> list[str]:
    """Return keywords; a single string may have many."""
    if isinstance(value, str):
        value = value.split(";" if ";" in value else ",")
    return _lines(value) if value else []
