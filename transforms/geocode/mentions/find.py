"""Where a text names a place.

The model's entities come first. The gazetteer adds what the model missed, what
it took for something else, and places inside longer names.
"""

from collections.abc import Sequence

from transforms.gazetteer.lookup import Gazetteer
from transforms.geocode.mentions.containers import container_mentions, with_container
from transforms.geocode.mentions.context import PEOPLE_LABEL, PLACE_LABELS, MentionContext
from transforms.geocode.mentions.inside import organization_places, places_inside
from transforms.geocode.mentions.labelled import dateline_mentions, labelled_places, region_of_people
from transforms.geocode.mentions.mention import Mention, SpanSet, trimmed
from transforms.geocode.mentions.patterns import abbreviations, patterned
from transforms.geocode.mentions.peoples import peoples, single_peoples
from transforms.geocode.mentions.unlabelled import (
    PART,
    candidate_spans,
    doubt,
    is_evident,
    is_place,
    listed,
    longer_names,
    misread_people,
    possible,
)
from transforms.records import Article, Entity


def find_mentions(
    article: Article, entities: Sequence[Entity], gazetteer: Gazetteer, *, organizations: bool = True
) -> list[Mention]:
    """Return all place mentions of an article in text order, none overlapping another.

    In order of trust: the dateline, forms of words that leave no doubt, longer
    well-known names (`Russian Far East` over the demonym `Russian`), the model,
    what follows from these, the rest.

    Args:
        article: the text and its dateline.
        entities: the model's, with offsets into the text.
        gazetteer: where names are looked up.
        organizations: whether a place inside an organization's name is a mention.
    """
    context = MentionContext(article, entities, gazetteer)
    taken = SpanSet(len(article.text))
    taken.add(dateline_mentions(article))
    taken.add(patterned(context))
    taken.add(longer_names(context))
    for entity in entities:
        if entity.label in PLACE_LABELS:
            taken.add(labelled_places(entity, context))
    for entity in entities:
        if entity.label == PEOPLE_LABEL:
            span = trimmed(article.text, entity.start, entity.end)
            taken.add(filter(None, [region_of_people(context, *span)]))
            taken.add(list(peoples(context, *span)) or filter(None, [misread_people(context, *span)]))
    taken.add(abbreviations(context))
    left = _add_missed(context, taken)
    taken.add(single_peoples(context))
    if organizations:
        context.learn(taken.mentions)
        for entity in entities:
            taken.add(organization_places(entity, context))
        for start, end in context.runs:
            if " " in article.text[start:end] and context.is_uncovered(start, end):
                taken.add(places_inside(context, start, end, basis="organization"))
    left = [span for span in left if taken.is_free(span[0], span[1])]
    taken.add(filter(None, (doubt(context, start, end, label) for start, end, label in left)))
    mentions = [with_container(mention, article.text, gazetteer) for mention in taken.mentions]
    taken.add(container_mentions(mentions, article.text))
    found = mentions + taken.mentions[len(mentions) :]
    return sorted(found, key=lambda mention: mention.start)


def _add_missed(context: MentionContext, taken: SpanSet) -> list[tuple[int, int, str]]:
    """Add what the model missed, by the text around and by what is found so far; returns the spans left open."""
    context.learn(taken.mentions)
    spans = [span for span in candidate_spans(context) if taken.is_free(span[0], span[1])]
    mentions = [mention for start, end, _ in spans if (mention := possible(context, start, end)) is not None]
    taken.add(mention for mention in mentions if is_place(context, mention))
    context.learn(taken.mentions)
    taken.add(mention for mention in mentions if is_evident(context, mention))
    spans = [span for span in spans if span[2] != PART]
    taken.add(filter(None, (listed(context, start, end, taken) for start, end, _ in spans)))
    return spans
