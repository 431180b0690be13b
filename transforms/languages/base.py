"""The form of a language: its words and patterns, in one part per use.

Each part and field is optional. An article whose language is known uses that language, and English for each field that
it leaves empty (`known.language_of`). Text that is read before its language is known - datelines, bylines, dates and
boilerplate - is matched against the words of all languages together (`known.union`).

Patterns must take linear time (tests/test_growth.py measures each of them) and are compiled once, at import.
"""

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

Words = frozenset[str]
NEVER = re.compile(r"(?!)")
"""A pattern without a match: a field that a language does not give."""


def words(listed: str) -> Words:
    """Return the words of a text.

    >>> sorted(words("in at"))
    ['at', 'in']
    """
    return frozenset(listed.split())


def ordered(listed: str, separator: str | None = None) -> tuple[str, ...]:
    """Return the words of a text, or its parts between separators, in their order.

    >>> ordered("in at"), ordered("press association|ap", "|")
    (('in', 'at'), ('press association', 'ap'))
    """
    return tuple(listed.split(separator))


class Cut(enum.StrEnum):
    """Reason why a line at the head or the tail is not part of the body."""

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


@dataclass(frozen=True, kw_only=True, eq=False)
class ContextWords:
    """Words before and after a capitalized name that make it a place or a person."""

    common: Words = frozenset()
    """Words too common for a capital to make them a place's name, normalized."""
    function: Words = frozenset()
    """Words that never begin a run of capitalized words, in lower case."""
    shortened: Words = frozenset()
    """Abbreviations inside a place's name, without their period: `St` in `St. Paul`."""
    title: re.Pattern[str] = NEVER
    """Title before a person's name; ends at the name."""
    speech: re.Pattern[str] = NEVER
    """Verb after a person's name; begins at the end of the name."""
    locative: re.Pattern[str] = NEVER
    """Preposition that is followed by a place and rarely by anything else; ends at the name."""
    towards: re.Pattern[str] = NEVER
    """Preposition that is followed by a place more often than by a person; ends at the name."""
    home: re.Pattern[str] = NEVER
    """Text between a person, or the age, and the home: `Darrell Ross, 29, of`; ends at the name."""
    home_of: re.Pattern[str] = NEVER
    """A person and the home as one name: `James Tauber of Nelson`; group 1 is the home."""
    based: re.Pattern[str] = NEVER
    """Word joined to a place's name with a hyphen: `-based`."""
    affair: re.Pattern[str] = NEVER
    """Text after a person's name that may follow `in`: `in the Simpson trial`."""
    place_noun: re.Pattern[str] = NEVER
    """Noun that a place's name modifies: `residents`."""
    phrase_end: re.Pattern[str] = NEVER
    """End of the phrase of a place after a preposition: punctuation or a function word."""
    money: re.Pattern[str] = NEVER
    """Currency after the name of a country."""
    next_in_list: re.Pattern[str] = NEVER
    """Text between a member of a list and the next."""
    list_gaps: tuple[str, ...] = ()
    """The same as plain strings, the longest first."""


@dataclass(frozen=True, kw_only=True, eq=False)
class KindWords:
    """Words for the kind, part or direction of a place: `region`, `northern`, `city of`."""

    bare: Words = frozenset()
    """Words that are not a place by themselves, normalized."""
    kind: re.Pattern[str] = NEVER
    """Kind after a name, which may belong to it: ` province`."""
    loose_kind: re.Pattern[str] = NEVER
    """Kind in lower case at the end of a name that does not belong to it: ` city`."""
    town_kind: re.Pattern[str] = NEVER
    """Kind at the end that makes any name a place if it has a capital: `Township`."""
    kind_ending: re.Pattern[str] = NEVER
    """Kind at the end of a name that leaves no doubt: ` governorate`."""
    city_word: re.Pattern[str] = NEVER
    """Kind with a capital that may be cut from the end of a name: ` City`."""
    city_of: re.Pattern[str] = NEVER
    """Kind before a name, which is cut from it: `city of `."""
    leading: re.Pattern[str] = NEVER
    """Kind, part or direction before a name: `northern `, `the port of `."""
    open_kinds: Words = frozenset()
    """Kinds with a capital that may begin another name: `City` in `Kansas City Star`."""
    city_endings: tuple[str, ...] = ()
    """Endings of cities' names that other cities lack: ` City`."""
    division_endings: tuple[str, ...] = ()
    """Endings that name a first-order division: ` State`."""
    county_endings: tuple[str, ...] = ()
    """Endings that name a second-order division, which the gazetteer may lack: ` County`."""
    not_places: Words = frozenset()
    """Abbreviations that are never a place."""
    united: re.Pattern[str] = NEVER
    """Word before a name that makes it another name: `United `; ends at the name."""
    united_words: Words = frozenset()
    """The same words, in lower case."""
    members: re.Pattern[str] = NEVER
    """Separator of the places in one entity."""


@dataclass(frozen=True, kw_only=True, eq=False)
class FormWords:
    """Fixed forms of words that name a place: `R-Marshall`, `Clarke and Oconee counties`, `a Fla. economist`."""

    fixed: Mapping[str, re.Pattern[str]] = field(default_factory=dict)
    """Name to look up -> the ways to write it."""
    party: re.Pattern[str] = NEVER
    """Party and home of a politician; group 1 is the home."""
    not_homes: Words = frozenset()
    """Words in the place of the home that are not one: `D-Day`."""
    plural: re.Pattern[str] = NEVER
    """Kind in the plural after a list of names; group 1 is the kind."""
    plural_endings: tuple[str, ...] = ()
    """Strings: each match of `plural` contains one; they are searched for first."""
    singular: Mapping[str, str] = field(default_factory=dict)
    """Plural in lower case -> the singular that is part of a name; without an entry, the last letter is dropped."""
    list_reversed: re.Pattern[str] = NEVER
    """List of names before such a kind, in the reversed text: each list is read once, from its end."""
    member: re.Pattern[str] = NEVER
    """One name of such a list."""
    directions: re.Pattern[str] = NEVER
    """Two directions before one name: `North and South `; groups 1 and 2."""
    abbreviation: re.Pattern[str] = NEVER
    """Anything that has the form of an abbreviated state or country."""
    safe_abbreviations: Words = frozenset()
    """Abbreviations of places that need no city before them, without spaces."""
    era: re.Pattern[str] = NEVER
    """Text before an abbreviation that makes it an era; ends at the abbreviation."""
    eras: Words = frozenset()
    """Abbreviations that may be an era: `B.C.`"""


@dataclass(frozen=True, kw_only=True, eq=False)
class BodyWords:
    """Words of names that contain a place's name: organizations, streets, newspapers. In lower case, normalized."""

    local: Words = frozenset()
    """Bodies of a place: `police`. A name before one of these is a place."""
    certain: Words = frozenset()
    """Bodies before which a name is a place, whatever else the article says."""
    state: Words = frozenset()
    """Bodies of a state: `army`. A demonym before one of these is the state's."""
    papers: Words = frozenset()
    """Newspapers: named after a place, and elsewhere in what they report."""
    streets: Words = frozenset()
    """Ends of streets' names."""
    given_names: Words = frozenset()
    """Places that are given names too."""
    of: Words = frozenset()
    """Prepositions before the place at the end of a name: `Bank of Malta`."""
    leading: Words = frozenset()
    """Words that may precede the place at the start of a name: `the`, `northern`."""
    not_after: re.Pattern[str] = NEVER
    """Word after a place's name that makes it another name: ` Cup`."""
    seat: re.Pattern[str] = NEVER
    """Body and preposition before its seat: `University of `; ends at the name."""
    organization: re.Pattern[str] = NEVER
    """Body inside an entity that the model labels a person."""


@dataclass(frozen=True, kw_only=True, eq=False)
class PeopleWords:
    """Words around demonyms: people (`Russians`), what is theirs (`Russian tanks`), and languages (`in Russian`)."""

    rare: Words = frozenset()
    """Demonyms that are often a verb or a surname, normalized."""
    person_endings: tuple[str, ...] = ()
    """Endings of persons: `women`."""
    plural: str = ""
    """Ending of the plural."""
    not_plurals: tuple[str, ...] = ()
    """Endings that only look like the plural."""
    languages: Words = frozenset()
    """Demonyms that name a language too, normalized."""
    speaking: re.Pattern[str] = NEVER
    """Verb before a language; ends at the demonym."""
    language_noun: re.Pattern[str] = NEVER
    """Noun after a language: ` lessons`."""
    alone: re.Pattern[str] = NEVER
    """Text after a demonym that describes nothing."""
    noun: re.Pattern[str] = NEVER
    """Start of a word that a demonym may describe."""
    not_noun: re.Pattern[str] = NEVER
    """Words after a demonym that it does not describe."""
    speech: re.Pattern[str] = NEVER
    """Verb that makes a demonym without an article a surname: `French said`."""
    joint: re.Pattern[str] = NEVER
    """Text between two demonyms; group 1 is the second."""
    joint_other: re.Pattern[str] = NEVER
    """Text between a demonym and another adjective; group 1 is that and its noun."""
    determiner: re.Pattern[str] = NEVER
    """Article or number before a demonym; ends at the demonym."""
    ethnic_stems: tuple[str, ...] = ()
    """Starts of demonyms that are an ethnic group after `ethnic_before`."""
    ethnic_before: re.Pattern[str] = NEVER
    """Word that makes them a group: `Native `; ends at the demonym."""
    ethnic_pairs: Words = frozenset()
    """Demonyms that are an ethnic group before `ethnic_after`."""
    ethnic_after: re.Pattern[str] = NEVER
    """Word that makes them a group: ` Indian`."""


@dataclass(frozen=True, kw_only=True, eq=False)
class RankingWords:
    """Words next to a name that say the kind of its place; the weights of the ranker were fitted on English."""

    city_before: re.Pattern[str] = NEVER
    city_after: re.Pattern[str] = NEVER
    division_before: re.Pattern[str] = NEVER
    division_after: re.Pattern[str] = NEVER
    country_before: re.Pattern[str] = NEVER
    country_after: re.Pattern[str] = NEVER
    possessive: re.Pattern[str] = NEVER
    """Possessive ending after a name."""
    locative: re.Pattern[str] = NEVER
    """Preposition of place before a name."""
    list_gaps: Words = frozenset()
    """Text between two names of one list."""


@dataclass(frozen=True, kw_only=True, eq=False)
class PublisherWords:
    """Words in the names and hosts of media that do not name their place: `daily`, `news`."""

    media: re.Pattern[str] = NEVER


@dataclass(frozen=True, kw_only=True, eq=False)
class DatelineWords:
    """Words of datelines: `Dekalb, Ill., March 3 (AP) -`."""

    agencies: tuple[str, ...] = ()
    """News agencies and press release services, as they print themselves."""
    ambiguous_agencies: Words = frozenset()
    """Agencies whose names are also places, persons or words; only believed in brackets."""
    regions: Words = frozenset()
    """Abbreviations of states and provinces after a town."""
    shortened: Words = frozenset()
    """Words of a name that a period may shorten, in lower case without it."""
    connectors: Words = frozenset()
    """Words in lower case inside a name: `Rio de Janeiro`."""
    prefixes: tuple[str, ...] = ()
    """Starts of words in lower case inside a name: `al-`."""
    joints: tuple[str, ...] = ()
    """Words between two places of one dateline."""
    ordinals: tuple[str, ...] = ()
    """Endings of the day's number, as patterns."""
    date_articles: tuple[str, ...] = ()
    """Words before the day: `le`."""
    aboard: tuple[str, ...] = ()
    """Words before the name of a ship."""
    openers: Words = frozenset()
    """Words that begin a sentence and no name."""
    sections: Words = frozenset()
    """Names of sections and columns that are also the name of some town, in lower case."""


@dataclass(frozen=True, kw_only=True, eq=False)
class BylineWords:
    """Words of bylines: `Words by Ann Lee, Staff Writer`. Patterns without anchors, case-insensitive."""

    kinds: tuple[str, ...] = ()
    """Words before `by`: `story`."""
    by: tuple[str, ...] = ()
    """Words before the authors."""
    dated: tuple[str, ...] = ()
    """Date before the authors: `Published 3 May 2021 `."""
    date_starts: tuple[str, ...] = ()
    """Start of a date after the authors, with the space before it."""
    joints: tuple[str, ...] = ()
    """Text between two authors."""
    role_words: tuple[str, ...] = ()
    """Words before a role: `senior`."""
    roles: tuple[str, ...] = ()
    """Roles: `staff writer`."""
    suffixes: tuple[str, ...] = ()
    """Parts of a name after a comma: `jr`."""
    agencies: tuple[str, ...] = ()
    """Agencies after an author."""
    desks: tuple[str, ...] = ()
    """Newsrooms: `news desk`."""
    not_names: tuple[str, ...] = ()
    """Words that are not an author's whole name: `admin`."""
    reporting: tuple[str, ...] = ()
    """Words before the reporters in a line of credits: `reporting by`."""
    credited_places: tuple[str, ...] = ()
    """Place of a reporter in a line of credits, with the space before it: ` in Nairobi`."""


@dataclass(frozen=True, kw_only=True, eq=False)
class DateWords:
    """Words of publication dates. Months and weekdays come from CLDR for each of `locales`."""

    locales: tuple[str, ...] = ()
    """CLDR locales: names of months, weekdays and countries are read in these."""
    months: Mapping[str, int] = field(default_factory=dict)
    """Further names of months, in lower case without accents -> number."""
    weekdays: Words = frozenset()
    """Further names of weekdays, in lower case without accents."""
    fillers: tuple[str, ...] = ()
    """Words of a date that do not decide which day it is."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Language:
    """A language: its code and its words, by use."""

    code: str
    """ISO 639-1, as in `articles.language`; `mul` for words of several languages."""
    context: ContextWords = field(default_factory=ContextWords)
    kinds: KindWords = field(default_factory=KindWords)
    forms: FormWords = field(default_factory=FormWords)
    bodies: BodyWords = field(default_factory=BodyWords)
    peoples: PeopleWords = field(default_factory=PeopleWords)
    ranking: RankingWords = field(default_factory=RankingWords)
    publishers: PublisherWords = field(default_factory=PublisherWords)
    datelines: DatelineWords = field(default_factory=DatelineWords)
    bylines: BylineWords = field(default_factory=BylineWords)
    dates: DateWords = field(default_factory=DateWords)
    boilerplate: Mapping[Cut, tuple[str, ...]] = field(default_factory=dict)
    """Reason -> patterns of whole lines, without anchors, case-insensitive."""
