"""Sampling from an encoder-decoder transformer, with preallocated key/value caches."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class MHA(nn.Module):
    def __init__(self, d, h):
        super().__init__()
        self.h = h
        self.q, self.k, self.v, self.o = (nn.Linear(d, d) for _ in range(4))

    def split(self, x):                       # (n, d) -> (h, n, d/h)
        return x.view(x.size(0), self.h, -1).transpose(0, 1)

    def attend(self, x, k, v):                # k, v: (h, m, d/h)
        q = self.split(self.q(x))
        a = torch.softmax(q @ k.transpose(1, 2) / q.size(-1) ** 0.5, dim=-1)
        return self.o((a @ v).transpose(0, 1).reshape(x.size(0), -1))

    def keys_values(self, x):
        return self.split(self.k(x)), self.split(self.v(x))


class EncoderLayer(nn.Module):
    def __init__(self, d, h, d_ff):
        super().__init__()
        self.attn = MHA(d, h)
        self.fc1, self.fc2 = nn.Linear(d, d_ff), nn.Linear(d_ff, d)
        self.ln1, self.ln2 = nn.LayerNorm(d), nn.LayerNorm(d)

    def forward(self, x):
        x = self.ln1(x + self.attn.attend(x, *self.attn.keys_values(x)))
        return self.ln2(x + self.fc2(F.relu(self.fc1(x))))


class DecoderLayer(nn.Module):
    def __init__(self, d, h, d_ff):
        super().__init__()
        self.self_attn, self.cross_attn = MHA(d, h), MHA(d, h)
        self.fc1, self.fc2 = nn.Linear(d, d_ff), nn.Linear(d_ff, d)
        self.ln1, self.ln2, self.ln3 = nn.LayerNorm(d), nn.LayerNorm(d), nn.LayerNorm(d)

    def init_cache(self, memory, max_len):
        k, v = self.cross_attn.keys_values(memory)
        shape = (k.size(0), max_len, k.size(2))
        return {"k": k.new_zeros(shape), "v": k.new_zeros(shape), "mem_k": k, "mem_v": v}

    def step(self, x, cache, pos):            # x: (1, d), the token at position pos
        k, v = self.self_attn.keys_values(x)
        cache["k"][:, pos] = k[:, 0]
        cache["v"][:, pos] = v[:, 0]
        end = pos + 1
        x = self.ln1(x + self.self_attn.attend(x, cache["k"][:, :end], cache["v"][:, :end]))
        x = self.ln2(x + self.cross_attn.attend(x, cache["mem_k"], cache["mem_v"]))
        return self.ln3(x + self.fc2(F.relu(self.fc1(x))))


class Seq2Seq(nn.Module):
    def __init__(self, vocab, max_len, n_enc, n_dec, h, d, d_ff):
        super().__init__()
        self.max_len = max_len
        self.tok, self.pos = nn.Embedding(vocab, d), nn.Embedding(max_len, d)
        self.encoder = nn.ModuleList([EncoderLayer(d, h, d_ff) for _ in range(n_enc)])
        self.decoder = nn.ModuleList([DecoderLayer(d, h, d_ff) for _ in range(n_dec)])
        self.out = nn.Linear(d, vocab, bias=False)

    @torch.no_grad()
    def translate(self, src, bos, eos, temperature=1.0, generator=None):
        """src: LongTensor (n,). Returns the list of sampled ids, bos first; stops after
        eos or when max_len ids are there. Draws with torch.multinomial."""
        memory = self.tok(src) + self.pos.weight[: len(src)]
        for layer in self.encoder:
            memory = layer(memory)
        caches = [layer.init_cache(memory, self.max_len) for layer in self.decoder]

        ids = [bos]
        while len(ids) < self.max_len:
            pos = len(ids) - 1
            x = self.tok.weight[ids[-1:]] + self.pos.weight[pos:pos + 1]
            for layer, cache in zip(self.decoder, caches):
                x = layer.step(x, cache, pos)
            probs = torch.softmax(self.out(x)[0] / temperature, dim=-1)
            ids.append(int(torch.multinomial(probs, 1, generator=generator)))
            if ids[-1] == eos:
                break
        return ids
