"""Bytes to text as a browser does it, and never with an error.

The order of trust is that of the WHATWG Encoding and HTML standards: a byte
order mark, the transport's charset, the document's own declaration, then UTF-8
if the bytes are valid, else windows-1252. Two departures, both because files
outlive the servers that labelled them: bytes that are valid UTF-8 are UTF-8
whatever single-byte charset is declared, and bytes that are mostly not UTF-8
are not read as UTF-8 however often they say so.
"""

import codecs
import re

FALLBACK = "cp1252"
DECLARATION_WINDOW = 4096
"""How far into a document its own declaration is looked for; browsers look 1,024 bytes far."""

_BYTE_ORDER_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_XML_IN_UTF16 = ((b"<\0?\0", "utf-16-le"), (b"\0<\0?", "utf-16-be"), (b"<\0!\0", "utf-16-le"), (b"\0<\0!", "utf-16-be"))
_DECLARED_IN_DOCUMENT = re.compile(
    rb"""<\?xml[^>]{0,200}?\bencoding\s*=\s*["']([\w.:-]{1,40})|<meta[^>]{0,400}?\bcharset\s*=\s*["']?\s*([\w.:-]{1,40})""",
    re.IGNORECASE,
)
_CONTROL_BYTES = bytes(set(range(32)) - set(b"\t\n\f\r\x1b\x1a\x08"))

# https://encoding.spec.whatwg.org/#names-and-labels: what a label means on the web, where that
# is wider than the codec of that name.
_WIDER = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "hz": "gb18030",
    "big5": "big5hkscs",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "utf-16": "utf-16-le",
}
_UNKNOWN_TO_PYTHON = {
    "windows-874": "cp874",
    "dos-874": "cp874",
    "windows-949": "cp949",
    "iso-8859-8-i": "iso8859-8",
    "iso-8859-8-e": "iso8859-8",
    "unicode-1-1-utf-8": "utf-8",
    "x-mac-ukrainian": "mac-cyrillic",
    "x-unicode20utf8": "utf-8",
}
_ON_THE_WEB = {
    *("utf-8", "utf-16-le", "utf-16-be", "cp866", "cp874", "koi8-r", "koi8-u", "mac-roman", "mac-cyrillic"),
    *("gb18030", "big5hkscs", "euc_jp", "iso2022_jp", "cp932", "cp949"),
    *(f"cp{page}" for page in range(1250, 1259)),
    *(f"iso8859-{part}" for part in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)),
}


def codec_of(label: str | None) -> str | None:
    """Return the Python codec that a charset label means on the web; None for a label that browsers do not know.

    >>> codec_of("ISO-8859-1"), codec_of("shift_jis"), codec_of("rot13"), codec_of("utf-7")
    ('cp1252', 'cp932', None, None)
    """
    label = (label or "").strip(" \t\r\n\"'").lower()
    try:
        name = codecs.lookup(_UNKNOWN_TO_PYTHON.get(label, label.removeprefix("x-"))).name
    except (LookupError, ValueError, UnicodeError):
        return None
    name = _WIDER.get(name, name)
    return name if name in _ON_THE_WEB else None


def declared_in_document(content: bytes) -> str | None:
    """Return the charset label in the document's XML declaration or `<meta>`, if it has one.

    >>> declared_in_document(b'<html><meta charset=koi8-r><p>')
    'koi8-r'
    """
    match = _DECLARED_IN_DOCUMENT.search(content, 0, DECLARATION_WINDOW)
    return (match[1] or match[2]).decode("ascii") if match else None


def _marked(content: bytes) -> tuple[str, int] | None:
    """Return the codec that the first bytes show, and how many of them to skip."""
    for mark, codec in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return codec, len(mark)
    for opening, codec in _XML_IN_UTF16:
        if content.startswith(opening):
            return codec, 0
    return None


def _as_utf8(content: bytes) -> str:
    """Return decoded as UTF-8, unless most of what is not ASCII is not UTF-8 either."""
    text = content.decode("utf-8", "replace")
    bad = text.count("\ufffd")
    beyond_ascii = len(text) - len(text.encode("ascii", "ignore"))
    return text if 2 * bad <= beyond_ascii else content.decode(FALLBACK, "replace")


def decode(content: bytes, declared: str | None = None) -> str:
    """Return the text of a document; bytes that mean nothing in its charset become U+FFFD.

    Args:
        content: the whole document.
        declared: the charset given by the transport, if any.

    >>> decode("Zürich".encode("latin-1"), "utf-8"), decode("Zürich".encode(), "iso-8859-1")
    ('Zürich', 'Zürich')
    """
    marked = _marked(content)
    if marked:
        return content[marked[1] :].decode(marked[0], "replace")
    codec = codec_of(declared) or codec_of(declared_in_document(content)) or "utf-8"
    if codec.startswith("utf-16") and b"\0" not in content:
        codec = "utf-8"  # a document that can declare UTF-16 in ASCII letters is not UTF-16
    for trial in ("utf-8", codec) if _is_single_byte(codec) else (codec, "utf-8"):
        try:
            return content.decode(trial)
        except UnicodeDecodeError:
            continue
    return _as_utf8(content) if codec == "utf-8" else content.decode(codec, "replace")


def _is_single_byte(codec: str) -> bool:
    return codec.startswith(("cp125", "iso8859", "koi8", "mac", "cp866", "cp874"))


def looks_binary(content: bytes) -> bool:
    """Return True if the bytes are something other than text: a picture, an archive, a program.

    As browsers do (https://mimesniff.spec.whatwg.org), by control bytes near the start; text in
    UTF-16 is recognised by its mark.

    >>> looks_binary(b"%PDF-1.7 ..."), looks_binary(b"PK\\x03\\x04\\x14\\0"), looks_binary("Zürich".encode())
    (True, True, False)
    """
    if _marked(content):
        return False
    head = content[:65536]
    if head.startswith((b"%PDF-", b"{\\rtf", b"PK\x03\x04", b"\x1f\x8b", b"GIF8")):
        return True
    control = len(head) - len(head.translate(None, _CONTROL_BYTES))
    return b"\0" in head or control * 100 > len(head)
