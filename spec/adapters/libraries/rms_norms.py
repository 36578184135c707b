"""The norms of Hugging Face's Llama and T5 as Algorithm N1: they have no mean, and no β."""

from dataclasses import replace
from typing import Any

from spec.adapters.modules.module_adapter import modules
from spec.calling.python_signature import name_of
from spec.inputs.adapter_error import AdapterError
from spec.inputs.arguments import Adapter


def norm(function: Any) -> Adapter:
    """Return the adapter of a norm, which computes in float32 whatever its arguments are."""
    kind = function if isinstance(function, type) else type(function)
    adapter = modules(function, "N1")
    return replace(adapter, name=f"transformers.{name_of(kind)}", formats=("float32", "bfloat16"))


def refused(function: Any) -> Adapter:
    """Say which algorithm a norm without a mean is.

    Raises
    ------
    AdapterError
        Always.
    """
    raise AdapterError(f"{name_of(function)} has no mean and no β: it is Algorithm N1")
