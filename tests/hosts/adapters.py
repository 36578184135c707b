"""How `check` calls each function of the hosts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from hosts import columns_numpy as columns
from hosts import convert
from hosts import rows_torch as rows
from hosts.convert import to_columns, to_masked_out, to_rows, to_tensor
from spec.adapters.function_in_layout import layout
from spec.inputs.arguments import Adapter
from spec.inputs.variations import TURNS

ROWS = layout(tokens="rows", library="torch")
COLUMNS = layout()


def takes(**forms: Any) -> Callable[..., Any]:
    """Call a function with arguments, in this order and each in this form; or with a number."""

    def call(function: Any, arguments: Any) -> Any:
        return function(
            *(
                form(getattr(arguments, name)) if callable(form) else form
                for name, form in forms.items()
            )
        )

    return call


def same(value: Any) -> Any:
    return value


def spread(name: str, *others: str) -> Callable[..., Any]:
    """Call a function with some arguments, and with the parts of another by their names."""

    def call(function: Any, arguments: Any) -> Any:
        parts = to_columns(getattr(arguments, name))
        return function(*(getattr(arguments, other) for other in others), **parts)

    return call


def rows_of(call: Callable[..., Any], **options: Any) -> Adapter:
    """Rows of what a host returns become columns."""
    return Adapter("rows", lambda f, arguments: call(f, arguments).mT, **options)


def distributions_of(call: Callable[..., Any]) -> Adapter:
    """Logits, too, become probabilities."""
    softmax = torch.nn.functional.softmax
    return rows_of(lambda f, arguments: softmax(call(f, arguments), -1), values={"ε": 0.0})


def of(call: Callable[..., Any], name: str) -> Adapter:
    return Adapter(name, call, values={"ε": 0.0}, draws="from below")


def shared(sizes: Any) -> Any:
    """One sequence, which is its own context."""
    return {**sizes, "d_z": sizes["d_x"], "ℓ_z": sizes["ℓ_x"]}


def itself(run: Any) -> Any:
    first, _, *more = run.inputs
    return type(run)((first, first, *more), run.parameters, run.hyperparameters, run.keys)


GENERATE = {"ell_gen": same, "tau": same, "rng": same}
# The first token of a text is bos_token.
TRANSLATE = {"tau": same, "bos_token": same, "eos_token": same, "turns": TURNS + 1, "rng": same}

#: The algorithm, the function, and how it is called.
ADAPTERS: dict[str, tuple[int, Any, Adapter]] = {
    "rows 1": (1, rows.token_embedding, ROWS),
    "rows 2": (2, rows.position_embedding, ROWS),
    "rows 3": (3, rows.single_query_attention,
        of(takes(e=to_tensor, E=to_rows, W_qkv=convert.rows_attention), "rows")),
    "rows 4": (4, rows.attention,
        rows_of(takes(X=to_rows, Z=to_rows, W_qkv=convert.rows_attention, Mask=to_masked_out))),
    "rows 5": (5, rows.cross_attention,
        rows_of(takes(X=to_rows, Z=to_rows, W=convert.rows_cross_attention, Mask=to_masked_out))),
    "rows 5, itself": (5, rows.self_attention,
        rows_of(takes(X=to_rows, W=convert.rows_self_attention, Mask=to_masked_out),
                sizes=shared, inputs=itself)),
    "rows 6": (6, rows.layer_norm, layout(tokens="rows", library="torch", eps=None)),
    "rows 7": (7, rows.unembedding, ROWS),
    "rows 8": (8, rows.encoder_decoder,
        distributions_of(takes(z=to_tensor, x=to_tensor, theta=convert.rows_encoder_decoder))),
    "rows 9": (9, rows.encoder_only, distributions_of(takes(x=to_tensor, theta=convert.rows_bert))),
    "rows 10": (10, rows.decoder_only,
        distributions_of(takes(x=to_tensor, theta=convert.rows_gpt))),
    "rows 14": (14, rows.generate,
        of(takes(x=to_tensor, theta_hat=convert.rows_gpt, **GENERATE), "rows")),
    "rows 15": (15, rows.translate,
        of(takes(z=to_tensor, theta_hat=convert.rows_encoder_decoder, **TRANSLATE), "rows")),
    "columns 1": (1, columns.embed_tokens, COLUMNS),
    "columns 2": (2, columns.embed_positions, COLUMNS),
    "columns 3": (3, columns.attend_one, COLUMNS),
    "columns 4": (4, columns.attend, COLUMNS),
    "columns 5": (5, columns.attend_heads,
        of(spread("W", "X", "Z", "Mask"), "columns")),
    "columns 6": (6, columns.normalise, layout(eps=None)),
    "columns 7": (7, columns.unembed, COLUMNS),
    "columns 8": (8, columns.seq2seq,
        of(spread("theta", "z", "x"), "columns")),
    "columns 9": (9, columns.bert, of(spread("theta", "x"), "columns")),
    "columns 10": (10, columns.gpt, of(spread("theta", "x"), "columns")),
    "columns 14": (14, columns.generate,
        of(takes(x=same, theta_hat=to_columns, **GENERATE), "columns")),
    "columns 15": (15, columns.translate,
        of(takes(z=same, theta_hat=to_columns, **TRANSLATE), "columns")),
}  # fmt: skip
