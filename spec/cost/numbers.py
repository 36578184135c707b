"""How many real numbers a value is; tokens, counts, positions and the bits of a mask are none."""

from __future__ import annotations

from collections.abc import Mapping

from spec.cost.loops import alike, put
from spec.language.checked import Checked
from spec.language.polynomials import ONE, ZERO, Poly, sum_of
from spec.language.types import Bundle, Family, Function, Matrix, Type


def numbers(type: Type, algorithms: Mapping[str, Checked]) -> Poly:
    """Return how many numbers a value of a type is."""
    match type:
        case Matrix(rows, columns, bits):
            return ZERO if bits else alike(rows * columns)
        case Family(index, count, member):
            return numbers(member, algorithms).sum(index, ONE, alike(count))
        case Bundle(algorithm, sizes):
            fields = algorithms[algorithm].header.fields.values()
            known = {atom: alike(size) for atom, size in sizes}
            return put(sum_of(numbers(field, algorithms) for field in fields), known)
        case Function(_, _, result):
            return numbers(result, algorithms)
    return ZERO
