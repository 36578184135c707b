"""Output layer of a small language model, NumPy only."""
import numpy as np


class OutputHead:
    """Maps hidden states to word probabilities.

    kernel: (d_model, vocab_size)
    """

    def __init__(self, kernel):
        self.kernel = np.asarray(kernel)

    def logits(self, hidden):
        return hidden @ self.kernel

    def __call__(self, hidden):
        """hidden: (..., d_model) -> probabilities (..., vocab_size)"""
        z = self.logits(hidden)
        z = z - z.max(axis=-1, keepdims=True)
        e = np.exp(z)
        return e / e.sum(axis=-1, keepdims=True)
