"""Frames: places in a page or a feed for a long repeat, and what is repeated."""

from benchmarks.growth.triggers import Trigger, units

HTML = (
    "<html><head><title>Rain</title></head><body><h1>Rain</h1><p>" + "It rained in the north. " * 20 + "</p>{}</body>"
)
PAGE_FRAMES = (
    HTML,
    HTML.replace("{}", "<p>{}</p>"),
    HTML.replace("{}", "<script>{}</script>"),
    HTML.replace("{}", "<!-- {} -->"),
    HTML.replace("{}", '<a class="author" href="/author/x">{}</a>'),
    HTML.replace("{}", "<time>{}</time>"),
    HTML.replace("{}", '<a href="{}">x</a>'),
    HTML.replace("{}", '<p class="{}">x</p>'),
    HTML.replace("{}", '<p itemprop="author {}">x</p>'),
    HTML.replace("Rain</title>", "{}</title>", 1).replace("</p>{}", "</p>"),
    HTML.replace("<h1>Rain", "<h1>{}").replace("</p>{}", "</p>"),
    *(
        HTML.replace("<head>", f'<head><meta name="{name}" content="{{}}">').replace("</p>{}", "</p>")
        for name in ("author", "date", "og:title", "og:site_name", "keywords", "description", "og:url", "x")
    ),
    *(
        HTML.replace("<head>", f'<head><script type="application/ld+json">{body}</script>').replace("</p>{}", "</p>")
        for body in (
            "{}",
            '<!-- {"a": 1} -->{} x',
            *(
                '{"@type": "NewsArticle", "headline": "Rain", "' + key + '": "{}"}'
                for key in ("author", "datePublished", "articleBody", "keywords", "publisher")
            ),
        )
    ),
)
FEW = tuple(
    Trigger("", unit, tail)
    for unit, tail in (
        (" ", "x"), ("\n", "x"), ("a", "!"), ("1", "x"), ("Aa ", "x"), (", ", "x"), (".", "x"), ("-", "x"), ("a@", "x"),
        ("&amp;", ""), ("&lt;b&gt;", ""), ("<b>", ""), ("http://a", " "), ('"', ""), ("(", ""), ("漢", "x"),
    )
)  # fmt: skip
TAGS = units(
    "<b>", "<p>a</p>", "<div>", "<p>", "<br>", "<!--", "<![CDATA[", "<script>", "<!DOCTYPE html>", "</p>", "<a href=x>",
    "<td>", "<table><tr><td>", "<li>", "<a rel=author>A B</a>", "<time>2020-01-01</time>", "<h1>Rain</h1>",
    "&amp;", "&#1;",
    "&a", "<meta name=author content='Ann Lee'>", "<link rel=canonical href=http://a.test/b>", "<img src=a alt=b>",
    "<p itemprop=author>A B</p>", "<p class=comment>a</p>", "<form><p>", "<iframe>", "<svg>", "<select><option>",
    '<script type="application/ld+json">{"@type":"Organization","name":"A"}</script>',
    "<p>Aa bb cc dd, 3 May 2021.</p>",
)  # fmt: skip

RSS = '<?xml version="1.0"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>T</title>'
ENTRY = RSS + "<item><title>One</title><link>https://a.test/1</link>{}</item></channel></rss>"
FEED_FIELDS = (
    "title", "author", "dc:creator", "pubDate", "description", "category", "guid", "link", "managingEditor",
    "dc:date", "media:description", "enclosure", "source", "content:encoded", "georss:point", "georss:polygon",
    "webMaster",
    "dc:publisher", "itunes:author", "itunes:keywords", "itunes:duration", "dc:language", "comments",
    "updated", "summary",
)  # fmt: skip
FEED_FRAMES = (
    ENTRY,
    "{}" + ENTRY.replace("{}", ""),
    '<?xml version="1.0"?>{}<rss><channel><item><title>a</title></item></channel></rss>',
    RSS + "{}<item><title>One</title></item></channel></rss>",
    RSS + "<item><title>One</title></item>{}</channel></rss>",
    RSS.replace("<rss ", '<rss a="{}" ') + "<item><title>One</title></item></channel></rss>",
    *(ENTRY.replace("{}", f"<{name}>{{}}</{name}>") for name in FEED_FIELDS),
    *(
        ENTRY.replace("{}", f"<{name}><![CDATA[{{}}]]></{name}>")
        for name in ("author", "description", "title", "pubDate")
    ),
    *(
        f'<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>a</title>{inner}</entry></feed>'
        for inner in (
            "<author><name>{}</name></author>",
            "<author><email>{}</email></author>",
            '<content type="html">{}</content>',
            '<content type="xhtml">{}</content>',
        )
    ),
)
FEED_UNITS = units(
    "<item/>", "<item>", "<item><title>a</title></item>", "<entry>", "<category>a</category>", "<a>", "<b/>",
    "<!--", "<![CDATA[",
    "<!DOCTYPE a>", "<!DOCTYPE a [", '<!ENTITY a "b">', "<?a ?>", "&lt;b&gt;", "&amp;", "&#1;", "<link href='a'/>",
    "<media:content url='http://a.test/1.jpg'/>", "<media:group><media:content url='a'/></media:group>",
    "<enclosure url='a'/>", "<author>A</author>", "xmlns:a='b' ", "<a xmlns:b='c'>", "</item>", "</a>",
    "<channel>", "<",
)  # fmt: skip

NAMES = (
    ("Aa{}", ", "), ("Ab{} Smith", ", "), ("A. Smith B{}", " and "), ("Paris A{}", ", "), ("Springfield", ", "),
    ("Paris", " "), ("Russian", ", "), ("B{}-Town", " "), ("the A{} Institute", " "), ("in B{}, Texas", ". "),
    ("St", ". "),
    ("Georgia", " and "), ("Smith", ", "), ("Mr. C{} said", ". "), ("London", "\n"),
)  # fmt: skip
"""Lists of names, all different where there is a brace."""
