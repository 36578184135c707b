"""Does the config of a published model describe as many numbers as the model is said to have?"""

from __future__ import annotations

import json
import math

import pytest

from algorithms.checkpoints.model_config import Config
from algorithms.checkpoints.model_folder import ARCHITECTURES

LLAMA = {
    "architectures": ["LlamaForCausalLM"],
    "hidden_act": "silu",
    "hidden_size": 4096,
    "model_type": "llama",
    "num_attention_heads": 32,
    "num_hidden_layers": 32,
    "pretraining_tp": 1,
    "rms_norm_eps": 1e-05,
    "rope_scaling": None,
    "tie_word_embeddings": False,
}
LLAMA3 = {
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8192,
    "rope_type": "llama3",
}

#: What these say, but for what nothing here depends on: dropout, tokens, how weights were drawn.
CONFIGS = {
    "GPT-2": (
        124_439_808,
        {
            "activation_function": "gelu_new",
            "architectures": ["GPT2LMHeadModel"],
            "layer_norm_epsilon": 1e-05,
            "model_type": "gpt2",
            "n_ctx": 1024,
            "n_embd": 768,
            "n_head": 12,
            "n_layer": 12,
            "n_positions": 1024,
            "task_specific_params": {"text-generation": {"do_sample": True, "max_length": 50}},
            "vocab_size": 50257,
        },
    ),
    "GPT-J 6B": (
        6_050_882_784,
        {
            "activation_function": "gelu_new",
            "architectures": ["GPTJForCausalLM"],
            "layer_norm_epsilon": 1e-05,
            "model_type": "gptj",
            "n_embd": 4096,
            "n_head": 16,
            "n_inner": None,
            "n_layer": 28,
            "n_positions": 2048,
            "rotary": True,
            "rotary_dim": 64,
            "scale_attn_weights": True,
            "tie_word_embeddings": False,
            "vocab_size": 50400,
        },
    ),
    "GPT-Neo 2.7B": (
        2_651_307_520,
        {
            "activation_function": "gelu_new",
            "architectures": ["GPTNeoForCausalLM"],
            "attention_layers": ["global", "local"] * 16,
            "attention_types": [[["global", "local"], 16]],
            "hidden_size": 2560,
            "intermediate_size": None,
            "layer_norm_epsilon": 1e-05,
            "max_position_embeddings": 2048,
            "model_type": "gpt_neo",
            "num_heads": 20,
            "num_layers": 32,
            "vocab_size": 50257,
            "window_size": 256,
        },
    ),
    "GPT-NeoX 20B": (
        20_554_567_680,
        {
            "architectures": ["GPTNeoXForCausalLM"],
            "hidden_act": "gelu_fast",
            "hidden_size": 6144,
            "intermediate_size": 24576,
            "layer_norm_eps": 1e-05,
            "max_position_embeddings": 2048,
            "model_type": "gpt_neox",
            "num_attention_heads": 64,
            "num_hidden_layers": 44,
            "rotary_emb_base": 10000,
            "rotary_pct": 0.25,
            "tie_word_embeddings": False,
            "vocab_size": 50432,
        },
    ),
    "Llama 2 7B": (
        6_738_415_616,
        {
            **LLAMA,
            "intermediate_size": 11008,
            "max_position_embeddings": 4096,
            "num_key_value_heads": 32,
            "vocab_size": 32000,
        },
    ),
    "Llama 3.1 8B": (
        8_030_261_248,
        {
            **LLAMA,
            "attention_bias": False,
            "intermediate_size": 14336,
            "max_position_embeddings": 131072,
            "mlp_bias": False,
            "num_key_value_heads": 8,
            "rope_scaling": {"factor": 8.0, **LLAMA3},
            "rope_theta": 500000.0,
            "vocab_size": 128256,
        },
    ),
    "Llama 3.2 1B": (
        1_235_814_400,
        {
            **LLAMA,
            "attention_bias": False,
            "head_dim": 64,
            "hidden_size": 2048,
            "intermediate_size": 8192,
            "num_hidden_layers": 16,
            "num_key_value_heads": 8,
            "rope_scaling": {"factor": 32.0, **LLAMA3},
            "rope_theta": 500000.0,
            "tie_word_embeddings": True,
            "vocab_size": 128256,
        },
    ),
    "Mistral 7B": (
        7_241_732_096,
        {
            "architectures": ["MistralForCausalLM"],
            "hidden_act": "silu",
            "hidden_size": 4096,
            "intermediate_size": 14336,
            "max_position_embeddings": 32768,
            "model_type": "mistral",
            "num_attention_heads": 32,
            "num_hidden_layers": 32,
            "num_key_value_heads": 8,
            "rms_norm_eps": 1e-05,
            "rope_theta": 10000.0,
            "sliding_window": 4096,
            "tie_word_embeddings": False,
            "vocab_size": 32000,
        },
    ),
    "Qwen2 7B": (
        7_615_616_512,
        {
            "architectures": ["Qwen2ForCausalLM"],
            "hidden_act": "silu",
            "hidden_size": 3584,
            "intermediate_size": 18944,
            "max_position_embeddings": 131072,
            "max_window_layers": 28,
            "model_type": "qwen2",
            "num_attention_heads": 28,
            "num_hidden_layers": 28,
            "num_key_value_heads": 4,
            "rms_norm_eps": 1e-06,
            "rope_theta": 1000000.0,
            "sliding_window": 131072,
            "tie_word_embeddings": False,
            "use_sliding_window": False,
            "vocab_size": 152064,
        },
    ),
    "Qwen3 8B": (
        8_190_735_360,
        {
            "architectures": ["Qwen3ForCausalLM"],
            "attention_bias": False,
            "head_dim": 128,
            "hidden_act": "silu",
            "hidden_size": 4096,
            "intermediate_size": 12288,
            "max_position_embeddings": 40960,
            "max_window_layers": 36,
            "model_type": "qwen3",
            "num_attention_heads": 32,
            "num_hidden_layers": 36,
            "num_key_value_heads": 8,
            "rms_norm_eps": 1e-06,
            "rope_scaling": None,
            "rope_theta": 1000000,
            "sliding_window": None,
            "tie_word_embeddings": False,
            "use_sliding_window": False,
            "vocab_size": 151936,
        },
    ),
    "T5 small": (
        60_506_624,
        {
            "architectures": ["T5ForConditionalGeneration"],
            "d_ff": 2048,
            "d_kv": 64,
            "d_model": 512,
            "is_encoder_decoder": True,
            "layer_norm_epsilon": 1e-06,
            "model_type": "t5",
            "n_positions": 512,
            "num_heads": 8,
            "num_layers": 6,
            "relative_attention_num_buckets": 32,
            "vocab_size": 32128,
        },
    ),
    "T5 1.1 small": (
        76_961_152,
        {
            "architectures": ["T5ForConditionalGeneration"],
            "d_ff": 1024,
            "d_kv": 64,
            "d_model": 512,
            "feed_forward_proj": "gated-gelu",
            "is_encoder_decoder": True,
            "layer_norm_epsilon": 1e-06,
            "model_type": "t5",
            "num_decoder_layers": 8,
            "num_heads": 6,
            "num_layers": 8,
            "relative_attention_num_buckets": 32,
            "tie_word_embeddings": False,
            "vocab_size": 32128,
        },
    ),
    "BERT base": (
        109_514_298,
        {
            "architectures": ["BertForMaskedLM"],
            "gradient_checkpointing": False,
            "hidden_act": "gelu",
            "hidden_size": 768,
            "intermediate_size": 3072,
            "layer_norm_eps": 1e-12,
            "max_position_embeddings": 512,
            "model_type": "bert",
            "num_attention_heads": 12,
            "num_hidden_layers": 12,
            "position_embedding_type": "absolute",
            "type_vocab_size": 2,
            "vocab_size": 30522,
        },
    ),
}


@pytest.mark.parametrize("name", CONFIGS)
def test_a_config_describes_every_number(name):
    numbers, fields = CONFIGS[name]
    config = Config(json.loads(json.dumps(fields)), name)
    (architecture,) = fields["architectures"]
    model_type, describe = ARCHITECTURES[architecture]
    assert model_type == fields["model_type"]
    assert sum(map(math.prod, describe(config).arrays.values())) == numbers
