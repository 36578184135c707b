"""Multi-Head Attention layer definition."""
import math

import torch
from torch import nn


class MultiHeadedAttention(nn.Module):
    """Multi-Head Attention layer.

    Args:
        n_head (int): The number of heads.
        n_feat (int): The number of features of the queries and of the output.
        n_memory (int): The number of features of the keys and values.
    """

    def __init__(self, n_head, n_feat, n_memory):
        super().__init__()
        assert n_feat % n_head == 0
        self.d_k = n_feat // n_head
        self.h = n_head
        self.linear_q = nn.Linear(n_feat, n_feat)
        self.linear_k = nn.Linear(n_memory, n_feat)
        self.linear_v = nn.Linear(n_memory, n_feat)
        self.linear_out = nn.Linear(n_feat, n_feat)

    def forward_qkv(self, query, key, value):
        n_batch = query.size(0)
        q = self.linear_q(query).view(n_batch, -1, self.h, self.d_k)
        k = self.linear_k(key).view(n_batch, -1, self.h, self.d_k)
        v = self.linear_v(value).view(n_batch, -1, self.h, self.d_k)
        return q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2)

    def forward_attention(self, value, scores, mask):
        if mask is not None:
            min_value = torch.finfo(scores.dtype).min
            scores.masked_fill_(mask.unsqueeze(1).eq(0), min_value)
        attn = torch.softmax(scores, dim=-1)  # (batch, head, time1, time2)
        x = torch.matmul(attn, value)
        x = x.transpose(1, 2).contiguous().view(value.size(0), -1, self.h * self.d_k)
        return self.linear_out(x)  # (batch, time1, n_feat)

    def forward(self, query, key, value, mask=None):
        """Compute scaled dot product attention.

        Args:
            query (torch.Tensor): (#batch, time1, n_feat).
            key (torch.Tensor): (#batch, time2, n_memory).
            value (torch.Tensor): (#batch, time2, n_memory).
            mask (torch.Tensor): (#batch, 1, time2) or (#batch, time1, time2), 1 = attend.
        """
        q, k, v = self.forward_qkv(query, key, value)
        scores = torch.matmul(q, k.transpose(-2, -1)) / math.sqrt(self.d_k)
        return self.forward_attention(v, scores, mask)
