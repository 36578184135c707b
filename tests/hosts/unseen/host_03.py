from typing import Optional

import torch
from torch import nn


class ContextAttentionBlock(nn.Module):
    """One attention head written with einsum.

    `n_channels` are the features of the tokens, `ctx_channels` those of the
    context (same as the tokens if not given), `d_k` the size of the query and
    key vectors, `n_out` the size of the result.
    """

    def __init__(self, n_channels: int, d_k: int, n_out: int, ctx_channels: Optional[int] = None):
        super().__init__()
        ctx_channels = ctx_channels or n_channels
        self.query = nn.Linear(n_channels, d_k)
        self.key = nn.Linear(ctx_channels, d_k)
        self.value = nn.Linear(ctx_channels, n_out)
        self.scale = d_k ** -0.5

    def forward(self, x: torch.Tensor, context: Optional[torch.Tensor] = None,
                mask: Optional[torch.Tensor] = None):
        """
        * `x` has shape `[batch, n, n_channels]`
        * `context` has shape `[batch, m, ctx_channels]`
        * `mask` has shape `[n, m]` or `[batch, n, m]`, true where attention is allowed
        """
        if context is None:
            context = x
        q, k, v = self.query(x), self.key(context), self.value(context)
        # Dot products of every query i with every key j
        attn = torch.einsum('bid,bjd->bij', q, k) * self.scale
        if mask is not None:
            attn = attn.masked_fill(~mask, -1e9)
        # Normalize
        attn = attn.softmax(dim=2)
        # Weighted sum of the values
        return torch.einsum('bij,bjd->bid', attn, v)
