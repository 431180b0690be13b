"""Settings: every mistake is found before the run, all at once, with what is allowed."""

import textwrap
from pathlib import Path

import pytest
from apache_beam.options.pipeline_options import PortableOptions

from pipeline.config import LOCAL_RUNNERS, SECTIONS, check_beam_flags, load_settings
from pipeline.errors import ConfigurationError
from pipeline.graph.stream import STREAM_SECTIONS
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
    assert found.sections["extract"] == {"batch_size": 8}
    assert found.options.get_all_options()["direct_num_workers"] == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("reed: {}\n", "reed: unknown key; did you mean 'read'?"),
        ("extract: {batchsize: 8}\n", "extract.batchsize: unknown key; did you mean 'batch_size'?"),
        ("extract: {batch_size: many}\n", "extract.batch_size: is 'many'; allowed is a valid integer"),
        ("extract: {batch_size: 0}\n", "extract.batch_size is 0; allowed is 1 or more"),
        ("extract: 5\n", "extract: is 5; allowed is a mapping of keys"),
        ("extract: {model: nowhere/at_all}\n", "'nowhere/at_all' is neither an installed spaCy pipeline"),
        ("geocode: {gazetteer: nowhere.sqlite}\n", "nowhere.sqlite"),
        ("workers: -1\n", "workers is -1; allowed is 0 (one a core) to 1,000"),
        ("workers: 100000\n", "workers is 100000; allowed is 0 (one a core) to 1,000"),
        ("max_minutes: 1.0e+300\n", "max_minutes: is 1e+300; allowed is at most 1,000,000"),
        (
            "extract: {batch_size: 99999999999999999999}\n",
            "extract.batch_size: is 99999999999999999999; allowed is at most",
        ),
        (
            "deduplicate: {window_days: 1.0e+9}\n",
            "deduplicate.window_days: is 1000000000.0; allowed is at most 100,000",
        ),
        ("max_minutes: .nan\n", "max_minutes: is nan; allowed is a finite number"),
        ("stream: {window_minutes: 5}\n", "stream: unknown key; it is for `dateline stream`"),
        ("max_failure_share: 2.0\n", "max_failure_share is 2.0; allowed is 0 to 1"),
        ("runner: DataflowRunner\nworkers: 4\n", "is sized by its own options"),
        ("beam: {regoin: europe-west1}\n", "--regoin: no such flag of Beam; did you mean --region?"),
        ("beam: {direct_num_workers: many}\n", "direct_num_workers: invalid int value: 'many'"),
        ("beam: {save_main_session: true}\n", "is not needed"),
        ("beam: {runner: FlinkRunner}\n", "--set runner=FlinkRunner"),
        ("runner: NopeRunner\n", "runner is 'NopeRunner'; allowed are DirectRunner"),
        ("extract: {model: 5}\n", "extract.model: is 5; allowed is a valid string or a valid dictionary"),
    ],
)
def test_mistakes_in_the_file(tmp_path, text, said):
    (problem,) = problems(tmp_path, GOOD + text)
    assert said in problem


def test_all_mistakes_at_once(tmp_path):
    text = "read: {inputs: seeds, max_byte: 1}\nwrite: {shards: x}\nwokers: 1\n"
    found = problems(tmp_path, text)
    for said in ("wokers: unknown", "read.max_byte: unknown", "read.inputs: is 'seeds'", "write.output: is missing",
                 "write.shards: is 'x'"):  # fmt: skip
        assert sum(said in problem for problem in found) == 1, (said, found)
    assert all(problem.startswith("config.yaml: ") for problem in found)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("read: {inputs: [a]}\nread: {inputs: [b]}\n", "key 'read' twice"),
        ("read: {inputs: [a\n", "is not YAML"),
        ("- a\n", "holds list; allowed is a mapping"),
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
    assert found.sections["extract"] == {"batch_size": 3}
    assert found.sections["write"]["shards"] == 2
    assert found.launch.workers == 0
    assert found.options.get_all_options()["job_name"] == "x"


def test_an_output_that_is_empty_is_not_taken_for_none(tmp_path):
    with pytest.raises(ConfigurationError, match="'' is not a folder"):
        settings(tmp_path, output="")


@pytest.mark.parametrize("change", ["extract", "extract.batch_size", "a.b.c=1", "=1", "extract.=1"])
def test_changes_of_another_form(tmp_path, change):
    assert any(
        f"--set {change}: allowed is section.key=value" in problem for problem in problems(tmp_path, changes=[change])
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
        sections = STREAM_SECTIONS if file.stem == "stream" else SECTIONS
        assert load_settings(str(file), transforms=sections).launch.runner


def test_one_gazetteer_for_both_who_need_it(tmp_path):
    path = str(DEFAULT_PATH)
    found = settings(tmp_path, GOOD + f"geocode: {{gazetteer: {path}}}\n").sections
    assert found["parse"]["gazetteer"] == found["geocode"]["gazetteer"] == path


def test_directrunner_is_local():
    assert "DirectRunner" in LOCAL_RUNNERS
    assert list(SECTIONS) == ["read", "parse", "deduplicate", "extract", "geocode", "write"]


def test_a_job_on_another_runner_is_watched_to_its_end(tmp_path):
    found = settings(tmp_path, GOOD + "runner: FlinkRunner\n")
    assert found.options.view_as(PortableOptions).job_server_timeout > 365 * 86_400
