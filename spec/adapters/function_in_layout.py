"""Plain functions: in the paper's own form, or in another layout that options describe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from spec.adapters.array_libraries import Library, call_in_library, computing
from spec.adapters.match_arguments import matched
from spec.adapters.options import (
    Batch,
    Biases,
    FixedSizes,
    Fused,
    Heads,
    Mask,
    Order,
    Result,
    Tokens,
    chosen_first,
    require_allowed,
    with_fixed,
)
from spec.adapters.restrictions import Restrictions
from spec.adapters.sequences import SequenceForm, numbers, optional
from spec.adapters.stored_parameters import ParameterForm, listed
from spec.calling.python_signature import annotations_of, as_annotated, parameters_of
from spec.inputs.adapter import Adapter, AdapterError, Function, Sizes
from spec.inputs.arguments import Arguments
from spec.language.types import Bundle
from spec.machine import Value
from spec.machine.trees import leaves

#: The sizes that are equal if q, k and v are one matrix, which is cut in three.
CUT_IN_THREE = {"d_z": "d_x", "d_mid": "d_attn", "d_out": "d_attn"}
#: The options that an adapter's name leaves out.
USUAL = ("out first", "separate", "stacked", "probabilities", "numpy")


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
    sizes: FixedSizes | None = None,
    library: Library = "numpy",
) -> Adapter:
    """Return how a function in another layout is called.

    Its parameters have the paper's names, or synonyms that are usual, or stand in the paper's
    order; it takes parameters as records or one by one.

    Parameters
    ----------
    tokens
        Whether tokens are columns or rows. With `rows` all sequences are transposed, the mask is
        ℓ_x×ℓ_z, and the embeddings are tables with a row for each token.
    batch
        Which axis of sequences, and of the result, is a batch, if one is.
    weights
        Whether a matrix has a row for each output, as the paper's and `Linear`'s, or a column.
    qkv
        Which of q, k and v are one matrix, called W_qkv, or W_kv.
    heads
        Stacked along an axis of their own, a list, or below one another in matrices as `Linear`
        has them.
    mask
        What 1 means: that a token may attend to another, or that it may not. `additive` is 0 or
        −∞. With `causal` or `none` the function takes no mask: it lets tokens see themselves and
        what is earlier, or everything.
    itself
        Whether the function takes no context: tokens attend to one another.
    result
        Whether a function of distributions returns probabilities or logits.
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
        The library whose arrays it takes.

    Raises
    ------
    AdapterError
        If an option has a value that it cannot have.
    """
    require_allowed("mask", mask, Mask)
    require_allowed("library", library, Library)
    form = Layout(
        SequenceForm(tokens, batch, result),
        ParameterForm(tokens, weights, qkv, heads, biases, embedding_scale),
        mask,
        itself,
        library,
    )
    implied = {
        **(CUT_IN_THREE if qkv in ("fused", "fused in each head") else {}),
        **({"d_z": "d_x", "ℓ_z": "ℓ_x"} if itself else {}),
        **({"ℓ_z": "ℓ_x"} if mask == "causal" else {}),
        **({"d_f": "d_e"} if tied else {}),
    }
    fixed = chosen_first(sizes, implied)
    values: dict[str, Value] = {} if eps is None else {"ε": float(eps)}

    def fitting(wanted: Sizes) -> Sizes:
        found = with_fixed(fixed, wanted)
        if embedding_scale == "sqrt(d_e)":  # whose root is a power of 2: nothing is rounded
            found["d_e"] = 4 if found["d_e"] <= 4 else 16
            found = with_fixed(fixed, found)
        return found

    said = (
        tokens,
        batch and f"batch {batch}",
        *(option for option in (weights, qkv, heads) if option not in USUAL),
        f"mask {mask}" if mask != "attend" else "",
        "itself" if itself else "",
        result if result not in USUAL else "",
        _biases(biases),
        "tied" if tied else "",
        f"embeddings times {embedding_scale}" if embedding_scale != 1 else "",
        f"eps {eps:g}" if eps else "",
        library if library not in USUAL else "",
    )
    restrictions = Restrictions(mask, itself, biases, tied)
    return Adapter(", ".join(filter(None, said)), form.call, fitting, restrictions, values)


def paper_form(function: Function) -> Adapter:
    """Return how a function in the paper's own form is called: the layout without options."""
    values: dict[str, Value] = {} if "eps" in parameters_of(function) else {"ε": 0.0}
    return Adapter("the paper writes it", PAPER_LAYOUT.call, values=values)


@dataclass(frozen=True)
class Layout:
    """The form in which a plain function takes its arguments.

    Attributes
    ----------
    sequences, parameters
        The form of sequences and of the result, and that of parameters.
    mask
        The form of the mask.
    itself
        Whether the function takes no context.
    library
        The library whose arrays it takes.
    """

    sequences: SequenceForm = field(default_factory=SequenceForm)
    parameters: ParameterForm = field(default_factory=ParameterForm)
    mask: Mask = "attend"
    itself: bool = False
    library: Library = "numpy"

    def call(self, function: Function, arguments: Arguments) -> Any:
        """Call a function, and return its result in the paper's form."""
        if isinstance(arguments.header.output[1], Bundle) and self.parameters.changes:
            raise AdapterError(
                f"Algorithm {arguments.id} returns parameters, which stay the paper's"
            )
        by_name = self.arguments(function, arguments)
        with computing(self.library, arguments.format.name):
            result = call_in_library(function, by_name, self.library)
            return self.sequences.returned(result, arguments)

    def arguments(self, function: Function, arguments: Arguments) -> dict[str, Any]:
        """Return the arguments that a function is called with, by the names of its parameters.

        Raises
        ------
        AdapterError
            If a parameter has no argument, or an array has no parameter.
        """
        sequences = self.sequences.sequences(arguments)
        if self.itself:
            sequences.pop("Z", None)
        required = {
            **sequences,
            **self.parameters.stored(arguments),
            **self.sequences.mask(arguments, self.mask),
            **numbers(arguments),
        }
        also = {**optional(arguments), **_heads(arguments)}
        found = matched(function, required, also, f"Algorithm {arguments.id}")
        types = annotations_of(function)
        return {name: as_annotated(listed(value), types.get(name)) for name, value in found.items()}


#: The paper's own form.
PAPER_LAYOUT = Layout()


def _biases(biases: Biases) -> str:
    """Say which offsets there are, if not all."""
    if biases is True:
        return ""
    return f"no biases but {', '.join(biases)}" if biases else "no biases"


def _heads(arguments: Arguments) -> Mapping[str, int]:
    """Return the number of heads, which a function may take: the first axis of a stacked W_q."""
    for path, array in leaves(dict(arguments.named)):
        if path[-1] == "W_q" and array.ndim == 3:
            return {"H": len(array)}
    return {}
