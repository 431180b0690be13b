"""Redaction of addresses before they are shown or stored."""

import csv
import datetime
import time
from pathlib import Path

import pytest

from transforms.failures import failure_from
from transforms.formats.known import split
from transforms.http.redact import MAX_NESTED, has_secret, mask, mask_text
from transforms.http.secret_shapes import is_random, is_secret_name
from transforms.parse.article import parse_item
from transforms.records import Document

THEN = datetime.datetime(2026, 3, 1, tzinfo=datetime.UTC)
HEX = "9f86d081884c7d659a2feaa0c55ad015"
RANDOM = "sGk2Vq81LmZx0Tr5Bd7Pw3"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJtZSJ9.hunter2Signature"
NAMES = (
    *("token", "access_token", "accessToken", "token2", "auth[token]", "%74oken", "to%6ben", "refresh_token", "oauth"),
    *("api_key", "API_KEY", "apikey[]", "apiKey", "key", "k_key", "userkey", "rsskey", "client_secret", "clientsecret"),
    *(
        "pw",
        "pwd",
        "passwd",
        "password",
        "passphrase",
        "passcode",
        "pass",
        "auth",
        "code",
        "auth_code",
        "Authorization",
    ),
    *("bearer", "ticket", "hmac", "session", "session_id", "sessionid", "PHPSESSID", "sid", "jwt", "otp", "hash"),
    *("nonce", "cookie", "X-Amz-Signature", "X-Goog-Credential", "sig"),
)

SECRETS = [
    *(f"https://news.test/feed?{name}=hunter2" for name in NAMES),
    *(f"https://news.test/feed?id=7&{name}=hunter2;x=1" for name in ("pw", "code")),
    "https://me:hunter2@news.test/feed",
    "https://hunter2@news.test/feed",
    "me:hunter2@news.test/feed",
    "//me:hunter2@news.test/feed",
    "https://me:a#hunter2@news.test/feed",
    "https://me:a/hunter2@news.test/feed",
    "https://me:hunter2@[::1]:8080/news.test/feed",
    "https://news.test/feed;token=hunter2",
    "https://news.test/feed;v=1;token=hunter2/x",
    "https://news.test/feed?a=1;token=hunter2",
    "https://news.test/feed#access_token=hunter2&token_type=bearer",
    "https://news.test/feed#!/home?token=hunter2",
    "https://news.test/feed?next=https%3A%2F%2Fu:hunter2@h.test%2F",
    "https://news.test/feed?next=https%3A%2F%2Fh.test%2F%3Ftoken%3Dhunter2",
    "https://news.test/feed?next=https%253A%252F%252Fh.test%252F%253Ftoken%253Dhunter2",
    "https://news.test/feed?next=https%25253A%25252F%25252Fh.test%25252F%25253Ftoken%25253Dhunter2",
    "https://news.test/feed?next=%2Flogin%3Ftoken%3Dhunter2",
    "https://news.test/feed?q=token%3Dhunter2",
    "https://news.test/feed?next=https%3A%2F%2Fu%3Ahunter2%40h.test%2F",
    "https://news.test/feed/https://h.test/?token=hunter2",
    "https://news.test/feed/https%3A%2F%2Fu:hunter2@h.test%2F",
    "https://news.test/feed/bot123456:AAhunter2_xyz/getUpdates",
    "https://news.test/feed/hooks/T000/B000/hunter2",
    "https://hooks.news.test/feed/services/T000/B000/HUNTER2hunter2",
    f"https://news.test/feed/{JWT}",
    f"https://news.test/feed?x={JWT}",
    "https://news.test/feed/token/hunter2/rss",
    "/feed?token=hunter2&host=news.test/feed",
    *(f"https://news.test/feed?{name}=hunter2" for name in ("passkey", "csrf", "psw", "Passwort", "contrase%C3%B1a")),
    *(f"https://news.test/feed?{name}=hunter2" for name in ("%2574oken", "ｔｏｋｅｎ", "SAMLResponse", "md5", "pin")),
    *(f"{wrap}:https://me:hunter2@news.test/feed?token=hunter2" for wrap in ("feed", "view-source", "jar", "a:b")),
    *(f"https:{slashes}me:hunter2@news.test/feed" for slashes in ("/", "///", "")),
    "https://news.test/feed?hdnts=exp=1400000000~acl=/*~hmac=hunter2abc",
    "https://news.test/feed?a=1|token=hunter2,b=2",
    'https://news.test/feed?q={"a":1,"token":"hunter2"}',
    "https://news.test/feed?q=%7B%22a%22:1,%22token%22:%22hunter2%22%7D",
    "https://news.test/feed?token:hunter2",
    "https://news.test/feed?h=Basic%20aHVudGVyMjpodW50ZXIy-hunter2",
    "https://news.test/feed?u=//me:hunter2@h.test/",
    "https://news.test/feed#token=hunter2?a=b",
    "https://news.test/feed%3Ftoken%3Dhunter2",
    "https://news.test/feed/key/hunter2abc",
    "https://news.test/feed/secret:hunter2abc/u:me",
    "https://news.test/feed?x=ghp_hunter2abcDEF123ghi4567890",
]


@pytest.mark.parametrize("address", SECRETS)
def test_secrets_are_struck_out(address: str) -> None:
    masked = mask(address)
    assert "hunter2" not in masked.lower()
    assert "news.test/feed" in masked
    assert mask(masked) == masked
    assert has_secret(address)
    assert "hunter2" not in mask_text(f"ConnectError: {address!r} and <{address}> failed").lower()


@pytest.mark.parametrize(
    "address",
    [
        f"https://news.test/feed/{HEX}",
        f"https://news.test/{HEX}/rss",
        f"https://news.test/private/{HEX}/index.html",
        f"https://news.test/u/{HEX}.rss",
        f"https://news.test/feed/{RANDOM}",
        f"https://news.test/feed/private-{HEX}/basic.ics",
        f"https://news.test/feed.xml?x={RANDOM}",
        f"https://news.test/feed?{RANDOM}",
        f"https://news.test/feed#{HEX}",
        f"https://news.test/feed?s={HEX * 2}",
    ],
)
def test_random_values_are_struck_out_and_two_stay_two(address: str) -> None:
    other = address.replace("9f86d", "8f86d").replace("sGk2", "sHk2")
    assert HEX not in mask(address)
    assert RANDOM not in mask(address)
    assert mask(address) != mask(other)
    assert mask(mask(address)) == mask(address)


HONEST = [
    "https://news.test/feed?page=2&id=7",
    "https://news.test/monkey?keyboard=x&keyword=y&author=z&country_code=FR&passenger=1&secretary=2&tokyo=3",
    "https://news.test/2026/03/01/russia-ukraine-war-kyiv-g7-summit-live-updates-4f5e6d",
    "https://news.test/facebooks-secret-mood-manipulation-experiment/373648/",
    f"https://apnews.com/article/{HEX}",
    f"https://apnews.com/{HEX}",
    f"https://apnews.com/article/fires-{HEX}",
    "https://www.bbc.co.uk/news/articles/c0x1dkq7w2po",
    "https://news.google.com/rss/articles/CBMiWkFVX3lxTE1abcDEF123ghiJKL456mnoPQR789?oc=5",
    "https://feeds.acast.com/public/shows/5f3e2b1a-9c8d-4e6f-85a4-b3c2d1e0f9a8",
    "https://news.test/story/5f3e2b1a9c8d7e6f5a4b3c2d",
    "https://news.test/rss.php?article_id=5f3e2b1a9c8d7e6f5a4b3c2d9c8d7e6f",
    "https://news.test/watch?v=dQw4w9WgXcQ&fbclid=IwAR0abcDEF123ghiJKL456mnoPQR789",
    "https://news.test/pages/ThisIsTheTitleOfALongStoryAboutRain2026",
    "https://news.test/20260301123456789012345678901234",
    "https://news.test/a?b=c?d=e#top",
    "https://news.test/?",
    "https://news.test/feed/private-equity-deal-2026",
    "https://news.test/feed/key-takeaways-2026-03",
    "https://news.test/q?email=me@x.test&x=a|b,c~d&time=12:30",
    "https://news.test/a?q=%22token%22%20said",
    "https://www.washingtonpost.com/politics/2026/03/01/0a1b2c3d-4e5f-6789-abcd-ef0123456789_story.html",
    "https://news.test/a?q=100%25&x=%zz",
    "https://news.test/share?url=https%3A%2F%2Fa.test%2Fb%3Fid%3D1",
    "/data/token=5/9f86d081884c7d659a2feaa0c55ad015.txt",
    "seeds/what[1].txt",
    "gs://bucket/feed/9f86d081884c7d659a2feaa0c55ad015.jsonl",
    "mailto:me@news.test",
    "",
]


@pytest.mark.parametrize("address", HONEST)
def test_the_rest_is_left_as_it_is(address: str) -> None:
    assert mask(address) == address


def test_no_feed_of_the_list_is_masked() -> None:
    with Path("seeds/feeds.csv").open(encoding="utf-8") as file:
        addresses = [row["url"] for row in csv.DictReader(file)]
    assert len(addresses) > 200
    assert [address for address in addresses if mask(address) != address] == []


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("https://me:pw@news.test/a?code=0300&key=20260301.22", "https://news.test/a?code=0300&key=20260301.22"),
        ("https://news.test/a?token=hunter2", "https://news.test/a?token=***"),
        (f"https://news.test/feed/{HEX}", f"https://news.test/feed/{HEX}"),
    ],
)
def test_addresses_of_articles_lose_only_what_is_certainly_a_secret(address: str, masked: str) -> None:
    assert mask(address, certain=True) == masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Authorization: Bearer abcDEF123456", "Authorization: Bearer ***"),
        ("header 'Basic bWU6aHVudGVyMg=='", "header 'Basic ***'"),
        ("basic income for all", "basic income for all"),
        ("X-Api-Key: hunter2abc", "X-Api-Key: ***"),
        ("{'X-Api-Key': 'hunter2', 'id': '7'}", "{'X-Api-Key': '***', 'id': '7'}"),
        ("Cookie: a=b; sid=hunter2", "Cookie: ***"),
        ("401 with password=hunter2, then", "401 with password=***, then"),
        ("xoxb-123456-hunter2abc is revoked", "*** is revoked"),
        ("workers_secret: got 'x'; expected a file", "workers_secret: got 'x'; expected a file"),
        ("see https://news.test/u/sGk2Vq81LmZx0Tr5Bd7Pw3.rss: gone", "see https://news.test/u/***5a00.rss: gone"),
        ("see /login?token=x, then stop", "see /login?token=*** then stop"),
        ("postgres://me:pw@db.test/x is down", "postgres://db.test/x is down"),
    ],
)
def test_messages_are_masked(text: str, masked: str) -> None:
    assert mask_text(text) == masked


def test_names_and_values() -> None:
    assert not [name for name in ("monkey", "keyboard", "hashtag", "design", "signal", "barcode", "") if
                is_secret_name(name)]  # fmt: skip
    slugs = ["a-b-" * 20, "2026-03-01-15-30-00-000-111-222", "x" * 40, "1" * 40, "ukraine-war-2026-03-01-day-1465-g7"]
    assert not [slug for slug in slugs if is_random(slug)]


LONG = {
    "nested": "https://a.test/?u=https%3A%2F%2F",
    "path of addresses": "https://a.test/http://",
    "users": "a:b@",
    "percent": "%25",
    "pairs": "a=b&",
    "parameters": ";a=b",
    "segments": "/feed/aB3",
    "schemes": "http:",
    "letters": "aB3",
    "slashes": "/",
    "questions": "?token=",
    "bearer": "Bearer ",
}


@pytest.mark.parametrize("piece", LONG.values(), ids=list(LONG))
def test_the_time_grows_as_the_length(piece: str) -> None:
    def seconds(size: int) -> float:
        text = "https://a.test/x?" + piece * (size // len(piece))
        bare = piece * (size // len(piece))
        begun = time.process_time()
        for one in (text, bare):
            mask(one)
            mask_text(one)
        return time.process_time() - begun

    seconds(1_000)
    short = min(seconds(10_000) for _ in range(3))
    assert seconds(100_000) < 40 * max(short, 0.002)


def test_what_is_nested_too_deep_is_masked_whole() -> None:
    address = "https://h.test/?token=hunter2"
    for _ in range(MAX_NESTED + 3):
        address = "https://h.test/?u=" + "".join(f"%{ord(sign):02X}" for sign in address)
    assert "hunter2" not in mask(address)
    assert "***" in mask(address)


FEED = b"""<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>News</title>
<atom:link rel="self" href="https://news.test/feed?token=hunter2"/>
<item><title>Rain in Lima</title><link>https://me:hunter2@news.test/a?code=0300&amp;token=hunter2</link>
<guid>https://news.test/a?access_token=hunter2</guid><description>It rains in Lima.</description></item>
</channel></rss>"""


def test_rows_and_failures_have_no_secret_of_a_feed() -> None:
    document = Document(uri="https://news.test/feed?token=***", kind="feed", content=FEED, fetched=THEN)
    (item,) = split(document)
    article = parse_item(item, lambda name: False)
    assert article.url == "https://news.test/a?code=0300&token=***"
    assert "hunter2" not in repr(article)
    try:
        raise ValueError("no answer of https://me:hunter2@news.test/feed?code=hunter2")
    except ValueError as error:
        failure = failure_from(error, stage="read", source="a")
    assert failure.message == "no answer of https://news.test/feed?code=***"
    assert failure.traceback is not None
    assert "ValueError: no answer of https://news.test/feed?code=***" in failure.traceback
