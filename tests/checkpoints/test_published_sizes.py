"""Does θ hold every number of a published model's file, at its published sizes?"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import pytest
import torch
import transformers

from algorithms.checkpoints import (
    gpt_neo_parameters,
    gpt_neox_parameters,
    gptj_parameters,
    llama_parameters,
    qwen_parameters,
)
from algorithms.signatures.trees import named_arrays


class Model(NamedTuple):
    """A model: how many numbers it is published to have, and how many θ has besides."""

    reader: Any
    H: int
    numbers: int
    sizes: dict[str, Any]
    more: int = 0


def llama(N_V, d_e, d_mlp, L, H, H_kv, **others):
    return {
        "vocab_size": N_V,
        "hidden_size": d_e,
        "intermediate_size": d_mlp,
        "num_hidden_layers": L,
        "num_attention_heads": H,
        "num_key_value_heads": H_kv,
        **others,
    }


NEOX = {"vocab_size": 50432, "hidden_size": 6144, "intermediate_size": 24576,
        "num_hidden_layers": 44, "num_attention_heads": 64}  # fmt: skip
GPTJ = {"vocab_size": 50400, "n_embd": 4096, "n_layer": 28, "n_head": 16}
NEO = {"vocab_size": 50257, "hidden_size": 2560, "num_layers": 32, "num_heads": 20,
       "attention_types": [[["global", "local"], 16]]}  # fmt: skip

MODELS = {
    "Llama 2 7B": Model(llama_parameters, 32, 6_738_415_616, llama(32000, 4096, 11008, 32, 32, 32)),
    "Llama 3 8B": Model(llama_parameters, 32, 8_030_261_248, llama(128256, 4096, 14336, 32, 32, 8)),
    "Mistral 7B": Model(llama_parameters, 32, 7_241_732_096, llama(32000, 4096, 14336, 32, 32, 8)),
    "Qwen2 7B": Model(qwen_parameters, 28, 7_615_616_512, llama(152064, 3584, 18944, 28, 28, 4)),
    "Qwen3 8B": Model(
        qwen_parameters, 32, 8_190_735_360, llama(151936, 4096, 12288, 36, 32, 8, head_dim=128)
    ),
    "GPTNeoX 20B": Model(gpt_neox_parameters, 64, 20_554_567_680, NEOX),
    # No b_q, b_k, b_v and b_o, and one norm for two.
    "GPTJ 6B": Model(gptj_parameters, 16, 6_050_882_784, GPTJ, more=28 * 6 * 4096),
    # No b_q, b_k and b_v, and no W_u.
    "GPTNeo 2.7B": Model(
        gpt_neo_parameters, 20, 2_651_307_520, NEO, more=32 * 3 * 2560 + 50257 * 2560
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_theta_holds_every_number_of_the_file(name):
    model, (family, *_) = MODELS[name], name.split()
    config = getattr(transformers, f"{family}Config")(**model.sizes)
    with torch.device("meta"):  # shapes without numbers
        theirs = getattr(transformers, f"{family}ForCausalLM")(config)
    theta = model.reader(theirs.state_dict(), H=model.H)
    assert sum(w.numel() for w in theirs.parameters()) == model.numbers
    assert sum(math.prod(w.shape) for _, w in named_arrays(theta, "")) == model.numbers + model.more
