"""One record per article. In the order of the flow:

- `KnownArticles`: what earlier runs have written, as segments to look into (`segments`, `known`);
- `pages`: the same article, a version of it, or another one at its address;
- `shingles`, `sketch`, `copies`: near copies, found by band keys and compared by shingles;
- `Deduplicate`: all of it, wired.
"""

from typing import TYPE_CHECKING

from transforms.lazy import on_demand

if TYPE_CHECKING:
    from transforms.deduplicate.deduplicate import (
        ALREADY_IN_DATASET,
        DUPLICATES,
        SAME_ARTICLE,
        Deduplicate,
        relatives,
    )
    from transforms.deduplicate.history import KnownArticles
else:
    __getattr__ = on_demand(__name__)

__all__ = ["ALREADY_IN_DATASET", "DUPLICATES", "SAME_ARTICLE", "Deduplicate", "KnownArticles", "relatives"]
