"""What a refusal says: one line, with the sizes and their source.

`sizes` are those known so far, `origin` the argument that set each.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import CodeType
from typing import Any

from algorithms.signatures.annotations import ArrayOf
from algorithms.signatures.array_types import dtype_name
from algorithms.signatures.leading_axes import LeadingAxes

Origin = Mapping[str, str]


@cache
def compiled(expression: str) -> CodeType:
    """Compile an expression in sizes, as `ell <= ell_max`."""
    return compile(expression, expression, "eval")


def is_of_one_size(axis: str) -> bool:
    """Whether an axis is a size, or shows one: `k`, `2*k+1`."""
    return len(compiled(axis).co_names) == 1


def wrong_shape(
    declaration: ArrayOf,
    shape: tuple[int, ...],
    leading: LeadingAxes,
    sizes: Mapping[str, Any],
    origin: Origin,
) -> str:
    """`has shape (3,), want (d_e,) where d_e=4 (e)`."""
    axes = declaration.axes
    why = [
        f"{name}={sizes[name]} ({origin[name]})"
        for axis in axes
        for name in compiled(axis).co_names
        if name in sizes
    ]
    if declaration.batch:
        axes = ("*batch", *axes)
        why = [f"batch={leading.known}", *why]
    if leading.input_met_parameter:
        why.append("no leading axis of θ meets one of an input")
    pairs = zip(declaration.axes[::-1], shape[::-1], strict=False)
    empty = declaration.may_be_empty
    if any(size == 0 and axis != empty for axis, size in pairs):
        why.append(
            "no axis is empty" + f" but {empty}" * bool(empty)
        )
    want = ", ".join(axes) + "," * (len(axes) == 1)
    where = f" where {', '.join(dict.fromkeys(why))}" if why else ""
    return f"has shape {shape}, want ({want}){where}"


def wrong_dtype(
    kind: str, dtype: Any, allowed: tuple[str, ...]
) -> str:
    """`has dtype float64, want integer`."""
    name, want = dtype_name(dtype), kind
    if not getattr(dtype, "isnative", True):
        native = dtype.newbyteorder("=").name
        name += " (bytes in an order that is not this machine's)"
        want += f": convert it by astype({native!r})"
    elif kind == "float" and "float" in name:
        *most, last = allowed
        want = f"{', '.join(most)} or {last}"
    return f"has dtype {name}, want {want}"


def broken_rule(
    rule: str, sizes: Mapping[str, Any], origin: Origin
) -> str:
    """`want ell <= ell_max, got ell=12 (x), ell_max=11 (W_p)`."""
    have = [
        f"{name}={sizes[name]}"
        + f" ({origin[name]})" * (origin[name] != name)
        for name in compiled(rule).co_names
    ]
    return f"want {rule}, got {', '.join(have)}"
