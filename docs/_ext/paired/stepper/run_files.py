"""The files that a recorded run comes from: when one of them changes, so may the run."""

import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType
from typing import Any

import spec
from paired import cost_at_sizes
from paired.names_in_code import CodeNames
from spec.library import algorithms

SPEC = Path(spec.__file__).parent


def run_files(id: str, function: Callable[..., Any], module: str) -> Iterator[str]:
    """Yield the files of a function and of all that it calls, in Python and in pseudocode.

    `module` is the one whose functions are shown. What other packages have is left out.
    """
    yield str(SPEC / "inputs" / "sizes.toml")
    example = (SPEC / algorithms()[id].path).with_suffix(".toml")
    if example.exists():
        yield str(example)
    yield from (str(SPEC / path) for path in cost_at_sizes.files(id))
    yield from (str(inspect.getsourcefile(one)) for one in called(function, module))


def called(function: Callable[..., Any], module: str) -> list[Callable[..., Any]]:
    """Return a function, those that it calls, and those that these call."""
    found = [inspect.unwrap(function)]
    for one in found:  # which grows
        names = CodeNames(one, module)
        for value in map(names.value, [*_names(one.__code__), *_defaults(one)]):
            if inspect.isfunction(value) and inspect.unwrap(value) not in found:
                found.append(inspect.unwrap(value))
    return found


def _names(code: CodeType) -> Iterator[str]:
    """Yield the names that code reads from its module, those in functions within it too."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _defaults(function: Callable[..., Any]) -> Iterator[str]:
    """Yield the names of functions in whose place a caller may give others: of an activation."""
    for parameter in inspect.signature(function).parameters.values():
        if inspect.isfunction(parameter.default):
            yield parameter.default.__name__
