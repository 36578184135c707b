"""The arguments that a function can have: self-attention alone, no offsets, W_u tied to W_e."""

from dataclasses import dataclass, replace

import numpy as np

from spec.adapters.options import Biases, Mask, has_bias, is_bias
from spec.inputs.arguments import masked
from spec.inputs.change_parameters import Fields, change_parameters, members
from spec.inputs.draw import Inputs
from spec.machine import Value


@dataclass(frozen=True)
class Restrictions:
    """Maps drawn arguments to the nearest ones that a function can have, by options of `layout`."""

    mask: Mask = "attend"
    itself: bool = False
    biases: Biases = True
    tied: bool = False

    def __call__(self, run: Inputs) -> Inputs:
        """Return the nearest arguments that the function can have."""
        if self.itself and "Mask" in map(str, run.keys):
            run = replace(run, inputs=(run.inputs[0], run.inputs[0], *run.inputs[2:]))
        return change_parameters(run, self._restricted)

    def _restricted(self, fields: Fields) -> Fields:
        changed = {name: self._parameter(name, value) for name, value in fields.items()}
        if self.tied and {"W_e", "W_u"} <= changed.keys():
            changed["W_u"] = changed["W_e"].T.copy()
        return changed

    def _parameter(self, name: str, value: Value) -> Value:
        if is_bias(name) and not has_bias(self.biases, name):
            return members(value, np.zeros_like)
        if name == "Mask" and self.mask in ("causal", "none"):
            return masked(value, "causal" if self.mask == "causal" else "all")
        return value
