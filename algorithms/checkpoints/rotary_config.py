"""What a config.json says of rotary positions: ω, scaled or not."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from algorithms.checkpoints.llama import (
    linear_scaling,
    llama3_scaling,
)
from algorithms.checkpoints.model_config import Config, shown
from algorithms.extensions.rotary import rotary_frequencies

#: More rows of a head are a mistake, or an attack: ω is made.
MOST_ROWS = 2**14

#: The fields that each kind of scaling has besides its base.
KINDS = {
    "default": (),
    "linear": ("factor",),
    "llama3": (
        "factor",
        "low_freq_factor",
        "high_freq_factor",
        "original_max_position_embeddings",
    ),
}
_OF_ALL = (
    "rope_theta",
    "rope_type",
    "type",
    "partial_rotary_factor",
)


def rotary(
    config: Config,
    d_attn: int,
    *,
    base: str = "rope_theta",
    part: str = "partial_rotary_factor",
    least: float = 1.0,
) -> tuple[NDArray[np.float64], str]:
    """ω, and in words how it is scaled: "" if it is not.

    `base` and `part` are the fields of older files, `least` is how
    large a part of a head's rows turns where nothing says so.
    """
    if d_attn > MOST_ROWS:
        config.refuse(
            f"a head has {d_attn} rows, want at most {MOST_ROWS}"
        )
    rope = _scaling(config)
    kind = rope.value("rope_type", rope.value("type", "default"))
    if not isinstance(kind, str) or kind not in KINDS:
        rope.refuse(
            f"rope_type is {shown(kind)}, which is not computed: "
            f"want one of {', '.join(KINDS)}"
        )
    rope.absent(*{*rope.fields} - {*_OF_ALL, *KINDS[kind]})
    Omega = rope.number("rope_theta", config.number(base, 1e4))
    if Omega < 1:
        rope.refuse(f"rope_theta is {Omega}, want 1 or more")
    share = rope.number(
        "partial_rotary_factor", config.number(part, least)
    )
    d_rot, odd = divmod(int(d_attn * min(share, 2.0)), 2)
    if odd or not 0 < 2 * d_rot <= d_attn:
        rope.refuse(
            f"partial_rotary_factor is {share}, which makes no "
            f"pairs of a head's {d_attn} rows"
        )
    omega: Any = rotary_frequencies(np.array(Omega), d_rot=d_rot)
    if kind == "default":
        return omega, ""
    factor = rope.number("factor")
    if factor < 1:
        rope.refuse(f"factor is {factor}, want 1 or more")
    if kind == "linear":
        omega = linear_scaling(omega, factor=factor)
        return omega, f"ω is divided by {factor:g} (linear)"
    low = rope.number("low_freq_factor")
    high = rope.number("high_freq_factor")
    ell_max = rope.size("original_max_position_embeddings")
    if low >= high:
        rope.refuse(
            f"low_freq_factor is {low}, "
            f"want less than high_freq_factor={high}"
        )
    omega = llama3_scaling(
        omega, factor=factor, low=low, high=high, ell_max=ell_max
    )
    return omega, (
        f"what turns slowly turns {factor:g} times slower (llama3: "
        f"{low:g}, {high:g}, {ell_max})"
    )


def _scaling(config: Config) -> Config:
    found = [
        name
        for name in ("rope_parameters", "rope_scaling")
        if config.fields.get(name) is not None
    ]
    if len(found) > 1:
        config.refuse(f"has both {found[0]} and {found[1]}")
    if not found:
        return Config({}, config.where)
    (name,) = found
    return Config(config.fields[name], f"{config.where}: {name}")
