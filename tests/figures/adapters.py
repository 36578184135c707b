"""What the functions of libraries are found to be, through the adapters that are ready for them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any, NamedTuple

import jax
import torch
from transformers import (
    BertForMaskedLM,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaForCausalLM,
    MarianMTModel,
    MistralForCausalLM,
)
from transformers.models.llama.modeling_llama import LlamaRMSNorm
from transformers.models.t5.modeling_t5 import T5LayerNorm

from figures.errors import rounded
from figures.same import PATIENCE
from spec.adapters.libraries.known_functions import ready
from spec.calling.function_under_test import Trial
from spec.checking.check import function_under_test
from spec.inputs.arguments import Adapter
from spec.inputs.formats import FORMATS
from spec.inputs.variations import Variation, variations


class Ready(NamedTuple):
    """A function, the algorithm that it is, and what is particular about it."""

    function: Any
    algorithm: str
    what: str = ""

    @property
    def adapter(self) -> Adapter:
        adapter = ready(self.function, self.algorithm)
        assert adapter is not None
        return adapter

    @property
    def name(self) -> str:
        return f"{self.adapter.name}{', ' * bool(self.what)}{self.what}"


def exact_gpt2() -> Any:
    """A GPT-2 whose GELU is the paper's, and whose attention is written out."""
    config = GPT2Config(
        vocab_size=13,
        n_positions=9,
        n_embd=8,
        n_layer=2,
        n_head=2,
        activation_function="gelu",
        attn_implementation="eager",
        bos_token_id=None,
        eos_token_id=None,
    )
    return GPT2LMHeadModel(config).eval()


def quick_layer(*, norm_first: bool) -> Any:
    """A layer that torch computes in one function: of an even number of heads, batches first."""
    options = {"activation": "gelu", "batch_first": True, "norm_first": norm_first}
    return torch.nn.TransformerEncoderLayer(8, 2, 12, **options).eval()


@cache
def known() -> tuple[Ready, ...]:
    """Every adapter, with what it is for; and instances that are computed in another way."""
    nn = torch.nn
    return (
        Ready(nn.functional.scaled_dot_product_attention, "4"),
        Ready(jax.nn.dot_product_attention, "4"),
        Ready(nn.functional.scaled_dot_product_attention, "5"),
        Ready(jax.nn.dot_product_attention, "5"),
        Ready(nn.MultiheadAttention, "5"),
        Ready(nn.MultiheadAttention(12, 3, bias=False, kdim=7, vdim=7), "5", "no offsets"),
        Ready(nn.functional.layer_norm, "6"),
        Ready(nn.LayerNorm, "6"),
        Ready(nn.LayerNorm(7, elementwise_affine=False), "6", "no γ, no β"),
        Ready(nn.functional.scaled_dot_product_attention, "C1"),
        Ready(jax.nn.dot_product_attention, "C1"),
        Ready(nn.functional.scaled_dot_product_attention, "H2"),
        Ready(nn.functional.rms_norm, "N1"),
        Ready(LlamaRMSNorm, "N1"),
        Ready(T5LayerNorm, "N1"),
        Ready(nn.Transformer, "8"),
        Ready(nn.TransformerDecoderLayer, "8"),
        Ready(MarianMTModel, "8"),
        Ready(nn.TransformerEncoderLayer, "9"),
        Ready(quick_layer(norm_first=False), "9", "in one function"),
        Ready(BertForMaskedLM, "9"),
        Ready(nn.TransformerEncoderLayer, "10"),
        Ready(quick_layer(norm_first=True), "10", "in one function"),
        Ready(GPT2LMHeadModel, "10"),
        Ready(exact_gpt2(), "10", "the paper's GELU"),
        Ready(LlamaForCausalLM, "X1"),
        Ready(MistralForCausalLM, "X2"),
    )


def row(one: Ready) -> dict[str, Any]:
    """What one function is found to be, in each format that it computes in."""
    return {
        "algorithm": one.algorithm,
        "departures": list(one.adapter.departures),
        "name": one.name,
        **{format: measured(one, format) for format in FORMATS if format in one.adapter.formats},
    }


def measured(one: Ready, format: str) -> dict[str, Any]:
    """The verdict in one format, and the worst error over all variations."""
    trials = tried(one, format)
    failed = [trial.verdict for trial in trials if not trial.verdict.passes]
    right = "departs as documented" if one.adapter.departures else "agrees"
    return {"ratio": worst(trials), "verdict": failed[0].value if failed else right}


def tried(one: Ready, format: str, of: Iterable[Variation] | None = None) -> list[Trial]:
    """What a function does, on all variations or on some."""
    under = function_under_test(one.function, one.algorithm, one.adapter, format, PATIENCE)
    return list(under.trials(variations(under.algorithms, under.id) if of is None else of))


def worst(trials: Iterable[Trial]) -> float:
    """The largest error, as a part of the tolerance."""
    return rounded(max(trial.distance.ratio for trial in trials if trial.distance))
