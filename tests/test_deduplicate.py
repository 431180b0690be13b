"""Deduplicate: the same article once, versions and copies marked, nothing lost."""

import collections
import contextlib
import dataclasses
import datetime
import json
import pickle
import random
import subprocess
import sys
from pathlib import Path

import apache_beam as beam
import pyarrow.parquet as pq
import pytest
from apache_beam.pvalue import TaggedOutput
from apache_beam.testing.util import assert_that, equal_to

from tests.helpers.records import RUNNER, article
from transforms.deduplicate import Deduplicate
from transforms.deduplicate import deduplicate as wiring
from transforms.deduplicate import near_copies as copies
from transforms.deduplicate.minhash import SCHEME, band_keys
from transforms.deduplicate.near_copies import CopyCandidate
from transforms.deduplicate.segments import SCHEMA, Segment, to_table
from transforms.deduplicate.shingles import distinct, shingle_hashes
from transforms.deduplicate.versions import reading_of
from transforms.records import Article, stable_id
from transforms.spill import SUFFIX, spilling_into

NOON = datetime.datetime(2026, 1, 1, 12, tzinfo=datetime.UTC)


def made(text: str, **changes) -> Article:
    found = dataclasses.replace(article(text), **changes)
    return dataclasses.replace(found, article_id=stable_id(found.canonical_url or found.source_id or "", text))


def words(seed: int, count: int = 200) -> str:
    """Return prose enough that no run of five words comes twice."""
    rng = random.Random(seed)
    return " ".join("".join(rng.choices("abcdefghijklmnop", k=6)) for _ in range(count))


def segment(folder: Path, articles: list[Article]) -> list[Segment]:
    """What an earlier run that wrote the articles has left."""
    if not articles:
        return []
    rows = [
        (reading_of(one), band_keys(shingle_hashes(one.text)), distinct(shingle_hashes(one.text))) for one in articles
    ]
    path = folder / "0-a.segment"
    metadata = {"covers": "[]", "scheme": SCHEME}
    pq.write_table(to_table(rows, file=0).cast(SCHEMA).replace_schema_metadata(metadata), path)
    return [Segment(str(path), b"\1")]


def deduplicated(folder, articles, known=(), **settings):
    """Return rows by id, and the reasons of the dropped ones, in order; through Beam."""
    with beam.Pipeline(runner=RUNNER) as p:
        inputs = {
            "articles": p | "articles" >> beam.Create(articles),
            "known": p | "known" >> beam.Create(segment(folder, list(known))),
        }
        unique, duplicates, _ = inputs | Deduplicate(**settings)
        _ = unique | "kept" >> beam.Map(save, folder / "kept")
        _ = duplicates | "dropped" >> beam.Map(save, folder / "dropped")
    return checked(saved(folder / "kept"), saved(folder / "dropped"), len(articles))


def decided(articles, known=()):
    """As `deduplicated`, by the same functions in one process: a hundred times as fast."""
    rules = Deduplicate().rules
    past = [(reading_of(one), one.text) for one in known]
    dropped: list[str] = []
    by_page = collections.defaultdict(lambda: {"new": [], "known": []})  # type: ignore[var-annotated]
    by_text = collections.defaultdict(lambda: {"new": [], "known": []})  # type: ignore[var-annotated]
    for reading, _ in past:
        by_page[reading.page]["known"].append(reading)
        by_text[reading.text]["known"].append(reading)
    for one in articles:
        by_page[wiring.page_key(one)]["new"].append(one)
    for one in divided(by_page, wiring._one_per_article, dropped):
        by_text[reading_of(one).text]["new"].append(one)
    unique = list(divided(by_text, lambda group: wiring.same_text(group, True), dropped))
    candidates = [candidate for one in unique for candidate in wiring.candidate_of(one)]
    for reading, text in past:
        hashes = shingle_hashes(text)
        candidates.append(CopyCandidate(reading, True, band_keys(hashes).tobytes(), distinct(hashes).tobytes()))
    parts = collections.defaultdict(list)
    for number, entry in (entry for one in candidates for entry in copies.entries(one)):
        parts[number].append(entry)
    found, _ = copies.pairs(parts.values(), rules.window_days)
    by_id = {one.reading.article_id: one for one in candidates}
    before = collections.defaultdict(list)
    for earlier, later in found:
        before[later].append(by_id[earlier])
    links = {later: copies.link(by_id[later], group, rules) for later, group in before.items()}
    links = {later: one for later, one in links.items() if one}
    return checked([copies.resolve(one, links) for one in unique], dropped, len(articles))  # type: ignore[arg-type]


def divided(groups, step, dropped):
    for group in list(groups.items()):
        for one in step(group):
            if isinstance(one, TaggedOutput):
                dropped.append(one.value)
            else:
                yield one


def checked(rows, dropped, inputs):
    kept = {one.article_id: one for one in rows}
    assert len(kept) == len(rows), "an id twice"
    assert len(rows) + len(dropped) == inputs
    return kept, sorted(dropped)


def save(one, file: Path) -> None:
    with file.open("ab") as handle:
        pickle.dump(one, handle)


def saved(file: Path) -> list:
    """What was saved, once."""
    found = []
    if file.exists():
        with file.open("rb") as handle, contextlib.suppress(EOFError):
            while True:
                found.append(pickle.load(handle))
        file.unlink()
    return found


A = made("Storm hits the coast", canonical_url="https://example.org/1", headline="Storm")
A_LONGER = made("Storm hits the coast, and more of it", canonical_url="https://example.org/1", headline="Storm ")
LIVE = made("Another entry", canonical_url="https://example.org/1", headline="Live: flood")
COPY = made("Storm hits the coast", canonical_url="https://example.net/9", headline="Reprinted")
UNTITLED = made("Storm hits the coast", canonical_url="https://example.org/1")
UNTITLED_2 = made("Quite another storm", canonical_url="https://example.org/1")
KNOWN_COPY = dataclasses.replace(made("Storm hits the coast", source_id="copy"), duplicate_of=A.article_id)
BY_ID_1 = made("Short", source_id="1")
BY_ID_2 = made("Another", source_id="1")
EARLIER = dataclasses.replace(COPY, date_published=datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC))
FEED = "https://example.org/feed.xml"
MOBILE = dataclasses.replace(A, canonical_url="http://m.example.org/1/?utm_source=x", source_uri="b.txt")
IN_FEED = dataclasses.replace(A, feed_url=FEED, source_id="g1", source_uri=FEED)
PODCAST = made("An episode", canonical_url="https://example.org/", feed_url=FEED, source_id="e1", headline="One")
PODCAST_2 = made("Next episode", canonical_url="https://example.org/", feed_url=FEED, source_id="e2", headline="Two")
BULLETIN = dataclasses.replace(PODCAST, headline="The news at eight")
BULLETIN_2 = dataclasses.replace(PODCAST_2, headline="The news at eight")
OTHER_FEED = dataclasses.replace(
    made("Storm hits", canonical_url="https://example.org/1", headline="Storm"),
    feed_url="https://example.org/all.xml", source_uri="all.xml",
)  # fmt: skip


@pytest.mark.parametrize(
    ("articles", "known", "kept", "dropped"),
    [
        ([], [], [], []),
        ([A], [], [(A, None)], []),
        ([A, A], [], [(A, None)], ["same_article"]),
        ([A, A_LONGER], [], [(A_LONGER, None)], ["same_article"]),
        ([A, LIVE], [], [(A, None), (LIVE, None)], []),
        ([A, EARLIER], [], [(EARLIER, None), (A, EARLIER)], []),
        ([BY_ID_1, BY_ID_2, BY_ID_1], [], [(BY_ID_1, None), (BY_ID_2, None)], ["same_article"]),
        ([A, LIVE], [A], [(LIVE, None)], ["already_in_dataset"]),
        ([COPY], [A], [(COPY, A)], []),
        ([COPY], [KNOWN_COPY, A], [(COPY, A)], []),
        ([UNTITLED, UNTITLED_2], [], [(UNTITLED, None), (UNTITLED_2, None)], []),
        ([A, MOBILE], [], [(A, None)], ["same_article"]),
        ([MOBILE], [A], [], ["already_in_dataset"]),
        ([PODCAST, PODCAST_2], [], [(PODCAST, None), (PODCAST_2, None)], []),
        ([PODCAST_2], [PODCAST], [(PODCAST_2, None)], []),
        ([PODCAST, PODCAST_2], [PODCAST], [(PODCAST_2, None)], ["already_in_dataset"]),
        ([BULLETIN, BULLETIN_2], [], [(BULLETIN, None), (BULLETIN_2, None)], []),
        ([BULLETIN_2], [BULLETIN], [(BULLETIN_2, None)], []),
        ([IN_FEED, OTHER_FEED], [], [(IN_FEED, None)], ["same_article"]),
        ([OTHER_FEED], [IN_FEED], [], ["already_in_dataset"]),
    ],
)
def test_deduplicate(articles, known, kept, dropped):
    found, reasons = decided(articles, known)
    assert {one.article_id: one.duplicate_of for one in found.values()} == {
        one.article_id: of and of.article_id for one, of in kept
    }
    assert reasons == dropped
    assert all(one.version_of is None for one in found.values())


def test_the_first_of_undated_copies_is_the_one_with_the_least_id():
    found, _ = decided([A, COPY])
    first, second = sorted(found)
    assert (found[first].duplicate_of, found[second].duplicate_of) == (None, first)
    assert found[second].duplicate_overlap == 1.0
    assert {one.story_id for one in found.values()} == {first}


def test_copies_can_be_left_unmarked(tmp_path):
    found, _ = deduplicated(tmp_path, [A, COPY], copies=False)
    assert [(one.duplicate_of, one.story_id) for one in found.values()] == [(None, None)] * 2


# Versions.

FIRST = made(words(1), canonical_url="https://example.org/v", headline="Flood", feed_url=FEED, source_id="g")
EDITED = made(words(1) + " Edited.", canonical_url="https://example.org/v", headline="Flood", feed_url=FEED,
              source_id="g")  # fmt: skip
REWRITTEN = made(words(2), canonical_url="https://example.org/v", headline="Deluge", feed_url=FEED, source_id="g")
RETITLED = dataclasses.replace(FIRST, headline="Deluge")
MOVED = made(words(1) + " Edited.", canonical_url="https://example.org/new", headline="Flood", feed_url=FEED,
             source_id="g")  # fmt: skip
REUSED_GUID = made(words(3), canonical_url="https://example.org/w", headline="Fire", feed_url=FEED, source_id="g")
SUMMARY = made("Only this.", canonical_url="https://example.org/v", headline="Flood", feed_url=FEED, source_id="g",
               text_basis="summary")  # fmt: skip
SECOND = dataclasses.replace(
    EDITED, version=2, version_of=FIRST.article_id, changed=("text",), story_id=FIRST.article_id
)


@pytest.mark.parametrize(
    ("new", "known", "version", "changed"),
    [
        (EDITED, [FIRST], 2, ("text",)),
        (REWRITTEN, [FIRST], 2, ("headline", "text")),
        (RETITLED, [FIRST], 2, ("headline",)),
        (MOVED, [FIRST], 2, ("text",)),
        (REWRITTEN, [FIRST, SECOND], 3, ("headline", "text")),
        (REUSED_GUID, [FIRST], 1, ()),
    ],
)
def test_what_is_changed_is_a_version(new, known, version, changed):
    found, _ = decided([new], known)
    ((_, row),) = found.items()
    assert (row.version, row.changed, row.duplicate_of) == (version, changed, None)
    assert row.version_of == (FIRST.article_id if version > 1 else None)
    assert row.story_id == (FIRST.article_id if version > 1 else row.article_id)
    assert row.article_id not in {one.article_id for one in known}
    # The version is part of the dataset now: read again, it is known.
    assert decided([new], [*known, row]) == ({}, ["already_in_dataset"])


@pytest.mark.parametrize("reading", [FIRST, EDITED, SUMMARY])
def test_no_version_of_what_was_there_before_or_is_less(reading):
    assert decided([reading], [FIRST, SECOND]) == ({}, ["already_in_dataset"])


def test_snapshots_that_are_dated_apart_are_versions_within_one_run():
    later = [
        dataclasses.replace(one, date_modified=NOON + datetime.timedelta(hours=hours), date_published=NOON)
        for hours, one in enumerate(
            [
                FIRST,
                EDITED,
                made(
                    words(1) + " Again.",
                    canonical_url=FIRST.canonical_url,
                    headline="Flood",
                    feed_url=FEED,
                    source_id="g",
                ),
            ]
        )
    ]
    found, dropped = decided(later)
    assert dropped == []
    assert sorted(one.version for one in found.values()) == [1, 2, 3]
    (first,) = [one for one in found.values() if one.version == 1]
    assert {one.version_of for one in found.values()} == {None, first.article_id}
    assert {one.duplicate_of for one in found.values()} == {None}
    assert {one.story_id for one in found.values()} == {first.article_id}


@pytest.mark.parametrize("seed", range(6))
def test_a_version_is_no_copy_of_a_copy_of_its_own_article(seed):
    """Whichever of the two, version or copy, comes first by its id."""
    hour = datetime.timedelta(hours=1)
    first = dataclasses.replace(FIRST, date_published=NOON)
    edited = dataclasses.replace(
        made(FIRST.text + f" Edited {seed}.", canonical_url=FIRST.canonical_url, headline="Flood", feed_url=FEED,
             source_id="g"), date_published=NOON + hour,
    )  # fmt: skip
    copy = dataclasses.replace(
        made(" ".join(FIRST.text.split()[:100]), canonical_url="https://paper.test/a"), date_published=NOON + hour
    )
    for new, known in (([edited, copy], [first]), ([first, edited, copy], [])):
        found, _ = decided(new, known)
        assert found[edited.article_id].duplicate_of is None
        assert found[edited.article_id].version_of == first.article_id
        assert found[copy.article_id].duplicate_of == first.article_id


def test_what_is_dropped_in_an_empty_dataset_was_in_no_dataset(tmp_path):
    """Two texts under one address, one of them without a headline and shorter."""
    items = "".join(
        f"<item><title>Flood {at}</title><link>https://example.org/{at}</link><guid>g{at}</guid>"
        f"<description>The river rose on day {at} and many houses were lost, officials said there.</description></item>"
        for at in range(12)
    )
    (tmp_path / "a.xml").write_text(f"<rss version='2.0'><channel><title>a</title>{items}</channel></rss>")
    lines = [
        {"url": f"https://example.org/{at}", "text": f"Voters chose {at} times today, it was said."} for at in range(12)
    ]
    (tmp_path / "b.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    command = [sys.executable, "-m", "pipeline", "run", "configs/sample.yaml", "--metrics", str(tmp_path / "m.json")]
    given = ["--input", str(tmp_path / "a.xml"), str(tmp_path / "b.jsonl"), "--output", str(tmp_path / "out")]
    subprocess.run([*command, *given], check=True, capture_output=True, timeout=120)
    figures = (tmp_path / "m.json").read_text()
    assert "already_in_dataset" not in figures
    assert "same_article" in figures


TITLED = made(words(20, 60), canonical_url="https://example.org/5", headline="Flood", source_uri="a.xml",
              text_basis="summary")  # fmt: skip
BARE = made(words(21, 40), canonical_url="https://example.org/5", source_uri="b.jsonl")
BARE_LONGER = made(words(22, 80), canonical_url="https://example.org/5", source_uri="b.jsonl")
BARE_SUMMARY = dataclasses.replace(BARE, text_basis="summary")
OF_FEED = dataclasses.replace(TITLED, feed_url=FEED, source_id="g5", source_uri=FEED)


def at_hour(one: Article, hour: int) -> Article:
    return dataclasses.replace(one, date_published=NOON + datetime.timedelta(hours=hour))


@pytest.mark.parametrize("ids", ["12", "21"])
@pytest.mark.parametrize(
    ("titled", "bare", "kept", "versions", "dropped"),
    [
        (TITLED, BARE, {"Flood"}, [1], ["same_article"]),
        (TITLED, BARE_LONGER, {None}, [1], ["same_article"]),
        (TITLED, BARE_SUMMARY, {"Flood", None}, [1, 2], []),
        (OF_FEED, BARE, {"Flood", None}, [1, 1], []),
        (at_hour(TITLED, 0), at_hour(BARE, 1), {"Flood"}, [1], ["same_article"]),
        (at_hour(TITLED, 1), at_hour(BARE, 0), {"Flood", None}, [1, 2], []),
    ],
)
def test_an_untitled_text_under_anothers_address_is_not_left_to_ids(titled, bare, kept, versions, dropped, ids):
    given = [dataclasses.replace(one, article_id=32 * ids[at]) for at, one in enumerate((titled, bare))]
    for readings in (given, given[::-1]):
        found, reasons = decided(readings)
        assert {one.headline for one in found.values()} == kept
        assert sorted(one.version for one in found.values()) == versions
        assert reasons == dropped


# Near copies.


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ({"containment": 0.0}, "deduplicate.containment: got 0.0; expected a share"),
        ({"jaccard": 1.5}, "deduplicate.jaccard: got 1.5"),
        ({"same_story": -1.0}, "deduplicate.same_story: got -1.0"),
        ({"window_days": -1.0}, "deduplicate.window_days: got -1.0"),
    ],
)
def test_settings_are_checked(setting, said):
    with pytest.raises(ValueError, match=said):
        Deduplicate(**setting)


def test_what_lies_on_disk_meanwhile_is_judged_as_what_does_not(tmp_path):
    known = made(words(1), canonical_url="https://example.org/1")
    first, cut, other = (made(text, source_id=str(at)) for at, text in enumerate([words(2), words(2)[:900], words(3)]))
    edited = made(f"{words(1)} Corrected.", canonical_url="https://example.org/1")
    given = [first, cut, other, edited, first, known]
    plain = deduplicated(tmp_path, given, [known])
    with spilling_into(tmp_path / "aside"):
        assert deduplicated(tmp_path, given, [known]) == plain
        assert sum(path.stat().st_size for path in (tmp_path / "aside").glob(f"*{SUFFIX}")) > 10_000
    kept, dropped = plain
    assert kept[cut.article_id].duplicate_of == first.article_id
    assert dropped == ["already_in_dataset", "same_article"]


def test_duplicates_are_counted_by_closed_names():
    with beam.Pipeline(runner=RUNNER) as p:
        inputs = {"articles": p | beam.Create([A, A]), "known": p | "known" >> beam.Create([])}
        _, duplicates, _ = inputs | Deduplicate()
        assert_that(duplicates, equal_to(["same_article"]))
