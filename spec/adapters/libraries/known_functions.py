"""The functions of libraries that have an adapter, found without importing any library."""

import sys
from importlib import import_module
from typing import Any

from spec.inputs.arguments import Adapter, Function

#: Where a function stands, the algorithms that it can be, and the maker of its adapter: a function
#: in a file of this folder.
KNOWN = (
    ("torch.nn.functional.scaled_dot_product_attention", "4 5", "functions.torch_attention"),
    ("torch.nn.functional.scaled_dot_product_attention", "C1", "functions.torch_core"),
    ("torch.nn.functional.scaled_dot_product_attention", "H2", "functions.torch_groups"),
    ("jax.nn.dot_product_attention", "4", "functions.jax_attention"),
    ("jax.nn.dot_product_attention", "5", "functions.jax_heads"),
    ("jax.nn.dot_product_attention", "C1", "functions.jax_core"),
    ("torch.nn.functional.layer_norm", "6", "functions.torch_norm"),
    ("torch.nn.functional.rms_norm", "N1", "functions.torch_rms_norm"),
    ("torch.nn.MultiheadAttention", "5", "torch_modules.attention"),
    ("torch.nn.LayerNorm", "6", "torch_modules.norm"),
    ("torch.nn.Transformer", "8", "torch_layers.transformer"),
    ("torch.nn.TransformerDecoderLayer", "8", "torch_layers.decoder"),
    ("torch.nn.TransformerEncoderLayer", "9 10", "torch_layers.encoder"),
    ("transformers.models.llama.modeling_llama.LlamaRMSNorm", "N1", "rms_norms.norm"),
    ("transformers.models.llama.modeling_llama.LlamaRMSNorm", "6", "rms_norms.refused"),
    ("transformers.models.t5.modeling_t5.T5LayerNorm", "N1", "rms_norms.norm"),
    ("transformers.models.t5.modeling_t5.T5LayerNorm", "6", "rms_norms.refused"),
    ("transformers.models.marian.modeling_marian.MarianMTModel", "8", "marian.adapter"),
    ("transformers.models.bert.modeling_bert.BertForMaskedLM", "9", "bert.adapter"),
    ("transformers.models.gpt2.modeling_gpt2.GPT2LMHeadModel", "10", "gpt2.adapter"),
    ("transformers.models.llama.modeling_llama.LlamaForCausalLM", "X1", "llama.llama"),
    ("transformers.models.mistral.modeling_mistral.MistralForCausalLM", "X2", "llama.mistral"),
    (
        "transformers.models.mistral.modeling_mistral.MistralForCausalLM",
        "X1",
        "llama.mistral_without_window",
    ),
)


def ready(function: Function, algorithm: int | str) -> Adapter | None:
    """Return the adapter that is known for a function, if there is one.

    That is a function of a library, a class of modules or one derived from it, or an instance. A
    class is tried at all sizes. An instance keeps its sizes, its ε, its weights and its mode: one
    that drops out is not deterministic. An AdapterError says why an instance cannot be the
    algorithm.

    Examples
    --------
    >>> import torch
    >>> ready(torch.nn.LayerNorm, algorithm=6).name
    'torch.nn.LayerNorm'
    >>> ready(sorted, algorithm=6)
    """
    for name, ids, maker in KNOWN:
        if str(algorithm) in ids.split() and _is_known_as(function, name):
            file, _, make = maker.rpartition(".")
            module = import_module(f"{__package__}.{file}")
            return getattr(module, make)(function)  # type: ignore[no-any-return]
    return None


def _is_known_as(function: Any, name: str) -> bool:
    """Say whether a name is that of a function, or of a class that it is or derives from.

    A function of a library that has not been imported cannot be the one asked for.
    """
    kind = function if isinstance(function, type) else type(function)
    module, _, last = name.rpartition(".")
    known = getattr(sys.modules.get(module), last, None)
    return known is not None and (known is function or known in kind.__mro__)
