import torch
import torch.nn as nn
import torch.nn.functional as F


class Attention(nn.Module):
    def __init__(self, dim, n_heads):
        super().__init__()
        self.n_heads = n_heads
        self.wqkv = nn.Linear(dim, 3 * dim)
        self.wo = nn.Linear(dim, dim)

    def forward(self, x, cache=None):
        B, T, C = x.shape
        q, k, v = self.wqkv(x).chunk(3, dim=-1)
        q = q.view(B, T, self.n_heads, -1).transpose(1, 2)
        k = k.view(B, T, self.n_heads, -1).transpose(1, 2)
        v = v.view(B, T, self.n_heads, -1).transpose(1, 2)
        if cache is not None:
            k = torch.cat([cache[0], k], dim=2)
            v = torch.cat([cache[1], v], dim=2)
        # the prompt is processed in one go, later tokens come one by one
        y = F.scaled_dot_product_attention(q, k, v, is_causal=cache is None)
        return self.wo(y.transpose(1, 2).reshape(B, T, C)), (k, v)


class Block(nn.Module):
    def __init__(self, dim, n_heads, hidden_dim):
        super().__init__()
        self.attention_norm = nn.LayerNorm(dim)
        self.attention = Attention(dim, n_heads)
        self.ffn_norm = nn.LayerNorm(dim)
        self.feed_forward = nn.Sequential(nn.Linear(dim, hidden_dim), nn.GELU(), nn.Linear(hidden_dim, dim))

    def forward(self, x, cache=None):
        a, cache = self.attention(self.attention_norm(x), cache)
        x = x + a
        return x + self.feed_forward(self.ffn_norm(x)), cache


class LanguageModel(nn.Module):
    def __init__(self, vocab_size, max_seq_len, n_layers, n_heads, dim, hidden_dim):
        super().__init__()
        self.tok_embeddings = nn.Embedding(vocab_size, dim)
        self.pos_embeddings = nn.Embedding(max_seq_len, dim)
        self.layers = nn.ModuleList([Block(dim, n_heads, hidden_dim) for _ in range(n_layers)])
        self.norm = nn.LayerNorm(dim)
        self.output = nn.Linear(dim, vocab_size, bias=False)

    def forward(self, tokens, caches=None):
        start = 0 if caches is None else caches[0][0].size(2)
        pos = torch.arange(start, start + tokens.size(1), device=tokens.device)
        h = self.tok_embeddings(tokens) + self.pos_embeddings(pos)
        new_caches = []
        for i, layer in enumerate(self.layers):
            h, c = layer(h, None if caches is None else caches[i])
            new_caches.append(c)
        return self.output(self.norm(h)), new_caches

    @torch.no_grad()
    def generate(self, prompt, max_new_tokens, temperature=1.0, generator=None):
        """prompt: LongTensor (B, T). Returns only the new tokens, (B, max_new_tokens).

        Tokens are drawn with torch.multinomial(probs, 1, generator=generator).
        """
        out = []
        logits, caches = self(prompt)
        for i in range(max_new_tokens):
            probs = torch.softmax(logits[:, -1] / temperature, dim=-1)
            next_token = torch.multinomial(probs, 1, generator=generator)
            out.append(next_token)
            if i + 1 < max_new_tokens:
                logits, caches = self(next_token, caches)
        return torch.cat(out, dim=1)
