"""The text of a feed entry: the longest of its bodies."""

import html

from transforms.formats.feed.parse import Body, Entry
from transforms.text.markup import has_markup, html_to_text
from transforms.text.normalize import clean_line, clean_paragraphs


def entry_text(entry: Entry) -> tuple[str, str, str | None]:
    """Return an entry's longest text, its basis, and the summary if that is another text.

    >>> entry_text(Entry(title="Rain", bodies=(Body(basis="summary", value="It <b>rains</b>.", is_html=True),)))
    ('It rains.', 'summary', None)
    >>> entry_text(Entry(title="Rain"))
    ('Rain', 'title', None)
    """
    rendered = [(_render(body), body.basis) for body in entry.bodies]
    articles = [(text, basis) for text, basis in rendered if text and basis != "media"]
    text, basis = max(articles or rendered, key=lambda candidate: len(candidate[0]), default=("", "title"))
    if not text:
        return clean_line(entry.title or ""), "title", None
    summaries = [clean_line(other) for other, kind in rendered if kind == "summary" and other != text]
    return text, basis, summaries[0] if summaries and summaries[0] else None


def _render(body: Body) -> str:
    """Return a body as plain text; feeds that call a text plain still escape it as if it were HTML."""
    if not has_markup(body.value):
        return clean_paragraphs(body.value)
    return html_to_text(body.value) if body.is_html else clean_paragraphs(html.unescape(body.value))
