import torch
import torch.nn as nn


class TinyLM(nn.Module):
    """Decoder-only language model made of nn.TransformerEncoder with a causal mask."""

    def __init__(self, ntoken, max_len, d_model, nhead, d_hid, nlayers):
        super().__init__()
        self.encoder = nn.Embedding(ntoken, d_model)
        self.pos_encoder = nn.Embedding(max_len, d_model)
        layers = nn.TransformerEncoderLayer(d_model, nhead, d_hid, dropout=0.0, activation="gelu",
                                            batch_first=True, norm_first=True)
        self.transformer_encoder = nn.TransformerEncoder(layers, nlayers, norm=nn.LayerNorm(d_model),
                                                         enable_nested_tensor=False)
        self.decoder = nn.Linear(d_model, ntoken, bias=False)

    def forward(self, src):
        """src: (batch, seq_len) -> logits (batch, seq_len, ntoken)"""
        n = src.size(1)
        mask = torch.triu(torch.ones(n, n, dtype=torch.bool, device=src.device), diagonal=1)
        x = self.encoder(src) + self.pos_encoder(torch.arange(n, device=src.device))
        x = self.transformer_encoder(x, mask=mask)
        return self.decoder(x)


class Sampler:
    def __init__(self, temperature=1.0, generator=None):
        self.temperature = temperature
        self.generator = generator

    def process(self, logits):
        if self.temperature != 1.0:
            logits = logits / self.temperature
        return logits

    def sample(self, logits):
        logits = self.process(logits)
        probs = torch.softmax(logits, dim=-1)
        return torch.multinomial(probs, num_samples=1, generator=self.generator)


@torch.no_grad()
def generate(model, prompt, n_tokens, temperature=1.0, generator=None):
    """Continue prompt (batch, seq_len) by n_tokens; returns the continuation only."""
    model.eval()
    sampler = Sampler(temperature, generator)
    seq = prompt
    for _ in range(n_tokens):
        logits = model(seq)[:, -1, :]
        seq = torch.cat([seq, sampler.sample(logits)], dim=1)
    return seq[:, prompt.size(1):]
