"""A mistake in code: a text that stands once in a source, and what stands there instead."""

from __future__ import annotations

import inspect
import itertools
import linecache
from collections.abc import Mapping
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


def compiled(text: str, names: Mapping[str, Any]) -> dict[str, Any]:
    """The names that a text has, with those that it defines; its source can be read."""
    file = f"<planted {next(_numbers)}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    namespace = dict(names)
    exec(compile(text, file, "exec"), namespace)
    return namespace
