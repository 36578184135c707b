"""A mistake in code: a text that stands once in a source, and what stands there instead."""

from __future__ import annotations

import inspect
import itertools
import linecache
import sys
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from spec.pairing import Function

_numbers = itertools.count()


def edited(source: str, *edits: tuple[str, str]) -> str:
    """A source after some edits, each of a text that stands in it once."""
    for right, wrong in edits:
        assert source.count(right) == 1, f"{right!r} stands {source.count(right)} times in it"
        source = source.replace(right, wrong)
    return source


def planted(function: Function, right: str, wrong: str) -> Function:
    """The function as it would be if its source read `wrong` where it reads `right`.

    The rows keep their numbers, so that what is said of the copy is what would be said of the file.
    """
    bare = inspect.unwrap(function)
    rows, first = inspect.getsourcelines(bare)
    source = edited("".join(rows), (right, wrong))
    text = "from __future__ import annotations\n" + "\n" * (first - 2) + source
    return compiled(text, bare.__globals__)[bare.__name__]


def compiled(text: str, names: Mapping[str, Any], file: str = "") -> dict[str, Any]:
    """The names that a text has, with those that it defines; its source can be read."""
    return vars(module(text, names, file))


def module(text: str, names: Mapping[str, Any] | None = None, file: str = "") -> ModuleType:
    """A module that is in no file, but can be imported, and its source be read."""
    made = ModuleType(file or f"<text {next(_numbers)}>")
    name = made.__name__
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    sys.modules[name] = made
    made.__dict__.update(names or {})
    exec(compile(text, name, "exec"), made.__dict__)
    return made
