"""What happens to an article, in the order of the flow.

- `Read`: files and feeds -> `Document`s, bytes with their provenance
- `Split`: a document -> `Item`s, one for each article to be
- `Parse`: an item -> `Article`: text, headline, date, dateline, language
- `Deduplicate`: one record for each article; versions and copies point at their first
- `Extract`: an article -> its entities
- `Geocode`: its place mentions -> `Location`s
- `Annotate`: both, under limits of CPU time and memory
- `Write`: records -> Parquet, committed whole

`begin_run` opens the run that `Write` commits, and `read_run` looks it up. A
stream has further steps in `transforms.stream`. Nothing here knows the package `pipeline`.
"""

from typing import TYPE_CHECKING

from transforms.lazy import on_demand

if TYPE_CHECKING:
    from transforms.annotate import Annotate
    from transforms.count import Count
    from transforms.dataset import Run, begin_run, read_run
    from transforms.deduplicate import Deduplicate, KnownArticles
    from transforms.extract import Extract
    from transforms.geocode.geocode import Geocode
    from transforms.parse import Parse, Split
    from transforms.read import Read, Source, resolve_inputs
    from transforms.write import Write
else:
    __getattr__ = on_demand(__name__)

__all__ = [
    "Annotate",
    "Count",
    "Deduplicate",
    "Extract",
    "Geocode",
    "KnownArticles",
    "Parse",
    "Read",
    "Run",
    "Source",
    "Split",
    "Write",
    "begin_run",
    "read_run",
    "resolve_inputs",
]
