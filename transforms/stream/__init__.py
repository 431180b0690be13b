"""What a stream has that a run has not. In the order of the flow:

- `Follow`: feeds and folders without end (`polling`, `folder_watch`, `control_files`);
- `Kafka`, `PubSub`: messages, through Beam's connectors;
- `Identify`: the same article met again, by keyed state and by the dataset (`history`);
- `IntoWindows`, `GatherPanes`: event time, windows, late panes;
- `CommitPanes`: a pane into the dataset, its copies marked (`links`), and what may be remembered (`ledger`).

Everything between is what a run has.
"""

from typing import TYPE_CHECKING

from transforms.lazy import on_demand

if TYPE_CHECKING:
    from transforms.stream.commit import CommitPanes, Job
    from transforms.stream.connectors import Kafka, PubSub
    from transforms.stream.follow import Follow
    from transforms.stream.identify import Identify
    from transforms.stream.outcomes import Outcome
    from transforms.stream.panes import GatherPanes, IntoWindows, job_id, timed
    from transforms.stream.settings import Read, Stream, Write
else:
    __getattr__ = on_demand(__name__)

__all__ = [
    "CommitPanes",
    "Follow",
    "GatherPanes",
    "Identify",
    "IntoWindows",
    "Job",
    "Kafka",
    "Outcome",
    "PubSub",
    "Read",
    "Stream",
    "Write",
    "job_id",
    "timed",
]
