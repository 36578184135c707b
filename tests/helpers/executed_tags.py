"""The tags of departures on the rows that a call runs."""

from __future__ import annotations

import ast
import functools
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from algorithms import checkpoints

FOLDER = str(Path(checkpoints.__path__[0]))


@functools.cache
def rows(file: str) -> list[str]:
    """The rows of a file."""
    return Path(file).read_text(encoding="utf-8").splitlines()


@functools.cache
def signatures(file: str) -> dict[int, range]:
    """The rows of each function before its body, by the first: there is what it does by default."""
    return {
        first: range(first, one.body[0].lineno)
        for one in ast.walk(ast.parse("\n".join(rows(file))))
        if isinstance(one, ast.FunctionDef)
        for first in [min(part.lineno for part in (one, *one.decorator_list))]
    }


def executed_tags(call: Callable[[], Any]) -> tuple[Any, set[str]]:
    """What a call gives, and the tags of departures that it comes by."""
    executed: set[tuple[str, int]] = set()

    def enter(frame: FrameType, event: str, _: Any) -> Any:
        file, first = frame.f_code.co_filename, frame.f_code.co_firstlineno
        if not file.startswith(FOLDER):
            return None
        executed.update((file, row) for row in signatures(file).get(first, ()))
        return step

    def step(frame: FrameType, event: str, _: Any) -> Any:
        executed.add((frame.f_code.co_filename, frame.f_lineno))
        return step

    before = sys.gettrace()
    sys.settrace(enter)
    try:
        result = call()
    finally:
        sys.settrace(before)
    found = (re.search(r"# ([A-Z]\d+)$", rows(file)[row - 1]) for file, row in executed)
    return result, {tag[1] for tag in found if tag}
