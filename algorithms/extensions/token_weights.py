"""Algorithms S1, S2, S4 and S5: which tokens may be drawn.

Each takes a distribution p and gives weights to sample from. They
are what `weigh` is made of, a keyword of `DInference` and its kin:
`weigh=lambda p: nucleus(top_k(p, k=40), alpha=0.9)`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import numpy as np

from algorithms.paper.sampling import sample, temper
from algorithms.signatures.arrays import (
    A,
    Array,
    arange,
    device,
    namespace,
    to_numpy,
)
from algorithms.signatures.declarations import Weights
from algorithms.signatures.decorator import algorithm, checked
from algorithms.signatures.errors import ShapeError

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Integer


@algorithm("S1", requires=("k >= 0",))
def top_k(
    p: Annotated[Float[A, " N_V"], Weights()], *, k: int
) -> Float[A, " N_V"]:
    """Only the k most likely tokens keep their probability.

    Parameters
    ----------
    p : float, (N_V,)
        A distribution on the vocabulary, or weights.
    k : int, at least 0
        A token stays if fewer than k surpass it. From k = N_V on
        all stay; with 0 none does, and `sample` refuses that.

    Returns
    -------
    q : float, (N_V,)
        Weights to sample from: p, or 0. Their sum is not made 1.

    Raises
    ------
    ShapeError, DTypeError
        An argument is not what the signature says.
    ValueError
        k is negative, or an entry of p.
    NotFiniteError
        p holds nan.

    Notes
    -----
    Tokens that are equally likely stay or go together, so there may
    be more than k. TopKLogitsWarper of transformers does the same.

    Source: Fan, Lewis & Dauphin 2018, "Hierarchical Neural Story
    Generation", section 5.3.

    Examples
    --------
    >>> import numpy as np
    >>> top_k(np.array([0.125, 0.5, 0.25, 0.125]), k=2)
    array([0.  , 0.5 , 0.25, 0.  ])
    """
    xp, N_V = namespace(p), p.shape[0]
    up_to = xp.searchsorted(xp.sort(p), p, side="right")
    r = -(up_to - N_V)  # S1.1
    q = p  # S1.2
    q = xp.where(r >= k, 0.0, q)  # S1.3
    return q  # S1.4


@algorithm("S2", requires=("0 < alpha <= 1",))
def nucleus(
    p: Annotated[Float[A, " N_V"], Weights()], *, alpha: float
) -> Float[A, " N_V"]:
    """Only the tokens that make up most of p keep it: top-p.

    Parameters
    ----------
    p : float, (N_V,)
        A distribution on the vocabulary, or weights.
    alpha : float, in (0, 1]
        A token stays if those that surpass it have less than alpha
        of the whole. With 1 all stay.

    Returns
    -------
    q : float, (N_V,)
        Weights to sample from: p, or 0. Their sum is not made 1.

    Raises
    ------
    ShapeError, DTypeError
        An argument is not what the signature says.
    ValueError
        alpha is out of its range, or an entry of p is negative.
    NotFiniteError
        p holds nan.

    Notes
    -----
    What a token and those no likelier have is added up, rising, so
    that rounding loses none where alpha is 1, and in float32 at
    least: a sum in float16 soon grows no more.

    Tokens that are equally likely stay or go together: the result
    depends on p alone. TopPLogitsWarper of transformers cuts
    through them where alpha is reached: of four tokens of 0.25 each
    it keeps two with alpha = 0.5, and this keeps four.

    Source: Holtzman et al. 2020, "The Curious Case of Neural Text
    Degeneration", section 3.1.

    Examples
    --------
    >>> import numpy as np
    >>> nucleus(np.array([0.125, 0.5, 0.25, 0.125]), alpha=0.6)
    array([0.  , 0.5 , 0.25, 0.  ])
    """
    xp = namespace(p)
    rising = xp.sort(p)
    wide = xp.result_type(p.dtype, xp.float32)
    total = xp.cumulative_sum(xp.astype(rising, wide))
    up_to = xp.searchsorted(rising, p, side="right") - 1
    r = total[up_to]  # S2.1
    q = p  # S2.2
    likely = r > total[-1] * (1 - alpha)
    likely = likely | (r >= total[-1])  # 1 − α may round to 1
    q = xp.where(likely, q, 0.0)  # S2.3
    return q  # S2.4


@algorithm("S4", requires=("0 <= alpha <= 1",))
def min_p(
    p: Annotated[Float[A, " N_V"], Weights()], *, alpha: float
) -> Float[A, " N_V"]:
    """Only tokens nearly as likely as the likeliest stay.

    Parameters
    ----------
    p : float, (N_V,)
        A distribution on the vocabulary, or weights.
    alpha : float, in [0, 1]
        A token stays if it has at least alpha times the largest
        probability. With 0 all stay.

    Returns
    -------
    q : float, (N_V,)
        Weights to sample from: p, or 0. Their sum is not made 1.

    Raises
    ------
    ShapeError, DTypeError
        An argument is not what the signature says.
    ValueError
        alpha is out of its range, or an entry of p is negative.
    NotFiniteError
        p holds nan.

    Notes
    -----
    MinPLogitsWarper of transformers does the same.

    Source: Nguyen et al. 2024, "Turning Up the Heat: Min-p Sampling
    for Creative and Coherent LLM Outputs".

    Examples
    --------
    >>> import numpy as np
    >>> min_p(np.array([0.125, 0.5, 0.25, 0.125]), alpha=0.5)
    array([0.  , 0.5 , 0.25, 0.  ])
    """
    xp = namespace(p)
    m = xp.max(p)  # S4.1
    q = p  # S4.2
    q = xp.where(p < m * alpha, 0.0, q)  # S4.3
    return q  # S4.4


@algorithm("S5", requires=("0 <= s < N_S",))
def constrained(
    p: Annotated[Float[A, " N_V"], Weights()],
    s: int,
    a: Bool[Array, "N_S N_V"],
) -> Float[A, " N_V"]:
    """Only tokens that an automaton allows keep their probability.

    Parameters
    ----------
    p : float, (N_V,)
        A distribution on the vocabulary, or weights.
    s : int, 0 … N_S−1
        The state of the automaton.
    a : bool, (N_S, N_V)
        `a[s, v]`: does state s allow token v?

    Returns
    -------
    q : float, (N_V,)
        Weights to sample from: p, or 0. All are 0 where the state
        allows no token that p can give; `sample` refuses that.

    Raises
    ------
    ShapeError, DTypeError
        An argument is not what the signature says.
    ValueError
        s is no state, or an entry of p is negative.
    NotFiniteError
        p holds nan.

    Notes
    -----
    `constraint` walks the automaton, a state for each token.

    Source: Beurer-Kellner, Fischer & Vechev 2023, "Prompting Is
    Programming: A Query Language for Large Language Models".

    Examples
    --------
    >>> import numpy as np
    >>> p, a = np.array([0.25, 0.75]), np.array([[True, False]])
    >>> constrained(p, 0, a)
    array([0.25, 0.  ])
    """
    q = p  # S5.1
    q = namespace(p).where(a[s, :], q, 0.0)  # S5.2
    return q  # S5.3


@checked(requires=("0 <= s < N_S", "tau >= 0", "ell_gen >= 1"))
def constraint(
    a: Bool[Array, "N_S N_V"],
    delta: Integer[Array, "N_S N_V"],
    *,
    ell_gen: int,
    rng: np.random.Generator,
    eos_token: int | None = None,
    s: int = 0,
    tau: float = 1.0,
) -> Callable[[A], A]:
    """Keep a text in the language of an automaton.

    What it returns is for `weigh` of one text: to know the state
    after a token, it draws the token itself. So it comes last where
    several functions make the weights. Each text has its own.

    Parameters
    ----------
    a : bool, (N_S, N_V)
        `a[s, v]`: does state s allow token v? The end token where a
        text may end, and tokens from which an end can be reached.
    delta : integer of any type, (N_S, N_V)
        `delta[s, v]`: the state after token v, 0 … N_S−1. Where v
        is not allowed it is not read.
    ell_gen : int, at least 1
        How many tokens the text may have: the same number that is
        given to the function that writes it.
    rng : numpy.random.Generator
        Asked for one number a token.
    eos_token : int, optional
        The token after which that function stops, if it does.
    s : int, 0 … N_S−1
        The state before the first token.
    tau : float, in [0, ∞]
        The temperature of what is allowed: 0 takes the most likely
        token of those, where `DInference` has tau = 1.

    Returns
    -------
    function
        Of a distribution p it gives 1 for the token that it drew of
        those which its state allows, and 0 for all others. It
        raises ValueError where the state allows none that p can
        give, and after the end of the text; ShapeError where p is
        not of N_V tokens.

    Raises
    ------
    IndexError
        delta holds what is no state, where a allows the token.
    ShapeError, DTypeError
        An argument is not what the signature says.
    ValueError
        s is no state, tau is negative, or ell_gen is less than 1.

    Examples
    --------
    Token 1 never follows token 1.

    >>> import numpy as np
    >>> a = np.array([[True, True], [True, False]])
    >>> delta, p = np.array([[0, 1], [0, 0]]), np.array([0.1, 0.9])
    >>> rng = np.random.default_rng(0)
    >>> weigh = constraint(a, delta, ell_gen=8, rng=rng)
    >>> [int(weigh(p)[1]) for _ in range(8)]
    [1, 0, 1, 0, 1, 0, 1, 0]
    """
    allowed, after, left = to_numpy(a), to_numpy(delta), ell_gen
    N_S, N_V = allowed.shape
    for state in (int(state) for state in after[allowed]):
        if not 0 <= state < N_S:
            raise IndexError(
                f"constraint: delta holds state {state}, outside "
                f"0 … {N_S - 1} (N_S = {N_S})"
            )

    def weigh(p: A) -> A:
        nonlocal s, left
        if left == 0:
            raise ValueError(
                "constraint: the text has ended, want another "
                "constraint for another text"
            )
        if p.shape != (N_V,):
            raise ShapeError(
                f"constraint: p has shape {tuple(p.shape)}, want "
                f"(N_V,) where N_V={N_V} (a)"
            )
        xp = namespace(p)
        row = xp.asarray(allowed[s : s + 1], device=device(p))
        q = constrained(p, 0, row)
        if not float(xp.sum(q)) > 0:
            said = f"constraint: state {s} allows no token of p"
            if np.count_nonzero(to_numpy(p)) == 1:
                said += (
                    ", which gives one alone: tau = 0 is for "
                    "`constraint`, and tau = 1 for who calls it"
                )
            raise ValueError(said)
        y = sample(temper(q, tau), rng)
        s = int(after[s, y])
        left = 0 if y == eos_token else left - 1
        drawn = xp.equal(arange(p.shape[0], p), y)
        return xp.astype(drawn, p.dtype)

    return weigh


def log_weights(p: A) -> A:
    """The log of p, and −∞ where p is 0, without a warning."""
    xp, never = namespace(p), p <= 0
    return xp.where(never, -xp.inf, xp.log(xp.where(never, 1.0, p)))
