"""Addresses: the same page under many of them, and never two pages under one."""

import itertools

import pytest

from transforms.text.urls import address_key, canonical, is_front_page

SAME = {
    "tracking": [
        "https://news.test/a?id=7",
        "https://news.test/a?id=7&utm_source=x&utm_medium=y",
        "https://news.test/a?fbclid=z&id=7",
        "https://news.test/a?gclid=1&mc_cid=2&mc_eid=3&id=7&msclkid=4&igshid=5&_ga=6&srsltid=7",
        "https://news.test/a?id=7&at_medium=RSS&at_campaign=rss",
        "https://news.test/a?&id=7&",
    ],
    "AMP": [
        "https://news.test/2026/11/flood",
        "https://news.test/2026/11/flood/amp",
        "https://news.test/2026/11/flood/amp/",
        "https://news.test/2026/11/flood?amp=1",
        "https://news.test/2026/11/flood?amp",
        "https://news.test/2026/11/flood?outputType=amp",
        "https://news.test/amp/2026/11/flood",
        "https://amp.news.test/2026/11/flood",
        "https://www.google.com/amp/s/news.test/2026/11/flood",
        "https://www.google.co.uk/amp/s/www.news.test/2026/11/flood/amp/",
        "https://news-test.cdn.ampproject.org/c/s/news.test/2026/11/flood?amp_js_v=a2&usqp=mq331AQ",
        "https://news-test.cdn.ampproject.org/v/s/news.test/2026/11/flood",
    ],
    "AMP file": ["https://news.test/flood.html", "https://news.test/flood.amp.html"],
    "telephones": [
        "https://www.news.test/a",
        "https://news.test/a",
        "https://m.news.test/a",
        "https://mobile.news.test/a",
        "https://wap.news.test/a?m=1",
    ],
    "a language and a telephone": ["https://en.m.news.test/a", "https://en.news.test/a"],
    "protocol and port": [
        "http://news.test/a",
        "https://news.test/a",
        "http://news.test:80/a",
        "https://news.test:443/a",
        "https://NEWS.test./a",
        "https://user:secret@news.test/a",
    ],
    "trailing parts": [
        "https://news.test/a",
        "https://news.test/a/",
        "https://news.test/a/index.html",
        "https://news.test/a/index.php",
        "https://news.test/a/default.aspx",
        "https://news.test/a#comments",
        "https://news.test//a",
        "https://news.test/b/../a",
        "https://news.test/./a",
    ],
    "printers": [
        "https://news.test/a-7",
        "https://news.test/a-7?print=1",
        "https://news.test/a-7?print=true",
        "https://news.test/a-7/print",
        "https://news.test/a-7/print/",
        "https://news.test/print/a-7",
        "https://news.test/a-7?view=print",
        "https://news.test/a-7?printable=yes",
    ],
    "escapes": [
        "https://news.test/caf%C3%A9",
        "https://news.test/caf%c3%a9",
        "https://news.test/café",
        "https://news.test/%63af%C3%A9",
    ],
    "order of parameters": ["https://news.test/?a=1&b=2", "https://news.test/?b=2&a=1"],
    "hosts in other scripts": ["https://новости.test/a", "https://xn--b1amnebsh.test/a"],
    "sessions": ["https://news.test/a", "https://news.test/a;jsessionid=0A1B", "https://news.test/a?PHPSESSID=3"],
}

DIFFERENT = [
    ("https://news.test/a?id=7", "https://news.test/a?id=8"),
    ("https://news.test/?p=7", "https://news.test/?p=8"),
    ("https://news.test/?p=7", "https://news.test/"),
    ("https://news.test/a?page=1", "https://news.test/a?page=2"),
    ("https://news.test/a", "https://news.test/A"),
    ("https://news.test/a", "https://news.test:8443/a"),
    ("https://news.test/a", "https://uk.news.test/a"),
    ("https://m.test/a", "https://test/a"),
    ("https://m.com/a", "https://amp.com/a"),
    ("https://news.test/amp", "https://news.test/"),
    ("https://news.test/print", "https://news.test/"),
    ("https://news.test/a/amplifiers", "https://news.test/a"),
    ("https://news.test/blueprint", "https://news.test/blue"),
    ("https://news.test/a%2Fb", "https://news.test/a/b"),
    ("https://news.test/a%3Fid=7", "https://news.test/a?id=7"),
    ("https://news.test/a?q=%26b%3D2", "https://news.test/a?q=&b=2"),
    ("https://news.test/a?format=json", "https://news.test/a"),
    ("https://news.test/a?m=11", "https://news.test/a"),
    ("https://news.test/a?story=amp", "https://news.test/a"),
    ("https://news.test/#!/a", "https://news.test/#!/b"),
    ("https://news.test/a?ref=7", "https://news.test/a?ref=8"),
    ("https://news.test/index.html?id=1", "https://news.test/index.html?id=2"),
]

CANONICAL = [
    ("https://m.news.test/a/", "https://m.news.test/a/"),
    ("https://news.test/a/index.html", "https://news.test/a/index.html"),
    ("https://news.test/a/amp/?utm_source=x", "https://news.test/a"),
    ("https://news.test/a/../b/./c", "https://news.test/b/c"),
    ("https://news.test/a/..", "https://news.test/"),
    ("https://news.test/a?x=%e2%82%ac&y=a+b", "https://news.test/a?x=%E2%82%AC&y=a+b"),
    ("https://news.test/a?u=https://b.test/?c", "https://news.test/a?u=https://b.test/?c"),
    ("https://news.test/100%", "https://news.test/100%25"),
    ("https://news.test/#!/a", "https://news.test/#!/a"),
    ("https://www.google.com/amp/", "https://www.google.com/amp/"),
]


@pytest.mark.parametrize("addresses", SAME.values(), ids=SAME)
def test_addresses_of_one_page(addresses):
    keys = {address: address_key(address) for address in addresses}
    assert len(set(keys.values())) == 1, keys


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_addresses_of_two_pages(one, other):
    assert address_key(one) != address_key(other)
    assert canonical(one) != canonical(other)


def test_no_two_rows_of_the_table_are_one_page():
    keys = [{address_key(address) for address in addresses} for addresses in SAME.values()]
    shared = {"news.test/a"}  # several rows are about this one
    assert all(not (one & other) - shared for one, other in itertools.combinations(keys, 2))


@pytest.mark.parametrize(("address", "clean"), CANONICAL)
def test_canonical_addresses_still_lead_somewhere(address, clean):
    assert canonical(address) == clean


@pytest.mark.parametrize("address", [one for addresses in SAME.values() for one in addresses])
def test_canonical_is_a_fixed_point(address):
    once = canonical(address)
    assert canonical(once) == once
    assert address_key(once) == address_key(address)


@pytest.mark.parametrize("address", ["https://[broken/a", "javascript:void(0)", "", None, "https://news.test:port/"])
def test_what_is_no_address_has_no_key_or_fails_quietly(address):
    assert address_key(address) in (None, "news.test:port")


def test_front_pages():
    assert is_front_page("https://news.test/index.html")
    assert not is_front_page("https://news.test/a")
