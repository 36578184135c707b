"""Does a report see that what a function gives for one sequence changes with the others?"""

from __future__ import annotations

import numpy as np
import pytest

from spec.adapters.function_in_layout import layout
from spec.checking.check import function_under_test
from spec.checking.mixed_members import mixed_members
from spec.inputs.adapter_error import AdapterError
from spec.inputs.variations import variations

BATCHED = {"tokens": "rows", "batch": "first"}
HEADS = "batched with heads"
ALONE = "It is right in a batch of one, and wrong in a batch of"
OF_TOKENS = "It is right for one token, and wrong for several: what it gives for one token changes"


def trials(function, algorithm, **options):
    tested = function_under_test(function, algorithm, layout(**options))
    wanted = variations(tested.algorithms, tested.id, batched=tested.adapter.batched)
    return list(tested.trials(wanted))


def attend(x, z, w, mask, *, chosen=lambda mask: mask, over=-1):
    """Attention in batches; masks are (batch, ℓ_x, ℓ_z), or one for all."""
    q, k, v = x @ w.W_q.T + w.b_q, z @ w.W_k.T + w.b_k, z @ w.W_v.T + w.b_v
    s = np.where(chosen(mask), q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1]), -np.inf)
    highest = np.max(s, axis=over, keepdims=True)
    a = np.exp(s - np.where(np.isfinite(highest), highest, 0))
    return a / np.maximum(a.sum(axis=over, keepdims=True), 1e-300) @ v


def attend_first_mask(x, z, w, mask):
    return attend(x, z, w, mask, chosen=lambda mask: mask[:1])


def attend_other_masks(x, z, w, mask):
    return attend(x, z, w, mask, chosen=lambda mask: mask[::-1])


def attend_over_batch(x, z, w, mask):
    return attend(x, z, w, mask, over=(0, -1))


def attend_with_heads(x, z, w, mask):
    assert mask.ndim == 4
    assert mask.shape[1] == 1
    return attend(x[:, None], z[:, None], w, mask)[:, 0]


def names(several):
    return [trial.name for trial in several]


def test_batches_are_of_one_two_and_three():
    seen = trials(attend, 4, **BATCHED)
    assert all(trial.verdict.passes for trial in seen)
    assert {"a batch of one", "a batch of three"} <= set(names(seen))
    assert not {"a batch of one", "a batch of three"} & set(names(trials(attend, 4, tokens="rows")))


@pytest.mark.parametrize("batch", ["first", "second", "last"])
def test_a_batch_has_as_many_members_as_its_kind_says(batch):
    axis, lengths = {"first": 0, "second": 1, "last": 2}[batch], set()

    def unembed(e, W_u):
        e = np.moveaxis(e, axis, 0)
        lengths.add(len(e))
        s = e @ W_u.T
        p = np.exp(s - s.max(-1, keepdims=True))
        return np.moveaxis(p / p.sum(-1, keepdims=True), 0, axis)

    assert all(trial.verdict.passes for trial in trials(unembed, 7, tokens="rows", batch=batch))
    assert lengths == {1, 2, 3}


@pytest.mark.parametrize(
    ("function", "masks"),
    [(attend, "batched"), (attend_with_heads, HEADS)],
)
def test_members_have_masks_of_their_own(function, masks):
    seen = trials(function, 4, **BATCHED, masks=masks)
    assert all(trial.verdict.passes for trial in seen), [trial.problem for trial in seen]


@pytest.mark.parametrize("mixed", [attend_first_mask, attend_other_masks, attend_over_batch])
def test_a_function_that_mixes_masks_or_members_is_seen_and_said_so(mixed):
    seen = trials(mixed, 4, **BATCHED, masks="batched")
    failed = [trial for trial in seen if not trial.verdict.passes]
    assert len(failed) >= (len(seen) - 1) / 3  # where the place of the call is that of the mask
    assert "a batch of one" not in names(failed)
    assert mixed_members(seen).startswith(ALONE)
    assert mixed_members(seen).endswith("what it gives for one sequence changes with the others.")


def test_masks_have_a_batch_axis_only_in_a_batch():
    with pytest.raises(AdapterError, match=r"^masks are batched, but sequences are not: say which"):
        layout(masks="batched")
    with pytest.raises(AdapterError, match=r"^the option masks is 'many'; it may be shared, batch"):
        layout(masks="many", batch="first")


def test_one_mean_for_all_tokens_is_right_for_one_token():
    def norm(e, gamma, beta):
        return (e - e.mean()) / e.std() * gamma[:, None] + beta[:, None]

    seen = trials(norm, 6)
    assert "one token" in names(trial for trial in seen if trial.verdict.passes)
    assert mixed_members(seen).startswith(OF_TOKENS)


def test_a_function_that_is_wrong_alone_does_not_mix():
    def sum_of_values(x, z, w, mask):
        return 2 * attend(x, z, w, mask)

    assert mixed_members(trials(sum_of_values, 4, **BATCHED)) == ""
    assert mixed_members(trials(attend, 4, **BATCHED)) == ""
