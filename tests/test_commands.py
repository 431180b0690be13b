"""Commands: every command and argument has help and is in docs/commands.md, and none imports Beam for `--help`."""

import argparse
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.cli import _parser

PAGE = Path(__file__).parents[1] / "docs" / "commands.md"
HEAVY = ("apache_beam", "spacy", "pyarrow", "pydantic", "numpy")


def _commands(parser: argparse.ArgumentParser) -> Iterator[tuple[argparse.ArgumentParser, str]]:
    """Yield every command that runs, with its help."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            helps = {choice.dest: choice.help or "" for choice in action._choices_actions}
            for name, sub in action.choices.items():
                found = list(_commands(sub))
                yield from found or [(sub, helps.get(name, ""))]


COMMANDS = {parser.prog: (parser, text) for parser, text in _commands(_parser())}


def _arguments(parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.Action]]:
    for action in parser._actions:
        if action.dest != "help":
            yield action.option_strings[-1] if action.option_strings else str(action.metavar or action.dest), action


def _sections() -> dict[str, str]:
    """Heading -> text of each section of the page."""
    parts = PAGE.read_text(encoding="utf-8").split("\n## ")[1:]
    return {heading.strip("`"): text for heading, _, text in (part.partition("\n") for part in parts)}


@pytest.mark.parametrize("name", COMMANDS)
def test_commands_and_their_arguments_have_help(name: str) -> None:
    parser, text = COMMANDS[name]
    assert [given for given in (text, parser.description) if not given] == []
    assert [argument for argument, action in _arguments(parser) if not action.help] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_commands_and_their_arguments_are_in_the_docs(name: str) -> None:
    section = _sections()[name]
    assert [argument for argument, _ in _arguments(COMMANDS[name][0]) if f"| `{argument}" not in section] == []


def test_the_docs_name_no_other_command_or_argument() -> None:
    assert list(_sections()) == list(COMMANDS)
    extra = []
    for name, section in _sections().items():
        known = {argument for argument, _ in _arguments(COMMANDS[name][0])}
        rows = [line.split("`")[1].split()[0] for line in section.splitlines() if line.startswith("| `")]
        extra += [f"{name} {row}" for row in rows if row not in known]
    assert extra == []


def test_the_parser_imports_nothing_heavy() -> None:
    code = f"import sys, pipeline.cli as c; c._parser().format_help(); print([m for m in {HEAVY} if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
