"""Storage of a dataset: files of tables, committed together, as a run's record says.

In the order of a run:

- `base`, `sinks`: the interface of a sink, and the list of sinks; `parquet_sink` is the default;
- `begin_run` (`open_run`): a run over a list of inputs, or the same run again;
- `layout`, `schema`, `shards`, `sidecars`: what is written, and where;
- `manifest`, `commit`: staged files become part of the dataset, all of them or none;
- `runs`, `memory`: what was committed, and what the next run needs to know;
- `compact`, `restore`, `check`, `repair`: the upkeep of a dataset;
- `files`, `s3`, `lock`, `trust`, `guard`, `bounded`: access to the storage, with its limits.

`DatasetLocked` is raised where another process writes into the dataset.
"""

from typing import TYPE_CHECKING

from transforms.lazy import on_demand

if TYPE_CHECKING:
    from transforms.dataset.lock import DatasetLocked
    from transforms.dataset.runs import Input, Run, list_runs
    from transforms.dataset.sinks import begin_run, read_run
else:
    __getattr__ = on_demand(__name__)

__all__ = ["DatasetLocked", "Input", "Run", "begin_run", "list_runs", "read_run"]
