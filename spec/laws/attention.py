"""Laws of attention: Algorithms 3, 4, 5 and ours, and the models that call them.

The context of an algorithm that takes keys and values is these: a token of it is a column of K and
the same of V. That of self-attention is X.
"""

import math
from dataclasses import replace
from typing import Any

import numpy as np

from spec.inputs.array_conversion import Array
from spec.inputs.change_parameters import Fields, change_bundle, each, zero
from spec.inputs.draw import Inputs
from spec.laws.evaluated_case import InapplicableError, LawCase, coarse, only
from spec.laws.law import law
from spec.machine import Parameters, Value

#: Those that take queries, or X, and keys and values: of one head, or of each group of heads.
CORE = ("C1", "C6", "C7")
READY = (*CORE, "H1", "H3", "H5")
#: Algorithm 4, and the same by blocks.
HEAD = ("4", "C4", "C5")
#: Those that mix what their heads give, and the models that call them.
MIXED = (
    *("5", "8", "9", "10", "H2", "H4", "H8", "R6", "R9"),
    *("X1", "X2", "X4", "X5", "X6", "X7", "X9", "X10"),
)


@law(3, *HEAD, 5, *READY, "C2", "H2", "R9")
def the_order_of_the_context_does_not_matter(case: LawCase) -> str:
    """Tokens of the context may change places, the rows of Mask along with them."""
    if _context(case).shape[1] == 1:
        raise InapplicableError("the context is one token")
    reordered = case.with_parameters(each("Mask", lambda Mask: Mask[::-1]))
    reordered = _with_context(reordered, _context(case)[:, ::-1])
    return case.contradiction(reordered, "where the context has the opposite order")


@law(*HEAD, 5, *READY, "C2", "H2", "R9")
def what_is_masked_changes_nothing(case: LawCase) -> str:
    """A token that no token may attend to may be any token."""
    masked = case.with_parameters(each("Mask", lambda Mask: _with_zeros(Mask, 0)))
    Z = _context(masked).copy()
    Z[:, 0] = _context(case.redrawn)[:, 0]
    changed = _with_context(masked, Z)
    return masked.contradiction(changed, "where Z[:, 1], which is masked, is another")


@law(*HEAD, 5, *READY, "C2", "H2", "H4", "H8", "H9", "R9", "R5", "R6", "R10", "R8")
def a_token_that_may_attend_to_nothing_gets_no_value(case: LawCase) -> str:
    """A token that may attend to nothing gets zeros, or b_o, not nan."""
    changed = case.with_parameters(each("Mask", lambda Mask: _with_zeros(Mask, np.s_[:, 0])))
    b_o = np.broadcast_to(changed.parameters.get("b_o", 0.0), changed.result.shape)
    return changed.mismatch(only([0], b_o), changed.tolerance, "where Mask[:, 1] is 0")


@law(*HEAD, 5, *READY, "H2", "H4", "R9", "R10", "R8")
def a_token_that_may_attend_to_one_other_gets_its_value(case: LawCase) -> str:
    """A token of X that may attend to one token z of Z gets W_v z + b_v, its value."""
    case = _with_equal_heads(case)
    Mask = _mask(case)
    chosen = np.arange(Mask.shape[1]) % Mask.shape[0]
    single = (np.arange(Mask.shape[0])[:, None] == chosen).astype(Mask.dtype)
    changed = case.with_parameters(each("Mask", lambda _: single))
    predicted = _attending(changed, _values(changed)[:, chosen])
    return changed.mismatch(predicted, changed.tolerance, "where each token may attend to one")


@law(3, *HEAD, 5, "H2")
def constant_values_come_out_as_they_went_in(case: LawCase) -> str:
    """Where W_v = 0, every token that may attend to any gets b_v."""
    constant = _with_equal_heads(case).with_parameters(zero("W_v"))
    predicted = _attending(constant, constant.parameters["b_v"])
    return constant.mismatch(predicted, constant.tolerance, "where W_v = 0")


@law(3, *HEAD, 5, *READY, "H2", "H4", "R9", "R10", "R8")
def a_context_of_equal_tokens_gives_the_value_of_one(case: LawCase) -> str:
    """Where all tokens of the context are z, a token that may attend to any gets W_v z + b_v."""
    equal = _with_equal_heads(case)
    Z = _context(equal)
    equal = _with_context(equal, np.repeat(Z[:, :1], Z.shape[1], 1))
    predicted = _attending(equal, _values(equal)[:, :1])
    where = "where all tokens of the context are the first"
    return equal.mismatch(predicted, equal.tolerance, where)


@law(3, *HEAD, 5, *READY, "H2", "H4", "R9")
def equal_scores_give_the_mean_value(case: LawCase) -> str:
    """Where W_q = 0 and b_q = 0, or K = 0, all that a token may attend to weighs the same."""
    equal = _with_equal_heads(case)
    if case.arguments.id in READY:
        K = equal.run.inputs[1]
        equal = _with_context(equal, _context(equal) * _is_below(K, len(_context(equal))))
    else:
        equal = equal.with_parameters(zero("W_q b_q"))
    V, Mask = _values(equal), _mask(equal)
    with np.errstate(invalid="ignore"):
        predicted = _attending(equal, V @ Mask / Mask.sum(axis=0))
    # V @ Mask is a sum of few numbers in float64, and no format is finer.
    return equal.mismatch(predicted, 2 * equal.tolerance, "where W_q = 0 and b_q = 0")


@law(3, *HEAD, *CORE, "R10")
def what_comes_out_lies_between_the_values(case: LawCase) -> str:
    """Each entry lies between the least and the largest that the values attended to have there."""
    V, Mask = _values(case), _mask(case) == 1
    columns = case.result.reshape(len(V), -1)
    seen = np.where(Mask[None], V[:, :, None], np.nan)  # an entry, a token of Z, one of X
    seen[:, :, ~Mask.any(axis=0)] = 0
    least, largest = np.nanmin(seen, axis=1), np.nanmax(seen, axis=1)
    return case.mismatch(
        np.clip(columns, least, largest).reshape(case.result.shape), case.tolerance
    )


@law(3, *HEAD, 5, *READY, "C2", "H2", "H4", "H8", "H9", "H10", "R9", "R8")
def a_factor_of_the_values_is_one_of_the_result(case: LawCase) -> str:
    """A factor of W_v and b_v, or of V, is one of the result; with heads one of W_o and b_o."""
    if "W_o" in case.parameters or "W_v" in case.parameters:
        names = "W_o b_o" if "W_o" in case.parameters else "W_v b_v"
        scaled = case.with_parameters(each(names, lambda W: -2 * W))
    else:
        names, (*others, V) = "V", case.run.inputs
        scaled = case.with_inputs(*others, -2 * V)
    tolerance = 2 * case.tolerance + scaled.tolerance
    return scaled.mismatch(-2 * case.result, tolerance, f"where {names} have the factor −2")


@law(*HEAD, 5, *READY, "C2", "H2", "R9")
def tokens_of_X_are_independent(case: LawCase) -> str:
    """What a token of X gets does not depend on the other tokens of X."""
    X = case.run.inputs[0].copy()
    if X.shape[1] == 1:
        raise InapplicableError("X is one token")
    X[:, 0] = case.redrawn.run.inputs[0][:, 0]
    changed = case.with_inputs(X)
    where = "where X[:, 1] is another"
    return case.contradiction(changed, where, lambda result: only(slice(1, None), result))


@law(*HEAD, 5, *CORE, "C2", "H1", "H2", "R9")
def tokens_of_X_may_change_places(case: LawCase) -> str:
    """Tokens of X may change places, the columns of Mask and of Ṽ along with them."""
    reordered = case.with_parameters(each("Mask", lambda Mask: Mask[:, ::-1]))
    reordered = reordered.with_inputs(case.run.inputs[0][:, ::-1])
    where = "where X has the opposite order"
    return case.contradiction(reordered, where, lambda result: result[:, ::-1])


@law(3, 4, "C4", 5, 8, 9, 10, "H2", "R10")
def b_k_changes_nothing(case: LawCase) -> str:
    """The same number may be added to all scores of a token: b_k adds q · b_k, and is in vain."""
    changed = case.with_parameters(each("b_k", lambda b: -2 * b))
    return case.contradiction(changed, "where b_k has the factor −2")


@law(*READY)
def a_vector_added_to_all_keys_changes_nothing(case: LawCase) -> str:
    """The same number may be added to all scores of a token: a vector added to all keys does so."""
    before = _with_context(case, coarse(_context(case)))
    K = before.run.inputs[1]
    added = coarse(_context(case.redrawn)[:, :1]) * (1 - _is_below(K, len(_context(case))))
    changed = _with_context(before, _context(before) + added)
    return before.contradiction(changed, "where a vector is added to all keys")


@law(*MIXED)
def heads_may_change_places(case: LawCase) -> str:
    """Heads, or groups of heads, may change places, the columns of W_o along with them."""

    def reversed_heads(fields: Fields) -> Fields:
        heads = {name: value[::-1] for name, value in fields.items() if isinstance(value, list)}
        if "W_o" not in fields or not heads:
            return fields
        blocks = np.split(fields["W_o"], len(next(iter(heads.values()))), axis=1)
        return {**fields, **heads, "W_o": np.concatenate(blocks[::-1], axis=1)}

    changed = case.with_parameters(reversed_heads)
    return case.contradiction(changed, "where the heads have the opposite order")


@law(*MIXED)
def a_head_that_W_o_does_not_read_may_be_any(case: LawCase) -> str:
    """Where its columns of W_o are 0, a head changes nothing, and could be left out: pruning."""

    def heads(fields: Fields) -> Fields:
        return {name: value for name, value in fields.items() if isinstance(value, list)}

    def unread(fields: Fields) -> Fields:
        if "W_o" not in fields or not heads(fields):
            return fields
        first, *others = np.split(fields["W_o"], len(next(iter(heads(fields).values()))), axis=1)
        return {**fields, "W_o": np.concatenate([0 * first, *others], axis=1)}

    def scaled(value: Value) -> Value:
        if isinstance(value, list):
            return [*map(scaled, value)]
        if isinstance(value, Parameters):
            return change_bundle(value, lambda parts: {k: scaled(v) for k, v in parts.items()})
        return -2 * value

    def other(fields: Fields) -> Fields:
        if "W_o" not in fields:
            return fields
        changed = {name: [scaled(value[0]), *value[1:]] for name, value in heads(fields).items()}
        return {**fields, **changed}

    before = case.with_parameters(unread)
    where = "where the first head, of which W_o reads nothing, is another"
    return before.contradiction(before.with_parameters(other), where)


def _context(case: LawCase) -> Array:
    """Return the context as a matrix: a row below another of Z, of K and V, or of X.

    In Algorithm 3 it is a list of columns; keys may be a list, too, with those of each group.
    """
    inputs = case.run.inputs
    axis = 1 if case.arguments.id == "3" else 0
    parts = [
        np.concatenate(part, axis) if isinstance(part, list) else part
        for part in inputs[1:] or inputs
    ]
    return np.concatenate(parts)


def _with_context(case: LawCase, Z: Array) -> LawCase:
    def changed(run: Inputs) -> Inputs:
        if case.arguments.id == "3":
            return replace(run, inputs=(run.inputs[0], np.split(Z, Z.shape[1], axis=1)))
        rows = iter(Z)

        def cut(part: Value) -> Value:
            if isinstance(part, list):
                return [cut(member) for member in part]
            return np.stack([next(rows) for _ in part])

        first = min(1, len(run.inputs) - 1)  # in self-attention X is the context
        return replace(run, inputs=(*run.inputs[:first], *map(cut, run.inputs[first:])))

    return case.with_each_run(changed)


def _is_below(K: Value, rows: int) -> Array:
    """Return a column that is 1 for the rows below the keys, those of values, and else 0."""
    above = sum(map(len, K)) if isinstance(K, list) else len(K)
    return (np.arange(rows) >= above)[:, None].astype(float)


def _with_zeros(Mask: Value, entries: Any) -> Value:
    """Return a mask that is 0 at some entries: a row, or a column."""
    changed = Mask.copy()
    changed[entries] = 0
    return changed


def _mask(case: LawCase) -> Array:
    """Return the mask; Algorithm 3 has none, and one token that may attend to all."""
    mask: Array = case.parameters.get("Mask", np.ones((_context(case).shape[1], 1)))
    return mask


def _values(case: LawCase) -> Array:
    """Return V, correctly rounded; of several groups that of the first."""
    if case.arguments.id in READY:
        V = case.run.inputs[-1]
        first: Array = V[0] if isinstance(V, list) else V
        return first
    return _affine(case.parameters["W_v"], _context(case), case.parameters.get("b_v"))


def _affine(W: Array, Z: Array, b: Array | None) -> Array:
    """Return W Z + b 1ᵀ, each entry the nearest float64: products of drawn numbers are exact."""
    result = np.empty((W.shape[0], Z.shape[1]))
    for row, column in np.ndindex(result.shape):
        offset = [] if b is None else [b[row, 0]]
        result[row, column] = math.fsum([*(W[row] * Z[:, column]), *offset])
    return result


def _with_equal_heads(case: LawCase) -> LawCase:
    """Return attention all of whose heads, or groups of heads, are the first."""

    def first(value: Value) -> Value:
        return value[:1] * len(value) if isinstance(value, list) else value

    def equal(fields: Fields) -> Fields:
        return {name: first(value) for name, value in fields.items()}

    equal_heads = case.with_parameters(equal)
    if case.arguments.id not in READY:
        return equal_heads
    return equal_heads.with_inputs(*map(first, case.run.inputs))


def _attending(case: LawCase, columns: Array) -> Array:
    """Return the result where each token of X that may attend to any gets a column in each head.

    With heads, the columns of all, which are equal, stand one below another; Algorithm 5 and others
    multiply them by W_o. Nothing is predicted for a token that may attend to nothing: it gets nan.
    """
    W_o, b_o = case.parameters.get("W_o"), case.parameters.get("b_o")
    rows = case.result.shape[0] if W_o is None else W_o.shape[1]
    heads = np.tile(columns, (rows // len(columns), 1))
    columns = heads if W_o is None else _affine(W_o, heads, b_o)
    attending = np.asarray(_mask(case).any(axis=0))
    columns = np.broadcast_to(columns, (len(columns), len(attending)))
    return np.where(attending, columns, np.nan).reshape(case.result.shape)
