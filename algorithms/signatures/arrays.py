"""One array type for NumPy, torch, JAX and their like."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar, cast

import array_api_compat as compat
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Array(Protocol):
    """What the algorithms ask of an array.

    NumPy's, torch's and JAX's arrays are of this type as they are.
    It is for type checkers; `array_types.library` asks a value.
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
    def __radd__(self, other: Any, /) -> Self: ...
    def __sub__(self, other: Any, /) -> Self: ...
    def __mul__(self, other: Any, /) -> Self: ...
    def __truediv__(self, other: Any, /) -> Self: ...
    def __pow__(self, other: Any, /) -> Self: ...
    def __and__(self, other: Any, /) -> Self: ...
    def __or__(self, other: Any, /) -> Self: ...
    def __gt__(self, other: Any, /) -> Any: ...
    def __ge__(self, other: Any, /) -> Any: ...
    def __lt__(self, other: Any, /) -> Any: ...
    def __le__(self, other: Any, /) -> Any: ...
    def __int__(self) -> int: ...
    def __float__(self) -> float: ...


class Floats(Array, Protocol):
    """An array of floats. NumPy's booleans have no negative."""

    def __neg__(self) -> Self: ...


#: So many columns at once, in NumPy: `by_columns`.
COLUMNS = 128
#: From so many rows on halves are compared: `column_max`.
ROWS = 64

#: Floats of one library; and any array of one.
A = TypeVar("A", bound=Floats)
A_co = TypeVar("A_co", bound=Floats, covariant=True)
Arr = TypeVar("Arr", bound=Array)


class Namespace(Protocol[Arr]):
    """The part of the array API standard (2024.12) in use here."""

    inf: float
    bool: Any
    float32: Any
    int64: Any

    def abs(self, x: Arr, /) -> Arr: ...
    def all(self, x: Any, /) -> Any: ...
    def arange(
        self, stop: int, /, *, dtype: Any = None, device: Any = None
    ) -> Arr: ...
    def argmax(self, x: Arr, /, *, axis: int) -> Arr: ...
    def asarray(
        self, obj: Any, /, *, dtype: Any = None, device: Any = None
    ) -> Arr: ...
    def astype(self, x: Array, dtype: Any, /) -> Arr: ...
    def broadcast_to(
        self, x: Arr, /, shape: tuple[int, ...]
    ) -> Arr: ...
    def clip(self, x: Arr, min: int, max: int, /) -> Arr: ...
    def concat(
        self, arrays: Sequence[Arr], /, *, axis: int = 0
    ) -> Arr: ...
    def cos(self, x: Arr, /) -> Arr: ...
    def cumulative_sum(self, x: Arr, /) -> Arr: ...
    def equal(self, x: Array, y: Array | int, /) -> Any: ...
    def exp(self, x: Arr, /) -> Arr: ...
    def full(
        self,
        shape: tuple[int, ...],
        fill_value: float,
        *,
        dtype: Any = None,
        device: Any = None,
    ) -> Arr: ...
    def full_like(self, x: Array, /, fill_value: int) -> Array: ...
    def flip(self, x: Arr, /) -> Arr: ...
    def isfinite(self, x: Arr, /) -> Any: ...
    def log(self, x: Arr, /) -> Arr: ...
    def max(
        self,
        x: Arr,
        /,
        *,
        axis: int | None = None,
        keepdims: bool = False,
    ) -> Arr: ...
    def maximum(self, x1: Arr, x2: Arr, /) -> Arr: ...
    def min(self, x: Arr, /) -> Arr: ...
    def minimum(self, x1: Arr, x2: Arr, /) -> Arr: ...
    def mean(
        self, x: Arr, /, *, axis: int, keepdims: bool = False
    ) -> Arr: ...
    def nonzero(self, x: Any, /) -> tuple[Arr, ...]: ...
    def ones(
        self,
        shape: tuple[int, ...],
        *,
        dtype: Any,
        device: Any = None,
    ) -> Arr: ...
    def reshape(self, x: Arr, /, shape: tuple[int, ...]) -> Arr: ...
    def result_type(self, *types: Any) -> Any: ...
    def searchsorted(
        self, x1: Arr, x2: Arr, /, *, side: str
    ) -> Arr: ...
    def sin(self, x: Arr, /) -> Arr: ...
    def sort(self, x: Arr, /) -> Arr: ...
    def sqrt(self, x: Arr, /) -> Arr: ...
    def stack(
        self, arrays: Sequence[Arr], /, *, axis: int = 0
    ) -> Arr: ...
    def sum(
        self,
        x: Arr,
        /,
        *,
        axis: int | None = None,
        keepdims: bool = False,
    ) -> Arr: ...
    def take(
        self, x: Arr, indices: Any, /, *, axis: int
    ) -> Arr: ...
    def take_along_axis(
        self, x: Arr, indices: Any, /, *, axis: int
    ) -> Arr: ...
    def tanh(self, x: Arr, /) -> Arr: ...
    def where(
        self, condition: Any, x1: Arr | float, x2: Arr | float, /
    ) -> Arr: ...
    def zeros(
        self,
        shape: tuple[int, ...],
        *,
        dtype: Any = None,
        device: Any = None,
    ) -> Arr: ...
    def zeros_like(self, x: Arr, /) -> Arr: ...


def namespace(x: Arr) -> Namespace[Arr]:
    """The functions of the library that `x` comes from."""
    is_numpy = type(x) is np.ndarray  # what is asked for most
    xp = _numpy() if is_numpy else compat.array_namespace(x)
    return cast("Namespace[Arr]", xp)


@cache
def _numpy() -> Any:
    return compat.array_namespace(np.zeros(0))


def device(x: Array) -> Any:
    """Where `x` lives."""
    return compat.device(cast("Any", x))


def arange(n: int, like: Array) -> Array:
    """The integers 0 … n-1, in the library of `like`, beside it."""
    return namespace(like).arange(n, device=device(like))


def as_index(x: Arr) -> Arr:
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
    rows = take_rows(W.mT, namespace(i).reshape(i, (-1,)))
    return xp.reshape(rows, (*i.shape, W.shape[0])).mT


def entries(P: A, i: Array) -> A:
    """`P[i[t], t]` for each column t of a matrix, or of several."""
    i = as_index(i)[..., None, :]
    return namespace(P).take_along_axis(P, i, axis=-2)[..., 0, :]


def append(x: Arr, y: int) -> Arr:
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
    from algorithms.signatures import error_function

    values = error_function.erfc(np.asarray(x))
    return namespace(x).asarray(values, dtype=x.dtype)


def by_columns(f: Callable[[A], A], X: A) -> A:
    """`f(X)`, of an f that takes each column by itself.

    NumPy makes an array of each step within f, and memory that is
    new to a process takes longer to get than to compute with. So f
    gets some columns at a time, and what it makes of them is used
    again for the next. Other libraries see to it themselves.
    """
    is_numpy, ell = compat.is_numpy_array(X), (1, *X.shape)[-1]
    if not is_numpy or ell <= COLUMNS:
        return f(X)
    Y = f(X[..., :COLUMNS])
    result = np.empty((*Y.shape[:-1], ell), Y.dtype)
    result[..., :COLUMNS] = Y
    for start in range(COLUMNS, ell, COLUMNS):
        block = slice(start, start + COLUMNS)
        result[..., block] = f(X[..., block])
    return cast("A", result)


def column_max(S: A) -> A:
    """The largest entry of each column: `(..., n)`.

    NumPy's own maximum over rows takes many times as long as to
    compare the upper half of a matrix with the lower half.
    """
    xp = namespace(S)
    is_numpy = compat.is_numpy_array(S)
    while is_numpy and S.shape[-1] > 1 and S.shape[-2] > ROWS:
        half = (S.shape[-2] + 1) // 2
        S = xp.maximum(S[..., :half, :], S[..., -half:, :])
    return xp.max(S, axis=-2)


def take_rows(M: A, i: Array) -> A:
    """`M[i, :]`; of NumPy's arrays without a copy of all of M."""
    if compat.is_numpy_array(M):  # take copies what is transposed
        return cast("A", cast("Any", M)[i])
    return namespace(M).take(M, i, axis=0)


def to_numpy(x: Array) -> NDArray[Any]:
    """The values of `x`, outside its library and its gradients."""
    if compat.is_torch_array(x):
        tensor = cast("Any", x).detach().cpu()
        # NumPy has no bfloat16; float64 has all of its numbers.
        x = (
            tensor.double()
            if tensor.is_floating_point()
            else tensor
        )
    return np.asarray(x)
