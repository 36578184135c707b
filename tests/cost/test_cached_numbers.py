"""Are the keys and values of a decoder, which a cache keeps, as many as its kind promises?"""

from __future__ import annotations

import pytest

from spec.cost import value
from spec.cost.caches import cached
from spec.cost.presets import presets
from spec.library import checked


@pytest.mark.parametrize(
    ("id", "kept"),
    [
        ("10", "H L d_attn length(x) + H L d_mid length(x)"),
        ("X1", "H_kv L d_attn length(x) + H_kv L d_mid length(x)"),
        # Each of the L blocks has L_s layers, and keys and values once.
        ("X3", "H_kv L d_attn length(x) + H_kv L d_mid length(x)"),
        # Of ℓ tokens before, and of the new ones.
        ("K8", "H d_attn ℓ + H d_attn ℓ_z + H d_mid ℓ + H d_mid ℓ_z"),
        ("K4", "H L d_attn length(x) + H L d_attn ℓ + H L d_mid length(x) + H L d_mid ℓ"),
        ("K11", "H L_dec d_attn length(z) + H L_dec d_mid length(z)"),
        ("K1", "0"),
        # In place of the keys and values of H heads: a column, and the rows of keys that turn.
        ("H7", "d_c ℓ + 2 d_rot ℓ"),
        # However many tokens there are.
        ("L2", "d_attn d_out + d_attn"),
    ],
)
def test_a_cache_holds_a_key_and_a_value_of_each_head_for_each_token(id: str, kept: str) -> None:
    assert str(cached(checked(), id)) == kept


@pytest.mark.parametrize(
    ("id", "preset", "sizes", "numbers"),
    [
        ("X1", "llama-2-7b", {}, 262_144),
        ("X1", "llama-3-8b", {}, 65_536),
        ("X1", "llama-2-7b", {"H_kv": 1, "R": 32}, 8_192),  # multi-query attention
        ("X3", "llama-3-8b", {"L": 16, "L_s": 2}, 32_768),  # two layers share: half
    ],
)
def test_shared_heads_and_shared_layers_make_a_cache_smaller(
    id: str, preset: str, sizes: dict[str, int], numbers: int
) -> None:
    assert value(cached(checked(), id), {**presets()[preset], **sizes, "length(x)": 1}) == numbers


def test_inference_keeps_the_columns_of_all_tokens_but_the_last() -> None:
    """That which is drawn last is never asked for what follows."""
    sizes = {**presets()["gpt2-small"], "length(x)": 64, "ℓ_gen": 64}
    kept = value(cached(checked(), "K2"), sizes)
    assert kept == value(cached(checked(), "10"), {**sizes, "length(x)": 127})
    assert kept == 2 * 12 * 768 * 127


def test_a_context_is_kept_once_however_many_tokens_are_drawn() -> None:
    kept = cached(checked(), "K3")
    (drawn,) = (atom for atom in kept.atoms if atom.name == "length(x̂)")
    before, of_each = kept.coefficients(drawn)
    assert before == cached(checked(), "K11")
    assert str(of_each) == "H L_dec d_attn + H L_dec d_mid"
