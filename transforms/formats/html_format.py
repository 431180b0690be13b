"""Web pages: a page is one article."""

from typing import Any

from transforms.formats.base import Format
from transforms.formats.columns import page_columns
from transforms.records import Item
from transforms.text.urls import absolute


class HtmlFormat(Format):
    """HTML pages."""

    name = "html"
    extensions = (".html", ".htm")
    media_types = ("text/html",)
    item_kinds = ("html",)
    is_taken_from_archives = True

    def sniff(self, head: bytes) -> bool:
        """Return True if a page opens with its document type or root element."""
        return head.lower().lstrip().startswith((b"<!doctype html", b"<html"))

    def fields(self, item: Item) -> dict[str, Any]:
        """Return the columns of a saved page; a local file's path is not the address of the page."""
        from transforms.formats.html.page import parse_page  # heavy; the launcher does not need it

        url = absolute(item.uri)
        page = parse_page(item.content, url=url, charset=item.charset, fetched=item.fetched)
        return {"url": url or page.metadata.canonical_url, **page_columns(page)}
