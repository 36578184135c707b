import torch
import torch.nn as nn
import torch.nn.functional as F


class CrossAttentionHead(nn.Module):
    """A single attention head over a context sequence.

    Args:
        query_dim:   size of the tokens that ask
        context_dim: size of the tokens that are looked at
        head_dim:    size of queries and keys
        value_dim:   size of the output
    """

    def __init__(self, query_dim, context_dim, head_dim, value_dim):
        super().__init__()
        self.to_q = nn.Linear(query_dim, head_dim)
        self.to_k = nn.Linear(context_dim, head_dim)
        self.to_v = nn.Linear(context_dim, value_dim)

    def forward(self, x, context, attn_mask=None):
        """
        x:         (B, Lq, query_dim)
        context:   (B, Lk, context_dim)
        attn_mask: bool (Lq, Lk) or (B, Lq, Lk); True marks the pairs that are
                   blocked, as in nn.MultiheadAttention
        """
        q = self.to_q(x)
        k = self.to_k(context)
        v = self.to_v(context)
        if attn_mask is not None:
            attn_mask = attn_mask.logical_not()
        return F.scaled_dot_product_attention(q, k, v, attn_mask=attn_mask)
