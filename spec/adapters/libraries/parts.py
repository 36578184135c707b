"""Drawn arguments with some parameters as a function can have them: an offset 0, W_u = W_eᵀ."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from spec import symbols
from spec.inputs.draw import Inputs
from spec.machine import Parameters, Value


def tied(run: Inputs) -> Inputs:
    """Return arguments with W_eᵀ for W_u."""

    def tie(theta: Parameters) -> Parameters:
        keys = {str(key): key for key in theta.fields}
        W_u = theta.fields[keys["W_e"]].T.copy()
        return replace(theta, fields={**theta.fields, keys["W_u"]: W_u})

    return replace(run, parameters=tuple(tie(theta) for theta in run.parameters))


def without(*names: str) -> Callable[[Inputs], Inputs]:
    """Return how the parameters of some names, in Python's form, become 0 at every depth."""

    def zero(value: Value, named: bool) -> Value:
        match value:
            case Parameters():
                fields = {
                    key: zero(part, named=symbols.ascii(str(key)) in names)
                    for key, part in value.fields.items()
                }
                return replace(value, fields=fields)
            case list():
                return [zero(one, named) for one in value]
        return np.zeros_like(value) if named else value

    return lambda run: replace(
        run, parameters=tuple(zero(one, named=False) for one in run.parameters)
    )
