"""Is a random θ what `initialise` says it is, for every architecture and every part?"""

from __future__ import annotations

import itertools
import math
import re
from typing import NamedTuple

import numpy as np
import pytest
import scipy.stats
from helpers import generic
from helpers.public_things import parameter_classes
from helpers.strategies import leaves
from hypothesis import given
from hypothesis import strategies as st
from jaxtyping import Float

from algorithms import (
    DTransformerParameters,
    EDTransformerParameters,
    ETransformerParameters,
    initialise,
    tree_map,
)
from algorithms.checkpoints import BERTParameters
from algorithms.signatures.annotations import read

PARAMETERS = parameter_classes()
every_parameters = pytest.mark.parametrize("parameters", PARAMETERS, ids=lambda p: p.__name__)

#: What the two tests below take for chance: a right `initialise` would fail at one seed in e^30.
RARE = math.exp(-30)


def needed(parameters):
    """The names of its sizes, as the error has them that asks for them."""
    with pytest.raises(TypeError) as caught:
        initialise(parameters, generic.rng())
    start = f"initialise: {parameters.__name__} needs "
    assert str(caught.value).startswith(start)
    return str(caught.value).removeprefix(start).split(", ")


def drawn(parameters, seed=0, **options):
    """A θ whose sizes are 2, 3, 4, …"""
    sizes = dict(zip(needed(parameters), itertools.count(2)))
    return initialise(parameters, generic.rng(seed), **sizes | options)


def arrays(theta):
    return leaves(read(type(theta)), theta, "theta")


def field(leaf):
    return leaf.keys[-1]


def matrices(theta):
    return [leaf for leaf in arrays(theta) if field(leaf).startswith("W")]


# Shapes and types ---------------------------------------------------------------------------------


def test_all_architectures_and_parts_are_found():
    assert {EDTransformerParameters, ETransformerParameters, DTransformerParameters} < {*PARAMETERS}
    assert BERTParameters in PARAMETERS


@every_parameters
@given(data=st.data())
def test_every_array_has_the_sizes_of_its_annotation(parameters, data):
    sizes = {name: data.draw(st.integers(1, 5), name) for name in needed(parameters)}
    theta = initialise(parameters, generic.rng(), **sizes)
    assert type(theta) is parameters
    for leaf in arrays(theta):
        assert leaf.leading == ()
        for axis in leaf.axes:
            assert axis.size == eval(axis.name, {}, sizes)


def test_there_are_as_many_layers_as_are_asked_for():
    theta = drawn(EDTransformerParameters, L_enc=3, L_dec=1)
    assert (len(theta.encoder_layers), len(theta.decoder_layers)) == (3, 1)
    assert len(drawn(DTransformerParameters, L=4).layers) == 4


@pytest.mark.parametrize("dtype", [np.float32, np.float64, "float16"])
@every_parameters
def test_every_array_is_of_the_float_type_asked_for(parameters, dtype):
    assert {leaf.value.dtype for leaf in arrays(drawn(parameters, dtype=dtype))} == {
        np.dtype(dtype)
    }


@every_parameters
def test_it_maps_its_arrays_as_tree_map_does(parameters):
    theta = drawn(parameters)
    mapped = theta.map(lambda w: w + 1)
    assert type(mapped) is parameters
    tree_map(np.testing.assert_array_equal, mapped, tree_map(lambda w: w + 1, theta))
    tree_map(lambda new, old: np.testing.assert_array_equal(new, old + 1), mapped, theta)


# Entries ------------------------------------------------------------------------------------------


@every_parameters
def test_gamma_is_1_and_beta_sigma_and_every_bias_0(parameters):
    for leaf in arrays(drawn(parameters)):
        if field(leaf).startswith("gamma"):
            assert (leaf.value == 1).all()
        elif field(leaf).startswith(("beta", "b_", "sigma")):
            assert (leaf.value == 0).all()
        else:
            assert field(leaf).startswith(("W", "A", "B", "a"))  # `a` is a row of one matrix


#: What is taken by the column, as it is.
TABLES = {"W_e", "W_p", "W_s", "A_k", "A_v", "B", "B_prime", "B_dec"}


def terms(leaf):
    """How many terms a sum over its row has: a column of an embedding is taken as it is."""
    return 1 if field(leaf) in TABLES else leaf.value.shape[-1]


def has_variance(array, variance):
    """Whether the squares of N normal numbers have the sum that they should: χ²_N times σ²."""
    sum_of_squares = scipy.stats.chi2(array.size)
    drawn = (array**2).sum() / variance
    return min(sum_of_squares.cdf(drawn), sum_of_squares.sf(drawn)) >= RARE


def is_normal(array, variance):
    """Whether N numbers are distributed as they should be, by Kolmogorov's and Smirnov's test."""
    return scipy.stats.kstest(array.ravel() / math.sqrt(variance), "norm").pvalue >= RARE


@every_parameters
def test_every_matrix_is_normal_with_variance_1_by_the_terms_of_its_row(parameters):
    few = {"H": 2, "H_kv": 2, "R": 1, "L": 1, "L_s": 1, "L_enc": 1, "L_dec": 1}
    many = (int(40 * 1.5**n) for n in itertools.count())
    sizes = {name: few.get(name) or next(many) for name in needed(parameters)}
    for leaf in matrices(drawn(parameters, **sizes)):
        assert has_variance(leaf.value, 1 / terms(leaf)), leaf.path
        assert is_normal(leaf.value, 1 / terms(leaf)), leaf.path


def test_other_distributions_are_seen():
    N = 2 * 40 * 60  # the least of the matrices above
    normal, uniform = generic.matrix(N), generic.rng().uniform(-math.sqrt(3), math.sqrt(3), N)
    assert has_variance(normal, 1)
    assert is_normal(normal, 1)
    assert not has_variance(normal, 1.5)
    assert not has_variance(normal, 1 / 1.5)
    assert has_variance(uniform, 1)
    assert not is_normal(uniform, 1)
    assert not is_normal(normal + 0.2, 1)


@every_parameters
def test_no_two_matrices_are_alike(parameters):
    first = [leaf.value.flat[0] for leaf in matrices(drawn(parameters))]
    assert len(first) == len({*first})


# The generator ------------------------------------------------------------------------------------


@every_parameters
def test_a_seed_gives_the_same_theta_and_another_seed_another(parameters):
    one, same, other = (
        [leaf.value.tobytes() for leaf in matrices(drawn(parameters, seed))] for seed in (0, 0, 1)
    )
    assert one == same
    assert not {*one} & {*other}


# Sizes --------------------------------------------------------------------------------------------


@every_parameters
def test_a_size_that_is_missing_is_named(parameters):
    names = needed(parameters)
    for name in names:
        sizes = dict.fromkeys({*names} - {name}, 2)
        with pytest.raises(TypeError, match=rf"^initialise: {parameters.__name__} needs {name}$"):
            initialise(parameters, generic.rng(), **sizes)


@every_parameters
def test_a_size_that_is_none_of_thetas_is_named(parameters):
    names = ", ".join(needed(parameters))
    has = rf"^initialise: {parameters.__name__} has no d_model, n: it has {re.escape(names)}$"
    with pytest.raises(TypeError, match=has):
        drawn(parameters, n=1, d_model=2)


@every_parameters
def test_a_size_by_a_wrong_name_is_named_and_so_is_what_is_missing(parameters):
    *sizes, last = needed(parameters)
    wrong = rf"^initialise: {parameters.__name__} has no {last}_: it needs {last}$"
    with pytest.raises(TypeError, match=wrong):
        initialise(parameters, generic.rng(), **dict.fromkeys([*sizes, f"{last}_"], 2))


@every_parameters
@pytest.mark.parametrize("size", [0, -1])
def test_a_size_that_is_not_positive_is_named(parameters, size):
    for name in needed(parameters):
        with pytest.raises(ValueError, match=rf"^initialise: {name} is {size}, want at least 1$"):
            drawn(parameters, **{name: size})


class Counted(NamedTuple):
    W: Float[np.ndarray, "m n"]
    count: int


@pytest.mark.parametrize("other", [dict, float, list[int], Counted])
def test_what_is_not_made_of_arrays_is_refused(other):
    with pytest.raises(TypeError, match=r"^initialise: cannot draw "):
        initialise(other, generic.rng())
