"""The arguments that a function can have: attention to itself, offsets of 0, W_u tied to W_e."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from spec import symbols
from spec.adapters.options import Biases, Mask, has_bias, is_bias
from spec.inputs.draw import Inputs
from spec.language.types import Key
from spec.machine import Parameters, Value
from spec.machine.trees import map_arrays


@dataclass(frozen=True)
class Restrictions:
    """Makes of drawn arguments the nearest that a function can have.

    Attributes
    ----------
    mask
        `causal`: a token sees itself and earlier tokens; `none`: everything. Any other form of
        the mask leaves it as it is drawn.
    itself
        Whether the context is the primary sequence.
    biases
        Whether there are offsets, or the names of those that there are; all others become 0.
    tied
        Whether W_u is the transpose of W_e.
    """

    mask: Mask = "attend"
    itself: bool = False
    biases: Biases = True
    tied: bool = False

    def __call__(self, run: Inputs) -> Inputs:
        """Return arguments that the function can have."""
        inputs = run.inputs
        if self.itself and any(str(key) == "Mask" for key in run.keys):
            inputs = (inputs[0], inputs[0], *inputs[2:])
        return replace(
            run,
            inputs=tuple(map(self._within, inputs)),
            parameters=tuple(map(self._parameter, run.keys, run.parameters)),
        )

    def _within(self, value: Value) -> Value:
        """Return a value whose parameters are restricted at every depth."""
        match value:
            case Parameters():
                fields = {key: self._parameter(key, part) for key, part in value.fields.items()}
                names = {symbols.ascii(str(key)): key for key in fields}
                if self.tied and {"W_e", "W_u"} <= names.keys():
                    fields[names["W_u"]] = fields[names["W_e"]].T.copy()
                return replace(value, fields=fields)
            case list():
                return [self._within(part) for part in value]
            case dict():
                return {index: self._within(part) for index, part in value.items()}
        return value

    def _parameter(self, key: Key, value: Value) -> Value:
        name = symbols.ascii(str(key))
        if name == "Mask":
            return self._masked(value)
        if is_bias(name) and not has_bias(self.biases, name):
            return map_arrays(np.zeros_like, value)
        return self._within(value)

    def _masked(self, drawn: Value) -> Value:
        match self.mask:
            case "causal":
                return np.triu(np.ones_like(drawn))
            case "none":
                return np.ones_like(drawn)
        return drawn
