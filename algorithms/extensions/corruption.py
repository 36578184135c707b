"""Algorithm D3: BERT's way to hide tokens."""

from __future__ import annotations

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
    "D3",
    requires=(
        "0 < p_mask < 1",
        "0 <= mask_token < N_V",
    ),
)
def corrupt(
    x: Annotated[Integer[Array, " ell"], Token],
    *,
    N_V: int,
    p_mask: float,
    mask_token: int,
    rng: np.random.Generator,
    special: Annotated[Integer[Array, " N_special"], Token]
    | None = None,
) -> tuple[Integer[Array, " ell"], Bool[Array, " ell"]]:
    """Tokens are chosen: 8 in 10 masked, 1 in 10 drawn anew.

    Parameters
    ----------
    x : integer of any type, (ell,)
        Token IDs, 0 … N_V−1.
    N_V : int, at least 1
        The size of the vocabulary.
    p_mask : float, in (0, 1)
        How probable it is that a token is chosen.
    mask_token : int, 0 … N_V−1
        The token that hides another.
    rng : numpy.random.Generator
        Asked for four numbers a token, whatever they decide: so the
        same rng decides alike on a token whatever the others are.
    special : integer of any type, (N_special,), optional
        Tokens that are never chosen, those that begin or end a
        text, say.

    Returns
    -------
    x_tilde : integer, (ell,)
        The sequence, corrupted.
    a : bool, (ell,)
        True at the chosen tokens, which are to be guessed.

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
    Of the chosen tokens 8 in 10 become mask_token, 1 in 10 any
    token (itself and special ones too), and 1 in 10 stay. With
    12.5 every chosen token is masked, and special ones are chosen
    like others (A10). DataCollatorForLanguageModeling of
    transformers decides with the same probabilities.

    Source: Devlin et al. 2019, "BERT", section 3.1.

    Examples
    --------
    >>> import numpy as np
    >>> x_tilde, a = corrupt(
    ...     np.arange(9), p_mask=0.5, mask_token=9, N_V=10,
    ...     rng=np.random.default_rng(0),
    ... )
    >>> x_tilde, a.sum()
    (array([9, 1, 2, 9, 9, 5, 6, 9, 9]), np.int64(6))
    """
    x = as_index(x)
    xp = namespace(x)
    ell = x.shape[0]  # D3.1
    x_tilde = x  # D3.2
    on = device(x)
    u = rng.random((ell, 4))  # D3.3
    y = xp.asarray(
        np.ceil((1.0 - u[:, 0]) * N_V) - 1, dtype=x.dtype, device=on
    )  # D3.4; q = np.full((N_V, ell), 1 / N_V)
    half = xp.asarray(u[:, 1] < 1 / 2, device=on)
    r = xp.where(half, y, x)  # D3.5
    most = xp.asarray(u[:, 2] < 4 / 5, device=on)
    r = xp.where(most, mask_token, r)  # D3.6
    chosen = u[:, 3] < p_mask
    if special is not None:
        chosen &= ~np.isin(to_numpy(x), to_numpy(special))
    a = xp.asarray(chosen, device=on)  # D3.7
    x_tilde = xp.where(a, r, x_tilde)  # D3.8
    return x_tilde, a  # D3.10
