"""For each law functions that break it, each with a mistake that somebody makes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from hosts.adapters import ADAPTERS

from helpers.planting import compiled, planted
from helpers.planting import edited as edited_text
from spec import library
from spec.adapters.function_in_layout import layout
from spec.expected.result import floating_point_result
from spec.inputs.arguments import Adapter, Arguments
from spec.inputs.change_parameters import Fields, change_parameters, each, parameters_by_name
from spec.inputs.draw import Inputs
from spec.language.checked import Checked
from spec.mistakes import Mistake, edited


class Broken(NamedTuple):
    """A function that breaks a law, the algorithm that it should be, and its adapter."""

    id: str
    function: Callable[..., Any]
    adapter: Adapter


#: Calls a function with all `Arguments` in one.
WHOLE = Adapter(
    "all in one", lambda function, arguments: function(arguments), values={"ε": 0.0},
    draws="from above",
)  # fmt: skip


def spec(arguments: Arguments, edits: Mapping[str, str] | None = None) -> Any:
    """The result of the pseudocode, with some lines edited."""
    algorithms = arguments.algorithms
    if edits:
        line = next(iter(edits))
        algorithms = edited(Mistake("", line, "mistake", "", "", "", "", edits), library.checked())
    return run(arguments, algorithms)


def run(arguments: Arguments, algorithms: Mapping[str, Checked]) -> Any:
    """The result of some algorithms, as a function returns it."""
    return floating_point_result(arguments, algorithms).in_python(arguments.format.dtype)


def reads(named: Mapping[str, str] = MappingProxyType({}), **edits: str) -> Broken:
    """The pseudocode, where line `_10_6` reads otherwise; `_∇4_7` is no name in Python."""
    edits |= named
    rows = {line[1:].replace("_", "."): row for line, row in edits.items()}
    id = next(iter(rows)).partition(".")[0]
    return Broken(id, lambda arguments: spec(arguments, rows), WHOLE)


def within(id: str, edits: Mapping[str, str]) -> Broken:
    """The pseudocode, where lines of what it calls read otherwise."""
    return Broken(id, lambda arguments: spec(arguments, edits), WHOLE)


def runs_on(id: str, change: Callable[[Inputs], Inputs]) -> Broken:
    """The pseudocode on changed arguments."""

    def function(arguments: Arguments) -> Any:
        return spec(replace(arguments, runs=tuple(map(change, arguments.runs))))

    return Broken(id, function, WHOLE)


def has(id: str, change: Callable[[Fields], Fields]) -> Broken:
    """The pseudocode with changed parameters."""
    return runs_on(id, lambda run: change_parameters(run, change))


def takes(id: str, **values: Any) -> Broken:
    """The pseudocode with other hyperparameters."""
    return runs_on(id, lambda run: replace(run, hyperparameters={**run.hyperparameters, **values}))


def host(id: str, right: str, wrong: str) -> Broken:
    """A function of the host that has columns, where its source reads otherwise."""
    _, function, adapter = ADAPTERS[f"columns {id}"]
    return Broken(id, planted(function, right, wrong), adapter)


def lookup(wrong: Callable[[Any, Any], Any], id: str = "1") -> Broken:
    return Broken(id, wrong, layout())


def heads(wrong: str) -> Broken:
    """Algorithm 5 with a mistake around `attend`, which each head calls."""
    return host("5", "attend(X, Z, mask, **head)", f"attend(X, Z, mask, **head){wrong}")


def unembed(wrong: str) -> Broken:
    return host("7", "softmax(Wu @ X)", wrong)


attend, norm = partial(host, "4"), partial(host, "6")


def root_mean_square(right: str, wrong: str) -> Broken:
    """RMSNorm, where its source reads otherwise."""
    source = "e / np.sqrt((e**2).mean(axis=0) + eps) * gamma[:, None]"
    text = f"def norm(e, gamma, eps): return {edited_text(source, (right, wrong))}"
    names = compiled(text, {"np": np})
    return Broken("N1", names["norm"], layout(eps=None))


def next_tokens(run: Inputs) -> Inputs:
    """Every token replaced by the next of the vocabulary."""
    N_V = parameters_by_name(run)["W_e"].shape[1]
    return replace(run, inputs=tuple([1 + token % N_V for token in text] for text in run.inputs))


def never_ending(arguments: Arguments) -> Any:
    """The text that begins with bos_token, up to the bound, whatever eos_token is."""
    N_V = arguments.theta_hat.W_u.shape[0]
    unseen = sorted(set(range(1, N_V + 1)) - set(spec(arguments) + 1))
    return takes("15", eos_token=unseen[0]).function(arguments)


ACROSS = ("softmax(S / np.sqrt(d_attn))", "softmax((S / np.sqrt(d_attn)).T).T")

#: Line R1.4 without the minus.
STRETCHED = "return ẽ = [a ⊙ cos(φ) + b ⊙ sin(φ); a ⊙ sin(φ) + b ⊙ cos(φ); e[2 d_rot+1 : d_attn]]"

#: Line ∇5.9 without the mask.
UNMASKED = "X̄^h, Z̄^h, W̄^h_qkv ← ∇Attention(X, Z, Ȳ^h | W^h_qkv, Mask ≡ 1)"


def mistaken(run: Inputs) -> Inputs:
    """No mask, queries that see the first, a first token that is louder, and no negative values."""
    run = change_parameters(run, each("Mask", np.ones_like))
    run = change_parameters(run, each("W_v b_v", np.abs))
    X, *context = (np.array(value) for value in run.inputs)
    for value in context:
        value[:, 0] *= 3
    *others, V = context
    context = [*others, np.abs(V)] if others else context
    return replace(run, inputs=(X + X[:, :1], *context))


#: Attention by blocks of queries and of keys: with projections, and without.
BLOCKS = {id: runs_on(id, mistaken) for id in ("C4", "C5", "C6", "C7")}
OF_HEAD = (BLOCKS["C4"], BLOCKS["C5"])
OF_READY = (BLOCKS["C6"], BLOCKS["C7"])
OF_BLOCKS = {
    "the_order_of_the_context_does_not_matter": (*OF_HEAD, *OF_READY),
    "what_is_masked_changes_nothing": (*OF_HEAD, *OF_READY),
    "a_token_that_may_attend_to_nothing_gets_no_value": (*OF_HEAD, *OF_READY),
    "a_context_of_equal_tokens_gives_the_value_of_one": (*OF_HEAD, *OF_READY),
    "what_comes_out_lies_between_the_values": (*OF_HEAD, *OF_READY),
    "a_factor_of_the_values_is_one_of_the_result": (*OF_HEAD, *OF_READY),
    "tokens_of_X_are_independent": (*OF_HEAD, *OF_READY),
    "tokens_of_X_may_change_places": (*OF_HEAD, *OF_READY),
    "a_vector_added_to_all_keys_changes_nothing": OF_READY,
    "b_k_changes_nothing": (reads(_C4_2="K ← ReLU(W_k Z + b_k 1ᵀ)"),),
}

PLANTED: Mapping[str, tuple[Broken, ...]] = {
    "the_same_token_gives_the_same_column": (
        lookup(lambda v, W_e: W_e[:, v] + np.arange(len(v))),
        lookup(lambda t, W_p: W_p[:, t] + np.arange(len(t)), "2"),
    ),
    "a_factor_of_the_matrix_is_one_of_its_columns": (
        lookup(lambda v, W_e: W_e[:, v] + 1),
        lookup(lambda t, W_p: W_p[:, t] + 1, "2"),
    ),
    "columns_that_are_not_asked_for_change_nothing": (
        lookup(lambda v, W_e: W_e[:, v] - W_e.mean(axis=1, keepdims=True)),
        runs_on("10", next_tokens),
        has("10", each("W_p", lambda W: np.roll(W, -1, axis=1))),
    ),
    "columns_may_change_places": (
        lookup(lambda v, W_e: W_e[:, v - 1]),
        lookup(lambda v, W_e: np.where(v == 0, 0, W_e[:, v])),  # padding, as a table may have it
        lookup(lambda t, W_p: W_p[:, t - 1], "2"),
    ),
    "the_order_of_the_context_does_not_matter": (
        attend("K.T @ Q", "K.T @ Q + np.arange(K.shape[1])[:, None]"),
        host("3", "K.T @ q", "K.T @ q + np.arange(K.shape[1])"),
        heads(" + Z[:1, :1]"),
    ),
    "what_is_masked_changes_nothing": (attend("-np.inf", "-1.0"),),
    "a_token_that_may_attend_to_nothing_gets_no_value": (
        attend("-np.inf", "-1e9"),
        reads(_R8_10=""),
    ),
    "a_token_that_may_attend_to_one_other_gets_its_value": (
        attend("(Z, Wv, bv)", "(Z, Wv, 0 * bv)"),
        heads(" + head['Wq'][0, 0]"),
        reads(_R8_10=""),
    ),
    "constant_values_come_out_as_they_went_in": (
        attend(*ACROSS),
        heads(" + X[:1]"),
        host("5", "affine(Y, Wo, bo)", "affine(Y, Wo, bo) + X[:1]"),
    ),
    "a_context_of_equal_tokens_gives_the_value_of_one": (
        attend(*ACROSS),
        heads(" + X[:1]"),
        reads(_R8_11="Y^h ← V · exp(S)"),
    ),
    "equal_scores_give_the_mean_value": (
        attend("V @ A", "V @ A * np.sqrt(d_attn)"),
        heads(" + X[:1]"),
    ),
    "what_comes_out_lies_between_the_values": (attend("V @ A", "2 * V @ A"),),
    "a_factor_of_the_values_is_one_of_the_result": (
        attend("V @ A", "np.maximum(V, 0) @ A"),
        host("3", "V @ a", "np.maximum(V, 0) @ a"),
        host("5", "affine(Y, Wo, bo)", "affine(Y, Wo, bo) + X[:1]"),
        *(
            within(id, {"C1.3": "return Ṽ = ReLU(V) softmax(S / √d_attn)"})
            for id in ("C1", "H1", "H3")
        ),
        reads(_H2_6="return Ṽ = ReLU(W_o Y + b_o 1ᵀ)"),
        reads(_H4_7="return Ṽ = ReLU(W_o Y)"),
        reads(_H5_3="return Ṽ = ReLU(W_o Y)"),
        reads(_C2_4="return Ṽ = ReLU(V) A[2 : ℓ_z+1, :]"),
        reads(_H8_3="return Ṽ = ReLU(W_o Y + b_o 1ᵀ)"),
        reads(_H9_8="return Y = ReLU([Y^1; …; Y^R])"),
        reads(_H10_9="return Y = ReLU([Y^1; …; Y^R])"),
        reads(_R8_13="return Ṽ = ReLU(W_o Y)"),
        reads(_R9_9="return Ṽ = ReLU(W_o Y)"),
    ),
    "tokens_of_X_are_independent": (
        attend(*ACROSS),
        reads(_C2_3="A ← softmax([σ 1ᵀ; S / √d_attn]ᵀ)ᵀ"),
    ),
    "tokens_of_X_may_change_places": (attend("V @ A", "V @ A + np.arange(A.shape[1])"),),
    "b_k_changes_nothing": (attend("K.T @ Q", "np.maximum(K.T @ Q, 0)"),),
    "heads_may_change_places": (
        host(
            "5",
            "np.concatenate(outputs, axis=0)",
            "np.stack(outputs, axis=1).reshape(-1, X.shape[1])",
        ),
        reads(_H8_1="for g ∈ [H_kv]: Y^g ← SinkGroup(X | W^1, Mask, ω)"),
        reads(_R9_2="Q ← W^1_q X"),
    ),
    "a_head_that_W_o_does_not_read_may_be_any": (
        host(
            "5",
            "np.concatenate(outputs, axis=0)",
            "np.stack(outputs, axis=1).reshape(-1, X.shape[1])",
        ),
        reads(_H8_3="return Ṽ = W_o softmax(Y) + b_o 1ᵀ"),
        reads(_R9_9="return Ṽ = W_o softmax(Y)"),
    ),
    "a_vector_added_to_all_keys_changes_nothing": (reads(_C1_1="S ← ReLU(Kᵀ Q)"),),
    "a_closed_gate_lets_nothing_through": (reads(_F1_2="return Y = W_mlp2 (G + W_mlp1 X)"),),
    "a_factor_of_what_is_let_through_is_one_of_the_result": (
        reads(_F1_2="return Y = W_mlp2 (G ⊙ SiLU(W_mlp1 X))"),
    ),
    "tokens_do_not_meet": (
        reads(_F1_1="G ← SiLU(W_gate X[:, 1] 1ᵀ)"),
        reads(_F2_1="G ← GELU(W_gate X[:, 1] 1ᵀ)"),
    ),
    "layers_of_a_mixture_may_change_places": (reads(_F3_7="U ← SwiGLU(X | W_1)"),),
    "among_equal_layers_the_router_does_not_matter": (reads(_F3_4=""),),
    "the_first_token_gets_its_own_value": (
        reads(_L1_4="∀ u, t: if u < t then S[u, t] ← 0"),
        reads(_L2_7=""),
    ),
    "equal_values_come_back": (
        reads(_L1_5="Ṽ ← V S"),
        reads(_L2_8="Ṽ[:, t] ← S F[:, t] / t"),
    ),
    "later_tokens_change_nothing": (reads(_L1_4=""), reads(_L2_3="S ← V Gᵀ")),
    "means_lie_between_the_values": (
        reads(_L1_2="G ← K"),
        reads(_L2_2="G ← K"),
    ),
    "at_the_first_position_nothing_turns": (reads(_R1_1="φ ← (t + 1) ω"),),
    "turning_keeps_lengths": (reads(_R1_4=STRETCHED),),
    "turns_add": (reads(_R1_1="φ ← (t + 1) ω"),),
    "scores_depend_on_the_distance_alone": (reads(_R1_4=STRETCHED),),
    "the_first_frequency_is_1": (reads(_R3_1="for i ∈ [d_rot]: ω_i ← Ω^{(0−i)/d_rot}"),),
    "frequencies_fall_from_1_in_equal_proportions": (
        reads(_R3_1="for i ∈ [d_rot]: ω_i ← Ω^{(1−i)/2 d_rot}"),
    ),
    "a_quarter_turn_of_all_queries_and_keys_changes_nothing": (
        reads(_H4_3="for t ∈ [ℓ]: K[:, t] ← rotate_pairs(K[:, t], t − 1 | ω)"),
    ),
    "positions_count_from_anywhere": (reads(_H4_3=""),),
    "the_column_depends_on_the_distance_alone": (reads(_R4_1="return c = 1 + min(t_z, 2 k)"),),
    "exchanged_tokens_have_the_mirrored_column": (
        reads(_R4_1="return c = 1 + min(max(k + t_z − t_x, 0), max(2 k − 1, 0))"),
    ),
    "a_vector_added_to_all_columns_of_A_k_changes_nothing": (
        reads(_R5_5="∀ t_z, t_x: S[t_z, t_x] ← S[t_z, t_x] + A_k[:, 1]ᵀ K[:, t_z]"),
    ),
    "a_vector_added_to_all_columns_of_A_v_is_added_to_the_result": (reads(_R5_9=""),),
    "columns_for_distances_beyond_the_sequence_are_not_read": (
        reads(_R5_5="∀ t_z, t_x: S[t_z, t_x] ← S[t_z, t_x] + A_k[:, t_z]ᵀ Q[:, t_x]"),
        within("R6", {"R5.5": "∀ t_z, t_x: S[t_z, t_x] ← S[t_z, t_x] + A_k[:, t_z]ᵀ Q[:, t_x]"}),
    ),
    "without_queries_weights_fall_by_the_slope": (
        reads(_R10_5="∀ t_z, t_x: S[t_z, t_x] ← S[t_z, t_x] + s · (t_x − t_z)"),
    ),
    "tokens_out_of_reach_change_nothing": (
        reads(_X4_6="X ← X + MHAttention(X̃ | W_l, Mask[t, t'] = ⟦t ≤ t' ∧ t' ≤ t + w_l⟧)"),
    ),
    "tokens_between_sinks_and_window_change_nothing": (
        reads(_X9_6="X ← X + MHAttention(X̃ | W_l, Mask[t, t'] = ⟦t ≤ t'⟧)"),
    ),
    "without_positions_the_order_in_the_prefix_does_not_matter": (
        reads(_X5_6="X ← X + MHAttention(X̃ | W_l, Mask[t, t'] = ⟦t ≤ t'⟧)"),
    ),
    "a_block_that_adds_nothing_returns_the_stream": (reads(_H6_13="return X̃"),),
    "classes_may_change_places": (
        has("X6", each("b_c", lambda b: np.roll(b, 1))),
        has("X10", each("W_c", lambda W: np.where(np.arange(W.shape[0])[:, None] == 0, 0, W))),
    ),
    "classes_are_read_off_the_first_token": (reads(_X6_10="e ← tanh(W_f X[:, ℓ] + b_f)"),),
    "nobody_gets_what_a_token_of_its_score_would": (
        reads(_C2_3="A ← softmax([σ 1ᵀ; S] / √d_attn)"),
    ),
    "a_low_score_of_nobody_gives_it_nothing": (
        reads(_C2_3="A ← softmax([0_{1×ℓ_x}; S / √d_attn])"),
    ),
    "sinks_stand_as_near_as_in_a_short_text": (reads(_H10_6=""),),
    "classes_are_read_off_the_last_token": (reads(_X10_11="return p = softmax(W_c X[:, 1])"),),
    "the_mean_is_0": (norm("X - X.sum(axis=0) / d", "X"),),
    "the_mean_square_is_1": (norm("(centred**2).sum(axis=0) / d", "X.var(axis=0, ddof=1)"),),
    "a_number_added_to_all_activations_changes_nothing": (norm("X - X.sum(axis=0) / d", "X"),),
    "a_factor_of_all_activations_changes_nothing": (
        norm("np.sqrt(variance + eps)", "(np.sqrt(variance) + eps)"),
    ),
    "the_norm_is_scaled_by_gamma_then_moved_by_beta": (
        norm("g[:, None] * unit + b[:, None]", "g[:, None] * (unit + b[:, None])"),
    ),
    "the_order_of_the_activations_does_not_matter": (
        norm("g[:, None]", "np.roll(g, 1)[:, None]"),
        root_mean_square("gamma[:", "np.roll(gamma, 1)[:"),
    ),
    "columns_are_independent": (
        norm("X.sum(axis=0) / d", "X.mean()"),
        unembed("softmax(Wu @ X / np.abs(X).max())"),
        root_mean_square("(e**2).mean(axis=0)", "(e**2).mean()"),
    ),
    "columns_sum_to_1": (unembed("np.exp(Wu @ X)"),),
    "probabilities_lie_between_0_and_1": (unembed("np.log(softmax(Wu @ X))"),),
    "without_W_u_all_tokens_are_equally_likely": (
        unembed("softmax(Wu @ X + 0.1 * np.eye(len(Wu))[:, :1])"),
    ),
    "a_row_added_to_all_of_W_u_changes_nothing": (unembed("softmax(np.maximum(Wu @ X, 0))"),),
    "the_vocabulary_may_stand_in_another_order": (
        unembed("softmax(Wu @ X + np.eye(len(Wu))[:, :1])"),
        *(runs_on(id, next_tokens) for id in ("10", "X1")),
        has("10", each("W_e", lambda W: np.where(np.arange(W.shape[1]) == 0, 0, W))),  # padding
    ),
    "later_tokens_change_nothing_before_them": (
        reads(_10_6="X ← X + MHAttention(X̃ | W_l, Mask ≡ 1)"),
    ),
    "without_positions_the_order_of_tokens_does_not_matter": (
        reads(_8_5="Z ← Z + MHAttention(Z | W^enc_l, Mask[t, t'] ≡ ⟦t ≤ t'⟧)"),
        reads(_9_5="X ← X + MHAttention(X | W_l, Mask[t, t'] ≡ ⟦t ≤ t'⟧)"),
    ),
    "where_all_positions_are_alike_tokens_are_a_set": (
        reads(_8_5="Z ← Z + MHAttention(Z | W^enc_l, Mask[t, t'] ≡ ⟦t ≤ t'⟧)"),
        reads(_9_5="X ← X + MHAttention(X | W_l, Mask[t, t'] ≡ ⟦t ≤ t'⟧)"),
    ),
    "z_is_read_by_cross_attention_alone": (
        reads(_8_16="X ← X + MHAttention(X, Z | W^dec_i, Mask ≡ 1)"),
    ),
    "tokens_meet_in_attention_alone": (
        reads(_10_10="for t ∈ [ℓ]: X[:, t] ← layer_norm(X[:, 1] | γ, β)"),
    ),
    "layers_that_add_nothing_change_nothing": (
        reads(_10_7="for t ∈ [ℓ]: X[:, t] ← layer_norm(X[:, t] | γ²_l, β²_l)"),
    ),
    "the_stream_is_read_through_norms_alone": (
        reads(_10_6="X ← X + MHAttention(X | W_l, Mask[t, t'] ≡ ⟦t ≤ t'⟧)"),
    ),
    "a_norm_comes_last": (
        reads(_10_10="for t ∈ [ℓ]: X[:, t] ← X[:, t] + layer_norm(X[:, t] | γ, β)"),
        reads(_9_8="for t ∈ [ℓ]: X[:, t] ← X[:, t] + layer_norm(X[:, t] | γ²_l, β²_l)"),
    ),
    "hidden_activations_may_change_places": (
        *(has(id, each("b_mlp1", lambda b: np.roll(b, 1))) for id in ("10", "X6")),
        *(has(id, each("W_gate", lambda W: np.roll(W, 1, 0))) for id in ("F1", "F2", "H6", "X1")),
    ),
    "what_is_written_are_tokens_of_the_vocabulary": (
        Broken("14", lambda given: spec(given) + given.theta_hat.W_u.shape[0], WHOLE),
    ),
    "a_longer_continuation_begins_with_the_shorter": (
        Broken("14", lambda given: spec(given)[::-1], WHOLE),
    ),
    "the_temperature_divides_the_scores": (takes("14", τ=1.0),),
    "when_it_is_cold_chance_changes_nothing": (takes("14", τ=4.0),),
    "a_factor_of_the_cotangent_is_one_of_all_results": (
        reads({"_∇4_7": "V̄ ← ReLU(R̄) Aᵀ"}),
        reads({"_∇5_4": "W̄_o ← ReLU(R̄) Yᵀ"}),
        reads({"_∇6_4": "for t ∈ [ℓ]: N̄[:, t] ← ReLU(R̄[:, t]) ⊙ γ"}),
        reads({"_∇1_3": "W̄_e[:, x[t]] ← W̄_e[:, x[t]] + ReLU(X̄[:, t])"}),
        reads({"_∇2_2": "for t ∈ [ℓ]: W̄_p[:, t] ← ReLU(X̄[:, t])"}),
    ),
    "what_is_masked_is_owed_nothing": (reads({"_∇4_5": ""}), reads({"_∇5_9": UNMASKED})),
    "who_may_attend_to_nothing_is_owed_nothing": (reads({"_∇4_5": ""}), reads({"_∇5_9": UNMASKED})),
    "b_k_is_owed_nothing": (
        reads({"_∇4_9": "for t ∈ [ℓ_x]: S̄[:, t] ← A[:, t] ⊙ Ā[:, t] / √d_attn"}),
        reads({"_∇5_12": "return X̄, Z̄, W"}),
    ),
    "an_offset_is_owed_the_sum": (
        reads({"_∇4_17": "b̄_v ← Σ_t V̄[:, t] / ℓ_z"}),
        reads({"_∇5_5": "b̄_o ← Σ_t R̄[:, t] / ℓ_x"}),
        reads({"_∇6_6": "return Ē, γ̄ = Σ_t R̄[:, t] ⊙ N[:, t], β̄ = Σ_t N̄[:, t]"}),
    ),
    "what_a_column_is_owed_sums_to_0": (reads({"_∇6_5": "for t ∈ [ℓ]: Ē[:, t] ← N̄[:, t] / s_t"}),),
    "what_a_column_is_owed_does_not_change_its_length": (
        reads({"_∇6_5": "for t ∈ [ℓ]: Ē[:, t] ← (N̄[:, t] − Σ_i N̄[i, t] / d_e) / s_t"}),
    ),
    "what_the_rows_of_W_u_are_owed_sums_to_0": (
        reads({"_∇7_5": "S̄[y[t], t] ← S̄[y[t], t] − 2 a[t]"}),
    ),
    "what_does_not_count_is_owed_nothing": (
        reads({"_∇7_3": "for t ∈ [length(y)]: S̄[:, t] ← P[:, t]"}),
    ),
    "a_token_that_does_not_come_is_owed_nothing": (reads({"_∇1_1": "W̄_e ← W_e"}),),
    "a_position_beyond_the_text_is_owed_nothing": (reads({"_∇2_1": "W̄_p ← W_p"}),),
    "a_text_begins_with_bos_token": (Broken("15", lambda given: spec(given)[::-1], WHOLE),),
    "a_text_ends_with_the_first_eos_token": (Broken("15", never_ending, WHOLE),),
    "what_stays_keeps_its_probability": (
        reads(_S1_4="q ← 2 q\nreturn q"),
        reads(_S2_4="q ← 2 q\nreturn q"),
        reads(_S4_4="q ← 2 q\nreturn q"),
        reads(_S5_3="q ← 2 q\nreturn q"),
    ),
    "the_likeliest_token_stays": (
        reads(_S1_1="for v ∈ [N_V]: r[v] ← Σ_u ⟦p[u] < p[v]⟧ ▷ r ∈ ℝ^{N_V}"),
        reads(_S2_3="∀v: if 1 − α ≤ r[v] then q[v] ← 0"),
        reads(_S4_1="m ← 1ᵀ p"),
    ),
    "what_surpasses_a_token_that_stays_stays": (
        reads(_S1_1="for v ∈ [N_V]: r[v] ← Σ_u ⟦p[u] < p[v]⟧ ▷ r ∈ ℝ^{N_V}"),
        reads(_S2_3="∀v: if 1 − α < r[v] then q[v] ← 0"),
        reads(_S4_3="∀v: if α m < p[v] then q[v] ← 0"),
    ),
    "tokens_may_be_numbered_otherwise": (
        reads(_S1_4="q[1] ← 0\nreturn q"),
        reads(_S2_4="q[1] ← 0\nreturn q"),
        reads(_S4_4="q[1] ← 0\nreturn q"),
    ),
    "with_k_the_vocabulary_nothing_changes": (reads(_S1_3="∀v: if k ≤ r[v] + 1 then q[v] ← 0"),),
    "tokens_and_their_selectors_may_change_places": (
        reads(_P1_3="Ṽ ← V softmax(S)\n∀i: Ṽ[i, 1] ← 0\nreturn Ṽ"),
        reads(_P2_2="n[1] ← 0\nreturn n"),
    ),
    "a_token_that_selects_nothing_gets_zeros": (
        reads(_P1_2="∀ t, t': if ¬A[t, t'] then S[t, t'] ← −500"),
    ),
    "a_token_that_selects_one_gets_its_value": (
        reads(_P1_2="∀ t, t': if ¬A[t', t] then S[t, t'] ← −∞"),
    ),
    "what_is_selected_and_what_is_not_are_all": (
        reads(_P2_1="for t' ∈ [ℓ]: n[t'] ← Σ_t A[t, t'] + A[t', t']"),
    ),
    "a_text_may_be_read_in_steps": (
        reads(_K4_2="for t ∈ [ℓ_x]: e_t ← W_e[:, x[t]] + W_p[:, t]"),
        reads(_K5_2="for t ∈ [ℓ_x]: e_t ← W_e[:, x[t]] + W_p[:, t]"),
        reads(_K6_6="K̂_l, V̂_l ← extend_rotary(X̃, K_l, V_l | W_l, ω, 0)"),
    ),
    "later_tokens_change_no_column_before": (
        reads(_K4_7="X ← X + CachedAttention(X̃, K̂_l, V̂_l | W_l, Mask ≡ 1)"),
        reads(_K6_7="X ← X + CachedRotaryAttention(X̃, K̂_l, V̂_l | W_l, Mask ≡ 1, ω, ℓ)"),
    ),
}

BROKEN = {law: (*plants, *OF_BLOCKS.get(law, ())) for law, plants in PLANTED.items()}
