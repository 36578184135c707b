"""Are functions in any layout called rightly, and are those that do not fit told why?"""

from __future__ import annotations

from functools import partial
from itertools import islice

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from hosts import columns_numpy as columns
from hosts import rows_torch as rows
from hosts.adapters import ADAPTERS
from torch import nn

from algorithms import Attention, DTransformer, DTransformerParameters, MHAttention, layer_norm
from spec.adapters.array_libraries import computing, converted, imported
from spec.adapters.choose import adapter_for
from spec.adapters.function_in_layout import layout
from spec.adapters.match_arguments import matched, synonyms
from spec.adapters.modules.adapter import modules
from spec.calling.verdict import Verdict
from spec.checking import check as kit
from spec.checking.report import Report
from spec.inputs.adapter import AdapterError
from spec.inputs.array_conversion import to_numpy
from spec.inputs.variations import Variation, variations

FORMATS = ("float64", "float32", "bfloat16")
#: On how many kinds of arguments a function is tried where all would take too long.
FEW = 2
FIRST = Variation("all sizes differ")


def report(function, algorithm, adapter, format="float64", few=FEW):
    """What a check says, but of few kinds of arguments, and without explanations."""
    subject = kit.subject(function, algorithm, adapter, format)
    kinds = variations(subject.algorithms, subject.id)
    trials = list(subject.trials(islice(kinds, few)))
    wrong = [trial.verdict for trial in trials if not trial.verdict.passes]
    return Report(subject, wrong[0] if wrong else Verdict.AGREES, trials)


def assert_agrees(found):
    assert found.verdict is Verdict.AGREES, found.failed[0].problem
    assert found.ratio <= 1
    assert found.trials


def problem(function, algorithm, adapter, few=FEW):
    """The verdict on a function that does not fit, and why."""
    found = report(function, algorithm, adapter, few=few)
    assert not found.passes
    return found.failed[0].verdict, found.failed[0].problem


# The hosts ----------------------------------------------------------------------------------------


def formats(name):
    """Columns are float64: NumPy's root of a whole number is, and makes everything so."""
    if name.startswith("columns"):
        return ("float64",)
    return FORMATS[:1] if name.endswith(("14", "15")) else FORMATS


@pytest.mark.parametrize(
    ("name", "format"), [(name, format) for name in ADAPTERS for format in formats(name)]
)
def test_hosts(name, format):
    algorithm, function, adapter = ADAPTERS[name]
    assert_agrees(report(function, algorithm, adapter, format, few=1 if algorithm > 7 else FEW))


@pytest.mark.parametrize("name", [name for name, (id, *_) in ADAPTERS.items() if id < 5])
def test_hosts_on_arguments_of_every_kind(name):
    algorithm, function, adapter = ADAPTERS[name]
    assert_agrees(kit.check(function, algorithm, adapter=adapter))


# Layouts ------------------------------------------------------------------------------------------


def softmax(scores):
    """Along the last axis; of −∞ alone it is 0."""
    top = scores.max(-1, keepdims=True)
    powers = np.exp(scores - np.where(np.isfinite(top), top, 0))
    total = powers.sum(-1, keepdims=True)
    return powers / np.where(total == 0, 1, total)


def attend(q, k, v, additive):
    scores = q @ k.swapaxes(-1, -2) / q.dtype.type(q.shape[-1]) ** q.dtype.type(0.5)
    return softmax(scores + additive) @ v


def split(x, heads):
    return x.reshape(*x.shape[:-1], heads, -1).swapaxes(-2, -3)


def merge(y):
    y = y.swapaxes(-2, -3)
    return y.reshape(*y.shape[:-2], -1)


def blocking(mask):
    """What is added where a mask is True."""
    return np.where(mask, -np.inf, 0)


def of_heads(x, z, W_q, b_q, W_k, b_k, W_v, b_v, W_o, b_o, mask, n_heads):
    """The matrices of `Linear`, and a mask of what must not be attended to."""
    q, k, v = (
        split(y @ w.T + b, n_heads) for y, w, b in ((x, W_q, b_q), (z, W_k, b_k), (z, W_v, b_v))
    )
    return merge(attend(q, k, v, blocking(mask).astype(x.dtype))) @ W_o.T + b_o


def fused(x, w_qkv, b_qkv, w_o, b_o, heads):
    """Self-attention to what is not later."""
    q, k, v = (split(part, heads) for part in np.split(x @ w_qkv + b_qkv, 3, axis=-1))
    mask = np.triu(np.ones((x.shape[-2], x.shape[-2]), bool), 1)
    return merge(attend(q, k, v, blocking(mask).astype(x.dtype))) @ w_o + b_o


def fused_in_heads(x, context, W_qkv, W_o, attn_mask, H):
    """No offsets; q, k, v of the first head come first."""
    n, m = x.shape[-2], context.shape[-2]
    parts = (x @ W_qkv.T).reshape(n, H, -1), (context @ W_qkv.T).reshape(m, H, -1)
    of_x, of_z = (np.split(part.swapaxes(0, 1), 3, axis=-1) for part in parts)
    return merge(attend(of_x[0], of_z[1], of_z[2], attn_mask)) @ W_o.T


def keys_and_values(X, Z, params, mask):
    """A record of w_q and w_kv, one head, columns."""
    q = params.W_q @ X + params.b_q[:, None]
    k, v = np.split(params.W_kv @ Z + params.b_kv[:, None], [len(params.W_q)])
    return attend(q.T, k.T, v.T, blocking(~mask.T).astype(X.dtype)).T


def list_of_heads(X, Z, Wq, bq, Wk, bk, Wv, bv, Wo, bo, mask):
    outputs = [
        attend((w @ X).T + b, (u @ Z).T + c, (t @ Z).T + d, blocking(~mask.T).astype(X.dtype)).T
        for w, b, u, c, t, d in zip(Wq, bq, Wk, bk, Wv, bv, strict=True)
    ]
    return Wo @ np.concatenate(outputs) + bo[:, None]


def record_of_heads(X, Z, W, Mask):
    heads = [list(zip(W.W_qkv, strict=True))] if isinstance(W.W_qkv, tuple) else W.W_qkv
    parts = [[one[None] for one in head] for head in heads]
    each = [[one[0] for one in part] for part in parts]
    stacked = [list(one) for one in zip(*each, strict=True)]
    return list_of_heads(X, Z, *stacked, W.W_o, W.b_o, Mask)


def layer_norm_of_rows(x, weight, bias):
    mean = x.mean(-1, keepdims=True)
    return (x - mean) / np.sqrt(((x - mean) ** 2).mean(-1, keepdims=True)) * weight + bias


def embed_scaled(ids, We):
    return We[ids] * np.asarray(We.shape[1], We.dtype) ** We.dtype.type(0.5)


LAYOUTS = {
    "side by side": (
        5,
        of_heads,
        {"tokens": "rows", "heads": "side by side", "mask": "masked"},
    ),
    "batch first": (
        5,
        of_heads,
        {"tokens": "rows", "heads": "side by side", "mask": "masked", "batch": "first"},
    ),
    "fused, in first, causal": (
        5,
        fused,
        {
            "tokens": "rows",
            "weights": "in first",
            "qkv": "fused",
            "heads": "side by side",
            "mask": "causal",
            "itself": True,
        },
    ),
    "fused in each head, no biases": (
        5,
        fused_in_heads,
        {
            "tokens": "rows",
            "qkv": "fused in each head",
            "heads": "side by side",
            "mask": "additive",
            "biases": False,
        },
    ),
    "k v fused, one after the other": (4, keys_and_values, {"qkv": "k v fused"}),
    "list": (5, list_of_heads, {"heads": "list"}),
    "a record with a list": (5, record_of_heads, {"heads": "list"}),
    "norm": (6, layer_norm_of_rows, {"tokens": "rows"}),
    "norm, batch second": (6, layer_norm_of_rows, {"tokens": "rows", "batch": "second"}),
    "logits": (
        7,
        lambda x, W: x @ W,
        {"tokens": "rows", "weights": "in first", "result": "logits"},
    ),
    "embeddings": (1, lambda ids, table: table[ids], {"tokens": "rows", "batch": "first"}),
    "scaled": (1, embed_scaled, {"tokens": "rows", "embedding_scale": "sqrt(d_e)"}),
}


@pytest.mark.parametrize("format", ["float64", "float32"])
@pytest.mark.parametrize("name", LAYOUTS)
def test_layouts(name, format):
    algorithm, function, options = LAYOUTS[name]
    assert_agrees(
        report(function, algorithm, layout(**options), format, few=6 if format == "float64" else 1)
    )


def without(options, option):
    return {name: value for name, value in options.items() if name != option}


#: Functions that do without: any leading axes do, and so does an array for a list.
EITHER = {
    ("batch first", "batch"),
    ("norm, batch second", "batch"),
    ("embeddings", "batch"),
    ("list", "heads"),
}


@pytest.mark.parametrize(
    ("name", "option"),
    [
        (name, option)
        for name, (*_, options) in LAYOUTS.items()
        for option in options
        if (name, option) not in EITHER
    ],
)
def test_without_an_option_a_function_does_not_pass(name, option):
    algorithm, function, options = LAYOUTS[name]
    found = report(function, algorithm, layout(**without(options, option)))
    assert not found.passes


def test_the_paper_s_own_form_in_other_libraries():
    for library in ("torch", "jax"):
        adapter = layout(library=library, eps=None)
        for format in ("float64", "float32"):
            assert_agrees(report(Attention, 4, adapter, format, few=1))
            assert_agrees(report(MHAttention, 5, adapter, format, few=1))
            assert_agrees(report(layer_norm, 6, adapter, format, few=1))
    assert jnp.ones(1).dtype == jnp.float32  # JAX is left as it was


def tied(x, theta: DTransformerParameters):
    return DTransformer(x, theta._replace(W_u=theta.W_e.T), eps=0.0)


def test_a_model_with_tied_embeddings():
    assert_agrees(report(tied, 10, layout(tied=True), few=1))
    assert not report(tied, 10, layout(), few=1).passes


def test_columns_taken_for_rows():
    verdict, said = problem(columns.attend, 4, layout(tokens="rows"))
    assert verdict is Verdict.RAISES, said
    verdict, said = problem(rows.layer_norm, 6, layout(library="torch", eps=None))
    assert verdict is Verdict.RAISES, said


def test_members_of_a_batch_mixed_up():
    def mixed(x, weight, bias):
        return layer_norm_of_rows(x, weight, bias)[::-1]

    def first_alone(x, weight, bias):
        return np.stack([layer_norm_of_rows(x[0], weight, bias)] * 2)

    for wrong in (mixed, first_alone):
        assert not report(wrong, 6, layout(tokens="rows", batch="first")).passes


@pytest.mark.parametrize("batch", ["first", "last"])
def test_a_model_in_a_batch(batch):
    def model(x, theta: DTransformerParameters):
        axis = 0 if batch == "first" else -1
        each = [DTransformer(one, theta) for one in np.moveaxis(x, axis, 0)]
        return np.stack(each, axis)

    assert_agrees(report(model, 10, layout(batch=batch)))
    with pytest.raises(AdapterError, match="Algorithm 14 is not called with a batch"):
        layout(batch=batch).call(model, kit.subject(model, 14).arguments(FIRST))


def test_no_batch_in_the_result():
    verdict, said = problem(lambda x, g, b: x[0], 6, layout(tokens="rows", batch="first"))
    assert verdict is Verdict.DOES_NOT_FIT
    assert said == (
        "the result has shape (5, 6); its first axis should be that of the batch, which has "
        "2 members"
    )


def test_an_argument_that_is_changed():
    def changes(x, w_qkv, b_qkv, w_o, b_o, heads):
        w_qkv += 1
        return x

    options = LAYOUTS["fused, in first, causal"][2]
    assert problem(changes, 5, layout(**options)) == (
        Verdict.MUTATES,
        "changes its argument w_qkv",
    )

    def zeroed(x, weight, bias):
        y = rows.layer_norm(x, weight, bias)
        weight.zero_()
        return y

    verdict, _ = problem(zeroed, 6, layout(tokens="rows", library="torch"))
    assert verdict is Verdict.MUTATES


def test_what_cannot_be_placed():
    def biased(X, Z, W_q, b_q, W_k, b_k, W_v, b_v, rel_bias, mask):
        return X

    def short(X, Z, W_q, b_q, W_k, b_k, W_v, mask):
        return X

    assert problem(biased, 4, layout()) == (
        Verdict.DOES_NOT_FIT,
        (
            f"{biased.__name__} takes rel_bias, which is not an argument of Algorithm 4: these are "
            "X (13, 5), Z (9, 7), W_q (4, 13), b_q (4,), W_k (4, 9), b_k (4,), W_v (10, 9), "
            "b_v (10,), Mask (7, 5)"
        ),
    )
    assert problem(short, 4, layout()) == (
        Verdict.DOES_NOT_FIT,
        (
            f"{short.__name__} does not take b_v (10,), an argument of Algorithm 4: "
            "it takes X, Z, W_q, b_q, W_k, b_k, W_v, mask"
        ),
    )


def test_offsets_that_there_are():
    def some(X, Z, W_q, W_k, W_v, b_v, Mask):
        return columns.attend(X, Z, Mask, W_q, 0 * W_q[:, 0], W_k, 0 * W_k[:, 0], W_v, b_v)

    adapter = layout(biases=["b_v"])
    assert adapter.name == "columns, no biases but b_v"
    assert_agrees(report(some, 4, adapter))
    assert_agrees(
        report(lambda e, gamma: columns.normalise(e, gamma, 0 * gamma), 6, layout(biases=False))
    )


def test_sizes_that_are_fixed():
    def one_size(x, W_q, b_q, W_k, b_k, W_v, b_v, W_o, b_o, mask):
        assert x.shape[-1] == len(W_q)
        return of_heads(x, x, W_q, b_q, W_k, b_k, W_v, b_v, W_o, b_o, mask, 4)

    sizes = {"H": 4, "d_mid": "d_attn", "d_x": "H d_attn", "d_z": "d_x", "d_out": "d_x"}
    adapter = layout(tokens="rows", heads="side by side", mask="masked", itself=True, sizes=sizes)
    assert_agrees(report(one_size, 5, adapter, few=8))
    with pytest.raises(AdapterError, match="there is no size d_k"):
        report(one_size, 5, layout(sizes={"d_k": 4}))


def test_options():
    with pytest.raises(AdapterError, match="the option tokens is 'row'; it may be columns, rows"):
        layout(tokens="row")
    with pytest.raises(AdapterError, match="layout has no option token; there are tokens, batch"):
        adapter_for(columns.attend, 4, token="rows")
    with pytest.raises(AdapterError, match="modules can be Algorithm 4, 5, 6, 7, not 10"):
        adapter_for(nn.Linear, 10)
    verdict, said = problem(columns.attend, 4, layout(result="logits"))
    assert (verdict, said) == (
        Verdict.DOES_NOT_FIT,
        "Algorithm 4 returns no probabilities: Ṽ has no logits",
    )


def test_names():
    adapter = layout(tokens="rows", qkv="fused", mask="additive", library="torch")
    assert adapter.name == "rows, fused, mask additive, torch"
    assert layout().name == "columns"


# Modules ------------------------------------------------------------------------------------------


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


@pytest.mark.parametrize("format", ["float64", "float32"])
@pytest.mark.parametrize("name", MODULES)
def test_modules(name, format):
    algorithm, function, options = MODULES[name]
    adapter = adapter_for(function, algorithm, **options)
    assert_agrees(report(function, algorithm, adapter, format, 5 if format == "float64" else 1))


def test_modules_in_bfloat16():
    adapter = modules(MyAttention, 5, mask="masked")
    assert adapter.name == "rows, mask masked, torch"
    assert_agrees(report(MyAttention, 5, adapter, "bfloat16"))
    assert modules(Bare, 5, weights="in first").name == (
        "rows, in first, itself, no b_q, b_k, b_v, b_o, jax"
    )


def test_an_object_stays_as_it_is():
    one = MyAttention(12, 3, 0.0)
    before = {name: value.clone() for name, value in one.state_dict().items()}
    assert_agrees(report(one, 5, modules(one, 5, mask="masked")))
    assert all(torch.equal(before[name], value) for name, value in one.state_dict().items())


def test_a_module_with_a_wrong_mask():
    assert not report(MyAttention, 5, modules(MyAttention, 5)).passes


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
    assert_agrees(report(Renamed, 5, modules(Renamed, 5, mask="masked", names=told)))
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
                "Odd is to be told window, which is no known name of a size: give an instance, or "
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


# Libraries ----------------------------------------------------------------------------------------


def test_a_library_that_is_not_there(monkeypatch):
    with pytest.raises(AdapterError, match="there is no library cupy; there are numpy, torch, jax"):
        imported("cupy")
    monkeypatch.setitem(__import__("sys").modules, "jax", None)
    with pytest.raises(AdapterError, match="jax is not installed"):
        imported("jax")


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("library", ["numpy", "torch", "jax"])
def test_arrays_there_and_back(library, format):
    array = np.arange(6).reshape(2, 3).astype(format).T
    with computing(library, format):
        (there,) = converted(library, (array,))
        assert str(there.dtype).endswith(format)
        back = to_numpy(there)
    assert back.dtype == array.dtype
    assert np.array_equal(back, array)


def test_what_is_not_an_array_of_numbers():
    assert [to_numpy(value) for value in ("text", (1, "a"), None)] == [None] * 3


def test_synonyms_name_one_thing():
    for kind, rows_of_it in synonyms().items():
        if kind == "arguments":  # x is X in one algorithm, and e in another
            continue
        names = [name for row in rows_of_it.values() for name in row]
        assert len(names) == len(set(names)), kind


def test_placing_in_order():
    held = {"e": np.ones((6, 5)), "W_u": np.ones((17, 6))}
    assert matched(lambda a, b: None, held, {}, "Algorithm 7").keys() == {"a", "b"}
