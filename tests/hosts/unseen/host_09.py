import torch
from torch import nn, Tensor


class MaskedCrossAttention(nn.Module):
    """Text-to-video attention: each sample of the batch has its own visibility map.

    Thin wrapper around nn.MultiheadAttention (batch first).
    """

    def __init__(self, d_model: int, nhead: int, d_context: int):
        super().__init__()
        self.nhead = nhead
        self.attn = nn.MultiheadAttention(d_model, nhead, kdim=d_context, vdim=d_context,
                                          dropout=0.0, batch_first=True)

    def forward(self, query: Tensor, context: Tensor, visible: Tensor) -> Tensor:
        """
        query:   (batch, L, d_model)
        context: (batch, S, d_context)
        visible: (batch, L, S) bool, True where a query may look at a context token
        """
        # nn.MultiheadAttention wants (batch * nhead, L, S) with True = ignore
        attn_mask = ~visible.repeat_interleave(self.nhead, dim=0)
        out, _ = self.attn(query, context, context, attn_mask=attn_mask, need_weights=False)
        return out
