"""Laws of rotary positions: of turning one vector, and of what turns its queries and keys."""

from dataclasses import replace

import numpy as np

from spec.inputs.array_conversion import Array
from spec.inputs.change_parameters import Fields, each, members
from spec.laws.evaluated_case import InapplicableError, LawCase
from spec.laws.law import law
from spec.machine import Value

#: Attention that turns its own queries and keys, and the models that call it.
TURNING = ("H4", "H6", "H8", "H9", "X1", "X2", "X3")


@law("R1", "R2")
def at_the_first_position_nothing_turns(case: LawCase) -> str:
    """A vector with no token before it stays as it is."""
    first = _at(case, 0)
    return first.mismatch(_vectors(first), first.tolerance, "where t = 0")


@law("R1", "R2")
def turning_keeps_lengths(case: LawCase) -> str:
    """A vector is as long after it is turned as before."""
    lengths = np.linalg.norm(_vectors(case), axis=0), np.linalg.norm(case.result, axis=0)
    # Each entry may be off by the tolerance, and the length by the length of all these errors.
    tolerance = float(np.sqrt(len(case.result))) * case.tolerance
    return case.mismatch(case.result * (lengths[0] / lengths[1]), tolerance, "by its length")


@law("R1", "R2")
def turns_add(case: LawCase) -> str:
    """Turning by s tokens what is turned by t tokens is turning by s + t tokens."""
    runs = zip(case.arguments.runs, case.result.T, strict=True)
    again = case.with_runs([replace(run, inputs=(e[:, None], 2)) for run, e in runs])
    farther = case.with_each_run(
        lambda run: replace(run, inputs=(run.inputs[0], run.inputs[1] + 2))
    )
    # A turn makes an error in each of two entries one of at most their sum.
    tolerance = 2 * case.tolerance + again.tolerance + farther.tolerance
    return farther.mismatch(again.result, tolerance, "which is turned by two tokens more")


@law("R1", "R2")
def scores_depend_on_the_distance_alone(case: LawCase) -> str:
    """The product of two turned vectors stays where both stand farther back by as much."""
    before, after = _at(case, 3), _at(case, 5)
    vectors = np.linalg.norm(_vectors(case), axis=0)
    changed = np.abs(_products(before) - _products(after))
    # Of a product of two vectors, each of whose entries may be off by the tolerance.
    near = before.tolerance + after.tolerance
    bound = near * np.sqrt(len(case.result)) * (vectors + vectors[:, None] + near)
    first, second = np.unravel_index(int(np.argmax(changed - bound)), changed.shape)
    if changed[first, second] <= bound[first, second]:
        return ""
    found, wanted = (_products(each)[first, second] for each in (after, before))
    columns = f"columns {first + 1} and {second + 1}, turned by two tokens more"
    return f"gives {found:.6g} for the product of {columns}, not {wanted:.6g}"


@law("R3")
def the_first_frequency_is_1(case: LawCase) -> str:
    """The first pair turns by one radian from one token to the next."""
    predicted = np.full(case.result.shape, np.nan)
    predicted[0] = 1
    return case.mismatch(predicted, case.tolerance)


@law("R3")
def frequencies_fall_from_1_in_equal_proportions(case: LawCase) -> str:
    """Each frequency is to the next as all are, and the one after the last would be 1/Ω."""
    case = case.drawn({"d_rot": 4})
    steps = np.arange(len(case.result)).reshape(case.result.shape) / len(case.result)
    base = float(case.run.inputs[0])
    # NumPy's power errs by a few ulps, which the tolerance of 16 times the error covers.
    return case.mismatch(base**-steps, 2 * case.tolerance, "after three others")


@law(*TURNING)
def a_quarter_turn_of_all_queries_and_keys_changes_nothing(case: LawCase) -> str:
    """All pairs of rows of W_q and W_k may be turned by the same angle: scores see differences.

    Those of b_q and b_k, where there are any, turn along with them. By a quarter, since that is
    exact: of each pair the second row comes first, with a minus.
    """
    case = case.drawn({"d_attn": 4, "d_rot": 2})  # with one pair, neighbours are halves
    d_rot = len(case.parameters["omega"])

    def turned(fields: Fields) -> Fields:
        def quarter(W: Value) -> Value:
            return members(W, lambda one: _quarter(one, d_rot))

        return each("W_q b_q W_k b_k", quarter)(fields)

    where = "where all queries and keys are turned by a quarter"
    return case.contradiction(case.with_parameters(turned), where)


@law("H4", "H6", "H8", "H9")
def positions_count_from_anywhere(case: LawCase) -> str:
    """Tokens that attend to one another alone may all stand later by as much."""
    X = case.run.inputs[0]
    tokens = X.shape[1]
    if tokens < 3:
        raise InapplicableError("there are fewer than three tokens")

    def only_among(seen: slice) -> Array:
        Mask = np.zeros((tokens, tokens), case.parameters["Mask"].dtype)
        Mask[seen, seen] = np.triu(np.ones_like(Mask[seen, seen]))
        return Mask

    first, last = slice(tokens - 1), slice(1, tokens)
    before = case.with_parameters(each("Mask", lambda _: only_among(first)))
    later = case.with_parameters(each("Mask", lambda _: only_among(last)))
    later = later.with_inputs(np.roll(X, 1, axis=1))

    def arranged(result: Array) -> Array:
        predicted = np.full(result.shape, np.nan)
        predicted[:, last] = result[:, first]
        return predicted

    return before.contradiction(later, "where all stand one position later", arranged)


def _at(case: LawCase, t: int) -> LawCase:
    """Return the case with all vectors at one position."""
    return case.with_each_run(lambda run: replace(run, inputs=(run.inputs[0], t)))


def _vectors(case: LawCase) -> Array:
    """Return the vectors before they are turned, side by side."""
    return np.concatenate([run.inputs[0] for run in case.arguments.runs], axis=1)


def _products(case: LawCase) -> Array:
    """Return the products of all pairs of turned vectors."""
    products: Array = case.result.T @ case.result
    return products


def _quarter(W: Value, d_rot: int) -> Value:
    """Return rows with each of the first d_rot turned by a quarter with the one d_rot below."""
    above, below, rest = np.split(W, [d_rot, 2 * d_rot])
    return np.concatenate([-below, above, rest])
