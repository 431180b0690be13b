"""Files and feeds to bytes with their provenance."""

import dataclasses
import datetime
import functools
import importlib.metadata
import sys
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, NamedTuple

import apache_beam as beam
from apache_beam.io.filesystem import BeamIOError, CompressionTypes
from apache_beam.io.filesystems import FileSystems

from transforms.failures import FAILURES, BadRecord, Reason, failure_from
from transforms.feeds.fetch import FetchOutcome, FetchRequest, utc_now
from transforms.feeds.schedule import FeedState, PollingPolicy, is_due, key_of
from transforms.files.local_files import open_regular, size_now
from transforms.formats.base import Format
from transforms.formats.documents import STAGE
from transforms.formats.known import ALLOWED, by_name
from transforms.http import archive
from transforms.http.client import Answer, Client, Limits
from transforms.http.rate_limit import HostRateLimiter, host_of
from transforms.progress import advance
from transforms.read.memory import ReadStates
from transforms.read.sources import Source, is_address, resolve_inputs
from transforms.read.visit_host import ask_host
from transforms.read.visit_hosts import Visit, VisitHosts
from transforms.records import Document, Failure
from transforms.settings import bad_setting
from transforms.text.byte_stream import BLOCK, inflate

ARCHIVE = "archive"
"""Tag of the output that carries WARC records."""
OUTCOMES = "outcomes"
"""Tag of the output that carries what came of each address, and what to remember of it."""


class ReadOutputs(NamedTuple):
    """What the step read gives."""

    documents: beam.PCollection[Document]
    failures: beam.PCollection[Failure]
    outcomes: beam.PCollection[FetchOutcome]
    """One for each http(s) address."""
    archive: beam.PCollection[bytes]
    """WARC records, if `archive` is on."""


@dataclasses.dataclass
class Read(beam.PTransform):
    """Reads every input once: `p | Read(["seeds/*"])`.

    Gives a dict: `documents`; `Failure`s under `FAILURES`; an `FetchOutcome` for each
    http(s) address under `OUTCOMES`; WARC records under `ARCHIVE`. Bounded. Files are spread over the
    workers before they are opened. A whole file or answer is one document; a
    JSONL file, which may be of any size, is read as a stream and gives one
    document for each run of whole lines. What cannot be read becomes a failure
    row and never stops the run.

    Addresses are shuffled by host: hosts are visited in parallel, the addresses of
    one host one after the other. Addresses that are not due are skipped.

    Raises:
        ValueError: while the graph is built, if an input matches nothing; see `resolve_inputs`.
    """

    inputs: list[str]
    """Globs, files, directories, and http(s) URLs of feeds, pages or JSONL."""
    max_bytes: int = 50_000_000
    """The longest file, answer or JSONL line that is read, after decompression."""
    max_jsonl_bytes: int = 1_000_000_000
    """Maximum bytes of a JSONL response, whose lines have at most `max_bytes` each; the rest is not read."""
    timeout_seconds: float = 30.0
    """How long an http(s) answer may take, with its redirects, from the request to its last byte."""
    connect_seconds: float = 10.0
    """How long a server may take to accept a connection."""
    max_redirects: int = 10
    """How many redirects of one request are followed."""
    user_agent: str = ""
    """How the reader names itself to servers; by default Dateline with its version."""
    contact: str = ""
    """An address of a page or mailbox by which publishers can reach who runs this; sent with each request."""
    every_minutes: float = 10.0
    """Minimum minutes between two requests for the same address; 0 requests it in each run."""
    longest_minutes: float = 120.0
    """Maximum time for which an address is skipped because of its own freshness hints."""
    host_interval_seconds: float = 1.0
    """Rate limit: pause between two requests to the same host, which never has two requests in parallel."""
    hosts_at_once: int = 16
    """Number of hosts that one worker visits in parallel."""
    retry_seconds: float = 10.0
    """Pause before the retry of a feed that has just begun to fail (timeout, 500 ...); 0 for no retry."""
    host_minutes: float = 10.0
    """How long one host's pages are fetched in one run; what is left then keeps its summary."""
    full_text: bool | list[str] = False
    """Fetch the page of an entry that has only a summary: true, false, or a list of feeds."""
    archive: bool = False
    """Whether answers are kept as they came, as WARC files in the dataset's folder `archive`."""
    remember: bool = True
    """Whether what the dataset remembers of an address is used: when it is due, what it had, where it moved."""
    allow_private_addresses: bool = False
    """Allow addresses of this machine, of private networks and other ports; for tests and intranets."""
    fetched: datetime.datetime = dataclasses.field(default_factory=utc_now)
    """The instant that rows carry as `date_fetched`: when the run began."""
    memory: str | None = None
    """Folder of the dataset that remembers what the addresses had; None remembers nothing."""
    sources: list[Source] | None = None
    """What the inputs name, where that has been looked up; else it is when the graph is built."""

    def __post_init__(self) -> None:
        for name, least in _MIN.items():
            value = getattr(self, name)
            if value < least or (least == 0 and name in _ABOVE and value == 0):
                bound = "above 0" if name in _ABOVE else f"of at least {least}"
                raise bad_setting(f"read.{name}", value, f"{_MIN_OF[name]} {bound}")
        for name in ("user_agent", "contact"):
            if not getattr(self, name).isprintable() or not getattr(self, name).isascii():
                raise bad_setting(f"read.{name}", getattr(self, name), "plain ASCII on one line")
        if self.fetched.tzinfo is None:
            raise bad_setting("read.fetched", self.fetched, "an instant with its time zone")

    # Any, because Beam warns of an annotation that is not one collection; a `ReadOutputs`.
    def expand(self, begin: beam.pvalue.PBegin) -> Any:
        sources = resolve_inputs(self.inputs) if self.sources is None else self.sources
        addresses = [source for source in sources if is_address(source.uri)]
        files = [source for source in sources if not is_address(source.uri)]
        read = (
            begin
            | "Files" >> beam.Create(files, reshuffle=False)
            | "Spread" >> beam.Reshuffle()
            | "ReadSource" >> beam.ParDo(_ReadSource(self.max_bytes, self.fetched)).with_outputs(FAILURES, main="main")
        )
        if not addresses:  # a run over files has no need of the steps that ask hosts
            nothing = begin | "No addresses" >> beam.Create([])
            return ReadOutputs(read.main, read[FAILURES], nothing, nothing)
        planned = self._planned(begin, addresses)
        visited = planned.tasks | "Visit" >> _VisitHosts(self)
        return ReadOutputs(
            documents=(read.main, visited.documents) | "Documents" >> beam.Flatten(),
            failures=(read[FAILURES], visited[FAILURES]) | "Unread" >> beam.Flatten(),
            outcomes=(planned[OUTCOMES], visited[OUTCOMES]) | "All outcomes" >> beam.Flatten(),
            archive=visited[ARCHIVE],
        )

    def _planned(self, begin: beam.pvalue.PBegin, addresses: list[Source]) -> Any:
        """Return the addresses that are due, with their states."""
        states = begin | "Remembered" >> ReadStates(self.memory if self.remember else None)
        plan = beam.ParDo(_Plan(), beam.pvalue.AsDict(states))
        return (
            begin
            | "Addresses" >> beam.Create(addresses, reshuffle=False)
            | "Due" >> plan.with_outputs(OUTCOMES, main="tasks")
        )

    @property
    def limits(self) -> Limits:
        """Return the limits of each request."""
        return Limits(
            max_bytes=self.max_bytes,
            max_jsonl_bytes=self.max_jsonl_bytes,
            timeout_seconds=self.timeout_seconds,
            connect_seconds=self.connect_seconds,
            max_redirects=self.max_redirects,
            user_agent=agent_name(self.user_agent, self.contact),
            allow_private_addresses=self.allow_private_addresses,
            archive=self.archive,
        )

    def side_by_side(self, visit: Visit) -> VisitHosts:
        """Return the step that visits hosts at this reader's pace."""
        return VisitHosts(visit, self.limits, self.host_interval_seconds, self.hosts_at_once)

    @property
    def keep(self) -> Callable[[Answer], Iterator[bytes]] | None:
        """Return the function that makes archive records of a response."""
        return archive.keep if self.archive else None

    @property
    def pace(self) -> PollingPolicy:
        """Return the intervals between two requests to an address."""
        return PollingPolicy(every=60 * self.every_minutes, longest=60 * self.longest_minutes)


_MIN: dict[str, float] = {
    "max_bytes": 1,
    "max_jsonl_bytes": 1,
    "timeout_seconds": 0,
    "connect_seconds": 0,
    "max_redirects": 0,
    "every_minutes": 0,
    "longest_minutes": 0,
    "host_interval_seconds": 0,
    "retry_seconds": 0,
    "host_minutes": 0,
    "hosts_at_once": 1,
}
_ABOVE = {"timeout_seconds", "connect_seconds"}
_MIN_OF = {
    "max_bytes": "a number of bytes",
    "max_jsonl_bytes": "a number of bytes",
    "timeout_seconds": "seconds",
    "connect_seconds": "seconds",
    "max_redirects": "a number",
    "every_minutes": "minutes",
    "longest_minutes": "minutes",
    "host_interval_seconds": "seconds",
    "retry_seconds": "seconds",
    "host_minutes": "minutes",
    "hosts_at_once": "a number",
}


def agent_name(name: str, contact: str) -> str:
    """Return the User-Agent header.

    >>> agent_name("Dateline/1.0", "news@lab.test")
    'Dateline/1.0 (+news@lab.test)'
    """
    name = name or f"Dateline/{importlib.metadata.version('dateline')}"
    return f"{name} (+{contact})" if contact else name


class _VisitHosts(beam.PTransform):
    """`(host, Task)`s to documents, failures, `FetchOutcome` and WARC records."""

    def __init__(self, read: Read) -> None:
        super().__init__()
        self._step = read.side_by_side(
            functools.partial(
                visit_feeds,
                pace=read.pace,
                fetched=read.fetched,
                keep=read.keep,
                retry_seconds=read.retry_seconds,
            )
        )

    def expand(self, tasks: beam.PCollection) -> Any:
        return (
            tasks
            | "By host" >> beam.GroupByKey()
            | "Visit hosts" >> beam.ParDo(self._step).with_outputs(FAILURES, OUTCOMES, ARCHIVE, main="documents")
        )


class _Plan(beam.DoFn):
    """Addresses to `(host, Task)`, those that are due; the others are said to be not."""

    def process(self, source: Source, states: dict[str, FeedState]) -> Iterator[Any]:
        state = states.get(key_of(source.uri))
        if is_due(state, utc_now()):
            yield host_of(source.uri), FetchRequest(address=source.uri, state=state)
        else:
            yield beam.pvalue.TaggedOutput(OUTCOMES, not_asked(state, utc_now()))


def not_asked(state: FeedState | None, now: datetime.datetime) -> FetchOutcome:
    """Return the outcome of an address that is not due; one that is gone stays in memory as long as it is listed."""
    if state is None or not state.gone:
        return FetchOutcome(outcome="not_due")
    old = now - state.asked > datetime.timedelta(days=1)
    return FetchOutcome(outcome="gone", state=dataclasses.replace(state, asked=now) if old else None)


_TAGS: dict[type, str] = {Failure: FAILURES, FetchOutcome: OUTCOMES, bytes: ARCHIVE}


def visit_feeds(client: Client, turns: HostRateLimiter, tasks: list[FetchRequest], **settings: Any) -> Iterator[Any]:
    """Fetch the addresses of one host, one after the other; see `ask_host`."""
    for result in ask_host(client, turns, tasks, **settings):
        tag = _TAGS.get(type(result))
        yield beam.pvalue.TaggedOutput(tag, result) if tag else result


class _ReadSource(beam.DoFn):
    def __init__(self, max_bytes: int, fetched: datetime.datetime) -> None:
        self._max_bytes = max_bytes
        self._fetched = fetched

    def process(self, source: Source) -> Iterator[Any]:
        # Not `attempt`: lines of a stream that were read before it broke are good, and holding
        # them back until it ends would hold the whole file.
        try:
            for result in read_source(source, max_bytes=self._max_bytes, fetched=self._fetched):
                advance(".read")
                yield beam.pvalue.TaggedOutput(FAILURES, result) if isinstance(result, Failure) else result
        except MemoryError:
            raise
        except Exception as error:
            yield beam.pvalue.TaggedOutput(FAILURES, failure_from(error, stage=STAGE, source=source.uri))


def read_source(source: Source, *, max_bytes: int, fetched: datetime.datetime) -> Iterator[Document | Failure]:
    """Yield the documents of one file; a failure for each JSONL line that is too long.

    Raises:
        BadRecord: at any point; what was given before is good.
    """
    form = _format_of(source)
    if form.is_archive:
        yield from _read_archive(form, source, max_bytes)
        return
    frame = Document(uri=source.uri, kind=form.name, content=b"", fetched=fetched)
    blocks = _file_blocks(source.path)
    if source.uri.lower().endswith(".gz"):
        blocks = inflate(blocks, max_bytes=max_bytes)
    yield from form.documents(frame, blocks, max_bytes=max_bytes)


def _read_archive(form: Format, source: Source, max_bytes: int) -> Iterator[Document | Failure]:
    try:
        with _open(source.path) as file:
            yield from form.read_archive(file, source.uri, max_bytes=max_bytes)
    except (OSError, BeamIOError) as error:
        raise BadRecord(Reason.UNREADABLE, f"{type(error).__name__}: {error}") from error


def _format_of(source: Source) -> Format:
    """Return the format of a source.

    Raises:
        BadRecord: UNREADABLE.
    """
    if source.problem:
        raise BadRecord(Reason.UNREADABLE, source.problem)
    if source.kind is None:
        raise BadRecord(Reason.UNREADABLE, f"a kind of file that is not read; allowed are {ALLOWED}")
    return by_name(source.kind)


def _open(path: str) -> BinaryIO:
    if "://" not in path:
        return open_regular(path)
    file: BinaryIO = FileSystems.open(path, compression_type=CompressionTypes.UNCOMPRESSED)
    return file


def _file_blocks(path: str) -> Iterator[bytes]:
    """Yield a file's bytes as stored, a block at a time; of one that grows, those that it has when it is opened."""
    try:
        with _open(path) as file:
            left = size_now(file) if "://" not in path else sys.maxsize
            while left > 0 and (block := file.read(min(BLOCK, left))):
                left -= len(block)
                yield block
    except (OSError, BeamIOError) as error:
        raise BadRecord(Reason.UNREADABLE, f"{type(error).__name__}: {error}") from error
