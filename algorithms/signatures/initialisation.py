"""A random θ for any architecture."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from algorithms.signatures.annotations import (
    ArrayOf,
    Declaration,
    Instance,
    Items,
    Number,
    Optional,
    Record,
    read,
)
from algorithms.signatures.check import Check
from algorithms.signatures.messages import compiled
from algorithms.signatures.trees import Tree

F = TypeVar("F", bound=np.floating[Any])
P = TypeVar("P")
#: A class of parameters that has a P with NumPy arrays of type F;
#: with `type[…]` for `Callable[..., …]`, mypy would not find F.
Class = Callable[..., Tree[Any, NDArray[F], P]]


@overload
def initialise(
    parameters: Class[np.float64, P],
    rng: np.random.Generator,
    **sizes: int,
) -> P: ...
@overload
def initialise(
    parameters: Class[F, P],
    rng: np.random.Generator,
    *,
    dtype: type[F] | np.dtype[F],
    **sizes: int,
) -> P: ...
@overload
def initialise(
    parameters: Class[Any, P],
    rng: np.random.Generator,
    *,
    dtype: str,
    **sizes: int,
) -> P: ...
def initialise(
    parameters: Any,
    rng: np.random.Generator,
    *,
    dtype: Any = np.float64,
    **sizes: int,
) -> Any:
    """Draw θ for one of the architectures, or for a part of one.

    The paper leaves this open (erratum A15). Here γ is 1, β, σ
    and every b are 0, and a matrix W is normal with mean 0 and
    variance 1/n, n being the number of terms in a sum over its row:
    LeCun's rule, which keeps the scale of what passes through. W_e
    and W_p (and BERT's W_s, and the tables A_k, A_v and B of
    distances) sum nothing, each gives a column: n = 1.

    Parameters
    ----------
    parameters : type
        `DTransformerParameters`, say.
    rng : numpy.random.Generator
        Where the numbers come from.
    dtype : NumPy float type
        Of all arrays.
    **sizes : int, at least 1
        Every size in the annotations of `parameters`, by name:
        N_V, ell_max, H, d_e, … and L, the number of layers.

    Returns
    -------
    θ, in NumPy arrays
        `theta.map(torch.asarray)` gives another library's.

    Raises
    ------
    TypeError
        A size is missing, or is not one of θ's.
    ValueError
        A size is not positive.

    Notes
    -----
    Source: LeCun et al. 1998, *Efficient BackProp*, section 4.6.

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import AttentionParameters
    >>> W_qkv = initialise(
    ...     AttentionParameters, np.random.default_rng(0),
    ...     d_attn=2, d_x=5, d_z=4, d_out=3,
    ... )
    >>> W_qkv.W_v.shape
    (3, 4)
    """
    check = Check("initialise").check
    check(Instance(np.random.Generator), rng, "rng")
    if not np.issubdtype(dtype, np.floating):
        raise TypeError(
            f"initialise: dtype is {np.dtype(dtype)}, want a float"
        )
    if not hasattr(parameters, "_fields") or not isinstance(
        parameters, type
    ):
        name = getattr(
            parameters,
            "__name__",
            f"one {type(parameters).__name__}",
        )
        raise TypeError(
            f"initialise: cannot draw {name}, want a class such as "
            "DTransformerParameters"
        )
    declaration = read(parameters)
    names = _sizes(declaration)
    unknown = ", ".join(sorted(sizes.keys() - names))
    missing = ", ".join(sorted(names - sizes.keys()))
    if unknown or missing:
        problem = f"needs {missing}"
        if unknown and not missing:
            problem = f"has {', '.join(sorted(names))}"
        if unknown:
            problem = f"has no {unknown}: it {problem}"
        raise TypeError(
            f"initialise: {parameters.__name__} {problem}"
        )
    for name, size in sizes.items():
        check(Number(int), size, name)
        if size < 1:
            raise ValueError(
                f"initialise: {name} is {size}, want at least 1"
            )
    return _draw(declaration, "", rng, np.dtype(dtype), sizes)


#: Of these one column is taken at a time.
_TABLES = (
    *("W_e", "W_p", "W_s", "A_k", "A_v"),
    *("B", "B_prime", "B_dec"),
)


def _sizes(declaration: Declaration) -> set[str]:
    match declaration:
        case Record(fields=fields):
            return set().union(*map(_sizes, fields.values()))
        case Optional(part):
            return _sizes(part)
        case Items(item, count):
            return {count} | _sizes(item)
        case ArrayOf(axes=axes):
            return {n for a in axes for n in compiled(a).co_names}
        case _:
            raise TypeError(
                f"initialise: cannot draw {declaration}"
            )


def _draw(
    declaration: Any,
    name: str,
    rng: np.random.Generator,
    dtype: np.dtype[Any],
    sizes: dict[str, int],
) -> Any:
    match declaration:
        case Record(cls, fields):
            return cls(
                **{
                    f: _draw(part, f, rng, dtype, sizes)
                    for f, part in fields.items()
                }
            )
        case Optional(part):
            return _draw(part, name, rng, dtype, sizes)
        case Items(item, count):
            return tuple(
                _draw(item, name, rng, dtype, sizes)
                for _ in range(sizes[count])
            )
    shape = tuple(
        eval(compiled(axis), {}, sizes) for axis in declaration.axes
    )
    if name.startswith("gamma"):
        return np.ones(shape, dtype)
    if name.startswith(("beta", "b_", "sigma")):
        return np.zeros(shape, dtype)
    terms = 1 if name in _TABLES else shape[-1]
    scale = 1 / math.sqrt(terms)
    return (rng.standard_normal(shape) * scale).astype(dtype)
