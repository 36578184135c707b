"""Laws of whole transformers: Algorithms 8, 9 and 10, and ours that are made like them."""

from collections.abc import Callable

import numpy as np

from spec.inputs.change_parameters import Fields, change_bundle, each, zero
from spec.laws.evaluated_case import InapplicableError, LawCase, coarse, only
from spec.laws.law import law
from spec.machine import Value

#: A layer adds 0 to its stream where these parameters are 0.
ADDED = "W_o b_o W_mlp2 b_mlp2 W_mlp4 b_mlp4"
#: Decoders with learned positions, and those with rotary ones.
DECODERS = ("10", "X4", "X5", "X9")
ROTARY = ("X1", "X2", "X3")
#: The scales of the norms through which all that comes out has to go, last in a layer or in all.
LAST_NORMS = {"8": ("gamma5",), "9": ("gamma", "gamma2"), "X7": ("gamma5",)}


@law(8, "X7", *DECODERS, *ROTARY)
def later_tokens_change_nothing_before_them(case: LawCase) -> str:
    """Columns up to t depend on the tokens x[1:t], and on none after them but in a prefix."""
    x = case.run.inputs[-1]
    seen = max(_require_several(x) // 2, case.run.hyperparameters.get("ℓ_p", 0))
    if seen >= len(x):
        raise InapplicableError("no token is after the prefix")
    changed = case.with_inputs(*case.run.inputs[:-1], _other_tokens(case, x, slice(seen, None)))
    where = f"where x[{seen + 1}:{len(x)}] are other tokens"
    return case.contradiction(changed, where, lambda result: only(slice(seen), result))


@law(8, 9)
def without_positions_the_order_of_tokens_does_not_matter(case: LawCase) -> str:
    """Where W_p = 0, tokens of z may change places; those of x in 9, the columns of P with them."""
    before = case.with_parameters(zero("W_p"))
    tokens = before.run.inputs[0]
    _require_several(tokens)
    columns_follow = len(before.run.inputs) == 1
    return before.contradiction(
        before.with_inputs(tokens[::-1]),
        "where its tokens have the opposite order",
        lambda result: result[:, ::-1] if columns_follow else result,
    )


@law(8, 9)
def where_all_positions_are_alike_tokens_are_a_set(case: LawCase) -> str:
    """Where all columns of W_p are one, tokens may change places as where W_p = 0."""

    def first(W_p: Value) -> Value:
        return np.repeat(W_p[:, :1], W_p.shape[1], axis=1)

    before = case.with_parameters(each("W_p", first))
    tokens = before.run.inputs[0]
    _require_several(tokens)
    columns_follow = len(before.run.inputs) == 1
    return before.contradiction(
        before.with_inputs(tokens[::-1], *before.run.inputs[1:]),
        "where its tokens have the opposite order",
        lambda result: result[:, ::-1] if columns_follow else result,
    )


@law(8, "X7")
def z_is_read_by_cross_attention_alone(case: LawCase) -> str:
    """Where W_o = 0 and b_o = 0 in every W^{e/d}, z changes nothing."""

    def deaf(fields: Fields) -> Fields:
        heads = fields.get("W_ed")
        if heads is None:
            return fields
        return {**fields, "W_ed": [change_bundle(W, zero("W_o b_o")) for W in heads]}

    before = case.with_parameters(deaf)
    z, _ = before.run.inputs
    changed = before.with_inputs(_other_tokens(case, z, slice(None)))
    return before.contradiction(changed, "where z is another")


@law(8, 9, "X7", *DECODERS, *ROTARY)
def tokens_meet_in_attention_alone(case: LawCase) -> str:
    """Where attention adds nothing, a column of P depends on its own token alone."""
    before = case.with_parameters(zero("W_o b_o"))
    *contexts, x = before.run.inputs
    if not contexts:
        _require_several(x)
    changed = [_other_tokens(case, z, slice(None)) for z in contexts]
    changed.append(_other_tokens(case, x, slice(-1)))
    where = "where all other tokens are others"
    return before.contradiction(
        before.with_inputs(*changed), where, lambda result: only([-1], result)
    )


@law(*DECODERS, *ROTARY)
def layers_that_add_nothing_change_nothing(case: LawCase) -> str:
    """Where attention and MLP add nothing, the norms of the layers change nothing: pre-norm."""
    before = case.with_parameters(zero(ADDED))
    after = before.with_parameters(each("gamma1 beta1 gamma2 beta2", lambda vector: -2 * vector))
    where = "where γ and β of the layers, which add nothing, are others"
    return before.contradiction(after, where)


@law(*DECODERS)
def the_stream_is_read_through_norms_alone(case: LawCase) -> str:
    """A number added to all of W_p changes nothing: all that reads the stream takes it normed."""
    before = case.with_parameters(each("W_p", coarse))
    after = before.with_parameters(each("W_p", lambda W_p: W_p + 1))
    return before.contradiction(after, "where 1 is added to all of W_p")


@law(8, 9, "X7", *DECODERS, *ROTARY)
def a_norm_comes_last(case: LawCase) -> str:
    """Where γ = 0 in the last norm, or in that of 9's last layer, all columns are the same."""
    for name in LAST_NORMS.get(case.arguments.id, ("gamma",)):
        changed = case.with_parameters(_zero_in_the_last_layer(name))
        _require_several(changed.result[0])
        where = f"where {name} = 0 in the last layer or after it"
        if problem := changed.mismatch(changed.result[:, :1], 2 * changed.tolerance, where):
            return problem
    return ""


@law(8, 9, "F1", "F2", "H6", "X6", "X7", "X10", *DECODERS, *ROTARY)
def hidden_activations_may_change_places(case: LawCase) -> str:
    """Rows of W_mlp1, b_mlp1 and W_gate may change places, the columns of W_mlp2 with them."""

    def reordered(fields: Fields) -> Fields:
        rows = each("W_gate W_mlp1 b_mlp1 W_mlp3 b_mlp3", lambda W: W[::-1])
        return each("W_mlp2 W_mlp4", lambda W: W[:, ::-1])(rows(fields))

    where = "where the MLPs have their hidden activations in the opposite order"
    return case.contradiction(case.with_parameters(reordered), where)


@law("X2", "X4")
def tokens_out_of_reach_change_nothing(case: LawCase) -> str:
    """Where each of L layers sees w tokens, a column depends on the last 1 + L (w − 1) alone."""
    L = case.arguments.all_sizes["L"]
    case = case.drawn({"length(x)": L + 2})
    windows: dict[str, Value] = {"w": 2} if case.arguments.id == "X2" else {"w_l": [2] * L}
    before = case.with_hyperparameters(windows)
    x = before.run.inputs[0]
    changed = before.with_inputs(_other_tokens(before, x, slice(1)))
    where = "where x[1] is another token, and w = 2"
    return before.contradiction(changed, where, lambda result: only([-1], result))


@law("X9")
def tokens_between_sinks_and_window_change_nothing(case: LawCase) -> str:
    """Where k = 1 and w = 1, the last column depends on the first and the last token alone."""
    case = case.drawn({"length(x)": 4})
    before = case.with_hyperparameters({"k": 1, "w": 1})
    x = before.run.inputs[0]
    changed = before.with_inputs(_other_tokens(before, x, slice(1, -1)))
    where = "where x[2:3] are other tokens, k = 1 and w = 1"
    return before.contradiction(changed, where, lambda result: only([-1], result))


@law("X5")
def without_positions_the_order_in_the_prefix_does_not_matter(case: LawCase) -> str:
    """Where W_p = 0 and all is prefix, tokens may change places, the columns of P with them."""
    before = case.with_parameters(zero("W_p"))
    before = before.with_hyperparameters({"ℓ_p": len(case.run.inputs[0])})
    tokens = before.run.inputs[0]
    _require_several(tokens)
    where = "where its tokens have the opposite order"
    return before.contradiction(
        before.with_inputs(tokens[::-1]), where, lambda result: result[:, ::-1]
    )


@law("H6")
def a_block_that_adds_nothing_returns_the_stream(case: LawCase) -> str:
    """Where attention and the gated layer add nothing, X comes back: nothing else writes to it."""
    still = case.with_parameters(zero(ADDED))
    return still.mismatch(still.run.inputs[0], still.tolerance, "where nothing is added")


@law("X6", "X10")
def classes_may_change_places(case: LawCase) -> str:
    """Classes may be numbered otherwise: rows of W_c, b_c and p change places."""
    changed = case.with_parameters(each("W_c b_c", lambda W: W[::-1]))
    where = "where the classes have the opposite order"
    return case.contradiction(changed, where, lambda result: result[::-1])


@law("X6")
def classes_are_read_off_the_first_token(case: LawCase) -> str:
    """Where attention adds nothing, the other tokens change nothing."""
    before = case.with_parameters(zero("W_o b_o"))
    x = before.run.inputs[0]
    _require_several(x)
    changed = before.with_inputs(_other_tokens(before, x, slice(1, None)))
    return before.contradiction(changed, "where all tokens but the first are others")


@law("X10")
def classes_are_read_off_the_last_token(case: LawCase) -> str:
    """Where attention adds nothing, the tokens before the last one change nothing."""
    before = case.with_parameters(zero("W_o b_o"))
    x = before.run.inputs[0]
    _require_several(x)
    changed = before.with_inputs(_other_tokens(before, x, slice(-1)))
    return before.contradiction(changed, "where all tokens but the last are others")


def _require_several(tokens: Value) -> int:
    """Return how many tokens there are, if there are several."""
    if len(tokens) == 1:
        raise InapplicableError("there is one token")
    return len(tokens)


def _other_tokens(case: LawCase, tokens: Value, places: slice) -> list[int]:
    """Return tokens with each token at some places replaced by another."""
    N_V = case.parameters["W_e"].shape[1]
    if N_V == 1:
        raise InapplicableError("the vocabulary is one token")
    changed = list(tokens)
    changed[places] = [1 + token % N_V for token in changed[places]]
    return changed


def _zero_in_the_last_layer(name: str) -> Callable[[Fields], Fields]:
    """Return a change that makes a parameter 0, if each layer has one, in the last layer."""

    def changed(fields: Fields) -> Fields:
        if name not in fields:
            return fields
        value = fields[name]
        if not isinstance(value, list):
            return {**fields, name: np.zeros_like(value)}
        return {**fields, name: [*value[:-1], np.zeros_like(value[-1])]}

    return changed
