"""Parameters in the form in which a function stores them: transposed, fused, heads side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from spec import symbols
from spec.adapters.options import (
    Biases,
    Fused,
    Heads,
    Order,
    Tokens,
    has_bias,
    is_bias,
    require_allowed,
)
from spec.inputs.arguments import Arguments
from spec.inputs.records import record

Array = npt.NDArray[Any]
Fields = Mapping[str, Any]

#: The matrices with a column for each token or position: with tokens as rows they are tables.
TABLES = ("W_e", "W_p")
#: Which of q, k and v are one matrix, by its name: `{"q": ("q",), "kv": ("k", "v")}`.
JOINED: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "separate": {"q": ("q",), "k": ("k",), "v": ("v",)},
    "k v fused": {"q": ("q",), "kv": ("k", "v")},
    "fused": {"qkv": ("q", "k", "v")},
    "fused in each head": {"qkv": ("q", "k", "v")},
}


@dataclass(frozen=True)
class ParameterForm:
    """The form in which a function stores parameters.

    Attributes
    ----------
    tokens
        Whether tokens are columns or rows, which decides how the tables of embeddings stand.
    order
        Whether a matrix has a row for each output, as the paper's has, or a column.
    qkv
        Which of q, k and v are one matrix, their outputs below one another: first q of all
        heads, or q, k and v of the first head.
    heads
        Stacked along a first axis, a list, or their outputs below one another in one matrix.
    biases
        Whether there are offsets, or the names of those that there are; the others are None.
    scale
        What the function multiplies token embeddings by: a number, or `sqrt(d_e)`.
    """

    tokens: Tokens = "columns"
    order: Order = "out first"
    qkv: Fused = "separate"
    heads: Heads = "stacked"
    biases: Biases = True
    scale: float | str = 1.0

    def __post_init__(self) -> None:
        require_allowed("tokens", self.tokens, Tokens)
        require_allowed("weights", self.order, Order)
        require_allowed("qkv", self.qkv, Fused)
        require_allowed("heads", self.heads, Heads)

    @property
    def changes(self) -> bool:
        """Whether anything differs from the paper's form."""
        return self != ParameterForm()

    def stored(self, arguments: Arguments) -> dict[str, Any]:
        """Return the parameters of a call in this form, by name."""
        alone = {symbols.ascii(str(key)) for key, _ in arguments.header.parameters} - {"Mask"}
        named = arguments.named.items()
        return self.fields(
            {name: value for name, value in named if isinstance(value, tuple) or name in alone}
        )

    def fields(self, named: Fields) -> dict[str, Any]:
        """Return parameters, or those of a layer, with the names that the function has."""
        found: dict[str, Any] = {}
        for name, value in named.items():
            if hasattr(value, "W_q"):
                found |= self.head(name, value)
            elif hasattr(value, "_fields"):
                found[name] = record(type(value).__name__, self.fields(value._asdict()))
            elif isinstance(value, tuple):
                layers = [self.fields(layer._asdict()) for layer in value]
                found[name] = tuple(record("Layer", layer) for layer in layers)
            else:
                found[name] = self.array(name, value)
        return found

    def head(self, name: str, value: Any) -> dict[str, Any]:
        """Return q, k and v of a head, or of several, joined as the function has them."""
        joined = JOINED[self.qkv]
        found = {}
        for part, members in joined.items():
            weights = [getattr(value, f"W_{one}") for one in members]
            biases = [getattr(value, f"b_{one}") for one in members]
            has = any(has_bias(self.biases, f"b_{one}") for one in members)
            found[f"W_{part}"] = self.outputs(weights, -2)
            found[f"b_{part}"] = self.outputs(biases, -1) if has else None
        if len(joined) == 1:  # a record of one matrix is that matrix
            return found
        return {name: record(type(value).__name__, found)}

    def outputs(self, parts: Sequence[Array], axis: int) -> Any:
        """Return matrices, or offsets, as one, whose outputs were along an axis."""
        heads = parts[0].ndim > -axis
        if heads and self.heads == "side by side":
            if self.qkv == "fused in each head":
                parts = [np.concatenate(parts, axis)]
            parts = [part.reshape(-1, *part.shape[2:]) for part in parts]
        whole = parts[0] if len(parts) == 1 else np.concatenate(parts, axis)
        if axis == -2:
            whole = self.oriented(whole)
        return list(whole) if heads and self.heads == "list" else whole

    def array(self, name: str, value: Array) -> Array | None:
        """Return a matrix or a vector, or None for an offset that there is not."""
        if is_bias(name) and not has_bias(self.biases, name):
            return None
        if name == "W_e":
            root = self.scale == "sqrt(d_e)"
            scale = np.sqrt(value.shape[0]) if root else float(self.scale)
            value = value if scale == 1 else (value / scale).astype(value.dtype)
        if name in TABLES:
            return value.T if self.tokens == "rows" else value
        return self.oriented(value) if value.ndim > 1 else value

    def oriented(self, matrix: Array) -> Array:
        """Return a matrix whose rows are outputs as the function has it."""
        return np.swapaxes(matrix, -1, -2) if self.order == "in first" else matrix


def listed(value: Any) -> Any:
    """Return a record of lists, one entry a head, as a list of records; at every depth."""
    if hasattr(value, "_fields"):
        fields = value._asdict()
        if "W_q" in fields and isinstance(value.W_q, list):
            return [record(type(value).__name__, one) for one in _each(fields)]
        return record(type(value).__name__, {name: listed(one) for name, one in fields.items()})
    return tuple(map(listed, value)) if isinstance(value, tuple) else value


def _each(fields: Fields) -> Iterator[dict[str, Any]]:
    """Yield the fields of each head; an offset that there is not is None in each."""
    for head in range(len(fields["W_q"])):
        yield {name: None if all is None else all[head] for name, all in fields.items()}
