"""Which rows of the stream hold what a program knows of a token."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: Weights of programs are NumPy's; `theta.map` gives another's.
Matrix = NDArray[np.float64]

#: A score or a logit that is so much larger leaves nothing for
#: others: exp(−746) is 0 in float64.
SHARP = 2000.0


@dataclass(frozen=True)
class Features:
    """What is known of a token: bits, in pairs of rows.

    A bit b has a row that is 1 where it is true and a row that is 1
    where it is false, so half of a column is high and half is low,
    whatever it says. Then its mean and its variance are exact, and
    layer norm makes 1 of what is high and −1 of what is low, to the
    last bit. A feature may also be a share, anything from 0 to 1.

    Attributes
    ----------
    low : float
        What stands for false: 0, or −1, which layer norm leaves as
        it is. Algorithm 9, whose norms are on the stream, has −1.
    bits : mapping
        How many bits each has. `one`, always true, is added.
    """

    low: float
    bits: Mapping[str, int]

    @property
    def pairs(self) -> int:
        """Half as many as there are rows: d_e is twice this."""
        return 1 + sum(self.bits.values())

    def rows(self, name: str) -> slice:
        """Rows where a feature is high when true."""
        first = 0
        for other, bits in {"one": 1, **self.bits}.items():
            if other == name:
                return slice(first, first + bits)
            first += bits
        raise KeyError(name)

    def read(self, name: str) -> Matrix:
        """A matrix that makes 1 or 0 of a feature: (bits, d_e).

        After a norm that is. Where there are shares, the norm gives
        larger numbers than 1, and everything that is read has the
        same factor: so sums of what is read keep their sign.
        """
        chosen = np.eye(self.pairs)[self.rows(name)] + np.eye(
            1, self.pairs
        )
        return np.hstack([chosen, -chosen]) / 4

    def write(self, name: str) -> Matrix:
        """A matrix that makes a feature true: (d_e, bits)."""
        chosen = np.eye(self.pairs)[:, self.rows(name)]
        return np.vstack([chosen, -chosen]) * (1 - self.low)

    def column(self, name: str, values: Matrix) -> Matrix:
        """Values of a feature as it starts: (d_e, columns).

        The rows of all other features are 0.
        """
        high = np.zeros((self.pairs, values.shape[1]))
        opposite = high.copy()
        high[self.rows(name)] = self.coded(values)
        opposite[self.rows(name)] = self.coded(1 - values)
        return np.vstack([high, opposite])

    def coded(self, values: Matrix) -> Matrix:
        """1 stays 1, and 0 becomes what stands for false."""
        return self.low + (1 - self.low) * values
