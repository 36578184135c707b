"""For each law of the kit a function that breaks it: a mistake that somebody makes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from hosts import columns_numpy as columns
from hosts import convert

from helpers.planting import planted
from spec import library
from spec.expected.result import floating_point_result
from spec.inputs.arguments import Arguments
from spec.laws.change_parameters import Fields, each, in_bundles
from spec.mistakes import Mistake, edited

Wrong = Callable[[Arguments], Any]


def spec(given: Arguments, edits: Mapping[str, str] | None = None) -> Any:
    """What the pseudocode gives, with other lines where some are given."""
    algorithms = given.algorithms
    if edits:
        line = next(iter(edits))
        algorithms = edited(Mistake("", line, "mistake", "", "", "", "", edits), library.checked())
    (leaf,) = floating_point_result(given, algorithms).arrays
    return leaf.entries if leaf.exact else leaf.entries.astype(given.format.dtype)


def reads(**edits: str) -> Wrong:
    """The pseudocode, where line `_10_6` reads otherwise."""
    rows = {line[1:].replace("_", "."): row for line, row in edits.items()}
    return lambda given: spec(given, rows)


def has(change: Callable[[Fields], Fields]) -> Wrong:
    """The pseudocode, with other parameters than it is given."""
    return lambda given: spec(given.with_runs(lambda run: in_bundles(run, given.header, change)))


def takes(**hyperparameters: Any) -> Wrong:
    """The pseudocode, with other hyperparameters than it is given."""

    def changed(run):
        return replace(run, hyperparameters={**run.hyperparameters, **hyperparameters})

    return lambda given: spec(given.with_runs(changed))


def lookup(wrong: Callable[[Any, Any], Any]) -> tuple[str, Wrong]:
    return "1", lambda given: wrong(given.v, given.W_e)


def attend(right: str, wrong: str) -> tuple[str, Wrong]:
    function = planted(columns.attend, right, wrong)
    return "4", lambda given: function(
        given.X, given.Z, given.Mask, **convert.columns_head(given.W_qkv)
    )


def heads(right: str, wrong: str) -> tuple[str, Wrong]:
    function = planted(columns.attend_heads, right, wrong)
    return "5", lambda given: function(
        given.X, given.Z, given.Mask, **convert.columns_attention(given.W)
    )


def norm(right: str, wrong: str) -> tuple[str, Wrong]:
    function = planted(columns.normalise, right, wrong)
    return "6", lambda given: function(given.e, given.gamma, given.beta, given.eps)


def unembed(wrong: str) -> tuple[str, Wrong]:
    function = planted(columns.unembed, "softmax(Wu @ X)", wrong)
    return "7", lambda given: function(given.e, given.W_u)


def moved(given: Arguments) -> Any:
    """Every token taken for the next."""
    return spec(
        given.with_runs(
            lambda run: replace(
                run,
                inputs=tuple(
                    [1 + token % given.theta.W_u.shape[0] for token in one] for one in run.inputs
                ),
            )
        )
    )


def never_ending(given: Arguments) -> Any:
    """The text that begins with bos_token, up to the bound, whatever eos_token is."""
    unseen = sorted(set(range(1, given.theta_hat.W_u.shape[0] + 1)) - set(spec(given) + 1))
    return takes(eos_token=unseen[0])(given)


ACROSS = ("softmax(S / np.sqrt(d_attn))", "softmax((S / np.sqrt(d_attn)).T).T")

BROKEN: Mapping[str, tuple[str, Wrong]] = {
    "the_same_token_gives_the_same_column": lookup(lambda v, W_e: W_e[:, v] + np.arange(len(v))),
    "a_factor_of_the_matrix_is_one_of_its_columns": lookup(lambda v, W_e: W_e[:, v] + 1),
    "columns_that_are_not_asked_for_change_nothing": lookup(
        lambda v, W_e: W_e[:, v] - W_e.mean(axis=1, keepdims=True)
    ),
    "columns_may_change_places": lookup(lambda v, W_e: W_e[:, v - 1]),
    "the_order_of_the_context_does_not_matter": attend(
        "K.T @ Q", "K.T @ Q + np.arange(K.shape[1])[:, None]"
    ),
    "what_is_masked_changes_nothing": attend("-np.inf", "-1.0"),
    "a_token_that_may_attend_to_nothing_gets_no_value": attend("-np.inf", "-1e9"),
    "a_token_that_may_attend_to_one_other_gets_its_value": attend("(Z, Wv, bv)", "(Z, Wv, 0 * bv)"),
    "scores_do_not_matter_where_there_is_one_to_attend_to": heads(
        "attend(X, Z, mask, **head)", "attend(X, Z, mask, **head) + head['Wq'][0, 0]"
    ),
    "constant_values_come_out_as_they_went_in": attend(*ACROSS),
    "constant_values_come_out_the_same_for_all": heads(
        "attend(X, Z, mask, **head)", "attend(X, Z, mask, **head) + X[:1]"
    ),
    "a_context_of_equal_tokens_gives_the_value_of_one": attend(*ACROSS),
    "equal_scores_give_the_mean_value": attend("V @ A", "V @ A * np.sqrt(d_attn)"),
    "what_comes_out_lies_between_the_values": attend("V @ A", "2 * V @ A"),
    "a_factor_of_the_values_is_one_of_the_result": attend("V @ A", "np.maximum(V, 0) @ A"),
    "tokens_of_X_are_independent": attend(*ACROSS),
    "tokens_of_X_may_change_places": attend("V @ A", "V @ A + np.arange(A.shape[1])"),
    "b_k_changes_nothing": attend("K.T @ Q", "np.maximum(K.T @ Q, 0)"),
    "heads_may_change_places": heads(
        "np.concatenate(outputs, axis=0)", "np.stack(outputs, axis=1).reshape(-1, X.shape[1])"
    ),
    "without_W_o_there_is_b_o": heads("affine(Y, Wo, bo)", "affine(Y, Wo, bo) + X[:1]"),
    "the_mean_is_0": norm("X - X.sum(axis=0) / d", "X"),
    "the_population_variance_is_1": norm("(centred**2).sum(axis=0) / d", "X.var(axis=0, ddof=1)"),
    "a_number_added_to_all_activations_changes_nothing": norm("X - X.sum(axis=0) / d", "X"),
    "a_factor_of_all_activations_changes_nothing": norm(
        "np.sqrt(variance + eps)", "(np.sqrt(variance) + eps)"
    ),
    "the_norm_is_scaled_by_gamma_then_moved_by_beta": norm(
        "g[:, None] * unit + b[:, None]", "g[:, None] * (unit + b[:, None])"
    ),
    "the_order_of_the_activations_does_not_matter": norm("g[:, None]", "np.roll(g, 1)[:, None]"),
    "columns_are_independent": norm("X.sum(axis=0) / d", "X.mean()"),
    "columns_sum_to_1": unembed("np.exp(Wu @ X)"),
    "probabilities_lie_between_0_and_1": unembed("np.log(softmax(Wu @ X))"),
    "without_W_u_all_tokens_are_equally_likely": unembed(
        "softmax(Wu @ X + 0.1 * np.eye(len(Wu))[:, :1])"
    ),
    "a_row_added_to_all_of_W_u_changes_nothing": unembed("softmax(np.maximum(Wu @ X, 0))"),
    "rows_of_W_u_may_change_places": unembed("softmax(Wu @ X + np.eye(len(Wu))[:, :1])"),
    "later_tokens_change_nothing_before_them": (
        "10",
        reads(_10_6="X ← X + MHAttention(X̃ | W_l, Mask ≡ 1)"),
    ),
    "without_positions_the_order_of_z_does_not_matter": (
        "8",
        reads(_8_5="Z ← Z + MHAttention(Z | W^enc_l, Mask[t, t'] ≡ ⟦t ≤ t'⟧)"),
    ),
    "without_positions_the_order_of_x_is_that_of_P": (
        "9",
        reads(_9_5="X ← X + MHAttention(X | W_l, Mask[t, t'] ≡ ⟦t ≤ t'⟧)"),
    ),
    "z_is_read_by_cross_attention_alone": (
        "8",
        reads(_8_16="X ← X + MHAttention(X, Z | W^dec_i, Mask ≡ 1)"),
    ),
    "tokens_meet_in_attention_alone": (
        "10",
        reads(_10_10="for t ∈ [ℓ]: X[:, t] ← layer_norm(X[:, 1] | γ, β)"),
    ),
    "layers_that_add_nothing_change_nothing": (
        "10",
        reads(_10_7="for t ∈ [ℓ]: X[:, t] ← layer_norm(X[:, t] | γ²_l, β²_l)"),
    ),
    "the_stream_is_read_through_norms_alone": (
        "10",
        reads(_10_6="X ← X + MHAttention(X | W_l, Mask[t, t'] ≡ ⟦t ≤ t'⟧)"),
    ),
    "a_norm_comes_last": (
        "10",
        reads(_10_10="for t ∈ [ℓ]: X[:, t] ← X[:, t] + layer_norm(X[:, t] | γ, β)"),
    ),
    "a_layer_ends_with_a_norm": (
        "9",
        reads(_9_8="for t ∈ [ℓ]: X[:, t] ← X[:, t] + layer_norm(X[:, t] | γ²_l, β²_l)"),
    ),
    "hidden_activations_may_change_places": ("10", has(each("b_mlp1", lambda b: np.roll(b, 1)))),
    "the_vocabulary_may_stand_in_another_order": ("10", moved),
    "columns_of_W_e_that_are_not_asked_for_change_nothing": ("10", moved),
    "columns_of_W_p_that_are_not_asked_for_change_nothing": (
        "10",
        has(each("W_p", lambda W: np.roll(W, -1, axis=1))),
    ),
    "what_is_written_are_tokens_of_the_vocabulary": (
        "14",
        lambda given: spec(given) + given.theta_hat.W_u.shape[0],
    ),
    "a_longer_continuation_begins_with_the_shorter": ("14", lambda given: spec(given)[::-1]),
    "the_temperature_divides_the_scores": ("14", takes(τ=1.0)),
    "when_it_is_cold_chance_changes_nothing": ("14", takes(τ=4.0)),
    "a_text_begins_with_bos_token": ("15", lambda given: spec(given)[::-1]),
    "a_text_ends_with_the_first_eos_token": ("15", never_ending),
}
