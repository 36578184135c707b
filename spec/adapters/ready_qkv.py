"""Functions of queries, keys and values: the adapter does the linear maps before and after."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from spec.adapters.options import Batch, Heads, Tokens
from spec.adapters.sequences import AXES
from spec.inputs.adapter_error import AdapterError
from spec.inputs.arguments import Arguments
from spec.inputs.array_conversion import Array, to_numpy
from spec.inputs.python_form import record

#: How the heads lie in queries, keys and values; a list of arrays is not one of the ways.
HEADS = ("stacked", "after tokens", "side by side")


class _Maps(NamedTuple):
    """The linear maps of an attention; without heads, nothing follows."""

    heads: Any  # W_q, b_q, W_k, b_k, W_v, b_v of one head, or of each head
    W_o: Array | None = None
    b_o: Array | None = None


@dataclass(frozen=True)
class ReadyForm:
    """The form in which a function takes queries, keys and values, by options of `layout`.

    The function does lines 4.4–4.6, for all heads of Algorithm 5 if that is the algorithm, or of
    H2, where it gets more heads of queries than of keys and values. Products are computed in
    float64, and rounded to the format of the call once.
    """

    tokens: Tokens = "columns"
    batch: Batch | None = None
    heads: Heads = "stacked"

    def __post_init__(self) -> None:
        if self.heads not in HEADS:
            raise AdapterError(
                f"queries, keys and values cannot have the option heads={self.heads!r}; it may be "
                f"{', '.join(HEADS)}"
            )

    def queries_keys_values(
        self, sequences: Mapping[str, Array], arguments: Arguments
    ) -> dict[str, Array]:
        """Return Q, K and V of sequences in the function's form: lines 4.1–4.3."""
        maps = _maps(arguments)
        has_heads = maps.W_o is not None
        by_name: dict[str, Array] = {}
        for part, name in (("q", "X"), ("k", "Z"), ("v", "Z")):
            W, b = (_exact(getattr(maps.heads, f"{kind}_{part}")) for kind in "Wb")
            columns = _exact(self._columns(sequences[name]))
            products = W @ (columns[..., None, :, :] if has_heads else columns) + b[..., None]
            laid = self._laid(products, heads=has_heads)
            by_name[part.upper()] = laid.astype(arguments.format.dtype)
        return by_name

    def mixed(self, value: Any, arguments: Arguments) -> Any:
        """Return the function's result after lines 5.3 and 5.4, if the algorithm has heads."""
        maps, array = _maps(arguments), to_numpy(value)
        if maps.W_o is None or maps.b_o is None or array is None:
            return value
        apart = self.heads != "side by side"
        axes = 2 + apart + (self.batch is not None)
        if array.ndim != axes:
            raise AdapterError(
                f"the result has shape {array.shape}; it should have {axes} axes, as queries have"
            )
        columns = self._columns(array, heads=apart)
        if apart:
            columns = columns.reshape(*columns.shape[:-3], -1, columns.shape[-1])
        if columns.shape[-2] != maps.W_o.shape[1]:
            H, d_mid = len(maps.heads.W_q), maps.heads.W_v.shape[1]
            raise AdapterError(
                f"the result has shape {array.shape}; it should have {H} heads of {d_mid} numbers, "
                "as values have"
            )
        mixed = _exact(maps.W_o) @ _exact(columns) + _exact(maps.b_o)[:, None]
        return self._laid(mixed).astype(array.dtype)

    def _columns(self, array: Array, *, heads: bool = False) -> Array:
        """Return what is in the function's form with tokens as columns, the batch first."""
        if self.batch is not None:
            array = np.moveaxis(array, AXES[self.batch], 0)
        if heads and self.heads == "after tokens":
            array = array.swapaxes(-3, -2)
        return array.mT if self.tokens == "rows" else array

    def _laid(self, columns: Array, *, heads: bool = False) -> Array:
        """Return columns, of each head if there are heads, in the function's form."""
        if heads and self.heads == "side by side":
            columns = columns.reshape(*columns.shape[:-3], -1, columns.shape[-1])
        array = columns.mT if self.tokens == "rows" else columns
        if heads and self.heads == "after tokens":
            array = array.swapaxes(-3, -2)
        return array if self.batch is None else np.moveaxis(array, 0, AXES[self.batch])


def _maps(arguments: Arguments) -> _Maps:
    """Return the linear maps of an attention."""
    named = arguments.named
    for value in named.values() if {"X", "Z"} <= named.keys() else ():
        if hasattr(value, "W_q"):
            return _Maps(value)
        if hasattr(value, "W_qkv"):
            return _Maps(value.W_qkv, value.W_o, value.b_o)
        if hasattr(value, "W_g"):  # the heads of queries in groups, each with one of keys
            queries = {name: np.concatenate(part) for name, part in value.W_g._asdict().items()}
            return _Maps(record("Heads", {**value._asdict(), **queries}), value.W_o, value.b_o)
    raise AdapterError(f"Algorithm {arguments.id} has no queries, keys and values of sequences")


def _exact(array: Array) -> Array:
    return array.astype(np.float64)
