"""JSON Feed 1.0 and 1.1 to entries (https://www.jsonfeed.org/version/1.1/), lenient as feeds need it."""

from collections.abc import Iterator
from typing import Any

from transforms.failures import BadRecord, Reason
from transforms.formats.feed.parse import Body, Entry, Feed, few, label
from transforms.text.bylines import distinct, names
from transforms.text.markup import html_to_line
from transforms.text.normalize import clean_line
from transforms.text.urls import absolute, canonical


def is_json_feed(value: Any) -> bool:
    """Return True if parsed JSON is a feed: it says so, or it is an object with a list of items.

    >>> is_json_feed({"version": "https://jsonfeed.org/version/1", "items": []}), is_json_feed([])
    (True, False)
    """
    return isinstance(value, dict) and ("jsonfeed" in str(value.get("version", "")) or _is_list(value.get("items")))


def parse_json_feed(feed: dict[str, Any], uri: str) -> Iterator[Entry | BadRecord]:
    """Yield the entries of a JSON Feed in their order; an item that is not an object is an error in its place.

    Raises:
        BadRecord: NO_ENTRIES.
    """
    items = feed.get("items")
    if not _is_list(items) or not items:
        raise BadRecord(Reason.NO_ENTRIES, "a JSON Feed without items")
    of_all = _feed(feed, uri)
    for item in items:
        if isinstance(item, dict):
            yield _entry(item, of_all)
        else:
            yield BadRecord(Reason.BAD_FEED, f"an item that is no object but {str(item)[:60]!r}")


def _feed(feed: dict[str, Any], uri: str) -> Feed:
    own = absolute(_text(feed, "feed_url"))
    return Feed(
        url=absolute(uri) or own,
        base=absolute(uri) or own or absolute(_text(feed, "home_page_url")) or "",
        publisher=label(clean_line(_text(feed, "title") or "")),
        language=label(_text(feed, "language")),
        authors=few(_authors(feed)),
    )


def _entry(item: dict[str, Any], feed: Feed) -> Entry:
    base = feed.base
    url = absolute(_text(item, "url"), base) or absolute(_text(item, "id"))
    files = [absolute(_text(file, "url"), base) for file in _objects(item.get("attachments"))]
    image = absolute(_text(item, "image"), base) or absolute(_text(item, "banner_image"), base)
    return Entry(
        entry_id=clean_line(_text(item, "id") or "") or None,
        url=url,
        canonical_url=canonical(url),
        feed_url=feed.url,
        title=html_to_line(_text(item, "title") or "") or None,
        authors=_authors(item) or feed.authors,
        byline=", ".join(_bylines(item)) or None,
        publisher=feed.publisher,
        language=_text(item, "language") or feed.language,
        keywords=distinct(clean_line(tag) for tag in _strings(item.get("tags"))),
        published=_text(item, "date_published"),
        published_basis="feed" if _text(item, "date_published") else None,
        modified=_text(item, "date_modified"),
        bodies=tuple(_bodies(item)),
        image_url=image,
        media_urls=tuple(dict.fromkeys(address for address in [*files, image] if address)),
    )


def _bodies(item: dict[str, Any]) -> Iterator[Body]:
    for key, basis, is_html in (
        ("content_html", "content", True),
        ("content_text", "content", False),
        ("summary", "summary", False),
    ):
        value = _text(item, key)
        if value:
            yield Body(basis=basis, value=value, is_html=is_html)


def _bylines(record: dict[str, Any]) -> list[str]:
    """Return names of authors: a list of objects in 1.1, one object in 1.0, plain strings in the wild."""
    found = record.get("authors") or record.get("author") or []
    listed = found if _is_list(found) else [found]
    people = [_text(person, "name") if isinstance(person, dict) else person for person in listed]
    return [clean_line(person) for person in people if isinstance(person, str)]


def _authors(record: dict[str, Any]) -> tuple[str, ...]:
    return distinct(name for byline in _bylines(record) for name in names(byline))


def _text(record: Any, key: str) -> str | None:
    """Return the value as text; ids and dates come as numbers too."""
    value = record.get(key) if isinstance(record, dict) else None
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) and value != "" else None


def _strings(value: Any) -> list[str]:
    return [entry for entry in value if isinstance(entry, str)] if _is_list(value) else []


def _objects(value: Any) -> list[Any]:
    return [entry for entry in value if isinstance(entry, dict)] if _is_list(value) else []


def _is_list(value: Any) -> bool:
    return isinstance(value, list)
