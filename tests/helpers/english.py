"""Plain English, as CONTRIBUTING.md asks for it: offences, and figures of the whole product.

    python -m tests.helpers.english [PATH ...]           each offence with its place; exit 1 if there is any
    python -m tests.helpers.english --figures [ROOT]     shares and counts per 1,000 words

Prose is what people read: docstrings, comments, messages of exceptions, help
texts, and pages in Markdown. Text in backticks and fenced blocks is code.
"""

import ast
import io
import re
import sys
import tokenize
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
VERBS = frozenset(Path(__file__).with_name("verbs.txt").read_text(encoding="utf-8").split())
"""Imperative verbs that a docstring may open with; a new one is a word more in that file."""
ROOMS = ("pipeline", "transforms", "training", "benchmarks", "tests/helpers")
PAGES = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "docs")

BANNED = {
    "behind": "after, below, follows",
    "anew": "again",
    "once more": "again",
    "for ever": "forever, without end, indefinitely",
    "meanwhile": "while ..., in the meantime: name the process",
    "at once": "immediately, together, in one go",
    "lies": "is in, is stored in",
    "lie": "are in, are stored in",
    "stands": "is, is in",
    "stand": "are, are in",
    "beside": "next to, besides",
    "be had": "be fetched, be read",
    "told": "reported, shown",
    "asks": "requests, needs",
    "asked": "requested, fetched",
    "bears": "has",
    "goes before": "takes precedence over",
    "so many": "at least N, at most N",
    "who waits": "name the subject",
    "lest": "so that ... not",
    "of which": "a sentence of its own",
    "is no": "is not a",
    "are no": "are not",
    "thereof": "of it",
    "as it were": "leave it out",
}
"""Word or phrase -> what the sheet asks for in its place."""

TERMS = (
    "retry", "backoff", "rate limit", "timeout", "default", "fallback", "override", "skip", "drop", "cache", "redact",
    "heartbeat", "checkpoint", "atomic", "idempotent", "truncate", "threshold", "precedence", "batch", "shard",
    "lookup", "deduplicate", "schema", "partition", "watermark", "window", "manifest", "gazetteer", "toponym", "token",
)  # fmt: skip
"""Words that an engineer searches for; counted with their endings."""

OPENERS = ("what", "whether", "how", "where", "when", "why", "who", "which", "that")
"""No function's docstring begins with these, nor with `Return` and one of them."""

_ALLOWED = r"(?<![Tt]here is no)(?<![Tt]here are no)(?! longer\b)(?! for\b)(?!-)"
"""`there is no`, `is no longer`, `stands for` and `stand-in` are plain."""
_BANNED = re.compile(rf"\b(?:{'|'.join(map(re.escape, BANNED))})\b{_ALLOWED}", re.IGNORECASE)
_FINAL = {"retry": "retr(?:y|ies|ied|ying)", "cache": "cach(?:e|es|ed|ing)", "drop": "drop(?:s|ped|ping)?"}
_TERMS = re.compile(
    rf"\b(?:{'|'.join(_FINAL.get(term, term.rstrip('e') + '(?:e|es|ed|s|d|ing|ion|ions)?') for term in TERMS)})\b",
    re.IGNORECASE,
)
_CODE = re.compile(r"```.*?^ *```|``[^`\n]+``|`[^`\n]+`|https?://\S+|^ *>>> .*$", re.MULTILINE | re.DOTALL)
_WORD = re.compile(r"[A-Za-z][A-Za-z'’-]*")


class Prose(NamedTuple):
    """A text that people read."""

    line: int
    text: str
    kind: str
    """`function` for the docstring of a function; `docstring`, `comment`, `message` or `page` else."""


def prose_of(path: Path) -> Iterator[Prose]:
    """Yield the prose of a source file or a page in Markdown."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        yield Prose(1, text, "page")
        return
    yield from _docstrings(ast.parse(text))
    yield from _messages(ast.parse(text))
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT and not token.string.startswith(("# type:", "# noqa", "# fmt:", "#!")):
            yield Prose(token.start[0], token.string.lstrip("# "), "comment")


def _docstrings(tree: ast.Module) -> Iterator[Prose]:
    """Yield docstrings: of modules, classes, functions, and those below fields and constants."""
    for node in ast.walk(tree):
        is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for index, child in enumerate(getattr(node, "body", []) if isinstance(getattr(node, "body", []), list) else []):
            if isinstance(child, ast.Expr) and isinstance(text := getattr(child.value, "value", None), str):
                yield Prose(child.lineno, text, "function" if is_function and index == 0 else "docstring")


def _messages(tree: ast.Module) -> Iterator[Prose]:
    """Yield the texts of exceptions that are raised, and of help and description arguments."""
    for node in ast.walk(tree):
        parts: list[ast.AST] = []
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            parts = [*node.exc.args]
        elif isinstance(node, ast.Call):
            parts = [keyword.value for keyword in node.keywords if keyword.arg in ("help", "description", "epilog")]
        for part in parts:
            for leaf in ast.walk(part):
                if isinstance(leaf, ast.Constant) and isinstance(leaf.value, str):
                    yield Prose(leaf.lineno, leaf.value, "message")


def plain(text: str) -> str:
    """Return a text without its code, as long as before.

    >>> plain("Read `told.py` again.")
    'Read           again.'
    """
    return _CODE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


def first_words(text: str) -> tuple[str, str]:
    """Return the first two words of a docstring.

    >>> first_words("Return what is left.")
    ('Return', 'what')
    """
    words = [*re.findall(r"[^\s.,;:]+", text)[:2], "", ""]
    return words[0], words[1]


def opens_with_verb(docstring: str) -> bool:
    """Return True if a function's docstring opens with an imperative verb.

    >>> opens_with_verb("Return the host."), opens_with_verb("The host."), opens_with_verb("Return what is left.")
    (True, False, False)
    """
    first, second = first_words(docstring)
    return first in VERBS and not (first in ("Return", "Yield") and second in OPENERS)


def offences(path: Path) -> Iterator[str]:
    """Yield each offence of a file, with its place."""
    for prose in prose_of(path):
        if prose.kind == "function" and not opens_with_verb(prose.text):
            opening = " ".join(first_words(prose.text))
            yield f"{path}:{prose.line}: docstring opens with {opening!r}; expected an imperative verb"
        text = plain(prose.text)
        for found in _BANNED.finditer(text):
            line = prose.line + text.count("\n", 0, found.start())
            yield f"{path}:{line}: {found[0]!r}; expected: {BANNED[found[0].lower()]}"


def files_of(paths: Iterable[Path]) -> list[Path]:
    """Return the sources and pages under some paths, sorted."""
    found: set[Path] = set()
    for path in paths:
        found.update([*path.rglob("*.py"), *path.rglob("*.md")] if path.is_dir() else [path])
    return sorted(path for path in found if path.suffix in (".py", ".md"))


def figures(root: Path) -> dict[str, float]:
    """Return the English figures of a checkout: shares in percent, counts per 1,000 words of prose."""
    counts: Counter[str] = Counter()
    for path in files_of(root / room for room in (*ROOMS, *PAGES) if (root / room).exists()):
        for prose in prose_of(path):
            text = plain(prose.text)
            counts["words"] += len(_WORD.findall(text))
            counts["banned"] += len(_BANNED.findall(text))
            counts["terms"] += len(_TERMS.findall(text))
            if prose.kind == "function":
                counts["functions"] += 1
                counts["verbs"] += opens_with_verb(prose.text)
                counts["openers"] += first_words(prose.text)[0].lower() in OPENERS
    return {
        "function docstrings": counts["functions"],
        "open with a verb, %": 100 * counts["verbs"] / counts["functions"],
        "open with What/Whether/How/..., %": 100 * counts["openers"] / counts["functions"],
        "words of prose": counts["words"],
        "banned words per 1,000": 1000 * counts["banned"] / counts["words"],
        "standard terms per 1,000": 1000 * counts["terms"] / counts["words"],
        **{f"lines per function, {name}": value for name, value in lengths(root).items()},
    }


def lengths(root: Path) -> dict[str, float]:
    """Return quantiles of the lengths of functions, in lines without docstring and blank lines."""
    found = sorted(
        _length(node, lines)
        for path in files_of(root / room for room in ("pipeline", "transforms", "training") if (root / room).exists())
        if path.suffix == ".py" and (lines := path.read_text(encoding="utf-8").split("\n"))
        for node in ast.walk(ast.parse("\n".join(lines)))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    at = {"median": 0.5, "90 %": 0.9, "99 %": 0.99, "longest": 1.0}
    found_at = {name: float(found[int(share * (len(found) - 1))]) for name, share in at.items()}
    return {"number": float(len(found))} | found_at


def _length(node: ast.FunctionDef | ast.AsyncFunctionDef, lines: list[str]) -> int:
    """Return the lines of a function from `def` to its end, without docstring and blank lines."""
    rest = node.body[1:] if ast.get_docstring(node) and len(node.body) > 1 else node.body
    inside = lines[rest[0].lineno - 1 : node.end_lineno]
    header = rest[0].lineno - node.lineno if rest is node.body else node.body[0].lineno - node.lineno
    return max(1, header) + sum(1 for line in inside if line.strip())


def main(arguments: list[str]) -> int:
    """Print offences, or figures; return the exit code."""
    if arguments[:1] == ["--figures"]:
        for name, value in figures(Path(arguments[1]) if arguments[1:] else ROOT).items():
            print(f"{value:10,.1f}  {name}")
        return 0
    paths = [Path(one) for one in arguments] or [ROOT / room for room in (*ROOMS, *PAGES)]
    found = [offence for path in files_of(paths) for offence in offences(path)]
    print("\n".join(found) or "plain English throughout")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
