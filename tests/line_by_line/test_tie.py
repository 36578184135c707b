"""Does the tie see that the reference is right, and name the line of each mistake in it?"""

from __future__ import annotations

import dataclasses
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from flint import arb
from helpers.cases import AT_ONCE, REFERENCE, batches, case, in_float32, line_values
from helpers.paper import MASKED, SEEDS, TRAINING
from helpers.planting import planted
from helpers.tagged_code import ATTENTION, difference, said, tied, written

from algorithms import MHAttention, tree_map
from spec.domains.balls import PrecisionError
from spec.expected.line_values import WIDTH, LineValues
from spec.inputs.array_conversion import to_numpy
from spec.inputs.size_table import size_table
from spec.language.types import SCALAR, Bundle, Family, Matrix
from spec.library import checked
from spec.line_by_line.tie import hold_to_lines, tie
from spec.pairing import PairingError

pytestmark = [
    pytest.mark.no_cover,  # to trace it takes twice as long, and all is run by others, too
    pytest.mark.filterwarnings("ignore::algorithms.LengthLimitWarning"),
]

#: Of what takes derivatives, all loops are still gone through twice.
TWICE = {**size_table("least"), **dict.fromkeys(("H", "L", "L_enc", "L_dec", "N_epochs"), 2)}
#: So that what is wrong in attention has the right shape.
SQUARE = {"d_x": 9, "d_z": 9, "ℓ_x": 7, "ℓ_z": 7}
#: On which the reference is held to its lines: the usual sizes twice, then small ones.
CASES = [
    (id, seed, batched)
    for id in REFERENCE
    for seed in (*range(1 if id in TRAINING else 3), *SEEDS.get(id, ()))
    for batched in batches(id)
]


@cache
def reference(id, seed=0, batched=False):
    """What the tie finds of the reference: computed once for all that is asked of it."""
    held = line_values(id, seed, batched=batched, **sizes(id, seed))
    return hold_to_lines(held, REFERENCE[id])


def takes_reals(id):
    """Whether it has arguments with a type of floating-point numbers, and not floats alone."""
    header = checked()[id].header
    types = [type for _, type in header.inputs]
    types += [type for _, type in header.parameters if type != SCALAR]
    types = [type for type in types if not (isinstance(type, Matrix) and type.bits)]
    return any(isinstance(type, Matrix | Bundle | Family) for type in types)


def sizes(id, seed):
    return TWICE if id in TRAINING else {} if seed < 2 else size_table("small")


# The reference


@pytest.mark.parametrize(("id", "seed", "batched"), CASES)
def test_the_reference_is_the_pseudocode(id, seed, batched):
    found = reference(id, seed, batched)
    assert found.differences == ()
    own = {line for line in found.unobserved if line.startswith(f"{id}.") or id not in AT_ONCE}
    assert own == AT_ONCE.get(id, set())


def test_self_attention_is_the_pseudocode_with_X_for_Z():
    inputs = case("5", **SQUARE)
    ((run,),) = inputs.runs
    X, _ = run.inputs
    runs = [[dataclasses.replace(run, inputs=(X, X))]]
    arguments = (inputs.arguments[0], inputs.arguments[0], *inputs.arguments[2:])
    same = dataclasses.replace(inputs, runs=runs, arguments=arguments)
    assert tie(checked(), "5", MHAttention, same).differences == ()


def of_torch(value):
    return torch.from_numpy(value) if isinstance(value, np.ndarray) else value


def of_jax(value):
    return jnp.asarray(np.asarray(value)) if hasattr(value, "dtype") else value


@pytest.mark.parametrize(("id", "make"), [("4", of_torch), ("5", of_jax), ("10", of_torch)])
def test_arrays_may_be_of_any_library(id, make):
    inputs = case(id, L=1)
    with jax.enable_x64(True):
        arguments = tuple(
            tree_map(make, part) if hasattr(part, "_fields") else make(part)
            for part in inputs.arguments
        )
        found = tie(checked(), id, REFERENCE[id], dataclasses.replace(inputs, arguments=arguments))
    assert found.differences == found.unobserved == ()


def test_an_array_is_read_though_it_asks_for_a_gradient():
    assert to_numpy(torch.ones(3, requires_grad=True)).tolist() == [1, 1, 1]


def test_neither_the_arguments_nor_the_source_of_chance_are_used_up():
    assert reference("14") == tied("14")


# Mistakes


#: The line, what stands once in the function of its algorithm, and what stands there instead:
#: mistakes that no mutant of one place is.
BUGS = [
    ("4.4", "K.mT @ Q", "Q.mT @ K"),
    ("4.5", "where(Mask,", "where(Mask.mT,"),
    ("4.6", "softmax(S / math.sqrt(d_attn))", "softmax((S / math.sqrt(d_attn)).mT).mT"),
    ("5.3", "xp.reshape(Y_h,", "xp.reshape(Y_h[..., ::-1, :, :],"),
    ("6.3", "xp.sqrt(v + eps)", "(xp.sqrt(v) + eps)"),
    ("6.3", "gamma[:, None] + beta[:, None]", "beta[:, None] + gamma[:, None]"),
    ("8.5", "in encoder_layers:", "in encoder_layers[::-1]:"),
    ("8.14", "unidirectional_mask(X, padding_x)", "bidirectional_mask(X, X, padding_x)"),
    ("10.5", "for layer in layers:", "for layer in layers[:1] * 2:"),
    ("10.5", "for layer in layers:", "for layer in layers + layers[:1]:"),
    ("10.7", "(X, gamma2, beta2,", "(X, gamma1, beta1,"),
    ("10.10", "for layer in layers:", "for layer in layers[:1]:"),
    ("13.3", "range(N_epochs)", "range(N_epochs + 1)"),
    ("13.3", "x_n = x[n]", "x_n = x[0]"),
    ("13.9", "range(N_epochs)", "range(N_epochs - 1)"),
    ("14.4", "P[:, ell + i - 1]", "P[:, max(ell + i - 2, 0)]"),
    ("14.5", "temper(p, tau)", "temper(p, 1 / tau)"),
    ("15.7", "append(x_hat, y)", "append(x_hat, int(x_hat[-1]))"),
    ("F1.1", "SiLU(W_gate @ X)", "SiLU(W_mlp1 @ X)"),
    ("R1.2", "e[..., :d_rot, :]", "e[..., : 2 * d_rot : 2, :]"),
    ("R2.3", "first * cos - second * sin", "first * cos + second * sin"),
    ("H2.4", "        K,\n", "        K[::-1],\n"),
    ("H4.3", "K = rotate(K, t, omega)", "K = K + 0"),
    ("H5.1", "        K_g,\n", "        K_g[..., ::-1],\n"),
    ("H6.9", "            X_tilde,\n", "            X,\n"),
    ("X2.6", "banded_mask(X, w)", "banded_mask(X, w + 1)"),
    ("X6.10", "X[..., :1]", "X[..., -1:]"),
]


@pytest.mark.parametrize(("line", "right", "wrong"), BUGS)
def test_a_mistake_is_named_by_its_line(line, right, wrong):
    id = line.partition(".")[0]
    of = SQUARE if id in MASKED else sizes(id, 0)
    found = difference(id, planted(REFERENCE[id], right, wrong), **of)
    assert found.line == line, found


# Bounds


@pytest.mark.parametrize("precision", [np.float64, np.float32])
@pytest.mark.parametrize(
    ("id", "seed"), [(id, seed) for id, seed, batched in CASES if not batched and seed < 2]
)
def test_every_error_is_within_its_bound_and_one_of_a_percent_is_not(id, seed, precision):
    found = reference(id, seed)
    if precision == np.float32:
        of = sizes(id, seed)
        single = in_float32(line_values(id, seed, **of), seed, **of)
        assert single.inputs.coarsest_type == (np.float32 if takes_reals(id) else np.float64)
        found = hold_to_lines(single, REFERENCE[id])
    assert found.differences == ()
    limits = np.finfo(precision)
    for agreement in found.agreements:
        assert agreement.error <= agreement.bound
        if agreement.ulp > limits.smallest_subnormal:  # not all is 0
            # Of the power of 2 below the largest.
            percent = 0.01 * agreement.ulp / float(limits.eps)
            if precision == np.float64:
                assert agreement.bound < 1e-6 * percent, agreement
            elif id not in TRAINING:
                assert agreement.bound < percent, agreement


def test_a_bound_grows_with_the_depth_and_what_is_copied_has_none():
    found = reference("4").agreements
    by_line = {agreement.line: agreement for agreement in found}
    assert by_line["4.1"].depth < by_line["4.4"].depth < by_line["4.6"].depth
    assert by_line["4.1"].bound < by_line["4.4"].bound < by_line["4.6"].bound
    copied = [agreement for agreement in found if agreement.line == "4"]
    assert all(one.bound == one.error == one.depth == 0 for one in copied)


@pytest.mark.parametrize("id", ["4", "8", "13"])
def test_the_exact_values_are_certified(id):
    held = line_values(id)
    (found,) = held.traces
    for ball in found.numbers():
        assert isinstance(ball, arb)
        assert ball.rad() <= WIDTH * held.scale


@pytest.mark.parametrize("batched", [False, True], ids=["one", "batch"])
@pytest.mark.parametrize("id", ["1", "4", "7", "8"])
def test_the_scale_is_the_largest_number_of_the_whole_batch_and_at_least_1(id, batched):
    held = line_values(id, batched=batched)
    balls = (ball for trace in held.traces for ball in trace.numbers())
    largest = max(1.0, *(abs(float(ball)) for ball in balls if ball.is_finite()))
    assert held.scale == pytest.approx(largest, rel=1e-15)


def test_where_the_pseudocode_has_no_value_nothing_is_compared():
    inputs = case("6", d_e=1)
    runs = [[dataclasses.replace(run, hyperparameters={"ε": 0.0}) for run in inputs.runs[0]]]
    with pytest.raises(PrecisionError):  # 0/0
        LineValues(checked(), "6", dataclasses.replace(inputs, runs=runs, keywords={}))


def test_what_is_0_but_for_rounding_is_compared():
    assert tied("10", d_e=1).differences == ()


def test_what_is_not_a_number_is_never_right():
    assert " is nan where " in said("4", written(ATTENTION, ("K.mT @ Q ", "K.mT @ Q * np.nan ")))


# Precision

Q = "W_q @ X + b_q[..., None]"


@pytest.mark.parametrize(
    "coarse",
    [
        f"({Q}).astype(np.float32)",
        f"({Q}).astype(np.float16)",
        "W_q.astype(np.float32) @ X.astype(np.float32) + b_q[..., None]",  # only on the way
    ],
)
def test_a_variable_that_is_coarser_than_the_arguments_is_a_difference(coarse):
    assert said("4", written(ATTENTION, (Q, coarse))).startswith("line 4.1 ")


def test_a_finer_variable_is_none():
    finer = (Q, "W_q.astype(float) @ X + b_q[..., None].astype(float)")
    single = in_float32(line_values("4"))
    assert hold_to_lines(single, written(ATTENTION, finer)).differences == ()


# Errors


def test_a_function_without_source_is_refused():
    with pytest.raises(PairingError):
        tied("4", len)
