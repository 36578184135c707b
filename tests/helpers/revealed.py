"""What type checkers are to infer of every public function, written out from its annotations.

`text()` is a module that nobody runs: a type checker reads it, and fails where it infers something
else. A function whose arguments are annotated with the array type `A` is called with arrays of
one library, and its result must be of that library.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from helpers.strategies import Function

#: What each kind of array is in a library.
LIBRARIES = {
    "numpy": {
        "Float": "NDArray[np.float64]",
        "Integer": "NDArray[np.int64]",
        "Bool": "NDArray[np.bool]",
    },
    "torch": dict.fromkeys(("Float", "Integer", "Bool"), "torch.Tensor"),
    "jax": dict.fromkeys(("Float", "Integer", "Bool"), "jax.Array"),
}

HEADER = """
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeVar, assert_type
import jax
import numpy as np
import torch
from numpy.typing import NDArray
from algorithms import Array
from algorithms.paper.training import ValueAndGradient
from algorithms.signatures.arrays import Arr
Theta = TypeVar("Theta")
"""

KNOWN = {*re.findall(r"\w+", HEADER)}


class Concrete(ast.NodeTransformer):
    """An annotation without shapes, in the arrays of one library."""

    def __init__(self, kinds: Mapping[str, str], result: bool) -> None:
        self.kinds, self.result = kinds, result

    def visit_Subscript(self, node: ast.Subscript) -> Any:
        name = getattr(node.value, "id", "")
        if name == "Annotated":
            assert isinstance(node.slice, ast.Tuple)
            return self.visit(node.slice.elts[0])
        if name in self.kinds:
            assert isinstance(node.slice, ast.Tuple)
            array = ast.unparse(node.slice.elts[0])
            # A result that is any array is no more than that; an argument is one of the library.
            same = array.startswith("NDArray") or (array == "Array" and self.result)
            return ast.parse(array if same else self.kinds[name], mode="eval").body
        node.slice = self.visit(node.slice)
        return node

    def visit_Name(self, node: ast.Name) -> Any:
        return ast.parse(self.kinds["Float"], mode="eval").body if node.id == "A" else node


def concrete(annotation: str, kinds: Mapping[str, str], *, result: bool = False) -> str:
    """`Float[A, "d_e ell"]` as `NDArray[np.float64]`."""
    return ast.unparse(Concrete(kinds, result).visit(ast.parse(annotation, mode="eval").body))


def text(functions: Sequence[Function]) -> str:
    """The module."""
    return "\n".join([HEADER, *(row for function in functions for row in rows(function))])


def rows(function: Function) -> Iterator[str]:
    """Import what a function is and takes, and call it with the arrays of each library."""
    bare, name = inspect.unwrap(function), function.__name__
    yield f"from {function.__module__} import {name}"
    hints = {key: hint for key, hint in bare.__annotations__.items() if key != "return"}
    parameters = inspect.signature(bare).parameters.values()
    arguments = [f"{p.name}={p.name}" if p.kind is p.KEYWORD_ONLY else p.name for p in parameters]
    for library, kinds in LIBRARIES.items():
        types = {key: concrete(hint, kinds) for key, hint in hints.items()}
        result = concrete(bare.__annotations__["return"], kinds, result=True)
        for word in sorted({*re.findall(r"\w+", " ".join((*types.values(), result)))} - KNOWN):
            if (value := bare.__globals__.get(word)) is not None:
                home = value.__module__ if isinstance(value, type) else function.__module__
                yield f"from {home} import {word}"
        typed = ", ".join(f"{key}: {kind}" for key, kind in types.items())
        yield f"def {name}_{library}({typed}) -> None:"
        yield f"    assert_type({name}({', '.join(arguments)}), {result})"
