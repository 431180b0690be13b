"""Texts -> docs: what `nlp.pipe` does, with the same result, in less than half of its time.

Three things that spaCy 3.8 does are done in another way, measured on articles of
400 words (`benchmarks/stages.py`):

- Its transition-based parser, which is its entity recognizer too, gives the
  interpreter's lock away and takes it back for nearly every move it weighs:
  Cython 3 checks for an exception after each call of a function that is not
  `noexcept`. That is three quarters of the recognizer's time. Training goes
  another way through the same weights, which keeps the lock; so do we.
- Its matrix products are BLIS's, which took its generic code, in plain C, on the
  AMD processor that it was measured on. Those of numpy are OpenBLAS's: 2.8 times
  as fast there.
- A process that reads for days knows every word it has ever met; see `bounded`.
"""

import contextlib
import ctypes
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from spacy.language import Language
from spacy.pipeline import DependencyParser, EntityRecognizer
from spacy.tokens import Doc
from thinc.api import NumpyOps
from threadpoolctl import ThreadpoolController

from transforms.extract.gate import make_doc

GROUP_TOKENS = 8_000
"""Approximate tokens of a group of texts; larger groups outgrow the CPU caches."""
MAX_STRINGS = 100_000
"""Maximum strings that a pipeline keeps, about 50 MB; those that further texts add are freed after the texts."""
KEPT_BYTES = 128 << 20
"""Freed memory that a process keeps for the next group of texts, which needs as much again."""
GOOD_PRODUCTS = frozenset({"openblas", "mkl"})
"""Libraries under numpy whose matrix products are at least as fast as BLIS's."""


def read(nlp: Language, texts: Sequence[str]) -> Iterator[Doc]:
    """Yield one doc for each text, in order, as from `nlp.pipe`; use it within `bounded`.

    Raises:
        Exception: whatever a component raises, for all texts of its group.
    """
    for group in _groups(nlp, texts):
        for _, component in nlp.pipeline:
            group = list(_through(component, group))
        yield from group


@contextlib.contextmanager
def bounded(nlp: Language, most_strings: int = MAX_STRINGS) -> Iterator[None]:
    """Create and use docs only inside this context; they are invalid after it exits.

    A pipeline keeps each word that it meets without end. Words met early are the
    frequent ones, and are cheaper when known; when they are enough, words met
    later are forgotten at the end.
    """
    with nlp.memory_zone() if len(nlp.vocab.strings) > most_strings else contextlib.nullcontext():
        yield


def use_fast_products(nlp: Language) -> None:
    """Have numpy multiply the matrices of a pipeline, where numpy is known to be fast; in one thread, as BLIS does.

    Sums are rounded in another order: what the model computes differs in the last digit.
    """
    libraries = ThreadpoolController().select(user_api="blas")
    if not any(library["internal_api"] in GOOD_PRODUCTS for library in libraries.info()):
        return
    # Work is spread over processes; threads of their own would take the cores from each other.
    libraries.limit(limits=1)
    ops = NumpyOps(use_blis=False)
    for _, component in nlp.pipeline:
        walk: Callable[[], Any] = getattr(getattr(component, "model", None), "walk", tuple)
        for layer in walk():
            if type(layer.ops) is NumpyOps:
                layer.ops = ops


def keep_freed_memory() -> None:
    """Have the C library keep what a group of texts has freed, rather than give it to the system for each array.

    Else a sixth of the time goes into asking for the same pages again. Only
    glibc has the setting (`mallopt`, malloc.h).
    """
    trim_threshold, mmap_threshold, most_mmap_threshold = -1, -3, 32 << 20
    with contextlib.suppress(OSError, AttributeError, TypeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(mmap_threshold, most_mmap_threshold)
        mallopt(trim_threshold, KEPT_BYTES)


def _groups(nlp: Language, texts: Sequence[str]) -> Iterator[list[Doc]]:
    """Yield the texts as docs of words alone, in groups of about `GROUP_TOKENS`."""
    group: list[Doc] = []
    for doc in (make_doc(nlp, text) for text in texts):
        if group and sum(map(len, group)) + len(doc) > GROUP_TOKENS:
            yield group
            group = []
        group.append(doc)
    if group:
        yield group


def _through(component: Any, docs: list[Doc]) -> Iterator[Doc]:
    """Return docs after one component of a pipeline, all in one call."""
    if isinstance(component, DependencyParser | EntityRecognizer) and component.cfg["beam_width"] == 1:
        _parse(component, docs)
        return iter(docs)
    if hasattr(component, "pipe"):
        return iter(component.pipe(docs, batch_size=max(1, len(docs))))
    return map(component, docs)


def _parse(parser: Any, docs: Sequence[Doc]) -> None:
    """Parse as `Parser.pipe` does with a beam of one: the most probable valid move in each state, to the end."""
    # An article without words has no states, and the model takes no empty batch.
    by_length = sorted(filter(len, docs), key=len)
    if not by_length:
        return
    model = parser.model.predict(by_length)
    states = parser.moves.init_batch(by_length)
    left = [state for state in states if not state.is_final()]
    while left:
        left = parser.transition_states(left, model.predict(left))
    parser.set_annotations(by_length, states)
    model.clear_memory()
