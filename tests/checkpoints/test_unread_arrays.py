"""Is an array that is not in θ refused, unless no number that is learnt is in it?"""

from __future__ import annotations

import pytest
import torch
import transformers
from helpers import hugging_face as hf
from helpers import published_models as published

from algorithms.checkpoints import (
    bert_for_classes_parameters,
    bert_parameters,
    gpt2_parameters,
    gpt_neo_parameters,
    gpt_neox_parameters,
    gptj_parameters,
    llama_parameters,
    marian_parameters,
    qwen_parameters,
)


def marian(arrays, *, H):
    return marian_parameters(arrays, torch.zeros((12, 11)), H=H)


def saved_bert(kind):
    config = transformers.BertConfig(**published.BERT_SIZES, num_labels=5)
    return published.redrawn(getattr(transformers, f"BertFor{kind}")(config)).state_dict()


def saved_gpt2(**options):
    config = transformers.GPT2Config(**published.COMMON, **published.GPT, **options)
    return published.redrawn(transformers.GPT2LMHeadModel(config)).state_dict()


def saved(name, **options):
    return published.made(name, **options).state_dict()


#: Of each reader: a file, its number of heads, and the first of its layers.
FILES = {
    "llama_parameters": (llama_parameters, lambda: saved("Llama"), 6, "model.layers.0"),
    "qwen_parameters": (qwen_parameters, lambda: saved("Qwen2"), 6, "model.layers.0"),
    "gpt2_parameters": (gpt2_parameters, saved_gpt2, 3, "transformer.h.0"),
    "gpt_neo_parameters": (gpt_neo_parameters, lambda: saved("GPTNeo"), 3, "transformer.h.0"),
    "gptj_parameters": (gptj_parameters, lambda: saved("GPTJ"), 3, "transformer.h.0"),
    "gpt_neox_parameters": (gpt_neox_parameters, lambda: saved("GPTNeoX"), 3, "gpt_neox.layers.0"),
    "bert_parameters": (
        bert_parameters,
        lambda: saved_bert("PreTraining"),
        3,
        "bert.encoder.layer.0",
    ),
    "bert_for_classes_parameters": (
        bert_for_classes_parameters,
        lambda: saved_bert("SequenceClassification"),
        3,
        "bert.encoder.layer.0",
    ),
    "marian_parameters": (
        marian,
        lambda: published.redrawn_marian("relu", torch.zeros((12, 11))).state_dict(),
        3,
        "model.decoder.layers.0",
    ),
}


def refused(reader, array):
    return pytest.raises(ValueError, match=rf"^{reader}: θ has no place for array {array}$")


@pytest.mark.parametrize("name", FILES)
def test_one_array_more_is_refused_by_name(name):
    reader, file, H, layer = FILES[name]
    arrays = file()
    body = layer.partition(".")[0]
    for place in (f"{layer}.another_norm.weight", f"{body}.another_norm.weight"):
        with refused(name, place):
            reader({**arrays, place: torch.ones(12)}, H=H)


@pytest.mark.parametrize("name", FILES)
def test_what_is_computed_and_other_tasks_are_left_out(name):
    reader, file, H, layer = FILES[name]
    arrays, body = file(), layer.partition(".")[0]
    more = {
        f"{layer}.attn.bias": torch.ones((1, 1, 11, 11)),
        f"{layer}.attn.masked_bias": torch.tensor(-1e9),
        f"{layer}.self_attn.rotary_emb.inv_freq": torch.ones(2),
        f"{body}.embeddings.position_ids": torch.arange(11)[None],
        "score.weight": torch.ones((2, 12)),
    }
    assert hf.same(reader({**arrays, **more}, H=H), reader(arrays, H=H))


@pytest.mark.parametrize("name", [name for name in FILES if "bert" not in name])
def test_a_bias_of_the_scores_is_read_or_refused(name):
    reader, file, H, _ = FILES[name]
    arrays, bias = file(), torch.ones(published.N_V)
    if name == "gptj_parameters":
        assert torch.equal(reader({**arrays, "lm_head.bias": bias}, H=H).b_u, bias)
    else:
        with refused(name, "lm_head.bias"):
            reader({**arrays, "lm_head.bias": bias}, H=H)


@pytest.mark.parametrize(
    ("name", "arrays", "array"),
    [
        ("llama_parameters", lambda: saved("Qwen2"), "self_attn.q_proj.bias"),
        ("llama_parameters", lambda: saved("Qwen3"), "self_attn.q_norm.weight"),
        (
            "llama_parameters",
            lambda: saved("Llama", attention_bias=True),
            "self_attn.q_proj.bias",
        ),
        ("llama_parameters", lambda: saved("Llama", mlp_bias=True), "mlp.gate_proj.bias"),
        ("qwen_parameters", lambda: saved("Llama", mlp_bias=True), "mlp.gate_proj.bias"),
        (
            "gpt2_parameters",
            lambda: saved_gpt2(add_cross_attention=True),
            "crossattention.c_attn.weight",
        ),
    ],
)
def test_a_file_of_a_model_that_adds_something_is_refused(name, arrays, array):
    reader, _, H, layer = FILES[name]
    with refused(name, f"{layer}.{array}"):
        reader(arrays(), H=H)


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
