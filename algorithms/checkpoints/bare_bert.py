"""BERT without a head (Devlin et al. 2018): 9 up to its layers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Generic, NamedTuple

from algorithms.checkpoints.bert import (
    BERT_DEPARTURES,
    BERT_POOLER,
    BERT_POSITIONS,
    Segment,
    encoder_layers,
)
from algorithms.checkpoints.state import State
from algorithms.paper.attention import Attention, MHAttention
from algorithms.paper.embedding import (
    Token,
    positional_embedding,
    token_embedding,
)
from algorithms.paper.normalization import layer_norm
from algorithms.paper.notation import GELU, bidirectional_mask
from algorithms.paper.parameters import Layer
from algorithms.signatures.arrays import A, A_co, Array, arange
from algorithms.signatures.class_docstrings import document_fields
from algorithms.signatures.declarations import Count, RightPadding
from algorithms.signatures.decorator import checked
from algorithms.signatures.trees import B, Map, map_each

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Integer

BARE_BERT_DEPARTURES = BERT_DEPARTURES[:3]


@document_fields
class BareBERTParameters(NamedTuple, Generic[A_co]):
    """θ of Algorithm 9 up to its layers, and what BERT adds."""

    W_e: Float[A_co, "d_e N_V"]
    W_p: Float[A_co, "d_e ell_max"]
    layers: Annotated[tuple[Layer[A_co], ...], Count("L")]
    W_s: Float[A_co, "d_e N_s"] | None = None
    gamma_e: Float[A_co, " d_e"] | None = None
    beta_e: Float[A_co, " d_e"] | None = None

    def map(self, f: Map[A_co, B], /) -> BareBERTParameters[B]:
        """The same with `f` of each array."""
        return BareBERTParameters(*map_each(f, self))


@checked(requires=("ell <= ell_max", "eps >= 0"))
def BareBERT(
    x: Annotated[Integer[Array, "*batch ell"], Token],
    parameters: BareBERTParameters[A],
    *,
    segments: Annotated[Integer[Array, "*batch ell"], Segment]
    | None = None,
    eps: float = 1e-12,  # B1
    activation: Callable[[A], A] = GELU,
    attention: Callable[..., A] = Attention,
    padding: Annotated[Bool[Array, "*batch ell"], RightPadding]
    | None = None,
) -> Float[A, "*batch d_e ell"]:
    """A vector for each token: `BERT` before it fills in tokens.

    Parameters
    ----------
    x : integer of any type, (*batch, ell)
        Token IDs, 0 … N_V−1; 1 ≤ ell ≤ ell_max.
    parameters : BareBERTParameters
        θ without a head, and what BERT adds to it.
    segments : integer of any type, (*batch, ell), optional
        The segment of each token, 0 … N_s−1. None: all are in the
        first, 0.
    eps, activation, attention, padding
        As in `ETransformer`; BERT's ε is departure B1.

    Returns
    -------
    X : float, (*batch, d_e, ell)
        A column for each token: Hugging Face's `last_hidden_state`.

    Raises
    ------
    IndexError, ShapeError, DTypeError, ValueError
        As `ETransformer`.

    Notes
    -----
    Algorithm 9 up to line 9, line by line; the statements tagged B2
    and B3 are BERT's.

    Source: Devlin et al. 2019, *BERT: Pre-training of Deep
    Bidirectional Transformers for Language Understanding*.

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import initialise
    >>> parameters = initialise(
    ...     BareBERTParameters, np.random.default_rng(0),
    ...     N_V=11, ell_max=8, L=2, H=3, d_e=6, d_mlp=24,
    ...     d_attn=2, d_mid=2, N_s=2,
    ... )
    >>> BareBERT(np.array([9, 3, 8, 4, 10]), parameters).shape
    (6, 5)
    """
    W_e, W_p, layers, W_s, gamma_e, beta_e = parameters
    ell = x.shape[-1]  # 9.1
    t = arange(ell, x)
    X = token_embedding(x, W_e)  # 9.2
    X = X + positional_embedding(t, W_p)  # 9.2-9.3
    if W_s is not None:
        s = x * 0 if segments is None else segments
        X = X + token_embedding(s, W_s)  # B2
    if gamma_e is not None and beta_e is not None:
        X = layer_norm(X, gamma_e, beta_e, eps=eps)  # B3
    elif gamma_e is not beta_e:
        raise ValueError(
            "BareBERT: gamma_e and beta_e go together; one is None"
        )
    for layer in layers:  # 9.4
        W, gamma1, beta1, gamma2, beta2, *mlp = layer
        W_mlp1, b_mlp1, W_mlp2, b_mlp2 = mlp
        Mask = bidirectional_mask(X, X, padding)  # 9.5
        X = X + MHAttention(
            X, X, W, Mask, attention=attention
        )  # 9.5
        X = layer_norm(X, gamma1, beta1, eps=eps)  # 9.6
        hidden = activation(W_mlp1 @ X + b_mlp1[:, None])  # 9.7
        X = X + W_mlp2 @ hidden + b_mlp2[:, None]  # 9.7
        X = layer_norm(X, gamma2, beta2, eps=eps)  # 9.8
    return X


def bare_bert_parameters(
    arrays: Mapping[str, A], *, H: int
) -> BareBERTParameters[A]:
    """θ of Algorithm 9 up to its layers from the arrays of a BERT.

    Parameters
    ----------
    arrays : mapping of names to arrays
        As Hugging Face's `BertModel` names and stores them, or any
        BERT with a head, which is left out.
    H : int
        The number of heads: no shape tells it.

    Returns
    -------
    parameters : BareBERTParameters
        In the library of the arrays.

    Raises
    ------
    KeyError
        An array is missing: the error names it.
    ValueError
        The rows of a matrix do not make so many heads, or θ has no
        place for an array of the model: the error names it.

    Examples
    --------
    >>> import numpy as np
    >>> d, rng = 4, np.random.default_rng(0)
    >>> layer = "encoder.layer.0"
    >>> weights = {
    ...     "embeddings.LayerNorm": d,
    ...     f"{layer}.attention.self.query": (d, d),
    ...     f"{layer}.attention.self.key": (d, d),
    ...     f"{layer}.attention.self.value": (d, d),
    ...     f"{layer}.attention.output.dense": (d, d),
    ...     f"{layer}.attention.output.LayerNorm": d,
    ...     f"{layer}.intermediate.dense": (16, d),
    ...     f"{layer}.output.dense": (d, 16),
    ...     f"{layer}.output.LayerNorm": d,
    ... }
    >>> arrays = {
    ...     f"embeddings.{x}_embeddings.weight": rng.random((9, d))
    ...     for x in ("word", "position", "token_type")
    ... }
    >>> for name, shape in weights.items():
    ...     arrays[f"{name}.weight"] = W = rng.random(shape)
    ...     arrays[f"{name}.bias"] = rng.random(W.shape[0])
    >>> parameters = bare_bert_parameters(arrays, H=2)
    >>> BareBERT(np.array([8, 0, 3]), parameters).shape
    (4, 3)
    """
    file = State("bare_bert_parameters", arrays)
    bert = file.find("bert.", "embeddings.word_embeddings.weight")
    embeddings = bert.under("embeddings")
    parameters = BareBERTParameters(
        embeddings["word_embeddings.weight"].mT,
        embeddings["position_embeddings.weight"].mT,
        encoder_layers(bert.under("encoder"), H),
        embeddings["token_type_embeddings.weight"].mT,
        *embeddings.pair("LayerNorm"),
    )
    bert.refuse_unread(BERT_POSITIONS, *BERT_POOLER, "cls.")
    return parameters
