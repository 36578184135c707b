import torch
from torch import nn


class RMSNorm(nn.Module):
    def __init__(self, d_model):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(d_model))

    def forward(self, x):
        """
        assumes shape is (batch, seq_len, d_model)
        """
        # the norm over sqrt(n) is the root of the mean of the squares
        ff_rms = torch.linalg.norm(x, dim=-1, keepdim=True) * x.shape[-1] ** -.5
        return self.scale * (x / ff_rms)
