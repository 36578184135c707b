"""Which functions there is an adapter for, found without importing the library of any."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any

from spec.inputs.adapter import Adapter, Function

#: Where a function stands that is known, the algorithms that it can be, and which function of a
#: module of this package makes the adapter.
KNOWN: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "torch.nn.functional.scaled_dot_product_attention": {
            "4": "torch_functions.attention",
            "5": "torch_functions.heads",
        },
        "torch.nn.functional.layer_norm": {"6": "torch_functions.norm"},
        "torch.nn.MultiheadAttention": {"5": "torch_modules.attention"},
        "torch.nn.LayerNorm": {"6": "torch_modules.norm"},
        "torch.nn.Transformer": {"8": "torch_layers.transformer"},
        "torch.nn.TransformerDecoderLayer": {"8": "torch_layers.decoder"},
        "torch.nn.TransformerEncoderLayer": {
            "9": "torch_layers.encoder",
            "10": "torch_layers.decoder_only",
        },
        "jax.nn.dot_product_attention": {
            "4": "jax_functions.attention",
            "5": "jax_functions.heads",
        },
        "transformers.models.marian.modeling_marian.MarianMTModel": {"8": "marian.adapter"},
        "transformers.models.bert.modeling_bert.BertForMaskedLM": {"9": "bert.adapter"},
        "transformers.models.gpt2.modeling_gpt2.GPT2LMHeadModel": {"10": "gpt2.adapter"},
    }
)


def ready(function: Function, algorithm: int | str) -> Adapter | None:
    """Return the adapter that is known for a function, if one is.

    Parameters
    ----------
    function
        A function of a library, a class of modules or one derived from it, or an instance. A class
        is tried at all sizes; an instance has its own, its ε and its mode: one that drops out is
        not deterministic, and is not told to stop. Its weights stay as they are.
    algorithm
        The algorithm that it is to be.

    Raises
    ------
    AdapterError
        If it is an instance of what is known, but one that cannot be the algorithm.

    Examples
    --------
    >>> import torch
    >>> ready(torch.nn.LayerNorm, algorithm=6).name
    'torch.nn.LayerNorm'
    >>> ready(sorted, algorithm=6)
    """
    for known in _known(function):
        if maker := KNOWN[known].get(str(algorithm)):
            file, _, name = maker.rpartition(".")
            module = import_module(f"{__package__}.{file}")
            return getattr(module, name)(function)  # type: ignore[no-any-return]
    return None


def algorithms(function: Function) -> tuple[str, ...]:
    """Return which algorithms a function can be by what is known of it."""
    return tuple(id for known in _known(function) for id in KNOWN[known])


def _known(function: Any) -> Iterator[str]:
    """Yield where a function stands that is known, or what a class or an instance derives from."""
    kind = function if isinstance(function, type) else type(function)
    for name in KNOWN:
        module, _, last = name.rpartition(".")
        # What a library holds can be given only once it has been imported.
        held = getattr(sys.modules.get(module), last, None)
        if held is not None and (held is function or held in kind.__mro__):
            yield name
