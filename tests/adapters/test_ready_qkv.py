"""Are functions of queries, keys and values called rightly, in any layout?"""

from __future__ import annotations

import inspect

import pytest
import torch
from helpers.planting import compiled
from helpers.quick_check import assert_agrees, problem, quick_check
from user_code import ready_qkv as ready
from user_code.layouts import of_heads

from spec.adapters.choose import adapter_for
from spec.adapters.function_in_layout import layout
from spec.adapters.options import options_of
from spec.calling.verdict import Verdict
from spec.checking.check import check
from spec.inputs.adapter_error import AdapterError

pytestmark = pytest.mark.no_cover  # to trace it takes twice as long, and all is run by others, too

WORDS = {
    "one head": (4, ready.scaled_dot_product, "rows torch"),
    "one head in a batch": (4, ready.scaled_dot_product, "rows batch-first torch"),
    "heads": (5, ready.scaled_dot_product, "rows torch"),
    "heads in a batch": (5, ready.scaled_dot_product, "rows batch-first torch"),
    "causal": (5, ready.causal_attention, "rows batch-first itself causal torch"),
    "columns": (4, ready.of_columns, ""),
    "columns of heads": (5, ready.of_columns, ""),
    "columns in a batch": (5, ready.of_columns, "batch-first"),
    "heads after tokens": (5, ready.by_einsum, "rows batch-first heads-after-tokens additive jax"),
    "side by side": (5, ready.splitting, "rows heads-side-by-side masked"),
    "side by side in a batch": (5, ready.splitting, "rows batch-first heads-side-by-side masked"),
}


def adapter_of(function, algorithm, words):
    return adapter_for(function, algorithm, **options_of(["qkv-ready", *words.split()]))


@pytest.mark.parametrize("name", WORDS)
def test_functions_of_queries_keys_and_values(name):
    algorithm, function, words = WORDS[name]
    adapter = adapter_of(function, algorithm, words)
    assert_agrees(quick_check(function, algorithm, adapter, kinds=9))
    assert_agrees(quick_check(function, algorithm, adapter, "float32", kinds=1))


#: A mistake in each function: what is written, and what is written in its place.
PLANTED = {
    "one head in a batch": ("/ math.sqrt(q.size(-1))", "", "scale-missing"),
    "heads": ("q.size(-1)", "k.size(-2)", None),
    "heads in a batch": ("mask == 0", "mask == 1", "mask-polarity"),
    "causal": ("triu(1)", "tril(-1)", None),
    "columns of heads": ("~Mask.mT", "Mask.mT", "mask-polarity"),
    "heads after tokens": ("bqhd,bkhd->bhqk", "bqhd,bkhd->bhkq", None),
    "side by side in a batch": ("split(part, n_heads)", "split(part[..., ::-1], n_heads)", None),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_mistake_in_them_is_seen(name):
    right, wrong, mistake = PLANTED[name]
    algorithm, function, words = WORDS[name]
    source = inspect.getsource(function)
    assert source.count(right) == 1
    planted = compiled(source.replace(right, wrong), vars(ready))[function.__name__]
    adapter = adapter_of(planted, algorithm, words)
    if mistake is None:
        assert not quick_check(planted, algorithm, adapter).passes
    else:
        assert (mistake,) in check(planted, algorithm, adapter=adapter).mistakes


def test_heads_that_are_mixed_up_are_seen():
    def reversed_heads(q, k, v, mask):
        return ready.scaled_dot_product(q, k, v, mask)[0].flip(-3)

    adapter = adapter_of(reversed_heads, 5, "rows batch-first torch")
    assert problem(reversed_heads, 5, adapter)[0] is Verdict.DIFFERS


class DotProduct(torch.nn.Module):
    """A module without parameters."""

    def __init__(self, dropout=0.0):
        super().__init__()
        self.dropout = torch.nn.Dropout(dropout)

    def forward(self, q, k, v, mask):
        return self.dropout(ready.scaled_dot_product(q, k, v, mask)[0])


def test_an_object_takes_queries_keys_and_values():
    assert_agrees(quick_check(DotProduct(), 5, adapter_of(DotProduct(), 5, "rows torch")))
    with pytest.raises(AdapterError, match="DotProduct makes modules: check an object, if that"):
        adapter_of(DotProduct, 5, "rows torch")


def test_which_of_several_results_is_compared_can_be_said():
    def named(q, k, v, mask):
        y, weights = ready.scaled_dot_product(q, k, v, mask)
        return {"weights": weights, "y": y}

    def last(q, k, v, mask):
        return ready.scaled_dot_product(q, k, v, mask)[::-1]

    options = {"tokens": "rows", "qkv": "ready", "library": "torch"}
    for function, output in (named, "y"), (last, 1):
        assert_agrees(quick_check(function, 4, layout(**options, output=output)))
        assert not quick_check(function, 4, layout(**options)).passes
        verdict, message = problem(function, 4, layout(**options, output="z"))
        assert (verdict, message[:22]) == (Verdict.DOES_NOT_FIT, "the result has no 'z';")


def test_a_forgotten_word_is_named():
    unready = (
        "scaled_dot_product does not take W_qkv (W_q, b_q, W_k, b_k, W_v, b_v), an argument of "
        "Algorithm 4: it takes q, k, v, mask; say qkv-ready (qkv='ready') if it takes queries, "
        "keys and values"
    )
    adapter = layout(tokens="rows", library="torch")
    assert problem(ready.scaled_dot_product, 4, adapter) == (Verdict.DOES_NOT_FIT, unready)
    alone = compiled("def alone(x, w, mask): return x", {})["alone"]
    assert problem(alone, 4, layout())[1].endswith(
        "; say itself (itself=True) if its tokens attend to one another alone"
    )
    maskless = compiled("def maskless(x, z, w): return x", {})["maskless"]
    said = (
        "; say causal (mask='causal') if it has a mask of its own, or no-mask (mask='none') if "
        "everything may be attended to"
    )
    assert problem(maskless, 4, layout())[1].endswith(said)


def test_what_has_no_queries_keys_and_values_of_sequences_is_refused():
    assert problem(ready.of_columns, 6, layout(qkv="ready")) == (
        Verdict.DOES_NOT_FIT,
        "Algorithm 6 has no queries, keys and values of sequences",
    )
    with pytest.raises(AdapterError, match="cannot have the option heads='list'"):
        layout(qkv="ready", heads="list")
    with pytest.raises(AdapterError, match=r"say qkv-ready \(qkv='ready'\), too"):
        layout(heads="after tokens")


@pytest.mark.parametrize(
    ("result", "said"),
    [
        (lambda q: q[0], "the result has shape (3, 5, 4); it should have 4 axes, as queries have"),
        (lambda q: q, "; it should have 3 heads of 8 numbers, as values have"),
    ],
)
def test_results_of_another_form(result, said):
    def attend(q, k, v, mask):
        return result(q)

    adapter = adapter_of(attend, 5, "rows batch-first torch")
    verdict, message = problem(attend, 5, adapter)
    assert verdict is Verdict.DOES_NOT_FIT
    assert message.endswith(said)


def test_a_function_of_x_is_not_one_of_queries():
    adapter = adapter_of(of_heads, 5, "rows heads-side-by-side masked")
    verdict, message = problem(of_heads, 5, adapter)
    assert verdict is Verdict.DOES_NOT_FIT
    assert "x, which is not an argument of Algorithm 5: these are Q" in message
