import torch
import torch.nn as nn


class PredictionHead(nn.Module):
    def __init__(self, d_model, d_head, vocab_size):
        super().__init__()
        self.dense = nn.Linear(d_model, d_head)
        self.act = nn.GELU()
        self.norm = nn.LayerNorm(d_head)
        self.decoder = nn.Linear(d_head, vocab_size, bias=False)

    def forward(self, x):
        return self.decoder(self.norm(self.act(self.dense(x))))


class MaskedLM(nn.Module):
    """Bidirectional language model on top of the stock PyTorch encoder."""

    def __init__(self, vocab_size, max_len, d_model=64, nhead=4, num_layers=2,
                 dim_feedforward=256, d_head=64):
        super().__init__()
        self.tok_emb = nn.Embedding(vocab_size, d_model)
        self.pos_emb = nn.Embedding(max_len, d_model)
        layer = nn.TransformerEncoderLayer(
            d_model=d_model,
            nhead=nhead,
            dim_feedforward=dim_feedforward,
            dropout=0.0,
            activation="gelu",
            batch_first=True,
        )
        self.encoder = nn.TransformerEncoder(layer, num_layers, enable_nested_tensor=False)
        self.head = PredictionHead(d_model, d_head, vocab_size)

    def forward(self, tokens):
        """tokens: LongTensor (batch, length) -> probabilities (batch, length, vocab)"""
        positions = torch.arange(tokens.size(1), device=tokens.device)
        x = self.tok_emb(tokens) + self.pos_emb(positions)
        x = self.encoder(x)
        return self.head(x).softmax(dim=-1)
