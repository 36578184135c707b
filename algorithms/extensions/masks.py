"""Three masks besides those of the paper's equation (3).

Like its unidirectional mask, they have `Mask[t_z, t_x]`, for token
t_x may attend to token t_z.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from algorithms.signatures.arrays import A, Array, arange
from algorithms.signatures.decorator import checked

if TYPE_CHECKING:
    from jaxtyping import Bool, Float


@checked(requires=("window >= 0",))
def banded_mask(
    X: Float[A, "*#batch d_x ell_x"], window: int
) -> Bool[Array, "*#batch ell_x ell_x"]:
    """A token may attend to the last `window` up to itself.

    `Mask[t_z, t_x] = ⟦t_z ≤ t_x ∧ t_x < t_z + window⟧`.

    Parameters
    ----------
    X : float, (*batch, d_x, ell_x)
        The sequence; only its length is used.
    window : int, at least 0
        How many tokens a token sees, itself included.

    Returns
    -------
    bool, (ell_x, ell_x)

    Notes
    -----
    From a window of ell_x on this is the unidirectional mask.

    Source: Child et al. 2019, "Generating Long Sequences with
    Sparse Transformers".

    Examples
    --------
    >>> import numpy as np
    >>> banded_mask(np.ones((5, 3)), 2)
    array([[ True,  True, False],
           [False,  True,  True],
           [False, False,  True]])
    """
    t = arange(X.shape[-1], X)
    Mask: Array = (t[:, None] <= t) & (t < t[:, None] + window)
    return Mask


@checked(requires=("prefix >= 0",))
def prefix_mask(
    X: Float[A, "*#batch d_x ell_x"], prefix: int
) -> Bool[Array, "*#batch ell_x ell_x"]:
    """A token may attend to the prefix, and to those up to itself.

    `Mask[t_z, t_x] = ⟦t_z ≤ t_x ∨ t_z ≤ prefix⟧`, from 1.

    Parameters
    ----------
    X : float, (*batch, d_x, ell_x)
        The sequence; only its length is used.
    prefix : int, at least 0
        How many tokens the prefix has.

    Returns
    -------
    bool, (ell_x, ell_x)

    Notes
    -----
    With a prefix of 0, and of 1 too, this is the unidirectional
    mask; from ell_x on every token sees every token.

    Source: Raffel et al. 2020, "Exploring the Limits of Transfer
    Learning with a Unified Text-to-Text Transformer", section 3.2.

    Examples
    --------
    >>> import numpy as np
    >>> prefix_mask(np.ones((5, 3)), 2)
    array([[ True,  True,  True],
           [ True,  True,  True],
           [False, False,  True]])
    """
    t = arange(X.shape[-1], X)
    Mask: Array = (t[:, None] <= t) | (t[:, None] < prefix)
    return Mask


@checked(requires=("sinks >= 0", "window >= 0"))
def sink_mask(
    X: Float[A, "*#batch d_x ell_x"], sinks: int, window: int
) -> Bool[Array, "*#batch ell_x ell_x"]:
    """A token may attend to the first, and to the last up to it.

    `Mask[t_z, t_x] = ⟦t_z ≤ t_x ∧ (t_z ≤ sinks ∨ t_x < t_z +
    window)⟧`, from 1.

    Parameters
    ----------
    X : float, (*batch, d_x, ell_x)
        The sequence; only its length is used.
    sinks : int, at least 0
        How many tokens at the start every later token sees.
    window : int, at least 0
        How many tokens a token sees besides, itself included.

    Returns
    -------
    bool, (ell_x, ell_x)

    Notes
    -----
    With no sinks this is the banded mask, with ell_x of them the
    unidirectional one.

    Source: Xiao et al. 2024, "Efficient Streaming Language Models
    with Attention Sinks".

    Examples
    --------
    >>> import numpy as np
    >>> sink_mask(np.ones((5, 4)), 1, 2)
    array([[ True,  True,  True,  True],
           [False,  True,  True, False],
           [False, False,  True,  True],
           [False, False, False,  True]])
    """
    t = arange(X.shape[-1], X)
    seen = (t[:, None] < sinks) | (t < t[:, None] + window)
    Mask: Array = (t[:, None] <= t) & seen
    return Mask
