"""The ranker with weights that were fitted without the document it is judged on."""

import contextlib
import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import ModuleType
from typing import Any
from unittest.mock import patch

from benchmarks.measures.corpus import Case, fold_of
from transforms.gazetteer.lookup import Gazetteer
from transforms.geocode import geocode as geocode_module
from transforms.geocode.ranking import weights as ranking

FOLDS = 5

Prepare = Callable[[Case], None]
"""Called with each document before it is placed."""


@contextlib.contextmanager
def cross_validated(taught: Sequence[Case], gazetteer: Gazetteer) -> Iterator[Prepare]:
    """Fit the ranker once for each fold, with the code that fits the shipped weights.

    Threshold and calibration stay those that ship: four numbers, which
    training/train_ranking.py sets by its own held-out predictions.

    Args:
        taught: the documents that the shipped weights were fitted on; in the context each meets weights that were
            not, and all others meet what ships.
        gazetteer: where names are looked up.
    """
    shipped = ranking.load_weights()
    fitted = dict(enumerate(fit_folds(taught, gazetteer, shipped)))
    folds = {case.key: fold_of(case, FOLDS) for case in taught}
    current = shipped

    def prepare(case: Case) -> None:
        nonlocal current
        current = fitted[folds[case.key]] if case.key in folds else shipped

    def load_weights() -> Any:
        return current

    with contextlib.ExitStack() as stack:
        for module in (ranking, geocode_module):
            stack.enter_context(patch.object(module, "load_weights", load_weights))
        yield prepare


def fit_folds(cases: Sequence[Case], gazetteer: Gazetteer, shipped: Any) -> Iterator[Any]:
    """Yield weights for each fold, from the documents of the others."""
    from training import ranking_data as data  # needs scipy, of the extra `training`
    from training import ranking_fit as fit

    examples = [(fold_of(case, FOLDS), list(_forms(data, case, gazetteer))) for case in cases]
    for fold in range(FOLDS):
        others = [example for number, forms in examples if number != fold for example in forms]
        alone, full = fit.learn(others)
        yield dataclasses.replace(shipped, alone=alone, full=full)


def _forms(data: ModuleType, case: Case, gazetteer: Gazetteer) -> Iterable[Any]:
    return data.forms_of(case.document, case.annotated, gazetteer)
