"""Web archives (WARC): each response that is a page or a feed is a document."""

from collections.abc import Iterator
from typing import BinaryIO

from transforms.formats.base import Format
from transforms.records import Document, Failure


class WarcFormat(Format):
    """WARC files."""

    name = "warc"
    extensions = (".warc",)
    is_archive = True

    def read_archive(self, file: BinaryIO, uri: str, *, max_bytes: int) -> Iterator[Document | Failure]:
        """Yield the documents of a WARC file; see `formats.warc.read_warc`."""
        from transforms.formats.warc import read_warc  # needs this module's list, and fastwarc

        yield from read_warc(file, uri, max_bytes=max_bytes)
