"""Are functions in any layout called rightly, and is it said why others do not fit?"""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest
from helpers.attention_of_rows import attend, blocking, merge, split
from helpers.quick_check import KINDS, assert_agrees, problem, quick_check
from hosts import columns_numpy as columns
from hosts import rows_torch as rows
from hosts.adapters import ADAPTERS
from torch import nn

from algorithms import Attention, DTransformer, DTransformerParameters, MHAttention, layer_norm
from spec.adapters.choose import adapter_for
from spec.adapters.function_in_layout import layout
from spec.calling.verdict import Verdict
from spec.checking.check import check, function_under_test
from spec.inputs.arguments import AdapterError
from spec.inputs.variations import Variation

# The hosts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ADAPTERS)
def test_hosts(name):
    """Columns are float64, as NumPy's root of a whole number is; so is what draws tokens."""
    algorithm, function, adapter = ADAPTERS[name]
    only_float64 = name.startswith("columns") or name.endswith(("14", "15"))
    format = "float64" if only_float64 else "float32"
    assert_agrees(quick_check(function, algorithm, adapter, format, 1 if algorithm > 7 else KINDS))


@pytest.mark.sweep
@pytest.mark.parametrize("format", ["float64", "bfloat16"])
@pytest.mark.parametrize("name", [name for name in ADAPTERS if name.startswith("rows")])
def test_rows_in_other_formats(name, format):
    algorithm, function, adapter = ADAPTERS[name]
    if not name.endswith(("14", "15")):
        assert_agrees(quick_check(function, algorithm, adapter, format))


@pytest.mark.parametrize("name", [name for name, (id, *_) in ADAPTERS.items() if id < 5])
def test_hosts_on_arguments_of_every_kind(name):
    algorithm, function, adapter = ADAPTERS[name]
    assert_agrees(check(function, algorithm, adapter=adapter))


# Layouts ------------------------------------------------------------------------------------------


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


@pytest.mark.parametrize("name", LAYOUTS)
def test_layouts(name):
    algorithm, function, options = LAYOUTS[name]
    assert_agrees(quick_check(function, algorithm, layout(**options), kinds=6))
    assert_agrees(quick_check(function, algorithm, layout(**options), "float32", kinds=1))


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
    found = quick_check(function, algorithm, layout(**without(options, option)))
    assert not found.passes


def test_the_paper_s_own_form_in_other_libraries():
    for library in ("torch", "jax"):
        adapter = layout(library=library, eps=None)
        for format in ("float64", "float32"):
            assert_agrees(quick_check(Attention, 4, adapter, format, kinds=1))
            assert_agrees(quick_check(MHAttention, 5, adapter, format, kinds=1))
            assert_agrees(quick_check(layer_norm, 6, adapter, format, kinds=1))
    assert jnp.ones(1).dtype == jnp.float32  # JAX is left as it was


def tied(x, theta: DTransformerParameters):
    return DTransformer(x, theta._replace(W_u=theta.W_e.T), eps=0.0)


def test_a_model_with_tied_embeddings():
    assert_agrees(quick_check(tied, 10, layout(tied=True), kinds=1))
    assert not quick_check(tied, 10, layout(), kinds=1).passes


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
        assert not quick_check(wrong, 6, layout(tokens="rows", batch="first")).passes


@pytest.mark.parametrize("batch", ["first", "last"])
def test_a_model_in_a_batch(batch):
    def model(x, theta: DTransformerParameters):
        axis = 0 if batch == "first" else -1
        each = [DTransformer(one, theta) for one in np.moveaxis(x, axis, 0)]
        return np.stack(each, axis)

    assert_agrees(quick_check(model, 10, layout(batch=batch)))
    with pytest.raises(AdapterError, match="Algorithm 14 is not called with a batch"):
        layout(batch=batch).call(model, function_under_test(model, 14).arguments(Variation("any")))


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


def test_offsets_that_there_are():
    def some(X, Z, W_q, W_k, W_v, b_v, Mask):
        return columns.attend(X, Z, Mask, W_q, 0 * W_q[:, 0], W_k, 0 * W_k[:, 0], W_v, b_v)

    adapter = layout(biases=["b_v"])
    assert adapter.name == "columns, no biases but b_v"
    assert_agrees(quick_check(some, 4, adapter))
    assert_agrees(
        quick_check(
            lambda e, gamma: columns.normalise(e, gamma, 0 * gamma), 6, layout(biases=False)
        )
    )


def test_sizes_that_are_fixed():
    def one_size(x, W_q, b_q, W_k, b_k, W_v, b_v, W_o, b_o, mask):
        assert x.shape[-1] == len(W_q)
        return of_heads(x, x, W_q, b_q, W_k, b_k, W_v, b_v, W_o, b_o, mask, 4)

    sizes = {"H": 4, "d_mid": "d_attn", "d_x": "H d_attn", "d_z": "d_x", "d_out": "d_x"}
    adapter = layout(tokens="rows", heads="side by side", mask="masked", itself=True, sizes=sizes)
    assert_agrees(quick_check(one_size, 5, adapter, kinds=8))
    with pytest.raises(AdapterError, match="there is no size d_k"):
        quick_check(one_size, 5, layout(sizes={"d_k": 4}))


def test_options():
    with pytest.raises(AdapterError, match="the option tokens is 'row'; it may be columns, rows"):
        layout(tokens="row")
    with pytest.raises(AdapterError, match="layout has no option token; there are tokens, batch"):
        adapter_for(columns.attend, 4, token="rows")
    with pytest.raises(AdapterError, match=r"modules can be Algorithm 4, 5, 6, 7.*, not 10"):
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
