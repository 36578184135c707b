"""What type checkers infer of every public function, for arrays of three libraries.

Not run: mypy reads it, and fails where what it infers is not what stands here.
"""

from __future__ import annotations

from typing import Any, assert_type

import jax
import numpy as np
import torch
from numpy.typing import NDArray

from algorithms import (
    GELU,
    Array,
    Attention,
    AttentionParameters,
    DInference,
    DTraining,
    DTransformer,
    DTransformerParameters,
    EDInference,
    EDTraining,
    EDTransformer,
    EDTransformerParameters,
    ETraining,
    ETransformer,
    ETransformerParameters,
    MHAttention,
    MHAttentionParameters,
    ReLU,
    bidirectional_mask,
    initialise,
    layer_norm,
    positional_embedding,
    sample,
    single_query_attention,
    sinusoidal_positions,
    softmax,
    temper,
    token_embedding,
    tree_map,
    unembedding,
    unidirectional_mask,
)
from algorithms.checkpoints import (
    BERT,
    GPT2,
    BERTParameters,
    GELU_tanh,
    Marian,
    MarianParameters,
    SiLU,
    bert_parameters,
    gpt2_parameters,
    marian_parameters,
    marian_positions,
)


def on_numpy(
    x: NDArray[np.int64],
    X: NDArray[np.float64],
    e: NDArray[np.float64],
    Mask: NDArray[np.bool],
    W_qkv: AttentionParameters[NDArray[np.float64]],
    W: MHAttentionParameters[NDArray[np.float64]],
    theta: DTransformerParameters[NDArray[np.float64]],
    encoder: ETransformerParameters[NDArray[np.float64]],
    ed: EDTransformerParameters[NDArray[np.float64]],
    bert: BERTParameters[NDArray[np.float64]],
    marian: MarianParameters[NDArray[np.float64]],
    data: list[NDArray[np.int64]],
    arrays: dict[str, NDArray[np.float64]],
    gradient: Any,
    rng: np.random.Generator,
) -> None:
    """Arrays of numpy in, arrays of numpy out."""
    assert_type(token_embedding(x, theta.W_e), NDArray[np.float64])
    assert_type(positional_embedding(x, theta.W_p), NDArray[np.float64])
    assert_type(single_query_attention(e, X, W_qkv), NDArray[np.float64])
    assert_type(Attention(X, X, W_qkv, Mask), NDArray[np.float64])
    assert_type(MHAttention(X, X, W, Mask), NDArray[np.float64])
    assert_type(layer_norm(X, e, e, eps=1e-5), NDArray[np.float64])
    assert_type(unembedding(X, theta.W_u), NDArray[np.float64])
    assert_type(EDTransformer(x, x, ed), NDArray[np.float64])
    assert_type(ETransformer(x, encoder), NDArray[np.float64])
    assert_type(DTransformer(x, theta), NDArray[np.float64])
    assert_type(
        EDTraining(data, data, ed, N_epochs=1, eta=0.1, value_and_gradient=gradient),
        EDTransformerParameters[NDArray[np.float64]],
    )
    assert_type(
        ETraining(
            data, encoder, N_epochs=1, eta=0.1, p_mask=0.1, rng=rng, value_and_gradient=gradient
        ),
        ETransformerParameters[NDArray[np.float64]],
    )
    assert_type(
        DTraining(data, theta, N_epochs=1, eta=0.1, value_and_gradient=gradient),
        DTransformerParameters[NDArray[np.float64]],
    )
    assert_type(DInference(x, theta, ell_gen=1, tau=1.0, rng=rng), NDArray[np.int64])
    assert_type(EDInference(x, ed, tau=1.0, rng=rng), NDArray[np.int64])
    assert_type(softmax(X), NDArray[np.float64])
    assert_type(ReLU(X), NDArray[np.float64])
    assert_type(GELU(X), NDArray[np.float64])
    assert_type(GELU_tanh(X), NDArray[np.float64])
    assert_type(SiLU(X), NDArray[np.float64])
    assert_type(bidirectional_mask(X, X), Array)
    assert_type(unidirectional_mask(X), Array)
    assert_type(temper(e, 1.0), NDArray[np.float64])
    assert_type(sample(e, rng), int)
    assert_type(tree_map(abs, theta), DTransformerParameters[NDArray[np.float64]])
    assert_type(GPT2(x, theta), NDArray[np.float64])
    assert_type(BERT(x, x, bert), NDArray[np.float64])
    assert_type(Marian(x, x, marian), NDArray[np.float64])
    assert_type(gpt2_parameters(arrays, H=2), DTransformerParameters[NDArray[np.float64]])
    assert_type(bert_parameters(arrays, H=2), BERTParameters[NDArray[np.float64]])
    assert_type(marian_parameters(arrays, X, H=2), MarianParameters[NDArray[np.float64]])


def on_torch(
    x: torch.Tensor,
    X: torch.Tensor,
    e: torch.Tensor,
    Mask: torch.Tensor,
    W_qkv: AttentionParameters[torch.Tensor],
    W: MHAttentionParameters[torch.Tensor],
    theta: DTransformerParameters[torch.Tensor],
    encoder: ETransformerParameters[torch.Tensor],
    ed: EDTransformerParameters[torch.Tensor],
    bert: BERTParameters[torch.Tensor],
    marian: MarianParameters[torch.Tensor],
    data: list[torch.Tensor],
    arrays: dict[str, torch.Tensor],
    gradient: Any,
    rng: np.random.Generator,
) -> None:
    """Arrays of torch in, arrays of torch out."""
    assert_type(token_embedding(x, theta.W_e), torch.Tensor)
    assert_type(positional_embedding(x, theta.W_p), torch.Tensor)
    assert_type(single_query_attention(e, X, W_qkv), torch.Tensor)
    assert_type(Attention(X, X, W_qkv, Mask), torch.Tensor)
    assert_type(MHAttention(X, X, W, Mask), torch.Tensor)
    assert_type(layer_norm(X, e, e, eps=1e-5), torch.Tensor)
    assert_type(unembedding(X, theta.W_u), torch.Tensor)
    assert_type(EDTransformer(x, x, ed), torch.Tensor)
    assert_type(ETransformer(x, encoder), torch.Tensor)
    assert_type(DTransformer(x, theta), torch.Tensor)
    assert_type(
        EDTraining(data, data, ed, N_epochs=1, eta=0.1, value_and_gradient=gradient),
        EDTransformerParameters[torch.Tensor],
    )
    assert_type(
        ETraining(
            data, encoder, N_epochs=1, eta=0.1, p_mask=0.1, rng=rng, value_and_gradient=gradient
        ),
        ETransformerParameters[torch.Tensor],
    )
    assert_type(
        DTraining(data, theta, N_epochs=1, eta=0.1, value_and_gradient=gradient),
        DTransformerParameters[torch.Tensor],
    )
    assert_type(DInference(x, theta, ell_gen=1, tau=1.0, rng=rng), torch.Tensor)
    assert_type(EDInference(x, ed, tau=1.0, rng=rng), torch.Tensor)
    assert_type(softmax(X), torch.Tensor)
    assert_type(ReLU(X), torch.Tensor)
    assert_type(GELU(X), torch.Tensor)
    assert_type(GELU_tanh(X), torch.Tensor)
    assert_type(SiLU(X), torch.Tensor)
    assert_type(bidirectional_mask(X, X), Array)
    assert_type(unidirectional_mask(X), Array)
    assert_type(temper(e, 1.0), torch.Tensor)
    assert_type(sample(e, rng), int)
    assert_type(tree_map(abs, theta), DTransformerParameters[torch.Tensor])
    assert_type(GPT2(x, theta), torch.Tensor)
    assert_type(BERT(x, x, bert), torch.Tensor)
    assert_type(Marian(x, x, marian), torch.Tensor)
    assert_type(gpt2_parameters(arrays, H=2), DTransformerParameters[torch.Tensor])
    assert_type(bert_parameters(arrays, H=2), BERTParameters[torch.Tensor])
    assert_type(marian_parameters(arrays, X, H=2), MarianParameters[torch.Tensor])


def on_jax(
    x: jax.Array,
    X: jax.Array,
    e: jax.Array,
    Mask: jax.Array,
    W_qkv: AttentionParameters[jax.Array],
    W: MHAttentionParameters[jax.Array],
    theta: DTransformerParameters[jax.Array],
    encoder: ETransformerParameters[jax.Array],
    ed: EDTransformerParameters[jax.Array],
    bert: BERTParameters[jax.Array],
    marian: MarianParameters[jax.Array],
    data: list[jax.Array],
    arrays: dict[str, jax.Array],
    gradient: Any,
    rng: np.random.Generator,
) -> None:
    """Arrays of jax in, arrays of jax out."""
    assert_type(token_embedding(x, theta.W_e), jax.Array)
    assert_type(positional_embedding(x, theta.W_p), jax.Array)
    assert_type(single_query_attention(e, X, W_qkv), jax.Array)
    assert_type(Attention(X, X, W_qkv, Mask), jax.Array)
    assert_type(MHAttention(X, X, W, Mask), jax.Array)
    assert_type(layer_norm(X, e, e, eps=1e-5), jax.Array)
    assert_type(unembedding(X, theta.W_u), jax.Array)
    assert_type(EDTransformer(x, x, ed), jax.Array)
    assert_type(ETransformer(x, encoder), jax.Array)
    assert_type(DTransformer(x, theta), jax.Array)
    assert_type(
        EDTraining(data, data, ed, N_epochs=1, eta=0.1, value_and_gradient=gradient),
        EDTransformerParameters[jax.Array],
    )
    assert_type(
        ETraining(
            data, encoder, N_epochs=1, eta=0.1, p_mask=0.1, rng=rng, value_and_gradient=gradient
        ),
        ETransformerParameters[jax.Array],
    )
    assert_type(
        DTraining(data, theta, N_epochs=1, eta=0.1, value_and_gradient=gradient),
        DTransformerParameters[jax.Array],
    )
    assert_type(DInference(x, theta, ell_gen=1, tau=1.0, rng=rng), jax.Array)
    assert_type(EDInference(x, ed, tau=1.0, rng=rng), jax.Array)
    assert_type(softmax(X), jax.Array)
    assert_type(ReLU(X), jax.Array)
    assert_type(GELU(X), jax.Array)
    assert_type(GELU_tanh(X), jax.Array)
    assert_type(SiLU(X), jax.Array)
    assert_type(bidirectional_mask(X, X), Array)
    assert_type(unidirectional_mask(X), Array)
    assert_type(temper(e, 1.0), jax.Array)
    assert_type(sample(e, rng), int)
    assert_type(tree_map(abs, theta), DTransformerParameters[jax.Array])
    assert_type(GPT2(x, theta), jax.Array)
    assert_type(BERT(x, x, bert), jax.Array)
    assert_type(Marian(x, x, marian), jax.Array)
    assert_type(gpt2_parameters(arrays, H=2), DTransformerParameters[jax.Array])
    assert_type(bert_parameters(arrays, H=2), BERTParameters[jax.Array])
    assert_type(marian_parameters(arrays, X, H=2), MarianParameters[jax.Array])


def made_in_numpy(rng: np.random.Generator) -> None:
    """What makes arrays from nothing makes NumPy's."""
    assert_type(sinusoidal_positions(4, 3), NDArray[np.float64])
    assert_type(marian_positions(4, 3), NDArray[np.float64])
    assert_type(initialise(DTransformerParameters, rng, N_V=5), DTransformerParameters[Any])
