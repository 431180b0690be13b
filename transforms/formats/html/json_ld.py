"""What a page says of itself to machines: JSON-LD, `<meta>` and microdata, read once into plain lists."""

import dataclasses
import html
import itertools
import json
import re
from collections.abc import Iterator
from typing import Any

from lxml.html import HtmlElement

from transforms.failures import BadRecord
from transforms.text.markup import html_to_text
from transforms.text.normalize import clean_line, clean_paragraphs

MAX_JSON_LD = 1_000_000
"""Characters of JSON-LD that are read on one page."""

MAX_NODES = 5_000

_ARTICLE = re.compile(r"(?:Article|Posting|Report|Review|Column|LiveBlog|ClaimReview)$")
_NEWS = re.compile(r"News|Report|Opinion|Analysis|Review|LiveBlog")
_OPENING = re.compile(r"\s*(?:<!--|//\s*<!\[CDATA\[|<!\[CDATA\[|/\*\s*<!\[CDATA\[\s*\*/)")


@dataclasses.dataclass(frozen=True)
class Structured:
    """The structured data of one page; each list in document order."""

    article: dict[str, Any]
    """The JSON-LD node of the page's own article; empty if there is none."""
    nodes: list[dict[str, Any]]
    """All JSON-LD nodes."""
    meta: dict[str, list[str]]
    """`name`, `property` or `itemprop` of a meta, in lower case -> contents."""
    microdata: dict[str, list[str]]
    """itemprop of a visible element -> values."""

    def first_meta(self, *names: str) -> str | None:
        """Return the first content under any of the names, in the order of the names."""
        return next((value for name in names for value in self.meta.get(name, [])), None)


def read_structured(tree: HtmlElement, heading: str = "") -> Structured:
    """Read a page's structured data.

    Args:
        tree: the whole page.
        heading: text of the page's title and first headings, to distinguish its own article from
            those it only links to.
    """
    nodes = list(_nodes(tree))
    return Structured(article=own_article(nodes, heading), nodes=nodes, meta=_meta(tree), microdata=_microdata(tree))


def own_article(nodes: list[dict[str, Any]], heading: str = "") -> dict[str, Any]:
    """Return the node of the article that the page is about.

    >>> nodes = [{"@type": "Article", "headline": "A"}, {"@type": ["NewsArticle"], "headline": "B"}]
    >>> own_article(nodes)["headline"], own_article(nodes, "A - News")["headline"]
    ('B', 'A')
    """
    articles = [node for node in nodes if any(_ARTICLE.search(kind) for kind in types(node))]
    return max(articles, key=lambda node: _closeness(node, heading), default={})


def _closeness(node: dict[str, Any], heading: str) -> tuple[bool, bool, bool]:
    headline = clean_line(html.unescape(str(node.get("headline") or node.get("name") or ""))).casefold()
    return (
        bool(headline) and headline in heading.casefold(),
        any(_NEWS.search(kind) for kind in types(node)),
        bool(headline),
    )


def types(node: dict[str, Any]) -> list[str]:
    """Return the types of a node, without their vocabulary's address."""
    found = node.get("@type") or []
    listed = found if isinstance(found, list) else [found]
    return [kind.rsplit("/", 1)[-1] for kind in listed if isinstance(kind, str)]


def _nodes(tree: HtmlElement) -> Iterator[dict[str, Any]]:
    """Yield every typed object in the page's JSON-LD, outer before inner, as many as are read."""
    left, budget = MAX_NODES, MAX_JSON_LD
    for script in tree.iterfind(".//script[@type]"):
        text = script.text or ""
        if "ld+json" not in script.get("type", "").lower() or len(text) > budget:
            continue
        budget -= len(text)
        stack = [loads(text)]
        while stack and left:
            left -= 1
            value = stack.pop()
            if isinstance(value, list):
                stack.extend(reversed(value))
            elif isinstance(value, dict):
                if "@type" in value:
                    yield value
                stack.extend(value[key] for key in ("mainEntityOfPage", "mainEntity", "@graph") if key in value)


def loads(text: str) -> Any:
    """Return JSON-LD as pages have it: in comments, with raw line ends in strings, with a comma too many; None if
    beyond that.

    >>> loads('<!-- {"a": "b\\\\nc",} -->')
    {'a': 'b\\nc'}
    """
    text = _unwrapped(_unwrapped(text)).strip()
    for trial in (text, re.sub(r",(\s*[}\]])", r"\1", text)):
        try:
            return json.loads(trial, strict=False)
        except (ValueError, RecursionError):
            continue
    return None


def _unwrapped(text: str) -> str:
    """Return a script without one comment or CDATA section around it.

    >>> _unwrapped("// <![CDATA[ {} // ]]>;"), _unwrapped("{};")
    (' {} ', '{};')
    """
    opening = _OPENING.match(text)
    body = text[opening.end() :] if opening else text
    end = body.rstrip().removesuffix(";").rstrip()
    if end.endswith("-->"):
        return end[:-3]
    if not end.endswith("]]>"):
        return body
    end = end[:-3]
    return end.rstrip()[:-2] if end.rstrip().endswith("//") else end


def _meta(tree: HtmlElement) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for element in tree.iter("meta"):
        content = clean_line(element.get("content") or "")
        for attribute in ("property", "name", "itemprop", "http-equiv"):
            key = element.get(attribute)
            if key and content:
                found.setdefault(key.strip().lower(), []).append(content)
    return found


_PROPERTIES = ("headline", "author", "datepublished", "datemodified", "articlesection", "image", "inlanguage")


def _microdata(tree: HtmlElement) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for element in tree.iterfind(".//*[@itemprop]"):
        for key in dict.fromkeys(element.get("itemprop", "").lower().split()):
            wanted = key in _PROPERTIES and element.tag != "meta" and not in_comment(element)
            value = _value(element) if wanted else ""
            if value:
                found.setdefault(key, []).append(value)
    return found


_COMMENT = re.compile(r"(?:^|[\s_-])(?:comments?|respond|replies|disqus)(?:$|[\s_-])|commentlist", re.IGNORECASE)


def in_comment(element: HtmlElement) -> bool:
    """Return True if an element is in the readers' comments, whose authors and dates are not the article's."""
    return any(
        "Comment" in (one.get("itemtype") or "")
        or _COMMENT.search((one.get("id") or "")[:200])
        or _COMMENT.search((one.get("class") or "")[:200])
        for one in itertools.chain([element], element.iterancestors())
        if one.tag not in ("html", "body", "article", "main")
    )


def _value(element: HtmlElement) -> str:
    """Return an element's microdata value; of a person, the name within."""
    for attribute in ("datetime", "content", "src"):
        if element.get(attribute):
            return clean_line(element.get(attribute))
    named = element.find(".//*[@itemprop='name']")
    chosen = element if named is None else named
    return clean_line(chosen.get("content") or chosen.text_content())[:500]


_TAG = re.compile(r"</?(?:p|br|div|span|a|h[1-6]|ul|li|strong|em|b|i)\b[^<>]*>", re.IGNORECASE)


def article_body(value: Any) -> str:
    """Return the `articleBody` of JSON-LD, a blank line between paragraphs; empty where it is none.

    >>> article_body("Rain fell.\\nIt &amp; snow."), article_body("<p>Rain.<p>Snow.")
    ('Rain fell.\\n\\nIt & snow.', 'Rain.\\n\\nSnow.')
    """
    if not isinstance(value, str):
        return ""
    if not _TAG.search(value):
        return clean_paragraphs(html.unescape(value).replace("\n", "\n\n"))
    try:
        return html_to_text(value)
    except BadRecord:  # the page itself is none the worse
        return ""


def one_line(value: Any) -> str | None:
    """Return a JSON-LD value as one line: of a list the first, of an object its name or address."""
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, dict):
        value = value.get("name") or value.get("@value") or value.get("url") or value.get("@id")
    return clean_line(html.unescape(value)) or None if isinstance(value, str) else None


def visible_text(element: HtmlElement | None) -> str:
    """Return an element's text on one line; texts of inner elements are separated, as on the screen."""
    return clean_line(" ".join(element.itertext())) if element is not None else ""
