"""English lines that a site puts around its articles, and labels that many sites print in English."""

from transforms.languages.base import Cut

_SITES = (
    r"(?:facebook|twitter|x|instagram|linkedin|whatsapp|telegram|youtube|pinterest|reddit|e-?mail|tiktok|flipboard)"
)
_AND = r"(?:[ ,|/·•&]+(?:and |or |und |et |y )?)"

_ROLES = (
    r"(?:additional |further )?(?:reporting|writing|editing|compiled|edited|written|translated|translation|graphics?)"
    r"(?: and (?:additional )?(?:editing|writing|reporting))?"
)

BOILERPLATE: dict[Cut, tuple[str, ...]] = {
    Cut.NEWSLETTER: (
        r"(?:sign[ -]?up|register|subscribe)(?: now| here| today)? (?:for|to) .{0,120}"
        r"\b(?:news|newsletters?|e-?mail (?:alerts?|updates?|list)|inbox|alerts?|briefings?|daily|weekly|updates?"
        r"|digest|bulletin)\b.{0,80}",
        r"(?:get|receive) .{2,80}(?:newsletter|in your inbox|to your inbox|by e-?mail|e-?mail alerts?)\b.{0,60}",
        r"(?:sign[ -]?up|subscribe)(?: now| here| today)?",
        r"enter your e-?mail.{0,80}",
    ),
    Cut.LINKS: (
        r"(?:more|latest|top|other) (?:[\w'’&-]+ ){0,4}(?:news|stories|headlines|articles|videos)",
        r"more (?:from|on|about|in) [^.!?]{2,80}|access more",
        r"(?:read|see|learn|find out|watch) (?:more|also|next|on|the full story)\b(?:[^.!?,]{0,60}|:[^.!?]{0,110})",
        r"(?:read|see also|related|recommended|more):[^.!?]{0,110}",
        r"see also|related (?:stories|articles|content|links|topics|posts|news|coverage)",
        r"you (?:may|might) also (?:like|be interested in)|recommended for you|most (?:read|popular|viewed|shared)",
        r"trending(?: now)?|don[’']t miss|up next|next article|previous article|back to top|click here[^.!?]{0,80}",
    ),
    Cut.SHARE: (
        r"share(?: (?:this|the|on|via|with)\b[^.!?]{0,60})?:?",
        r"(?:print|tweet|e-?mail) this(?: (?:article|story|page|post))?|tweet|print|copy link|save",
        rf"(?:share (?:on|via) )?{_SITES}(?:{_AND}{_SITES}){{0,8}}",
    ),
    Cut.FOLLOW: (
        r"(?:follow|like|join|find|connect with|visit) (?:us|our|@\w+|[\w .]{2,40}) (?:on|at) .{0,40}"
        rf"\b{_SITES}\b.{{0,80}}",
        r"follow us[^.!?]{0,80}",
        r"download (?:our|the) .{0,40}\bapp\b.{0,80}",
    ),
    Cut.COPYRIGHT: (
        r"(?:©|\(c\)|copyright\b)(?=.{0,200}(?:\d{4}|reserved|©)).{2,390}",
        r".{0,120}\ball rights reserved\b.{0,200}",
    ),
    Cut.COOKIES: (
        r"(?:we|this (?:web)?site|our (?:web)?site)(?: and our partners)? uses? cookies\b.{0,350}",
        r"(?:accept|manage|reject)(?: all)? cookies|cookie (?:policy|settings|notice|preferences)",
    ),
    Cut.COMMENTS: (
        r"(?:\d{1,5} )?comments?(?: \(\d{1,5}\)|:)?|(?:leave|post|write|add) a (?:comment|reply)",
        r"(?:view|show|hide) comments|(?:log|sign) in to (?:comment|reply)",
        r"be the first to comment|join the (?:conversation|discussion)",
    ),
    Cut.ADVERTISEMENT: (r"advertis(?:e)?ments?|sponsored(?: content)?",),
    Cut.CREDITS: (
        # `(Reporting by Ann Lee in Nairobi; editing by Bo Ek)`: the place of the desk is not a place of the news.
        rf"\((?:{_ROLES}) by .{{2,380}}\)",
        rf"(?:{_ROLES}) by [^.!?]{{2,200}}[;,.] ?(?:{_ROLES}) by .{{2,180}}",
        r"(?:the )?(?:associated press|ap|afp|reuters|bloomberg) [\w' -]{0,40}"
        r"(?:writers?|reporters?|journalists?|correspondents?|researchers?) "
        r".{2,300}\bcontributed(?: reporting)?(?: (?:to|for) (?:this|the) (?:report|story|article))?\.?",
    ),
    Cut.TAGS: (r"(?:tags|topics|filed under|categories|keywords|tagged(?: with)?): ?.{0,180}",),
    Cut.NAVIGATION: (
        r"(?:(?:privacy (?:policy|notice)|terms(?: of (?:use|service)| (?:and|&) conditions)?|contact(?: us)?"
        r"|about us|careers|site ?map|advertise(?: with us)?|help|impressum|datenschutz|mentions légales"
        r"|aviso legal|home)(?:[ |·•/,]+|$)){1,12}",
        r"skip to (?:main )?content|(?:main )?menu|search|log ?in|sign ?in|home(?: ?[>»/|›] ?[^.!?]{1,60})",
    ),
}
