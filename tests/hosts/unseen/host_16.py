import copy
import math

import torch
import torch.nn as nn


def clones(module, N):
    return nn.ModuleList([copy.deepcopy(module) for _ in range(N)])


def subsequent_mask(size):
    "Mask out subsequent positions."
    return torch.tril(torch.ones(1, size, size, dtype=torch.bool))


class MultiHeadedAttention(nn.Module):
    def __init__(self, h, d_model):
        super().__init__()
        self.d_k = d_model // h
        self.h = h
        self.linears = clones(nn.Linear(d_model, d_model), 4)

    def forward(self, query, key, value, mask=None):
        nbatches = query.size(0)
        query, key, value = [
            l(x).view(nbatches, -1, self.h, self.d_k).transpose(1, 2)
            for l, x in zip(self.linears, (query, key, value))
        ]
        scores = query @ key.transpose(-2, -1) / math.sqrt(self.d_k)
        if mask is not None:
            scores = scores.masked_fill(mask.unsqueeze(1) == 0, -1e9)
        x = scores.softmax(dim=-1) @ value
        x = x.transpose(1, 2).contiguous().view(nbatches, -1, self.h * self.d_k)
        return self.linears[-1](x)


class PositionwiseFeedForward(nn.Module):
    def __init__(self, d_model, d_ff):
        super().__init__()
        self.w_1 = nn.Linear(d_model, d_ff)
        self.w_2 = nn.Linear(d_ff, d_model)

    def forward(self, x):
        return self.w_2(self.w_1(x).relu())


class SublayerConnection(nn.Module):
    "A residual connection followed by a layer norm."

    def __init__(self, size):
        super().__init__()
        self.norm = nn.LayerNorm(size)

    def forward(self, x, sublayer):
        return self.norm(x + sublayer(x))


class EncoderLayer(nn.Module):
    def __init__(self, size, h, d_ff):
        super().__init__()
        self.self_attn = MultiHeadedAttention(h, size)
        self.feed_forward = PositionwiseFeedForward(size, d_ff)
        self.sublayer = clones(SublayerConnection(size), 2)

    def forward(self, x):
        x = self.sublayer[0](x, lambda x: self.self_attn(x, x, x))
        return self.sublayer[1](x, self.feed_forward)


class DecoderLayer(nn.Module):
    def __init__(self, size, h, d_ff):
        super().__init__()
        self.self_attn = MultiHeadedAttention(h, size)
        self.src_attn = MultiHeadedAttention(h, size)
        self.feed_forward = PositionwiseFeedForward(size, d_ff)
        self.sublayer = clones(SublayerConnection(size), 3)

    def forward(self, x, memory, tgt_mask):
        m = memory
        x = self.sublayer[0](x, lambda x: self.self_attn(x, x, x, tgt_mask))
        x = self.sublayer[1](x, lambda x: self.src_attn(x, m, m))
        return self.sublayer[2](x, self.feed_forward)


class EncoderDecoder(nn.Module):
    "Shared vocabulary, learned positions; returns probabilities (B, T, vocab)."

    def __init__(self, vocab, max_len, N_enc, N_dec, d_model, d_ff, h):
        super().__init__()
        self.embed = nn.Embedding(vocab, d_model)
        self.pos = nn.Embedding(max_len, d_model)
        self.encoder = clones(EncoderLayer(d_model, h, d_ff), N_enc)
        self.decoder = clones(DecoderLayer(d_model, h, d_ff), N_dec)
        self.generator = nn.Linear(d_model, vocab, bias=False)

    def embeddings(self, ids):
        return self.embed(ids) + self.pos(torch.arange(ids.size(1), device=ids.device))

    def encode(self, src):
        x = self.embeddings(src)
        for layer in self.encoder:
            x = layer(x)
        return x

    def decode(self, memory, tgt):
        x = self.embeddings(tgt)
        tgt_mask = subsequent_mask(tgt.size(1)).to(tgt.device)
        for layer in self.decoder:
            x = layer(x, memory, tgt_mask)
        return x

    def forward(self, src, tgt):
        return self.generator(self.decode(self.encode(src), tgt)).softmax(dim=-1)
