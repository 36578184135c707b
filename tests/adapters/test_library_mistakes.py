"""Is a mistake in a function of a library seen through its adapter?"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import jax
import pytest
import torch
from figures.adapters import known
from torch import nn
from torch.nn import functional as F
from transformers import BertForMaskedLM, GPT2LMHeadModel, MarianMTModel

from spec.adapters.libraries.registry import ready
from spec.calling.verdict import Verdict
from spec.checking.check import check, function_under_test
from spec.expected.result import exact_result
from spec.inputs.variations import Variation, variations
from spec.machine.trees import leaves, map_leaves

USUAL = Variation("all sizes differ")

# One percent in a parameter -----------------------------------------------------------------------


@cache
def expectation(library_function, format, place):
    """A function, and the exact result on one kind of arguments."""
    tested = function_under_test(
        library_function.function, library_function.algorithm, library_function.adapter, format
    )
    variation = list(variations(tested.algorithms, tested.id))[place]
    return tested, exact_result(tested.arguments(variation))


def parameters(library_function):
    """The name of every array among the parameters, and its path in an argument."""
    _, expected = expectation(library_function, "float32", 0)
    for name, value in expected.arguments.named.items():
        if name not in ("x", "z", "X", "Z", "e", "Mask", "eps"):
            yield from ((name, path) for path, _ in leaves(value))


def without_effect(library_function):
    """The parameters that have no effect, or cannot be changed alone."""
    names = {"b_k"}  # it adds the same to all scores of a token
    if library_function.adapter.name.startswith("transformers"):
        names |= {"W_u"}  # it is W_e
    if library_function.what == "no offsets":
        names |= {"b_q", "b_v", "b_o"}
    return names


def trial_with(library_function, format, place, name, path):
    """A call with one percent more in a parameter."""
    tested, expected = expectation(library_function, format, place)
    value = expected.arguments.named[name]
    paths = iter([path for path, _ in leaves(value)])

    def changed(array):
        return (
            (array * array.dtype.type(1.01)).astype(array.dtype) if next(paths) == path else array
        )

    wrong = replace(expected.arguments)
    wrong.__dict__["named"] = {**expected.arguments.named, name: map_leaves(changed, value)}
    adapter = library_function.adapter
    call = replace(adapter, call=lambda function, _: adapter.call(function, wrong))
    return replace(tested, adapter=call).call(expected)


def cases():
    """Models, whose many parameters are made anew for each call, are left to the sweep."""
    for one in known():
        if one.what != "no γ, no β":
            for format in ("float32", "float64"):
                if format in one.adapter.formats:
                    sweep = one.algorithm in ("8", "9", "10") or format == "float64"
                    marks = [pytest.mark.sweep] if sweep else []
                    name = f"{one.name}-{one.algorithm}-{format}"
                    yield pytest.param(one, format, id=name, marks=marks)


@pytest.mark.parametrize(("library_function", "format"), list(cases()))
def test_one_percent_in_any_parameter_is_seen(library_function, format):
    for name, path in parameters(library_function):
        if path and path[-1] in without_effect(library_function):
            continue
        # One draw may have a query that hardly counts, and float32 not enough digits to tell.
        tried = (trial_with(library_function, format, place, name, path) for place in range(4))
        trial = next((trial for trial in tried if not trial.verdict.passes), None)
        assert trial is not None, (name, *path)
        assert trial.verdict is Verdict.DIFFERS
        assert trial.distance.ratio > 1


# Other mistakes -----------------------------------------------------------------------------------


class HalfTheScale(nn.MultiheadAttention):
    def forward(self, query, key, value, **options):
        return super().forward(query / 2, key, value, **options)


class OtherPolarity(nn.MultiheadAttention):
    def forward(self, query, key, value, attn_mask, **options):
        return super().forward(query, key, value, attn_mask=~attn_mask, **options)


class RootAndEpsilon(nn.LayerNorm):
    def forward(self, e):
        m, v = e.mean(-1, keepdim=True), e.var(-1, unbiased=False, keepdim=True)
        return (e - m) / (v.sqrt() + self.eps) * self.weight + self.bias


class SampleVariance(nn.LayerNorm):
    def forward(self, e):
        m, v = e.mean(-1, keepdim=True), e.var(-1, keepdim=True)
        return (e - m) / (v + self.eps).sqrt() * self.weight + self.bias


class NoResidual(nn.TransformerEncoderLayer):
    def forward(self, src, src_mask=None):
        X = self.norm1(src)
        if self.norm_first:
            X = src + self._sa_block(X, src_mask, None)
            return self._ff_block(self.norm2(X))
        X = self.norm1(self._sa_block(src, src_mask, None))
        return self.norm2(X + self._ff_block(X))


class SeesTheFuture(nn.TransformerEncoderLayer):
    def forward(self, src, src_mask=None):
        return super().forward(src)


class DecoderSeesTheFuture(nn.TransformerDecoderLayer):
    def forward(self, tgt, memory, tgt_mask):
        return super().forward(tgt, memory)


class ForgetsTheContext(nn.TransformerDecoderLayer):
    def forward(self, tgt, memory, tgt_mask):
        return super().forward(tgt, 0 * memory, tgt_mask=tgt_mask)


class BackToFront(nn.Transformer):
    def forward(self, src, tgt, tgt_mask):
        return super().forward(src, tgt.flip(0), tgt_mask=tgt_mask)


class SeesOnlyTheFuture(GPT2LMHeadModel):
    def forward(self, input_ids, **options):
        ell = input_ids.shape[-1]
        mask = torch.ones(1, 1, ell, ell, dtype=torch.bool).triu()
        return super().forward(input_ids, attention_mask=mask, **options)


class CountsFromTheEnd(GPT2LMHeadModel):
    def forward(self, input_ids, **options):
        positions = torch.arange(input_ids.shape[-1]).flip(0)[None]
        return super().forward(input_ids, position_ids=positions, **options)


class HidesTheLast(BertForMaskedLM):
    def forward(self, input_ids, **options):
        mask = torch.ones_like(input_ids)
        mask[:, -1] = 0
        return super().forward(input_ids, attention_mask=mask, **options)


class ShiftsTheText(MarianMTModel):
    def forward(self, input_ids, decoder_input_ids, **options):
        shifted = decoder_input_ids.roll(1, -1)
        return super().forward(input_ids, decoder_input_ids=shifted, **options)


def two_epsilon(e, shape, gamma, beta, eps):
    return F.layer_norm(e, shape, gamma, beta, 2 * eps)


def no_scale(Q, K, V, attn_mask):
    return F.scaled_dot_product_attention(Q, K, V, attn_mask=attn_mask, scale=1.0)


def no_mask(Q, K, V, attn_mask):
    return F.scaled_dot_product_attention(Q, K, V)


def jax_no_scale(Q, K, V, mask):
    return jax.nn.dot_product_attention(Q, K, V, mask=mask, scale=1.0)


def jax_no_mask(Q, K, V, mask):
    return jax.nn.dot_product_attention(Q, K, V)


TORCH, JAX = F.scaled_dot_product_attention, jax.nn.dot_product_attention
WRONG = [
    (HalfTheScale, "5", HalfTheScale),
    (OtherPolarity, "5", OtherPolarity),
    (RootAndEpsilon, "6", RootAndEpsilon),
    (SampleVariance, "6", SampleVariance),
    (NoResidual, "9", NoResidual),
    (NoResidual, "10", NoResidual),
    (SeesTheFuture, "10", SeesTheFuture),
    (DecoderSeesTheFuture, "8", DecoderSeesTheFuture),
    (ForgetsTheContext, "8", ForgetsTheContext),
    (BackToFront, "8", BackToFront),
    (SeesOnlyTheFuture, "10", SeesOnlyTheFuture),
    (CountsFromTheEnd, "10", CountsFromTheEnd),
    (HidesTheLast, "9", HidesTheLast),
    (ShiftsTheText, "8", ShiftsTheText),
    (F.layer_norm, "6", two_epsilon),
    (TORCH, "4", no_scale),
    (TORCH, "5", no_mask),
    (JAX, "4", jax_no_mask),
    (JAX, "5", jax_no_scale),
]


@pytest.mark.parametrize(
    ("right", "id", "wrong"),
    [pytest.param(*row, id=f"{row[2].__name__}-{row[1]}") for row in WRONG],
)
def test_a_mistake_differs(right, id, wrong):
    (trial,) = function_under_test(wrong, id, ready(right, id), "float32").trials([USUAL])
    assert trial.verdict is Verdict.DIFFERS
    assert trial.distance.ratio > 1


def test_a_mistake_is_named():
    report = check(OtherPolarity, 5, adapter=ready(OtherPolarity, 5))
    assert report.verdict is Verdict.DIFFERS
    assert report.mistakes[0] == ("mask-polarity",)


def test_without_its_documented_difference_a_function_differs():
    for one in known():
        if one.adapter.departures:
            adapter = replace(one.adapter, departures=())
            tested = function_under_test(one.function, one.algorithm, adapter, "float32")
            blind = Variation("a token that may attend to nothing", mask="empty column")
            verdicts = [trial.verdict for trial in tested.trials([USUAL, blind])]
            assert Verdict.DIFFERS in verdicts, one.name
