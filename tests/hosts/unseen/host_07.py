import torch
import torch.nn as nn


class FusedSelfAttention(nn.Module):
    """Self-attention with one fused projection.

    The rows of `query_key_value` are grouped by head: the query, key and value
    rows of head 0, then those of head 1, and so on.
    """

    def __init__(self, hidden_size, num_attention_heads):
        super().__init__()
        self.num_heads = num_attention_heads
        self.head_size = hidden_size // num_attention_heads
        self.norm_factor = self.head_size ** -0.5
        self.query_key_value = nn.Linear(hidden_size, 3 * hidden_size)
        self.dense = nn.Linear(hidden_size, hidden_size)

    def _attn(self, q, k, v, attention_mask):
        scores = torch.matmul(q, k.transpose(-1, -2)) * self.norm_factor
        if attention_mask is not None:
            scores = scores.masked_fill(~attention_mask, torch.finfo(scores.dtype).min)
        return torch.matmul(torch.softmax(scores, dim=-1), v)

    def forward(self, hidden_states, attention_mask=None):
        """hidden_states: [batch, seq, hidden]; attention_mask: bool, broadcastable
        to [batch, heads, seq (query), seq (key)], True where attention is allowed."""
        B, T, _ = hidden_states.shape
        qkv = self.query_key_value(hidden_states)
        qkv = qkv.view(B, T, self.num_heads, 3 * self.head_size).transpose(1, 2)
        q, k, v = qkv.chunk(3, dim=-1)

        context = self._attn(q, k, v, attention_mask)
        context = context.transpose(1, 2).reshape(B, T, self.num_heads * self.head_size)
        return self.dense(context)
