"""Attention for one decoding step: one query, a memory of T vectors.

Everything is row-major: a vector is a 1-D array, a sequence is (T, d).
"""
import numpy as np


def softmax(z):
    e = np.exp(z - np.max(z))
    return e / np.sum(e)


class SingleQueryAttention:
    """Looks up `memory` with the current token and returns the blended value.

    Kernels follow the `x @ W` convention, i.e. they are (d_in, d_out).
    """

    def __init__(self, W_query, b_query, W_key, b_key, W_value, b_value):
        self.W_query, self.b_query = W_query, b_query
        self.W_key, self.b_key = W_key, b_key
        self.W_value, self.b_value = W_value, b_value
        self.scale = W_query.shape[1] ** -0.5

    def weights(self, token, memory):
        query = token @ self.W_query + self.b_query
        keys = memory @ self.W_key + self.b_key
        scores = (keys @ query) * self.scale
        return softmax(scores)

    def __call__(self, token, memory):
        alpha = self.weights(token, memory)
        values = memory @ self.W_value + self.b_value
        return alpha @ values
