"""Flash-attention, forward pass only, in NumPy: the keys are visited block by
block and the softmax is kept up to date as we go, so that the full score matrix
is never in memory."""
import numpy as np

NEG = -1e30


def flash_attention(q, k, v, mask=None, block_size=16):
    """q: (n, d), k: (m, d), v: (m, dv), mask: (n, m) bool, True = keep.

    Returns (n, dv).
    """
    n, d = q.shape
    m_tokens, dv = v.shape
    scale = 1.0 / np.sqrt(d)

    row_max = np.full((n, 1), NEG, dtype=q.dtype)
    row_sum = np.zeros((n, 1), dtype=q.dtype)
    acc = np.zeros((n, dv), dtype=q.dtype)

    for start in range(0, m_tokens, block_size):
        stop = min(start + block_size, m_tokens)
        s = (q @ k[start:stop].T) * scale
        if mask is not None:
            s = np.where(mask[:, start:stop], s, NEG)

        new_max = np.maximum(row_max, s.max(axis=1, keepdims=True))
        p = np.exp(s - new_max)
        correction = np.exp(row_max - new_max)
        row_max = new_max

        row_sum = row_sum * correction + p.sum(axis=1, keepdims=True)
        acc = acc * correction + p @ v[start:stop]

    return acc / row_sum
