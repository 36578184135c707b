"""Is a tagged function the pseudocode, line by line?

The function and the pseudocode run on the same inputs. After each tagged statement, the code's
variable must hold what the line sets to the variable of that name, up to a bound that is a formula
in the sizes and the unit round-off. The code may be batched, and may carry out many visits of a
line at once (`spec.line_by_line.array_axes` shows how they stand). There is one orientation only,
so that no transpose is hidden.

An untagged statement is judged by the lines after it; after the last line it is not seen at all.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping

from spec.expected.line_values import LineValues, PairedInputs
from spec.language.checked import Checked
from spec.line_by_line.compare_lines import Comparison
from spec.line_by_line.findings import Tie
from spec.line_by_line.observe import Observation, observe
from spec.pairing import Function


def tie(
    algorithms: Mapping[str, Checked], id: str, function: Function, inputs: PairedInputs
) -> Tie:
    """Run a function beside the pseudocode of an algorithm.

    Parameters
    ----------
    algorithms
        All algorithms, as `spec.library.checked` gives them.
    id
        The algorithm that the function carries out.
    function
        A function whose statements carry tags: `S = K.mT @ Q  # 4.4`.
    inputs
        The inputs of both.

    Raises
    ------
    PairingError
        If the function's source cannot be found, or a tag cannot be read.
    MachineError
        If the inputs are not those that the algorithm declares.
    PrecisionError
        If the pseudocode has no value on the inputs that can be certified: it is 0/0, say.

    Examples
    --------
    >>> import numpy as np
    >>> from spec.inputs.draw import draw
    >>> from spec.inputs.python_form import python_form
    >>> from spec.library import checked
    >>> def norm(e, gamma, beta, eps):
    ...     m = e.mean(axis=0)  # 6.1
    ...     v = e.var(axis=0, ddof=1)  # 6.2
    ...     return (e - m) / np.sqrt(v + eps) * gamma[:, None] + beta[:, None] # 6.3
    >>> inputs = draw(checked(), "6", np.random.default_rng(0))
    >>> arguments = python_form(checked(), "6", [inputs], np.float64)
    >>> held = tie(checked(), "6", norm, PairedInputs([[inputs]], (), arguments))
    >>> held.differences[0].line, held.differences[0].problem
    ('6.2', 'v is 0.0409459 where the pseudocode has 0.0341216, at [0]')
    """
    return hold_to_lines(LineValues(algorithms, id, inputs), function)


def hold_to_lines(expected: LineValues, function: Function) -> Tie:
    """Run a function beside what the lines set, which is computed once for many functions."""
    return Comparison(expected, run_observed(expected.inputs, function)).compare()


def run_observed(inputs: PairedInputs, function: Function) -> Observation:
    """Run a function on copies of its inputs: it may change them, and draw random numbers."""
    keywords = copy.deepcopy(dict(inputs.keywords))
    return observe(function, *copy.deepcopy(inputs.arguments), **keywords)
