"""Algorithms D4, D5 and D11: spans are left out (T5, UL2)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

import numpy as np

from algorithms.paper.embedding import Token
from algorithms.signatures.arrays import (
    Array,
    as_index,
    device,
    namespace,
    to_numpy,
)
from algorithms.signatures.decorator import algorithm

if TYPE_CHECKING:
    from jaxtyping import Bool, Integer


@algorithm(
    "D4", requires=("ell <= first_sentinel", "first_sentinel < N_V")
)
def span_corruption(
    x: Annotated[Integer[Array, " ell"], Token],
    a: Bool[Array, " ell"],
    first_sentinel: int,
    *,
    N_V: int,  # noqa: ARG001
) -> tuple[Integer[Array, " ell_x"], Integer[Array, " ell_y"]]:
    """Each run that is left out leaves one token, a sentinel.

    Parameters
    ----------
    x : integer of any type, (ell,)
        Token IDs, 0 … N_V−1; at least one.
    a : bool, (ell,)
        True at the tokens that are left out.
    first_sentinel : int, ell … N_V−1
        The token for the first run. The next are first_sentinel − 1
        and so on; none is to occur in x.
    N_V : int, at least 1
        The size of the vocabulary.

    Returns
    -------
    x_tilde : integer, (ell_x,)
        What stays, with a sentinel for each run.
    y : integer, (ell_y,)
        The target: each sentinel and the run that it stands for,
        and one more sentinel.

    Raises
    ------
    IndexError
        A token is outside 0 … N_V−1.
    ShapeError, DTypeError
        An argument is not what the signature says.
    ValueError
        first_sentinel is out of its range.

    Notes
    -----
    x can be told from x_tilde and y. The published code of T5 has
    the same numbers, but for a text that ends in a run: there it
    leaves the last sentinel of the target out.

    Source: Raffel et al. 2020, "Exploring the Limits of Transfer
    Learning with a Unified Text-to-Text Transformer", section
    3.1.4.

    Examples
    --------
    >>> import numpy as np
    >>> x, a = np.array([3, 1, 4, 1, 5]), [0, 1, 1, 0, 1]
    >>> span_corruption(x, np.array(a) == 1, 99, N_V=100)
    (array([ 3, 99,  1, 98]), array([99,  1,  4, 98,  5, 97]))
    """
    x = as_index(x)
    xp = namespace(x)
    tokens, is_out = to_numpy(x).tolist(), to_numpy(a).tolist()
    ell = len(tokens)  # D4.1
    b = [False, *is_out]  # D4.2
    s = first_sentinel  # D4.3
    x_tilde: list[int] = []  # D4.4
    y: list[int] = []  # D4.5
    for t in range(ell):  # D4.6
        first = b[t] < is_out[t]
        x_tilde = [*x_tilde, s] if first else x_tilde  # D4.7
        y = [*y, s] if first else y  # D4.8
        s = s - 1 if first else s  # D4.9
        x_tilde = (
            x_tilde if is_out[t] else [*x_tilde, tokens[t]]
        )  # D4.10
        y = [*y, tokens[t]] if is_out[t] else y  # D4.11
    y = [*y, s]  # D4.13
    like = {"dtype": x.dtype, "device": device(x)}
    return xp.asarray(x_tilde, **like), xp.asarray(
        y, **like
    )  # D4.14


@algorithm("D11", requires=("2 <= ell", "0 < r < 1", "mu_span > 0"))
def random_spans(
    x: Integer[Array, " ell"],
    *,
    r: float,
    mu_span: float,
    rng: np.random.Generator,
) -> Bool[Array, " ell"]:
    """Which tokens are left out: runs of them, cut at random.

    Parameters
    ----------
    x : integer of any type, (ell,)
        Token IDs, of which the length alone counts, at least 2.
    r : float, in (0, 1)
        The part of the tokens that is left out.
    mu_span : float, above 0
        The mean length of a run; with inf there is one run.
    rng : numpy.random.Generator
        Asked for one number a token.

    Returns
    -------
    a : bool, (ell,)
        True at the tokens that are left out; beside x, in its
        library.

    Raises
    ------
    ShapeError, DTypeError
        An argument is not what the signature says.
    ValueError
        A number is out of its range.

    Notes
    -----
    r ell tokens are left out, rounded, at least one and not all;
    in as many runs as mu_span says, rounded. A run of tokens that
    stay comes first, and a run that is left out last. Of all ways
    to cut both kinds of tokens into so many runs each is as
    probable as any other. The published code of T5 draws in the
    same way. It rounds halves to the even number; they are rounded
    up here.

    Source: Raffel et al. 2020, "Exploring the Limits of Transfer
    Learning with a Unified Text-to-Text Transformer", section
    3.1.4.

    Examples
    --------
    >>> import numpy as np
    >>> x, rng = np.arange(9), np.random.default_rng(0)
    >>> a = random_spans(x, r=0.4, mu_span=2, rng=rng)
    >>> a.astype(int)
    array([0, 0, 1, 1, 1, 0, 0, 0, 1])
    """
    xp = namespace(x)
    ell = x.shape[0]  # D11.1
    halves = np.arange(1, ell + 1) - 1 / 2
    n = int(np.sum(halves <= r * ell))  # D11.2
    n = min(max(n, 1), ell - 1)  # D11.3
    k = int(np.sum(halves <= n / mu_span))  # D11.4
    k = min(max(k, 1), min(n, ell - n))  # D11.5
    g = ell - n  # D11.6
    h = n  # D11.7
    c = False  # D11.8
    a: list[bool] = []
    for t in range(ell):  # D11.9
        a = [*a[:t], c]  # D11.10; a = a[t]
        g = g if c else g - 1  # D11.11
        h = h - 1 if c else h  # D11.12
        p = (k - (g >= 1)) / max(g, 1)  # D11.13
        p = 1 - k / max(h, 1) if c else p  # D11.14
        b = rng.random() < p  # D11.15
        k = k - 1 if b and not c else k  # D11.16
        c = b  # D11.17
    return xp.asarray(a, device=device(x))  # D11.19


#: The seven tasks of UL2: a name, r and mu_span. R has the spans
#: of T5, S the end of a text, which is one span however long, and X
#: long spans or many.
UL2_DENOISERS = (
    ("R", 0.15, 3.0),
    ("R", 0.15, 8.0),
    ("S", 0.25, math.inf),
    ("X", 0.5, 3.0),
    ("X", 0.5, 8.0),
    ("X", 0.15, 64.0),
    ("X", 0.5, 64.0),
)


@algorithm(
    "D5",
    requires=(
        "2 <= ell",
        "ell <= first_sentinel",
        "first_sentinel < N_V",
        "0 < r < 1",
        "mu_span > 0",
        "0 <= mode_token < N_V",
    ),
)
def denoise(
    x: Annotated[Integer[Array, " ell"], Token],
    first_sentinel: int,
    *,
    N_V: int,
    r: float,
    mu_span: float,
    mode_token: int,
    rng: np.random.Generator,
) -> tuple[Integer[Array, " ell_x"], Integer[Array, " ell_y"]]:
    """One task of UL2: spans are left out, a token says how.

    Parameters
    ----------
    x : integer of any type, (ell,)
        Token IDs, 0 … N_V−1; at least two.
    first_sentinel, N_V
        As in `span_corruption`.
    r, mu_span, rng
        As in `random_spans`.
    mode_token : int, 0 … N_V−1
        The token of the task, which stands in front.

    Returns
    -------
    x_tilde : integer, (ell_x,)
        mode_token, and what stays, with a sentinel for each span.
    y : integer, (ell_y,)
        The target: each sentinel and the span that it stands for,
        and one more sentinel.

    Raises
    ------
    IndexError
        A token is outside 0 … N_V−1.
    ShapeError, DTypeError
        An argument is not what the signature says.
    ValueError
        A number is out of its range.

    Notes
    -----
    `UL2_DENOISERS` has the r and the mu_span of the seven tasks of
    UL2, of which each text has one, drawn at random: which, the
    caller says. The task S leaves out the last quarter of a text.

    Source: Tay et al. 2022, "UL2: Unifying Language Learning
    Paradigms", section 3.1 and table 1.

    Examples
    --------
    >>> import numpy as np
    >>> mode, r, mu_span = UL2_DENOISERS[2]
    >>> denoise(
    ...     np.arange(6), 99, r=r, mu_span=mu_span, mode_token=55,
    ...     N_V=100, rng=np.random.default_rng(0),
    ... )
    (array([55,  0,  1,  2,  3, 99]), array([99,  4,  5, 98]))
    """
    xp = namespace(x)
    a = random_spans(x, r=r, mu_span=mu_span, rng=rng)  # D5.1
    x_tilde, y = span_corruption(
        x, a, first_sentinel, N_V=N_V
    )  # D5.2
    mode = xp.asarray(
        [mode_token], dtype=x_tilde.dtype, device=device(x)
    )
    x_tilde = xp.concat([mode, x_tilde])  # D5.3
    return x_tilde, y  # D5.4
