"""How many real numbers a value holds; tokens, counts, positions and bits are not counted."""

from collections.abc import Mapping

from spec.cost.loops import of_equal_lengths
from spec.language.checked import Checked
from spec.language.polynomials import ONE, ZERO, Poly, sum_of
from spec.language.types import Bundle, Family, Function, Matrix, Type


def numbers(type: Type, algorithms: Mapping[str, Checked]) -> Poly:
    """Return how many numbers a value of a type holds."""
    match type:
        case Matrix(rows, columns, bits):
            return ZERO if bits else of_equal_lengths(rows * columns)
        case Family(index, count, member):
            return numbers(member, algorithms).sum(index, ONE, of_equal_lengths(count))
        case Bundle(algorithm, sizes):
            fields = algorithms[algorithm].header.fields.values()
            new = {atom: of_equal_lengths(size) for atom, size in sizes}
            return sum_of(numbers(field, algorithms) for field in fields).replace(new)
        case Function(_, _, result):
            return numbers(result, algorithms)
    return ZERO
