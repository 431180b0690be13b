"""Articles out of Kafka and Pub/Sub, through Beam's own connectors."""

import dataclasses
import datetime
import hashlib
from collections.abc import Iterator
from typing import Any

import apache_beam as beam

from transforms.failures import FAILURES, BadRecord, Reason, failure_from
from transforms.formats.known import kind_of_message
from transforms.limits import Budget
from transforms.parse.split import STAGE, Splitter
from transforms.records import Document
from transforms.settings import bad_setting
from transforms.stream.follow import EPOCH, OUTCOMES
from transforms.stream.outcomes import Outcome

SCHEMES = ("kafka://", "pubsub://")
"""Messages keep the time that their connector gave them, and are acknowledged by it."""


@dataclasses.dataclass
class Kafka(beam.PTransform):
    """Reads articles from a Kafka topic; off where no topic is given.

    Beam's connector is Java: building the graph starts its expansion service,
    which needs Java 11 and the jar `beam-sdks-java-io-expansion-service`
    (fetched from Maven Central), and the runner must run Java and Python
    steps, as Flink and Dataflow do.

    How far it has read, only the job's checkpoints know. A job without one
    begins where `auto.offset.reset` says, by default with the oldest message
    that there is, and what the dataset has is dropped: a message that Kafka
    took for read while its window was open would be lost with the job.
    """

    bootstrap_servers: str = ""
    """Where Kafka is: `host:port`, several with commas."""
    topic: str = ""
    """The topic; a message is a JSON article or lines of them, a page, a feed, or a text."""
    consumer: dict[str, str] = dataclasses.field(default_factory=dict)
    """More of Kafka's consumer settings, as `{security.protocol: SSL}`."""
    expansion_service: str = ""
    """Address of a running expansion service; by default Beam starts one."""

    def __post_init__(self) -> None:
        super().__init__()
        if bool(self.topic) != bool(self.bootstrap_servers):
            raise bad_setting("kafka.topic", self.topic, "both kafka.topic and kafka.bootstrap_servers, or neither")

    @property
    def is_on(self) -> bool:
        """Return True if there is a topic to read."""
        return bool(self.topic)

    def expand(self, begin: beam.pvalue.PBegin) -> Any:
        from apache_beam.io.kafka import ReadFromKafka

        where = {"bootstrap.servers": self.bootstrap_servers, "enable.auto.commit": "false"}
        messages = begin | "Read" >> ReadFromKafka(
            consumer_config={"auto.offset.reset": "earliest", **self.consumer, **where},
            topics=[self.topic],
            expansion_service=self.expansion_service or None,
        )
        return messages | "Values" >> beam.Values() | "Messages" >> SplitMessages(f"kafka://{self.topic}")


@dataclasses.dataclass
class PubSub(beam.PTransform):
    """Reads articles from a subscription of Google Cloud Pub/Sub; off where none is given.

    Needs the extra `gcp` of Beam (`pip install 'apache-beam[gcp]'`) and a
    runner with this source: Dataflow.
    """

    subscription: str = ""
    """`projects/<project>/subscriptions/<name>`; messages as in `kafka.topic`."""
    timestamp_attribute: str = ""
    """Attribute that holds a message's time; by default the time at which it was published."""

    def __post_init__(self) -> None:
        super().__init__()
        parts = self.subscription.split("/")
        if self.subscription and (len(parts) != 4 or parts[0] != "projects" or parts[2] != "subscriptions"):
            raise bad_setting("pubsub.subscription", self.subscription, "projects/<project>/subscriptions/<name>")

    @property
    def is_on(self) -> bool:
        """Return True if there is a subscription to read."""
        return bool(self.subscription)

    def expand(self, begin: beam.pvalue.PBegin) -> Any:
        from apache_beam.io.gcp.pubsub import ReadFromPubSub

        messages = begin | "Read" >> ReadFromPubSub(
            subscription=self.subscription, timestamp_attribute=self.timestamp_attribute or None
        )
        name = self.subscription.rpartition("/")[2]
        return messages | "Messages" >> SplitMessages(f"pubsub://{name}")


@dataclasses.dataclass
class SplitMessages(beam.PTransform):
    """Messages to `Item`s, and an `Outcome` under `OUTCOMES` for each that holds no article.

    A message without a value, by which Kafka deletes a key, is one of these.
    """

    address: str
    """Rows name their message by it and a hash of the message."""
    budget: Budget = Budget()
    """CPU time and memory for a message that is a feed."""

    def __post_init__(self) -> None:
        super().__init__()

    def expand(self, messages: beam.PCollection[bytes | None]) -> Any:
        split = _SplitMessage(self.address, Splitter(self.budget))
        return messages | "Split" >> beam.ParDo(split).with_outputs(OUTCOMES, main="items")


class _SplitMessage(beam.DoFn):
    def __init__(self, address: str, splitter: Splitter) -> None:
        self._address, self._splitter = address, splitter

    def setup(self) -> None:
        self._splitter.setup()

    def process(self, value: bytes | None, timestamp: Any = beam.DoFn.TimestampParam) -> Iterator[Any]:
        message = value or b""
        document = to_document(message, self._address, timestamp.micros)
        for result in self._splitter.split(document) if message else [self._empty(document)]:
            if isinstance(result, beam.pvalue.TaggedOutput):
                outcome = Outcome("failure", result.value, document.uri, document.fetched)
                yield beam.pvalue.TaggedOutput(OUTCOMES, outcome)
            else:
                yield result

    def _empty(self, document: Document) -> beam.pvalue.TaggedOutput:
        error = BadRecord(Reason.EMPTY, "a message without a value")
        return beam.pvalue.TaggedOutput(FAILURES, failure_from(error, stage=STAGE, source=document.uri, payload=b""))


def to_document(message: bytes, address: str, micros: int) -> Document:
    """Return a message as a document.

    >>> to_document(b'{"text": "Rain fell."}', "kafka://news", 0).kind, to_document(b"Rain.", "kafka://news", 0).kind
    ('jsonl', 'text')
    """
    digest = hashlib.blake2b(message, digest_size=8).hexdigest()
    moment = EPOCH + datetime.timedelta(microseconds=micros // 1000 * 1000)
    return Document(uri=f"{address}/{digest}", kind=kind_of_message(message), content=message, fetched=moment)
