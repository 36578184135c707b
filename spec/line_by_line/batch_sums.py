"""Where code has one value for a whole batch: a pullback's result is a sum over its sequences.

The pseudocode takes one sequence. What a loss owes to W by a batch is the sum of what it owes by
each sequence, and code returns that sum alone. X̄ stays each sequence's own.
"""

from collections.abc import Mapping, Sequence
from functools import reduce

import numpy as np

from spec.domains.depth import Depth, deepest
from spec.inputs.array_conversion import Array
from spec.inputs.python_form import summed_over_batch
from spec.language.checked import Checked
from spec.language.tree import Return, Returns, Several, Statement
from spec.line_by_line.array_axes import laid_out
from spec.machine import Value


def summed(algorithms: Mapping[str, Checked], id: str, statement: Statement) -> set[str]:
    """Return the variables, of those that a statement sets, which are sums over a batch."""
    checked = algorithms[id]
    match statement:
        case Return() | Returns():
            names = [str(key) for key, _ in checked.header.outputs]
            sums = summed_over_batch(checked.header)
            whole = {"return"} if all(sums) else set()
        case Several(targets, call):
            names = [str(checked.names.targets[target].key) for target in targets]
            sums = summed_over_batch(algorithms[checked.typing.callees[call]].header)
            whole = set()
        case _:
            return set()
    return whole | {name for name, is_sum in zip(names, sums, strict=True) if is_sum}


def total(runs: Sequence[Sequence[Value]]) -> list[Array]:
    """Return the sum over the batch of what was set at each visit."""
    return [laid_out(reduce(np.add, map(laid_out, members))) for members in zip(*runs, strict=True)]


def depth_of_total(depths: Sequence[Value], members: int) -> list[Array]:
    """Return the depth of such a sum, which is as large as all that it is the sum of.

    Errors are measured by the largest number of one run, so that each member has its own share.
    """
    deep = [deepest(laid_out(visit).ravel().tolist()) for visit in depths]
    return [
        np.full(laid_out(visit).shape, Depth(members * (depth + 1)), dtype=object)
        for visit, depth in zip(depths, deep, strict=True)
    ]
