"""Parameters as a function stores them: transposed, fused, the heads side by side."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from spec import symbols
from spec.adapters import options
from spec.inputs.arguments import Arguments
from spec.inputs.array_conversion import Array
from spec.inputs.python_form import record
from spec.language.types import Matrix

Fields = Mapping[str, Any]

#: The matrices with a column for each token or position: with tokens as rows they are tables.
TABLES = ("W_e", "W_p")
#: Which of W_q, W_k and W_v are one matrix, by the options: W_kv is W_k above W_v.
JOINED: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "separate": {"q": ("q",), "k": ("k",), "v": ("v",)},
    "k v fused": {"q": ("q",), "kv": ("k", "v")},
    "fused": {"qkv": ("q", "k", "v")},
    "fused in each head": {"qkv": ("q", "k", "v")},
}


@dataclass(frozen=True)
class ParameterForm:
    """The form in which a function stores parameters, by options of `layout`.

    `order` is the option `weights`, and `scale` the option `embedding_scale`. Tables of embeddings
    are transposed if tokens are rows. Joined matrices lie below one another: first those of all
    heads, or `fused in each head` those of the first head.
    """

    tokens: options.Tokens = "columns"
    order: options.Order = "out first"
    qkv: options.Fused = "separate"
    heads: options.Heads = "stacked"
    biases: options.Biases = True
    scale: float | str = 1.0

    def __post_init__(self) -> None:
        options.require_allowed("tokens", self.tokens, options.Tokens)
        options.require_allowed("weights", self.order, options.Order)
        options.require_allowed("qkv", self.qkv, options.Fused)
        options.require_allowed("heads", self.heads, options.Heads)

    def stored(self, arguments: Arguments) -> dict[str, Any]:
        """Return the parameters of a call in this form, by name."""
        header = arguments.header
        keys = [key for key, _ in header.parameters]
        keys += [key for key, type in header.hyperparameters.items() if isinstance(type, Matrix)]
        single = {symbols.ascii(str(key)) for key in keys} - {"Mask"}
        named = {
            name: value
            for name, value in arguments.named.items()
            if hasattr(value, "_fields") or (hasattr(value, "dtype") and name in single)
        }
        return self.fields(named)

    def fields(self, named: Fields) -> dict[str, Any]:
        """Return parameters, or those of a layer, by the names that they have in this form."""
        fields: dict[str, Any] = {}
        for name, value in named.items():
            if hasattr(value, "W_q") and hasattr(value, "b_v"):  # as in Algorithms 3 to 5
                fields |= self.head(name, value)
            elif hasattr(value, "_fields"):
                fields[name] = record(type(value).__name__, self.fields(value._asdict()))
            elif isinstance(value, tuple):
                layers = [self.fields(layer._asdict()) for layer in value]
                fields[name] = tuple(record("Layer", layer) for layer in layers)
            else:
                fields[name] = self.array(name, value)
        return fields

    def head(self, name: str, value: Any) -> dict[str, Any]:
        """Return W_q, W_k and W_v of one head or of several, joined as in this form."""
        joined = JOINED[self.qkv]
        fields = {}
        for part, members in joined.items():
            weights = [getattr(value, f"W_{member}") for member in members]
            biases = [getattr(value, f"b_{member}") for member in members]
            has = any(options.has_bias(self.biases, f"b_{member}") for member in members)
            fields[f"W_{part}"] = self.outputs(weights, -2)
            fields[f"b_{part}"] = self.outputs(biases, -1) if has else None
        if len(joined) == 1:  # a record of one matrix is that matrix
            return fields
        return {name: record(type(value).__name__, fields)}

    def outputs(self, parts: Sequence[Array], axis: int) -> Any:
        """Return matrices, or offsets, joined to one along the axis of their outputs."""
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
        """Return a matrix or a vector, or None for an offset that the function does not have."""
        if options.is_bias(name) and not options.has_bias(self.biases, name):
            return None
        if name == "W_e":
            root = self.scale == "sqrt(d_e)"
            scale = np.sqrt(value.shape[0]) if root else float(self.scale)
            value = value if scale == 1 else (value / scale).astype(value.dtype)
        if name in TABLES:
            return value.T if self.tokens == "rows" else value
        return self.oriented(value) if value.ndim > 1 else value

    def oriented(self, matrix: Array) -> Array:
        """Return a matrix with a row for each output, or transposed, as in this form."""
        return np.swapaxes(matrix, -1, -2) if self.order == "in first" else matrix


def listed(value: Any) -> Any:
    """Return a record of lists, with an entry for each head, as a list of records."""
    if hasattr(value, "_fields"):
        fields = value._asdict()
        if "W_q" in fields and isinstance(value.W_q, list):
            return [record(type(value).__name__, head) for head in _heads(fields)]
        return record(type(value).__name__, {name: listed(part) for name, part in fields.items()})
    return tuple(map(listed, value)) if isinstance(value, tuple) else value


def _heads(fields: Fields) -> Iterator[dict[str, Any]]:
    """Yield the fields of each head; an offset that is None for all is None for each."""
    for head in range(len(fields["W_q"])):
        yield {name: None if parts is None else parts[head] for name, parts in fields.items()}
