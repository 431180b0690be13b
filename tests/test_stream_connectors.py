"""Messages of Kafka and Pub/Sub on their way into the graph; the connectors are Beam's."""

import apache_beam as beam
import apache_beam.io.kafka
import pytest
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to
from apache_beam.transforms.window import TimestampedValue

from pipeline.cli import main
from pipeline.errors import Exit
from tests.helpers.records import RUNNER
from transforms.stream.connectors import SplitMessages
from transforms.stream.follow import OUTCOMES

CHECK = [
    "stream",
    "configs/stream.yaml",
    "--check",
    "--set",
    "runner=FlinkRunner",
    "--set",
    "listen=network",
    "--set",
    "read.inputs=[]",
]


class FromList(beam.PTransform):
    """In the place of Beam's Kafka source, which is Java: takes what it takes, and gives two messages."""

    given: dict[str, object]

    def __init__(self, **given: object) -> None:
        super().__init__()
        FromList.given = given

    def expand(self, begin: beam.pvalue.PBegin) -> beam.PCollection:
        messages = begin | beam.Create([(b"", b'{"text": "Rain fell."}'), (b"", b"Snow fell.")])
        return messages | beam.Map(lambda one: one).with_output_types(tuple[bytes | None, bytes | None])


def test_messages_become_items_and_what_is_no_article_a_failure():
    messages = [b'{"text": "Rain fell."}', b"<rss version='2.0'><channel></channel></rss>", b"", None]
    with TestPipeline(runner=RUNNER) as p:
        dated = p | beam.Create(messages) | beam.Map(lambda one: TimestampedValue(one, 1_700_000_000))
        split = dated | SplitMessages("kafka://news")
        assert_that(split["items"] | beam.Map(lambda item: (item.kind, item.position)), equal_to([("json", 1)]))
        reasons = split[OUTCOMES] | "Reasons" >> beam.Map(lambda one: (one.kind, one.value.reason))
        assert_that(
            reasons, equal_to([("failure", reason) for reason in ("no_entries", "empty", "empty")]), label="failures"
        )


def test_a_stream_of_kafka_alone_can_be_built(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(apache_beam.io.kafka, "ReadFromKafka", FromList)
    kafka = "kafka={bootstrap_servers: 'localhost:9092', topic: news, consumer: {group.id: dateline}}"
    assert main([*CHECK, "--output", str(tmp_path / "out"), "--set", kafka]) == Exit.DONE
    assert "the settings are right" in capsys.readouterr().out
    assert FromList.given["topics"] == ["news"]
    assert FromList.given["consumer_config"] == {
        "group.id": "dateline",
        "bootstrap.servers": "localhost:9092",
        "auto.offset.reset": "earliest",
        "enable.auto.commit": "false",
    }
    # What Kafka takes for read is lost with a job that has not committed it.
    assert "commit_offset_in_finalize" not in FromList.given


def test_a_stream_of_pubsub_alone_can_be_built(capsys, tmp_path):
    pytest.importorskip("google.cloud.pubsub_v1", reason="needs pip install 'apache-beam[gcp]'")
    name = "pubsub.subscription=projects/my-project/subscriptions/news"
    assert main([*CHECK, "--output", str(tmp_path / "out"), "--set", name]) == Exit.DONE
    assert "the settings are right" in capsys.readouterr().out


def test_what_a_connector_refuses_is_said(monkeypatch, capsys, tmp_path):
    def refuse(**_: object) -> None:
        raise RuntimeError("Unable to fetch remote job server jar")

    monkeypatch.setattr(apache_beam.io.kafka, "ReadFromKafka", refuse)
    kafka = "kafka={bootstrap_servers: 'localhost:9092', topic: news}"
    assert main([*CHECK, "--output", str(tmp_path / "out"), "--set", kafka]) == Exit.CONFIGURATION
    assert "Unable to fetch remote job server jar" in capsys.readouterr().err
