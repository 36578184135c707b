"""BERT (Devlin et al. 2018): Algorithm 9 and departures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Generic, NamedTuple

from algorithms.checkpoints.departures import Departure
from algorithms.checkpoints.state import State
from algorithms.paper.attention import Attention, MHAttention
from algorithms.paper.embedding import (
    Token,
    positional_embedding,
    token_embedding,
)
from algorithms.paper.normalization import layer_norm
from algorithms.paper.notation import (
    GELU,
    bidirectional_mask,
    softmax,
)
from algorithms.paper.parameters import (
    ETransformerParameters,
    Layer,
)
from algorithms.signatures.arrays import A, A_co, Array, arange
from algorithms.signatures.class_docstrings import document_fields
from algorithms.signatures.declarations import Below, RightPadding
from algorithms.signatures.decorator import checked
from algorithms.signatures.trees import B, Map, map_each

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Integer

#: Of other tasks; and the numbers 0, 1, …, in files of 2022.
BERT_POOLER = ("pooler.dense.weight", "pooler.dense.bias")
BERT_NEXT_SENTENCE = (
    "cls.seq_relationship.weight",
    "cls.seq_relationship.bias",
)
BERT_POSITIONS = "embeddings.position_ids"

BERT_DEPARTURES = (
    Departure(
        "B1",
        ("9.6", "9.8", "9.11", "X6.6", "X6.8"),
        "layer norm has ε = 1e-12",
        "eps=0.0",
    ),
    Departure(
        "B2",
        ("9.2", "X6.2"),
        "each token has the vector of its segment added",
        "W_s=None",
    ),
    Departure(
        "B3",
        ("9.3", "X6.3"),
        "a layer norm on the embeddings",
        "gamma_e=None, beta_e=None",
    ),
    Departure(
        "B4",
        ("9.12",),
        "a bias b_u on the scores of the tokens",
        "b_u=None",
    ),
    Departure(
        "B5",
        ("9.12",),
        "W_u is W_e transposed: a conversion of θ",
        "a W_u of its own in theta",
    ),
)

Segment = Below("N_s", "segment")


@document_fields
class BERTParameters(NamedTuple, Generic[A_co]):
    """θ of Algorithm 9, and what BERT adds: None leaves it out."""

    theta: ETransformerParameters[A_co]
    W_s: Float[A_co, "d_e N_s"] | None = None
    gamma_e: Float[A_co, " d_e"] | None = None
    beta_e: Float[A_co, " d_e"] | None = None
    b_u: Float[A_co, " N_V"] | None = None

    def map(self, f: Map[A_co, B], /) -> BERTParameters[B]:
        """The same with `f` of each array."""
        return BERTParameters(*map_each(f, self))


@checked(requires=("ell <= ell_max", "eps >= 0"))
def BERT(
    x: Annotated[Integer[Array, "*batch ell"], Token],
    parameters: BERTParameters[A],
    *,
    segments: Annotated[Integer[Array, "*batch ell"], Segment]
    | None = None,
    eps: float = 1e-12,  # B1
    activation: Callable[[A], A] = GELU,
    attention: Callable[..., A] = Attention,
    padding: Annotated[Bool[Array, "*batch ell"], RightPadding]
    | None = None,
) -> Float[A, "*batch N_V ell"]:
    """`ETransformer` as BERT runs it.

    Parameters
    ----------
    x : integer of any type, (*batch, ell)
        Token IDs, 0 … N_V−1; 1 ≤ ell ≤ ell_max.
    parameters : BERTParameters
        θ, and what BERT adds to it.
    segments : integer of any type, (*batch, ell), optional
        The segment of each token, 0 … N_s−1. None: all are in the
        first, 0.
    eps, activation, attention, padding
        As in `ETransformer`; BERT's ε is departure B1.

    Returns
    -------
    P : float, (*batch, N_V, ell)
        Each column is a distribution on the vocabulary.

    Raises
    ------
    IndexError, ShapeError, DTypeError, ValueError
        As `ETransformer`.

    Notes
    -----
    Algorithm 9 line by line; the statements tagged B2, B3 and B4
    are BERT's. Without them, P is `ETransformer`'s, bit for bit.

    Source: Devlin et al. 2019, *BERT: Pre-training of Deep
    Bidirectional Transformers for Language Understanding*.

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import ETransformer, initialise
    >>> theta = initialise(
    ...     ETransformerParameters, np.random.default_rng(0),
    ...     N_V=11, ell_max=8, L=2, H=3, d_e=6, d_mlp=24,
    ...     d_attn=2, d_mid=2, d_f=5,
    ... )
    >>> x = np.array([9, 3, 8, 4, 10])
    >>> P = BERT(x, BERTParameters(theta), eps=0.0)
    >>> bool((P == ETransformer(x, theta)).all())
    True
    """
    theta, W_s, gamma_e, beta_e, b_u = parameters
    W_e, W_p, layers, W_f, b_f, gamma, beta, W_u = theta
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
            "BERT: gamma_e and beta_e go together; one is None"
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
    X = activation(W_f @ X + b_f[:, None])  # 9.10
    X = layer_norm(X, gamma, beta, eps=eps)  # 9.11
    S = W_u @ X  # 9.12
    if b_u is not None:
        S = S + b_u[:, None]  # B4
    return softmax(S)  # 9.12


def bert_parameters(
    arrays: Mapping[str, A], *, H: int
) -> BERTParameters[A]:
    """θ of Algorithm 9 and BERT's own from the arrays of a BERT.

    Parameters
    ----------
    arrays : mapping of names to arrays
        As Hugging Face's `BertForMaskedLM` or `BertForPreTraining`
        names and stores them: `safetensors.numpy.load_file(…)`,
        say. Older files say `LayerNorm.gamma` and `LayerNorm.beta`
        where newer ones say `.weight` and `.bias`.
    H : int
        The number of heads: no shape tells it.

    Returns
    -------
    parameters : BERTParameters
        In the library of the arrays. W_u is W_e transposed (B5)
        where the file has none of its own.

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
    >>> arrays = {
    ...     f"bert.embeddings.{name}.weight": rng.random((n, d))
    ...     for name, n in (
    ...         ("word_embeddings", 9),
    ...         ("position_embeddings", 5),
    ...         ("token_type_embeddings", 2),
    ...     )
    ... }
    >>> layer, head = "bert.encoder.layer.0", "cls.predictions"
    >>> weights = {
    ...     "bert.embeddings.LayerNorm": d,
    ...     f"{layer}.attention.self.query": (d, d),
    ...     f"{layer}.attention.self.key": (d, d),
    ...     f"{layer}.attention.self.value": (d, d),
    ...     f"{layer}.attention.output.dense": (d, d),
    ...     f"{layer}.attention.output.LayerNorm": d,
    ...     f"{layer}.intermediate.dense": (16, d),
    ...     f"{layer}.output.dense": (d, 16),
    ...     f"{layer}.output.LayerNorm": d,
    ...     f"{head}.transform.dense": (d, d),
    ...     f"{head}.transform.LayerNorm": d,
    ... }
    >>> for name, shape in weights.items():
    ...     arrays[f"{name}.weight"] = W = rng.random(shape)
    ...     arrays[f"{name}.bias"] = rng.random(W.shape[0])
    >>> arrays[f"{head}.bias"] = rng.random(9)
    >>> parameters = bert_parameters(arrays, H=2)
    >>> BERT(np.array([8, 0, 3]), parameters).shape
    (9, 3)
    """
    state = State("bert_parameters", arrays)
    bert = state.find("bert.", "embeddings.word_embeddings.weight")
    head = state.find("cls.predictions.", "transform.dense.weight")
    embeddings = bert.under("embeddings")
    tokens = embeddings["word_embeddings.weight"]
    W_f, b_f = head.pair("transform.dense")
    gamma, beta = head.pair("transform.LayerNorm")
    gamma_e, beta_e = embeddings.pair("LayerNorm")
    theta = ETransformerParameters(
        W_e=tokens.mT,
        W_p=embeddings["position_embeddings.weight"].mT,
        layers=encoder_layers(bert.under("encoder"), H),
        W_f=W_f,
        b_f=b_f,
        gamma=gamma,
        beta=beta,
        W_u=head.get("decoder.weight", tokens),  # B5
    )
    W_s = embeddings["token_type_embeddings.weight"].mT
    b_u = head["decoder.bias" if "decoder.bias" in head else "bias"]
    head.get("bias", b_u)  # the same again
    bert.refuse_unread(
        BERT_POSITIONS, *BERT_POOLER, *BERT_NEXT_SENTENCE
    )
    head.refuse_unread()
    return BERTParameters(theta, W_s, gamma_e, beta_e, b_u)


def encoder_layers(
    encoder: State[A], H: int
) -> tuple[Layer[A], ...]:
    """The layers of Algorithm 9, of a file of BERT's."""
    return tuple(
        _layer(encoder.under(f"layer.{l}"), H)
        for l in range(encoder.count("layer"))
    )


def _layer(state: State[A], H: int) -> Layer[A]:
    return Layer(
        state.attention(
            "attention.self.query",
            "attention.self.key",
            "attention.self.value",
            "attention.output.dense",
            H=H,
        ),
        *state.pair("attention.output.LayerNorm"),
        *state.pair("output.LayerNorm"),
        *state.pair("intermediate.dense"),
        *state.pair("output.dense"),
    )
