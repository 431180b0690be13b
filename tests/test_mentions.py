"""Where a text names a place: tables of sentences with the model's entities, right and wrong, and what is found."""

import datetime

import pytest

from transforms.gazetteer.build.assemble import build_gazetteer
from transforms.gazetteer.lookup import DEFAULT_PATH, Gazetteer
from transforms.geocode.mentions import find_mentions
from transforms.geocode.mentions.peoples import is_language, kind_of
from transforms.geocode.mentions.words import is_common
from transforms.languages.known import language_of
from transforms.records import Article, Entity


@pytest.fixture(scope="module")
def gazetteer(tmp_path_factory):
    if DEFAULT_PATH.is_file():
        return Gazetteer(DEFAULT_PATH)
    return Gazetteer(build_gazetteer(tmp_path_factory.mktemp("gazetteer") / "gazetteer.sqlite"))


def article(text: str) -> Article:
    return Article(
        article_id="a1",
        source_uri="case.txt",
        source_kind="text",
        date_fetched=datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC),
        text=text,
        text_basis="file",
        text_sha256="0",
        word_count=len(text.split()),
    )


def entities(text: str, named: dict[str, str]) -> list[Entity]:
    """Return the first occurrence of each surface with its label."""
    found = [
        Entity(
            entity_id=surface,
            article_id="a1",
            start=text.index(surface),
            end=text.index(surface) + len(surface),
            surface=surface,
            label=label,
            name=surface,
            canonical_id=surface,
            model="case",
        )
        for surface, label in named.items()
    ]
    return sorted(found, key=lambda entity: entity.start)


def found(text: str, named: dict[str, str], gazetteer: Gazetteer, **settings: bool) -> list[tuple[str, str]]:
    """Return surface and kind of each mention."""
    mentions = find_mentions(article(text), entities(text, named), gazetteer, **settings)
    assert all(text[mention.start : mention.end] == mention.surface for mention in mentions)
    return [(mention.surface, mention.kind) for mention in mentions]


def names(text: str, named: dict[str, str], gazetteer: Gazetteer, **settings: bool) -> list[str]:
    return [surface for surface, _ in found(text, named, gazetteer, **settings)]


@pytest.mark.parametrize(
    ("text", "named", "expected"),
    [
        ("The Chicago Police Department said so.", {"Chicago Police Department": "ORG"}, ["Chicago"]),
        ("He studied at the University of Toronto.", {"University of Toronto": "ORG"}, ["Toronto"]),
        ("The Central Bank of Malta met.", {"Central Bank of Malta": "ORG"}, ["Malta"]),
        ("A deputy of the Clarke County Jail spoke.", {"Clarke County Jail": "ORG"}, ["Clarke County"]),
        ("In Clarke County Superior Court he pleaded.", {"Clarke County Superior Court": "LOC"}, ["Clarke County"]),
        ("The New York Times wrote.", {"New York Times": "ORG"}, []),
        ("The Vietnam War ended.", {"Vietnam War": "MISC"}, []),
        ("Chad Foster ran.", {"Chad Foster": "ORG"}, []),
        ("Supreme Court judges met.", {"Supreme Court": "ORG"}, []),
        (
            "Lt. Mike Murphy of the Kansas Highway Patrol",
            {"Mike Murphy of the Kansas Highway Patrol": "PERSON"},
            ["Kansas"],
        ),
        ("The USS Carl Vinson sailed.", {"USS Carl Vinson": "ORG"}, []),
    ],
)
def test_inside_longer_names(text, named, expected, gazetteer):
    assert names(text, named, gazetteer) == expected


def test_organizations_can_be_left_out(gazetteer):
    text, named = "The Chicago Police Department said so.", {"Chicago Police Department": "ORG"}
    assert names(text, named, gazetteer, organizations=False) == []
    (mention,) = find_mentions(article(text), entities(text, named), gazetteer)
    assert mention.basis == "organization"


@pytest.mark.parametrize(
    ("text", "named", "expected"),
    [
        ("Shelling was heard in Kharkiv.", {"Kharkiv": "PERSON"}, ["Kharkiv"]),
        ("He drove between Lviv and Kyiv.", {"Lviv": "ORG", "Kyiv": "LOC"}, ["Lviv", "Kyiv"]),
        ("Darrell Ross, 29, of Wichita, was shot.", {"Darrell Ross": "PERSON", "Wichita": "PERSON"}, ["Wichita"]),
        ("Visit Ghent and Bruges.", {"Ghent": "PERSON", "Bruges": "LOC"}, ["Ghent", "Bruges"]),
        ("On Oahu, homes are dear.", {"Oahu": "NORP"}, ["Oahu"]),
    ],
)
def test_taken_for_something_else(text, named, expected, gazetteer):
    assert names(text, named, gazetteer) == expected


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Steve Warden was told that Warden would pay.", {"Steve Warden": "PERSON", "that Warden": "LOC"}),
        ("Mayor Mullins spoke in Oslo's name.", {"Mullins": "PERSON"}),
        ("Reading books is nice. Mobile phones ring. Split the bill.", {}),
        ("Over the year, March was cold. Nice work in Time magazine.", {}),
        ("Morales ignored that. Then Morales resigned. A boost in Morales’ share.", {"Morales": "PERSON"}),
        ("For more about NICE, call the office of the town.", {"NICE": "LOC"}),
        ("It was built between 250 and 100 B.C. by nobody we know.", {}),
    ],
)
def test_no_places(text, named, gazetteer):
    assert [name for name in names(text, named, gazetteer) if name != "Oslo"] == []


@pytest.mark.parametrize(
    ("text", "named", "expected"),
    [
        ("Rain in northern Iraq.", {"northern Iraq": "LOC"}, ["Iraq"]),
        ("Rain in South Carolina.", {"South Carolina": "LOC"}, ["South Carolina"]),
        ("The City of Norfolk paid.", {"City of Norfolk": "LOC"}, ["Norfolk"]),
        ("Rain in Idlib province.", {"Idlib": "LOC"}, ["Idlib province"]),
        ("Calm on the Korean peninsula.", {"Korean": "NORP"}, ["Korean peninsula"]),
        ("A ship of the Korean navy.", {"Korean": "NORP"}, ["Korean"]),
        ("Rain in Rapides Parish.", {"Rapides Parish": "LOC"}, ["Rapides Parish"]),
        ("He flew to the U.S.", {"U.S": "LOC"}, ["U.S."]),
        ("He flew to Washington, D.C., today.", {"Washington": "LOC", "D.C": "LOC"}, ["Washington, D.C."]),
        ("From Athens, GA 30601.", {"Athens": "LOC"}, ["Athens", "GA"]),
        ("Chowchilla, Calif. has a prison.", {"Chowchilla": "LOC"}, ["Chowchilla", "Calif."]),
        ("A Fla. economist spoke. Miss. Quux did not, Mass. did.", {}, ["Fla.", "Mass."]),
        ("Trinidad and Tobago met.", {"Trinidad and": "ORG", "Tobago": "LOC"}, ["Trinidad and Tobago"]),
        ("Baku-Tbilisi trains.", {"Baku-Tbilisi": "LOC"}, ["Baku", "Tbilisi"]),
    ],
)
def test_spans(text, named, expected, gazetteer):
    assert names(text, named, gazetteer) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Sen. Lindsey Graham, R-S.C., and Gov. Dan Malloy, D-Conn., met.", ["S.C.", "Conn."]),
        ("In Broward and Palm Beach counties it rained.", ["Broward", "Palm Beach"]),
        ("North and South Korea talk.", ["North", "South Korea"]),
        ("On D-Day it rained.", []),
    ],
)
def test_forms_of_words(text, expected, gazetteer):
    assert names(text, {}, gazetteer) == expected


def test_plural_counties_are_looked_up_as_counties(gazetteer):
    text = "In Broward and Palm Beach counties it rained."
    mentions = find_mentions(article(text), [], gazetteer)
    assert [mention.name for mention in mentions] == ["Broward County", "Palm Beach County"]


@pytest.mark.parametrize(
    ("text", "word", "kind"),
    [
        ("Russian tanks came.", "Russian", "adjective"),
        ("The Russians came.", "Russians", "demonym"),
        ("She is a Ghanaian.", "Ghanaian", "demonym"),
        ("The Frenchmen left.", "Frenchmen", "demonym"),
        ("Chinese and Indian officials met.", "Chinese", "adjective"),
        ("a German government", "German", "adjective"),
        ("at European and international level", "European", "adjective"),
        ("The French have voted.", "French", "demonym"),
        ("Georgian-controlled villages", "Georgian", "adjective"),
    ],
)
def test_kind_of_a_people(text, word, kind, gazetteer):
    start = text.index(word)
    assert kind_of(text, start, start + len(word), gazetteer, language_of("en").peoples) == kind


@pytest.mark.parametrize(
    ("text", "word", "language"),
    [
        ("She speaks English.", "English", True),
        ("It aired in English and Spanish.", "English", True),
        ("an English-language paper", "English", True),
        ("without knowledge of Portuguese has not been hard", "Portuguese", True),
        ("in French waters", "French", False),
        ("The French have voted.", "French", False),
        ("She is Russian.", "Russian", False),
        ("Danish and Swedish police", "Danish", False),
    ],
)
def test_languages(text, word, language):
    start = text.index(word)
    assert is_language(text, start, start + len(word), language_of("en").peoples) is language


@pytest.mark.parametrize(
    ("text", "named", "expected"),
    [
        ("Syrian-Turkish talks began.", {}, [("Syrian", "adjective"), ("Turkish", "adjective")]),
        ("Native American artifacts", {"Native American": "NORP"}, []),
        ("He came over. French said nothing.", {"French": "NORP"}, []),
        ("The Russian Ministry of Defence", {"Russian Ministry of Defence": "ORG"}, [("Russian", "adjective")]),
        ("American Airlines flies.", {"American Airlines": "ORG"}, []),
    ],
)
def test_peoples_in_context(text, named, expected, gazetteer):
    assert found(text, named, gazetteer) == expected


@pytest.mark.parametrize(("name", "common"), [("Central", True), ("Black Rock", True), ("Kyiv", False), ("Nice", True)])
def test_common_words(name, common):
    assert is_common(name, language_of("en")) is common
