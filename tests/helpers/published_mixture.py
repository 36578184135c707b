"""The mixture of Mixtral, every tensor redrawn, and ours with what its files hold."""

from __future__ import annotations

import torch
import transformers
from transformers.models.mixtral.modeling_mixtral import MixtralSparseMoeBlock

from algorithms.extensions.gated import GatedParameters
from algorithms.extensions.mixture import Expert, Mixture, MixtureParameters
from helpers import published_models as published


def mixtral_layer(k: int = 2, N_E: int = 5) -> published.Compared:
    """The hidden layers of Mixtral, of which a token goes through k."""
    d_e, d_mlp = 12, 7
    config = transformers.MixtralConfig(
        hidden_size=d_e,
        intermediate_size=d_mlp,
        num_local_experts=N_E,
        num_experts_per_tok=k,
        experts_implementation="eager",
    )
    model = published.redrawn(MixtralSparseMoeBlock(config))
    source = torch.Generator().manual_seed(5)
    X = torch.randn((2, d_e, published.ELL), generator=source, dtype=torch.float64)
    want = published.doubled(model, X.mT.contiguous()).mT
    weights = {name: array.detach() for name, array in model.named_parameters()}
    gates = weights["experts.gate_up_proj"].split(d_mlp, dim=-2)
    layers = zip(*gates, weights["experts.down_proj"], strict=True)
    experts = tuple(Expert(GatedParameters(*parts)) for parts in layers)
    W = MixtureParameters(weights["gate.weight"], experts)
    return published.Compared(Mixture, (X, W), want, {"k": k})
