"""Do torch's own functions agree with Algorithms 4, 5 and 6 and with the activations?"""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from helpers import generic
from helpers.rounding import assert_close, budget
from torch.nn import functional as F

from algorithms import (
    GELU,
    Attention,
    AttentionParameters,
    MHAttention,
    MHAttentionParameters,
    ReLU,
    layer_norm,
    softmax,
)
from algorithms.checkpoints import GELU_tanh, SiLU


def tensor(*shape, seed=0):
    return torch.asarray(generic.matrix(*shape, seed=seed))


@pytest.mark.parametrize("eps", [0.0, 1e-5, 0.5])
def test_layer_norm_is_torchs(eps):
    e, gamma, beta = tensor(2, 7, 5), tensor(7, seed=1), tensor(7, seed=2)
    want = F.layer_norm(e.mT, (7,), gamma, beta, eps).mT
    assert_close(layer_norm(e, gamma, beta, eps=eps), want, **budget(e, gamma, beta))


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (GELU, F.gelu),
        (GELU_tanh, lambda X: F.gelu(X, approximate="tanh")),
        (SiLU, F.silu),
        (ReLU, F.relu),
        (softmax, lambda S: F.softmax(S, dim=-2)),
    ],
)
def test_activations_and_softmax_are_torchs(ours, theirs):
    X = 3 * tensor(2, 7, 5)
    # Φ, tanh and exp change by (1 + x²)·u, relatively, when x does by u.
    assert_close(ours(X), theirs(X), terms=X.shape[1] + math.ceil(1 + (X * X).max()))


def test_GELU_keeps_its_digits_where_Phi_is_small():
    # torch's 1 + erf has none left below −8; Φ(−20) is 2.75e-89 (Abramowitz & Stegun, 26.2).
    x = np.array([-20.0])
    assert F.gelu(torch.asarray(x)).item() == 0.0
    # x/√2 is off by 2u, and Φ changes by (1 + x²)·u, relatively, when x does by u.
    near = 2 * (1 + 20**2)
    assert_close(GELU(x) / (-20 * 2.753624118606234e-89), np.ones(1), terms=near)


@pytest.mark.parametrize("causal", [False, True])
def test_attention_is_torchs_scaled_dot_product_attention(causal):
    W, X, Z = generic.heads(d_z=8), tensor(2, 8, 6), tensor(2, 8, 6, seed=1)
    W = AttentionParameters(*(torch.asarray(part[0]) for part in W.W_qkv))
    Mask = torch.ones(6, 6, dtype=torch.bool)
    Mask = Mask.triu() if causal else Mask
    Q, K, V = (
        (M @ Y + b[:, None]).mT
        for M, b, Y in ((W.W_q, W.b_q, X), (W.W_k, W.b_k, Z), (W.W_v, W.b_v, Z))
    )
    want = F.scaled_dot_product_attention(Q, K, V, is_causal=causal).mT
    assert_close(Attention(X, Z, W, Mask), want, **budget(X, Z, W))


def test_multi_head_attention_is_torchs_module():
    torch.manual_seed(0)
    module = torch.nn.MultiheadAttention(12, 3, kdim=10, vdim=10, batch_first=True).double()
    with torch.no_grad():
        for p in module.parameters():
            p += 0.3 * torch.randn(p.shape, dtype=p.dtype)
    b_q, b_k, b_v = module.in_proj_bias.reshape(3, 3, 4)
    W = MHAttentionParameters(
        AttentionParameters(
            module.q_proj_weight.reshape(3, 4, 12),
            b_q,
            module.k_proj_weight.reshape(3, 4, 10),
            b_k,
            module.v_proj_weight.reshape(3, 4, 10),
            b_v,
        ),
        module.out_proj.weight,
        module.out_proj.bias,
    )
    X, Z = tensor(2, 12, 6), tensor(2, 10, 5, seed=1)
    Mask = torch.asarray(generic.matrix(5, 6) < 0.5) | (torch.arange(5)[:, None] == 0)
    want, _ = module(X.mT, Z.mT, Z.mT, attn_mask=~Mask.mT)  # torch's mask: True is "never"
    assert_close(MHAttention(X, Z, W, Mask).detach(), want.detach().mT, **budget(X, Z, W))
