import torch
from torch import nn


class LearnedPositionalEmbedding(nn.Embedding):
    """
    Learned positions up to a fixed maximum size, for a decoder that may be fed
    a few tokens at a time.
    """

    def __init__(self, num_embeddings: int, embedding_dim: int):
        super().__init__(num_embeddings, embedding_dim)

    def forward(self, input_ids: torch.Tensor, past_key_values_length: int = 0):
        """`input_ids` is [bsz, seqlen]; the result is [bsz, seqlen, embedding_dim]."""
        bsz, seq_len = input_ids.shape[:2]
        positions = torch.arange(
            past_key_values_length, past_key_values_length + seq_len, dtype=torch.long, device=self.weight.device
        ).expand(bsz, -1)
        return super().forward(positions)
