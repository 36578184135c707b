"""The sizes that modules can have."""

from collections.abc import Callable

from spec.inputs.arguments import Sizes


def divided(asked: Sizes) -> Sizes:
    """Return sizes at which the heads divide the stream: d_attn = d_mid = d_e / H.

    d_e is as near as possible to the size that is asked for, and d_attn is never larger.
    """
    d_attn = max(1, min(asked["d_attn"], asked["d_mid"], asked["d_e"] // asked["H"]))
    return {**asked, "d_attn": d_attn, "d_mid": d_attn, "d_e": asked["H"] * d_attn}


def of_instance(own: Sizes) -> Callable[[Sizes], Sizes]:
    """Return a map from any sizes to those of an instance: no text is longer than its ℓ_max."""

    def sizes(asked: Sizes) -> Sizes:
        fixed = {**asked, **own}
        return {
            name: min(size, fixed["ℓ_max"]) if name.startswith("length") else size
            for name, size in fixed.items()
        }

    return sizes


def heads_of(d_e: int, H: int) -> Sizes:
    """Return the sizes of a stream that H heads divide."""
    return {"d_e": d_e, "H": H, "d_attn": d_e // H, "d_mid": d_e // H}
