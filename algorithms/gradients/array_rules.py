"""How NumPy's functions are carried out on tracked arrays.

A rule computes the value, and says for each operand what the loss
owes to it, by the cotangent `c` of the result. A cotangent may have
the shape to which its operand was broadcast; who receives it adds
up. None is ever changed in place, for two operands may share it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from algorithms.gradients.cotangents import (
    Placed,
    Relative,
    Values,
    spread,
)
from algorithms.gradients.matrix_products import (
    left_cotangent,
    right_cotangent,
)
from algorithms.gradients.tracked_array import (
    FUNCTIONS,
    UFUNCS,
    Rule,
    Tracked,
    held,
    record,
    refuse,
    value_of,
)


def rule(
    table: dict[Any, Rule], *functions: Any
) -> Callable[[Rule], Rule]:
    """Enter a rule into a table."""

    def enter(carry_out: Rule) -> Rule:
        table.update(dict.fromkeys(functions, carry_out))
        return carry_out

    return enter


# Entry by entry -------------------------------------------------


@rule(UFUNCS, np.add)
def _add(x: Any, y: Any) -> Tracked:
    value = np.add(value_of(x), value_of(y))
    return record(value, (x, lambda c: c), (y, lambda c: c))


@rule(UFUNCS, np.subtract)
def _subtract(x: Any, y: Any) -> Tracked:
    value = np.subtract(value_of(x), value_of(y))
    return record(value, (x, lambda c: c), (y, lambda c: -c))


@rule(UFUNCS, np.multiply)
def _multiply(x: Any, y: Any) -> Tracked:
    v, w = held(x), held(y)
    return record(v * w, (x, lambda c: c * w), (y, lambda c: c * v))


@rule(UFUNCS, np.true_divide)
def _divide(x: Any, y: Any) -> Tracked:
    v, w = held(x), held(y)
    z = v / w
    return record(
        z, (x, lambda c: c / w), (y, lambda c: -c * z / w)
    )


@rule(UFUNCS, np.power)
def _power(x: Any, n: Any) -> Tracked:
    if isinstance(n, Tracked):
        refuse("numpy.power with a tracked exponent")
    v, n = held(x), held(n)
    return record(v**n, (x, lambda c: c * (n * v ** (n - 1))))


@rule(UFUNCS, np.maximum)
def _maximum(x: Any, y: Any) -> Tracked:
    return _larger(np.maximum, np.greater, x, y)


@rule(UFUNCS, np.minimum)
def _minimum(x: Any, y: Any) -> Tracked:
    return _larger(np.minimum, np.less, x, y)


def _larger(choose: Any, beyond: Any, x: Any, y: Any) -> Tracked:
    """Half for each of two equal entries, as JAX has it."""
    v, w = value_of(x), value_of(y)
    # As numbers of the type of the result: 0, ½ or 1.
    value = choose(v, w)
    first = (beyond(v, w) + 0.5 * (v == w)).astype(value.dtype)
    return record(
        value,
        (x, lambda c: c * first),
        (y, lambda c: c * (1 - first)),
    )


#: f, and the cotangent of x by c, x and y = f(x). Which of the two
#: is kept the argument names say.
UNARY: dict[Any, Callable[..., Any]] = {
    np.negative: lambda c: -c,
    np.positive: lambda c: c,
    np.exp: lambda c, y: c * y,
    np.expm1: lambda c, y: c * (y + 1),
    np.sqrt: lambda c, y: c / (2 * y),
    np.tanh: lambda c, y: c * (1 - y * y),
    np.reciprocal: lambda c, y: -c * y * y,
    np.log1p: lambda c, x: c / (1 + x),
    np.square: lambda c, x: 2 * c * x,
    np.absolute: lambda c, x: c * np.sign(x),
    np.sin: lambda c, x: c * np.cos(x),
    np.cos: lambda c, x: -c * np.sin(x),
}


def _unary(f: Any, cotangent: Callable[..., Any]) -> Rule:
    names = cotangent.__code__.co_varnames

    def carry_out(x: Tracked) -> Tracked:
        y = f(x.value)
        kept = {"x": x.value, "y": y}
        kept = {name: kept[name] for name in names[1:]}
        return record(y, (x, lambda c: cotangent(c, **kept)))

    return carry_out


UFUNCS |= {f: _unary(f, c) for f, c in UNARY.items()}


@rule(UFUNCS, np.log)
def _log(x: Tracked) -> Tracked:
    v, known = x.value, x.logarithm
    y = np.log(v) if known is None else known(lambda X: X)
    return record(y, (x, lambda c: Relative(c, v)))


@rule(FUNCTIONS, "astype")
def _astype(x: Tracked, dtype: Any) -> Tracked:
    if dtype.kind != "f":
        refuse(f"astype({dtype.name!r})")
    return record(x.value.astype(dtype), (x, lambda c: c))


# Sums -----------------------------------------------------------


@rule(FUNCTIONS, np.sum)
def _sum(
    x: Tracked, axis: Any = None, *, keepdims: bool = False
) -> Tracked:
    shape = x.shape

    def pull(c: Values) -> Values:
        return np.broadcast_to(_kept(c, axis, keepdims), shape)

    value = np.sum(x.value, axis=axis, keepdims=keepdims)
    return record(value, (x, pull))


@rule(FUNCTIONS, np.mean)
def _mean(
    x: Tracked, axis: Any = None, *, keepdims: bool = False
) -> Tracked:
    shape = x.shape
    value = np.mean(x.value, axis=axis, keepdims=keepdims)
    n = x.size // max(value.size, 1)

    def pull(c: Values) -> Values:
        return np.broadcast_to(_kept(c / n, axis, keepdims), shape)

    return record(value, (x, pull))


@rule(FUNCTIONS, np.max)
def _max(
    x: Tracked, axis: Any = None, *, keepdims: bool = False
) -> Tracked:
    return _extreme(np.max, x, axis, keepdims)


@rule(FUNCTIONS, np.min)
def _min(
    x: Tracked, axis: Any = None, *, keepdims: bool = False
) -> Tracked:
    return _extreme(np.min, x, axis, keepdims)


def _extreme(
    f: Any, x: Tracked, axis: Any, keepdims: bool
) -> Tracked:
    """An equal share for each entry that is the largest, as JAX."""
    v = x.value
    top = f(v, axis=axis, keepdims=True)

    def pull(c: Values) -> Any:
        at = v == top
        share = at / np.sum(at, axis=axis, keepdims=True)
        return _kept(c, axis, keepdims) * share

    return record(f(v, axis=axis, keepdims=keepdims), (x, pull))


def _kept(c: Values, axis: Any, keepdims: bool) -> Values:
    """A cotangent with axes of length 1 where axes were summed."""
    if axis is None or keepdims:
        return c
    return np.expand_dims(c, axis)


# Products of matrices -------------------------------------------


@rule(UFUNCS, np.matmul)
def _matmul(x: Any, y: Any) -> Tracked:
    v, w = held(x), held(y)
    if v.ndim < 2 or w.ndim < 2:
        refuse("@ of a vector", "write X @ v[:, None]")
    a, b = v.shape, w.shape
    return record(
        v @ w,
        (x, lambda c: left_cotangent(c, w, a)),
        (y, lambda c: right_cotangent(c, v, b)),
    )


# Choices and places ---------------------------------------------


@rule(FUNCTIONS, np.where)
def _where(condition: Any, x: Any, y: Any) -> Tracked:
    if isinstance(condition, Tracked):
        refuse("numpy.where of a tracked condition")
    condition = held(condition)
    value = np.where(condition, value_of(x), value_of(y))
    return record(
        value,
        (x, lambda c: np.where(condition, c, 0)),
        (y, lambda c: np.where(condition, 0, c)),
    )


@rule(FUNCTIONS, "getitem")
def _getitem(x: Tracked, key: Any) -> Tracked:
    parts = key if isinstance(key, tuple) else (key,)
    key = tuple(map(_index, parts))
    shape, known = x.shape, x.logarithm
    if _only_inserts(key):
        return _rearranged(
            x, lambda X: X[key], lambda c: c.reshape(shape)
        )

    def logarithm(pick: Callable[[Values], Values]) -> Any:
        return known(lambda X: pick(X[key]))

    return record(
        x.value[key],
        (x, lambda c: Placed(shape, key, c)),
        takes=True,
        logarithm=known and logarithm,
    )


def _index(part: Any) -> Any:
    """A part of a key, for a rule to keep."""
    if isinstance(part, Tracked):
        refuse("an index that is tracked")
    return np.array(part) if isinstance(part, list) else held(part)


def _only_inserts(key: tuple[Any, ...]) -> bool:
    """Whether a key adds axes of length 1, and no more."""
    return all(
        part is None
        or part is Ellipsis
        or (isinstance(part, slice) and part == slice(None))
        for part in key
    )


@rule(FUNCTIONS, np.take_along_axis)
def _take_along_axis(x: Any, indices: Any, axis: int) -> Any:
    if isinstance(indices, Tracked):
        refuse("an index that is tracked")
    # The places along the other axes, as `X[…]` wants them.
    key = list(np.ogrid[tuple(map(slice, x.shape))])
    key[axis] = indices
    return x[tuple(key)]


@rule(FUNCTIONS, np.take)
def _take(x: Any, indices: Any, axis: int | None = None) -> Any:
    if axis is None:
        return np.reshape(x, (-1,))[indices]
    return x[(*[slice(None)] * (axis % x.ndim), indices)]


# Shapes ---------------------------------------------------------


def _rearranged(
    x: Tracked,
    f: Callable[[Values], Values],
    back: Callable[[Any], Any],
) -> Tracked:
    """Entries of x in other places; `back` takes f's cotangent."""
    value, known = f(x.value), x.logarithm
    kept = None if known is None else value

    def pull(c: Any) -> Any:
        c = spread(c, kept)
        if isinstance(c, Relative):
            return Relative(back(c.r), back(c.X))
        return back(c)

    def logarithm(pick: Callable[[Values], Values]) -> Any:
        return known(lambda X: pick(f(X)))

    return record(
        value,
        (x, pull),
        takes=True,
        logarithm=known and logarithm,
    )


@rule(FUNCTIONS, np.reshape)
def _reshape(x: Tracked, shape: Any) -> Tracked:
    old = x.shape
    return _rearranged(
        x, lambda X: np.reshape(X, shape), lambda c: c.reshape(old)
    )


@rule(FUNCTIONS, np.expand_dims)
def _expand_dims(x: Tracked, axis: Any) -> Any:
    return _reshape(x, np.expand_dims(x.value, axis).shape)


@rule(FUNCTIONS, np.squeeze)
def _squeeze(x: Tracked, axis: Any = None) -> Any:
    return _reshape(x, np.squeeze(x.value, axis).shape)


@rule(FUNCTIONS, np.swapaxes)
def _swapaxes(x: Tracked, one: int, other: int) -> Tracked:
    def swap(X: Values) -> Values:
        return np.swapaxes(X, one, other)

    return _rearranged(x, swap, swap)


@rule(FUNCTIONS, np.transpose)
def _transpose(x: Tracked, axes: Any = None) -> Tracked:
    back = None if axes is None else np.argsort(axes)
    return _rearranged(
        x,
        lambda X: np.transpose(X, axes),
        lambda c: np.transpose(c, back),
    )


@rule(FUNCTIONS, np.broadcast_to)
def _broadcast_to(x: Tracked, shape: Any) -> Tracked:
    value = np.broadcast_to(x.value, shape)
    return record(value, (x, lambda c: c))


@rule(FUNCTIONS, np.concatenate)
def _concatenate(arrays: Any, axis: int = 0) -> Tracked:
    values = [np.asarray(value_of(x)) for x in arrays]
    value = np.concatenate(values, axis)
    ends = np.cumsum([v.shape[axis] for v in values])
    starts = [0, *ends[:-1]]

    def part(start: int, end: int) -> Callable[[Any], Any]:
        key = (
            *[slice(None)] * (axis % value.ndim),
            slice(start, end),
        )
        return lambda c: c[key]

    parts = map(part, starts, ends)
    return record(value, *zip(arrays, parts, strict=True))


@rule(FUNCTIONS, np.stack)
def _stack(arrays: Any, axis: int = 0) -> Any:
    ready = [np.expand_dims(x, axis) for x in arrays]
    return np.concatenate(ready, axis)


# What has no slope ----------------------------------------------


def _plain(f: Any) -> Rule:
    """A function that only changes by jumps: a plain array."""
    return lambda *args, **options: f(
        *map(value_of, args), **options
    )


UFUNCS |= {
    f: _plain(f)
    for f in (
        np.equal,
        np.not_equal,
        np.less,
        np.less_equal,
        np.greater,
        np.greater_equal,
        np.isfinite,
        np.isinf,
        np.isnan,
        np.signbit,
    )
}
FUNCTIONS |= {
    f: _plain(f)
    for f in (
        np.argmax,
        np.argmin,
        np.argsort,
        np.ndim,
        np.ones_like,
        np.shape,
        np.size,
        np.zeros_like,
    )
}
