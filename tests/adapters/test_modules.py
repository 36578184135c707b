"""Are classes and objects made of modules called rightly, and is it said why others do not fit?"""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from helpers.attention_of_rows import attend, blocking, merge, split
from helpers.quick_check import assert_agrees, problem, quick_check
from hosts import rows_torch as rows
from torch import nn

from spec.adapters.choose import adapter_for
from spec.adapters.modules.adapter import modules
from spec.calling.verdict import Verdict
from spec.inputs.arguments import AdapterError


class MyAttention(nn.Module):
    def __init__(self, embed_dim, num_heads, dropout=0.1, bias=True):
        super().__init__()
        self.num_heads = num_heads
        self.q_proj, self.k_proj, self.v_proj, self.out_proj = (
            nn.Linear(embed_dim, embed_dim, bias=bias) for _ in range(4)
        )
        self.dropout = nn.Dropout(dropout)

    def forward(self, query, key, value, attn_mask=None):
        q, k, v = self.q_proj(query), self.k_proj(key), self.v_proj(value)
        q, k, v = (rows.split_heads(part, self.num_heads) for part in (q, k, v))
        y = rows.scaled_dot_product_attention(q, k, v, attn_mask)
        return self.dropout(self.out_proj(rows.merge_heads(y))), None


class Causal(nn.Module):
    """As in nanoGPT."""

    def __init__(self, config):
        super().__init__()
        assert config.n_embd % config.n_head == 0
        self.c_attn = nn.Linear(config.n_embd, 3 * config.n_embd, bias=config.bias)
        self.c_proj = nn.Linear(config.n_embd, config.n_embd, bias=config.bias)
        self.n_head = config.n_head
        self.dropout = nn.Dropout(config.dropout)
        mask = torch.tril(torch.ones(config.block_size, config.block_size))
        self.register_buffer("bias", mask.view(1, 1, config.block_size, config.block_size))

    def forward(self, x):
        _, T, C = x.size()
        q, k, v = (rows.split_heads(part, self.n_head) for part in self.c_attn(x).split(C, dim=2))
        y = rows.scaled_dot_product_attention(q, k, v, self.bias[0, 0, :T, :T] == 0)
        return self.c_proj(rows.merge_heads(y))


class Head(nn.Module):
    """As in a lecture: one head, without offsets."""

    def __init__(self, n_embd, head_size, block_size):
        super().__init__()
        self.key = nn.Linear(n_embd, head_size, bias=False)
        self.query = nn.Linear(n_embd, head_size, bias=False)
        self.value = nn.Linear(n_embd, head_size, bias=False)
        self.register_buffer("tril", torch.tril(torch.ones(block_size, block_size)))

    def forward(self, x):
        T = x.shape[1]
        q, k, v = self.query(x), self.key(x), self.value(x)
        return rows.scaled_dot_product_attention(q, k, v, self.tril[:T, :T] == 0)


class Heads(nn.Module):
    """And several of them."""

    def __init__(self, num_heads, n_embd, head_size, block_size):
        super().__init__()
        self.heads = nn.ModuleList(Head(n_embd, head_size, block_size) for _ in range(num_heads))
        self.proj = nn.Linear(head_size * num_heads, n_embd)

    def forward(self, x):
        return self.proj(torch.cat([head(x) for head in self.heads], dim=-1))


class Conv1D:
    def __init__(self, inputs, outputs):
        self.weight = np.zeros((inputs, outputs))
        self.bias = np.zeros(outputs)

    def __call__(self, x):
        return x @ self.weight + self.bias


class WithConv1D:
    """Plain objects: a fused matrix with a column for each output, a context, heads in order."""

    def __init__(self, dim, heads):
        self.heads = heads
        self.layers = {"c_attn": Conv1D(dim, 3 * dim)}
        self.c_proj = Conv1D(dim, dim)

    def __call__(self, x, context, mask):
        q, _, _ = np.split(self.layers["c_attn"](x), 3, -1)
        _, k, v = np.split(self.layers["c_attn"](context), 3, -1)
        q, k, v = (split(part, self.heads) for part in (q, k, v))
        return self.c_proj(merge(attend(q, k, v, blocking(~mask).astype(x.dtype))))


class Bare:
    """Arrays of its own, stacked by heads, of JAX, used as x @ W."""

    def __init__(self, d_model, n_heads, d_k, d_v):
        self.W_q, self.W_k = jnp.zeros((2, n_heads, d_model, d_k))
        self.W_v = jnp.zeros((n_heads, d_model, d_v))
        self.W_o = jnp.zeros((n_heads * d_v, d_model))

    def __call__(self, x, mask):
        q, k, v = x @ self.W_q, x @ self.W_k, x @ self.W_v
        scores = jnp.where(mask, q @ k.swapaxes(1, 2) / q.shape[-1] ** 0.5, -jnp.inf)
        weights = jnp.nan_to_num(jax.nn.softmax(scores, -1))
        return jnp.concatenate(list(weights @ v), -1) @ self.W_o


class Kernel:
    """As Flax keeps the matrices of heads."""

    def __init__(self, *shape):
        self.kernel = np.zeros(shape)


class LikeFlax:
    def __init__(self, num_heads, in_features, qkv_features=8):
        size = qkv_features // num_heads
        self.query, self.key, self.value = (Kernel(in_features, num_heads, size) for _ in range(3))
        self.out = Kernel(num_heads, size, in_features)

    def __call__(self, inputs_q, inputs_kv, mask):
        q = np.einsum("nd,dhk->hnk", inputs_q, self.query.kernel)
        k, v = (np.einsum("nd,dhk->hnk", inputs_kv, one.kernel) for one in (self.key, self.value))
        y = attend(q, k, v, blocking(~mask).astype(inputs_q.dtype))
        return np.einsum("hnk,hkd->nd", y, self.out.kernel)


class Norm(nn.Module):
    def __init__(self, dim, eps=1e-5):
        super().__init__()
        self.eps = eps
        self.g = nn.Parameter(torch.ones(dim))
        self.b = nn.Parameter(torch.zeros(dim))

    def forward(self, x):
        return rows.layer_norm(x, self.g, self.b, self.eps)


class Relative(MyAttention):
    def __init__(self, embed_dim, num_heads):
        super().__init__(embed_dim, num_heads)
        self.rel_bias = nn.Parameter(torch.zeros(3, 5))


class Odd(nn.Module):
    def __init__(self, embed_dim, num_heads, window):
        super().__init__()


causal = {"mask": "causal", "batch": "first"}
MODULES = {
    "q, k, v": (5, MyAttention, {"mask": "masked"}),
    "in a batch": (5, MyAttention, {"mask": "masked", "batch": "first"}),
    "no offsets": (5, partial(MyAttention, bias=False), {"mask": "masked"}),
    "an object": (5, MyAttention(12, 3, 0.0), {"mask": "masked"}),
    "a configuration": (5, Causal, causal),
    "one head": (4, Head, causal),
    "a list of heads": (5, Heads, causal),
    "columns for outputs": (5, WithConv1D, {}),
    "arrays": (5, Bare, {"weights": "in first"}),
    "kernels": (5, LikeFlax(2, 6), {}),
    "norm": (6, Norm, {"batch": "first"}),
    "norm, an object": (6, Norm(7), {}),
    "linear": (7, partial(nn.Linear, bias=False), {"result": "logits"}),
}


@pytest.mark.parametrize("name", MODULES)
def test_modules(name):
    algorithm, function, options = MODULES[name]
    adapter = adapter_for(function, algorithm, **options)
    assert_agrees(quick_check(function, algorithm, adapter, kinds=5))
    assert_agrees(quick_check(function, algorithm, adapter, "float32", kinds=1))


def test_modules_in_bfloat16():
    adapter = modules(MyAttention, 5, mask="masked")
    assert adapter.name == "rows, mask masked, torch"
    assert_agrees(quick_check(MyAttention, 5, adapter, "bfloat16"))
    assert modules(Bare, 5, weights="in first").name == (
        "rows, in first, itself, no b_q, b_k, b_v, b_o, jax"
    )


def test_an_object_stays_as_it_is():
    one = MyAttention(12, 3, 0.0)
    before = {name: value.clone() for name, value in one.state_dict().items()}
    assert_agrees(quick_check(one, 5, modules(one, 5, mask="masked")))
    assert all(torch.equal(before[name], value) for name, value in one.state_dict().items())


def test_a_module_with_a_wrong_mask():
    assert not quick_check(MyAttention, 5, modules(MyAttention, 5)).passes


def test_names_that_are_told():
    class Renamed(MyAttention):
        def __init__(self, embed_dim, num_heads):
            super().__init__(embed_dim, num_heads, 0.0)
            self.kay, self.k_proj = self.k_proj, None

        def forward(self, x, z, mask):
            self.k_proj = self.kay
            y = super().forward(x, z, z, mask)
            del self.k_proj
            return y

    told = {"kay.weight": "W_k", "kay.bias": "b_k"}
    assert_agrees(quick_check(Renamed, 5, modules(Renamed, 5, mask="masked", names=told)))
    with pytest.raises(AdapterError, match=r"Renamed\.kay\.weight has shape \(12, 12\): no param"):
        modules(Renamed, 5, mask="masked")


@pytest.mark.parametrize(
    ("function", "algorithm", "options", "message"),
    [
        (
            Relative,
            5,
            {},
            "Relative.rel_bias has shape (3, 5): no parameter of Algorithm 5 goes there",
        ),
        (
            Odd,
            5,
            {},
            (
                "Odd needs `window`, and no size is known by that name: give an instance, or "
                "functools.partial(Odd, window=…)"
            ),
        ),
        (
            partial(Odd, window=3),
            5,
            {},
            "W_q of Algorithm 5 goes to no parameter of Odd, which has none",
        ),
        (
            Head,
            4,
            {},
            (
                "Head is called with x, and with no mask: say mask='causal' if it has one of "
                "its own, or 'none'"
            ),
        ),
        (
            partial(Bare, d_k=13, n_heads=1),
            5,
            {},
            (
                "Bare.W_q has shape (1, 13, 13), from which it cannot be told which axis is that "
                "of the outputs: say weights='out first' or 'in first'"
            ),
        ),
        (
            nn.Linear,
            7,
            {},
            "Linear.bias has shape (17,): no parameter of Algorithm 7 goes there",
        ),
    ],
)
def test_modules_that_do_not_fit(function, algorithm, options, message):
    with pytest.raises(AdapterError) as caught:
        modules(function, algorithm, **options)
    assert str(caught.value) == message


def test_a_module_that_shares_keys_among_heads():
    class Grouped(MyAttention):
        def __init__(self, embed_dim, num_heads):
            super().__init__(embed_dim, num_heads, 0.0)
            self.k_proj = nn.Linear(embed_dim, embed_dim // num_heads)

    verdict, said = problem(Grouped, 5, modules(Grouped, 5, mask="masked"))
    assert verdict is Verdict.DOES_NOT_FIT
    assert said == (
        f"{Grouped.__name__}.k_proj.weight has shape (4, 12), where W_k (3, 4, 12) would have "
        "shape (12, 12)"
    )
