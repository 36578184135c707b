"""One array type for NumPy, torch, JAX and their like."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, Self, TypeVar, cast

import array_api_compat as compat
import numpy as np
from numpy.typing import NDArray


class Array(Protocol):
    """What the algorithms ask of an array.

    NumPy's, torch's and JAX's arrays are of this type as they are.
    It is for type checkers: `is_array` asks a value, far faster.
    """

    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def dtype(self) -> Any: ...
    @property
    def mT(self) -> Self: ...
    def __getitem__(self, key: Any, /) -> Self: ...
    def __matmul__(self, other: Any, /) -> Self: ...
    def __add__(self, other: Any, /) -> Self: ...
    def __sub__(self, other: Any, /) -> Self: ...
    def __mul__(self, other: Any, /) -> Self: ...
    def __truediv__(self, other: Any, /) -> Self: ...
    def __pow__(self, other: Any, /) -> Self: ...
    def __neg__(self) -> Self: ...
    def __and__(self, other: Any, /) -> Self: ...
    def __gt__(self, other: Any, /) -> Any: ...
    def __lt__(self, other: Any, /) -> Any: ...
    def __le__(self, other: Any, /) -> Any: ...
    def __int__(self) -> int: ...
    def __float__(self) -> float: ...


A = TypeVar("A", bound=Array)
A_co = TypeVar("A_co", bound=Array, covariant=True)


class Namespace(Protocol[A]):
    """The part of the array API standard (2024.12) in use here."""

    inf: float
    bool: Any

    def abs(self, x: A, /) -> A: ...
    def arange(
        self, stop: int, /, *, dtype: Any = None, device: Any = None
    ) -> A: ...
    def argmax(self, x: A, /, *, axis: int) -> A: ...
    def asarray(
        self, obj: Any, /, *, dtype: Any = None, device: Any = None
    ) -> A: ...
    def astype(self, x: Array, dtype: Any, /) -> A: ...
    def concat(
        self, arrays: Sequence[A], /, *, axis: int = 0
    ) -> A: ...
    def equal(self, x: Array, y: Array | int, /) -> Any: ...
    def exp(self, x: A, /) -> A: ...
    def isfinite(self, x: A, /) -> Any: ...
    def log(self, x: A, /) -> A: ...
    def max(
        self,
        x: A,
        /,
        *,
        axis: int | None = None,
        keepdims: bool = False,
    ) -> A: ...
    def min(self, x: A, /) -> A: ...
    def mean(
        self, x: A, /, *, axis: int, keepdims: bool = False
    ) -> A: ...
    def nonzero(self, x: Any, /) -> tuple[A, ...]: ...
    def ones(
        self,
        shape: tuple[int, ...],
        *,
        dtype: Any,
        device: Any = None,
    ) -> A: ...
    def reshape(self, x: A, /, shape: tuple[int, ...]) -> A: ...
    def sqrt(self, x: A, /) -> A: ...
    def sum(
        self,
        x: A,
        /,
        *,
        axis: int | None = None,
        keepdims: bool = False,
    ) -> A: ...
    def take(self, x: A, indices: Any, /, *, axis: int) -> A: ...
    def take_along_axis(
        self, x: A, indices: Any, /, *, axis: int
    ) -> A: ...
    def tanh(self, x: A, /) -> A: ...
    def where(
        self, condition: Any, x1: A | float, x2: A | float, /
    ) -> A: ...


def is_array(value: object) -> bool:
    """Whether this is an array, of whatever library."""
    return hasattr(value, "shape") and hasattr(value, "dtype")


def namespace(x: A) -> Namespace[A]:
    """The functions of the library that `x` comes from."""
    return cast("Namespace[A]", compat.array_namespace(x))


def device(x: Array) -> Any:
    """Where `x` lives."""
    return compat.device(cast("Any", x))


def arange(n: int, like: Array) -> Array:
    """The integers 0 … n-1, in the library of `like`, beside it."""
    return namespace(like).arange(n, device=device(like))


def as_index(x: A) -> A:
    """`x` in the integer type that its library makes by itself.

    A token may be of any integer type. Bytes (uint8) hold neither
    the three reserved IDs nor, in torch, an index.
    """
    xp = namespace(x)
    return xp.astype(x, xp.arange(0).dtype)


def columns(W: A, i: Array) -> A:
    """`W[:, i]`: the column of `W` for each index in `i`.

    Shape `(*i.shape, rows)`, read as columns: `(..., rows, n)`. An
    index outside `W` gives an error or, where a library cannot look
    at values (JAX under `jit`), NaN: never another column. Hence a
    negative index is sent past the end instead of wrapping.
    """
    xp, n = namespace(W), W.shape[-1]
    i = as_index(i)
    i = namespace(i).where(i < 0, n, i)
    rows = xp.take(W.mT, namespace(i).reshape(i, (-1,)), axis=0)
    return xp.reshape(rows, (*i.shape, W.shape[0])).mT


def entries(P: A, i: Array) -> A:
    """`P[i[t], t]` for each column t of a matrix."""
    i = as_index(i)[None, :]
    return namespace(P).take_along_axis(P, i, axis=0)[0, :]


def append(x: A, y: int) -> A:
    """`[x, y]`: a sequence and one more element."""
    xp = namespace(x)
    last = xp.asarray([y], dtype=x.dtype, device=device(x))
    return xp.concat([x, last])


# What the array API lacks: the only branches on a library.


def erfc(x: A) -> A:
    """1 − erf(x)."""
    if compat.is_torch_array(x):
        import torch

        return cast("A", torch.special.erfc(cast("Any", x)))
    if compat.is_jax_array(x):
        import jax.scipy.special

        return cast("A", jax.scipy.special.erfc(cast("Any", x)))
    # scipy.special takes longer to import than NumPy.
    import scipy.special

    values = scipy.special.erfc(np.asarray(x))
    return namespace(x).asarray(values, dtype=x.dtype)


def to_numpy(x: Array) -> NDArray[np.float64]:
    """The values of `x`, outside its library and its gradients."""
    if compat.is_torch_array(x):
        import torch

        tensor = cast("Any", x).detach()
        x = tensor.to("cpu", torch.float64)
    return np.asarray(x, dtype=np.float64)
