"""Learns which of its candidates a name means, and writes the ranker's weights.

    python -m training.train_ranking --corpora ../shared/corpora/geo

Each training document is read with its gold mentions and with those that the
shipped pipeline finds, each with the publisher known and unknown. A mention of the
pipeline that overlaps no gold toponym, or whose place is not a candidate, means none
of them. The weights maximize the likelihood of the right candidates less an L2
penalty; the context of a name comes from the probabilities that the ranker itself
gives the other names, so weights and context are learned in turn.

Prints figures by cross-validation over documents, what each group of features
adds, and how often scores are right. The threshold and the line of the scores are
set by the same held-out predictions. One core, about three minutes.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from training.ranking_data import Example, forms_of, read
from training.ranking_figures import Judged, figures, judge, write_weights
from training.ranking_fit import calibrate, fit, learn, rows_of
from transforms.gazetteer.lookup import Gazetteer
from transforms.geocode.ranking.context import COLUMNS, CONTEXT, PRODUCTS
from transforms.geocode.ranking.features import CUES, Array
from transforms.geocode.ranking.weights import DEFAULT_WEIGHTS, Weights, guarded, reliability, run
from transforms.geocode.ranking.words import TRAITS

CORPORA = ("lgl_train", "geowebnews_train")
FOLDS = 5
THRESHOLDS = tuple(k / 20 for k in range(2, 13))
AS_GOOD = 0.001


def _of(table: dict[str, str], *beginnings: str) -> tuple[str, ...]:
    return tuple(name for name in table if name.startswith(beginnings))


GROUPS = {
    "how the name names the place": ("short", "alternate", "abbreviation", "same_spelling"),
    "population": ("population", "great", "behind", "dominance", "great_country", "great_alternate", "as_great"),
    "order in the gazetteer": ("first", "order", "known"),
    "kind of place": (
        *("country", "capital", "first_division", "second_division", "second_division_short"),
        *("region", "water", "wide_region", "american_county"),
    ),
    "namesakes": ("namesake_city", "namesake_country"),
    "container": ("container",),
    "words beside the name": ("asked", *_of(CUES, "cue_")),
    "places near": _of(CONTEXT, "near_", "some_50", "some_161"),
    "division and country": (
        *_of(CONTEXT, "same_", "named_", "some_division", "some_country", "country_share", "spread"),
        *("division_inside", "country_inside"),
    ),
    "close in the text": _of(CONTEXT, "close_"),
    "lists": _of(CONTEXT, "list"),
    "demonyms": ("demonyms",),
    "dateline": ("dateline_city", *_of(CONTEXT, "dateline_")),
    "publisher": _of(CONTEXT, "publisher_"),
    "products": tuple(PRODUCTS),
    "all context": tuple(CONTEXT),
    "traits of none": tuple(TRAITS)[1:],
}
"""What an ablation leaves out, in the context that the whole ranker gives; a product goes with either factor."""


class Form(NamedTuple):
    """One way to read a corpus."""

    corpus: str
    mode: str
    publisher: bool


Corpora = dict[str, list[list[Example]]]
"""Corpus -> documents, each in all its forms."""
Found = dict[str, dict[Form, list[Judged]]]
"""What was left out -> held-out predictions."""


def without(names: Sequence[str]) -> Array:
    """Return the columns that are left when some features are left out."""
    return np.array([k for k, column in enumerate(COLUMNS) if not set(names) & {column, *column.split("*")}])


def cross_validate(corpora: Corpora, groups: dict[str, tuple[str, ...]]) -> Found:
    """Return held-out predictions of the ranker, as "", and of the ranker without each group of features."""
    found: Found = defaultdict(lambda: defaultdict(list))
    for fold in range(FOLDS):
        taught = [example for *_, example in _examples(corpora, fold, held_out=False)]
        alone, full = learn(taught)
        rows = rows_of(taught)
        left = {group: fit(rows, without(names), full) for group, names in groups.items()}
        for corpus, example in _examples(corpora, fold, held_out=True):
            form, table = Form(corpus, example.mode, example.publisher), example.table
            found[""][form] += judge(example, guarded(table, run(table, alone, full)))
            for group, weights in left.items():
                found[group][form] += judge(example, guarded(table, table.shares(table.features @ weights)))
    return found


def _examples(corpora: Corpora, fold: int, *, held_out: bool) -> Iterator[tuple[str, Example]]:
    for corpus, documents in corpora.items():
        for index, forms in enumerate(documents):
            if (index % FOLDS == fold) == held_out:
                yield from ((corpus, example) for example in forms)


def located(corpora: Corpora) -> dict[str, int]:
    """Return number of gold toponyms with coordinates in each corpus."""
    return {corpus: sum(forms[0].located for forms in documents) for corpus, documents in corpora.items()}


def best_threshold(found: dict[Form, list[Judged]], totals: dict[str, int]) -> float:
    """Return the lowest threshold whose F1 from text to place, in the mean of the corpora, is as good as any.

    A place with a low score can be dropped later; a missing one cannot be restored.
    """

    def mean(threshold: float) -> float:
        forms = [form for form in found if form.mode == "pipeline"]
        return sum(figures(found[form], totals[form.corpus], threshold).f1 for form in forms) / len(forms)

    means = [mean(threshold) for threshold in THRESHOLDS]
    return next(t for t, value in zip(THRESHOLDS, means, strict=True) if value >= max(means) - AS_GOOD)


def scores(found: dict[Form, list[Judged]], threshold: float) -> tuple[Array, Array]:
    """Return probability of each place given by the pipeline, demonyms aside, and whether it was right."""
    rows = [row for form, rows in found.items() if form.mode == "pipeline" and form.publisher for row in rows]
    placed = [row for row in rows if row.probability is not None and (row.always or row.probability >= threshold)]
    kept = np.array([(row.probability, row.right) for row in placed])
    return kept[:, 0], kept[:, 1]


def demonym_score(found: dict[Form, list[Judged]]) -> float:
    """Return the share of demonyms whose place was right."""
    rows = [row for form, rows in found.items() if form.mode == "pipeline" for row in rows if row.probability is None]
    return sum(row.right for row in rows) / len(rows)


def show(found: Found, totals: dict[str, int], weights: Weights) -> None:
    """Print the held-out figures, the ablations and the reliability."""
    print(f"{FOLDS} folds over documents, none tested on what it was trained on; places within 161 km")
    print(f"{'corpus':<18}{'mentions':<10}{'publisher':<11}found  Acc of found  Acc of all    P     R     F1")
    for form, rows in sorted(item for item in found[""].items() if "piece" not in item[0].mode):
        # Gold mentions are places, so each takes its best candidate.
        threshold = 0.0 if form.mode == "gold" else weights.threshold
        f = figures(rows, totals[form.corpus], threshold)
        publisher = "known" if form.publisher else "unknown"
        print(f"{form.corpus:<18}{form.mode:<10}{publisher:<11}{f.found:5d}{f.accuracy:14.4f}{f.recall:12.4f}", end="")
        print(f"  {f.precision:.3f} {f.recall:.3f} {f.f1:.3f}" if form.mode == "pipeline" else "")
    if len(found) > 1:
        print("\nwhat is lost without a group: Acc of all gold mentions, then F1 from text to place, in points")
    for group, without_it in found.items():
        if group:
            print(f"  {group:<30}" + "  ".join(_losses(found[""], without_it, totals, weights.threshold)))
    print(f"\nthreshold {weights.threshold}; how often a score is right, pipeline mentions, false ones included")
    probabilities, right = scores(found[""], weights.threshold)
    judged = [(weights.score(p), bool(r)) for p, r in zip(probabilities, right, strict=True)]
    for low, high, count, mean, share in reliability(judged):
        print(f"  {low:.1f}-{high:.1f}{count:7d}  mean score {mean:.3f}  right {share:.3f}")


def _losses(
    whole: dict[Form, list[Judged]], part: dict[Form, list[Judged]], totals: dict[str, int], threshold: float
) -> Iterator[str]:
    for corpus, total in totals.items():
        gold, pipeline = Form(corpus, "gold", True), Form(corpus, "pipeline", True)
        accuracy = figures(whole[gold], total, 0.0).recall - figures(part[gold], total, 0.0).recall
        f1 = figures(whole[pipeline], total, threshold).f1 - figures(part[pipeline], total, threshold).f1
        yield f"{corpus} {100 * accuracy:6.2f} {100 * f1:6.2f}"


def main(argv: Sequence[str] | None = None) -> None:
    """Run all steps."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpora", type=Path, required=True, help="folder with lgl_train and geowebnews_train")
    parser.add_argument("--output", type=Path, default=DEFAULT_WEIGHTS, help="where the weights go")
    parser.add_argument("--quick", action="store_true", help="no ablations")
    args = parser.parse_args(argv)
    gazetteer = Gazetteer()
    corpora = {
        name: [list(forms_of(*pair, gazetteer)) for pair in read(args.corpora / f"{name}.jsonl", gazetteer)]
        for name in CORPORA
    }
    found, totals = cross_validate(corpora, {} if args.quick else GROUPS), located(corpora)
    threshold = best_threshold(found[""], totals)
    slope, offset = calibrate(*scores(found[""], threshold))
    alone, full = learn([example for documents in corpora.values() for forms in documents for example in forms])
    weights = Weights(alone, full, threshold, slope, offset, demonym_score(found[""]))
    show(found, totals, weights)
    write_weights(args.output, weights)
    print(f"\n{args.output}: {len(COLUMNS)} features")


if __name__ == "__main__":
    main()
