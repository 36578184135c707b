"""Do all shapes follow for sizes nobody would meet by chance? No data: `jax.eval_shape`, primes."""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp
import pytest
from helpers.strategies import checked_functions
from jaxtyping import Float

from algorithms import layer_norm
from algorithms.signatures.arrays import A
from algorithms.signatures.declarations import ArrayOf, Items, Optional, Record, declared

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


def required(function: Any) -> dict[str, Any]:
    signature = declared(function)
    return {n: d for n, d in signature.arguments.items() if n not in signature.defaults}


def optional_arrays(function: Any) -> dict[str, Any]:
    """Padding, say."""
    return {
        name: declaration.value
        for name, declaration in declared(function).arguments.items()
        if isinstance(declaration, Optional) and isinstance(declaration.value, ArrayOf)
    }


#: What takes arrays and θ and gives an array; 11 to 15 draw, or loop over data, and run eagerly.
FUNCTIONS = [
    function
    for function in checked_functions()
    if isinstance(declared(function).result, ArrayOf)
    if all(isinstance(d, ArrayOf | Record) for d in required(function).values())
]


@pytest.mark.parametrize("batch", [(), BATCH], ids=["alone", "batched"])
@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
def test_the_shape_of_the_result_follows_from_the_names(function, batch):
    sizes = Sizes()
    arguments = {
        name: abstract(declaration, sizes, batch)
        for name, declaration in {**required(function), **optional_arrays(function)}.items()
    }
    result = jax.eval_shape(lambda arguments: function(**arguments), arguments)
    want = abstract(declared(function).result, sizes, batch)
    assert (result.shape, result.dtype) == (want.shape, want.dtype)


def test_algorithms_1_to_10_are_among_them():
    numbers = {getattr(function, "algorithm", None) for function in FUNCTIONS}
    assert {str(n) for n in range(1, 11)} <= numbers


def test_a_wrong_shape_is_seen():
    def transposed(
        e: Float[A, "*batch d_e ell"], gamma: Float[A, " d_e"], beta: Float[A, " d_e"]
    ) -> Float[A, "*batch d_e ell"]:
        return layer_norm(e, gamma, beta).mT

    with pytest.raises(AssertionError):
        test_the_shape_of_the_result_follows_from_the_names(transposed, ())
