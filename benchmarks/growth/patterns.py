"""All regular expressions of the code: found by importing every module, not by a list."""

import ast
import collections
import dataclasses
import importlib
import inspect
import pkgutil
import re
from collections import defaultdict
from collections.abc import Iterator
from types import ModuleType
from typing import Any, NamedTuple

from benchmarks.growth.triggers import Trigger
from transforms.text import boilerplate

PACKAGES = ("transforms", "pipeline")
_ANYWHERE = frozenset({"search", "sub", "subn", "split", "findall", "finditer"})
_INLINE = _ANYWHERE | {"match", "fullmatch", "compile"}


BOUNDED = {
    "transforms.read.pages._CUT": 200,  # the last characters of a text (`is_partial`)
    "transforms.text.boilerplate._PATTERNS": boilerplate.MAX_LINE,  # one line, and longer ones are none
}
"""Pattern -> characters of the longest text that its caller gives it."""


class Found(NamedTuple):
    """A pattern, where it is, and whether it is looked for at each position of a text."""

    name: str
    pattern: re.Pattern[Any]
    anywhere: bool
    longest: int | None = None
    """Characters of the longest text that it is given, where its caller sees to that."""

    def call(self, text: Any) -> None:
        """Match a text as the code does, at its start or everywhere."""
        if self.anywhere:
            collections.deque(self.pattern.finditer(text), maxlen=0)
        else:
            self.pattern.match(text)

    def text(self, trigger: Trigger, length: int) -> Any:
        """Return a hostile text, as bytes for a pattern over bytes."""
        text = trigger.text(length)
        return text.encode("utf-8", "surrogatepass") if isinstance(self.pattern.pattern, bytes) else text


def modules() -> list[ModuleType]:
    """Import and return all modules of the packages."""
    names = list(PACKAGES)
    for package in PACKAGES:
        path = importlib.import_module(package).__path__
        names += [found.name for found in pkgutil.walk_packages(path, f"{package}.")]
    return [module for name in names if not name.endswith("__main__") and (module := _imported(name))]


def _imported(name: str) -> ModuleType | None:
    """Import a module; None if it needs an extra that is not installed, such as that of Dataflow."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if (error.name or "").startswith(PACKAGES):
            raise
        return None


def all_patterns() -> list[Found]:
    """Return each pattern at module level, in classes and containers, and in calls such as `re.sub`."""
    loaded = modules()
    trees = {module.__name__: ast.parse(inspect.getsource(module)) for module in loaded if _source(module)}
    uses = {name: _uses([tree]) for name, tree in trees.items()}
    shared = _uses(trees.values())
    found: dict[tuple[Any, int], Found] = {}
    for module in loaded:
        for name, pattern in [*_compiled(module), *_inline(trees.get(module.__name__))]:
            bare = re.sub(r"\[.*?\]", "", name).split(".")[-1]
            own = uses.get(module.__name__, {}) if bare.startswith("_") else shared
            methods = own.get(bare, set())
            anywhere = not methods or bool(methods & _ANYWHERE)
            full = f"{module.__name__}.{name}"
            longest = next((most for known, most in BOUNDED.items() if full.startswith(known)), None)
            found.setdefault((pattern.pattern, pattern.flags), Found(full, pattern, anywhere, longest))
    return list(found.values())


def _source(module: ModuleType) -> bool:
    try:
        return bool(inspect.getsource(module))
    except OSError:  # an empty file
        return False


def _compiled(module: ModuleType) -> Iterator[tuple[str, re.Pattern[Any]]]:
    for name, value in vars(module).items():
        yield from _within(name, value, module.__name__, 0)


def _within(name: str, value: Any, module: str, depth: int) -> Iterator[tuple[str, re.Pattern[Any]]]:
    """Yield the patterns in a value: itself, in containers, in the attributes of a class of this module."""
    if isinstance(value, re.Pattern):
        yield name, value
    elif depth > 3:
        return
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from _within(f"{name}.{field.name}", getattr(value, field.name), module, depth + 1)
    elif isinstance(value, dict):
        for key, inner in list(value.items())[:1000]:
            yield from _within(f"{name}[{key!r}]", inner, module, depth + 1)
            yield from _within(f"{name}[key]", key, module, depth + 1)
    elif isinstance(value, list | tuple | set | frozenset):
        for at, inner in enumerate(list(value)[:1000]):
            yield from _within(f"{name}[{at}]", inner, module, depth + 1)
    elif getattr(value, "__module__", None) == module and hasattr(value, "__dict__"):
        for key, inner in list(vars(value).items()):
            if isinstance(inner, re.Pattern | dict | list | tuple | set | frozenset) and not key.startswith("__"):
                yield from _within(f"{name}.{key}", inner, module, depth + 1)


def _inline(tree: ast.AST | None) -> Iterator[tuple[str, re.Pattern[Any]]]:
    """Yield the patterns that are written into calls, `re.sub(r"...", ...)`, inside functions."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)] if tree else []
    for node in (node for function in functions for node in ast.walk(function)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _is_re(node.func)):
            continue
        text = _constant(node.args[0]) if node.args else None
        if text is None:
            continue
        flags = 0
        for argument in [*node.args[1:], *(keyword.value for keyword in node.keywords)]:
            for part in ast.walk(argument):
                if isinstance(part, ast.Attribute) and isinstance(getattr(re, part.attr, None), re.RegexFlag):
                    flags |= getattr(re, part.attr)
        try:
            pattern = re.compile(text, flags)
        except (re.error, ValueError):
            continue
        yield f"{node.func.attr}() in line {node.lineno}", pattern


def _is_re(function: ast.Attribute) -> bool:
    return isinstance(function.value, ast.Name) and function.value.id == "re" and function.attr in _INLINE


def _constant(node: ast.expr) -> Any:
    """Return the text of a pattern; a value that is filled in becomes a letter."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
        return node.value
    if isinstance(node, ast.JoinedStr):
        parts = (part.value if isinstance(part, ast.Constant) else "a" for part in node.values)
        return "".join(str(part) for part in parts)
    return None


def _uses(trees: Any) -> dict[str, set[str]]:
    """Return map the name of a pattern to the methods that the code calls on it."""
    uses: dict[str, set[str]] = defaultdict(set)
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr in _INLINE:
                for part in ast.walk(node.value):
                    if isinstance(part, ast.Name | ast.Attribute):
                        uses[part.id if isinstance(part, ast.Name) else part.attr].add(node.attr)
    return uses
