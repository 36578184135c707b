"""Where the user's own line stands, so that a test fails there and nowhere in this project."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from itertools import islice
from typing import Any, NamedTuple
from unittest import TestCase


class Place(NamedTuple):
    """A call in a file: its module, its file, and from where to where it goes."""

    module: str
    file: str
    first: int
    last: int
    start: int
    end: int


def caller() -> Place:
    """Return where the function was called that calls this one."""
    frame = sys._getframe(2)
    code = frame.f_code
    first, last, start, end = next(islice(code.co_positions(), frame.f_lasti // 2, None))
    first = first or frame.f_lineno
    return Place(
        frame.f_globals.get("__name__", "__main__"),
        code.co_filename,
        first,
        last or first,
        start or 0,
        end or 0,
    )


def method(name: str, run: Callable[[TestCase], None], place: Place) -> Any:
    """Return a test that does what another function does, and stands at a place."""
    tree = ast.parse(f"def {name}(self): run(self)")
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt | ast.expr | ast.arg):
            node.lineno, node.end_lineno = place.first, place.last
            node.col_offset, node.end_col_offset = place.start, place.end
    namespace = {"run": run, "__name__": place.module}
    exec(compile(tree, place.file, "exec"), namespace)
    return namespace[name]
