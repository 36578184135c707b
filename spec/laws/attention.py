"""Laws of Algorithms 3, 4 and 5: attention."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from spec.inputs.draw import Inputs
from spec.laws.change_parameters import Fields, affine, each, fields_of, zero
from spec.laws.evaluated_case import Array, InapplicableError, LawCase, only
from spec.laws.law import law
from spec.machine import Value


@law(3, 4, 5)
def the_order_of_the_context_does_not_matter(case: LawCase) -> str:
    """Tokens of the context may change places, the rows of Mask along with them."""
    many = _context(case.run).shape[1]
    if many == 1:
        raise InapplicableError("the context is one token")
    moved = case.with_fields(each("Mask", lambda Mask: Mask[::-1]))
    then = moved.changed(lambda run: _with_context(run, _context(run)[:, ::-1]))
    return case.differs(then, "where the context has the opposite order")


@law(4, 5)
def what_is_masked_changes_nothing(case: LawCase) -> str:
    """A token that no other may attend to may be any token."""
    before = case.with_fields(each("Mask", lambda Mask: _with_row(Mask, 0)))
    Z = _context(before.run).copy()
    Z[:, 0] = _context(case.other)[:, 0]
    then = before.changed(lambda run: _with_context(run, Z))
    return before.differs(then, "where Z[:, 1], which is masked, is another")


@law(4, 5)
def a_token_that_may_attend_to_nothing_gets_no_value(case: LawCase) -> str:
    """A token that may attend to nothing gets zeros, or b_o, not nan."""

    def blinded(Mask: Value) -> Value:
        blind = Mask.copy()
        blind[:, 0] = 0
        return blind

    then = case.with_fields(each("Mask", blinded))
    fields = fields_of(then.run, case.arguments.header)
    wanted = only([0], np.broadcast_to(fields.get("b_o", 0.0), then.result.shape))
    return then.apart(wanted, then.tolerance, "where Mask[:, 1] is 0")


@law(4)
def a_token_that_may_attend_to_one_other_gets_its_value(case: LawCase) -> str:
    """A token of X that may attend to one token z of Z gets W_v z + b_v."""
    Mask = fields_of(case.run, case.arguments.header)["Mask"]
    chosen = np.arange(Mask.shape[1]) % Mask.shape[0]
    one = (np.arange(Mask.shape[0])[:, None] == chosen).astype(Mask.dtype)
    then = case.with_fields(each("Mask", lambda _: one))
    wanted = _values(then)[:, chosen]
    return then.apart(wanted, then.tolerance, "where each token may attend to one")


@law(5)
def scores_do_not_matter_where_there_is_one_to_attend_to(case: LawCase) -> str:
    """Where a token may attend to one other, W_q and W_k change nothing."""
    one = case.with_fields(each("Mask", lambda Mask: _with_row(np.zeros_like(Mask), 1)))
    then = one.with_fields(each("W_q b_q W_k b_k", lambda W: -2 * W))
    return one.differs(then, "where Mask has one row of 1 and W_q and W_k have another factor")


@law(3, 4)
def constant_values_come_out_as_they_went_in(case: LawCase) -> str:
    """Where W_v = 0, every token that may attend to any gets b_v."""
    then = case.with_fields(zero("W_v"))
    b_v = fields_of(then.run, case.arguments.header)["b_v"]
    return then.apart(_attending(then, b_v), then.tolerance, "where W_v = 0")


@law(5)
def constant_values_come_out_the_same_for_all(case: LawCase) -> str:
    """Where W_v = 0 and all may attend to all, all tokens get the same."""
    then = case.with_fields(zero("W_v")).with_fields(each("Mask", np.ones_like))
    return then.apart(then.result[:, :1], 2 * then.tolerance, "where W_v = 0")


@law(3, 4)
def a_context_of_equal_tokens_gives_the_value_of_one(case: LawCase) -> str:
    """Where all tokens of the context are z, a token that may attend to any gets W_v z + b_v."""
    z = _context(case.run)[:, :1]
    then = case.changed(lambda run: _with_context(run, np.repeat(z, _context(run).shape[1], 1)))
    wanted = _attending(then, _values(then)[:, :1])
    return then.apart(wanted, then.tolerance, "where all tokens of the context are the first")


@law(3, 4)
def equal_scores_give_the_mean_value(case: LawCase) -> str:
    """Where W_q = 0 and b_q = 0, all that a token may attend to weighs the same."""
    then = case.with_fields(zero("W_q b_q"))
    V, Mask = _values(then), _mask(then)
    with np.errstate(invalid="ignore"):
        wanted = _attending(then, V @ Mask / Mask.sum(axis=0))
    # V @ Mask is a sum of few numbers in float64, and no format is finer.
    return then.apart(wanted, 2 * then.tolerance, "where W_q = 0 and b_q = 0")


@law(3, 4)
def what_comes_out_lies_between_the_values(case: LawCase) -> str:
    """Each entry lies between the least and the largest that the values attended to have there."""
    V, Mask = _values(case), _mask(case) == 1
    found = case.result.reshape(len(V), -1)
    seen = np.where(Mask[None], V[:, :, None], np.nan)  # an entry, a token of Z, one of X
    seen[:, :, ~Mask.any(axis=0)] = 0
    least, most = np.nanmin(seen, axis=1), np.nanmax(seen, axis=1)
    wanted = np.clip(found, least, most).reshape(case.result.shape)
    return case.apart(wanted, case.tolerance)


@law(3, 4, 5)
def a_factor_of_the_values_is_one_of_the_result(case: LawCase) -> str:
    """A factor of W_v and b_v, in Algorithm 5 of W_o and b_o, is one of Ṽ."""
    names = "W_o b_o" if case.arguments.id == "5" else "W_v b_v"
    then = case.with_fields(each(names, lambda W: -2 * W))
    return then.apart(
        -2 * case.result, 2 * case.tolerance + then.tolerance, f"where {names} have the factor −2"
    )


@law(4, 5)
def tokens_of_X_are_independent(case: LawCase) -> str:
    """What a token of X gets does not depend on the other tokens of X."""
    X, Z = case.run.inputs
    if X.shape[1] == 1:
        raise InapplicableError("X is one token")
    X = X.copy()
    X[:, 0] = case.other.inputs[0][:, 0]
    then = case.with_inputs(X, Z)
    return case.differs(then, "where X[:, 1] is another", lambda found: only(slice(1, None), found))


@law(4, 5)
def tokens_of_X_may_change_places(case: LawCase) -> str:
    """Tokens of X may change places, the columns of Mask and of Ṽ along with them."""
    moved = case.with_fields(each("Mask", lambda Mask: Mask[:, ::-1]))
    then = moved.with_inputs(moved.run.inputs[0][:, ::-1])
    return case.differs(then, "where X has the opposite order", lambda found: found[:, ::-1])


@law(3, 4, 5, 8, 9, 10)
def b_k_changes_nothing(case: LawCase) -> str:
    """The same number may be added to all scores of a token: b_k adds q · b_k, and is in vain."""
    then = case.with_fields(each("b_k", lambda b: -2 * b))
    return case.differs(then, "where b_k has the factor −2")


@law(5, 8, 9, 10)
def heads_may_change_places(case: LawCase) -> str:
    """Heads may change places, the columns of W_o along with them."""

    def turned(fields: Fields) -> Fields:
        heads = fields.get("W_qkv")
        if not isinstance(heads, list):
            return fields
        blocks = np.split(fields["W_o"], len(heads), axis=1)
        return {**fields, "W_qkv": heads[::-1], "W_o": np.concatenate(blocks[::-1], axis=1)}

    then = case.with_fields(turned)
    return case.differs(then, "where the heads have the opposite order")


@law(5)
def without_W_o_there_is_b_o(case: LawCase) -> str:
    """Where W_o = 0, every token gets b_o."""
    then = case.with_fields(zero("W_o"))
    b_o = fields_of(then.run, case.arguments.header)["b_o"]
    return then.apart(b_o, then.tolerance, "where W_o = 0")


def _context(run: Inputs) -> Array:
    """Return the context as a matrix; Algorithm 3 has its columns one by one."""
    context = run.inputs[1]
    found: Array = np.concatenate(context, axis=1) if isinstance(context, list) else context
    return found


def _with_context(run: Inputs, Z: Array) -> Inputs:
    first, second = run.inputs
    context = np.split(Z, Z.shape[1], axis=1) if isinstance(second, list) else Z
    return replace(run, inputs=(first, context))


def _with_row(Mask: Value, bit: int) -> Value:
    """Return a mask that lets all attend to the first token of Z, or none."""
    changed = Mask.copy()
    changed[0] = bit
    return changed


def _mask(case: LawCase) -> Array:
    """Return who may attend to what; Algorithm 3 has one token, which may attend to all."""
    everything = np.ones((_context(case.run).shape[1], 1))
    found: Array = fields_of(case.run, case.arguments.header).get("Mask", everything)
    return found


def _values(case: LawCase) -> Array:
    """Return V, correctly rounded."""
    fields = fields_of(case.run, case.arguments.header)
    found: Array = affine(fields["W_v"], _context(case.run), fields["b_v"])
    return found


def _attending(case: LawCase, columns: Array) -> Array:
    """Return what each token of X must get that may attend to any, as the result has it."""
    attending = np.asarray(_mask(case).any(axis=0))
    wanted = np.where(attending, np.broadcast_to(columns, (len(columns), len(attending))), np.nan)
    return wanted.reshape(case.result.shape)
