"""Is a config that asks for what no function computes refused, in one line, by its field?"""

from __future__ import annotations

import json

import numpy as np
import pytest
from transformers import CONFIG_MAPPING

from algorithms.checkpoints import load
from algorithms.checkpoints.model_config import ACTIVATIONS, Config
from algorithms.checkpoints.model_folder import ARCHITECTURES
from algorithms.checkpoints.t5_configs import HIDDEN

ROTARY = {
    "vocab_size": 19,
    "hidden_size": 12,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "intermediate_size": 7,
}
ENCODER = {**ROTARY, "max_position_embeddings": 11}
LLAMA = {**ROTARY, "num_key_value_heads": 1, "hidden_act": "silu"}
GPT = {"vocab_size": 19, "n_embd": 18, "n_layer": 2, "n_head": 3}
T5 = {"vocab_size": 19, "d_model": 12, "d_kv": 4, "d_ff": 7, "num_layers": 2, "num_heads": 3}

#: No more than what a config has to say.
CONFIGS = {
    "BertForMaskedLM": ENCODER,
    "BertForSequenceClassification": ENCODER,
    "BertModel": ENCODER,
    "GPT2LMHeadModel": {**GPT, "n_positions": 11},
    "GPTJForCausalLM": {**GPT, "rotary_dim": 4},
    "GPTNeoForCausalLM": {
        "vocab_size": 19,
        "hidden_size": 12,
        "num_layers": 2,
        "num_heads": 3,
        "max_position_embeddings": 11,
        "attention_types": [[["global", "local"], 1]],
    },
    "GPTNeoXForCausalLM": {**ROTARY, "rotary_pct": 0.5},
    "LlamaForCausalLM": LLAMA,
    "MT5ForConditionalGeneration": T5,
    "MarianMTModel": {
        "vocab_size": 19,
        "d_model": 12,
        "encoder_layers": 1,
        "decoder_layers": 2,
        "encoder_attention_heads": 3,
        "decoder_attention_heads": 3,
        "encoder_ffn_dim": 7,
        "decoder_ffn_dim": 7,
        "max_position_embeddings": 11,
    },
    "MistralForCausalLM": LLAMA,
    "Qwen2ForCausalLM": LLAMA,
    "Qwen3ForCausalLM": LLAMA,
    "T5ForConditionalGeneration": T5,
    "UMT5ForConditionalGeneration": T5,
}


def refused(tmp_path, name, **changes):
    """What is said of a folder with a config alone."""
    config = {"architectures": [name], "model_type": ARCHITECTURES[name][0], **CONFIGS[name]}
    text = json.dumps({**config, **changes})
    (tmp_path / "config.json").write_text(text, encoding="utf-8")
    with pytest.raises((ValueError, FileNotFoundError)) as error:
        load(tmp_path)
    said = str(error.value)
    assert "\n" not in said
    return said.removeprefix(f"load: {tmp_path}").removeprefix("/config.json: ")


@pytest.mark.parametrize("name", CONFIGS)
def test_a_config_without_arrays_is_not_refused(name, tmp_path):
    assert refused(tmp_path, name) == ": has no model.safetensors"
    assert CONFIGS.keys() == ARCHITECTURES.keys()


SIZES = [(n, f) for n in CONFIGS for f, value in CONFIGS[n].items() if type(value) is int]

#: Fields that have the value of another.
REPEATED = {"decoder_attention_heads": 3, "decoder_ffn_dim": 7}


@pytest.mark.parametrize(("name", "field"), SIZES)
def test_a_size_that_is_none_is_refused(name, field, tmp_path):
    for value in (-1, 0, 2**40, 2.5, "12", True, [12]):
        said = refused(tmp_path, name, **{field: value})
        want = REPEATED.get(field, "a whole number, 1 … ")
        why = "which is not computed: want" if field in REPEATED else "want"
        assert said.startswith(f"{field} is {json.dumps(value)}, {why} {want}")


@pytest.mark.parametrize(("name", "field"), SIZES)
def test_a_size_that_is_missing_is_refused(name, field, tmp_path):
    if field not in REPEATED and field != "num_key_value_heads":
        assert refused(tmp_path, name, **{field: None}) == f"has no {field}"


GPT2, GPTJ, NEO, NEOX = (
    "GPT2LMHeadModel",
    "GPTJForCausalLM",
    "GPTNeoForCausalLM",
    "GPTNeoXForCausalLM",
)
BERT, CLASSES, MARIAN = "BertForMaskedLM", "BertForSequenceClassification", "MarianMTModel"
LM, MISTRAL, QWEN2, QWEN3 = (f"{n}ForCausalLM" for n in ("Llama", "Mistral", "Qwen2", "Qwen3"))
T5_MODEL = "T5ForConditionalGeneration"
KNOWN = ", ".join(ACTIVATIONS)


def rope(**fields):
    return {"rope_scaling": {"rope_type": "llama3", **fields}}


LLAMA3 = {
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8,
}
NOT_COMPUTED = "which is not computed: want"
EITHER = "full_attention or sliding_attention"
KINDS = "default, linear, llama3"
REFUSED = [
    # Which model it is
    (GPT2, {"architectures": None}, "has no architectures"),
    (GPT2, {"architectures": "GPT2LMHeadModel"}, "architectures is no list of one name"),
    (GPT2, {"architectures": []}, "architectures is no list of one name"),
    (
        GPT2,
        {"architectures": ["BartForConditionalGeneration"]},
        'architecture "BartForConditionalGeneration" is not computed: want one of '
        + ", ".join(ARCHITECTURES),
    ),
    (
        GPT2,
        {"architectures": [{}]},
        f"architecture {{}} is not computed: want one of {', '.join(ARCHITECTURES)}",
    ),
    (GPT2, {"model_type": "llama"}, f'model_type is "llama", {NOT_COMPUTED} "gpt2"'),
    (
        GPT2,
        {"quantization_config": {"bits": 4}},
        f'quantization_config is {{"bits": 4}}, {NOT_COMPUTED} none',
    ),
    # Activations and other words, numbers and flags
    (
        GPT2,
        {"activation_function": "quick_gelu"},
        f'activation_function is "quick_gelu", {NOT_COMPUTED} one of {KNOWN}',
    ),
    (BERT, {"hidden_act": 1}, f"hidden_act is 1, {NOT_COMPUTED} one of {KNOWN}"),
    (LM, {"hidden_act": "gelu"}, f'hidden_act is "gelu", {NOT_COMPUTED} "silu"'),
    (
        GPT2,
        {"layer_norm_epsilon": -1e-5},
        "layer_norm_epsilon is -1e-05, want a number, 0 or more",
    ),
    (
        GPT2,
        {"layer_norm_epsilon": 10**400},
        f"layer_norm_epsilon is 1{'0' * 56}..., want a number, 0 or more",
    ),
    *(
        (name, {eps: None}, f"{eps} is null, want a number, 0 or more")
        for name, eps in (
            (GPT2, "layer_norm_epsilon"),
            (BERT, "layer_norm_eps"),
            (LM, "rms_norm_eps"),
        )
    ),
    (LM, {"rms_norm_eps": "1e-6"}, 'rms_norm_eps is "1e-6", want a number, 0 or more'),
    (
        BERT,
        {"layer_norm_eps": float("nan")},
        "layer_norm_eps is NaN, want a number, 0 or more",
    ),
    (
        GPT2,
        {"tie_word_embeddings": "yes"},
        'tie_word_embeddings is "yes", want true or false',
    ),
    # Another attention
    (
        GPT2,
        {"scale_attn_by_inverse_layer_idx": True},
        f"scale_attn_by_inverse_layer_idx is true, {NOT_COMPUTED} false",
    ),
    (
        GPT2,
        {"reorder_and_upcast_attn": True},
        f"reorder_and_upcast_attn is true, {NOT_COMPUTED} false",
    ),
    (GPT2, {"scale_attn_weights": False}, f"scale_attn_weights is false, {NOT_COMPUTED} true"),
    (GPT2, {"add_cross_attention": True}, f"add_cross_attention is true, {NOT_COMPUTED} false"),
    (GPT2, {"n_head": 4}, "n_head is 4, which does not divide n_embd=18"),
    (BERT, {"is_decoder": True}, f"is_decoder is true, {NOT_COMPUTED} false"),
    (
        BERT,
        {"position_embedding_type": "relative_key"},
        f'position_embedding_type is "relative_key", {NOT_COMPUTED} "absolute"',
    ),
    (
        LM,
        {"num_attention_heads": 6, "num_key_value_heads": 4},
        "num_key_value_heads is 4, which does not divide num_attention_heads=6",
    ),
    (LM, {"mlp_bias": True}, f"mlp_bias is true, {NOT_COMPUTED} false"),
    (QWEN2, {"use_sliding_window": True}, f"use_sliding_window is true, {NOT_COMPUTED} false"),
    (
        QWEN3,
        {"layer_types": ["full_attention", "sliding_attention"]},
        "layer_types are not computed: want full_attention in each of 2 layers",
    ),
    *(
        (
            MISTRAL,
            {"layer_types": types},
            f"layer_types are not computed: want {EITHER} in each of 2 layers",
        )
        for types in (["sliding_attention", "full_attention"], ["sliding_attention"], [], 3)
    ),
    (
        MISTRAL,
        {"layer_types": ["sliding_attention"] * 2, "sliding_window": None},
        "layer_types are not computed: want full_attention in each of 2 layers",
    ),
    (MISTRAL, {"sliding_window": 0}, "sliding_window is 0, want a whole number, 1 … 16777216"),
    (NEOX, {"attention_bias": False}, f"attention_bias is false, {NOT_COMPUTED} true"),
    (NEOX, {"tie_word_embeddings": True}, f"tie_word_embeddings is true, {NOT_COMPUTED} false"),
    (GPTJ, {"rotary_dim": 8}, "rotary_dim is 8, want at most the 6 rows of a head"),
    (
        NEO,
        {"attention_types": [[["local", "global"], 1]]},
        "attention_types are not computed: want global and local in turn, in num_layers=2 layers",
    ),
    (
        NEO,
        {"attention_layers": ["global", "local", "global"]},
        "attention_types are not computed: want global and local in turn, in num_layers=2 layers",
    ),
    (
        NEO,
        {"attention_types": [[["global", "local"], 10**12]]},
        "attention_types are not computed: want global and local in turn, in num_layers=2 layers",
    ),
    (
        NEO,
        {"attention_types": [["global", "local"]]},
        "attention_types is no list of kinds and their count",
    ),
    *(
        (NEO, {"attention_types": types}, "attention_types is no list of kinds and their count")
        for types in ([[[], 10**15]], [[["global"], 0]], [[["global"], True]], [["global", 2]], 3)
    ),
    # Classes, and a model that translates
    (CLASSES, {"id2label": {"0": "one"}}, "id2label has no two classes"),
    (CLASSES, {"id2label": 3}, "id2label has no two classes"),
    (
        CLASSES,
        {"problem_type": "regression"},
        f'problem_type is "regression", {NOT_COMPUTED} "single_label_classification"',
    ),
    (
        MARIAN,
        {"share_encoder_decoder_embeddings": False},
        f"share_encoder_decoder_embeddings is false, {NOT_COMPUTED} true",
    ),
    (MARIAN, {"decoder_vocab_size": 23}, f"decoder_vocab_size is 23, {NOT_COMPUTED} 19"),
    (MARIAN, {"normalize_before": True}, f"normalize_before is true, {NOT_COMPUTED} false"),
    (MARIAN, {"d_model": 9}, "d_model is 9, want an even number"),
    (
        MARIAN,
        {"max_position_embeddings": 2**15},
        "max_position_embeddings is 32768, want a whole number, 1 … 16384",
    ),
    # Rotary positions
    (
        LM,
        rope(rope_type="yarn"),
        f'rope_scaling: rope_type is "yarn", {NOT_COMPUTED} one of {KINDS}',
    ),
    (
        LM,
        {"rope_scaling": {"type": "dynamic", "factor": 2.0}},
        f'rope_scaling: rope_type is "dynamic", {NOT_COMPUTED} one of {KINDS}',
    ),
    (LM, {"rope_scaling": "linear"}, 'rope_scaling: is "linear", want an object'),
    (LM, {**rope(), "rope_parameters": {}}, "has both rope_parameters and rope_scaling"),
    (LM, rope(), "rope_scaling: has no factor"),
    (LM, rope(**{**LLAMA3, "factor": 0.5}), "rope_scaling: factor is 0.5, want 1 or more"),
    (
        LM,
        rope(**{**LLAMA3, "low_freq_factor": 4}),
        "rope_scaling: low_freq_factor is 4.0, want less than high_freq_factor=4.0",
    ),
    (
        LM,
        rope(**LLAMA3, attention_factor=2.0),
        f"rope_scaling: attention_factor is 2.0, {NOT_COMPUTED} none",
    ),
    (LM, {"rope_theta": 0}, "rope_theta is 0.0, want 1 or more"),
    (
        LM,
        {"partial_rotary_factor": 0.5},
        "partial_rotary_factor turns 2 of a head's 4 rows, want all",
    ),
    (
        LM,
        {"partial_rotary_factor": 1e300},
        "partial_rotary_factor is 1e+300, which makes no pairs of a head's 4 rows",
    ),
    (
        NEOX,
        {"rotary_pct": 0.25},
        "partial_rotary_factor is 0.25, which makes no pairs of a head's 4 rows",
    ),
    (
        NEOX,
        {"rotary_pct": None},
        "rotary_pct is null, want a number, 0 or more",
    ),
    (
        GPTJ,
        {"rotary_dim": 3},
        "rotary_dim is 3, want an even number",
    ),
    # Of a GPT-J, Hugging Face reads none of these.
    (GPTJ, {"rope_theta": 5.0}, f"rope_theta is 5.0, {NOT_COMPUTED} none"),
    (
        GPTJ,
        {"rope_scaling": {"rope_type": "linear", "factor": 2}},
        f'rope_scaling is {{"rope_type": "linear", "factor": 2}}, {NOT_COMPUTED} none',
    ),
    (
        GPTJ,
        {"rope_parameters": {"rope_theta": 5.0}},
        f'rope_parameters is {{"rope_theta": 5.0}}, {NOT_COMPUTED} none',
    ),
    # What a number makes before anything is compared
    # Distances
    (
        T5_MODEL,
        {"relative_attention_num_buckets": 30},
        (
            "relative_attention_num_buckets is 30, want a multiple of 4: each direction has half, "
            "and half of these are of one distance"
        ),
    ),
    (
        T5_MODEL,
        {"relative_attention_max_distance": 16},
        (
            "relative_attention_max_distance is 16, want more than half of "
            "relative_attention_num_buckets=32"
        ),
    ),
    (
        T5_MODEL,
        {"feed_forward_proj": "gated-tanh"},
        f"feed_forward_proj is 'gated-tanh', {NOT_COMPUTED} one of {', '.join(HIDDEN)}",
    ),
    (LM, {"head_dim": 2**20}, "a head has 1048576 rows, want at most 16384"),
    (
        GPTJ,
        {"n_embd": 3 * 2**20, "rotary_dim": 2**20},
        "rotary_dim is 1048576, want a whole number, 1 … 16384",
    ),
]


@pytest.mark.parametrize(("name", "changes", "message"), REFUSED)
def test_a_config_is_refused_in_one_line(name, changes, message, tmp_path):
    assert refused(tmp_path, name, **changes) == message


def test_a_long_value_is_shown_in_part(tmp_path):
    said = refused(tmp_path, GPT2, architectures=["a" * 100_000])
    assert said.startswith(f'architecture "{"a" * 56}... is not computed')
    said = refused(tmp_path, GPT2, n_layer="9" * 1000)
    assert said == f'n_layer is "{"9" * 56}..., want a whole number, 1 … 4096'


@pytest.mark.parametrize("name", CONFIGS)
def test_what_is_left_out_has_the_default_of_hugging_faces_class(name):
    model_type, describe = ARCHITECTURES[name]
    whole = CONFIG_MAPPING[model_type](**CONFIGS[name]).to_dict()
    ours, theirs = describe(Config(CONFIGS[name], "ours")), describe(Config(whole, "theirs"))
    assert ours.arrays == theirs.arrays
    assert ours.sizes == theirs.sizes
    assert ours.departures == theirs.departures
    for option, value in theirs.options.items():
        assert np.array_equal(ours.options[option], value)


def test_other_forms_are_not_refused(tmp_path):
    assert refused(tmp_path, NEO, attention_types=None, num_layers=24).endswith("safetensors")
    assert refused(tmp_path, GPT2, n_inner=24).endswith("safetensors")
    assert refused(tmp_path, GPT2, activation_function="silu").endswith("safetensors")
