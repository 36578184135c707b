"""What a mistake is shown on: small sizes, and inputs on which it can be seen.

The numbers are drawn, as in the tests. What is set by hand makes a picture of them: one length
for both sequences of attention, a causal mask, scores that differ.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from spec.inputs.draw import Inputs, draw
from spec.inputs.size_table import size_table
from spec.language.header import Header
from spec.language.types import Family, Matrix
from spec.library import checked, example
from spec.machine.trees import map_arrays

Equal = frozenset[tuple[str, str]]

_LOUD = 2.0  # by how much inputs of attention are made larger, so that it is not almost uniform
#: Powers of ten: the size of e, and ε, which matters beside a small variance only.
_SCALES = ((0, -5), (-3, -5), (-3, None), (-5, None))


@dataclass(frozen=True)
class Drawn:
    """Inputs of an algorithm.

    Attributes
    ----------
    inputs
        The inputs.
    seed
        The seed of the run's random numbers.
    remark
        What is special about the inputs, if anything: a whole sentence.
    """

    inputs: Inputs
    seed: int = 0
    remark: str = ""


def drawn(id: str, equal: Equal) -> Iterator[Drawn]:
    """Yield inputs for an algorithm, the plainest first; `equal` are sizes that must be others."""
    chosen = example(id).get("picture", {})
    sizes = _sizes({**size_table("picture"), **chosen.get("sizes", {})}, equal)
    for seed in range(chosen.get("seeds", 1)):  # several, where a run may happen to show nothing
        source = np.random.default_rng(seed)
        inputs = draw(checked(), id, source, sizes, chosen.get("values"))
        for varied in _varied(inputs, checked()[id].header):
            yield replace(varied, seed=seed)


def _sizes(sizes: Mapping[str, int], equal: Equal) -> Mapping[str, int]:
    """Return sizes of which some are made equal."""
    found = dict(sizes)
    before: dict[str, int] = {}
    while found != before:
        before = dict(found)
        for size, other in sorted(equal):
            if other in found:
                found[size] = found[other] = max(found[size], found[other])
            else:  # `H d_mid`
                found[size] = math.prod(found[name] for name in other.split(" "))
    return found


def _varied(inputs: Inputs, header: Header) -> Iterator[Drawn]:
    """Yield inputs on which mistakes in an algorithm of this kind can be seen."""
    parameters = [str(key) for key, _ in header.parameters]
    families = [type for _, type in header.inputs if isinstance(type, Family)]
    if "Mask" in parameters:
        yield from _causal(inputs, parameters.index("Mask"))
    elif any(isinstance(family.member, Matrix) for family in families):  # a context to attend to
        yield Drawn(_louder(inputs))
    elif "ε" in map(str, header.hyperparameters) and _is_matrix(header):
        yield from (_scaled(inputs, *scale) for scale in _SCALES)
    else:
        yield Drawn(inputs)


def _is_matrix(header: Header) -> bool:
    """Say whether the input is one matrix, and not tokens."""
    return all(isinstance(type, Matrix) for _, type in header.inputs) and len(header.inputs) == 1


def _louder(inputs: Inputs) -> Inputs:
    return replace(inputs, inputs=map_arrays(lambda array: array * _LOUD, inputs.inputs))


def _causal(inputs: Inputs, place: int) -> Iterator[Drawn]:
    """Yield inputs with a causal mask; then with one in which the first token sees nothing."""
    before, after = inputs.parameters[:place], inputs.parameters[place + 1 :]
    causal = np.triu(np.ones_like(inputs.parameters[place]))
    loud = _louder(inputs)
    yield Drawn(replace(loud, parameters=(*before, causal, *after)), remark="The mask is causal.")
    hidden = causal * (np.arange(causal.shape[1]) > 0)
    yield Drawn(
        replace(loud, parameters=(*before, hidden, *after)),
        remark="The mask is causal, and hides from the first token even itself.",
    )


def _scaled(inputs: Inputs, exponent: int, epsilon: int | None) -> Drawn:
    """Return inputs made smaller by a power of ten, and an ε that is one, or 0."""
    (e,) = inputs.inputs
    ε = 0.0 if epsilon is None else 10.0**epsilon
    size = f"e is of the size of {_power(exponent)}, and " if exponent else ""
    value = "0" if epsilon is None else _power(epsilon)
    changed = replace(inputs, inputs=(e * 10.0**exponent,), hyperparameters={"ε": ε})
    return Drawn(changed, remark=f"Here {size}ε is {value}.")


def _power(exponent: int) -> str:
    digits = str(-exponent).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"10⁻{digits}"
