"""Near copies within a run and against the dataset: they point at the first."""

import dataclasses
import datetime

import pytest

from tests.test_deduplicate import NOON, decided, deduplicated, made, words
from transforms.records import Article

LONG = words(10, 400).split()


def published(text: str, name: str, hours: float = 0) -> Article:
    return made(
        text, canonical_url=f"https://{name}.test/a", date_published=NOON + datetime.timedelta(hours=hours),
        headline=name,
    )  # fmt: skip


ORIGINAL = published(" ".join(LONG), "wire")


HALF = published(" ".join(LONG[:200]), "half", 1)


QUARTER = published(" ".join(LONG[150:250]), "quarter", 2)


RELATED = published(" ".join([*LONG[250:390], *words(11, 360).split()]), "related", 3)


UNRELATED = published(words(12, 400), "other", 4)


LATE = published(" ".join(LONG[:300]), "late", 24 * 8)


EARLY = published(" ".join(LONG[:300]), "early", -24)


@pytest.mark.parametrize("known", [[], [ORIGINAL]])
def test_near_copies_point_at_the_first(known, tmp_path):
    new = [one for one in (ORIGINAL, HALF, QUARTER, RELATED, UNRELATED, LATE) if one not in known]
    ways = (decided(new, known), decided(new[::-1], known), deduplicated(tmp_path, new, known))
    for found, dropped in ways:
        assert found == ways[0][0]
        assert dropped == []
        rows = {one.headline: one for one in found.values()}
        copies = {name: one.duplicate_overlap for name, one in rows.items() if one.duplicate_of}
        assert copies == {"half": 1.0, "quarter": 1.0}
        assert {one.duplicate_of for one in rows.values()} == {None, ORIGINAL.article_id}
        stories = {name: one.story_id for name, one in rows.items() if name != "wire"}
        assert stories == {
            "half": ORIGINAL.article_id, "quarter": ORIGINAL.article_id, "related": ORIGINAL.article_id,
            "other": UNRELATED.article_id, "late": LATE.article_id,
        }  # fmt: skip


def test_what_is_in_the_dataset_comes_first_whenever_it_was_published():
    found, _ = decided([EARLY, HALF], [ORIGINAL])
    assert {one.duplicate_of for one in found.values()} == {ORIGINAL.article_id}


def test_copies_of_a_known_copy_point_at_its_original():
    known = dataclasses.replace(
        HALF, duplicate_of=ORIGINAL.article_id, duplicate_overlap=1.0, story_id=ORIGINAL.article_id
    )
    found, _ = decided([published(HALF.text, "again", 2), published(" ".join(LONG[:120]), "cut", 3)], [known])
    assert {one.duplicate_of for one in found.values()} == {ORIGINAL.article_id}
    assert {one.story_id for one in found.values()} == {ORIGINAL.article_id}


def test_the_same_text_as_a_near_copy_points_at_the_original_too():
    found, _ = decided([ORIGINAL, HALF, published(HALF.text, "again", 2)])
    assert sorted(str(one.duplicate_of) for one in found.values()) == sorted(["None", *[ORIGINAL.article_id] * 2])


def test_near_copies_can_be_left_out(tmp_path):
    found, _ = deduplicated(tmp_path, [ORIGINAL, HALF], near_copies=False)
    assert {one.duplicate_of for one in found.values()} == {None}
