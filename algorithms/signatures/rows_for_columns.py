"""Tokens given as rows, where the paper has columns."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain, combinations
from typing import Any

from algorithms.signatures.annotations import (
    ArrayOf,
    Declaration,
)
from algorithms.signatures.check import Check
from algorithms.signatures.errors import ShapeError


def advised(
    error: ShapeError,
    declarations: Mapping[str, Declaration],
    arguments: Mapping[str, Any],
) -> ShapeError:
    """The error, with the advice to transpose where that fits."""
    tokens = [n for n in arguments if _are_tokens(declarations[n])]
    counts = range(1, len(tokens) + 1)
    for names in chain(*(combinations(tokens, n) for n in counts)):
        try:
            columns = {name: arguments[name].mT for name in names}
            changed = {**arguments, **columns}
            Check("").arguments(declarations, changed)
        except Exception:  # that is not the mistake, or not alone
            continue
        which = " and ".join(f"{name}.mT" for name in names)
        advice = f"tokens are columns: pass {which}"
        return ShapeError(f"{error}; {advice}")
    return error


def _are_tokens(declaration: Declaration) -> bool:
    # A matrix of parameters has no leading axes.
    return (
        isinstance(declaration, ArrayOf)
        and declaration.kind == "float"
        and declaration.batch != ""
        and len(declaration.axes) == 2
    )
