"""What a mistake is shown on: small sizes, and inputs on which it can be seen.

The numbers are drawn, as in the tests. What is set by hand is what makes a picture of them: one
length for both sequences, a causal mask, scores that differ.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from spec.inputs.draw import Inputs, draw
from spec.library import checked

Equal = frozenset[tuple[str, str]]

# Different where they can meet in one array, but for the lengths: attention is mostly to itself.
_SIZES = {
    "N_V": 8,
    "ℓ_max": 12,
    "ℓ_x": 6,
    "ℓ_z": 6,
    "T": 6,
    "d_e": 5,
    "d_x": 7,
    "d_z": 8,
    "d_in": 7,
    "d_attn": 3,
    "d_mid": 2,
    "d_out": 5,
    "d_mlp": 7,
    "d_f": 4,
    "H": 2,
    "L": 2,
    "L_enc": 2,
    "L_dec": 2,
    "ℓ_gen": 6,
    "length(x)": 6,
    "length(z)": 5,
}
_OF = {
    "1": {"d_e": 8, "N_V": 10},
    "2": {"d_e": 8, "ℓ_max": 9},
    "3": {"d_out": 8},
    "5": {"H": 3},
    "6": {"d_e": 8},
    "7": {"d_e": 6},
    "14": {"length(x)": 3, "L": 1},
    "15": {"length(z)": 4, "L_enc": 1, "L_dec": 1},
}
_SEEDS = {
    "2": 4,
    "8": 6,
    "14": 12,
    "15": 24,
}  # where a run may happen to show nothing, there are several
_LOUD = 2.0  # by how much inputs of attention are made larger, so that it is not almost uniform


@dataclass(frozen=True)
class Drawn:
    """Inputs, and what is to be said of them.

    Attributes
    ----------
    inputs
        What an algorithm is given.
    seed
        Where its random numbers come from.
    remark
        What is special, if anything: a whole sentence.
    """

    inputs: Inputs
    seed: int = 0
    remark: str = ""


def drawn(id: str, equal: Equal) -> Iterator[Drawn]:
    """Yield inputs for an algorithm, the plainest first; `equal` are sizes to be others."""
    of = _sizes(id, equal)
    values = {"bos_token": 1, "eos_token": 2} if id == "15" else {}
    for seed in range(_SEEDS.get(id, 1)):
        inputs = draw(checked(), id, np.random.default_rng(seed), of, values)
        for vary in _VARIATIONS.get(id, (Drawn,)):
            yield replace(vary(inputs), seed=seed)


def _sizes(id: str, equal: Equal) -> Mapping[str, int]:
    """Return sizes that are equal where they are to be."""
    found = {**_SIZES, **_OF.get(id, {})}
    before: dict[str, int] = {}
    while found != before:
        before = dict(found)
        for size, other in sorted(equal):
            if other in found:
                found[size] = found[other] = max(found[size], found[other])
            else:  # `H d_mid`
                found[size] = math.prod(found[name] for name in other.split(" "))
    return found


def _louder(inputs: Inputs) -> Inputs:
    def louder(value: object) -> object:
        if isinstance(value, list):
            return [louder(one) for one in value]
        return value * _LOUD if isinstance(value, np.ndarray) else value

    return replace(inputs, inputs=tuple(louder(value) for value in inputs.inputs))


def _one_query(inputs: Inputs) -> Drawn:
    return Drawn(_louder(inputs))


def _causal(inputs: Inputs) -> Drawn:
    *others, Mask = inputs.parameters
    causal = np.triu(np.ones_like(Mask))
    loud = _louder(replace(inputs, parameters=(*others, causal)))
    return Drawn(loud, remark="The mask is causal.")


def _seeing_nothing(inputs: Inputs) -> Drawn:
    causal = _causal(inputs).inputs
    *others, Mask = causal.parameters
    hidden = Mask * (np.arange(Mask.shape[1]) > 0)
    remark = "The mask is causal, and hides from the first token even itself."
    return Drawn(replace(causal, parameters=(*others, hidden)), remark=remark)


def _scaled(exponent: int, epsilon: int | None) -> Callable[[Inputs], Drawn]:
    """Make e smaller by a power of ten, since an ε matters beside a small variance only."""

    def vary(inputs: Inputs) -> Drawn:
        (e,) = inputs.inputs
        ε = 0.0 if epsilon is None else 10.0**epsilon
        size = f"e is of the size of {_power(exponent)}, and " if exponent else ""
        said = "0" if epsilon is None else _power(epsilon)
        changed = replace(inputs, inputs=(e * 10.0**exponent,), hyperparameters={"ε": ε})
        return Drawn(changed, remark=f"Here {size}ε is {said}.")

    return vary


def _power(exponent: int) -> str:
    digits = str(-exponent).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"10⁻{digits}"


_VARIATIONS: Mapping[str, tuple[Callable[[Inputs], Drawn], ...]] = {
    "3": (_one_query,),
    "4": (_causal, _seeing_nothing),
    "5": (_causal,),
    "6": (
        _scaled(0, -5),
        _scaled(-3, -5),
        _scaled(-3, None),
        _scaled(-5, None),
    ),
}
