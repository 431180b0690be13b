"""Lines that a site puts around its articles, told by their form.

A line is boilerplate when the whole of it has the form of one; prose is never
judged. Each pattern has a longest line, so matching takes bounded time.
"""

import enum
import re


class Cut(enum.StrEnum):
    """Why a line at the head or the tail is not part of the body."""

    TITLE = "title"
    BYLINE = "byline"
    DATE = "date"
    NAVIGATION = "navigation"
    NEWSLETTER = "newsletter"
    LINKS = "links"
    SHARE = "share"
    FOLLOW = "follow"
    COPYRIGHT = "copyright"
    COOKIES = "cookies"
    COMMENTS = "comments"
    ADVERTISEMENT = "advertisement"
    TAGS = "tags"
    CREDITS = "credits"


MAX_LINE = 400
"""A longer line is prose, whatever it begins with."""

_SITES = (
    r"(?:facebook|twitter|x|instagram|linkedin|whatsapp|telegram|youtube|pinterest|reddit|e-?mail|tiktok|flipboard)"
)
_AND = r"(?:[ ,|/·•&]+(?:and |or |und |et |y )?)"

_ROLES = (
    r"(?:additional |further )?(?:reporting|writing|editing|compiled|edited|written|translated|translation|graphics?)"
    r"(?: and (?:additional )?(?:editing|writing|reporting))?"
)

_FORMS: dict[Cut, tuple[int, tuple[str, ...]]] = {
    Cut.NEWSLETTER: (
        200,
        (
            r"(?:sign[ -]?up|register|subscribe)(?: now| here| today)? (?:for|to) .{0,120}"
            r"\b(?:news|newsletters?|e-?mail (?:alerts?|updates?|list)|inbox|alerts?|briefings?|daily|weekly|updates?"
            r"|digest|bulletin)\b.{0,80}",
            r"(?:get|receive) .{2,80}(?:newsletter|in your inbox|to your inbox|by e-?mail|e-?mail alerts?)\b.{0,60}",
            r"(?:sign[ -]?up|subscribe)(?: now| here| today)?",
            r"enter your e-?mail.{0,80}",
            r"(?:abonnez-vous|inscrivez-vous|suscr[ií]b[ae](?:se|te)|abonnieren sie|iscriviti|assine) .{2,120}",
        ),
    ),
    Cut.LINKS: (
        140,
        (
            r"(?:more|latest|top|other) (?:[\w'’&-]+ ){0,4}(?:news|stories|headlines|articles|videos)",
            r"more (?:from|on|about|in) [^.!?]{2,80}|access more",
            r"(?:read|see|learn|find out|watch) (?:more|also|next|on|the full story)\b(?:[^.!?,]{0,60}|:[^.!?]{0,110})",
            r"(?:read|see also|related|recommended|more):[^.!?]{0,110}",
            r"see also|related (?:stories|articles|content|links|topics|posts|news|coverage)",
            r"you (?:may|might) also (?:like|be interested in)|recommended for you|most (?:read|popular|viewed|shared)",
            r"trending(?: now)?|don[’']t miss|up next|next article|previous article|back to top|click here[^.!?]{0,80}",
            r"(?:(?:à )?lire aussi|sur le même (?:sujet|thème)|le[ae]r? (?:más|también)|te puede interesar)\b.{0,110}",
            r"(?:mehr zum thema|lesen sie auch|leggi anche|leia (?:mais|também)|lees ook|läs också)\b.{0,110}",
            r"(?:читайте также|читайте також)\b.{0,110}",
        ),
    ),
    Cut.SHARE: (
        120,
        (
            r"share(?: (?:this|the|on|via|with)\b[^.!?]{0,60})?:?",
            r"(?:print|tweet|e-?mail) this(?: (?:article|story|page|post))?|tweet|print|copy link|save",
            rf"(?:share (?:on|via) )?{_SITES}(?:{_AND}{_SITES}){{0,8}}",
            r"(?:partager|compartir|teilen|condividi|compartilhar|поделиться)(?: [^.!?]{0,40})?",
        ),
    ),
    Cut.FOLLOW: (
        200,
        (
            r"(?:follow|like|join|find|connect with|visit) (?:us|our|@\w+|[\w .]{2,40}) (?:on|at) .{0,40}"
            rf"\b{_SITES}\b.{{0,80}}",
            r"follow us[^.!?]{0,80}",
            r"download (?:our|the) .{0,40}\bapp\b.{0,80}",
            r"(?:suivez-nous|síguenos|folgen sie uns|seguici|siga-nos)\b.{0,100}",
        ),
    ),
    Cut.COPYRIGHT: (
        MAX_LINE,
        (
            r"(?:©|\(c\)|copyright\b)(?=.{0,200}(?:\d{4}|reserved|©)).{2,390}",
            r".{0,120}\ball rights reserved\b.{0,200}",
            r"(?:tous droits réservés|todos los derechos reservados|alle rechte vorbehalten).{0,100}",
        ),
    ),
    Cut.COOKIES: (
        MAX_LINE,
        (
            r"(?:we|this (?:web)?site|our (?:web)?site)(?: and our partners)? uses? cookies\b.{0,350}",
            r"(?:accept|manage|reject)(?: all)? cookies|cookie (?:policy|settings|notice|preferences)",
        ),
    ),
    Cut.COMMENTS: (
        120,
        (
            r"(?:\d{1,5} )?comments?(?: \(\d{1,5}\)|:)?|(?:leave|post|write|add) a (?:comment|reply)",
            r"(?:view|show|hide) comments|(?:log|sign) in to (?:comment|reply)",
            r"be the first to comment|join the (?:conversation|discussion)",
        ),
    ),
    Cut.ADVERTISEMENT: (
        80,
        (r"advertis(?:e)?ments?|sponsored(?: content)?|publicité|publicidad|anzeige|werbung|реклама",),
    ),
    Cut.CREDITS: (
        MAX_LINE,
        (
            # `(Reporting by Ann Lee in Nairobi; editing by Bo Ek)`: where the desk sits is no place of the news.
            rf"\((?:{_ROLES}) by .{{2,380}}\)",
            rf"(?:{_ROLES}) by [^.!?]{{2,200}}[;,.] ?(?:{_ROLES}) by .{{2,180}}",
            r"(?:the )?(?:associated press|ap|afp|reuters|bloomberg) [\w' -]{0,40}"
            r"(?:writers?|reporters?|journalists?|correspondents?|researchers?) "
            r".{2,300}\bcontributed(?: reporting)?(?: (?:to|for) (?:this|the) (?:report|story|article))?\.?",
        ),
    ),
    Cut.TAGS: (
        200,
        (r"(?:tags|topics|filed under|categories|keywords|tagged(?: with)?|schlagwörter|étiquettes): ?.{0,180}",),
    ),
    Cut.NAVIGATION: (
        160,
        (
            r"(?:(?:privacy (?:policy|notice)|terms(?: of (?:use|service)| (?:and|&) conditions)?|contact(?: us)?"
            r"|about us|careers|site ?map|advertise(?: with us)?|help|impressum|datenschutz|mentions légales"
            r"|aviso legal|home)(?:[ |·•/,]+|$)){1,12}",
            r"skip to (?:main )?content|(?:main )?menu|search|log ?in|sign ?in|home(?: ?[>»/|›] ?[^.!?]{1,60})",
        ),
    ),
}


def _pattern(forms: tuple[str, ...]) -> re.Pattern[str]:
    """Return any of the forms as a whole line, with bullets, arrows or an ellipsis around it, but no full stop."""
    return re.compile(rf"[\W_]{{0,3}}(?:{'|'.join(forms)})(?:\.\.\.)?[^\w.]{{0,4}}", re.IGNORECASE)


_PATTERNS = tuple((cut, longest, _pattern(forms)) for cut, (longest, forms) in _FORMS.items())


_REPORTING = re.compile(r"(?<!additional )(?<!further )\breporting(?: and writing)? by ([^;.()]{2,200})", re.IGNORECASE)
_PLACE = re.compile(r"(?<!\s)\s+in\s+[^,;]{2,40}?(?=,|;|$|\s+and\s)")


def reporters(line: str) -> str | None:
    """Who reported, of a line of credits: a byline without the places.

    >>> reporters("(Reporting by Ann Lee in Nairobi and Bo Ek; Editing by Carl Ås)")
    'Ann Lee and Bo Ek'
    """
    match = _REPORTING.search(line) if boilerplate(line) is Cut.CREDITS else None
    return _PLACE.sub("", match[1]).strip() if match else None


def boilerplate(line: str) -> Cut | None:
    """Return the kind of boilerplate that a whole line is, or None.

    >>> boilerplate("Sign up for our newsletter"), boilerplate("Share prices rose on Monday.")
    (<Cut.NEWSLETTER: 'newsletter'>, None)
    """
    if len(line) > MAX_LINE:
        return None
    return next((cut for cut, longest, pattern in _PATTERNS if len(line) <= longest and pattern.fullmatch(line)), None)
