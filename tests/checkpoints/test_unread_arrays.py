"""Is an array that is not in θ refused, unless no number that is learnt is in it?"""

from __future__ import annotations

import pytest
import torch
from helpers import hugging_face as hf
from helpers.published_files import FILES, saved, saved_bert, saved_gpt2
from helpers.published_models import N_V

from algorithms.checkpoints import bert_parameters, qwen_parameters


def refused(reader, array):
    return pytest.raises(ValueError, match=rf"^{reader}: θ has no place for array {array}$")


@pytest.mark.parametrize("name", FILES)
def test_one_array_more_is_refused_by_name(name):
    file = FILES[name]
    arrays, body = file.arrays(), file.layer.partition(".")[0]
    for place in (f"{file.layer}.another_norm.weight", f"{body}.another_norm.weight"):
        with refused(file.reader, place):
            file.read({**arrays, place: torch.ones(12)})


#: By the model: what its older files hold that is computed, in the first layer or in none.
COMPUTED = {
    "BARE_BERT": ["bert.embeddings.position_ids"],
    "BERT": ["bert.embeddings.position_ids"],
    "BERT_FOR_CLASSES": ["bert.embeddings.position_ids"],
    "GPT2": ["{}.attn.bias", "{}.attn.masked_bias"],
    "GPTJ": ["{}.attn.bias", "{}.attn.masked_bias"],
    "GPT_NEO": ["{}.attn.attention.bias", "{}.attn.attention.masked_bias"],
    "GPT_NEOX": ["{}.attention.bias", "{}.attention.rotary_emb.inv_freq"],
    "LLAMA": ["{}.self_attn.rotary_emb.inv_freq"],
    "MISTRAL": ["{}.self_attn.rotary_emb.inv_freq"],
    "QWEN": ["{}.self_attn.rotary_emb.inv_freq"],
    "MARIAN": ["model.encoder.embed_positions.weight"],
    "T5": ["decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight"],
}


@pytest.mark.parametrize("name", FILES)
def test_what_is_computed_and_another_tasks_head_are_left_out(name):
    file = FILES[name]
    arrays = file.arrays()
    more = {one.format(file.layer): torch.ones(2) for one in COMPUTED[name]}
    more["score.weight"] = torch.ones((2, 12))
    assert hf.same(file.read({**arrays, **more}), file.read(arrays))


@pytest.mark.parametrize("name", FILES)
def test_what_is_computed_elsewhere_is_refused_by_name(name):
    file = FILES[name]
    for last in ("sinks.bias", "norm.inv_freq", "masked_bias", "position_ids"):
        array = f"{file.layer}.{last}"
        with refused(file.reader, array):
            file.read({**file.arrays(), array: torch.ones(2)})


@pytest.mark.parametrize("name", [name for name in FILES if "BERT" not in name])
def test_a_bias_of_the_scores_is_read_or_refused(name):
    file, bias = FILES[name], torch.ones(N_V)
    arrays = {**file.arrays(), "lm_head.bias": bias}
    if name == "GPTJ":
        assert torch.equal(file.read(arrays).b_u, bias)
    else:
        with refused(file.reader, "lm_head.bias"):
            file.read(arrays)


@pytest.mark.parametrize(
    ("name", "arrays", "array"),
    [
        ("LLAMA", lambda: saved("Qwen2"), "self_attn.q_proj.bias"),
        ("LLAMA", lambda: saved("Qwen3"), "self_attn.q_norm.weight"),
        (
            "LLAMA",
            lambda: saved("Llama", attention_bias=True),
            "self_attn.q_proj.bias",
        ),
        ("LLAMA", lambda: saved("Llama", mlp_bias=True), "mlp.gate_proj.bias"),
        ("QWEN", lambda: saved("Llama", mlp_bias=True), "mlp.gate_proj.bias"),
        (
            "GPT2",
            lambda: saved_gpt2(add_cross_attention=True),
            "crossattention.c_attn.weight",
        ),
    ],
)
def test_a_file_of_a_model_that_adds_something_is_refused(name, arrays, array):
    file = FILES[name]
    with refused(file.reader, f"{file.layer}.{array}"):
        file.read(arrays())


def test_offsets_of_keys_alone_are_refused():
    arrays = saved("Qwen2")
    layer = "model.layers.0.self_attn"
    del arrays[f"{layer}.q_proj.bias"]
    with refused("qwen_parameters", f"{layer}.k_proj.bias"):
        qwen_parameters(arrays, H=6)


def test_a_bert_without_a_prefix_may_have_its_other_tasks():
    whole = saved_bert("PreTraining")
    bare = {name.removeprefix("bert."): array for name, array in whole.items()}
    assert "pooler.dense.weight" in bare
    assert "cls.seq_relationship.weight" in bare
    assert hf.same(bert_parameters(bare, H=3), bert_parameters(whole, H=3))
