"""Shingles, band keys, and what is made of them."""

import random
import time

import numpy as np
import pytest

from benchmarks.near_copies import EDITS, Body, candidate, links_of, measure_recall
from transforms.deduplicate.minhash import BANDS, MIN_SHINGLES, PIECE, PIECES, band_keys
from transforms.deduplicate.near_copies import FIRST_OF_BAND, Proposal, choose, entries, pairs, without_furniture
from transforms.deduplicate.shingles import distinct, overlap, shingle_hashes


def words(seed: int, count: int) -> list[str]:
    rng = random.Random(seed)
    return ["".join(rng.choices("abcdefghijklmnop", k=6)) for _ in range(count)]


CHINESE = "周一清晨河水再次上涨淹没了市中心的几条街道当局要求居民撤离到高处的学校和体育馆"
THAI = "น้ำในแม่น้ำเพิ่มสูงขึ้นอีกครั้งในเช้าวันจันทร์และท่วมถนนหลายสายในใจกลางเมือง"


@pytest.mark.parametrize(
    ("one", "other", "containment"),
    [
        ("The river rose again on Monday.", "the RIVER “rose” — again, on Monday!", 1.0),
        ("The river rose again on Monday.", "It rained in the hills on Sunday.", 0.0),
        ("Le café était fermé ce lundi matin", "Le cafe\u0301 était fermé ce lundi matin", 1.0),
        (CHINESE, CHINESE[:20] + "，" + CHINESE[20:], 1.0),
        (CHINESE, CHINESE[15:], 1.0),
        (CHINESE, CHINESE[::-1], 0.0),
        (THAI, THAI[20:], 1.0),
        (THAI, THAI[::-1], 0.0),
        (
            "강물이 월요일 아침에 다시 불어나 도심 거리가 잠겼다",
            "강물이 월요일 아침에 다시 불어나 도심 거리가 잠겼다.",
            1.0,
        ),
        ("one two three", "one two three", 0.0),
        ("", "", 0.0),
    ],
)
def test_containment(one, other, containment):
    found = overlap(*(distinct(shingle_hashes(text)) for text in (one, other)))
    assert found.containment == containment


def test_hashes_are_the_same_everywhere():
    # They are kept with datasets: a change here makes every segment of every dataset useless.
    assert shingle_hashes("one two three four five six").tolist() == [1642521514, 2564537316]
    assert band_keys(shingle_hashes(" ".join(map(str, range(40)))))[:3].tolist() == [100853018, 132426756, 190110760]


def test_a_lone_surrogate_is_hashed():
    assert len(shingle_hashes("a b c d \ud800e f")) == 2


def test_a_text_has_a_hundred_keys_and_a_long_one_as_many_for_each_piece():
    assert len(band_keys(shingle_hashes(" ".join(words(1, 300))))) == BANDS
    assert len(band_keys(shingle_hashes(" ".join(words(1, MIN_SHINGLES + 3))))) == 0
    long = band_keys(shingle_hashes(" ".join(words(1, 3 * PIECE))))
    assert 5 * BANDS < len(long) <= 7 * BANDS
    assert len(band_keys(shingle_hashes(" ".join(words(1, 30_000))))) <= (PIECES + 1) * BANDS


@pytest.mark.parametrize("length", [120, 300, 1500])
@pytest.mark.parametrize("edit", EDITS)
def test_edits_are_found_again(edit, length):
    bodies = [" ".join(words(seed, length)) for seed in range(20)]
    rng = random.Random(1)
    edited = [EDITS[edit](". ".join(body[at : at + 70] for at in range(0, len(body), 70)), rng) for body in bodies]
    bodies = [". ".join(body[at : at + 70] for at in range(0, len(body), 70)) for body in bodies]
    links = links_of([candidate(f"0-{at}", body) for at, body in enumerate(bodies)]
                     + [candidate(f"1-{at}", body, 60) for at, body in enumerate(edited)])  # fmt: skip
    found = sum(f"1-{at}" in links and links[f"1-{at}"].copy_of.article_id == f"0-{at}" for at in range(20))
    assert found >= 19


def test_a_short_copy_inside_a_long_text_is_found():
    short = words(1, 120)
    long = [*words(2, 1500), *short, *words(3, 1500)]
    links = links_of([candidate("a", " ".join(short)), candidate("b", " ".join(long), 60)])
    assert links["b"].copy_of.article_id == "a"


def test_what_many_articles_of_a_site_have_is_no_copy():
    foot = words(0, 120)
    articles = [candidate(f"{at}", " ".join([*words(at + 1, 60), *foot]), site="news.test") for at in range(6)]
    assert links_of(articles) == {}
    # Two sites' texts with as much in common are copies.
    apart = [candidate(f"{at}", " ".join([*words(at + 1, 60), *foot]), site=f"{at}.test") for at in range(6)]
    assert len(links_of(apart)) == 5


def test_what_a_site_publishes_often_is_a_copy_all_the_same():
    story = words(0, 200)
    articles = [candidate(f"{at}", " ".join([*story, *words(at + 1, 2)]), site="news.test") for at in range(6)]
    assert len(links_of(articles)) == 5


def test_furniture_is_what_others_have_too():
    one, other, third = (np.array(numbers, np.uint32) for numbers in (range(20), range(10, 30), range(8, 18)))
    rest = without_furniture(one, other, [third, third])
    assert [part.tolist() for part in rest] == [[0, 1, 2, 3, 4, 5, 6, 7, 18, 19], list(range(18, 30))]
    assert without_furniture(one, other, [third])[0].tolist() == one.tolist()
    assert without_furniture(one, other, [one, one])[0] is one


def test_a_band_that_all_share_makes_no_quadratic_work():
    foot = " ".join(words(0, 400))
    members = [entry for at in range(3000) for _, entry in entries(candidate(f"{at:05}", foot + f" {at}", at))]
    begun = time.perf_counter()
    found, left_out = pairs([members], 7.0)
    assert len(found) <= 2 * FIRST_OF_BAND * 3000
    assert left_out > 1_000_000
    assert time.perf_counter() - begun < 60
    assert {f"{at:05}" for at in range(1, 3000)} <= {later for _, later in found}


def test_what_shares_one_key_by_chance_is_seldom_compared():
    alike = [Proposal(f"alike {at}", True, 5, False, at) for at in range(2)]
    chance = [Proposal(f"chance {at:03}", True, 1, False, at) for at in range(100)]
    kept, left_out = choose([*chance, *alike])
    assert kept == ["alike 0", "alike 1", "chance 000", "chance 001", "chance 002"]
    assert left_out == 0
    # One key in each of two ranges is no chance any more.
    assert choose([*chance, *chance])[0] == [one.article_id for one in chance[:12]]
    assert choose([*chance, *chance])[1] == 88


def test_the_window():
    text = " ".join(words(1, 100))
    day = 86_400
    assert set(links_of([candidate("a", text), candidate("b", text, 7 * day)])) == {"b"}
    assert links_of([candidate("a", text), candidate("b", text, 8 * day)]) == {}


def test_the_benchmark_runs():
    body = Body("a", " ".join(words(1, 200)))
    lines = list(measure_recall([body], 1))
    assert len(lines) == 1 + len(EDITS)
    assert all(" 1.000 " in line for line in lines[1:])


@pytest.mark.parametrize("numbers", [[], [7], [3, 1, 3, 2, 1], [[2, 1], [1, 2]]])
def test_distinct_numbers_are_those_that_numpy_finds(numbers):
    given = np.array(numbers, dtype=np.uint32)
    found = distinct(given)
    assert found.dtype == given.dtype
    assert found.tolist() == np.unique(given).tolist()
