"""Is a tagged function the pseudocode, line by line?

The function and the pseudocode run on the same inputs. After each tagged statement, what the
line sets must be what the code's variable of that name holds, up to a bound that is a formula in
the sizes and the unit round-off. The code may be batched, and carry out many visits of a line at
once: numbers stand side by side in a vector, columns in a matrix, matrices along a new first
axis, and batch axes left of it. There is one orientation only, so that no transpose is hidden.

What an untagged statement does is seen in the lines after it, and after the last line not at all.
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
        A function whose statements carry tags.
    inputs
        What both run on.

    Raises
    ------
    PairingError
        If the function's source is not at hand, or a tag cannot be read.
    MachineError
        If the inputs are not what the algorithm declares.
    PrecisionError
        If the pseudocode has no value on the inputs that can be certified: 0/0, say.
    """
    return hold_to_lines(LineValues(algorithms, id, inputs), function)


def hold_to_lines(expected: LineValues, function: Function) -> Tie:
    """Run a function beside what the lines set; any number of functions can be held to one."""
    return compare_run(expected, run_observed(expected.inputs, function))


def run_observed(inputs: PairedInputs, function: Function) -> Observation:
    """Run a function on copies of the inputs: what it draws, and what it changes, is its own."""
    keywords = copy.deepcopy(dict(inputs.keywords))
    return observe(function, *copy.deepcopy(inputs.arguments), **keywords)


def compare_run(expected: LineValues, observation: Observation) -> Tie:
    """Compare a run of a function that has been observed."""
    return Comparison(expected).compare(observation)
