"""1 − erf(x) for NumPy's arrays, by one polynomial for all x.

For a = |x| is `erfc(a) = exp(−a²) · t · p(t)` where `t = 1/(a + 3)`
and `p(t) = (a + 3) exp(a²) erfc(a)` is so smooth that a polynomial
gives all the digits of a type. The idea and the transformation of
the half-line to an interval are those of Shepherd & Laframboise
1981, "Chebyshev approximation of (1+2x)exp(x²)erfc(x) in
0 ≤ x < ∞", Mathematics of Computation 36. The coefficients are our
own: p's interpolation at Chebyshev's points, which
`tests/algorithms/test_error_function.py` computes.

Each operation is one of NumPy's on some ten thousand numbers, which
stay in the processor's own memory.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Values = NDArray[Any]

#: So many numbers at once.
BLOCK = 32_768


class Table(NamedTuple):
    """What is written down for a type of floats.

    From `last` on the result is 0. The polynomial's coefficients,
    the highest power of `t − middle` first. `upper_half` has the
    bits of a number whose square is exact.
    """

    last: float
    middle: float
    upper_half: int
    coefficients: tuple[float, ...]


TABLES = {
    "float32": Table(
        10.125,
        13 / 64,
        0xFFFFF000,
        (
            3365.743471660993,
            265.37145565523394,
            -945.2144002603795,
            -294.179186818167,
            170.68398109657886,
            190.2782817643556,
            92.31457946971074,
            29.916836845433814,
            7.148964624494648,
            1.2990295381194592,
        ),
    ),
    "float64": Table(
        27.5,
        47 / 256,
        0xFFFFFFFFF8000000,
        (
            -214073459.22442693,
            61149411.67273876,
            45013346.10009938,
            -19849475.35518901,
            -4234739.422632044,
            3842512.216893922,
            46576.956712557956,
            -616672.8992795917,
            71673.87256335105,
            96913.05028334599,
            -19903.62323323138,
            -17042.523788092112,
            3832.9155530278736,
            3680.0018372423615,
            -422.4076614756997,
            -941.8364183206105,
            -163.35272845273477,
            197.53386735369935,
            172.17158453380378,
            78.13921437019987,
            24.929992369291718,
            6.0804419220042245,
            1.1701530818888004,
        ),
    ),
}


def erfc(x: Values) -> Values:
    """1 − erf(x), in the type of x; float16 by way of float32.

    The error is below 8 units in the last place, or below one of
    the smallest number where the result is next to 0. A test shows
    it in balls, in every binade.

    >>> erfc(np.array([-np.inf, 0.0, 1.0, 30.0]))
    array([2.        , 1.        , 0.15729921, 0.        ])
    """
    kind = np.float64 if x.dtype == np.float64 else np.float32
    flat = np.asarray(x, kind, order="C").reshape(-1)
    out = np.empty_like(flat)
    room = np.empty((4, min(BLOCK, flat.size)), kind)
    # Below the smallest number the result is 0, and says no more.
    with np.errstate(under="ignore"):
        for i in range(0, flat.size, BLOCK):
            part = flat[i : i + BLOCK]
            _block(part, out[i : i + BLOCK], room[:, : part.size])
    return out.reshape(x.shape).astype(x.dtype, copy=False)


def _block(x: Values, y: Values, room: Values) -> None:
    """The same of a few numbers, into y."""
    table = TABLES[x.dtype.name]
    a, t, high, v = room
    np.abs(x, out=a)
    np.minimum(a, x.dtype.type(table.last), out=a)
    np.add(a, 3, out=t)
    np.divide(1, t, out=t)
    np.subtract(t, table.middle, out=v)
    # p, by Horner's rule.
    first, second, *rest = table.coefficients
    np.multiply(v, first, out=y)
    y += second
    for c in rest:
        y *= v
        y += c
    y *= t
    # exp(−a²) in two factors: the square of a's upper half is
    # exact, and what is left is small.
    bits = f"u{x.itemsize}"
    np.bitwise_and(
        a.view(bits), table.upper_half, out=high.view(bits)
    )
    np.subtract(high, a, out=t)
    a += high
    t *= a
    y *= np.exp(t, out=t)
    high *= high
    np.negative(high, out=high)
    y *= np.exp(high, out=high)
    # erfc(−a) = 2 − erfc(a).
    np.copysign(y, x, out=y)
    np.copysign(1, x, out=t)
    np.subtract(1, t, out=t)
    y += t
