"""Text for terminals and logs, without the control characters that others may have put into it.

File names, addresses, headlines and messages of errors come from strangers. A
terminal takes an ESC in them for a command: it changes colors and titles,
deletes lines, and in some programs pastes input. Bidirectional controls show a
text in another order than it has. So each such character is shown as its
escape, `\\x1b` or `\\u202e`. Everything that is printed goes through here.
"""

import re
import sys
import traceback
from typing import Any, TextIO

_CONTROL = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 without tab and line feed, DEL, C1
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # bidirectional: https://www.unicode.org/reports/tr9/
    "\u2028\u2029"  # line ends for some programs
    "\ufff9-\ufffb\U000e0000-\U000e007f"  # annotations and tags, which are not seen
    "\ud800-\udfff"  # bytes of file names that are not UTF-8
)
_HARMFUL = re.compile(f"[{_CONTROL}]")
_HARMFUL_IN_LINE = re.compile(f"[\t\n{_CONTROL}]")


def printable(text: str) -> str:
    """Return a text of one or more lines with its control characters shown as escapes.

    >>> print(printable("a\\x1b[31mb\\u202ec\\r\\nd"))
    a\\x1b[31mb\\u202ec\\x0d
    d
    """
    return _HARMFUL.sub(_escape, text)


def one_line(text: str) -> str:
    """Return a text as a part of one line: line feeds and tabs are shown as escapes, too.

    >>> print(one_line("a\\nb\\tc"))
    a\\x0ab\\x09c
    """
    return _HARMFUL_IN_LINE.sub(_escape, text)


def printable_json(dumped: str) -> str:
    r"""Return JSON with the control characters in its strings as JSON's own escapes.

    >>> print(printable_json('{"a": "\u202e\u009b"}'))
    {"a": "\u202e\u009b"}
    """
    return _HARMFUL.sub(_escape_in_json, dumped)


def show(text: str = "", *, end: str = "\n", file: TextIO | None = None) -> None:
    """Print a text without control characters and secrets, in the encoding of the stream, and flush it.

    Args:
        text: of one or more lines.
        end: printed after it.
        file: stdout if not given.
    """
    write(printable(masked(text)) + end, file)


def masked(text: str) -> str:
    """Return a text with the addresses in it masked, as soon as the program has read any."""
    # Not imported here: Beam would come with it, and `--help` would take seconds.
    mask_text = getattr(sys.modules.get("transforms.http.redact"), "mask_text", None)
    return str(mask_text(text)) if mask_text else text


def write(text: str, file: TextIO | None = None) -> None:
    """Print a text of our own, which may have control characters; what the encoding lacks is shown as escapes."""
    out = sys.stdout if file is None else file
    encoding = getattr(out, "encoding", None) or "utf-8"
    out.write(text.encode(encoding, "backslashreplace").decode(encoding))
    out.flush()


def show_uncaught(kind: type[BaseException], error: BaseException | None, trace: Any) -> None:
    """Print the traceback of an error that nobody caught; a hook for `sys.excepthook`."""
    show("".join(traceback.format_exception(kind, error, trace)), end="", file=sys.stderr)


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _escape_in_json(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code < 0x10000:
        return f"\\u{code:04x}"
    return f"\\u{0xD800 + (code - 0x10000 >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"
