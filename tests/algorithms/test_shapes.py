"""Do all shapes follow for sizes nobody would meet by chance? No data: `jax.eval_shape`, primes."""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp
import pytest
from helpers.strategies import checked_functions, traceable
from jaxtyping import Float

from algorithms import layer_norm
from algorithms.signatures.arrays import A
from algorithms.signatures.declarations import ArrayOf, Items, Optional, Record, declared
from spec.pairing import implementations

PRIMES = [p for p in range(101, 400) if all(p % q for q in range(2, 20))]
TYPES = {"float": jnp.float32, "integer": jnp.int32, "bool": jnp.bool_}
BATCH = (97, 89)  # two leading axes, no size of which is used elsewhere


class Sizes(dict[str, int]):
    """A prime for each name, so that no product or sum of sizes is a size."""

    def __missing__(self, name: str) -> int:
        # A sequence fits into ℓ_max, whatever else is drawn.
        self[name] = 997 if name == "ell_max" else PRIMES[len(self)]
        return self[name]


def abstract(declaration: Any, sizes: Sizes, batch: tuple[int, ...]) -> Any:
    """What is declared, as shapes and types without data."""
    match declaration:
        case ArrayOf():
            axes = tuple(
                math.prod(sizes[name] for name in axis.split("*")) for axis in declaration.axes
            )
            leading = batch if declaration.batch else ()
            return jax.ShapeDtypeStruct((*leading, *axes), TYPES[declaration.kind])
        case Record(cls, fields):
            # θ has no leading axis where an input has one.
            return cls(**{name: abstract(part, sizes, ()) for name, part in fields.items()})
        case Items(item):
            return (abstract(item, sizes, batch),) * 2
        case Optional(inner):
            return abstract(inner, sizes, batch)
        case _:
            raise NotImplementedError(declaration)


def taken(function: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The arrays and θ that a function takes, padding among them, and the numbers it needs."""
    arguments, _, defaults = declared(function)
    arrays, numbers = {}, {}
    for name, declaration in arguments.items():
        part = declaration.value if isinstance(declaration, Optional) else declaration
        if isinstance(part, ArrayOf | Record):
            arrays[name] = part
        elif name not in defaults:
            numbers[name] = 1
    return arrays, numbers


FUNCTIONS = [function for function in checked_functions() if traceable(function)]


@pytest.mark.parametrize("batch", [(), BATCH], ids=["alone", "batched"])
@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
def test_the_shape_of_the_result_follows_from_the_names(function, batch):
    sizes, (arrays, numbers) = Sizes(), taken(function)
    arguments = {name: abstract(part, sizes, batch) for name, part in arrays.items()}
    result = jax.eval_shape(lambda arguments: function(**arguments, **numbers), arguments)
    want = abstract(declared(function).result, sizes, batch)
    assert (result.shape, result.dtype) == (want.shape, want.dtype)


def test_every_algorithm_is_among_them_that_neither_draws_nor_trains():
    eager = {"rng", "value_and_gradient"}
    for function in implementations("algorithms").values():
        assert (function in FUNCTIONS) != bool(eager & declared(function).arguments.keys())


def test_a_wrong_shape_is_seen():
    def transposed(
        e: Float[A, "*batch d_e ell"], gamma: Float[A, " d_e"], beta: Float[A, " d_e"]
    ) -> Float[A, "*batch d_e ell"]:
        return layer_norm(e, gamma, beta).mT

    with pytest.raises(AssertionError):
        test_the_shape_of_the_result_follows_from_the_names(transposed, ())
