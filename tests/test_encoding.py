"""Decoding as a browser does, over charsets declared rightly, wrongly and not at all."""

import pytest

from transforms.text.encoding import codec_of, declared_in_document, decode, looks_binary
from transforms.text.normalize import clean, clean_paragraphs, encodable


@pytest.mark.parametrize(
    ("label", "codec"),
    [
        ("UTF-8", "utf-8"),
        (" utf8 ", "utf-8"),
        ("latin1", "cp1252"),
        ("us-ascii", "cp1252"),
        ("ISO-8859-9", "cp1254"),
        ("GB2312", "gb18030"),
        ("x-sjis", "cp932"),
        ("ks_c_5601-1987", "cp949"),
        ("windows-874", "cp874"),
        ("utf-7", None),
        ("rot13", None),
        ("zlib", None),
        ("", None),
        (None, None),
        ("no\0such", None),
    ],
)
def test_labels_mean_what_they_mean_on_the_web(label: str | None, codec: str | None) -> None:
    assert codec_of(label) == codec


@pytest.mark.parametrize(
    ("content", "label"),
    [
        (b'<?xml version="1.0" encoding="koi8-r"?>', "koi8-r"),
        (b'<html><head><meta charset="Shift_JIS">', "Shift_JIS"),
        (b"<META HTTP-EQUIV='Content-Type' CONTENT='text/html; charset=big5'>", "big5"),
        (b"no declaration", None),
        (b" " * 10_000 + b"<meta charset=koi8-r>", None),
    ],
)
def test_declarations_in_documents(content: bytes, label: str | None) -> None:
    assert declared_in_document(content) == label


@pytest.mark.parametrize(
    ("content", "declared", "text"),
    [
        ("Zürich".encode(), None, "Zürich"),
        ("Zürich".encode(), "utf-8", "Zürich"),
        ("Zürich".encode("cp1252"), None, "Zürich"),
        ("“Zürich”".encode("cp1252"), "iso-8859-1", "“Zürich”"),
        ("Привет".encode("koi8-r"), "koi8-r", "Привет"),
        ("日本".encode("shift_jis"), "shift_jis", "日本"),
        ("Zürich".encode("utf-8-sig"), "iso-8859-1", "Zürich"),
        ("Zürich".encode("utf-16"), "utf-8", "Zürich"),
        ("<?xml?>ü".encode("utf-16-le"), None, "<?xml?>ü"),
        # Declared wrongly.
        ("Zürich".encode(), "iso-8859-1", "Zürich"),
        ("日本語".encode(), "euc-jp", "日本語"),
        ("Zürich".encode("cp1252"), "utf-8", "Zürich"),
        ("Zürich".encode(), "utf-16", "Zürich"),
        ("Zürich".encode(), "no-such-charset", "Zürich"),
        # Bad bytes are replaced, and the rest is kept.
        (b"Z\xc3\xbcrich, Gen\xc3\xa8ve \xff!", "utf-8", "Zürich, Genève \ufffd!"),
        ("日本".encode("shift_jis") + b"\x81", "shift_jis", "日本\ufffd"),
        (b"", None, ""),
    ],
)
def test_decode(content: bytes, declared: str | None, text: str) -> None:
    assert decode(content, declared) == text


def test_a_document_is_believed_after_its_transport() -> None:
    page = "<meta charset=koi8-r>Привет".encode("koi8-r")
    assert decode(page).endswith("Привет")
    assert not decode(page, "windows-1251").endswith("Привет")


@pytest.mark.parametrize("charset", ["utf-8", "utf-16", "iso-2022-jp", "gb18030", "koi8-r", "big5", None])
def test_any_bytes_decode(charset: str | None) -> None:
    content = bytes(range(256)) * 4
    assert isinstance(decode(content, charset), str)


@pytest.mark.parametrize(
    ("content", "binary"),
    [
        (b"News.\r\n\tMore.\x0c", False),
        ("Новости".encode("koi8-r"), False),
        ("ニュース".encode("iso-2022-jp"), False),
        ("News".encode("utf-16"), False),
        ("<?xml".encode("utf-16-be"), False),
        (b"\x89PNG\r\n\x1a\n\0\0", True),
        (b"%PDF-1.4", True),
        (b"\x1f\x8b\x08", True),
        (b"News\0", True),
        (b"\x01\x02\x03\x04" + b"x" * 100, True),
    ],
)
def test_binary_is_told_from_text(content: bytes, binary: bool) -> None:
    assert looks_binary(content) == binary


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("a\xa0b\u2009c\u3000d", "a b c d"),
        ("a\u200bb\xadc\ufeffd\x00e\x07", "abcde"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("a\tb", "a\tb"),
        ("\ud800", "\ufffd"),
    ],
)
def test_clean(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


def test_paragraphs() -> None:
    assert clean_paragraphs(" a  b \n\n\n\n c\t\n d ") == "a b\n\nc\nd"


def test_offsets_hold_where_text_is_verbatim() -> None:
    assert len(encodable("a\ud83d b\udc00")) == len("a\ud83d b\udc00")
