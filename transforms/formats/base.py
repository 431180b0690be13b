"""Input formats: how a file, response or message of one form becomes items, and each item an article's columns.

An input passes through three stages. `documents` cuts a stream of bytes into
documents, `split` a document into items, and `fields` turns one item into
columns. A new format is a subclass in a file of its own and a line in
`known.FORMATS`; see docs/adding/format.md.
"""

from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from transforms.failures import BadRecord, Reason
from transforms.formats.documents import whole_document
from transforms.records import Document, Failure, Item


class Format:
    """One input format. The attributes say when it applies, and what the steps may expect of it."""

    name: str
    """Value of `Document.kind`."""
    extensions: tuple[str, ...] = ()
    """File extensions in lower case, with the dot and without `.gz`."""
    media_types: tuple[str, ...] = ()
    """Media types of responses; one without a slash applies to every type that contains it."""
    item_kinds: tuple[str, ...] = ()
    """Values of `Item.kind` whose columns `fields` returns; `articles.source_kind` has them."""
    has_entries: bool = False
    """True for a feed: its entries are remembered from one run to the next."""
    is_read_by_lines: bool = False
    """True if a long response arrives as several documents, each with whole lines."""
    is_taken_from_archives: bool = False
    """True if a record of a web archive may have this format."""
    is_archive: bool = False
    """True if a file holds documents of other formats; `read_archive` reads it."""
    needs_limits: bool = False
    """True if splitting is costly enough to be done in a child process with limits."""

    def sniff(self, head: bytes) -> bool:
        """Return True if the first bytes (at most 2,048) leave no doubt that a response has this format."""
        return False

    def matches_media_type(self, media: str) -> bool:
        """Return True if a response with this media type has this format.

        >>> class Lines(Format):
        ...     media_types = ("text/x-lines", "ndjson")
        >>> [Lines().matches_media_type(media) for media in ("text/x-lines", "application/x-ndjson", "text/html")]
        [True, True, False]
        """
        return any(own == media if "/" in own else own in media for own in self.media_types)

    def documents(self, frame: Document, blocks: Iterable[bytes], *, max_bytes: int) -> Iterator[Document | Failure]:
        """Yield `frame` with the bytes of a stream: one document, unless the format is read by lines.

        Raises:
            BadRecord: EMPTY, BINARY, TOO_LARGE.
        """
        yield whole_document(frame, blocks, max_bytes=max_bytes)

    def read_archive(self, file: BinaryIO, uri: str, *, max_bytes: int) -> Iterator[Document | Failure]:
        """Yield the documents of an archive.

        Raises:
            BadRecord: BAD_ARCHIVE, EMPTY.
        """
        raise BadRecord(Reason.BAD_ARCHIVE, f"{self.name} is not an archive")

    def split(self, document: Document) -> Iterator[Item]:
        """Yield the items of a document: one for each article to be.

        Raises:
            BadRecord: before the first item; a broken entry or line stays an item.
        """
        yield item_of(document, 0, self.item_kinds[0], document.content)

    def min_characters(self, item: Item) -> int:
        """Return a number of characters that the text has at least, known without parsing; 0 if unknown."""
        return 0

    def fields(self, item: Item) -> dict[str, Any]:
        """Return the columns of an article that this format knows; `text` and `text_basis` always.

        Raises:
            BadRecord: BAD_JSON, NO_TEXT, NO_ARTICLE, TOO_COMPLEX.
        """
        raise NotImplementedError


def item_of(document: Document, position: int, kind: str, content: Any) -> Item:
    """Return an item with the provenance of its document.

    Args:
        document: where the item is in.
        position: line or entry, from 1; 0 for a whole document.
        kind: one of the format's `item_kinds`.
        content: bytes, or a parsed entry.
    """
    return Item(
        uri=document.uri,
        position=position,
        kind=kind,
        content=content,
        fetched=document.fetched,
        charset=document.charset,
        record=document.record,
    )
