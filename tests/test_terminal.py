"""Text of strangers never reaches a terminal or a log as a command, in everything that is printed."""

import argparse
import ast
import io
import json
import logging
import os
import subprocess
import sys
import unicodedata
from pathlib import Path
from typing import Any

import pytest

import transforms.http.redact  # noqa: F401  # as every command does before it reads anything
from pipeline.cli import _Parser
from pipeline.commands.feeds import table
from pipeline.monitoring import logs
from pipeline.monitoring.terminal import one_line, printable, printable_json, show, show_uncaught, write

EVIL = "a\x1b[2Jb\x9b31mc\u202ed\u2066e\u200ff\u061cg\x07h\ri\x7fj\u2028k\udce4l\x00m\U000e0041n"
SHOWN = (
    r"a\x1b[2Jb\x9b31mc\u202ed\u2066e\u200ff\u061cg\x07h\x0di\x7fj\u2028k\udce4l\x00m\U000e0041n"
)  # fmt: skip


def harmful(text: str) -> set[str]:
    """Return characters that a terminal may obey, by their Unicode classes rather than by the list of the code."""
    bidirectional = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    marks = {"\u200e", "\u200f", "\u061c"}
    return {
        sign
        for sign in text
        if unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") or unicodedata.bidirectional(sign) in bidirectional
    } - {"\n"} | (marks & set(text))


def test_all_of_unicode_is_printable() -> None:
    everything = "".join(map(chr, range(0x110000)))
    assert harmful(printable(everything).replace("\t", "")) == set()
    assert harmful(one_line(everything)) | ({"\n"} & set(one_line(everything))) == set()
    for text in (EVIL, "".join(sign for sign in everything if not "\ud800" <= sign <= "\udfff")):
        dumped = printable_json(json.dumps(text, ensure_ascii=False))
        assert harmful(dumped) == set()
        assert json.loads(dumped) == text
    assert printable(EVIL) == SHOWN


@pytest.mark.parametrize("text", ["naïve café", "العربية \u200d و\u200cفارسی", "👩‍👩‍👧", "a\tb\nc", ""])
def test_what_people_write_stays(text: str) -> None:
    assert printable(text) == text


@pytest.mark.parametrize(
    ("encoding", "shown"), [("ascii", r"\xe9\u20ac\U0001f600"), ("latin-1", "é\\u20ac\\U0001f600"), ("utf-8", "é€😀")]
)
def test_what_an_encoding_lacks_is_escaped(encoding: str, shown: str) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding, errors="strict")
    show("é€😀", file=stream)
    write("\udce4", stream)
    assert raw.getvalue().decode(encoding) == f"{shown}\n\\udce4"


@pytest.mark.parametrize("log_format", logs.FORMATS)
def test_what_is_said_and_logged_is_masked_and_printable(
    log_format: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(logs.VARIABLE, log_format)
    logs.say(f"dateline: {EVIL} https://me:hunter2@a.test/?token=hunter2", event="failed", source=EVIL)
    handler = logs.handler()
    record = logging.LogRecord("beam", logging.ERROR, "f", 1, "%s https://a.test/?pw=hunter2", (EVIL,), None)
    handler.emit(record)
    try:
        raise ValueError(EVIL)
    except ValueError as error:
        show_uncaught(type(error), error, error.__traceback__)
    said = capsys.readouterr().err
    assert harmful(said) == set()
    assert "hunter2" not in said
    assert r"\x1b" in said or r"\u001b" in said


def test_tables_and_the_parser_are_printable(capsys: pytest.CaptureFixture[str]) -> None:
    rows = table([{"publisher": EVIL + "\nfake row", "url": "https://a.test/?token=hunter2"}])
    assert harmful(rows) == set()
    assert rows.count("\n") == 2
    assert "hunter2" not in rows
    with pytest.raises(SystemExit):
        _Parser(prog="x").parse_args([EVIL])
    assert harmful(capsys.readouterr().err) == set()


def test_subcommands_use_the_same_parser() -> None:
    from pipeline.cli import _parser

    found = [action for action in _parser()._actions if isinstance(action, argparse._SubParsersAction)]
    assert {type(sub) for sub in found[0].choices.values()} == {_Parser}


def test_nothing_is_printed_elsewhere() -> None:
    """`show` and `write` are the only ways to a terminal; what writes otherwise is named here."""
    found = []
    for path in sorted(Path("pipeline").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            if name == "print" or name in ("sys.stdout.write", "sys.stderr.write"):
                found.append(path.as_posix())
    assert found == ["pipeline/commands/columns.py"], "its text is our own, from the records"


@pytest.mark.parametrize("locale", [{"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}, {}])
def test_a_run_over_names_from_hell_is_told_without_harm(tmp_path: Path, locale: dict[str, str]) -> None:
    names: list[Any] = [b"a\x1b[31m.txt", b"b\xe4d.txt", "c\u202etxt.txt".encode(), b"d\ne.txt"]
    for name in names:
        try:
            (tmp_path / os.fsdecode(name)).write_bytes(b"\0\0\0")
        except OSError:
            pytest.skip("this file system takes no such name")
    (tmp_path / "out\x1b").mkdir()
    command = [sys.executable, "-m", "pipeline", "run", "configs/sample.yaml", "--input", str(tmp_path / "*.txt")]
    environment = {**os.environ, **locale}
    done = subprocess.run(
        [*command, "--output", str(tmp_path / "out\x1b" / "set")], capture_output=True, env=environment, timeout=240
    )
    said = (done.stdout + done.stderr).decode("utf-8", "surrogateescape")
    assert done.returncode == 3, said
    assert harmful(said.replace("\t", "")) <= {"\r"}, said
    assert r"a\x1b[31m.txt: binary" in said
    assert r"b\xe4d.txt: binary" in said
