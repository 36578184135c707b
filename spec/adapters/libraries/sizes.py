"""The sizes that the modules of libraries can have."""

from __future__ import annotations

from collections.abc import Callable

from spec.inputs.adapter import Sizes


def divided(asked: Sizes) -> Sizes:
    """Return sizes at which the heads divide the stream: d_attn = d_mid = d_e / H.

    As near as can be, d_e is what is asked for; but d_attn is never larger than is asked for.
    """
    d_attn = max(1, min(asked["d_attn"], asked["d_mid"], asked["d_e"] // asked["H"]))
    return {**asked, "d_attn": d_attn, "d_mid": d_attn, "d_e": asked["H"] * d_attn}


def of_instance(own: Sizes) -> Callable[[Sizes], Sizes]:
    """Return how the sizes of an instance stand in place of those that are asked for.

    A text is no longer than it can be.
    """

    def sizes(asked: Sizes) -> Sizes:
        found = {**asked, **own}
        for name in found:
            if name.startswith("length"):
                found[name] = min(found[name], found["ℓ_max"])
        return found

    return sizes


def split(d_e: int, H: int) -> Sizes:
    """Return the sizes of a stream that the heads divide."""
    return {"d_e": d_e, "H": H, "d_attn": d_e // H, "d_mid": d_e // H}
