"""Laws of Algorithms 8, 9 and 10: whole transformers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from spec.laws.change_parameters import (
    Fields,
    coarse,
    each,
    fields_of,
    in_bundle,
    in_bundles,
    zero,
)
from spec.laws.evaluated_case import Array, InapplicableError, LawCase, only
from spec.laws.law import law
from spec.machine import Value

#: What a layer adds to its stream is 0 where these are.
ADDED = "W_o b_o W_mlp2 b_mlp2 W_mlp4 b_mlp4"


@law(8, 10)
def later_tokens_change_nothing_before_them(case: LawCase) -> str:
    """Columns up to t depend on the tokens x[1:t], and on none after them."""
    x = case.run.inputs[-1]
    known = _more_than_one(x) // 2
    then = case.with_inputs(*case.run.inputs[:-1], _other(case, x, slice(known, None)))
    where = f"where x[{known + 1}:{len(x)}] are other tokens"
    return case.differs(then, where, lambda found: only(slice(known), found))


@law(8)
def without_positions_the_order_of_z_does_not_matter(case: LawCase) -> str:
    """Where W_p = 0, tokens of z may change places."""
    before = case.with_fields(zero("W_p"))
    z, x = before.run.inputs
    _more_than_one(z)
    return before.differs(before.with_inputs(z[::-1], x), "where z has the opposite order")


@law(9)
def without_positions_the_order_of_x_is_that_of_P(case: LawCase) -> str:
    """Where W_p = 0, tokens of x may change places, the columns of P along with them."""
    before = case.with_fields(zero("W_p"))
    (x,) = before.run.inputs
    _more_than_one(x)
    then = before.with_inputs(x[::-1])
    return before.differs(then, "where x has the opposite order", lambda found: found[:, ::-1])


@law(8)
def z_is_read_by_cross_attention_alone(case: LawCase) -> str:
    """Where W_o = 0 and b_o = 0 in every W^{e/d}, z changes nothing."""

    def deaf(fields: Fields) -> Fields:
        heads = fields.get("W_ed")
        if heads is None:
            return fields
        silent = zero("W_o b_o")
        return {**fields, "W_ed": [in_bundle(one, silent) for one in heads]}

    before = case.with_fields(deaf)
    z, x = before.run.inputs
    then = before.with_inputs(_other(case, z, slice(None)), x)
    return before.differs(then, "where z is another")


@law(8, 9, 10)
def tokens_meet_in_attention_alone(case: LawCase) -> str:
    """Where attention adds nothing, a column of P depends on its own token alone."""
    before = case.with_fields(zero("W_o b_o"))
    inputs = list(before.run.inputs)
    if len(inputs) == 1:
        _more_than_one(inputs[0])
    inputs[-1] = _other(case, inputs[-1], slice(-1))
    if len(inputs) == 2:
        inputs[0] = _other(case, inputs[0], slice(None))
    then = before.with_inputs(*inputs)
    return before.differs(
        then, "where all other tokens are others", lambda found: only([-1], found)
    )


@law(10)
def layers_that_add_nothing_change_nothing(case: LawCase) -> str:
    """Where attention and MLP add nothing, the norms of the layers change nothing: pre-norm."""
    before = case.with_fields(zero(ADDED))
    then = before.with_fields(each("gamma1 beta1 gamma2 beta2", lambda one: -2 * one))
    return before.differs(then, "where γ and β of the layers, which add nothing, are others")


@law(10)
def the_stream_is_read_through_norms_alone(case: LawCase) -> str:
    """A number added to all of W_p changes nothing: all that reads the stream takes it normed."""
    before = case.with_fields(each("W_p", coarse))
    then = before.with_fields(each("W_p", lambda W_p: W_p + 1))
    return before.differs(then, "where 1 is added to all of W_p")


@law(8, 9, 10)
def a_norm_comes_last(case: LawCase) -> str:
    """Where γ = 0 in the last norm, all columns of P are the same."""
    last = {"8": "gamma5", "9": "gamma", "10": "gamma"}[case.arguments.id]
    then = case.with_fields(_last(last))
    _more_than_one(then.result[0])
    return then.apart(then.result[:, :1], 2 * then.tolerance, "where γ = 0 in the last norm")


@law(9)
def a_layer_ends_with_a_norm(case: LawCase) -> str:
    """Where γ = 0 in the last norm of the last layer, all columns of P are the same."""
    then = case.with_fields(_last("gamma2"))
    _more_than_one(then.result[0])
    return then.apart(then.result[:, :1], 2 * then.tolerance, "where γ²_L = 0")


@law(8, 9, 10)
def hidden_activations_may_change_places(case: LawCase) -> str:
    """Rows of W_mlp1 and b_mlp1 may change places, the columns of W_mlp2 along with them."""

    def turned(fields: Fields) -> Fields:
        rows = each("W_mlp1 b_mlp1 W_mlp3 b_mlp3", lambda W: W[::-1])
        return each("W_mlp2 W_mlp4", lambda W: W[:, ::-1])(rows(fields))

    then = case.with_fields(turned)
    return case.differs(then, "where the MLPs have their hidden activations in the opposite order")


@law(8, 9, 10)
def the_vocabulary_may_stand_in_another_order(case: LawCase) -> str:
    """Tokens may be numbered otherwise: columns of W_e, rows of W_u and of P change places."""
    header, N_V = case.arguments.header, len(case.result)

    def turned(fields: Fields) -> Fields:
        columns = each("W_e", lambda W_e: W_e[:, ::-1])
        return each("W_u", lambda W_u: W_u[::-1])(columns(fields))

    then = case.changed(
        lambda run: replace(
            in_bundles(run, header, turned),
            inputs=tuple([N_V + 1 - token for token in one] for one in run.inputs),
        )
    )
    where = "where the vocabulary has the opposite order"
    return case.differs(then, where, lambda found: found[::-1])


@law(8, 9, 10)
def columns_of_W_e_that_are_not_asked_for_change_nothing(case: LawCase) -> str:
    """The columns of W_e of tokens that do not occur change nothing."""
    occurring = sorted({token - 1 for one in case.run.inputs for token in one})
    then = case.with_fields(_others_replaced(case, "W_e", occurring))
    return case.differs(then, "where W_e has other columns for tokens that do not occur")


@law(8, 9, 10)
def columns_of_W_p_that_are_not_asked_for_change_nothing(case: LawCase) -> str:
    """The columns of W_p of positions after the last token change nothing."""
    longest = max(map(len, case.run.inputs))
    then = case.with_fields(_others_replaced(case, "W_p", list(range(longest))))
    return case.differs(then, "where W_p has other columns for positions after the last")


def _more_than_one(tokens: Value) -> int:
    if len(tokens) == 1:
        raise InapplicableError("there is one token")
    return len(tokens)


def _other(case: LawCase, tokens: Value, places: slice) -> list[int]:
    """Return tokens of which those at some places are others, each of them."""
    N_V = fields_of(case.run, case.arguments.header)["W_u"].shape[0]
    if N_V == 1:
        raise InapplicableError("the vocabulary is one token")
    found = list(tokens)
    found[places] = [1 + token % N_V for token in found[places]]
    return found


def _last(name: str) -> Callable[[Fields], Fields]:
    """Return what makes a parameter 0, of the last layer if all have it."""

    def within(fields: Fields) -> Fields:
        if name not in fields:
            return fields
        value = fields[name]
        if not isinstance(value, list):
            return {**fields, name: np.zeros_like(value)}
        return {**fields, name: [*value[:-1], np.zeros_like(value[-1])]}

    return within


def _others_replaced(case: LawCase, name: str, kept: list[int]) -> Callable[[Fields], Fields]:
    """Return what replaces all columns of a matrix but those that are kept."""
    wanted: Array = fields_of(case.other, case.arguments.header)[name].copy()
    if len(kept) == wanted.shape[1]:
        raise InapplicableError(f"every column of {name} is asked for")
    wanted[:, kept] = fields_of(case.run, case.arguments.header)[name][:, kept]
    return each(name, lambda _: wanted)
