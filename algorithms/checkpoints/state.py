"""A checkpoint's arrays by name, in the shapes of θ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic

from algorithms.paper.parameters import (
    AttentionParameters,
    MHAttentionParameters,
)
from algorithms.signatures.arrays import A, namespace


def in_layers(L: int, *names: str) -> tuple[str, ...]:
    """The names of some arrays in each layer.

    >>> from algorithms.checkpoints.state import in_layers
    >>> in_layers(2, "h.{}.bias")
    ('h.0.bias', 'h.1.bias')
    """
    return tuple(name.format(l) for name in names for l in range(L))


class State(Generic[A]):
    """The arrays whose names begin with a prefix.

    A weight of torch's `Linear` has a row for each output: it is
    the paper's W as it stands.
    """

    def __init__(
        self, reader: str, arrays: Mapping[str, A], prefix: str = ""
    ) -> None:
        if not isinstance(arrays, Mapping):
            raise TypeError(
                f"{reader}: arrays is of type "
                f"{type(arrays).__name__}, want a mapping of names"
            )
        self.reader, self.arrays = reader, arrays
        self.prefix = prefix
        self.read: set[str] = set()  # by all parts of the file

    def find(self, prefix: str, name: str) -> State[A]:
        """The arrays that share the prefix of array `name`.

        A model that was saved as part of another has a prefix, such
        as "transformer." or "module.", before all its names.
        """
        found = [
            key.removesuffix(name)
            for key in self.arrays
            if f".{key}".endswith(f".{name}")
        ]
        if len(found) > 1:
            raise KeyError(
                f"{self.reader}: several arrays are called {name}"
            )
        return self._part(found[0] if found else prefix)

    def under(self, prefix: str) -> State[A]:
        """The arrays of a part, `h.3`."""
        return self._part(f"{self.prefix}{prefix}.")

    def _part(self, prefix: str) -> State[A]:
        part = State(self.reader, self.arrays, prefix)
        part.read = self.read
        return part

    def __contains__(self, name: str) -> bool:
        return self.prefix + name in self.arrays

    def __getitem__(self, name: str) -> A:
        if name not in self:
            raise KeyError(
                f"{self.reader}: no array is called "
                f"{self.prefix}{name}"
            )
        self.read.add(self.prefix + name)
        return self.arrays[self.prefix + name]

    def get(self, name: str, default: A) -> A:
        """An array that a file may leave out."""
        self.read.add(self.prefix + name)
        return self.arrays.get(self.prefix + name, default)

    def refuse_unread(self, *besides: str) -> None:
        """Refuse arrays that have no place in θ.

        Those called `besides` are of other tasks, or computed; so
        are all of a part, "cls.".
        """
        parts = tuple(one for one in besides if one.endswith("."))
        for key in self.arrays:
            name = key.removeprefix(self.prefix)
            if not (
                key in self.read
                or not key.startswith(self.prefix)
                or name in besides
                or name.startswith(parts)
            ):
                raise ValueError(
                    f"{self.reader}: θ has no place for array {key}"
                )

    def pair(self, name: str) -> tuple[A, A]:
        """Weight and bias: W and b, or γ and β.

        γ and β are called so in the files of BERT of 2018.
        """
        if f"{name}.gamma" in self:
            return self[f"{name}.gamma"], self[f"{name}.beta"]
        return self[f"{name}.weight"], self[f"{name}.bias"]

    def count(self, name: str) -> int:
        """How many parts there are, `h.0`, `h.1`, …"""
        start = f"{self.prefix}{name}."
        return len(
            {
                key.removeprefix(start).partition(".")[0]
                for key in self.arrays
                if key.startswith(start)
            }
        )

    def linear(self, name: str) -> tuple[A, A]:
        """W and b: b is 0 where the file has none."""
        W = self[f"{name}.weight"]
        return W, self.get(f"{name}.bias", W[:, 0] * 0.0)

    def attention(
        self,
        q: str,
        k: str,
        v: str,
        o: str,
        *,
        H: int,
        offsets: bool = True,
    ) -> MHAttentionParameters[A]:
        """W of Algorithm 5 from four linear maps.

        With `offsets=False` a file may have some and not others.
        """
        pair = self.pair if offsets else self.linear
        (W_q, b_q), (W_k, b_k), (W_v, b_v) = (
            (self.split(W, H), self.split(b, H))
            for W, b in map(pair, (q, k, v))
        )
        W_qkv = AttentionParameters(W_q, b_q, W_k, b_k, W_v, b_v)
        return MHAttentionParameters(W_qkv, *pair(o))

    def groups(self, kind: str, H: int) -> tuple[A, A, A]:
        """Queries, keys and values, a group to each head of keys.

        Rows of weights or of biases, of which the queries have
        H heads.
        """
        q, k, v = (self[f"{name}_proj.{kind}"] for name in "qkv")
        q = self.split(q, H)
        d_attn, rows = q.shape[1], k.shape[0]
        H_kv = rows // d_attn
        if H_kv < 1 or rows % d_attn or H % H_kv:
            raise ValueError(
                f"{self.reader}: {rows} rows of keys do not make "
                f"heads of {d_attn} rows that H={H} heads share"
            )
        q, k, v = (self.split(rows, H_kv) for rows in (q, k, v))
        return q, k, v

    def split(self, rows: A, H: int) -> A:
        """The rows of all heads, with an axis for the heads."""
        n, *rest = rows.shape
        if H < 1 or n % H:
            raise ValueError(
                f"{self.reader}: {n} rows do not make H={H} heads"
            )
        return namespace(rows).reshape(rows, (H, n // H, *rest))
