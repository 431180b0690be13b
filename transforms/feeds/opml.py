"""Feed lists as OPML 2.0, in which feed readers exchange them.

http://opml.org/spec2.opml
"""

import re
from collections.abc import Iterable, Iterator

from lxml import etree

from transforms.feeds.feed_list import MAX_BYTES, FeedListError, ListedFeed, mistakes
from transforms.http.redact import mask
from transforms.text.encoding import decode
from transforms.text.normalize import clean_line

MAX_DEPTH = 50
MAX_LABEL = 500
"""Characters of the name of a feed or folder; each feed in a folder has a copy of its folders' names."""
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_OWN = "urn:dateline:feeds"
"""Namespace of what a list knows and OPML does not."""
_KEPT = ("checked", "full_text")
_PAGE = re.compile(r"\s*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_FORBIDDEN = re.compile(r"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)


def parse_opml(content: bytes, name: str = "opml") -> tuple[list[ListedFeed], list[str]]:
    """Return the feeds of an OPML file, and a line for each that was left out and why.

    Outlines may be nested; a folder named by a country's code (`FRA`) gives the
    country of what is in it, other folders the section of feeds without a
    category. Nothing outside the file is read: a file with a document type,
    and so with entities, is refused before it is parsed.

    Raises:
        FeedListError: no OPML, or one with a document type, too long or too deep.
    """
    if len(content) > MAX_BYTES:
        raise FeedListError([f"{name}: is longer than {MAX_BYTES:,} bytes, the most that is read"])
    text = _DECLARATION.sub("", decode(content), count=1)
    if not text.strip():
        raise FeedListError([f"{name}: is empty; give an OPML file, as feed readers export it"])
    if _PAGE.match(text):
        raise FeedListError([f"{name}: is a web page (HTML); give an OPML file, as feed readers export it"])
    if _FORBIDDEN.search(text):
        raise FeedListError([f"{name}: has a document type or entities, which an OPML file does not need"])
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, recover=False)
    try:
        root = etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError as error:
        raise FeedListError([f"{name}: is not OPML, as its XML is broken: {error.msg}"]) from error
    except ValueError as error:
        raise FeedListError([f"{name}: is not OPML: {error}"]) from error
    body = root.find("body")
    if root.tag != "opml" or body is None:
        raise FeedListError([f"{name}: got the root {root.tag!r}; expected opml with a body"])
    feeds: dict[str, ListedFeed] = {}
    left_out: list[str] = []
    for feed in _feeds(body, (), name):
        if isinstance(feed, str):
            left_out.append(f"{name}: {feed or 'an outline without a name'}: has no xmlUrl")
            continue
        wrong = [*mistakes(feed)]
        if feed.url in feeds:
            wrong.append(f"{mask(feed.url)} is there twice")
        if wrong:
            left_out.append(f"{name}: {feed.publisher or mask(feed.url)}: {'; '.join(wrong)}")
        else:
            feeds[feed.url] = feed
    if not feeds:
        raise FeedListError([*left_out, f"{name}: names no feed"])
    return list(feeds.values()), left_out


def _feeds(parent: etree._Element, folders: tuple[str, ...], name: str) -> Iterator[ListedFeed | str]:
    """Yield the feeds in their order, and the label of each outline that is neither a feed nor a folder of some."""
    if len(folders) > MAX_DEPTH:
        raise FeedListError([f"{name}: folders are nested more than {MAX_DEPTH} deep"])
    for outline in parent.iterchildren("outline"):
        label = clean_line(outline.get("title") or outline.get("text") or "")[:MAX_LABEL]
        url = (outline.get("xmlUrl") or "").strip()
        if url:
            yield _feed(outline, url, label, folders)
        elif outline.find("outline") is None:
            yield label
        yield from _feeds(outline, (*folders, label), name)


def _feed(outline: etree._Element, url: str, label: str, folders: tuple[str, ...]) -> ListedFeed:
    codes = [folder for folder in folders if _is_country(folder)]
    others = [folder for folder in folders if folder and folder not in codes]
    language = (outline.get("language") or "").strip().lower().replace("_", "-").partition("-")[0]
    usable = not [*mistakes(ListedFeed(url=url, language=language))]
    return ListedFeed(
        url=url,
        publisher=label,
        country=codes[-1] if codes else "",
        language=language if usable else "",
        section=(clean_line(outline.get("category") or "") or "/".join(others))[:MAX_LABEL],
        **{name: _kept(outline, url, name) for name in _KEPT},
    )


def _kept(outline: etree._Element, url: str, name: str) -> str:
    """Return the fields of an earlier export of ours; empty if they are wrong."""
    value = (outline.get(f"{{{_OWN}}}{name}") or "").strip()
    return "" if [*mistakes(ListedFeed(url=url, **{name: value}))] else value


def _is_country(folder: str) -> bool:
    return len(folder) == 3 and not [*mistakes(ListedFeed(url="http://a.test", country=folder))]


def to_opml(feeds: Iterable[ListedFeed], title: str) -> bytes:
    """Return the feeds as OPML 2.0, in a folder for each country.

    `checked` and `full_text` are attributes of a namespace of ours, which other readers pass over.

    >>> opml = to_opml([ListedFeed(url="https://a.test/rss", publisher="A & B", country="FRA")], "Mine")
    >>> parse_opml(opml)[0][0].publisher
    'A & B'
    """
    root = etree.Element("opml", version="2.0", nsmap={"dateline": _OWN})
    etree.SubElement(etree.SubElement(root, "head"), "title").text = title
    body = etree.SubElement(root, "body")
    folders: dict[str, etree._Element] = {"": body}
    for feed in feeds:
        if feed.country not in folders:
            folders[feed.country] = etree.SubElement(body, "outline", text=feed.country)
        label = feed.publisher or feed.url
        said = {"language": feed.language, "category": feed.section}
        said |= {f"{{{_OWN}}}{name}": getattr(feed, name) for name in _KEPT}
        etree.SubElement(
            folders[feed.country],
            "outline",
            {"text": label, "title": label, "type": "rss", "xmlUrl": feed.url, **{k: v for k, v in said.items() if v}},
        )
    content: bytes = etree.tostring(root, xml_declaration=True, encoding="utf-8", pretty_print=True)
    return content
