"""Is the depth of a computation the number of roundings on its longest way?"""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spec.domains.depth import Depth, Depths
from spec.domains.domain import Domain, UndecidedError
from spec.domains.reverse import Reverse
from spec.expected.trace import numbers, trace
from spec.inputs.draw import draw
from spec.library import checked
from spec.machine import Chance

D = Depths()
depths = st.lists(st.builds(Depth, st.integers(0, 9)), min_size=1, max_size=5)


def lines(id, *, seed=0, **sizes):
    """The depth of each line of an algorithm on drawn inputs."""
    inputs = draw(checked(), id, np.random.default_rng(seed), sizes)
    found = trace(checked(), D, id, [inputs], chance=Chance(iter([0.5] * 99)))
    return {
        f"{id}.{number}": [
            one.depth for visit in visits for value in visit.values() for one in numbers(value)
        ]
        for (of, number), visits in found.lines.items()
        if of == id
    }


# Operations ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["add", "sub", "mul", "truediv"])
def test_an_operation_is_one_deeper_than_the_deeper_operand(name):
    for one, other in itertools.product(range(3), repeat=2):
        operation = getattr(Depth(one), f"__{name}__")
        assert operation(Depth(other)).depth == 1 + max(one, other)
        assert operation(2).depth == getattr(Depth(one), f"__r{name}__")(2).depth == 1 + one


def test_a_sign_a_constant_and_an_infinity_take_no_rounding():
    assert (-Depth(3)).depth == 3
    assert D.real(0.1).depth == D.minus_infinity.depth == D.step(Depth(3)).depth == 0


SMOOTH = ("exp", "log", "sqrt", "Phi", "ReLU", "square", "density", "cos", "sin", "tanh", "ELU")


@pytest.mark.parametrize("name", SMOOTH)
def test_a_function_is_one_deeper_than_its_argument(name):
    assert getattr(D, name)(Depth(3)).depth == 4


def test_a_power_is_one_deeper_than_the_deeper_of_base_and_exponent():
    assert [D.power(Depth(3), y).depth for y in (2, Depth(1), Depth(5))] == [4, 4, 6]


def test_the_larger_of_two_numbers_takes_no_rounding_and_depths_are_not_compared():
    assert D.larger(Depth(2), Depth(3)).depth == 3
    with pytest.raises(UndecidedError, match=r"^a depth does not say which number is larger$"):
        D.at_most(Depth(2), Depth(3))


def test_GELU_is_two_deep_and_SiLU_four():
    assert D.GELU(Depth(3)).depth == 5
    assert D.SiLU(Depth(3)).depth == 7


@given(depths)
def test_no_order_of_summation_is_deeper_than_the_total(xs):
    orders = (Domain.total(D, order).depth for order in itertools.permutations(xs))
    assert D.total(xs).depth == max(orders)
    halves = Domain.total(D, [Domain.total(D, xs[:2]), *xs[2:]])
    assert halves.depth <= D.total(xs).depth


@given(depths, st.data())
def test_no_order_of_summation_is_deeper_than_the_dot_product(xs, data):
    ys = data.draw(st.permutations(xs))
    pairs = list(zip(xs, ys, strict=True))
    orders = [Domain.dot(D, *zip(*order, strict=True)) for order in itertools.permutations(pairs)]
    assert D.dot(xs, ys).depth == max(order.depth for order in orders)


def test_an_empty_sum_is_exact():
    assert D.total([]).depth == D.dot([], []).depth == 0


@pytest.mark.parametrize("shape", [(2, 3, 4), (1, 1, 1), (2, 0, 3), (0, 2, 3)])
def test_a_matrix_product_has_the_depth_of_its_dot_products(shape):
    m, n, k = shape
    numbers = np.vectorize(Depth, otypes=[object])
    source = np.random.default_rng(0)
    A, B = (numbers(source.integers(0, 9, size)) for size in ((m, n), (n, k)))
    product, literal = D.product(A, B), Domain.product(D, A, B)
    assert product.shape == literal.shape == (m, k)
    assert [x.depth for x in product.flat] == [x.depth for x in literal.flat]


def test_a_derivative_is_as_deep_as_the_way_to_it_and_back():
    R = Reverse(D)
    x = R.variable(Depth(0))
    (slope,) = R.gradient(R.exp(x * x), [x])
    assert slope.depth == 5  # x·x, exp, times 1, times x, and the sum of two such


# Algorithms ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("sizes", [{}, {"d_x": 3, "ℓ_z": 8}, {"d_z": 20, "d_attn": 1}])
def test_the_depth_of_each_line_of_attention_is_a_formula_in_the_sizes(sizes):
    s = {"d_x": 13, "d_z": 9, "d_attn": 4, "ℓ_z": 7} | sizes
    Q, K = s["d_x"] + 1, s["d_z"] + 1
    S = max(Q, K) + s["d_attn"]
    softmax = S + 1 + 1 + (s["ℓ_z"] - 1) + 1  # over the root, exp, the sum, over the sum
    found = {line: max(depths) for line, depths in lines("4", **sizes).items()}
    assert found["4.1"] == Q
    assert found["4.2"] == found["4.3"] == K
    assert found["4.4"] == S
    assert found["4.6"] == max(softmax, K) + s["ℓ_z"]


@pytest.mark.parametrize("id", ["3", "6", "7", "8", "9", "10"])
def test_depths_do_not_depend_on_the_parameters(id):
    assert lines(id, seed=0) == lines(id, seed=1)
