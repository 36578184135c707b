"""Plain functions: in the paper's own form, or in another layout that options describe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from spec.adapters import options
from spec.adapters.array_libraries import Library, call_in_library, computing, formats_of
from spec.adapters.chosen_result import chosen_result
from spec.adapters.match_arguments import UntakenArgumentError, argument_named, matched
from spec.adapters.options import option
from spec.adapters.ready_qkv import ReadyForm
from spec.adapters.restrictions import Restrictions
from spec.adapters.sequences import SequenceForm, numbers, optional
from spec.adapters.stored_parameters import ParameterForm, listed
from spec.calling.python_signature import annotations_of, as_annotated, parameters_of
from spec.inputs.adapter_error import AdapterError
from spec.inputs.arguments import Adapter, Arguments, Function, Sizes
from spec.language.types import Bundle
from spec.machine import Value
from spec.machine.trees import leaves

#: The sizes that are equal if W_q, W_k and W_v are one matrix, which is cut in three.
CUT_IN_THREE = {"d_z": "d_x", "d_mid": "d_attn", "d_out": "d_attn"}
#: What a function takes whose queries, keys and values are ready.
QUERIES_KEYS_VALUES = ("Q", "K", "V")
#: What to say about an argument that a function does not take.
ADVICE = {
    "Z": f"say {option('itself', True)} if its tokens attend to one another alone",
    "Mask": f"say {option('mask', 'causal')} if it has a mask of its own, or "
    f"{option('mask', 'none')} if everything may be attended to",
}
#: The options that an adapter's name leaves out.
USUAL = ("out first", "separate", "stacked", "probabilities", "numpy")


@options.keeping_options
def layout(
    *,
    tokens: options.Tokens = "columns",
    batch: options.Batch | None = None,
    weights: options.Order = "out first",
    qkv: options.Fused = "separate",
    heads: options.Heads = "stacked",
    mask: options.Mask = "attend",
    masks: options.Masks = "shared",
    itself: bool = False,
    result: options.Result = "probabilities",
    output: str | int | None = None,
    biases: options.Biases = True,
    tied: bool = False,
    embedding_scale: float | Literal["sqrt(d_e)"] = 1.0,
    eps: float | None = 0.0,
    sizes: options.FixedSizes | None = None,
    library: Library = "numpy",
) -> Adapter:
    """Return the adapter of a plain function in a layout of its own.

    The function's parameters have the paper's names, or usual synonyms, or stand in the paper's
    order. It takes θ and its parts as records, or their fields one by one.

    Parameters
    ----------
    tokens
        Whether tokens are columns or rows. With `rows` every sequence is transposed, the mask is
        ℓ_x×ℓ_z, and the embeddings are tables with a row for each token.
    batch
        The axis of sequences, and of the result, that is a batch, if there is one.
    weights
        Whether a matrix has a row for each output, as in the paper and in `Linear`, or a column.
    qkv
        Which of W_q, W_k and W_v are one matrix, called W_qkv or W_kv. `ready`: the function takes
        queries, keys and values in place of X, Z and parameters. The adapter computes lines 4.1–4.3
        before the call, and lines 5.3–5.4 after it.
    heads
        Whether the matrices of all heads are stacked along a first axis, are a list, or lie below
        one another in one matrix, as in `Linear`. If `qkv` is `ready`, this is said of queries,
        keys and values: as rows their shape is (H, ℓ_x, d_attn) if they are stacked,
        (ℓ_x, H, d_attn) `after tokens`, and (ℓ_x, H d_attn) `side by side`.
    mask
        Whether True means that a token may attend to another, or that it may not; an `additive`
        mask is 0 or −∞. With `causal` or `none` the function takes no mask: a token sees itself
        and earlier tokens, or everything.
    masks
        Whether all sequences of a batch share one mask, or each has its own: with a first axis that
        is the batch, and `with heads` a second one of length 1.
    itself
        Whether the function takes no context, since tokens attend to one another.
    result
        Whether a function of distributions returns probabilities or logits.
    output
        The name or the place of the result that is compared, if the function returns several. None:
        `logits` or `last_hidden_state`, or else the first.
    biases
        Whether the function has offsets, or the names of those that it has. All others are 0; if
        it has a parameter for one of them, that gets None.
    tied
        Whether W_u is W_eᵀ.
    embedding_scale
        The factor by which the function multiplies token embeddings.
    eps
        The ε of its norms, if it is fixed. None: the function takes ε.
    sizes
        Sizes that are fixed, `{"H": 4}`, or products of others, `{"d_x": "H d_attn"}`.
    library
        The library whose arrays the function takes.

    Raises
    ------
    AdapterError
        If an option does not allow its value.

    Examples
    --------
    >>> layout(tokens="rows", batch="first", qkv="fused", library="torch").name
    'rows, batch first, fused, torch'
    """
    options.require_allowed("mask", mask, options.Mask)
    options.require_allowed("library", library, Library)
    if heads == "after tokens" and qkv != "ready":
        raise AdapterError(
            f"{option('heads', heads)} is said of queries, keys and values: say "
            f"{option('qkv', 'ready')}, too"
        )
    form = Layout(
        SequenceForm(tokens, batch, result, masks),
        ParameterForm(tokens, weights, qkv, heads, biases, embedding_scale),
        ReadyForm(tokens, batch, heads) if qkv == "ready" else None,
        mask,
        itself,
        output,
        library,
    )
    implied = {
        **(CUT_IN_THREE if qkv in ("fused", "fused in each head") else {}),
        **({"d_z": "d_x", "ℓ_z": "ℓ_x"} if itself else {}),
        **({"ℓ_z": "ℓ_x"} if mask == "causal" else {}),
        **({"d_f": "d_e"} if tied else {}),
    }
    fixed = options.chosen_first(sizes, implied)
    values: dict[str, Value] = {} if eps is None else {"ε": float(eps)}

    def fitting(asked: Sizes) -> Sizes:
        possible = options.with_fixed(fixed, asked)
        if embedding_scale == "sqrt(d_e)":  # a power of 2, by which nothing is rounded
            possible["d_e"] = 4 if possible["d_e"] <= 4 else 16
            possible = options.with_fixed(fixed, possible)
        return possible

    words = (
        tokens,
        batch and f"batch {batch}",
        *(said for said in (weights, qkv, heads) if said not in (*USUAL, "ready")),
        "q, k, v ready" if qkv == "ready" else "",
        f"mask {mask}" if mask != "attend" else "",
        f"masks {masks}" if masks != "shared" else "",
        "itself" if itself else "",
        result if result not in USUAL else "",
        f"output {output}" if output is not None else "",
        _biases(biases),
        "tied" if tied else "",
        f"embeddings times {embedding_scale}" if embedding_scale != 1 else "",
        f"eps {eps:g}" if eps else "",
        library if library not in USUAL else "",
    )
    restrictions = Restrictions(mask, itself, biases, tied)
    name, formats = ", ".join(filter(None, words)), formats_of(library)
    return Adapter(
        name,
        form.call,
        fitting,
        restrictions,
        values,
        formats=formats,
        batched=batch is not None,
    )


def paper_form(function: Function) -> Adapter:
    """Return the adapter of a function in the paper's own form: the layout without options."""
    values: dict[str, Value] = {} if takes_eps(function) else {"ε": 0.0}
    return Adapter(
        "the paper writes it",
        PAPER_LAYOUT.call,
        values=values,
        formats=formats_of("numpy"),
        options={},
    )


def takes_eps(function: Function) -> bool:
    """Say whether a function has a parameter for ε."""
    return any(argument_named(name, ["eps"]) for name in parameters_of(function))


@dataclass(frozen=True)
class Layout:
    """The form in which a plain function takes its arguments, by options of `layout`."""

    sequences: SequenceForm = field(default_factory=SequenceForm)
    parameters: ParameterForm = field(default_factory=ParameterForm)
    ready: ReadyForm | None = None
    mask: options.Mask = "attend"
    itself: bool = False
    output: str | int | None = None
    library: Library = "numpy"

    def call(self, function: Function, arguments: Arguments) -> Any:
        """Call a function, and return its result in the paper's form."""
        outputs = arguments.header.outputs
        if isinstance(outputs[0][1], Bundle) and self.parameters != ParameterForm():
            raise AdapterError(
                f"Algorithm {arguments.id} returns parameters, which no layout can convert"
            )
        if len(outputs) > 1 and (self.sequences, self.parameters) != (
            SequenceForm(),
            ParameterForm(),
        ):
            raise AdapterError(
                f"Algorithm {arguments.id} returns {len(outputs)} results, which no layout can "
                "convert: they are compared in the paper's own form"
            )
        by_name = self.arguments(function, arguments)
        with computing(self.library, arguments.format.name):
            results = call_in_library(function, by_name, self.library)
            result = chosen_result(results, self.output, arguments)
            if self.ready is not None:
                result = self.ready.mixed(result, arguments)
            return self.sequences.returned(result, arguments)

    def arguments(self, function: Function, arguments: Arguments) -> dict[str, Any]:
        """Return the arguments for a call of a function, by the names of its parameters."""
        sequences = self.sequences.sequences(arguments)
        if self.ready is not None:
            held = self.ready.queries_keys_values(sequences, arguments)
        else:
            held = {**sequences, **self.parameters.stored(arguments)}
        if self.itself:
            held.pop("Z", None)
        required = {
            **held,
            **self.sequences.mask(arguments, self.mask),
            **numbers(arguments),
        }
        offered = {**optional(arguments), **_heads(arguments)}
        called = getattr(function, "forward", function)  # a module of torch shows no names itself
        try:
            by_name = matched(called, required, offered, f"Algorithm {arguments.id}")
        except UntakenArgumentError as error:
            raise AdapterError(f"{error}{_advice(called, error.argument)}") from None
        types = annotations_of(called)
        return {
            name: as_annotated(listed(value), types.get(name)) for name, value in by_name.items()
        }


def _advice(function: Function, untaken: str) -> str:
    """Say which option a function needs that does not take an argument, if it needs one."""
    names = {argument_named(name, QUERIES_KEYS_VALUES) for name in parameters_of(function)}
    if names.issuperset(QUERIES_KEYS_VALUES) and untaken not in ADVICE:
        return f"; say {option('qkv', 'ready')} if it takes queries, keys and values"
    return f"; {ADVICE[untaken]}" if untaken in ADVICE else ""


#: The paper's own form.
PAPER_LAYOUT = Layout()


def _biases(biases: options.Biases) -> str:
    """Say which offsets a function has, if not all."""
    if biases is True:
        return ""
    return f"no biases but {', '.join(biases)}" if biases else "no biases"


def _heads(arguments: Arguments) -> Mapping[str, int]:
    """Return the number of heads, which a function may take: the first axis of a stacked W_q."""
    for path, array in leaves(dict(arguments.named)):
        if path[-1] == "W_q" and array.ndim == 3:
            return {"H": len(array)}
    return {}
