"""What a run says of itself to machines: one JSON object, and Prometheus' text format.

Both are written when the run has ended, however it ended, and each is replaced
as a whole. The figures are of the last run: a scheduled job is watched by
asking how old the last success is.
"""

import contextlib
import datetime
import json
import os
import platform
import re
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

from pipeline.monitoring.terminal import masked, printable, printable_json, write
from transforms import Run

STDOUT = "-"
LAST_SUCCESS = "dateline_last_success_timestamp_seconds"
HELP = {
    "dateline_last_run_timestamp_seconds": "When the last run ended.",
    LAST_SUCCESS: "When the last run that ended with exit code 0 ended.",
    "dateline_last_run_exit_code": "Exit code of the last run; dateline --help names them.",
    "dateline_last_run_duration_seconds": "Wall time of the last run.",
    "dateline_last_run_cpu_seconds": "CPU time of the last run, its worker processes included.",
    "dateline_last_run_peak_memory_bytes": "Most memory that the last run's processes held together, as sampled.",
    "dateline_last_run_count": "What became of the last run's inputs, by name; a name with a dot is part of another.",
    "dateline_last_run_rows": "Rows that the last run committed.",
    "dateline_info": "What made the last run's rows.",
}


class Usage:
    """CPU time and memory of this process and its children, sampled while they live."""

    def __init__(self) -> None:
        self.peak_bytes = 0
        self._of_workers: dict[int, float] = {}

    def sample(self) -> None:
        """Take note of the present."""
        own = psutil.Process()
        total = own.memory_info().rss
        for child in own.children(recursive=True):
            with contextlib.suppress(psutil.Error):
                times = child.cpu_times()
                self._of_workers[child.pid] = times.user + times.system
                total += child.memory_info().rss
        self.peak_bytes = max(self.peak_bytes, total)

    @contextlib.contextmanager
    def sampled(self, interval_seconds: float = 0.5) -> Iterator[None]:
        """Sample usage periodically inside this context."""
        done = threading.Event()

        def work() -> None:
            while not done.wait(interval_seconds):
                self.sample()

        thread = threading.Thread(target=work, name="usage", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    @property
    def cpu_seconds(self) -> float:
        """Return the CPU time of this process and its workers, up to their last sample or their end."""
        own, ended = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        return own.ru_utime + own.ru_stime + max(sum(self._of_workers.values()), ended.ru_utime + ended.ru_stime)

    @property
    def peak(self) -> int:
        """Return bytes; the launcher's own peak is known exactly."""
        unit = 1 if sys.platform == "darwin" else 1024
        return max(self.peak_bytes, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit)


class Report:
    """Gathers what there is to say of a run; `write` says it.

    Args:
        metrics: path of the JSON file, `-` for stdout, or nothing.
        prometheus: path of the text file, or nothing.
        about: dataset, runner and workers.
    """

    def __init__(self, metrics: str, prometheus: str, about: Mapping[str, Any]) -> None:
        self._metrics, self._prometheus = metrics, prometheus
        self._about = dict(about)
        self._began = datetime.datetime.now(datetime.UTC)
        self._clock = time.monotonic()
        self.usage = Usage()
        self.run: Run | None = None
        """As it was begun."""
        self.finished: Run | None = None
        """As it was committed."""
        self.progress: dict[str, int] = {}

    def write(self, exit_code: int, error: str | None = None) -> None:
        """Write what was asked for; the last word of a run, which must not fail for it.

        Raises:
            OSError: a file cannot be written.
        """
        if not (self._metrics or self._prometheus):
            return
        found = self.values(exit_code, error)
        if self._metrics == STDOUT:
            write(printable_json(json.dumps(found, ensure_ascii=False)) + "\n")
        elif self._metrics:
            replace(self._metrics, printable_json(json.dumps(found, ensure_ascii=False, indent=1)) + "\n")
        if self._prometheus:
            before = last_success(self._prometheus)
            replace(self._prometheus, to_prometheus(found, last_success=before))

    def values(self, exit_code: int, error: str | None) -> dict[str, Any]:
        """Return the JSON object."""
        run, done, seconds = self.run, self.finished, time.monotonic() - self._clock
        counts = done.counts if done else {}
        return {
            "run_id": run.run_id if run else None,
            "exit_code": int(exit_code),
            "error": error and masked(error),
            "committed": done is not None,
            **self._about,
            "started": self._began.isoformat(timespec="seconds"),
            "ended": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            "first_started": run.started.isoformat(timespec="seconds") if run else None,
            "seconds": round(seconds, 3),
            "cpu_seconds": round(self.usage.cpu_seconds, 3),
            "peak_memory_bytes": self.usage.peak,
            "counts": dict(sorted(counts.items())),
            "rows": done.rows if done else {},
            "articles_per_second": round(counts.get("articles", 0) / seconds, 3),
            "progress": self.progress,
            "versions": {**(run.versions if run else {}), "beam": version("apache-beam"),
                         "python": platform.python_version()},
        }  # fmt: skip


def replace(path: str, content: str) -> None:
    """Write a small file so that a reader finds the old one or the new one."""
    folder = Path(path).absolute().parent
    folder.mkdir(parents=True, exist_ok=True)
    # Prometheus' collector reads *.prom only; the draft must not be one.
    descriptor, draft = tempfile.mkstemp(prefix=f".{Path(path).name}.", suffix=".draft", dir=folder)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(content)
        Path(draft).chmod(0o644)  # who collects is seldom who runs
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


def last_success(path: str) -> float | None:
    """Return the time of the last success in a text file that is there, if it tells."""
    try:
        found = re.search(rf"^{LAST_SUCCESS}{{.*}} (\S+)$", Path(path).read_text(encoding="utf-8"), re.MULTILINE)
        return float(found[1]) if found else None
    except (OSError, ValueError):
        return None


def to_prometheus(values: Mapping[str, Any], *, last_success: float | None) -> str:
    """Return a metrics object in Prometheus' text format, for node_exporter's textfile collector.

    https://prometheus.io/docs/instrumenting/exposition_formats/

    Args:
        values: as `Report.values` gives them.
        last_success: when a run before this one succeeded, seconds since 1970.
    """
    dataset = {"dataset": values["dataset"]}
    ended = datetime.datetime.fromisoformat(values["ended"]).timestamp()
    success = ended if values["exit_code"] == 0 else last_success
    samples: list[tuple[str, dict[str, str], float | None]] = [
        ("dateline_last_run_timestamp_seconds", dataset, ended),
        (LAST_SUCCESS, dataset, success),
        ("dateline_last_run_exit_code", dataset, values["exit_code"]),
        ("dateline_last_run_duration_seconds", dataset, values["seconds"]),
        ("dateline_last_run_cpu_seconds", dataset, values["cpu_seconds"]),
        ("dateline_last_run_peak_memory_bytes", dataset, values["peak_memory_bytes"]),
        *(("dateline_last_run_count", {**dataset, "name": name}, count) for name, count in values["counts"].items()),
        *(("dateline_last_run_rows", {**dataset, "table": name}, count) for name, count in values["rows"].items()),
        ("dateline_info", {**dataset, **{name: str(one) for name, one in values["versions"].items()}}, 1),
    ]
    said: set[str] = set()
    lines = []
    for name, labels, value in samples:
        if value is None:
            continue
        if name not in said:
            said.add(name)
            lines += [f"# HELP {name} {HELP[name]}", f"# TYPE {name} gauge"]
        inside = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
        lines.append(f"{name}{{{inside}}} {value}")
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return printable(text).replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
