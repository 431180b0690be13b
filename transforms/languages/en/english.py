"""The parts of English, put together."""

from transforms.languages.base import Language
from transforms.languages.en.bodies import BODIES
from transforms.languages.en.boilerplate import BOILERPLATE
from transforms.languages.en.bylines import BYLINES, DATES
from transforms.languages.en.context import CONTEXT
from transforms.languages.en.datelines import DATELINES
from transforms.languages.en.forms import FORMS
from transforms.languages.en.kinds import KINDS
from transforms.languages.en.peoples import PEOPLES
from transforms.languages.en.ranking import PUBLISHERS, RANKING

ENGLISH = Language(
    code="en",
    context=CONTEXT,
    kinds=KINDS,
    forms=FORMS,
    bodies=BODIES,
    peoples=PEOPLES,
    ranking=RANKING,
    publishers=PUBLISHERS,
    datelines=DATELINES,
    bylines=BYLINES,
    dates=DATES,
    boilerplate=BOILERPLATE,
)
