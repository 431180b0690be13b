"""Records -> Parquet, committed whole. In the order of a run:

- `begin_run`: a run over a list of inputs, or the same run again;
- `Write`: rows of all tables -> files, committed together;
- `read_run`, `list_runs`: what was committed.

`Held` is raised where another process writes into the dataset.
"""

from typing import TYPE_CHECKING

from transforms.lazy import on_demand

if TYPE_CHECKING:
    from transforms.write.begin import begin_run
    from transforms.write.lock import Held
    from transforms.write.runs import Input, Run, list_runs, read_run
    from transforms.write.write import Write
else:
    __getattr__ = on_demand(__name__)

__all__ = ["Held", "Input", "Run", "Write", "begin_run", "list_runs", "read_run"]
