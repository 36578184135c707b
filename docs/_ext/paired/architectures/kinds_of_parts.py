"""What a called algorithm is by its declarations: a norm, attention, or something else."""

from functools import cache

from spec.language import tree
from spec.language.polynomials import ONE
from spec.language.types import Matrix
from spec.library import checked

from .data_flow import Box, Part


@cache
def is_norm(id: str) -> bool:
    """Say whether an algorithm divides a vector by a root, and scales each entry by a parameter."""
    callee = checked()[id]
    match [type for _, type in (*callee.header.inputs, *callee.header.outputs)]:
        case [Matrix() as taken, Matrix() as given]:
            roots = (node for node in callee.program.nodes if isinstance(node, tree.Prefix))
            is_vector = taken.columns == ONE != taken.rows
            scaled = is_vector and taken in callee.header.fields.values()
            return taken == given and scaled and any(node.function == "√" for node in roots)
    return False


@cache
def has_mask(id: str) -> bool:
    """Say whether an algorithm takes a matrix of bits, which says who may attend to whom."""
    given = checked()[id].header.variables
    return any(isinstance(type, Matrix) and type.bits for _, type in given.items())


def kind(part: Part) -> str:
    """Return what a part is: "norm", "attention", "sum" or "other"."""
    if not isinstance(part, Box):
        return "sum"
    if part.callee is not None and is_norm(part.callee):
        return "norm"
    return "attention" if part.callee is not None and has_mask(part.callee) else "other"
