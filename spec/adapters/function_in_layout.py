"""Plain functions that take what the paper takes, in another layout."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from spec.adapters import options
from spec.adapters.array_libraries import Library, computing
from spec.adapters.library_call import called
from spec.adapters.match_arguments import placed
from spec.adapters.options import (
    Batch,
    Biases,
    Fixed,
    Fused,
    Heads,
    Mask,
    Order,
    Result,
    Tokens,
    held_to,
    without,
)
from spec.adapters.restrictions import Limits
from spec.adapters.sequences import Sequences, others, spare
from spec.adapters.stored_parameters import Weights, listed
from spec.calling.by_name import annotations_of, as_annotated
from spec.inputs.adapter import Adapter, AdapterError, Function, Sizes
from spec.inputs.arguments import Given
from spec.language.types import Bundle
from spec.machine import Value

#: The sizes that are the same if q, k and v are one matrix, which is cut in three.
CUT = {"d_z": "d_x", "d_mid": "d_attn", "d_out": "d_attn"}


def layout(
    *,
    tokens: Tokens = "columns",
    batch: Batch | None = None,
    weights: Order = "out first",
    qkv: Fused = "separate",
    heads: Heads = "stacked",
    mask: Mask = "attend",
    itself: bool = False,
    result: Result = "probabilities",
    biases: Biases = True,
    tied: bool = False,
    embedding_scale: float | Literal["sqrt(d_e)"] = 1.0,
    eps: float | None = 0.0,
    sizes: Fixed | None = None,
    library: Library = "numpy",
) -> Adapter:
    """Return how a function in another layout is called.

    Its parameters have the paper's names, or others that are usual, or stand in the paper's order;
    it takes parameters as records or one by one.

    Parameters
    ----------
    tokens
        What tokens are. With `rows` all sequences are transposed, and the mask is ℓ_x×ℓ_z, and the
        embeddings are tables, a token a row.
    batch
        Which axis of sequences, and of the result, is a batch, if one is.
    weights
        Whether a matrix has a row for each output, as the paper's and as those of `Linear`, or a
        column.
    qkv
        Which of q, k and v are one matrix, called W_qkv, or W_kv.
    heads
        Along an axis of their own, a list, or below one another in matrices as `Linear` has them.
    mask
        What it says with 1: that a token may attend to another, or that it may not. `additive` is
        0 or −∞. With `causal` or `none` the function takes none: it lets tokens see what is not
        later, or everything.
    itself
        Whether the function takes no context: tokens attend to one another.
    result
        What a function of distributions returns.
    biases
        Whether there are offsets, or the names of those that there are. All others are 0, and the
        function gets None.
    tied
        Whether W_u is W_eᵀ.
    embedding_scale
        What the function multiplies token embeddings by.
    eps
        The ε of its norms if it is fixed. None: the function takes it.
    sizes
        Sizes that are fixed: `{"H": 4}`; or products of others: `{"d_x": "H d_attn"}`.
    library
        Whose arrays it takes.

    Raises
    ------
    AdapterError
        If an option cannot be what it is.
    """
    options.one_of("mask", mask, Mask)
    options.one_of("library", library, Library)
    sequences = Sequences(tokens, batch, result)
    form = Weights(tokens, weights, qkv, heads, biases, embedding_scale)
    implied = _implied(mask, itself, qkv, tied)
    fixed = {**(sizes or {}), **without(implied, sizes or {})}
    values: dict[str, Value] = {} if eps is None else {"ε": float(eps)}

    def fitting(asked: Sizes) -> Sizes:
        found = held_to(fixed, asked)
        if embedding_scale == "sqrt(d_e)":  # whose root is a power of 2: nothing is rounded
            found["d_e"] = 4 if found["d_e"] <= 4 else 16
            found = held_to(fixed, found)
        return found

    def call(function: Function, given: Given) -> Any:
        if isinstance(given.header.output[1], Bundle) and form.changes:
            raise AdapterError(f"Algorithm {given.id} returns parameters, which stay the paper's")
        handed = arguments(function, given)
        with computing(library, given.format.name):
            return sequences.returned(called(function, handed, library), given)

    def arguments(function: Function, given: Given) -> dict[str, Any]:
        inputs = sequences.handed(given)
        if itself:
            inputs.pop("Z", None)
        held = inputs | form.handed(given) | sequences.mask(given, mask) | others(given)
        found = placed(function, held, _spare(given), f"Algorithm {given.id}")
        hints = annotations_of(function)
        return {name: as_annotated(listed(value), hints.get(name)) for name, value in found.items()}

    said = (
        tokens,
        batch and f"batch {batch}",
        weights if weights != "out first" else None,
        qkv if qkv != "separate" else None,
        heads if heads != "stacked" else None,
        f"mask {mask}" if mask != "attend" else None,
        "itself" if itself else None,
        result if result != "probabilities" else None,
        said_of_biases(biases),
        "tied" if tied else None,
        f"embeddings times {embedding_scale}" if embedding_scale != 1 else None,
        f"eps {eps:g}" if eps else None,
        library if library != "numpy" else None,
    )
    limits = Limits(mask, itself, biases, tied)
    return Adapter(", ".join(filter(None, said)), call, fitting, limits, values)


def said_of_biases(biases: Biases) -> str | None:
    """Say which offsets there are, if not all."""
    if biases is True:
        return None
    return f"no biases but {', '.join(biases)}" if biases else "no biases"


def _implied(mask: Mask, itself: bool, qkv: Fused, tied: bool) -> dict[str, str]:
    """Return the sizes that must be the same."""
    return {
        **(CUT if qkv in ("fused", "fused in each head") else {}),
        **({"d_z": "d_x", "ℓ_z": "ℓ_x"} if itself else {}),
        **({"ℓ_z": "ℓ_x"} if mask == "causal" else {}),
        **({"d_f": "d_e"} if tied else {}),
    }


def _spare(given: Given) -> dict[str, Any]:
    """Return what a function may take that the algorithm does not."""
    heads = set(_heads(tuple(given.named.values())))
    return {**spare(given), **({"H": heads.pop()} if heads else {})}


def _heads(tree: Any) -> Iterator[int]:
    """Yield how many heads there are, wherever there are some."""
    if isinstance(tree, tuple):
        if hasattr(tree, "W_q") and tree.W_q.ndim == 3:
            yield tree.W_q.shape[0]
        for part in tree:
            yield from _heads(part)
