"""A model's config.json, field by field, each held to its type."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

from algorithms.checkpoints.activations import GELU_tanh
from algorithms.extensions.silu import SiLU
from algorithms.paper.notation import GELU, ReLU

#: Hugging Face's names of what the functions compute.
ACTIVATIONS: Mapping[str, Callable[..., Any]] = {
    "gelu": GELU,
    "gelu_python": GELU,
    "gelu_fast": GELU_tanh,
    "gelu_new": GELU_tanh,
    "gelu_pytorch_tanh": GELU_tanh,
    "relu": ReLU,
    "silu": SiLU,
    "swish": SiLU,
}

#: More tokens, rows or layers are a mistake, or an attack.
MOST = 2**24
MOST_LAYERS = 2**12


class Config:
    """The fields of a config.json, or of a part of it.

    What is missing has the default of Hugging Face's class, or is
    refused; so is null, which says as little, but of a number.
    """

    def __init__(self, fields: Any, where: str) -> None:
        self.where = where
        if not isinstance(fields, dict):
            self.refuse(f"is {shown(fields)}, want an object")
        self.fields: Mapping[str, Any] = fields

    def refuse(self, why: str) -> NoReturn:
        """One line: the file, and what it says that cannot be."""
        raise ValueError(f"{self.where}: {why}")

    def value(self, name: str, default: Any = None) -> Any:
        """A field of any type."""
        value = self.fields.get(name)
        value = default if value is None else value
        if value is None:
            self.refuse(f"has no {name}")
        return value

    def size(
        self,
        name: str,
        default: int | None = None,
        *,
        most: int = MOST,
    ) -> int:
        """A whole number, 1 … most."""
        size = self.value(name, default)
        if type(size) is not int or not 1 <= size <= most:
            self.refuse(
                f"{name} is {shown(size)}, "
                f"want a whole number, 1 … {most}"
            )
        return size

    def layers(self, name: str) -> int:
        """How many layers there are."""
        return self.size(name, most=MOST_LAYERS)

    def number(
        self, name: str, default: float | None = None
    ) -> float:
        """A finite number, 0 or more; null is none."""
        if name in self.fields:
            number = self.fields[name]
        else:
            number = self.value(name, default)
        if type(number) not in (int, float) or not (
            0 <= number <= sys.float_info.max
        ):
            self.refuse(
                f"{name} is {shown(number)}, "
                "want a number, 0 or more"
            )
        return float(number)

    def flag(self, name: str, default: bool) -> bool:
        """True or false."""
        flag = self.value(name, default)
        if type(flag) is not bool:
            self.refuse(
                f"{name} is {shown(flag)}, want true or false"
            )
        return flag

    def activation(
        self, name: str, default: str
    ) -> Callable[..., Any]:
        """The activation of the hidden layers."""
        word = self.value(name, default)
        if not isinstance(word, str) or word not in ACTIVATIONS:
            self.refuse(
                f"{name} is {shown(word)}, which is not computed: "
                f"want one of {', '.join(ACTIVATIONS)}"
            )
        return ACTIVATIONS[word]

    def computed(self, **only: Any) -> None:
        """Refuse a field that is there with any other value.

        The value is the one that the functions compute.
        """
        for name, want in only.items():
            value = self.value(name, want)
            if type(value) is not type(want) or value != want:
                self.refuse(
                    f"{name} is {shown(value)}, which is not "
                    f"computed: want {json.dumps(want)}"
                )

    def absent(self, *names: str) -> None:
        """Refuse fields that ask for what is not computed."""
        for name in names:
            if (value := self.fields.get(name)) is not None:
                self.refuse(
                    f"{name} is {shown(value)}, which is not "
                    "computed: want none"
                )

    def rows_of_a_head(
        self, rows: str, heads: str, d: int, H: int
    ) -> int:
        """How many of a model's rows each of its heads has."""
        if d % H:
            self.refuse(
                f"{heads} is {H}, which does not divide {rows}={d}"
            )
        return d // H


def read_json(path: Path) -> Any:
    """What a JSON file holds; one line if it is none."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f"load: {path}: is not JSON ({error})"
        ) from None


def written(fields: Any, where: str) -> str:
    """The text of a config.json."""
    try:
        return json.dumps(fields, indent=2)
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(
            f"{where}: is not JSON ({error})"
        ) from None


def shown(value: Any) -> str:
    """A value in one short line, as the file has it."""
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):  # of no file
        text = repr(value)
    text = text if text.isprintable() else ascii(text)
    return text if len(text) <= 60 else f"{text[:57]}..."
