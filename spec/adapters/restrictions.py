"""The arguments that a function can have: attention to the sequence itself, offsets of 0, a tie."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from spec import symbols
from spec.adapters.options import Biases, Mask, has_bias, is_bias
from spec.inputs.draw import Inputs
from spec.language.types import Key
from spec.machine import Parameters, Value


@dataclass(frozen=True)
class Limits:
    """What arguments are made, nearest to those that are drawn.

    Attributes
    ----------
    mask
        `causal`: a token sees what is not later; `none`: everything. Any other is as drawn.
    itself
        Whether the context is the primary sequence.
    biases
        Whether there are offsets, or the names of those that there are; all others are 0.
    tied
        Whether W_u is the transpose of W_e.
    """

    mask: Mask = "attend"
    itself: bool = False
    biases: Biases = True
    tied: bool = False

    def __call__(self, run: Inputs) -> Inputs:
        """Return arguments that the function can have."""
        named = list(zip(run.keys, run.parameters, strict=True))
        inputs = run.inputs
        if self.itself and any(str(key) == "Mask" for key in run.keys):
            inputs = (inputs[0], inputs[0], *inputs[2:])
        return replace(
            run,
            inputs=tuple(map(self.within, inputs)),
            parameters=tuple(self.part(key, value) for key, value in named),
        )

    def within(self, value: Value) -> Value:
        """Return parameters changed at every depth, or what else there is, as it is."""
        match value:
            case Parameters():
                fields = {key: self.part(key, one) for key, one in value.fields.items()}
                names = {symbols.ascii(str(key)): key for key in fields}
                if self.tied and {"W_e", "W_u"} <= names.keys():
                    fields[names["W_u"]] = fields[names["W_e"]].T.copy()
                return replace(value, fields=fields)
            case list():
                return [self.within(one) for one in value]
            case dict():
                return {index: self.within(one) for index, one in value.items()}
        return value

    def part(self, key: Key, value: Value) -> Value:
        """Return a parameter, or 0 for an offset that there is not; or the mask."""
        name = symbols.ascii(str(key))
        if name == "Mask":
            return self.masked(value)
        if is_bias(name) and not has_bias(self.biases, name):
            members = value if isinstance(value, list) else [value]
            zeros = [np.zeros_like(one) for one in members]
            return zeros if isinstance(value, list) else zeros[0]
        return self.within(value)

    def masked(self, drawn: Value) -> Value:
        """Return the mask that the function has, whatever is drawn, or the one that is drawn."""
        match self.mask:
            case "causal":
                return np.triu(np.ones_like(drawn))
            case "none":
                return np.ones_like(drawn)
        return drawn
