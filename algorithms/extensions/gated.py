"""Algorithms F1 and F2: hidden layers with gates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, NamedTuple

from algorithms.extensions.silu import SiLU
from algorithms.paper.notation import GELU
from algorithms.signatures.arrays import A, A_co
from algorithms.signatures.class_docstrings import document_fields
from algorithms.signatures.decorator import algorithm
from algorithms.signatures.trees import B, Map, map_each

if TYPE_CHECKING:
    from jaxtyping import Float


@document_fields
class GatedParameters(NamedTuple, Generic[A_co]):
    """W of Algorithms F1 and F2."""

    W_gate: Float[A_co, "d_mlp d_e"]
    W_mlp1: Float[A_co, "d_mlp d_e"]
    W_mlp2: Float[A_co, "d_e d_mlp"]

    def map(self, f: Map[A_co, B], /) -> GatedParameters[B]:
        """The same with `f` of each array."""
        return GatedParameters(*map_each(f, self))


@algorithm("F1")
def SwiGLU(
    X: Float[A, "*batch d_e ell"], W: GatedParameters[A]
) -> Float[A, "*batch d_e ell"]:
    """A hidden layer of which one half opens and closes the other.

    Parameters
    ----------
    X : float, (*batch, d_e, ell)
        A token a column.
    W : GatedParameters
        W_gate makes the gates, W_mlp1 what goes through them.

    Returns
    -------
    Y : float, (*batch, d_e, ell)

    Raises
    ------
    ShapeError, DTypeError
        An argument is not what the signature says.

    Notes
    -----
    There are no offsets. The gate is Swish with a slope of 1 (A18).
    Hugging Face's Llama names the three matrices gate_proj, up_proj
    and down_proj.

    Source: Shazeer 2020, "GLU Variants Improve Transformer",
    FFN_SwiGLU.

    Examples
    --------
    >>> import numpy as np
    >>> I = np.eye(2)
    >>> X = np.array([[-1.0], [2.0]])
    >>> SwiGLU(X, GatedParameters(I, I, I)).round(4)
    array([[0.2689],
           [3.5232]])
    """
    W_gate, W_mlp1, W_mlp2 = W
    G = SiLU(W_gate @ X)  # F1.1
    return W_mlp2 @ (G * (W_mlp1 @ X))  # F1.2


@algorithm("F2")
def GEGLU(
    X: Float[A, "*batch d_e ell"], W: GatedParameters[A]
) -> Float[A, "*batch d_e ell"]:
    """SwiGLU with GELU for SiLU.

    Parameters
    ----------
    X : float, (*batch, d_e, ell)
        A token a column.
    W : GatedParameters
        W_gate makes the gates, W_mlp1 what goes through them.

    Returns
    -------
    Y : float, (*batch, d_e, ell)

    Raises
    ------
    ShapeError, DTypeError
        An argument is not what the signature says.

    Notes
    -----
    GELU is exact here; T5 1.1 has its tanh form.

    Source: Shazeer 2020, "GLU Variants Improve Transformer",
    FFN_GEGLU.

    Examples
    --------
    >>> import numpy as np
    >>> I = np.eye(2)
    >>> X = np.array([[-1.0], [2.0]])
    >>> GEGLU(X, GatedParameters(I, I, I)).round(4)
    array([[0.1587],
           [3.909 ]])
    """
    W_gate, W_mlp1, W_mlp2 = W
    G = GELU(W_gate @ X)  # F2.1
    return W_mlp2 @ (G * (W_mlp1 @ X))  # F2.2
