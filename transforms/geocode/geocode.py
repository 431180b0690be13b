"""The transform: place mentions of an article, placed."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import apache_beam as beam

from transforms import failures
from transforms.gazetteer.candidates import NONE, Options, options_for
from transforms.gazetteer.features import KNOWN_DIVISIONS
from transforms.gazetteer.lookup import DEFAULT_PATH, Candidate, Gazetteer, GazetteerError, Place
from transforms.gazetteer.names import normalize
from transforms.geocode.focus import focus_columns
from transforms.geocode.mentions import Mention, containers_named, find_mentions
from transforms.geocode.publisher import country_of, places_of, point_of
from transforms.geocode.ranking.features import Name
from transforms.geocode.ranking.weights import is_placed, load_weights, rank
from transforms.geocode.ranking.words import cues_of, traits_of
from transforms.languages.base import RankingWords
from transforms.languages.known import language_of
from transforms.records import AnnotatedArticle, Article, Location, stable_id
from transforms.settings import bad_setting

SEAT_POPULATION = 50_000
"""With at least this population, a city takes precedence over the division that is called after it."""


def geocode(
    annotated: AnnotatedArticle, gazetteer: Gazetteer, *, min_score: float = 0.0, organizations: bool = True
) -> AnnotatedArticle:
    """Return the article with its locations, in text order, and the place it is about.

    Args:
        annotated: the article and its entities; offsets into `article.text`.
        gazetteer: where places are looked up.
        min_score: a mention whose best candidate scores less gets no row.
        organizations: whether a place inside an organization's name is a mention.
    """
    settings = PlaceSettings(gazetteer=gazetteer.id, min_score=min_score, organizations=organizations)
    locations = find_locations(annotated, gazetteer, settings)
    return annotated.with_rows("locations", locations, **focus_of(annotated.article, locations, gazetteer))


@dataclass(frozen=True, kw_only=True)
class PlaceSettings:
    """The settings of the step, without its transform; fields as in `Geocode`."""

    gazetteer: str
    min_score: float
    organizations: bool


def find_locations(annotated: AnnotatedArticle, gazetteer: Gazetteer, settings: PlaceSettings) -> tuple[Location, ...]:
    """Return the place mentions of an article that score at least `min_score`, in text order."""
    mentions = find_mentions(annotated.article, annotated.entities, gazetteer, organizations=settings.organizations)
    located = locate(mentions, annotated.article, gazetteer)
    return tuple(location for location in located if location.score >= settings.min_score)


def focus_of(article: Article, locations: Sequence[Location], gazetteer: Gazetteer) -> dict[str, Any]:
    """Return the columns of an article that follow from its places: their list, and the place it is about."""
    places = tuple(dict.fromkeys(location.name for location in locations))
    return {"places": places, "gazetteer": gazetteer.id, **focus_columns(article, locations, gazetteer)}


def locate(mentions: Sequence[Mention], article: Article, gazetteer: Gazetteer) -> Iterator[Location]:
    """Yield the rows of an article's mentions; a mention that means no place of the gazetteer gives none."""
    names = names_of(mentions, article, gazetteer)
    everyone = [*names.values(), *publisher_names(article, gazetteer)]
    rank(everyone, article.text, country=country_of(article))
    for mention in mentions:
        location = place_mention(mention, names[key_of(mention)], article.article_id, gazetteer)
        if location is not None:
            yield location


Key = tuple[str, str]


def key_of(mention: Mention) -> Key:
    """Return the key that the mentions of one place share.

    All mentions of one name are taken for the same place, unless the text puts
    them into different ones: `Paris, Texas` is not `Paris`.
    """
    return normalize(mention.name), normalize(mention.container)


def names_of(mentions: Sequence[Mention], article: Article, gazetteer: Gazetteer) -> dict[Key, Name]:
    """Return the distinct names of an article, ready to be ranked."""
    groups: dict[Key, list[Mention]] = defaultdict(list)
    for mention in mentions:
        groups[key_of(mention)].append(mention)
    words = language_of(article.language).ranking
    return {key: name_of(group, article.text, gazetteer, words) for key, group in groups.items()}


def name_of(group: Sequence[Mention], text: str, gazetteer: Gazetteer, words: RankingWords) -> Name:
    """Return one name with its candidates and the cues of its mentions."""
    first = group[0]
    spans = [(mention.start, mention.end) for mention in group]
    if first.place is not None:
        return Name(NONE, first.name, spans, first.kind, fixed=first.place)
    options = options_for(first.name, gazetteer)
    is_dateline = any(mention.kind == "dateline" for mention in group)
    doubtful = all(mention.doubtful for mention in group)
    bases = [mention.basis for mention in group]
    return Name(
        cities_only(options) if first.kind == "dateline" else options,
        first.name,
        spans,
        "dateline" if is_dateline else first.kind,
        containers=containers_named(first.container, gazetteer) if first.container else (),
        known=gazetteer.known(first.name),
        doubtful=doubtful,
        traits=traits_of(text, first.name, options, spans, bases, words, doubtful=doubtful),
        cues=cues_of(text, spans, words),
    )


def publisher_names(article: Article, gazetteer: Gazetteer) -> Iterator[Name]:
    """Yield the places that the publisher is named after, and the point that the feed gave for the article."""
    for name, options in places_of(article, gazetteer):
        yield Name(options, name, kind="publisher")
    point = point_of(article)
    if point is not None:
        yield Name(NONE, kind="publisher", fixed=point)


def cities_only(options: Options) -> Options:
    """Return the options of a dateline, which names a city rather than the division around it."""
    fitting = tuple(c for c in options.candidates if c.place.feature_class != "A" or c.place.is_country)
    return Options(fitting, options.classes) if fitting else options


def place_mention(mention: Mention, name: Name, article_id: str, gazetteer: Gazetteer) -> Location | None:
    """Return the row of one mention: its best candidate, if that is probable enough."""
    weights = load_weights()
    if name.fixed is not None:
        return location_of(mention, name.fixed, article_id, gazetteer, score=weights.demonym_score)
    ranked = sorted(zip(name.probabilities, name.candidates, strict=True), key=lambda pair: -pair[0])
    ranked = seat_first(mention.name, ranked)
    # A dateline names a place, whatever else its name may mean.
    none = 1.0 - sum(name.probabilities)
    if not ranked or not (is_placed(ranked[0][0], none, weights.threshold) or mention.kind == "dateline"):
        return None
    (probability, best), *others = ranked
    score, runner_up = round(weights.score(probability), 4), others[0] if others else None
    return location_of(
        mention,
        best.place,
        article_id,
        gazetteer,
        score=score,
        runner_up=runner_up[1].place.place_id if runner_up else None,
        runner_up_score=min(score, round(weights.score(runner_up[0]), 4)) if runner_up else None,
        candidates=len(name.options.candidates),
    )


def seat_first(name: str, ranked: list[tuple[float, Candidate]]) -> list[tuple[float, Candidate]]:
    """Return the ranked candidates, a sizeable city before the division that is called after it.

    `Khabarovsk` alone is the city rather than `Khabarovsk Krai`, whose point is 700 km off. Where states are spoken
    of as often as cities (`New York`, `Quebec`), the ranker's order stays.
    """
    if not ranked or ranked[0][1].place.code != "ADM1" or ranked[0][1].place.country in KNOWN_DIVISIONS:
        return ranked
    division = ranked[0][1].place
    for index, (probability, candidate) in enumerate(ranked):
        place = candidate.place
        is_seat = place.feature_class == "P" and place.admin1 == division.admin1 and place.population >= SEAT_POPULATION
        if is_seat and normalize(place.name) == normalize(name):
            others = [*ranked[:index], *ranked[index + 1 :]]
            return [(probability + ranked[0][0], candidate), *others]
    return ranked


def location_of(
    mention: Mention, place: Place, article_id: str, gazetteer: Gazetteer, *, score: float, **ranking: Any
) -> Location:
    """Return the row of a mention and its place."""
    return Location(
        location_id=stable_id(article_id, str(mention.start), str(mention.end)),
        article_id=article_id,
        start=mention.start,
        end=mention.end,
        surface=mention.surface,
        kind=mention.kind,
        basis=mention.basis,
        geonameid=place.geonameid,
        place_id=place.place_id,
        name=place.name,
        feature_class=place.feature_class,
        feature_code=place.code,
        country=gazetteer.iso3(place.country),
        admin1=gazetteer.division(place.admin1),
        admin2=gazetteer.division(place.admin2),
        latitude=place.lat,
        longitude=place.lon,
        uncertainty_km=place.radius_km,
        population=place.population or None,
        score=score,
        gazetteer=gazetteer.id,
        **ranking,
    )


@dataclass
class Geocode(beam.PTransform):
    """AnnotatedArticle -> AnnotatedArticle with `locations`; an article that cannot be placed -> Failure.

    Outputs are `main` and `failures.FAILURES`. Deterministic, keeps one element
    per element, shuffles nothing. One gazetteer is open per process.
    """

    gazetteer: str = str(DEFAULT_PATH)
    """The gazetteer file, as built by `dateline gazetteer build`."""
    min_score: float = 0.0
    """Locations scored lower are left out, from 0 to 1."""
    organizations: bool = True
    """Whether `Athens` in `Athens Police Department` is a place mention too, with the basis `organization`."""

    def __post_init__(self) -> None:
        super().__init__()
        if not 0.0 <= self.min_score <= 1.0:
            raise bad_setting("geocode.min_score", self.min_score, "a score, 0 to 1")
        try:
            Gazetteer(self.gazetteer)
        except GazetteerError as error:
            raise bad_setting("geocode.gazetteer", self.gazetteer, f"a gazetteer of this version: {error}") from error

    def plain(self) -> PlaceSettings:
        """Return the settings without the transform, to be sent to other processes."""
        return PlaceSettings(gazetteer=self.gazetteer, min_score=self.min_score, organizations=self.organizations)

    def task(self) -> "PlaceMentions":
        """Return the step's work on articles."""
        return PlaceMentions(self.gazetteer, self.min_score, self.organizations)

    def expand(self, articles: beam.PCollection[AnnotatedArticle]) -> Any:
        place = beam.ParDo(_Geocode(self.task())).with_outputs(failures.FAILURES, main="main")
        return articles | "Place mentions" >> place


@dataclass
class PlaceMentions:
    """Task: annotated articles to the same with their locations."""

    gazetteer: str
    min_score: float
    organizations: bool
    stage = "geocode"

    def preload(self) -> None:
        """Load nothing: the gazetteer stays on disk."""

    def setup(self) -> None:
        """Open the gazetteer."""
        self._gazetteer = Gazetteer(self.gazetteer)

    def run(self, articles: Sequence[AnnotatedArticle]) -> list[Any]:
        """Return place the mentions of each article."""
        return [
            result
            for annotated in articles
            for result in failures.attempt(
                self._place, annotated, stage=self.stage, source=self.source(annotated), payload=self.payload(annotated)
            )
        ]

    def source(self, annotated: AnnotatedArticle) -> str:
        """Return the source of the article."""
        return annotated.article.source

    def payload(self, annotated: AnnotatedArticle) -> str:
        """Return its text."""
        return annotated.article.text

    def _place(self, annotated: AnnotatedArticle) -> Iterable[AnnotatedArticle]:
        yield geocode(annotated, self._gazetteer, min_score=self.min_score, organizations=self.organizations)


class _Geocode(beam.DoFn):
    def __init__(self, task: PlaceMentions) -> None:
        self._task = task

    def setup(self) -> None:
        self._task.setup()

    def process(self, annotated: AnnotatedArticle) -> Iterator[Any]:
        yield from self._task.run([annotated])
