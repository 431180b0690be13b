"""Lists of feeds: the one that is shipped, CSV and OPML, and the check that asks each feed."""

import collections
import csv
import datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from pipeline.cli import main
from pipeline.commands.feeds import check
from tests.helpers.hostile import Answer, Exchange, FakeInternet, Server
from transforms.feeds.check import Checked, check_feeds
from transforms.feeds.feed_list import (
    FeedListError,
    ListedFeed,
    is_feed_list,
    parse_feed_list,
    read_feed_list,
    write_feed_list,
)
from transforms.feeds.opml import parse_opml, to_opml
from transforms.http.client import Client, Limits
from transforms.read import resolve_inputs

SHIPPED = Path(__file__).parents[1] / "seeds" / "feeds.csv"
NOON = datetime.datetime(2026, 3, 2, 12, tzinfo=datetime.UTC)
CONTINENTS = {
    "africa": "AGO BDI BEN BFA BWA CAF CIV CMR COD COG COM CPV DJI DZA EGY ERI ESH ETH GAB GHA GIN GMB GNB GNQ KEN LBR"
    " LBY LSO MAR MDG MLI MOZ MRT MUS MWI NAM NER NGA RWA SDN SEN SLE SOM SSD STP SWZ SYC TCD TGO TUN TZA UGA ZAF ZMB"
    " ZWE",
    "asia": "AFG ARE ARM AZE BGD BHR BRN BTN CHN CYP GEO HKG IDN IND IRN IRQ ISR JOR JPN KAZ KGZ KHM KOR KWT LAO LBN"
    " LKA MAC MDV MMR MNG MYS NPL OMN PAK PHL PRK PSE QAT SAU SGP SYR THA TJK TKM TLS TUR TWN UZB VNM YEM",
    "north america": "ATG BHS BLZ BMU BRB CAN CRI CUB CYM DMA DOM GRD GTM HND HTI JAM KNA LCA MEX NIC PAN PRI SLV TTO"
    " USA VCT",
    "south america": "ARG BOL BRA CHL COL ECU GUF GUY PER PRY SUR URY VEN",
    "oceania": "AUS COK FJI FSM GUM KIR MHL NCL NZL PLW PNG PYF SLB TON VUT WSM",
}  # all others are in Europe


def feed(url: str = "https://a.test/rss", **fields: str) -> ListedFeed:
    return ListedFeed(url=url, **fields)


# The shipped list.


@pytest.fixture(scope="module")
def shipped() -> list[ListedFeed]:
    return read_feed_list(str(SHIPPED))


def test_every_row_is_complete(shipped: list[ListedFeed]) -> None:
    assert 150 <= len(shipped) <= 300
    assert not [row for row in shipped if not (row.publisher and row.country and row.language and row.section)]


def test_addresses_are_distinct_and_carry_nothing_of_ours(shipped: list[ListedFeed]) -> None:
    bare = [f"{urlsplit(row.url).netloc}{urlsplit(row.url).path}?{urlsplit(row.url).query}" for row in shipped]
    assert len(set(bare)) == len(bare)
    assert not [row.url for row in shipped if "@" in row.url or "utm_" in row.url]


@pytest.mark.parametrize(
    ("continent", "least"),
    [("africa", 40), ("asia", 50), ("europe", 70), ("north america", 25), ("south america", 12), ("oceania", 12)],
)
def test_every_continent_is_there(shipped: list[ListedFeed], continent: str, least: int) -> None:
    of = {code: name for name, codes in CONTINENTS.items() for code in codes.split()}
    assert sum(of.get(row.country, "europe") == continent for row in shipped) >= least


def test_most_are_english_and_many_languages_are_there(shipped: list[ListedFeed]) -> None:
    languages = collections.Counter(row.language for row in shipped)
    assert languages["en"] > len(shipped) / 2
    assert len(languages) >= 40


def test_no_country_or_publisher_fills_the_list(shipped: list[ListedFeed]) -> None:
    assert max(collections.Counter(row.country for row in shipped).values()) <= 20
    assert max(collections.Counter(row.publisher for row in shipped).values()) <= 4
    assert max(collections.Counter(urlsplit(row.url).hostname for row in shipped).values()) <= 10


def test_what_is_not_known_to_have_answered_says_so(shipped: list[ListedFeed]) -> None:
    assert {row.checked for row in shipped} == {"", "2026-03-25"}


# CSV.


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    feeds = [
        feed(publisher='Écho, "le"', country="FRA", language="fr", section="top", checked="2026-01-02"),
        feed("http://b.test/"),
    ]
    write_feed_list(feeds, tmp_path / "list.csv")
    assert read_feed_list(str(tmp_path / "list.csv")) == feeds


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("url\n", "names no feed"),
        ("address\nhttp://a.test\n", "has no column url but 'address'"),
        ("url,url\nhttp://a.test,b\n", "column 'url' is there twice"),
        ("url,notes,lang\nhttp://a.test,b,c\n", "column 'notes' is not known; column 'lang' is not known"),
        ("url\nhttp://a.test,more\n", "has 2 values; the first line has 1"),
        ("url\nhttp://a.test\nhttp://a.test\n", "feeds:3: http://a.test is in line 2 already"),
        ("url\nfile:///etc/passwd\n", "expected an http or https address"),
        ("url\nhttp:///rss\n", "expected an http or https address"),
        ("url,country\nhttp://a.test,FR\n", "country: got 'FR'"),
        ("url,language\nhttp://a.test,eng\n", "language: got 'eng'"),
        ("url,checked\nhttp://a.test,yes\n", "checked: got 'yes'"),
        ("url,checked\nhttp://a.test,2026-1-1\n", "checked: got '2026-1-1'"),
        ("url,country\nhttp://a.test\n", "has 1 values; the first line has 2"),
        ('url\n"http://a.test\n', "is not CSV"),
    ],
)
def test_lists_that_cannot_be_used(text: str, said: str) -> None:
    with pytest.raises(FeedListError, match="feeds") as caught:
        parse_feed_list(text)
    assert said in str(caught.value)


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(FeedListError) as caught:
        parse_feed_list("url,country\nx,FRA\nhttp://a.test,QQQ\n")
    assert len(caught.value.problems) == 2


def test_a_list_is_an_input_of_a_run(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    write_feed_list([feed("https://b.test/rss"), feed("https://a.test/rss")], path)
    assert [source.uri for source in resolve_inputs([str(path)])] == ["https://a.test/rss", "https://b.test/rss"]


def test_a_list_that_only_lies_in_a_folder_sends_no_requests(tmp_path: Path) -> None:
    write_feed_list([feed()], tmp_path / "feeds.csv")
    (tmp_path / "a.txt").write_text("Rain fell.")
    assert [Path(source.uri).name for source in resolve_inputs([str(tmp_path)])] == ["a.txt"]
    globbed = resolve_inputs([f"{tmp_path}/*"])
    assert not [source for source in globbed if source.uri.startswith("http")]
    assert not is_feed_list(f"{tmp_path}/*.csv")


def test_a_broken_list_stops_the_run_before_it_starts(tmp_path: Path) -> None:
    (tmp_path / "feeds.csv").write_text("url\nnope\n")
    with pytest.raises(ValueError, match=r"feeds\.csv:2: url: got 'nope'"):
        resolve_inputs([str(tmp_path / "feeds.csv")])


# OPML.


def opml(body: str, head: str = "") -> bytes:
    return f'<?xml version="1.0" encoding="UTF-8"?>{head}<opml version="2.0"><body>{body}</body></opml>'.encode()


def test_opml_and_back() -> None:
    feeds = [
        feed("https://a.test/rss?a=1&b=2", publisher="A & <B>", country="FRA", language="fr", section="top"),
        feed("https://b.test/rss", publisher="日本", country="JPN", language="ja", section="world, asia"),
        feed("https://c.test/rss", publisher="C", checked="2026-03-01", full_text="yes"),
    ]
    assert parse_opml(to_opml(feeds, "Mine")) == (feeds, [])


def test_the_shipped_list_and_back(shipped: list[ListedFeed]) -> None:
    found, left_out = parse_opml(to_opml(shipped, "feeds"))
    assert sorted(found, key=lambda row: row.url) == sorted(shipped, key=lambda row: row.url)
    assert left_out == []


def test_opml_as_readers_export_it() -> None:
    content = opml(
        '<outline text="News"><outline text="World"><outline text="A" xmlUrl=" http://a.test/rss "/></outline>'
        '<outline title="B" text="b" xmlUrl="http://b.test/" category="/Tech" language="en-US"/></outline>'
        '<outline text="no feed"/><outline text="C" xmlUrl="http://c.test/" language="klingon"/>'
        '<outline text="again" xmlUrl="http://a.test/rss"/><outline text="D" xmlUrl="javascript:alert(1)"/>'
    )
    found, left_out = parse_opml(content)
    assert [(row.url, row.publisher, row.section, row.language) for row in found] == [
        ("http://a.test/rss", "A", "News/World", ""),
        ("http://b.test/", "B", "/Tech", "en"),
        ("http://c.test/", "C", "", ""),
    ]
    assert [line.split(": ", 1)[1] for line in left_out] == [
        "no feed: has no xmlUrl",
        "again: http://a.test/rss is there twice",
        "D: url: got 'javascript:alert(1)'; expected an http or https address",
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"<!doctype html><html><body><p>Log in", "is a web page (HTML)"),
        (b"<HTML><BODY>", "is a web page (HTML)"),
        (b"Please log in.", "is not OPML, as its XML is broken"),
        (b"<opml><body>", "is not OPML, as its XML is broken"),
        (b"<rss/>", "the root 'rss'"),
        (opml(""), "names no feed"),
        (opml("", '<!DOCTYPE opml SYSTEM "http://evil.test/x.dtd">'), "document type"),
        (opml('<outline xmlUrl="http://a.test/&x;"/>', '<!DOCTYPE o [<!ENTITY x SYSTEM "file:///x">]>'), "type or ent"),
        (opml("", "<!DOCTYPE o>").decode().replace("UTF-8", "utf-16").encode("utf-16"), "document type"),
        (opml("<outline>" * 60 + "</outline>" * 60), "nested more than 50 deep"),
        (b" " * 20_000_001, "longer than 20,000,000 bytes"),
    ],
)  # fmt: skip
def test_opml_that_is_refused(content: bytes, said: str) -> None:
    with pytest.raises(FeedListError, match="opml") as caught:
        parse_opml(content)
    assert said in str(caught.value)
    assert "<string>" not in str(caught.value)


# The check.


def rss(*dates: datetime.datetime, language: str = "en") -> bytes:
    items = "".join(
        f"<item><title>T{n}</title><link>http://a.test/{n}</link>"
        f"<pubDate>{date:%a, %d %b %Y %H:%M:%S} +0000</pubDate></item>"
        for n, date in enumerate(dates)
    )
    head = f"<?xml version='1.0'?><rss version='2.0'><channel><title>A</title><language>{language}</language>"
    return f"{head}{items}</channel></rss>".encode()


def days(number: float) -> datetime.datetime:
    return NOON - datetime.timedelta(days=number)


def says(status: int = 200, body: bytes = b"", *headers: str) -> Answer:
    def answer(exchange: Exchange) -> None:
        exchange.reply(status, headers, body)

    return answer


ANSWERS: dict[str, Answer] = {
    "well.test/rss": says(200, rss(days(1), days(0.5), days(-300), language="fr-FR")),
    "moved.test/rss": says(301, b"", "Location: http://well.test/rss"),
    "for-now.test/rss": says(302, b"", "Location: http://well.test/rss"),
    "stale.test/rss": says(200, rss(days(100))),
    "dateless.test/rss": says(200, rss(days(1)).replace(b"pubDate", b"other")),
    "missing.test/rss": says(404, b"nothing here"),
    "gone.test/rss": says(410),
    "down.test/rss": says(503, b"", "Retry-After: 120"),
    "page.test/rss": says(200, b"<!doctype html><html><body><p>Welcome</p></body></html>", "Content-Type: text/html"),
    "empty.test/rss": says(200, rss()),
    "json.test/rss": says(
        200,
        b'{"version":"https://jsonfeed.org/version/1.1","language":"de","title":"J","items":'
        b'[{"id":"1","content_text":"x","date_published":"2026-03-01T00:00:00Z"}]}',
        "Content-Type: application/feed+json",
    ),
}


@pytest.fixture(scope="module")
def found() -> dict[str, Checked]:
    server = Server()
    server.answers = ANSWERS
    internet = FakeInternet(server)
    internet.names["inside.test"] = [["10.0.0.1"]]
    feeds = [feed(f"http://{key}") for key in [*ANSWERS, "inside.test/rss"]]
    limits = Limits(timeout_seconds=5, max_bytes=1_000_000)
    rows = check_feeds(
        feeds,
        lambda: Client(limits, lookup=internet.lookup, inner=internet, tls=server.trusting),
        now=NOON,
        interval=0,
    )
    assert [row.url for row in rows] == [one.url for one in feeds]
    assert server.paths().count("stale.test/rss") == 1
    return {urlsplit(row.url).netloc.removesuffix(".test"): row for row in rows}


@pytest.mark.parametrize(
    ("name", "answered", "status", "entries", "age", "problem"),
    [
        ("well", True, 200, 3, 0.5, ""),
        ("moved", True, 200, 3, 0.5, ""),
        ("for-now", True, 200, 3, 0.5, ""),
        ("stale", True, 200, 1, 100.0, "stale: the newest entry is 100 days old"),
        ("dateless", True, 200, 1, None, ""),
        ("missing", False, 404, 0, None, "the server answered 404"),
        ("gone", False, 410, 0, None, "410: the server says that it is gone for good; take it from the list"),
        ("down", False, 503, 0, None, "the server answered 503"),
        ("page", False, 200, 0, None, "not a feed: the response is html"),
        ("empty", False, 200, 0, None, "a feed without entries"),
        ("json", True, 200, 1, 1.5, ""),
    ],
)
def test_what_the_check_finds(
    found: dict[str, Checked], name: str, answered: bool, status: int, entries: int, age: float | None, problem: str
) -> None:
    row = found[name]
    assert (row.answered, row.status, row.entries, row.age_days, row.problem) == (
        answered, status, entries, age, problem,
    )  # fmt: skip


def test_where_it_has_moved_and_what_it_declares(found: dict[str, Checked]) -> None:
    assert found["moved"].moved_to == "http://well.test/rss"
    assert found["for-now"].moved_to == ""
    assert (found["well"].language, found["json"].language) == ("fr-FR", "de")


def test_the_check_asks_no_private_address(found: dict[str, Checked]) -> None:
    assert "is not public" in found["inside"].problem
    assert found["inside"].status is None


def test_the_table_the_file_and_the_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    server = Server()
    server.answers = ANSWERS
    internet = FakeInternet(server)

    def client() -> Client:
        return Client(Limits(timeout_seconds=5), lookup=internet.lookup, inner=internet)

    well, moved, stale, missing = (feed(f"http://{name}.test/rss") for name in ("well", "moved", "stale", "missing"))
    assert check([well], client, now=NOON, interval=0) == 0
    assert capsys.readouterr().out == "1 feeds: 1 answered, 0 moved, 0 stale or broken, 0 did not answer\n"
    output = tmp_path / "checked.csv"
    assert check([well, moved, stale, missing], client, now=NOON, interval=0, output=str(output)) == 3
    printed = capsys.readouterr().out
    assert printed.endswith("4 feeds: 3 answered, 1 moved, 1 stale or broken, 1 did not answer\n")
    assert "http://well.test/rss" in printed  # as what the second has moved to
    rows = list(csv.DictReader(output.open(encoding="utf-8")))
    assert [row["answered"] for row in rows] == ["yes", "yes", "yes", "no"]
    assert check([stale], client, now=NOON, interval=0, stale_days=200) == 0


# The command.


def test_list_import_and_export(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exported, again = tmp_path / "feeds.opml", tmp_path / "feeds.csv"
    assert main(["feeds", "export", str(SHIPPED), "--output", str(exported)]) == 0
    assert main(["feeds", "import", str(exported), "--output", str(again)]) == 0
    assert len(read_feed_list(str(again))) == len(read_feed_list(str(SHIPPED)))
    capsys.readouterr()
    assert main(["feeds", "list", str(SHIPPED), "--country", "jpn", "--language", "JA"]) == 0
    assert "NHK" in capsys.readouterr().out


def test_an_import_counts_what_is_no_feed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = opml('<outline text="Empty"/><outline text="A" xmlUrl="http://a.test/rss"/><outline/>')
    (tmp_path / "mine.opml").write_bytes(content)
    assert main(["feeds", "import", str(tmp_path / "mine.opml"), "--output", str(tmp_path / "x.csv")]) == 0
    printed = capsys.readouterr()
    assert printed.out.endswith("x.csv: 1 feeds; 2 left out\n")
    assert "Empty: has no xmlUrl" in printed.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["list", "nowhere.csv"], "nowhere.csv: cannot be read"),
        (["list", str(SHIPPED), "--country", "ATL"], "--country ATL: no feed of the list has it; there are AFG,"),
        (["list", str(SHIPPED), "--language", "xx"], "--language xx: no feed of the list has it; there are "),
        (["check", "nowhere.csv"], "nowhere.csv: cannot be read"),
        (["check", str(SHIPPED), "--timeout", "0"], "--timeout: got 0.0; expected a number above 0"),
        (["check", str(SHIPPED), "--output", "/nowhere/a.csv"], "cannot be written there"),
        (["import", str(SHIPPED), "--output", "x.csv"], "is not OPML"),
        (["import", str(SHIPPED), "--output", "/proc/sys/x.csv"], "cannot be written there"),
        (["import", "nowhere.opml", "--output", "x.csv"], "cannot be read"),
    ],
)
def test_what_is_wrong_is_said(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["feeds", *arguments]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--timeout", "--stale-days"])
@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "-1", "0", "1e9"])
def test_a_number_that_is_none_is_refused_before_a_feed_is_asked(option, value, tmp_path, capsys):
    listed = tmp_path / "feeds.csv"
    listed.write_text("url\nhttps://a.test/rss\n")
    assert main(["feeds", "check", str(listed), f"{option}={value}"]) == 2
    assert f"dateline: {option}: got {float(value)}; expected a number above 0, at most" in capsys.readouterr().err
