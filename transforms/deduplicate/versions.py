"""What makes two readings the same article, a version of it, or two articles.

An address is not enough: live pages and podcast feeds give many articles one
address, and their headlines or guids tell them apart. Nor is a text: feeds
give summaries of what another feed gives in full. Distinguished here, for
two readings at one address:

- the same text and headline: read before, dropped;
- another reading, through another feed or from a lesser source: dropped;
- another text or headline from where the first one came: a version, kept;
- another article at a shared address: kept, on its own.
"""

import dataclasses
import hashlib
from collections.abc import Iterable
from typing import Any, NamedTuple

from transforms.deduplicate.shingles import distinct, overlap, shingle_hashes
from transforms.records import Article, stable_id
from transforms.text.urls import address_key, is_front_page

HEADLINE = "headline"
TEXT = "text"
LIKE = 0.5
"""Containment from which two feeds' readings of one page are the same article."""


class ArticleKey(NamedTuple):
    """What is kept of an article to recognize it by; hashes are 0 where there is nothing."""

    article_id: str
    page: int
    """Hash of the address, else of feed and guid."""
    guid: int
    """Hash of feed and guid."""
    feed: int
    """Hash of the feed, or 0 for a page or a file."""
    site: int
    """Hash of the host, else of the feed or file."""
    text: int
    headline: int
    basis: str
    words: int
    time: int
    """When it was published, else read; seconds since 1970."""
    version: int = 1
    first: str | None = None
    """`version_of`."""
    original: str | None = None
    """`duplicate_of`."""
    story: str | None = None

    @property
    def line(self) -> str:
        """Return the first version, which all versions of an article have in common."""
        return self.first or self.article_id

    @property
    def root(self) -> str:
        """Return the article that it copies, or itself."""
        return self.original or self.article_id


def number_of(*parts: str | None) -> int:
    """Return a number of 63 bits for a text, or 0 for none; the same on every machine."""
    if not all(parts):
        return 0
    return (
        int.from_bytes(hashlib.blake2b("\0".join(map(str, parts)).encode("utf-8", "replace"), digest_size=8).digest())
        >> 1
    )


def fold(headline: str | None) -> str | None:
    """Return a headline without what differs between readings of it."""
    return " ".join((headline or "").casefold().split()) or None


def reading_of(row: Any) -> ArticleKey:
    """Return the reading of an article, or of a row of the table as a namespace."""
    address = row.canonical_url or row.url
    key = None if address is None else address_key(address) or address
    guid = number_of(row.feed_url or row.source_uri, row.source_id)
    return ArticleKey(
        article_id=row.article_id,
        page=number_of(key) or guid,
        guid=guid,
        feed=number_of(row.feed_url),
        site=number_of(key.partition("/")[0] if key else row.feed_url or row.source_uri),
        text=int(row.text_sha256[:16], 16) >> 1,
        headline=number_of(fold(row.headline)),
        basis=row.text_basis,
        words=row.word_count,
        time=int((row.date_published or row.date_fetched).timestamp()),
        version=row.version or 1,
        first=row.version_of,
        original=row.duplicate_of,
        story=row.story_id,
    )


def at_front_page(article: Article) -> bool:
    """Return True if the only address is a whole site's, as podcast feeds have it."""
    address = article.canonical_url or article.url
    return address is not None and is_front_page(address)


def in_time(article: Article) -> tuple[float, str]:
    """Return the order in which one is the first: by time, then by id."""
    return (article.date_published or article.date_fetched).timestamp(), article.article_id


def by_fullness(article: Article) -> tuple[Any, ...]:
    """Sort the fullest reading first, and is the same on every run."""
    told = sum(getattr(article, name) is not None for name in ("date_published", "headline", "byline", "publisher"))
    return -article.word_count, -told, article.source_uri, article.source_position, article.article_id


def one_per_article(readings: Iterable[Article]) -> list[list[Article]]:
    """Return the readings of one page in this run, gathered by article; the fullest of each comes first.

    The same headline or the same text is the same article, and so is a like
    text through another feed; but readings that their source dates apart are
    versions.
    """
    ordered = sorted(readings, key=by_fullness)
    shared = is_shared(ordered)
    groups: list[list[Article]] = []
    found: dict[str, list[Article]] = {}
    for article in ordered:
        keys = [article.text_sha256, fold(article.headline) or article.text_sha256]
        group = next((found[key] for key in keys if key in found), None)
        if group is None and not shared:
            group = next((one for one in groups if _is_like(article, one[0])), None)
        if group is None or _is_changed(article, group[0]) or _is_another(article, group[0]):
            group = []
            groups.append(group)
        group.append(article)
        for key in keys:
            found.setdefault(key, group)
    return groups


def lesser(articles: Iterable[Article]) -> set[str]:
    """Return ids of those of a page's articles to which another one of the same time leaves nothing to add.

    Judged one after the other, whichever has the greater id would follow: the
    lesser of the two would be dropped, but the fuller would be a version of it.
    """
    ordered = sorted(articles, key=by_fullness)
    return {
        article.article_id
        for at, article in enumerate(ordered)
        for fuller in ordered[:at]
        if in_time(fuller)[0] == in_time(article)[0] and judge(article, [reading_of(fuller)], shared=False) is None
    }


def is_shared(readings: Iterable[Article]) -> bool:
    """Return True if the page has several articles: it is a site's front page, or one source names two headlines at
    it.
    """
    headlines: dict[str, str] = {}
    for article in readings:
        if at_front_page(article):
            return True
        headline = fold(article.headline) or article.text_sha256
        if headlines.setdefault(_source(article), headline) != headline:
            return True
    return False


def _source(article: Article) -> str:
    return article.feed_url or article.source_uri


def _is_like(article: Article, other: Article) -> bool:
    """Return True if two sources' readings of one page are of one article, whatever headline each gives it."""
    if _source(article) == _source(other):
        return False
    if article.source_id and article.source_id == other.source_id:
        return True
    sets = [distinct(shingle_hashes(one.text)) for one in (article, other)]
    return overlap(*sets).containment >= LIKE


def _is_another(article: Article, other: Article) -> bool:
    """Return True if their feed tells them apart by guid, as with the daily bulletins of one headline."""
    if article.feed_url is None or article.feed_url != other.feed_url or article.text_sha256 == other.text_sha256:
        return False
    return None not in (article.source_id, other.source_id) and article.source_id != other.source_id


def _is_changed(article: Article, other: Article) -> bool:
    """Return True if the article was changed between the two readings, by what their source says."""
    if article.text_sha256 == other.text_sha256 or article.text_basis != other.text_basis:
        return False
    if article.feed_url != other.feed_url:
        return False
    stamps = {article.date_modified or article.date_published, other.date_modified or other.date_published}
    return None not in stamps and len(stamps) > 1


def judge(article: Article, known: Iterable[ArticleKey], *, shared: bool) -> Article | None:
    """Return the article with its version number among the readings of its page; None if it was read before.

    Args:
        article: the fullest reading of this run.
        known: readings of the same page, of earlier runs or earlier versions of this one.
        shared: whether the page has several articles, so that only their headlines tell which is which.
    """
    new = reading_of(article)
    lines: dict[str, list[ArticleKey]] = {}
    for one in known:
        lines.setdefault(one.line, []).append(one)
    shared = shared or len({one.headline for versions in lines.values() for one in versions[:1]}) > 1
    for line in sorted(lines):
        versions = sorted(lines[line], key=lambda one: (one.version, one.article_id))
        if not _same_line(new, versions, shared=shared):
            continue
        if _read_before(new, versions):
            return None
        return as_version(article, versions[-1])
    return article


def as_version(article: Article, before: ArticleKey) -> Article:
    """Return the article as the version that follows another."""
    new = reading_of(article)
    changed = tuple(
        name
        for name, one, other in ((HEADLINE, new.headline, before.headline), (TEXT, new.text, before.text))
        if one != other
    )
    # An id is made of address and text, so a new headline alone needs one of its own.
    same_id = TEXT not in changed
    return dataclasses.replace(
        article,
        article_id=stable_id(article.article_id, fold(article.headline) or "") if same_id else article.article_id,
        version=before.version + 1,
        version_of=before.line,
        changed=changed,
        story_id=before.story,
    )


def _same_line(new: ArticleKey, versions: list[ArticleKey], *, shared: bool) -> bool:
    if any(one.text == new.text for one in versions):
        return True
    own = [one for one in versions if one.feed == new.feed]
    guids = {one.guid for one in own if one.guid}
    if new.feed and new.guid and guids and new.guid not in guids:
        return False
    if new.headline and new.headline in {one.headline for one in versions}:
        return True
    return bool(own) and not shared


def _read_before(new: ArticleKey, versions: list[ArticleKey]) -> bool:
    """Return True if the reading adds nothing: the same again, another feed's, or a lesser one."""
    for one in versions:
        same_headline = one.headline == new.headline or not new.headline or not one.headline
        if one.text == new.text and (same_headline or one.feed != new.feed or one.basis != new.basis):
            return True
    last = versions[-1]
    own = [one for one in versions if one.feed == new.feed]
    return not own or (last.basis != new.basis and new.words <= last.words)
