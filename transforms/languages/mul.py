"""Words of several languages, for text that is read before its language is known.

Datelines, bylines, dates and boilerplate of any language are matched against these. The words of a language move into
its own file when it gets one.
"""

from transforms.languages.base import BylineWords, Cut, DatelineWords, DateWords, Language, ordered, words

_AGENCIES = (
    "AP|The Associated Press|Associated Press|Reuters|Thomson Reuters Foundation|AFP|AFP-Relaxnews|UPI|dpa|"
    "dpa-AFX|DPA|DDP|dapd|AFX|APA|SDA|Keystone-SDA|sda|ATS|awp|ANP|Belga|BELGA|Ritzau|NTB|TT|STT|EFE|"
    "Europa Press|EUROPA PRESS|Colpisa|COLPISA|Servimedia|SERVIMEDIA|Notimex|NOTIMEX|Télam|Telam|TELAM|Andina|"
    "ANDINA|Prensa Latina|PL|Lusa|LUSA|ANSA|AGI|AdnKronos|Adnkronos|ADNKRONOS|askanews|ASKANEWS|LaPresse|"
    "Radiocor|ABI|AVN|Agência Brasil|Estadão Conteúdo|Folhapress|FOLHAPRESS|Xinhua|XINHUA|Kyodo|KYODO|Kyodo News|"
    "Jiji Press|Jiji|JIJI|Yonhap|YONHAP|KCNA|CNA|Focus Taiwan|Bernama|BERNAMA|Antara|ANTARA|ANTARA News|PNA|VNA|"
    "TNA|ANI|PTI|IANS|UNI|KUNA|QNA|WAM|SPA|BNA|ONA|SANA|IRNA|ISNA|Fars|Mehr|Tasnim|INA|NINA|Petra|MENA|TAP|APS|"
    "MAP|LANA|SUNA|NAN|ENA|GNA|APP|BSS|UNB|RSS|TASS|ITAR-TASS|RIA Novosti|Sputnik|Interfax|Interfax-Ukraine|"
    "Ukrinform|UNIAN|BelTA|BELTA|Kazinform|AZERTAC|Trend|Armenpress|Agerpres|AGERPRES|Mediafax|MTI|PAP|CTK|ČTK|"
    "TASR|SITA|STA|Hina|HINA|Tanjug|TANJUG|Beta|BETA|FENA|MIA|BTA|BGNES|AMNA|ANA-MPA|Anadolu|AA|DHA|İHA|JTA|JNS|"
    "RNS|CNS|CP|The Canadian Press|Canadian Press|PA|Press Association|PA Media|AAP|NZPA|ANC|Bloomberg|BLOOMBERG|"
    "Dow Jones|CNN|CNN Business|NBC News|CBS|CBS News|CBSNewYork|ABC News|Fox News|FOX News|NPR|BBC|BBC News|"
    "RFE/RL|VOA|VOA News|RFI|DW|PRNewswire|PRNEWSWIRE|PRNewswire-Asia|PRNewswire-FirstCall|PRNewswire-USNewswire|"
    "PR Newswire|BUSINESS WIRE|Business Wire|GLOBE NEWSWIRE|GlobeNewswire|Marketwire|MARKETWIRE|Marketwired|"
    "ACCESSWIRE|ACCESS Newswire|Newsfile Corp.|CNW|CNW Telbec|EINPresswire.com|SEND2PRESS NEWSWIRE|ots|"
    "news aktuell|Cronkite News|States Newsroom|The Center Square|Tribune News Service|TNS|McClatchy|"
    "Cox News Service|Inter Press Service|IPS|PANA|Agenzia Fides|AsiaNews|UCA News|The New Humanitarian|IRIN|"
    "Agencia EFE|Agencia Brasil|Tribune Media Services|Stateline|Morung Express|Express News Service|"
    "HT Correspondent|ТАСС|ИТАР-ТАСС|РИА Новости|Интерфакс|УНН|УНІАН|Укрінформ|БЕЛТА|БТА|КАЗИНФОРМ|رويترز|أ ف ب|"
    "أ ب|د ب أ|وكالات|سانا|واس|وام|كونا|بترا|新华社|共同|時事"
)

DATELINES = DatelineWords(
    agencies=ordered(_AGENCIES, "|"),
    ambiguous_agencies=words(
        "AA ANC ANTARA APA Andina Antara BETA Beta CP DW Fars HINA Hina INA IRIN JIJI Jiji MAP MIA Mehr NAN ONA PA"
        " PAP PL Petra RSS SPA STA Sputnik Stateline TAP TNA TT Trend UNI WAM awp ots sda"
    ),
    shortened=words("ste sta sto"),
    connectors=words(
        "de la las los del di da do dos das du des le les el al am an der den im sur sous en et y e"
        " i und bei ob na nad pod van aan zee aux lès a o og och ja"
    ),
    prefixes=ordered("al- el- as- ash- an- ar- at- ad- az- d' d’ l' l’ s- ’s- 's- 't"),
    joints=("und", "et", "y", "e", "i", "og", "och"),
    ordinals=("er", "º", "°", "ª", r"\."),
    date_articles=("le", "den", "am", "el"),
)

BYLINES = BylineWords(
    by=ordered("von par por di da door av af od przez написал[аи]? автор autor auteur autore"),
    joints=(r"\bund\b", r"\bet\b", r"\by\b(?=\s+[A-ZÀ-Þ])"),
    agencies=ordered(
        "(?:the )?associated press|thomson reuters|reuters|agence france-presse|press association|bloomberg news"
        "|usa today(?: network)?|usa today sports|united press international|deutsche presse-agentur"
        "|press trust of india|xinhua|cnn business|bbc news|ap|afp|upi|pti|ani|ians|efe|ansa|dpa",
        "|",
    ),
    not_names=("redaktion", "redazione", "rédaction"),
)

DATES = DateWords(
    locales=ordered(
        "fr es ca pt gl it ro de nl sv da nb fi et lv lt pl cs sk sl ru uk bg sr el tr hu id ms sw vi ar fa hi"
    ),
    months={"juil": 7, "janv": 1, "fevr": 2, "avr": 4},
    weekdays=frozenset({"feira"}),
    fillers=ordered(
        "als alle de del der des di do den el em en ho i il kl klo klockan la las le les lo los om op ore os um uhr u"
        " г року года год р publie publicado veroffentlicht pubblicato er ers º ª"
    ),
)

BOILERPLATE: dict[Cut, tuple[str, ...]] = {
    Cut.NEWSLETTER: (
        r"(?:abonnez-vous|inscrivez-vous|suscr[ií]b[ae](?:se|te)|abonnieren sie|iscriviti|assine) .{2,120}",
    ),
    Cut.LINKS: (
        r"(?:(?:à )?lire aussi|sur le même (?:sujet|thème)|le[ae]r? (?:más|también)|te puede interesar)\b.{0,110}",
        r"(?:mehr zum thema|lesen sie auch|leggi anche|leia (?:mais|também)|lees ook|läs också)\b.{0,110}",
        r"(?:читайте также|читайте також)\b.{0,110}",
    ),
    Cut.SHARE: (r"(?:partager|compartir|teilen|condividi|compartilhar|поделиться)(?: [^.!?]{0,40})?",),
    Cut.FOLLOW: (r"(?:suivez-nous|síguenos|folgen sie uns|seguici|siga-nos)\b.{0,100}",),
    Cut.COPYRIGHT: (r"(?:tous droits réservés|todos los derechos reservados|alle rechte vorbehalten).{0,100}",),
    Cut.ADVERTISEMENT: ("publicité|publicidad|anzeige|werbung|реклама",),
    Cut.TAGS: (r"(?:schlagwörter|étiquettes): ?.{0,180}",),
}

SEVERAL = Language(code="mul", datelines=DATELINES, bylines=BYLINES, dates=DATES, boilerplate=BOILERPLATE)
