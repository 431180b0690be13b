"""The transform: place mentions of an article, placed."""

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
from apache_beam.utils import shared

from transforms import failures
from transforms.geocode.candidates import NONE, Options, options_for
from transforms.geocode.focus import focus_columns
from transforms.geocode.gazetteer import DEFAULT_PATH, Gazetteer, GazetteerError, Place
from transforms.geocode.mentions import Mention, containers_named, find_mentions
from transforms.geocode.names import normalize
from transforms.geocode.ranking import Name, rank, rank_doubtful
from transforms.records import AnnotatedArticle, Location, stable_id

DATELINE_WEIGHT = 2.0
"""A dateline's place says this much more about where an article plays."""


def geocode(
    annotated: AnnotatedArticle, gazetteer: Gazetteer, *, min_score: float = 0.0, organizations: bool = True
) -> AnnotatedArticle:
    """The article with its locations, in text order, and the place it is about.

    Args:
        annotated: the article and its entities; offsets into `article.text`.
        gazetteer: where places are looked up.
        min_score: a mention whose best candidate scores less gets no row.
        organizations: whether a place inside an organization's name is a mention.
    """
    article = annotated.article
    mentions = find_mentions(article, annotated.entities, gazetteer, organizations=organizations)
    located = locate(mentions, article.article_id, gazetteer)
    locations = tuple(location for location in located if location.score >= min_score)
    places = tuple(dict.fromkeys(location.name for location in locations))
    focus = focus_columns(article, locations, gazetteer)
    article = dataclasses.replace(article, places=places, gazetteer=gazetteer.id, **focus)
    return dataclasses.replace(annotated, article=article, locations=locations)


def locate(mentions: Sequence[Mention], article_id: str, gazetteer: Gazetteer) -> Iterator[Location]:
    """The rows of an article's mentions; a mention that means no place of the gazetteer gives none.

    All mentions of one name are taken for the same place, unless the text puts
    them into different ones: `Paris, Texas` is not `Paris`.
    """
    groups: dict[tuple[str, str], list[Mention]] = defaultdict(list)
    for mention in mentions:
        groups[normalize(mention.name), normalize(mention.container)].append(mention)
    names = {key: name_of(group, gazetteer) for key, group in groups.items()}
    doubtful = {key for key, group in groups.items() if all(mention.doubtful for mention in group)}
    sure = [name for key, name in names.items() if key not in doubtful]
    rank(sure)
    rank_doubtful([names[key] for key in doubtful], sure)
    for mention in mentions:
        name = names[normalize(mention.name), normalize(mention.container)]
        location = place_mention(mention, name, article_id, gazetteer)
        if location is not None:
            yield location


def name_of(group: Sequence[Mention], gazetteer: Gazetteer) -> Name:
    """What the mentions of one name may mean, and how much they weigh."""
    first = group[0]
    weight = DATELINE_WEIGHT if any(mention.kind == "dateline" for mention in group) else 1.0
    if first.place is not None:
        return Name(NONE, weight, fixed=first.place)
    containers = containers_named(first.container, gazetteer) if first.container else ()
    options = options_for(first.name, gazetteer)
    return Name(cities_only(options) if first.kind == "dateline" else options, weight, containers)


def cities_only(options: Options) -> Options:
    """The options of a dateline, which names a city rather than the division around it."""
    fitting = tuple(c for c in options.candidates if c.place.feature_class != "A" or c.place.is_country)
    return Options(fitting, options.classes) if fitting else options


def place_mention(mention: Mention, name: Name, article_id: str, gazetteer: Gazetteer) -> Location | None:
    """The row of one mention: its best candidate, unless none of them is more likely."""
    if name.fixed is not None:
        return location_of(mention, name.fixed, article_id, gazetteer, score=1.0)
    ranked = sorted(zip(name.probabilities, name.candidates, strict=True), key=lambda pair: -pair[0])
    # A dateline names a place, whatever else its name may mean.
    if not ranked or (ranked[0][0] < 1.0 - sum(name.probabilities) and mention.kind != "dateline"):
        return None
    (score, best), *others = ranked
    runner_up = others[0] if others else None
    return location_of(
        mention,
        best.place,
        article_id,
        gazetteer,
        score=round(score, 4),
        runner_up=runner_up[1].place.place_id if runner_up else None,
        runner_up_score=round(runner_up[0], 4) if runner_up else None,
        candidates=len(name.options.candidates),
    )


def location_of(
    mention: Mention, place: Place, article_id: str, gazetteer: Gazetteer, *, score: float, **ranking: Any
) -> Location:
    """The row of a mention and its place."""
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
            raise ValueError(f"geocode.min_score is {self.min_score}; it must lie between 0 and 1")
        try:
            Gazetteer(self.gazetteer)
        except GazetteerError as error:
            raise ValueError(f"gazetteer: {self.gazetteer!r} cannot be used: {error}") from error

    def expand(self, articles: beam.PCollection[AnnotatedArticle]) -> Any:
        return articles | "Place mentions" >> beam.ParDo(
            _Geocode(self.gazetteer, self.min_score, self.organizations)
        ).with_outputs(failures.FAILURES, main="main")


class _Open(Gazetteer):
    """A gazetteer that `shared.Shared` can hold: it needs weak references."""


class _Geocode(beam.DoFn):
    def __init__(self, path: str, min_score: float, organizations: bool) -> None:
        self._path, self._shared = path, shared.Shared()
        self._min_score, self._organizations = min_score, organizations

    def setup(self) -> None:
        self._gazetteer = self._shared.acquire(lambda: _Open(self._path), tag=self._path)

    def process(self, annotated: AnnotatedArticle) -> Iterator[Any]:
        article = annotated.article
        yield from failures.attempt(
            self._place, annotated, stage="geocode", source=article.source, payload=article.text
        )

    def _place(self, annotated: AnnotatedArticle) -> Iterable[AnnotatedArticle]:
        yield geocode(annotated, self._gazetteer, min_score=self._min_score, organizations=self._organizations)
