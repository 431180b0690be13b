"""What one article says of its names: which it uses for persons, which for places."""

import bisect
import functools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from transforms.gazetteer.candidates import Options, options_for
from transforms.gazetteer.lookup import Candidate, Gazetteer, Match
from transforms.gazetteer.names import normalize
from transforms.geocode.mentions.mention import Mention, trimmed
from transforms.geocode.mentions.runs import runs
from transforms.geocode.mentions.words import capitalized
from transforms.languages.known import language_of
from transforms.records import Article, Entity

PLACE_LABELS = frozenset({"LOC", "GPE", "FAC"})
PEOPLE_LABEL = "NORP"
NUMBER_LABELS = frozenset({"DATE", "TIME", "MONEY", "PERCENT", "QUANTITY", "CARDINAL", "ORDINAL"})
LOCATIVE_POPULATION = 15_000
"""After a preposition of place, a city's name is that city from this population on."""
SAYING_SHARE = 0.2
"""Name that says things in at least this share of its uses is a person."""
PERSON_POPULATION = 200_000
"""A smaller city that only says things is a person of that name."""
_LIES_IN = re.compile(r", [A-Z][a-z]+\.?[,.\s]")
_RUN = re.compile(r"\w+")
MAX_USES = 2_000
"""Uses of one word that are looked at."""
_BEFORE = 32
_AFTER = 32


class MentionContext:
    """An article's text, words and entities, and what is known of its names.

    Attributes:
        capitals: spans of the words that a capital begins.
        runs: spans of runs of such words.
        evidence: normalized names that the article is known to use for places.
        persons: normalized words of persons' full names: where a Kent Jackson is written of, Jackson is he.
    """

    def __init__(self, article: Article, entities: Sequence[Entity], gazetteer: Gazetteer) -> None:
        self.text = article.text
        self.entities = entities
        self.gazetteer = gazetteer
        self.language = language_of(article.language)
        self.capitals = capitalized(self.text)
        self.runs = list(runs(self.text, self.capitals, self.language))
        self._covered = bytearray(len(self.text))
        for entity in entities:
            self._covered[entity.start : entity.end] = b"\1" * (entity.end - entity.start)
        self.evidence: set[str] = set()
        full = [words for e in entities if e.label == "PERSON" and len(words := e.name.split()) > 1]
        self.persons = {normalize(word) for words in full if "of" not in words for word in words}
        self._surnames = {normalize(words[-1]) for words in full}
        self._judged: dict[str, bool] = {}
        self._by_start = sorted(entities, key=lambda entity: entity.start)
        self._starts = [entity.start for entity in self._by_start]
        self._longest = max((entity.end - entity.start for entity in entities), default=0)
        self._labels: dict[str, Counter[str]] = {}
        for entity in entities:
            if " " not in entity.surface:
                surface = self.text[slice(*trimmed(self.text, entity.start, entity.end))]
                label = "PLACE" if entity.label in PLACE_LABELS else entity.label
                self._labels.setdefault(normalize(surface), Counter())[label] += 1

    def is_uncovered(self, start: int, end: int) -> bool:
        """Return True if no entity touches the span."""
        return self._covered.find(1, start, end) < 0

    def touching(self, start: int, end: int) -> Iterator[Entity]:
        """Yield the entities that overlap a span."""
        if self.is_uncovered(start, end):
            return
        first = bisect.bisect_left(self._starts, start - self._longest)
        for entity in self._by_start[first : bisect.bisect_left(self._starts, end)]:
            if start < entity.end:
                yield entity

    def options(self, name: str) -> Options:
        """Return the places that the name may mean."""
        return options_for(name, self.gazetteer)

    def plain(self, name: str) -> list[Candidate]:
        """Return the first cities and divisions that bear the name itself, not in another language or as an
        abbreviation.
        """
        if len(name) < 4:
            return []
        return [
            c for c in self.options(name).candidates[:10] if c.match <= Match.SHORT and c.place.feature_class in "AP"
        ]

    def known(self, name: str) -> bool:
        """Return True if the name means a place wherever it occurs with a capital."""
        if self.gazetteer.known(name) is None:
            return False
        return len(name) > 3 or name.isupper() or "." in name

    def learn(self, mentions: Iterable[Mention]) -> None:
        """Take the names of mentions that are sure for evidence."""
        names = {normalize(m.name) for m in mentions if m.place is None and not m.doubtful and len(m.name) > 3}
        self.evidence |= names - self.persons

    def titled(self, start: int) -> bool:
        """Return True if a person's title is before the offset."""
        return self.language.context.title.search(self.text, max(0, start - _BEFORE), start) is not None

    def says(self, end: int) -> bool:
        """Return True if what is before the offset says or does something as a person does."""
        return self.language.context.speech.match(self.text, end, end + _AFTER) is not None

    def locative(self, start: int) -> bool:
        """Return True if a preposition of place is before the offset."""
        return self.language.context.locative.search(self.text, max(0, start - _BEFORE), start) is not None

    def at_home(self, start: int) -> bool:
        """Return True if the place after the offset is somebody's: `Darrell Ross, 29, of Columbia`."""
        return self.language.context.home.search(self.text, max(0, start - _BEFORE), start) is not None

    def bears(self, name: str) -> bool:
        """Return True if a city or division has the name as it is, or a county without `County`."""
        county = next((end for end in self.language.kinds.county_endings if name.endswith(end)), "")
        if county:
            return bool(self.gazetteer.candidates(name) or self.gazetteer.candidates(name.removesuffix(county)))
        found = self.gazetteer.candidates(name)[:10]
        return len(name) > 3 and any(c.match <= Match.SHORT and c.place.feature_class in "AP" for c in found)

    def modifies(self, end: int) -> bool:
        """Return True if a noun follows that places are put before: `Augusta residents`."""
        return self.language.context.place_noun.match(self.text, end, end + _AFTER) is not None

    def is_person(self, name: str) -> bool:
        """Return True if a name that the model took for a place is rather a person's in this article."""
        if " " in name:
            return False
        if name not in self._judged:
            self._judged[name] = self._judge(name)
        return self._judged[name]

    def _judge(self, name: str) -> bool:
        key = normalize(name)
        labels = self._labels.get(key, Counter())
        named = key in self._surnames or labels["PERSON"] > 2 * labels["PLACE"]
        if self.known(name) and not (key in self._surnames and labels["PERSON"] > labels["PLACE"]):
            return False
        uses = self.uses(name)
        if any(self._placed(start, end) for start, end in uses):
            return False
        if named or any(self.titled(start) for start, _ in uses):
            return True
        small = all(c.place.population < PERSON_POPULATION for c in self.options(name).candidates[:1])
        return small and len(uses) > 1 and sum(self.says(end) for _, end in uses) >= SAYING_SHARE * len(uses)

    def uses(self, name: str) -> list[tuple[int, int]]:
        """Return the spans where a name is a word of its own; of a frequent word, the first ones."""
        word = _RUN.search(name)
        if word is None:
            return []
        whole = re.compile(rf"\b{re.escape(name)}\b")
        starts = self._words.get(word[0], [])[:MAX_USES]
        found = (whole.match(self.text, start - word.start()) for start in starts if start >= word.start())
        return [match.span() for match in found if match]

    @functools.cached_property
    def _words(self) -> dict[str, list[int]]:
        """Return each run of letters and digits with its offsets."""
        starts: dict[str, list[int]] = {}
        for match in _RUN.finditer(self.text):
            starts.setdefault(match[0], []).append(match.start())
        return starts

    def _placed(self, start: int, end: int) -> bool:
        if self.locative(start) and not self.language.context.affair.match(self.text, end):
            return True
        return self.modifies(end) or _LIES_IN.match(self.text, end, end + 16) is not None
