"""Tiny models of Hugging Face, every tensor redrawn, and ours with what their files hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
import transformers
from transformers.models.gpt_bigcode.modeling_gpt_bigcode import GPTBigCodeAttention
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

from algorithms import GELU, sinusoidal_positions
from algorithms.checkpoints import (
    BERT,
    GPT2,
    GPTJ,
    BareBERT,
    BERTForClasses,
    GELU_tanh,
    GPTNeo,
    GPTNeoX,
    Marian,
    PublishedLlama,
    PublishedMistral,
    Qwen,
    bare_bert_parameters,
    bert_for_classes_parameters,
    bert_parameters,
    gpt2_parameters,
    gpt_neo_parameters,
    gpt_neox_parameters,
    gptj_parameters,
    linear_scaling,
    llama3_scaling,
    llama_parameters,
    marian_parameters,
    marian_positions,
    qwen_parameters,
)
from algorithms.extensions.cross_layer import (
    CrossLayerBlockParameters,
    CrossLayerLlama,
    CrossLayerLlamaBlock,
    CrossLayerLlamaParameters,
    SharedLayer,
)
from algorithms.extensions.decoder_classifier import DClassifier, DClassifierParameters
from algorithms.extensions.grouped_queries import (
    GQAttention,
    GQAttentionParameters,
    GroupQueriesParameters,
)
from algorithms.extensions.masked_decoders import PrefixTransformer, StreamingTransformer
from algorithms.extensions.masks import prefix_mask, sink_mask
from algorithms.extensions.rotary import rotary_frequencies
from algorithms.extensions.rotary_attention import SharedAttentionParameters
from algorithms.extensions.scaled_encoder_decoder import (
    ScaledEDTransformer,
    ScaledEDTransformerParameters,
)
from algorithms.paper.notation import unidirectional_mask
from helpers import hugging_face as hf
from helpers.compared_models import (
    D_ATTN,
    ELL,
    ELL_MAX,
    H_KV,
    N_V,
    Compared,
    H,
    L,
    R,
    doubled,
    offsets,
    redrawn,
)
from helpers.double_precision import DoublePrecision
from helpers.published_layers import LAYERS
from helpers.published_positions import POSITIONS
from helpers.published_t5 import T5S

COMMON = {
    "vocab_size": N_V,
    "attn_implementation": "eager",
    "bos_token_id": None,
    "eos_token_id": None,
    "pad_token_id": None,
}
LLAMA = {
    "hidden_size": 12,
    "intermediate_size": 7,
    "num_hidden_layers": L,
    "num_attention_heads": H_KV * R,
    "num_key_value_heads": H_KV,
    "head_dim": D_ATTN,
    "max_position_embeddings": ELL_MAX,
}
GPT = {"n_embd": 18, "n_inner": 7, "n_layer": L, "n_head": H, "n_positions": ELL_MAX}

#: The sizes of each language model: of a head's 6 rows, 4 turn in GPT-NeoX and GPT-J.
SIZES: Mapping[str, Mapping[str, Any]] = {
    **{name: {**COMMON, **LLAMA} for name in ("Llama", "Mistral", "Qwen2", "Qwen3")},
    "GPTJ": {**COMMON, **GPT, "rotary_dim": 4},
    "GPTNeoX": {
        **COMMON,
        "hidden_size": 18,
        "intermediate_size": 7,
        "num_hidden_layers": L,
        "num_attention_heads": H,
        "rope_parameters": {
            "rope_type": "default",
            "partial_rotary_factor": 2 / 3,
            "rope_theta": 1e4,
        },
    },
    "GPTNeo": {
        **COMMON,
        "hidden_size": 12,
        "intermediate_size": 7,
        "num_layers": 4,
        "num_heads": H,
        "max_position_embeddings": ELL_MAX,
        "attention_types": [[["global", "local"], 2]],
    },
}


def tokens(*, seed: int = 1) -> Any:
    """A batch of two."""
    return hf.tokens(2, ELL, N_V=N_V, seed=seed)


def probabilities(model: Any, x: Any, **options: Any) -> Any:
    """The probabilities of a language model."""
    return hf.probabilities(doubled(model, x, **options).logits)


def made(name: str, **options: Any) -> Any:
    """A language model of Hugging Face's, by its name: "Llama"."""
    config = getattr(transformers, f"{name}Config")(**{**SIZES[name], **options})
    return redrawn(getattr(transformers, f"{name}ForCausalLM")(config))


# Llama and its kin --------------------------------------------------------------------------------


def llama(
    attention: str = "eager", *, tied: bool = False, rope: Mapping[str, Any] | None = None
) -> Compared:
    """Llama, whose attention is written out or torch's own, and whose ω may be scaled."""
    options = {"attn_implementation": attention, "tie_word_embeddings": tied}
    model = made("Llama", rms_norm_eps=1e-5, **options)
    theta, x = llama_parameters(model.state_dict(), H=H_KV * R), tokens()
    omega = model.model.rotary_emb.inv_freq
    if rope is not None:
        config = transformers.LlamaConfig(**SIZES["Llama"], rope_parameters=rope)
        with DoublePrecision():
            model.model.rotary_emb = LlamaRotaryEmbedding(config)
        omega = scaled(rope)
    return Compared(PublishedLlama, (x, theta, omega), probabilities(model, x))


def scaled(rope: Mapping[str, Any]) -> Any:
    """Our ω for what a configuration of theirs says."""
    base = torch.tensor(rope["rope_theta"], dtype=torch.float64)
    omega, factor = rotary_frequencies(base, d_rot=D_ATTN // 2), rope["factor"]
    if rope["rope_type"] == "linear":
        return linear_scaling(omega, factor=factor)
    low, high = rope["low_freq_factor"], rope["high_freq_factor"]
    ell_max = rope["original_max_position_embeddings"]
    return llama3_scaling(omega, factor=factor, low=low, high=high, ell_max=ell_max)


def mistral(window: int) -> Compared:
    """Mistral, whose tokens see a window."""
    model = made("Mistral", rms_norm_eps=1e-5, sliding_window=window)
    theta, x = llama_parameters(model.state_dict(), H=H_KV * R), tokens()
    omega = model.model.rotary_emb.inv_freq
    return Compared(PublishedMistral, (x, theta, omega), probabilities(model, x), {"w": window})


def qwen(name: str, **options: Any) -> Compared:
    """Qwen2, which has offsets, Qwen3, which has norms of queries and keys, or one like them."""
    model = made(name, rms_norm_eps=1e-6, **options)
    parameters, x = qwen_parameters(model.state_dict(), H=H_KV * R), tokens()
    omega = model.model.rotary_emb.inv_freq
    return Compared(Qwen, (x, parameters, omega), probabilities(model, x))


class SharedCache:
    """A cache that hands the first layer's keys and values to the next, `size` layers in all."""

    is_compileable = False

    def __init__(self, size: int) -> None:
        self.size, self.kept = size, {}

    def update(self, k: Any, v: Any, layer: int, *_: Any, **__: Any) -> tuple[Any, Any]:
        """Keys and values of the layer that owns them."""
        owner = layer - layer % self.size
        if owner == layer:
            self.kept[owner] = k, v
        return self.kept[owner]

    def get_seq_length(self, *_: Any) -> int:
        """Nothing is kept from an earlier call."""
        return 0


def shared_llama(size: int, layers: int = 6) -> Compared:
    """Llama with a cache that `size` layers share."""
    model = made("Llama", rms_norm_eps=1e-5, num_hidden_layers=layers)
    cache = SharedCache(size)

    def shared(forward: Any) -> Any:
        return lambda *a, **options: forward(*a, **{**options, "past_key_values": cache})

    for layer in model.model.layers:
        layer.self_attn.forward = shared(layer.self_attn.forward)
    x, omega = tokens(), model.model.rotary_emb.inv_freq
    Q = probabilities(model, x, use_cache=False)
    W_e, own, gamma, W_u = llama_parameters(model.state_dict(), H=H_KV * R)
    blocks = tuple(block(own[first : first + size]) for first in range(0, layers, size))
    theta = CrossLayerLlamaParameters(W_e, blocks, gamma, W_u)
    return Compared(CrossLayerLlama, (x, theta, omega), Q, {"eps": 1e-5})


def block(layers: Any) -> CrossLayerLlamaBlock[Any]:
    """Layers of Llama that share the first one's keys and values."""
    first, shared = layers[0].W, []
    for W, gamma1, gamma2, W_mlp in layers:
        queries = SharedAttentionParameters(W.W_g, W.W_o)
        shared.append(SharedLayer(queries, gamma1, gamma2, W_mlp))
    W = CrossLayerBlockParameters(first.W_k, first.W_v, tuple(shared))
    return CrossLayerLlamaBlock(W)


# GPT's kin ----------------------------------------------------------------------------------------


def gpt_neox(*, parallel: bool = True, fast: bool = False) -> Compared:
    """Pythia, or GPT-NeoX-20B with its fast GELU; hidden layers beside attention or after it."""
    options = {"use_parallel_residual": parallel, "hidden_act": "gelu_fast" if fast else "gelu"}
    model = made("GPTNeoX", **options)
    theta, x = gpt_neox_parameters(model.state_dict(), H=H), tokens()
    arguments = x, theta, model.gpt_neox.rotary_emb.inv_freq
    activation = GELU_tanh if fast else GELU
    options = {"parallel": parallel, "activation": activation}
    return Compared(GPTNeoX, arguments, probabilities(model, x), options)


def gptj() -> Compared:
    """GPT-J, of whose rows neighbours turn together."""
    model = made("GPTJ")
    omega = torch.tensor([0.7, -0.2], dtype=torch.float64)
    angles = torch.arange(ELL_MAX)[:, None] * omega
    for layer in model.transformer.h:  # sines and cosines, as they have to be
        layer.attn.embed_positions = torch.cat([angles.sin(), angles.cos()], -1)
    theta, x = gptj_parameters(model.state_dict(), H=H), tokens()
    return Compared(GPTJ, (x, theta, omega), probabilities(model, x))


def gpt_neo(window: int = 3) -> Compared:
    """GPT-Neo: in every second layer a token sees a window."""
    model = made("GPTNeo", window_size=window)
    theta, x = gpt_neo_parameters(model.state_dict(), H=H), tokens()
    return Compared(GPTNeo, (x, theta), probabilities(model, x), {"w": window})


def gpt2(function: Any = GPT2, mask: Any = None, **options: int) -> Compared:
    """GPT-2, causal or with any mask: True where a token sees another, as ours."""
    config = transformers.GPT2Config(**COMMON, **GPT)
    model, x = redrawn(transformers.GPT2LMHeadModel(config)), tokens()
    seen = (mask or unidirectional_mask)(torch.ones(1, ELL), *options.values())
    theta = gpt2_parameters(model.state_dict(), H=H)
    Q = probabilities(model, x, attention_mask=offsets(seen).expand(2, 1, ELL, ELL))
    return Compared(function, (x, theta), Q, {**options, "eps": 1e-5, "activation": GELU_tanh})


def gpt2_for_classes() -> Compared:
    """GPT-2 that tells 5 classes apart, by its last token."""
    config = transformers.GPT2Config(**{**COMMON, "pad_token_id": N_V}, **GPT, num_labels=5)
    model, x = redrawn(transformers.GPT2ForSequenceClassification(config)), tokens()
    state = model.state_dict()
    W_c = state.pop("score.weight")
    theta = DClassifierParameters(*gpt2_parameters(state, H=H)[:-1], W_c)
    Q = doubled(model, x).logits.softmax(-1)
    return Compared(DClassifier, (x, theta), Q, {"eps": 1e-5, "activation": GELU_tanh})


# BERT and Marian ----------------------------------------------------------------------------------


BERT_SIZES = {
    "vocab_size": N_V,
    "hidden_size": 12,
    "num_hidden_layers": L,
    "num_attention_heads": H,
    "intermediate_size": 7,
    "max_position_embeddings": ELL_MAX,
    "attn_implementation": "eager",
}


def segments() -> Any:
    """The segment of each of the tokens: two sentences."""
    return (torch.arange(ELL) >= torch.tensor([[2], [5]])).long()


def bert() -> Compared:
    """BERT that fills in tokens."""
    model = redrawn(transformers.BertForMaskedLM(transformers.BertConfig(**BERT_SIZES)))
    x, s = tokens(), segments()
    parameters = bert_parameters(model.state_dict(), H=H)
    Q = probabilities(model, x, token_type_ids=s)
    return Compared(BERT, (x, parameters), Q, {"segments": s})


def bare_bert() -> Compared:
    """BERT without a head."""
    model = redrawn(transformers.BertModel(transformers.BertConfig(**BERT_SIZES)))
    x, s = tokens(), segments()
    Q = doubled(model, x, token_type_ids=s).last_hidden_state.mT
    parameters = bare_bert_parameters(model.state_dict(), H=H)
    return Compared(BareBERT, (x, parameters), Q, {"segments": s})


def bert_for_classes(*, faint: float = 1.0, padding: Any = None) -> Compared:
    """BERT that tells 5 classes apart, with embeddings as faint as one likes."""
    config = transformers.BertConfig(**BERT_SIZES, num_labels=5)
    model = redrawn(transformers.BertForSequenceClassification(config))
    with torch.no_grad():
        for name in ("word", "position", "token_type"):
            getattr(model.bert.embeddings, f"{name}_embeddings").weight.mul_(faint)
    x, s = tokens(), segments()
    Q = doubled(model, x, token_type_ids=s, attention_mask=padding).logits.softmax(-1)
    parameters = bert_for_classes_parameters(model.state_dict(), H=H)
    return Compared(BERTForClasses, (x, parameters), Q, {"segments": s})


def redrawn_marian(activation: str, W_p: Any) -> Any:
    """Marian, whose positions are in no file."""
    config = transformers.MarianConfig(
        vocab_size=N_V,
        d_model=12,
        encoder_layers=L,
        decoder_layers=L,
        encoder_attention_heads=H,
        decoder_attention_heads=H,
        encoder_ffn_dim=7,
        decoder_ffn_dim=7,
        max_position_embeddings=ELL_MAX,
        activation_function=activation,
        scale_embedding=True,
        pad_token_id=N_V - 1,
        decoder_start_token_id=N_V - 1,
        eos_token_id=0,
        forced_eos_token_id=None,
        attn_implementation="eager",
    )
    model = redrawn(transformers.MarianMTModel(config))
    with torch.no_grad():
        for part in (model.model.encoder, model.model.decoder):
            part.embed_positions.weight.copy_(W_p.mT)
    return model


def marian() -> Compared:
    """Marian that translates."""
    W_p = torch.asarray(marian_positions(12, ELL_MAX))
    model, z, x = redrawn_marian("swish", W_p), tokens(seed=2), tokens()
    Q = probabilities(model, z, decoder_input_ids=x)
    return Compared(Marian, (z, x, marian_parameters(model.state_dict(), W_p, H=H)), Q)


def scaled_marian() -> Compared:
    """Marian with the ReLU and the positions of 2017, and no bias on its scores."""
    W_p = torch.asarray(sinusoidal_positions(12, ELL_MAX, "vaswani"))
    model, z, x = redrawn_marian("relu", W_p), tokens(seed=2), tokens()
    model.final_logits_bias.zero_()
    Q = probabilities(model, z, decoder_input_ids=x)
    W_e, _, encoder, decoder, _ = marian_parameters(model.state_dict(), W_p, H=H).theta
    theta = ScaledEDTransformerParameters(W_e, encoder, decoder)
    return Compared(ScaledEDTransformer, (z, x, theta, W_p), Q, {"eps": 1e-5})


# Attention alone ----------------------------------------------------------------------------------


def grouped_sdpa() -> Compared:
    """Torch's own attention, whose heads share keys."""
    source = torch.Generator().manual_seed(0)

    def draw(*shape: int) -> Any:
        return torch.randn(shape, generator=source, dtype=torch.float64)

    queries = GroupQueriesParameters(draw(H_KV, R, D_ATTN, 5), draw(H_KV, R, D_ATTN))
    keys = draw(H_KV, D_ATTN, 7), draw(H_KV, D_ATTN), draw(H_KV, 6, 7), draw(H_KV, 6)
    W = GQAttentionParameters(queries, *keys, draw(9, H_KV * R * 6), draw(9))
    X, Z, Mask = draw(2, 5, 4), draw(2, 7, 8), draw(8, 4) < 0.5
    Q = (queries.W_q @ X[:, None, None] + queries.b_q[..., None]).flatten(1, 2)
    K, V = (W_z @ Z[:, None] + b[..., None] for W_z, b in (keys[:2], keys[2:]))
    attention = torch.nn.functional.scaled_dot_product_attention
    Y = attention(Q.mT, K.mT, V.mT, attn_mask=Mask.mT, enable_gqa=True).mT
    want = W.W_o @ Y.flatten(1, 2) + W.b_o[:, None]
    return Compared(GQAttention, (X, Z, W, Mask), want)


def multi_query() -> Compared:
    """The attention of GPTBigCode: three heads of queries and one of keys."""
    config = transformers.GPTBigCodeConfig(
        n_embd=12, n_head=H, multi_query=True, attn_implementation="eager"
    )
    model = redrawn(GPTBigCodeAttention(config, layer_idx=0))
    X = torch.randn((2, 12, ELL), generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    Mask = unidirectional_mask(X)
    Q = doubled(model, X.mT, attention_mask=offsets(Mask)[None, None])[0].mT
    W, b = model.c_attn.weight.detach(), model.c_attn.bias.detach()
    queries = GroupQueriesParameters(W[:12].reshape(1, H, 4, 12), b[:12].reshape(1, H, 4))
    keys = W[None, 12:16], b[None, 12:16], W[None, 16:], b[None, 16:]
    W_o, b_o = model.c_proj.weight.detach(), model.c_proj.bias.detach()
    return Compared(GQAttention, (X, X, GQAttentionParameters(queries, *keys, W_o, b_o), Mask), Q)


LLAMA3 = {
    "rope_type": "llama3",
    "rope_theta": 10.0,  # one pair of rows then turns slower, and one in part
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8,
}
LINEAR = {"rope_type": "linear", "rope_theta": 10.0, "factor": 4.0}

#: What is compared, by the name of theirs, with the algorithm that ours is and its departures.
ORACLES: Mapping[str, tuple[str, Callable[[], Compared]]] = {
    "LlamaForCausalLM, eager": ("X1", llama),
    "LlamaForCausalLM, eager, tied": ("X1", partial(llama, tied=True)),
    "LlamaForCausalLM, sdpa": ("X1", partial(llama, "sdpa")),
    "LlamaForCausalLM, sdpa, tied": ("X1", partial(llama, "sdpa", tied=True)),
    "LlamaForCausalLM, ω of Llama 3.1": ("X1", partial(llama, rope=LLAMA3)),
    "LlamaForCausalLM, ω scaled": ("X1", partial(llama, rope=LINEAR)),
    "LlamaForCausalLM, attention_bias": ("X1", partial(qwen, "Llama", attention_bias=True)),
    "Qwen2ForCausalLM": ("X1", partial(qwen, "Qwen2")),
    "Qwen3ForCausalLM": ("X1", partial(qwen, "Qwen3")),
    "Qwen3ForCausalLM, attention_bias": ("X1", partial(qwen, "Qwen3", attention_bias=True)),
    "MistralForCausalLM, window 1": ("X2", partial(mistral, 1)),
    "MistralForCausalLM, window 3": ("X2", partial(mistral, 3)),
    "MistralForCausalLM, window 20": ("X2", partial(mistral, 20)),
    "LlamaForCausalLM, own cache": ("X3", partial(shared_llama, 1)),
    "LlamaForCausalLM, cache of 2 layers": ("X3", partial(shared_llama, 2)),
    "LlamaForCausalLM, cache of 3 layers": ("X3", partial(shared_llama, 3)),
    "GPTNeoForCausalLM": ("X4", gpt_neo),
    "GPT2LMHeadModel": ("10", gpt2),
    **{
        f"GPT2LMHeadModel, prefix of {ell_p}": (
            "X5",
            partial(gpt2, PrefixTransformer, prefix_mask, ell_p=ell_p),
        )
        for ell_p in (0, 3, ELL)
    },
    **{
        f"GPT2LMHeadModel, {k} sinks and window {w}": (
            "X9",
            partial(gpt2, StreamingTransformer, sink_mask, k=k, w=w),
        )
        for k, w in ((2, 3), (3, 1), (0, 4))
    },
    "GPT2ForSequenceClassification": ("X10", gpt2_for_classes),
    "GPTNeoXForCausalLM": ("10", gpt_neox),
    "GPTNeoXForCausalLM, one after the other": ("10", partial(gpt_neox, parallel=False)),
    "GPTNeoXForCausalLM, gelu_fast": ("10", partial(gpt_neox, fast=True)),
    "GPTJForCausalLM": ("10", gptj),
    "BertForMaskedLM": ("9", bert),
    "BertModel": ("9", bare_bert),
    "BertForSequenceClassification": ("X6", bert_for_classes),
    "MarianMTModel": ("8", marian),
    "MarianMTModel, ReLU, no bias": ("X7", scaled_marian),
    "torch scaled_dot_product_attention, enable_gqa": ("H2", grouped_sdpa),
    "GPTBigCodeAttention": ("H2", multi_query),
    **POSITIONS,
    **T5S,
    **LAYERS,
}
