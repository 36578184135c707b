"""BERT for classes (Devlin et al. 2018): X6 and departures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Generic, NamedTuple

from algorithms.checkpoints.bert import (
    BERT_DEPARTURES,
    BERT_POSITIONS,
    Segment,
    encoder_layers,
)
from algorithms.checkpoints.state import State
from algorithms.extensions.classifier import EClassifierParameters
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
from algorithms.signatures.arrays import (
    A,
    A_co,
    Array,
    arange,
    namespace,
)
from algorithms.signatures.class_docstrings import document_fields
from algorithms.signatures.declarations import RightPadding
from algorithms.signatures.decorator import checked
from algorithms.signatures.trees import B, Map, map_each

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Integer

BERT_FOR_CLASSES_DEPARTURES = BERT_DEPARTURES[:3]


@document_fields
class BERTForClassesParameters(NamedTuple, Generic[A_co]):
    """θ of Algorithm X6, and what BERT adds: None leaves it out."""

    theta: EClassifierParameters[A_co]
    W_s: Float[A_co, "d_e N_s"] | None = None
    gamma_e: Float[A_co, " d_e"] | None = None
    beta_e: Float[A_co, " d_e"] | None = None

    def map(
        self, f: Map[A_co, B], /
    ) -> BERTForClassesParameters[B]:
        """The same with `f` of each array."""
        return BERTForClassesParameters(*map_each(f, self))


@checked(requires=("ell <= ell_max", "eps >= 0"))
def BERTForClasses(
    x: Annotated[Integer[Array, "*batch ell"], Token],
    parameters: BERTForClassesParameters[A],
    *,
    segments: Annotated[Integer[Array, "*batch ell"], Segment]
    | None = None,
    eps: float = 1e-12,  # B1
    activation: Callable[[A], A] = GELU,
    attention: Callable[..., A] = Attention,
    padding: Annotated[Bool[Array, "*batch ell"], RightPadding]
    | None = None,
) -> Float[A, "*batch N_C"]:
    """`EClassifier` as BERT runs it.

    Parameters
    ----------
    x : integer of any type, (*batch, ell)
        Token IDs, 0 … N_V−1; 1 ≤ ell ≤ ell_max.
    parameters : BERTForClassesParameters
        θ, and what BERT adds to it.
    segments : integer of any type, (*batch, ell), optional
        The segment of each token, 0 … N_s−1. None: all are in the
        first, 0.
    eps, activation, attention, padding
        As in `EClassifier`; BERT's ε is departure B1.

    Returns
    -------
    p : float, (*batch, N_C)
        How probable each class is.

    Raises
    ------
    IndexError, ShapeError, DTypeError, ValueError
        As `EClassifier`.

    Notes
    -----
    Algorithm X6 line by line; the statements tagged B2 and B3 are
    BERT's. Without them, p is `EClassifier`'s, bit for bit.

    Source: Devlin et al. 2019, *BERT: Pre-training of Deep
    Bidirectional Transformers for Language Understanding*.

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import initialise
    >>> from algorithms.extensions import (
    ...     EClassifier, EClassifierParameters,
    ... )
    >>> theta = initialise(
    ...     EClassifierParameters, np.random.default_rng(0),
    ...     N_V=11, ell_max=8, L=2, H=3, d_e=6, d_mlp=24,
    ...     d_attn=2, d_mid=2, d_f=5, N_C=3,
    ... )
    >>> x = np.array([9, 3, 8])
    >>> bare = BERTForClassesParameters(theta)
    >>> p = BERTForClasses(x, bare, eps=0.0)
    >>> bool((p == EClassifier(x, theta)).all())
    True
    """
    theta, W_s, gamma_e, beta_e = parameters
    W_e, W_p, layers, W_f, b_f, W_c, b_c = theta
    ell = x.shape[-1]  # X6.1
    t = arange(ell, x)
    X = token_embedding(x, W_e)  # X6.2
    X = X + positional_embedding(t, W_p)  # X6.2-X6.3
    if W_s is not None:
        s = x * 0 if segments is None else segments
        X = X + token_embedding(s, W_s)  # B2
    if gamma_e is not None and beta_e is not None:
        X = layer_norm(X, gamma_e, beta_e, eps=eps)  # B3
    elif gamma_e is not beta_e:
        raise ValueError(
            "BERTForClasses: gamma_e and beta_e go together; "
            "one is None"
        )
    for layer in layers:  # X6.4
        W, gamma1, beta1, gamma2, beta2, *mlp = layer
        W_mlp1, b_mlp1, W_mlp2, b_mlp2 = mlp
        Mask = bidirectional_mask(X, X, padding)  # X6.5
        X = X + MHAttention(
            X, X, W, Mask, attention=attention
        )  # X6.5
        X = layer_norm(X, gamma1, beta1, eps=eps)  # X6.6
        hidden = activation(W_mlp1 @ X + b_mlp1[:, None])  # X6.7
        X = X + W_mlp2 @ hidden + b_mlp2[:, None]  # X6.7
        X = layer_norm(X, gamma2, beta2, eps=eps)  # X6.8
    xp = namespace(X)
    e = xp.tanh(W_f @ X[..., :1] + b_f[:, None])  # X6.10
    return softmax(W_c @ e + b_c[:, None])[..., 0]  # X6.11


def bert_for_classes_parameters(
    arrays: Mapping[str, A], *, H: int
) -> BERTForClassesParameters[A]:
    """θ of Algorithm X6 and BERT's own from a BERT with classes.

    Parameters
    ----------
    arrays : mapping of names to arrays
        As Hugging Face's `BertForSequenceClassification` names and
        stores them: `safetensors.numpy.load_file(…)`, say.
    H : int
        The number of heads: no shape tells it.

    Returns
    -------
    parameters : BERTForClassesParameters
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
    >>> arrays = {
    ...     f"bert.embeddings.{name}.weight": rng.random((n, d))
    ...     for name, n in (
    ...         ("word_embeddings", 9),
    ...         ("position_embeddings", 5),
    ...         ("token_type_embeddings", 2),
    ...     )
    ... }
    >>> layer = "bert.encoder.layer.0"
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
    ...     "bert.pooler.dense": (d, d), "classifier": (3, d),
    ... }
    >>> for name, shape in weights.items():
    ...     arrays[f"{name}.weight"] = W = rng.random(shape)
    ...     arrays[f"{name}.bias"] = rng.random(W.shape[0])
    >>> parameters = bert_for_classes_parameters(arrays, H=2)
    >>> BERTForClasses(np.array([8, 0, 3]), parameters).shape
    (3,)
    """
    file = State("bert_for_classes_parameters", arrays)
    bert = file.find("bert.", "embeddings.word_embeddings.weight")
    head = file.find("", "classifier.weight")
    embeddings = bert.under("embeddings")
    tokens = embeddings["word_embeddings.weight"]
    W_f, b_f = bert.pair("pooler.dense")
    W_c, b_c = head.pair("classifier")
    theta = EClassifierParameters(
        W_e=tokens.mT,
        W_p=embeddings["position_embeddings.weight"].mT,
        layers=encoder_layers(bert.under("encoder"), H),
        W_f=W_f,
        b_f=b_f,
        W_c=W_c,
        b_c=b_c,
    )
    parameters = BERTForClassesParameters(
        theta,
        embeddings["token_type_embeddings.weight"].mT,
        *embeddings.pair("LayerNorm"),
    )
    bert.refuse_unread(BERT_POSITIONS)
    return parameters
