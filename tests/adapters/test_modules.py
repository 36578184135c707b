"""Are classes and objects made of modules called rightly, and is it said why others do not fit?"""

from __future__ import annotations

from functools import partial

import pytest
import torch
from helpers.quick_check import assert_agrees, problem, quick_check
from torch import nn
from user_code.modules import Bare, Causal, Head, Heads, LikeFlax, MyAttention, Norm, WithConv1D

from spec.adapters.choose import adapter_for
from spec.adapters.modules.module_adapter import modules
from spec.calling.verdict import Verdict
from spec.inputs.adapter_error import AdapterError

pytestmark = pytest.mark.no_cover  # to trace it takes twice as long, and all is run by others, too

CAUSAL = {"mask": "causal", "batch": "first"}
MASKED = {"mask": "masked"}
MODULES = {
    "q, k, v": (5, MyAttention, MASKED),
    "in a batch": (5, MyAttention, {**MASKED, "batch": "first"}),
    "no offsets": (5, partial(MyAttention, bias=False), MASKED),
    "an object": (5, MyAttention(12, 3, 0.0), MASKED),
    "a configuration": (5, Causal, CAUSAL),
    "one head": (4, Head, CAUSAL),
    "a list of heads": (5, Heads, CAUSAL),
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


def test_an_adapter_is_named_by_its_options_and_by_what_is_lacking():
    adapter = modules(MyAttention, 5, **MASKED)
    assert adapter.name == "rows, mask masked, torch"
    assert_agrees(quick_check(MyAttention, 5, adapter, "bfloat16"))
    bare = modules(Bare, 5, weights="in first")
    assert bare.name == "rows, in first, itself, no b_q, b_k, b_v, b_o, jax"


def test_an_object_stays_as_it_is():
    layer = MyAttention(12, 3, 0.0)
    before = {name: value.clone() for name, value in layer.state_dict().items()}
    assert_agrees(quick_check(layer, 5, modules(layer, 5, **MASKED)))
    assert all(torch.equal(before[name], value) for name, value in layer.state_dict().items())


def test_a_module_with_a_wrong_mask():
    assert not quick_check(MyAttention, 5, modules(MyAttention, 5)).passes


class Renamed(MyAttention):
    """A name for the keys that nobody knows."""

    def __init__(self, embed_dim, num_heads):
        super().__init__(embed_dim, num_heads, 0.0)
        self.kay, self.k_proj = self.k_proj, None

    def forward(self, x, z, mask):
        self.k_proj = self.kay
        y = super().forward(x, z, z, mask)
        del self.k_proj
        return y


def test_names_that_are_not_known_can_be_given():
    names = {"kay.weight": "W_k", "kay.bias": "b_k"}
    assert_agrees(quick_check(Renamed, 5, modules(Renamed, 5, **MASKED, names=names)))


class Relative(MyAttention):
    def __init__(self, embed_dim, num_heads):
        super().__init__(embed_dim, num_heads)
        self.rel_bias = nn.Parameter(torch.zeros(3, 5))


class Odd(nn.Module):
    def __init__(self, embed_dim, num_heads, window):
        super().__init__()


REFUSED = (
    (Renamed, 5, "Renamed.kay.weight has shape (12, 12): no parameter of Algorithm 5 goes there"),
    (Relative, 5, "Relative.rel_bias has shape (3, 5): no parameter of Algorithm 5 goes there"),
    (Odd, 5, "Odd needs `window`, and no size is known by that name: give an instance, or"),
    (partial(Odd, window=3), 5, "W_q of Algorithm 5 goes to no parameter of Odd, which has none"),
    (Head, 4, "Head is called with x, and with no mask: say causal (mask='causal') if it has"),
    (
        partial(Bare, d_k=13, n_heads=1),
        5,
        "Bare.W_q has shape (1, 13, 13), which does not show which axis is that of the",
    ),
    (nn.Linear, 7, "Linear.bias has shape (17,): no parameter of Algorithm 7 goes there"),
    (nn.Bilinear, 14, "modules can be Algorithm 4, 5, 6, 7, C2, C3, C4, C5, F1, F2, "),
)


@pytest.mark.parametrize(("function", "algorithm", "message"), REFUSED)
def test_modules_that_do_not_fit(function, algorithm, message):
    with pytest.raises(AdapterError) as caught:
        modules(function, algorithm)
    assert str(caught.value).startswith(message)


class Grouped(MyAttention):
    """Heads share their keys."""

    def __init__(self, embed_dim, num_heads):
        super().__init__(embed_dim, num_heads, 0.0)
        self.k_proj = nn.Linear(embed_dim, embed_dim // num_heads)


def test_parameters_of_another_shape_do_not_fit():
    assert problem(Grouped, 5, modules(Grouped, 5, **MASKED)) == (
        Verdict.DOES_NOT_FIT,
        "Grouped.k_proj.weight has shape (4, 12), where W_k (3, 4, 12) would have shape (12, 12)",
    )
