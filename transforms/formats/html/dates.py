"""Publication date of a page: dates in its metadata, and dates that readers see near the headline."""

import re
from collections.abc import Iterator

from lxml.html import HtmlElement

from transforms.formats.html.headline import key
from transforms.formats.html.json_ld import Structured, in_comment, one_line, types, visible_text
from transforms.text.dates import parse_date
from transforms.text.normalize import clean_line

_PUBLISHED_NAMES = (
    "article:published_time og:article:published_time article:published og:published_time datepublished"
    " parsely-pub-date sailthru.date cxenseparse:recs:publishtime publish-date publishdate publish_date"
    " publication_date publicationdate article.published article_date_original pubdate ptime date_published"
    " dc.date.issued dc.date.created dcterms.created dcterms.issued originalpublicationdate bt:pubdate"
    " iso-8601-publish-date article-published-date published_time dc.date dcterms.date date"
)
_PUBLISHED = _PUBLISHED_NAMES.split()
_PUBLISHED_CLASS = re.compile(r"publish|pubdate|posted|entry-date")

BEFORE, AFTER = 6, 25
"""Pieces of text before and after the headline in which a date is searched."""
ADJACENT = 2
"""Pieces before the headline in which a date needs no label; the date of today is further up."""
PROSE = 500
"""Characters of long pieces after the headline after which the article's text has begun."""
LONG = 60
MAX_PIECE = 80

_SKIPPED = {"script", "style", "noscript", "template", "svg", "select", "nav", "footer", "aside", "iframe"}
_LABEL = re.compile(
    r"^(?:(?:first|originally)\s+)?(?:published|posted|created|issued|released|date|veröffentlicht|publiziert|erstellt"
    r"|erschienen|publié(?:e)?|mis en ligne|publicado|publicada|creado|pubblicato|pubblicata|publicat|gepubliceerd"
    r"|geplaatst|publicerad|publisert|udgivet|julkaistu|opublikowano|publikováno|zveřejněno|megjelent|objavljeno"
    r"|опубликовано|опубліковано|дата|yayınlan\w+|diterbitkan|dipublikasikan|δημοσιεύ\w+|発表|公開日|掲載|发布|발행|입력|기사입력)"
    r"(?:\s+(?:on|at|am|le|el|il|em|den|op|den|dnia|dne))?\s*[:：\[]*\s*",
    re.IGNORECASE,
)
_CHANGED = re.compile(
    r"^\W*(?:last\s+)?(?:updated?|modified|edited|changed|aktualisiert|geändert|mis à jour|modifié|actualizado"
    r"|aggiornato|atualizado|bijgewerkt|uppdaterad|oppdatert|opdateret|päivitetty|zaktualizowano|aktualizováno|обновлено"
    r"|изменено|оновлено|güncelle\w*|更新|수정)",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"(?:(?<!\s)\s+)?[|•·]\s*|(?<!\s)\s+(?:by|von|par|por|di|da|av|af|door)\s+(?=[^\W\d_])")
"""Between a date and a name on one line."""


def dates_for_machines(tree: HtmlElement, data: Structured) -> Iterator[tuple[str, str]]:
    """Yield (basis, text) of publication dates as the page gives them to machines, then in `<time>`."""
    for name in ("datePublished", "dateCreated", "uploadDate"):
        text = one_line(data.article.get(name))
        if text:
            yield "json-ld", text
    for name in _PUBLISHED:
        for text in data.meta.get(name, [])[:1]:
            yield "meta", text
    for text in data.microdata.get("datepublished", [])[:3]:
        yield "microdata", text
    for node in data.nodes:
        text = one_line(node.get("datePublished"))
        if text and node is not data.article and "WebPage" in types(node):
            yield "json-ld", text
    for element in tree.iterfind(".//time"):
        named = element.get("pubdate") is not None or _PUBLISHED_CLASS.search(element.get("class") or "")
        if named and not in_comment(element):
            yield "time", clean_line(element.get("datetime") or element.text_content())


def visible_dates(tree: HtmlElement, title: str | None) -> Iterator[tuple[str, str]]:
    """Yield (basis, text) of the dates near the headline: those with a label of publication first, then in order.

    Not among them are dates with a label of a change, dates after the first
    paragraph, and dates among other words.
    """
    pieces = list(_pieces(tree, title))
    at = next((at for at, (_, _, heading) in enumerate(pieces) if heading), None)
    if at is None:
        return
    behind: list[int] = []
    prose = 0
    for number in range(at + 1, min(len(pieces), at + 1 + AFTER)):
        prose += len(pieces[number][0]) if len(pieces[number][0]) > LONG else 0
        if prose > PROSE:
            break
        behind.append(number)
    found = []
    for number in [*behind, *range(at - 1, max(-1, at - 1 - BEFORE), -1)]:
        before = pieces[number - 1][0] if number else ""
        date = _date(pieces[number][0], pieces[number][1], before)
        if date and (date[0] or number >= at - ADJACENT):
            found.append(date)
    for _, basis, text in sorted(found, key=lambda date: not date[0]):
        yield basis, text


def _date(text: str, stated: str | None, before: str) -> tuple[bool, str, str] | None:
    """Return True if a date has a label of publication, its basis, and its text; None if it is not a date."""
    before = "" if len(before) > MAX_PIECE or any(char.isdigit() for char in before) else before
    if _CHANGED.match(text) or _CHANGED.match(before):
        return None
    label = _LABEL.match(text) or _LABEL.fullmatch(before)
    if stated and parse_date(stated):
        return bool(label), "time", stated
    for part in _BETWEEN.split(text) if len(text) <= MAX_PIECE else ():
        bare = _LABEL.sub("", part).strip(" []")
        if any(char.isdigit() for char in bare) and parse_date(bare):
            return bool(label), "visible", bare
    return None


def _pieces(tree: HtmlElement, title: str | None) -> Iterator[tuple[str, str | None, bool]]:
    """Yield pieces of the page's text in order, each with what its `<time>` states and whether it is the headline."""
    body = tree.find(".//body")
    if body is None:
        return
    wanted = key(title or "")
    stack: list[HtmlElement | str] = [body]
    headed = False
    while stack:
        element = stack.pop()
        if isinstance(element, str):
            if clean_line(element):
                yield clean_line(element), None, False
            continue
        if element.tag in _SKIPPED or not isinstance(element.tag, str):
            continue
        if not headed and element.tag in ("h1", "h2") and wanted and key(visible_text(element)) == wanted:
            headed = True
            yield visible_text(element), None, True
            continue
        if element.tag == "time":
            yield visible_text(element), element.get("datetime"), False
            continue
        inner: list[HtmlElement | str] = [element.text or ""]
        for child in element:
            inner += [child, child.tail or ""]
        stack.extend(reversed(inner))
