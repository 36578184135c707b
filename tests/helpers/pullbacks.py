"""The cotangents of the algorithms in balls: by the pullbacks' texts, and by reverse mode.

Reverse mode is the machine's own, of the algorithm that a pullback is of: of Algorithm 4 for ∇4.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from flint import arb

from spec.domains import Reverse
from spec.domains.balls import Balls
from spec.expected.trace import numbers
from spec.inputs.draw import Inputs, draw
from spec.inputs.size_table import size_table
from spec.language.checked import Checked
from spec.language.header import Header, cotangent
from spec.library import checked
from spec.machine import Machine, Value, map_values
from spec.machine.values import entrywise

#: The precision that leaves the balls of a whole transformer narrow.
BITS = 256

Run = Callable[[str, Sequence[Value], Sequence[Value]], Any]
Named = Mapping[str, Any]


@dataclass(frozen=True)
class Comparison:
    """How far two enclosures of the same numbers are apart.

    Attributes
    ----------
    numbers
        How many numbers there are.
    apart
        How many of them lie in balls that do not overlap.
    radius
        What no number differs by more than.
    """

    numbers: int
    apart: int
    radius: float


def losses() -> Mapping[str, Callable[[Reverse[arb], Run, Named], Any]]:
    """The loss whose cotangents each pullback gives, as a function of the algorithm's result."""
    return {
        "∇1": lambda D, run, a: D.total(
            [_dot(D, run("1", [v], [a["W_e"]]), a["X̄"][:, t]) for t, v in enumerate(a["x"])]
        ),
        "∇2": lambda D, run, a: D.total(
            [_dot(D, run("2", [t + 1], [a["W_p"]]), X_bar) for t, X_bar in enumerate(a["X̄"].T)]
        ),
        "∇4": lambda D, run, a: _dot(
            D, run("4", [a["X"], a["Z"]], [a["W_qkv"], a["Mask"]]), a["R̄"]
        ),
        "∇5": lambda D, run, a: _dot(D, run("5", [a["X"], a["Z"]], [a["W"], a["Mask"]]), a["R̄"]),
        "∇6": lambda D, run, a: D.total(
            [
                _dot(D, run("6", [e[:, None]], [a["γ"], a["β"]]), R_bar)
                for e, R_bar in zip(a["E"].T, a["R̄"].T, strict=True)
            ]
        ),
        "∇7": lambda D, run, a: _cross_entropy(
            D,
            np.concatenate([run("7", [e[:, None]], [a["W_u"]]) for e in a["X"].T], axis=1),
            a["y"],
            a["a"].ravel(),
        ),
        "∇8": lambda D, run, a: _next_tokens(D, run("8", [a["z"], a["x"]], [a["θ"]]), a["x"]),
        "∇9": lambda D, run, a: _cross_entropy(
            D, run("9", [a["x̃"]], [a["θ"]]), a["y"], a["a"].ravel()
        ),
        "∇10": lambda D, run, a: _next_tokens(D, run("10", [a["x"]], [a["θ"]]), a["x"]),
    }


def _dot(D: Reverse[arb], result: Any, cotangent_of_it: Any) -> Any:
    return D.dot(result.ravel().tolist(), cotangent_of_it.ravel().tolist())


def _cross_entropy(D: Reverse[arb], P: Any, y: Sequence[int], a: Sequence[Any]) -> Any:
    return -D.total([a[t] * D.log(P[v - 1, t]) for t, v in enumerate(y)])


def _next_tokens(D: Reverse[arb], P: Any, x: Sequence[int]) -> Any:
    return _cross_entropy(D, P[:, : len(x) - 1], x[1:], [D.real(1)] * len(x))


def arguments(id: str, seed: int = 0, column: str = "small") -> Inputs:
    """Arguments of a pullback, at the sizes of a column of the table.

    A token occurs twice; half of the tokens count; and where there is a mask, the first token
    attends to nothing.
    """
    drawn = draw(checked(), id, np.random.default_rng(seed), size_table(column))
    parameters = []
    for key, value in zip(drawn.keys, drawn.parameters, strict=True):
        if str(key) == "Mask":
            value = value.copy()
            value[:, 0] = 0
        parameters.append(value)
    inputs = list(drawn.inputs)
    for place, (key, _) in enumerate(checked()[id].header.inputs):
        if isinstance(inputs[place], list):
            inputs[place] = [inputs[place][-1], *inputs[place][1:]]
        if str(key) == "a":
            inputs[place] = np.arange(len(inputs[place]))[:, None] % 2 * 1.0
    return replace(drawn, inputs=tuple(inputs), parameters=tuple(parameters))


def compared(
    id: str, inputs: Inputs, bits: int, algorithms: Mapping[str, Checked] | None = None
) -> Comparison:
    """Compare what the text of a pullback gives with reverse mode.

    `algorithms` may hold another text of the pullback; reverse mode is of those of the files.
    """
    with Balls(bits) as balls:
        machine = Machine(algorithms or checked(), balls)
        found = machine.run(id, inputs.inputs, inputs.parameters, inputs.hyperparameters)
        wanted = _by_reverse_mode(id, inputs, balls)
        pairs = list(zip(numbers(found), wanted, strict=True))
        return Comparison(
            len(pairs),
            sum(not one.overlaps(other) for one, other in pairs),
            max(_at_most(one - other) for one, other in pairs),
        )


def _at_most(difference: arb) -> float:
    return float(difference.abs_upper()) if difference.is_finite() else np.inf


def _by_reverse_mode(id: str, inputs: Inputs, balls: Balls) -> Iterator[arb]:
    """Yield the loss, where the pullback gives it, and all its derivatives in the same order."""
    header, D = checked()[id].header, Reverse(balls)
    machine: Machine[Any] = Machine(checked(), D)

    def run(id: str, inputs: Sequence[Value], parameters: Sequence[Value]) -> Any:
        return machine.run(id, inputs, parameters, hyperparameters)

    hyperparameters = {
        name: value
        for name, value in inputs.hyperparameters.items()
        if not isinstance(value, int)  # sizes, which the arrays have
    }
    named = {
        str(key): _entries(D.variable if key in _differentiated(header) else _unchanged, value)
        for (key, _), value in zip(
            (*header.inputs, *header.parameters), (*inputs.inputs, *inputs.parameters), strict=True
        )
    }
    loss = losses()[id](D, run, named)
    leaves = [leaf for key in _differentiated(header) for leaf in numbers(named[str(key)])]
    if str(header.outputs[0][0]) == "loss":
        yield loss.value
    yield from D.gradient(loss, leaves)


def _differentiated(header: Header) -> list[Any]:
    """The arguments of which a pullback gives the cotangents, in the order of its results."""
    of = {cotangent(key): key for key, _ in (*header.inputs, *header.parameters)}
    return [of[key] for key, _ in header.outputs if key in of]


def _unchanged(entry: arb) -> arb:
    return entry


def _entries(change: Callable[[arb], Any], value: Value) -> Value:
    """An argument with its real numbers in balls, and `change` of each of these."""
    return map_values(
        lambda leaf: (
            entrywise(lambda entry: change(arb(entry)), leaf)
            if isinstance(leaf, np.ndarray) and leaf.dtype.kind == "f"
            else leaf
        ),
        value,
    )
