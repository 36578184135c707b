"""What a line computes with, taken from its tree: the factors of a product, or what it reads.

A line is drawn as a product if its value, or the only argument of a function in it, is a sum with a
product of two matrices among its terms: `W_q X + b_q 1ᵀ`, `X + W GELU(H)`, `softmax(W_u X)`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spec.language import tree
from spec.language.names import Variable
from spec.language.tree import Node, Statement, base, targets, walk
from spec.language.types import Key
from spec.machine import Frame, Machine

Numbers = NDArray[Any]
_PRODUCTS = (" ", "·")
_MOST_READ = 3  # more matrices beside each other are not read at a glance


@dataclass(frozen=True, eq=False)
class Factor:
    """A part of a line, and its value: a matrix.

    Attributes
    ----------
    node, numbers
        The part, and its value.
    sign, is_column
        Of what is added: its sign, and whether it is a column that is added to each.
    source, function
        The argument of the function that makes it, and its name, where it has one argument:
        S / √d of softmax(S / √d).
    """

    node: Node
    numbers: Numbers
    sign: str = "+"
    is_column: bool = False
    source: "Factor | None" = None
    function: str = ""


@dataclass(frozen=True, eq=False)
class Product:
    """A product of two matrices, and what is added to it.

    `inner` is what they make, if a function is applied to that: `softmax`.
    """

    left: Factor
    right: Factor
    added: tuple[Factor, ...] = ()
    inner: Factor | None = None
    function: str = ""


Drawn = Product | tuple[Factor, ...] | None


def drawn_from(machine: Machine[Any], statement: Statement, frame: Frame) -> Drawn:
    """Return what a line is about to compute with, in the state before it is done."""
    callees = frame.checked.typing.callees
    if any(isinstance(node, tree.Call) and node in callees for node in walk(statement)):
        return None  # what it calls has a page of its own; and chance must not decide twice
    value = _value(statement)
    if value is not None:
        found = _product(machine, value, frame)
        if found is not None:
            return found
    return tuple(_read(statement, frame))


def _value(statement: Statement) -> Node | None:
    match statement:
        case tree.Assign(tree.Name(), _, value) | tree.Return(_, value):
            return value
    return None


def _product(machine: Machine[Any], value: Node, frame: Frame) -> Product | None:
    match value:
        case tree.Call(function, (argument,), ()) if value not in frame.checked.names.functions:
            inside = _product(machine, argument, frame)
            if inside is None or inside.inner is not None:
                return None
            inner = Factor(argument, machine.expression(argument, frame))
            return Product(inside.left, inside.right, inside.added, inner, function)
    product: tuple[Factor, Factor] | None = None
    added: list[Factor] = []
    for sign, term in _terms(value):
        if product is None and sign == "+" and (found := _factors(machine, term, frame)):
            product = found
        elif isinstance(term, tree.Binary) and isinstance(term.right, tree.Ones):
            column = machine.expression(term.left, frame)
            added.append(Factor(term.left, column, sign, is_column=True))
        else:
            added.append(Factor(term, _matrix(machine.expression(term, frame)), sign))
    if product is None:
        return None
    left, right = product
    shape = left.numbers.shape[0], right.numbers.shape[1]
    if any(one.numbers.shape != (shape[0], 1 if one.is_column else shape[1]) for one in added):
        return None
    return Product(left, right, tuple(added))


def _terms(node: Node, sign: str = "+") -> Iterator[tuple[str, Node]]:
    match node:
        case tree.Binary("+" | "−" as operator, left, right):
            yield from _terms(left, sign)
            if operator == "−":
                yield "−" if sign == "+" else "+", right
            else:
                yield from _terms(right, sign)
        case _:
            yield sign, node


def _factors(machine: Machine[Any], term: Node, frame: Frame) -> tuple[Factor, Factor] | None:
    match term:
        case tree.Binary(operator, left, right) if operator in _PRODUCTS:
            if isinstance(right, tree.Ones) or isinstance(left, tree.Ones):
                return None
            a, b = machine.expression(left, frame), machine.expression(right, frame)
            if not (isinstance(a, np.ndarray) and isinstance(b, np.ndarray)):
                return None
            if a.ndim == b.ndim == 2 and a.shape[1] == b.shape[0]:
                return Factor(left, a), _with_source(machine, Factor(right, b), frame)
    return None


def _with_source(machine: Machine[Any], factor: Factor, frame: Frame) -> Factor:
    """Return a factor with what it is made of, if a function makes it of one matrix."""
    match factor.node:
        case tree.Call(function, (argument,), ()) if (
            factor.node not in frame.checked.names.functions and not isinstance(argument, tree.Name)
        ):
            source = machine.expression(argument, frame)
            if np.shape(source) == factor.numbers.shape:
                return replace(factor, source=Factor(argument, source), function=function)
    return factor


def _matrix(value: Any) -> Numbers:
    return value if isinstance(value, np.ndarray) else np.array([[value]], dtype=object)


def _read(statement: Statement, frame: Frame) -> Iterator[Factor]:
    """Yield the matrices that a line reads, each once; also what it changes in part."""
    names, seen = frame.checked.names, dict[Key, Factor]()
    changed = [
        (base(target), names.targets[base(target)])
        for target in targets(statement)
        if isinstance(target, tree.Index) and not names.fresh[target]
    ]
    uses = [
        (node, names.uses[node])
        for node in walk(statement)
        if isinstance(node, tree.Name) and node in names.uses
    ]
    for name, variable in (*changed, *uses):
        if not isinstance(variable, Variable) or variable.index is not None:
            continue
        value = frame.variables.get(variable.key)
        if isinstance(value, np.ndarray) and value.size > 1:
            seen.setdefault(variable.key, Factor(name, value.copy()))
    if len(seen) <= _MOST_READ:
        yield from seen.values()
