"""Algorithm R4: distances, those far away counted as one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from algorithms.signatures.arrays import Array, as_index, namespace
from algorithms.signatures.decorator import algorithm

if TYPE_CHECKING:
    from jaxtyping import Integer


@algorithm("R4", requires=("k >= 0",))
def clip_distance(
    t_z: Integer[Array, "*#batch"],
    t_x: Integer[Array, "*#batch"],
    *,
    k: int,
) -> Integer[Array, "*batch"]:
    """Which column of a table stands for a distance.

    Column 0 is for a context token k or more before the primary
    one, column k for the same place, column 2 k for k or more
    behind.

    Parameters
    ----------
    t_z : integer of any type, (*batch)
        Positions of context tokens.
    t_x : integer of any type, (*batch)
        Positions of primary tokens, counted from the same place.
    k : int, at least 0
        The largest distance that is told apart.

    Returns
    -------
    c : integer, (*batch)
        Columns, from 0 to 2 k.

    Raises
    ------
    ShapeError, DTypeError
        An argument is not what the signature says.
    ValueError
        k is negative.

    Notes
    -----
    Source: Shaw, Uszkoreit & Vaswani 2018, "Self-Attention with
    Relative Position Representations", section 3.2.

    Examples
    --------
    >>> import numpy as np
    >>> t = np.arange(4)
    >>> clip_distance(t[:, None], t, k=2)
    array([[2, 1, 0, 0],
           [3, 2, 1, 0],
           [4, 3, 2, 1],
           [4, 4, 3, 2]])
    """
    t_z, t_x = as_index(t_z), as_index(t_x)
    return namespace(t_z).clip(k + (t_z - t_x), 0, 2 * k)  # R4.1
