"""What a stream says of its commits: a line for each, and totals, by the records in its dataset."""

import contextlib
import datetime
import threading
from collections import Counter
from collections.abc import Iterator

from pipeline.monitoring.terminal import show
from transforms import Run
from transforms.dataset import files, layout, runs
from transforms.stream import Job

HEADER = f"  {'window':<24}{'articles':>9}{'entities':>10}{'places':>9}{'failures':>9}{'duplicates':>11}"
LOOK_SECONDS = 0.5
END_SECONDS = 30


class CommitPrinter:
    """What a job has committed so far, by the records in its dataset."""

    def __init__(self, output: str, job: Job) -> None:
        self._pattern = files.join(output, layout.RUNS, f"*_{job.job_id}*.json")
        self._seen: set[str] = set()
        self.counts: Counter[str] = Counter()
        self.rows: Counter[str] = Counter()
        self.late = 0

    def tell(self) -> None:
        """Print a line for each record that is new."""
        for path in files.list_files(self._pattern):
            if path not in self._seen:
                self._seen.add(path)
                run = runs.load_run(path)
                self.counts.update(run.counts)
                self.rows.update(run.rows)
                self.late += run.counts.get("articles", 0) if run.pane.get("late") else 0
                show(line(run))


def line(run: Run) -> str:
    """Return one line about a commit: its window and the rows of each table."""
    start, end = (datetime.datetime.fromisoformat(run.pane[name]) for name in ("start", "end"))
    seconds = start.second or end.second
    form = "%H:%M:%S" if seconds else "%H:%M"
    window = f"{start:%Y-%m-%d} {start:{form}}-{end:{form}}"
    numbers = (
        f"{run.counts.get('articles', 0):>9,}{run.rows.get('entities', 0):>10,}{run.rows.get('locations', 0):>9,}"
        f"{run.counts.get('failures', 0):>9,}{run.counts.get('duplicates', 0):>11,}"
    )
    return f"  {window:<24}{numbers}{'  late' if run.pane['late'] else ''}"


@contextlib.contextmanager
def told_commits(output: str, job: Job) -> Iterator[CommitPrinter]:
    """Print each commit inside this context when it appears."""
    told = CommitPrinter(output, job)
    done = threading.Event()

    def look() -> None:
        while not done.wait(LOOK_SECONDS):
            told.tell()

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield told
    finally:
        done.set()
        thread.join(END_SECONDS)
        told.tell()


def totals(counts: Counter[str], rows: Counter[str], late: int, seconds: float) -> str:
    """Return the totals of the job."""
    inputs = (
        f"{counts['inputs']:,} inputs = {counts['articles']:,} articles ({late:,} late)"
        f" + {counts['duplicates']:,} duplicates + {counts['failures']:,} failures"
    )
    found = f"{rows['entities']:,} entities, {rows['locations']:,} places"
    asked = f"; {counts['addresses']:,} requests for feeds" if counts["addresses"] else ""
    return f"\n  {inputs}\n  {found}{asked}; {seconds:,.0f} s"
