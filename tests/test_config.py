"""Settings: every mistake is found before the run, all at once, with what is allowed."""

import dataclasses
import re
import textwrap
from pathlib import Path

import pytest
from apache_beam.options.pipeline_options import PortableOptions

from pipeline.config import (  # type: ignore[attr-defined]
    GIVEN_BY_RUN,
    Launch,
    Settings,
    check_beam_flags,
    load,
    load_settings,
    sections_of,
)
from pipeline.engines.known import engine_of
from pipeline.errors import ConfigurationError
from pipeline.stream_settings import StreamSettings
from transforms.gazetteer.lookup import DEFAULT_PATH

GOOD = "read: {inputs: [seeds/*]}\nwrite: {output: out/test}\n"


def settings(tmp_path, text=GOOD, **changes):
    file = tmp_path / "config.yaml"
    file.write_text(textwrap.dedent(text))
    return load_settings(str(file), **changes)


def problems(tmp_path, text=GOOD, **changes) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        settings(tmp_path, text, **changes)
    return [problem.replace(f"{tmp_path}/", "") for problem in caught.value.problems]


def test_good_settings(tmp_path):
    found = settings(tmp_path, GOOD + "extract: {batch_size: 8}\nworkers: 2\n")
    assert found.inputs == ["seeds/*"]
    assert found.output == "out/test"
    assert found.extract.batch_size == 8
    assert found.options.get_all_options()["direct_num_workers"] == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("reed: {}\n", "reed: got an unknown key; did you mean 'read'?"),
        ("extract: {batchsize: 8}\n", "extract.batchsize: got an unknown key; did you mean 'batch_size'?"),
        ("extract: {batch_size: many}\n", "extract.batch_size: got 'many'; expected a valid integer"),
        ("extract: {batch_size: 0}\n", "extract.batch_size: got 0; expected a whole number of at least 1"),
        ("extract: 5\n", "extract: got 5; expected a mapping of keys"),
        (
            "extract: {model: nowhere/at_all}\n",
            "extract.model: got 'nowhere/at_all'; expected an installed spaCy pipeline",
        ),
        ("geocode: {gazetteer: nowhere.sqlite}\n", "nowhere.sqlite"),
        ("workers: -1\n", "workers: got -1; expected 0 (one for each core) to 1,000"),
        ("workers: 100000\n", "workers: got 100000; expected 0 (one for each core) to 1,000"),
        ("max_minutes: 1.0e+300\n", "max_minutes: got 1e+300; expected at most 1,000,000"),
        (
            "extract: {batch_size: 99999999999999999999}\n",
            "extract.batch_size: got 99999999999999999999; expected at most",
        ),
        (
            "deduplicate: {window_days: 1.0e+9}\n",
            "deduplicate.window_days: got 1000000000.0; expected at most 100,000",
        ),
        ("max_minutes: .nan\n", "max_minutes: got nan; expected a finite number"),
        ("stream: {window_minutes: 5}\n", "stream: got an unknown key; it is for `dateline stream`"),
        ("max_failure_share: 2.0\n", "max_failure_share: got 2.0; expected a share, 0 to 1"),
        ("runner: DataflowRunner\nworkers: 4\n", "which has its own options"),
        (
            "beam: {regoin: europe-west1}\n",
            "beam: got '--regoin'; expected a flag that Beam knows; did you mean --region?",
        ),
        ("beam: {direct_num_workers: many}\n", "direct_num_workers: invalid int value: 'many'"),
        ("beam: {save_main_session: true}\n", "is not needed"),
        ("beam: {runner: FlinkRunner}\n", "--set runner=FlinkRunner"),
        ("runner: NopeRunner\n", "runner: got 'NopeRunner'; expected DirectRunner"),
        ("extract: {model: 5}\n", "extract.model: got 5; expected a valid string or a valid dictionary"),
    ],
)
def test_mistakes_in_the_file(tmp_path, text, said):
    (problem,) = problems(tmp_path, GOOD + text)
    assert said in problem


def test_all_mistakes_at_once(tmp_path):
    text = "read: {inputs: seeds, max_byte: 1}\nwrite: {shards: x}\nwokers: 1\n"
    found = problems(tmp_path, text)
    for said in ("wokers: got an unknown", "read.max_byte: got an unknown", "read.inputs: got 'seeds'",
                 "write.output: got no value", "write.shards: got 'x'"):  # fmt: skip
        assert sum(said in problem for problem in found) == 1, (said, found)
    assert all(problem.startswith("config.yaml: ") for problem in found)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("read: {inputs: [a]}\nread: {inputs: [b]}\n", "key 'read' twice"),
        ("read: {inputs: [a\n", "is not YAML"),
        ("- a\n", "got a list; expected a mapping"),
    ],
)
def test_broken_files(tmp_path, text, said):
    (problem,) = problems(tmp_path, text)
    assert said in problem


def test_missing_file():
    with pytest.raises(ConfigurationError, match=r"no_such\.yaml: cannot be read: No such file"):
        load_settings("no_such.yaml")


def test_command_line_changes(tmp_path):
    found = settings(
        tmp_path,
        inputs=["a.txt"],
        output="elsewhere",
        changes=["extract.batch_size=3", "workers=0", "write.shards=2"],
        beam_flags=["--job_name=x"],
    )
    assert (found.inputs, found.output) == (["a.txt"], "elsewhere")
    assert found.extract.batch_size == 3
    assert found.write.shards == 2
    assert found.launch.workers == 0
    assert found.options.get_all_options()["job_name"] == "x"


def test_an_output_that_is_empty_is_not_taken_for_none(tmp_path):
    with pytest.raises(ConfigurationError, match="got ''; expected a folder"):
        settings(tmp_path, output="")


@pytest.mark.parametrize("change", ["extract", "extract.batch_size", "a.b.c=1", "=1", "extract.=1"])
def test_changes_of_another_form(tmp_path, change):
    assert any(
        f"--set: got {change!r}; expected section.key=value" in problem
        for problem in problems(tmp_path, changes=[change])
    )


@pytest.mark.parametrize(
    ("flags", "count"),
    [
        (["--region=europe-west1", "--worker_machine_type=n2-standard-4", "--no_use_public_ips"], 0),
        (["--flink_master", "localhost:8081"], 0),
        (["--streeming", "--regoin=x"], 2),
        (["-h"], 1),
        (["runner", "foo"], 2),
    ],
)
def test_beam_flags(flags, count):
    assert len(check_beam_flags(flags)) == count


def test_every_shipped_configuration_is_right():
    for file in sorted(Path("configs").glob("*.yaml")):
        kind = StreamSettings if file.stem == "stream" else Settings
        assert load(kind, str(file)).launch.runner


def test_one_gazetteer_for_both_who_need_it(tmp_path):
    path = str(DEFAULT_PATH)
    found = settings(tmp_path, GOOD + f"geocode: {{gazetteer: {path}}}\n")
    assert found.parse.gazetteer == found.geocode.gazetteer == path


def test_directrunner_is_local():
    assert engine_of("DirectRunner").is_local
    assert list(sections_of(Settings)) == ["read", "parse", "deduplicate", "extract", "geocode", "write"]


def test_a_job_on_another_runner_is_watched_to_its_end(tmp_path):
    found = settings(tmp_path, GOOD + "runner: FlinkRunner\n")
    assert found.options.view_as(PortableOptions).job_server_timeout > 365 * 86_400


KEYS = [
    (kind, f"{section}.{field.name}" if section else field.name)
    for kind in (Settings, StreamSettings)
    for section, transform in [("", Launch), *sections_of(kind).items()]
    for field in dataclasses.fields(transform)
    if field.init and field.name not in GIVEN_BY_RUN
]


@pytest.mark.parametrize(("kind", "key"), KEYS, ids=lambda value: value if isinstance(value, str) else value.__name__)
def test_every_key_is_refused_in_one_grammar(tmp_path, kind, key):
    file = tmp_path / "config.yaml"
    file.write_text(GOOD)
    with pytest.raises(ConfigurationError) as caught:
        load(kind, str(file), changes=[f"{key}={{nonsense: [1, null]}}"] if key != "beam" else ["beam=[1]"])
    assert any(
        re.match(rf".*config\.yaml: {re.escape(key)}: got .+; expected \S", one) for one in caught.value.problems
    )
