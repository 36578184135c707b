"""How `check` calls each function of the hosts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from hosts import columns_numpy as columns
from hosts import convert
from hosts import rows_torch as rows
from hosts.convert import to_masked_out, to_rows, to_tensor
from spec.adapters.function_in_layout import layout
from spec.inputs.arguments import Adapter
from spec.inputs.variations import TURNS

ROWS = layout(tokens="rows", library="torch")
COLUMNS = layout()


def rows_of(call: Callable[..., Any], **options: Any) -> Adapter:
    """Rows of what a host returns become columns."""
    return Adapter("rows", lambda f, given: call(f, given).mT, **options)


def distributions_of(call: Callable[..., Any], **options: Any) -> Adapter:
    """Logits, too, become probabilities."""
    return rows_of(lambda f, given: torch.softmax(call(f, given), -1), **options)


def of(call: Callable[..., Any], name: str, **options: Any) -> Adapter:
    return Adapter(name, call, values={"ε": 0.0}, draws="from below", **options)


def shared(sizes: Any) -> Any:
    """One sequence, which is its own context."""
    return {**sizes, "d_z": sizes["d_x"], "ℓ_z": sizes["ℓ_x"]}


def itself(run: Any) -> Any:
    first, _, *more = run.inputs
    return type(run)((first, first, *more), run.parameters, run.hyperparameters, run.keys)


NO_EPS = {"values": {"ε": 0.0}}

#: The algorithm, the function, and how it is called.
ADAPTERS: dict[str, tuple[int, Any, Adapter]] = {
    "rows 1": (1, rows.token_embedding, ROWS),
    "rows 2": (2, rows.position_embedding, ROWS),
    "rows 3": (
        3,
        rows.single_query_attention,
        of(
            lambda f, given: f(
                to_tensor(given.e), to_rows(given.E), convert.rows_attention(given.W_qkv)
            ),
            "rows",
        ),
    ),
    "rows 4": (
        4,
        rows.attention,
        rows_of(
            lambda f, given: f(
                to_rows(given.X),
                to_rows(given.Z),
                convert.rows_attention(given.W_qkv),
                to_masked_out(given.Mask),
            )
        ),
    ),
    "rows 5": (
        5,
        rows.cross_attention,
        rows_of(
            lambda f, given: f(
                to_rows(given.X),
                to_rows(given.Z),
                convert.rows_cross_attention(given.W),
                to_masked_out(given.Mask),
            )
        ),
    ),
    "rows 5, itself": (
        5,
        rows.self_attention,
        rows_of(
            lambda f, given: f(
                to_rows(given.X), convert.rows_self_attention(given.W), to_masked_out(given.Mask)
            ),
            sizes=shared,
            inputs=itself,
        ),
    ),
    "rows 6": (6, rows.layer_norm, layout(tokens="rows", library="torch", eps=None)),
    "rows 7": (7, rows.unembedding, ROWS),
    "rows 8": (
        8,
        rows.encoder_decoder,
        distributions_of(
            lambda f, given: f(
                to_tensor(given.z), to_tensor(given.x), convert.rows_encoder_decoder(given.theta)
            ),
            **NO_EPS,
        ),
    ),
    "rows 9": (
        9,
        rows.encoder_only,
        distributions_of(
            lambda f, given: f(to_tensor(given.x), convert.rows_bert(given.theta)), **NO_EPS
        ),
    ),
    "rows 10": (
        10,
        rows.decoder_only,
        distributions_of(
            lambda f, given: f(to_tensor(given.x), convert.rows_gpt(given.theta)), **NO_EPS
        ),
    ),
    "rows 14": (
        14,
        rows.generate,
        of(
            lambda f, given: f(
                to_tensor(given.x),
                convert.rows_gpt(given.theta_hat),
                given.ell_gen,
                given.tau,
                given.rng,
            ),
            "rows",
        ),
    ),
    "rows 15": (
        15,
        rows.translate,
        of(
            lambda f, given: f(
                to_tensor(given.z),
                convert.rows_encoder_decoder(given.theta_hat),
                given.tau,
                given.bos_token,
                given.eos_token,
                TURNS + 1,  # the first is bos
                given.rng,
            ),
            "rows",
        ),
    ),
    "columns 1": (1, columns.embed_tokens, COLUMNS),
    "columns 2": (2, columns.embed_positions, COLUMNS),
    "columns 3": (3, columns.attend_one, COLUMNS),
    "columns 4": (4, columns.attend, COLUMNS),
    "columns 5": (
        5,
        columns.attend_heads,
        of(
            lambda f, given: f(given.X, given.Z, given.Mask, **convert.columns_attention(given.W)),
            "columns",
        ),
    ),
    "columns 6": (6, columns.normalise, layout(eps=None)),
    "columns 7": (7, columns.unembed, COLUMNS),
    "columns 8": (
        8,
        columns.seq2seq,
        of(lambda f, given: f(given.z, given.x, **convert.columns_seq2seq(given.theta)), "columns"),
    ),
    "columns 9": (
        9,
        columns.bert,
        of(lambda f, given: f(given.x, **convert.columns_bert(given.theta)), "columns"),
    ),
    "columns 10": (
        10,
        columns.gpt,
        of(lambda f, given: f(given.x, **convert.columns_gpt(given.theta)), "columns"),
    ),
    "columns 14": (
        14,
        columns.generate,
        of(
            lambda f, given: f(
                given.x,
                convert.columns_gpt(given.theta_hat),
                given.ell_gen,
                given.tau,
                given.rng,
            ),
            "columns",
        ),
    ),
    "columns 15": (
        15,
        columns.translate,
        of(
            lambda f, given: f(
                given.z,
                convert.columns_seq2seq(given.theta_hat),
                given.tau,
                given.bos_token,
                given.eos_token,
                TURNS + 1,
                given.rng,
            ),
            "columns",
        ),
    ),
}
