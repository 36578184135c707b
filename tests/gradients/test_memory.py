"""Does a value live only as long as something needs it, and does recomputing keep less?"""

from __future__ import annotations

import gc
import tracemalloc
import weakref

import numpy as np
from helpers import generic

from algorithms import DTransformer, DTransformerParameters, value_and_gradient
from algorithms.signatures.arrays import entries

ELL, L, H = 64, 4, 5
THETA = generic.theta(DTransformerParameters, L=L, H=H, ell_max=ELL)
x = generic.tokens(ELL)


def loss(theta):
    return -np.sum(np.log(entries(DTransformer(x, theta, eps=1e-5)[:, :-1], x[1:])))


def peak(recompute):
    value_and_gradient(loss, THETA, recompute=recompute)  # what is imported is not counted
    tracemalloc.start()
    value_and_gradient(loss, THETA, recompute=recompute)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


def test_recomputing_attention_keeps_none_of_its_weights():
    weights = H * ELL * ELL * THETA.W_e.itemsize  # of a layer
    kept, recomputed = peak(()), peak(("MHAttention",))
    assert kept - recomputed > (L - 2) * weights  # at the peak one layer is at work in both


def test_nothing_is_left_for_the_garbage_collector():
    value_and_gradient(loss, THETA)  # what is imported is not counted
    gc.freeze()  # nor is what there is already, of which a process of many tests has much
    gc.disable()
    try:
        value_and_gradient(loss, THETA)
        assert gc.collect() == 0
    finally:
        gc.enable()
        gc.unfreeze()


def test_what_no_rule_needs_is_let_go():
    alive = []

    def sized(theta):
        X = theta[0]
        for _ in range(5):
            X = X + 1.0  # a sum needs neither of its terms
            alive.append(weakref.ref(X.value))
        alive[:] = [one for one in alive if one() is not None]
        return np.sum(X)

    value_and_gradient(sized, (np.ones((3, 3)),))
    assert len(alive) == 1
