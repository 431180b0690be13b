"""Settings of a stream: those of a run, with followed inputs, windows and topics."""

import dataclasses

from pipeline.config import Settings
from transforms.stream import Kafka, PubSub, Read, Stream, Write


@dataclasses.dataclass(frozen=True, kw_only=True)
class StreamSettings(Settings):
    """Checked settings of a stream."""

    read: Read
    write: Write
    stream: Stream
    kafka: Kafka
    pubsub: PubSub

    @property
    def has_topics(self) -> bool:
        """Return True if the stream reads Kafka or Pub/Sub."""
        return self.kafka.is_on or self.pubsub.is_on
