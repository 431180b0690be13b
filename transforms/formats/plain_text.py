"""Plain-text articles: headline, byline and date line taken from the head, site boilerplate from head and tail.

Only whole lines are left out, only at the two ends, and each for a reason of
the closed set `Cut`; the body stays one slice of the input, so offsets hold.
Prose is never judged: a line is boilerplate because it has the form of one.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from transforms.text.boilerplate import Cut, boilerplate
from transforms.text.dateline.parse import parse_dateline
from transforms.text.dateline.tokens import DATE, GROUP, is_capitals, tokens
from transforms.text.dates import parse_date

__all__ = ["Cut", "PlainText", "is_byline", "is_date_line", "is_title_like", "parse_plain_text"]


@dataclass(frozen=True)
class PlainText:
    """The parts of a plain-text article; `text` is one slice of the input, from `text_start`.

    Attributes:
        title: a first line that is a headline.
        byline: the line that names the authors, as printed.
        date_raw: the date line, as printed.
        text: the body, dateline included.
        text_start: offset of the body in the input, code points.
        removed: reasons of what was left out at head and tail, each once, from top to bottom.
    """

    title: str | None
    byline: str | None
    date_raw: str | None
    text: str
    text_start: int
    removed: tuple[str, ...]


@dataclass(frozen=True)
class _Line:
    start: int
    end: int
    text: str


MAX_HEAD_LINES = 12
MAX_TAIL_LINES = 60
MAX_TAIL = 30_000
"""Characters at the end of a text in which the tail is looked for."""
MAX_TAIL_SHARE, SMALL_TAIL = 0.5, 600
"""A tail of boilerplate longer than this share of the article, and than these characters, is not believed."""

_CONTENT = re.compile(r"[^\s\ufeff\u200b][^\n]*")
_BLANK = " \t\r\n\f\v\xa0\ufeff\u200b"
_BYLINE = re.compile(
    r"(?:by|von|par|por|di|door|av|af|autor|author|written by|reported by|текст|автор)(?::| ) ?[^\W\d_][^\n]{1,90}",
    re.IGNORECASE,
)
_FINAL = re.compile(r"[.!?…。！？۔।][\"'”’»)\]]*$")
_NO_TITLE = re.compile(r"\.[\"')\]’”»]*$|[a-zß-ÿ][.!?][\"'”’]? [^\W\d_a-z]|https?:|www\.|@|#\w|\|")
"""A full stop at the end, a second sentence, addresses, tags."""
_UNFINISHED = (",", ":", ";", "-", "–", "—", "_")


def parse_plain_text(text: str) -> PlainText:
    """Take a plain-text article apart; takes time in proportion to its length.

    >>> page = parse_plain_text("Wed, 28 Sep 2022\\n\\nOSLO - Trams ran late.\\n\\nShare this\\n")
    >>> page.date_raw, page.text, page.text_start, page.removed
    ('Wed, 28 Sep 2022', 'OSLO - Trams ran late.', 18, ('date', 'share'))
    """
    head, fields = _read_head(_first_lines(text))
    if head is None:
        return PlainText(None, None, None, "", len(text), ())
    last = _last_lines(text, head.end)
    tail, cuts = _read_tail(last, len(text) - head.start)
    cut = last[len(last) - tail].start if tail else len(text)
    return PlainText(
        title=fields.get(Cut.TITLE),
        byline=fields.get(Cut.BYLINE),
        date_raw=fields.get(Cut.DATE),
        text=text[head.start : cut].rstrip(_BLANK),
        text_start=head.start,
        removed=tuple(dict.fromkeys([*(cut.value for cut in fields), *(cut.value for cut in cuts)])),
    )


def _first_lines(text: str) -> list[_Line]:
    return list(islice(_lines(text, 0), MAX_HEAD_LINES + 4))


def _last_lines(text: str, start: int) -> list[_Line]:
    """Return the last lines after an offset, searched in a window of bounded size."""
    window = max(start, len(text) - MAX_TAIL)
    if window > start:
        window = text.find("\n", window) + 1 or len(text)
    return list(_lines(text, window))[-MAX_TAIL_LINES:]


def _lines(text: str, start: int) -> Iterator[_Line]:
    """Yield the lines that are not blank from an offset on, without the white space around them."""
    for match in _CONTENT.finditer(text, start):
        content = match.group().rstrip(_BLANK)
        yield _Line(match.start(), match.start() + len(content), content)


def _read_head(lines: Sequence[_Line]) -> tuple[_Line | None, dict[Cut, str]]:
    """Return the first line of the body, and what the lines before it hold."""
    fields: dict[Cut, str] = {}
    for index, line in enumerate(lines[:MAX_HEAD_LINES]):
        cut = _head_cut(lines, index, fields)
        if cut is None or index == len(lines) - 1:
            return line, fields
        fields.setdefault(cut, line.text)
    return (lines[MAX_HEAD_LINES], fields) if lines else (None, fields)


def _head_cut(lines: Sequence[_Line], index: int, fields: dict[Cut, str]) -> Cut | None:
    line = lines[index]
    if is_date_line(line.text):
        return Cut.DATE
    if is_byline(line.text):
        return Cut.BYLINE
    if cut := boilerplate(line.text):
        return cut
    untouched = fields.keys() <= {Cut.NAVIGATION, Cut.SHARE, Cut.ADVERTISEMENT, Cut.DATE}
    return Cut.TITLE if untouched and _is_title(lines, index) else None


def is_date_line(line: str) -> bool:
    """Return True if the line is a date and nothing else.

    >>> is_date_line("Updated: September 28, 2022"), is_date_line("On 28 September 2022 it rained.")
    (True, False)
    """
    return len(line) <= 80 and any(map(str.isdigit, line)) and parse_date(line) is not None


def is_byline(line: str) -> bool:
    """Return True if the line names authors: short, `By` and a name with capitals, no sentence.

    >>> is_byline("By Jane Doe and Ola Nordmann"), is_byline("By then the rain had stopped.")
    (True, False)
    """
    if not _BYLINE.fullmatch(line) or _FINAL.search(line):
        return False
    words = re.findall(r"[^\W\d_]+", line)[1:]
    return (
        1 <= len(words) <= 12 and sum(word[0].isupper() for word in words) * 2 >= len(words) and words[0][0].isupper()
    )


def _is_title(lines: Sequence[_Line], index: int) -> bool:
    """Return True if a line is a headline: short, open-ended, and followed by date, byline or prose of its own
    paragraph.
    """
    line = lines[index]
    if not is_title_like(line.text) or index + 1 >= len(lines):
        return False
    following = lines[index + 1 : index + 4]
    if is_date_line(following[0].text) or is_byline(following[0].text):
        return True
    apart = following[0].start - line.end > 1
    return apart and _is_prose(following[0].text)


def is_title_like(line: str) -> bool:
    """Return True if a line could be a headline; a dateline is none, alone on its line or with what follows it.

    >>> is_title_like("Rain closes the harbour for a week"), is_title_like("BAAR, SWITZERLAND")
    (True, False)
    >>> is_title_like("GAZA CITY (AP) — The army said on Monday that it had left")
    False
    """
    words = line.split()
    if not 3 <= len(words) <= 25 or len(line) > 160 or line.endswith(_UNFINISHED):
        return False
    return not (_NO_TITLE.search(line) or _is_own_dateline(line) or _opens_with_dateline(line))


def _opens_with_dateline(line: str) -> bool:
    """Return True if a line begins with a dateline that is certain: it has an agency or a date with the
    place.
    """
    found = parse_dateline(line, lambda name: False)
    return found is not None and found.start == 0 and bool(found.agency or found.date)


def _is_own_dateline(line: str) -> bool:
    found = list(tokens(line, 0))
    whole = bool(found) and found[-1].end >= len(line)
    kinds = {token.kind for token in found}
    return whole and (bool(kinds & {DATE, GROUP}) or ("," in line and is_capitals(line)))


def _is_prose(line: str) -> bool:
    return len(line) >= 60 or (len(line) >= 20 and _FINAL.search(line) is not None)


def _read_tail(lines: Sequence[_Line], length: int) -> tuple[int, list[Cut]]:
    """Return the number of boilerplate lines at the end of an article, and their reasons, from the top down.

    Going up from the end, a line of boilerplate takes along the lines below
    it, as long as they are short and not full sentences of an article.
    """
    cuts: list[Cut] = []
    longest = max(SMALL_TAIL, MAX_TAIL_SHARE * length)
    tail = below = 0
    for count, line in enumerate(reversed(lines), start=1):
        below += len(line.text)
        cut = boilerplate(line.text)
        if below > longest or (cut is None and not _may_hang(line.text)):
            break
        if cut is not None and (cut is Cut.NEWSLETTER or _only_links(lines, tail, count)):
            tail = count
            cuts.insert(0, cut)
    return tail, cuts


def _only_links(lines: Sequence[_Line], tail: int, count: int) -> bool:
    """Return True if there is no sentence between a line of boilerplate and the tail already found."""
    between = lines[len(lines) - count + 1 : len(lines) - tail]
    return not any(_FINAL.search(line.text) for line in between)


def _may_hang(line: str) -> bool:
    """Return True if a line below boilerplate can belong to it: a link's title, or an advertiser's line in small
    letters.
    """
    return len(line) <= 140 and (not _FINAL.search(line) or line[0].islower())
