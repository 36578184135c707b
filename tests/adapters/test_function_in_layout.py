"""Are functions in any layout called rightly, and is it said why others do not fit?"""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest
from helpers.quick_check import KINDS, assert_agrees, problem, quick_check
from hosts import columns_numpy as columns
from hosts import rows_torch as rows
from hosts.adapters import ADAPTERS
from user_code import layouts
from user_code.layouts import layer_norm_of_rows, of_heads

from algorithms import Attention, DTransformer, DTransformerParameters, MHAttention, layer_norm
from algorithms.gradients import layer_norm_pullback
from spec.adapters.choose import adapter_for
from spec.adapters.function_in_layout import layout
from spec.calling.verdict import Verdict
from spec.checking.check import check
from spec.inputs.adapter_error import AdapterError
from spec.inputs.arguments import Adapter, draw_arguments
from spec.inputs.formats import FORMATS
from spec.inputs.variations import Variation
from spec.library import checked

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


ROWS = {"tokens": "rows"}
SIDE_BY_SIDE = {**ROWS, "heads": "side by side"}
CAUSAL = {"weights": "in first", "qkv": "fused", "mask": "causal", "itself": True}
IN_HEADS = {"qkv": "fused in each head", "mask": "additive", "biases": False}
LAYOUTS = {
    "side by side": (5, of_heads, {**SIDE_BY_SIDE, "mask": "masked"}),
    "batch first": (5, of_heads, {**SIDE_BY_SIDE, "mask": "masked", "batch": "first"}),
    "fused, in first, causal": (5, layouts.fused, {**SIDE_BY_SIDE, **CAUSAL}),
    "fused in each head, no biases": (5, layouts.fused_in_heads, {**SIDE_BY_SIDE, **IN_HEADS}),
    "k v fused, one after the other": (4, layouts.keys_and_values, {"qkv": "k v fused"}),
    "list": (5, layouts.list_of_heads, {"heads": "list"}),
    "a record with a list": (5, layouts.record_of_heads, {"heads": "list"}),
    "norm": (6, layer_norm_of_rows, ROWS),
    "norm, batch second": (6, layer_norm_of_rows, {**ROWS, "batch": "second"}),
    "logits": (7, lambda x, W: x @ W, {**ROWS, "weights": "in first", "result": "logits"}),
    "embeddings": (1, lambda ids, table: table[ids], {**ROWS, "batch": "first"}),
    "scaled": (1, layouts.embed_scaled, {**ROWS, "embedding_scale": "sqrt(d_e)"}),
}
#: Functions that do without an option: any leading axes do, and so does an array for a list.
EITHER = {
    ("batch first", "batch"),
    ("norm, batch second", "batch"),
    ("embeddings", "batch"),
    ("list", "heads"),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_layouts(name):
    algorithm, function, options = LAYOUTS[name]
    assert_agrees(quick_check(function, algorithm, layout(**options), kinds=6))
    assert_agrees(quick_check(function, algorithm, layout(**options), "float32", kinds=1))
    for option in options:
        if (name, option) not in EITHER:
            others = {key: value for key, value in options.items() if key != option}
            assert not quick_check(function, algorithm, layout(**others)).passes, option


@pytest.mark.parametrize("library", ["torch", "jax"])
def test_the_paper_s_own_form_in_other_libraries(library):
    adapter = layout(library=library, eps=None)
    for format in ("float64", "float32"):
        for id, function in (4, Attention), (5, MHAttention), (6, layer_norm):
            assert_agrees(quick_check(function, id, adapter, format, kinds=1))
    assert jnp.ones(1).dtype == jnp.float32  # JAX is left as it was


def test_a_model_with_tied_embeddings():
    def tied(x, theta: DTransformerParameters):
        return DTransformer(x, theta._replace(W_u=theta.W_e.T), eps=0.0)

    assert_agrees(quick_check(tied, 10, layout(tied=True), kinds=1))
    assert not quick_check(tied, 10, layout(), kinds=1).passes


def test_columns_taken_for_rows():
    assert problem(columns.attend, 4, layout(**ROWS))[0] is Verdict.RAISES
    adapter = layout(library="torch", eps=None)
    assert problem(rows.layer_norm, 6, adapter)[0] is Verdict.RAISES


def test_members_of_a_batch_mixed_up():
    def mixed(x, weight, bias):
        return layer_norm_of_rows(x, weight, bias)[::-1]

    def first_alone(x, weight, bias):
        return np.stack([layer_norm_of_rows(x[0], weight, bias)] * 2)

    for wrong in (mixed, first_alone):
        assert not quick_check(wrong, 6, layout(**ROWS, batch="first")).passes


@pytest.mark.parametrize("batch", ["first", "last"])
def test_a_model_in_a_batch(batch):
    def model(x, theta: DTransformerParameters):
        axis = 0 if batch == "first" else -1
        return np.stack([DTransformer(one, theta) for one in np.moveaxis(x, axis, 0)], axis)

    assert_agrees(quick_check(model, 10, layout(batch=batch)))
    adapter = Adapter("uncalled", lambda function, arguments: None)
    generation = draw_arguments(checked(), "14", Variation("any"), FORMATS["float64"], adapter)
    with pytest.raises(AdapterError, match="Algorithm 14 is not called with a batch"):
        layout(batch=batch).call(model, generation)


def test_no_batch_in_the_result():
    verdict, message = problem(lambda x, g, b: x[0], 6, layout(**ROWS, batch="first"))
    assert verdict is Verdict.DOES_NOT_FIT
    assert message.startswith("the result has shape (5, 6); its first axis should be that of the")


def test_an_argument_that_is_changed():
    def adds(x, w_qkv, b_qkv, w_o, b_o, heads):
        w_qkv += 1
        return x

    def zeroes(x, weight, bias):
        y = rows.layer_norm(x, weight, bias)
        weight.zero_()
        return y

    options = LAYOUTS["fused, in first, causal"][2]
    assert problem(adds, 5, layout(**options)) == (Verdict.MUTATES, "changes its argument w_qkv")
    assert problem(zeroes, 6, layout(**ROWS, library="torch"))[0] is Verdict.MUTATES


def test_offsets_that_there_are():
    def some(X, Z, W_q, W_k, W_v, b_v, Mask):
        return columns.attend(X, Z, Mask, W_q, 0 * W_q[:, 0], W_k, 0 * W_k[:, 0], W_v, b_v)

    def none(e, gamma):
        return columns.normalise(e, gamma, 0 * gamma)

    assert_agrees(quick_check(some, 4, layout(biases=["b_v"])))
    assert_agrees(quick_check(none, 6, layout(biases=False)))


def test_sizes_that_are_fixed():
    def one_size(x, W_q, b_q, W_k, b_k, W_v, b_v, W_o, b_o, mask):
        assert x.shape[-1] == len(W_q)
        return of_heads(x, x, W_q, b_q, W_k, b_k, W_v, b_v, W_o, b_o, mask, 4)

    sizes = {"H": 4, "d_mid": "d_attn", "d_x": "H d_attn", "d_z": "d_x", "d_out": "d_x"}
    adapter = layout(**SIDE_BY_SIDE, mask="masked", itself=True, sizes=sizes)
    assert_agrees(quick_check(one_size, 5, adapter, kinds=8))
    with pytest.raises(AdapterError, match="there is no size d_k"):
        quick_check(one_size, 5, layout(sizes={"d_k": 4}))


def test_options_are_refused_and_named():
    with pytest.raises(AdapterError, match="the option tokens is 'row'; it may be columns, rows"):
        layout(tokens="row")
    with pytest.raises(AdapterError, match="layout has no option token; there are tokens, batch"):
        adapter_for(columns.attend, 4, token="rows")
    assert problem(columns.attend, 4, layout(result="logits")) == (
        Verdict.DOES_NOT_FIT,
        "Algorithm 4 returns no probabilities: Ṽ has no logits",
    )
    verdict, line = problem(layer_norm_pullback, "∇6", layout(tokens="rows"))
    assert verdict is Verdict.DOES_NOT_FIT
    assert line.startswith("Algorithm ∇6 returns 3 results, which no layout can convert")
    adapter = layout(**ROWS, qkv="fused", mask="additive", library="torch", biases=["b_v"])
    assert adapter.name == "rows, fused, mask additive, no biases but b_v, torch"
    assert layout().name == "columns"
