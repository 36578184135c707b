"""Where a user called a function: a test that is made there fails there, not in this package."""

import ast
import sys
from collections.abc import Callable
from itertools import islice
from typing import Any, NamedTuple
from unittest import TestCase


class CallPosition(NamedTuple):
    """The position of a call in a source file: module, file, first and last row and column."""

    module: str
    file: str
    first_row: int
    last_row: int
    first_column: int
    last_column: int


def caller_position() -> CallPosition:
    """Return where the function is called that calls this one."""
    frame = sys._getframe(2)
    code = frame.f_code
    first, last, start, end = next(islice(code.co_positions(), frame.f_lasti // 2, None))
    first = first or frame.f_lineno
    module = frame.f_globals.get("__name__", "__main__")
    return CallPosition(module, code.co_filename, first, last or first, start or 0, end or 0)


def method_at(position: CallPosition, name: str, run: Callable[[TestCase], None]) -> Any:
    """Return a method of a test class that calls `run`, as if its code stood at a position."""
    tree = ast.parse(f"def {name}(self): run(self)")
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt | ast.expr | ast.arg):
            node.lineno, node.end_lineno = position.first_row, position.last_row
            node.col_offset, node.end_col_offset = position.first_column, position.last_column
    namespace = {"run": run, "__name__": position.module}
    exec(compile(tree, position.file, "exec"), namespace)
    return namespace[name]
