"""Tensor-parallel attention, simulated on one machine with NumPy.

The heads are dealt out to `n_ranks` workers. Each worker owns the columns of the
q/k/v projections of its heads and the matching rows of the output projection;
the partial results are summed ("all-reduced") at the end.
"""
import numpy as np


def softmax(x):
    x = np.exp(x - x.max(axis=-1, keepdims=True))
    return x / x.sum(axis=-1, keepdims=True)


def all_reduce(parts):
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def worker(x, context, p, heads, head_dim, mask):
    """Computes heads `heads` and their share of the output projection."""
    cols = slice(heads[0] * head_dim, (heads[-1] + 1) * head_dim)
    q = x @ p["wq"][:, cols] + p["bq"][cols]
    k = context @ p["wk"][:, cols] + p["bk"][cols]
    v = context @ p["wv"][:, cols] + p["bv"][cols]

    outs = []
    for i in range(len(heads)):
        s = slice(i * head_dim, (i + 1) * head_dim)
        scores = q[:, s] @ k[:, s].T / np.sqrt(head_dim)
        if mask is not None:
            scores = np.where(mask, scores, -np.inf)
        outs.append(softmax(scores) @ v[:, s])
    y = np.concatenate(outs, axis=-1)
    return y @ p["wo"][cols]


def parallel_attention(x, context, p, n_heads, n_ranks=1, mask=None):
    """x: (Lq, d), context: (Lk, d_ctx), mask: (Lq, Lk) bool with True = attend.

    p holds wq (d, H*hd), wk and wv (d_ctx, H*hd), wo (H*hd, d_out) and biases
    bq, bk, bv, bo. n_ranks must divide n_heads.
    """
    head_dim = p["wq"].shape[1] // n_heads
    per_rank = n_heads // n_ranks
    parts = []
    for rank in range(n_ranks):
        heads = list(range(rank * per_rank, (rank + 1) * per_rank))
        parts.append(worker(x, context, p, heads, head_dim, mask))
    return all_reduce(parts) + p["bo"]
