"""A copy of a function with a mistake in it."""

from __future__ import annotations

import inspect
import itertools
import linecache
from collections.abc import Mapping
from typing import Any

from spec.pairing import Function

_files = itertools.count()


def planted(function: Function, right: str, wrong: str) -> Function:
    """The function as it would be if its source read `wrong` where it reads `right`, once.

    The rows keep their numbers, so that what is said of the copy is what would be said of the file.
    """
    bare = inspect.unwrap(function)
    rows, first = inspect.getsourcelines(bare)
    source = "".join(rows)
    assert source.count(right) == 1, f"{right!r} stands {source.count(right)} times in it"
    text = (
        "from __future__ import annotations\n" + "\n" * (first - 2) + source.replace(right, wrong)
    )
    return compiled(text, bare.__globals__)[bare.__name__]


def compiled(text: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """What a text defines where some names are given; its source is at hand to who asks for it."""
    name = f"<planted {next(_files)}>"
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    namespace = dict(given)
    exec(compile(text, name, "exec"), namespace)
    return namespace
