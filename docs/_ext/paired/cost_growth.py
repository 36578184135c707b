"""How the cost of an algorithm grows with the length ℓ: its powers of ℓ, and a plot of them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from spec.language.polynomials import Atom, Poly

from .cost_at_sizes import AtSizes

WIDTH, HEIGHT = 340, 200
LEFT, RIGHT, TOP, BOTTOM = 34, 26, 8, 22
#: The lengths from which and to which a plot goes, and those that it names.
ENDS = (64, 65536)
MARKS = (64, 1024, 4096, 65536)
#: How far below the highest point of a plot its lowest is, at most.
_RANGE = 1e9

_ELL = Atom("ℓ")
_POWERS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Growth:
    """A number of operations or of numbers, as a polynomial in ℓ.

    `factors` are those of its powers, from the constant on.
    """

    what: str
    factors: tuple[Fraction, ...]

    @property
    def highest(self) -> int:
        """The highest power."""
        return len(self.factors) - 1

    @property
    def written(self) -> str:
        """The polynomial, from its highest power on."""
        terms = ""
        for power, factor in sorted(enumerate(self.factors), reverse=True):
            if not factor:
                continue
            number = _number(abs(factor))
            letter = f"ℓ{_raised(power)}" if power else ""
            shown = letter if letter and number == "1" else f"{number} {letter}".strip()
            sign = " − " if factor < 0 else " + "
            terms += f"{sign if terms or factor < 0 else ''}{shown}"
        return terms.strip() or "0"

    @property
    def overtakes(self) -> int | None:
        """From which ℓ on the highest power is more than all others together, if there is one."""
        highest, low, high = self.highest, 1, 2**40
        if highest < 1 or not any(self.factors[:-1]):
            return None

        def more(length: int) -> bool:
            rest = sum(factor * length**n for n, factor in enumerate(self.factors[:-1]))
            return bool(self.factors[highest] * length**highest > rest)

        if not more(high):
            return None
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if more(middle) else (middle + 1, high)
        return low


def growths(at: Sequence[AtSizes]) -> list[Growth]:
    """Return how operations and memory grow, of costs at two lengths and otherwise equal sizes."""
    if len(at) < 2:
        return []
    shorter, longer = at
    assert shorter.length is not None
    assert longer.length is not None
    sizes = {
        Atom(name): _line((shorter.length, shorter.sizes[name]), (longer.length, size))
        for name, size in longer.sizes.items()
    }
    kinds = longer.cost.total.kinds
    products = kinds.get("multiply-add")
    operations = sum(kinds.values(), Poly.of(0)) if products is None else products
    most = max(longer.cost.peaks, key=lambda peak: peak.value(longer.sizes))
    found = (
        _growth("Operations" if products is None else "Multiply-adds", operations, sizes),
        _growth("Numbers in memory", most.numbers, sizes),
    )
    return [growth for growth in found if growth.highest > 0]


def _line(first: tuple[int, int], second: tuple[int, int]) -> Poly:
    """Return the size that has a value at each of two lengths, as a line through both."""
    slope = Fraction(second[1] - first[1], second[0] - first[0])
    return Poly.of(_ELL) * slope + Poly.of(first[1] - slope * first[0])


def _growth(what: str, size: Poly, sizes: Mapping[Atom, Poly]) -> Growth:
    named = {atom: sizes[Atom(atom.name)] for atom in size.atoms}
    factors = [Fraction(part.terms.get((), 0)) for part in size.replace(named).coefficients(_ELL)]
    while factors and not factors[-1]:
        factors.pop()
    return Growth(what, tuple(factors))


def svg(growth: Growth, title: str) -> str:
    """Draw each power of ℓ as a line; both axes are logarithmic, so that it is straight."""
    high = max(_at(growth, power, ENDS[1]) for power in range(growth.highest + 1))
    most = max(_at(growth, power, ENDS[0]) for power in range(growth.highest + 1))
    low = max(most / 100, high / _RANGE)

    def place(length: float, number: float) -> tuple[float, float]:
        right = math.log(length / ENDS[0]) / math.log(ENDS[1] / ENDS[0])
        up = math.log(number / low) / math.log(high / low)
        return LEFT + right * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM)

    parts = []
    for length in MARKS:
        x, _ = place(length, low)
        parts.append(f'<path class="grid" d="M{x:.0f} {TOP}V{HEIGHT - BOTTOM}"/>')
        parts.append(f'<text class="length" x="{x:.0f}" y="{HEIGHT - 6}">{length:,}</text>')
    step = max(1, round(math.log10(high / low) / 4))
    for power in range(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1):
        if power % step == 0:
            _, y = place(ENDS[0], 10.0**power)
            parts.append(f'<path class="grid" d="M{LEFT} {y:.0f}H{WIDTH - RIGHT}"/>')
            count = f"10{_raised(power, one=True)}"
            parts.append(f'<text class="count" x="{LEFT - 4}" y="{y + 4:.0f}">{count}</text>')
    names: list[tuple[float, int]] = []
    for power, factor in enumerate(growth.factors):
        if factor <= 0 or _at(growth, power, ENDS[1]) < low:
            continue
        first = max(ENDS[0], (low / float(factor)) ** (1 / power) if power else ENDS[0])
        (x0, y0), (x1, y1) = (
            place(first, _at(growth, power, first)),
            place(ENDS[1], _at(growth, power, ENDS[1])),
        )
        parts.append(f'<path class="power p{power % 4}" d="M{x0:.1f} {y0:.1f}L{x1:.1f} {y1:.1f}"/>')
        names.append((y1 + 4, power))
    below = float(HEIGHT)
    for y, power in sorted(names, reverse=True):
        y, name = min(y, below - 13), f"ℓ{_raised(power)}" if power else "1"
        below = y
        parts.append(
            f'<text class="p{power % 4}" x="{WIDTH - RIGHT + 5}" y="{y:.0f}">{name}</text>'
        )
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img"><title>{title}</title>'
        f"{''.join(parts)}</svg>"
    )


def _at(growth: Growth, power: int, length: float) -> float:
    return float(growth.factors[power]) * length**power


def _raised(power: int, *, one: bool = False) -> str:
    return "" if power == 1 and not one else str(power).translate(_POWERS)


def _number(number: Fraction) -> str:
    return f"{number.numerator:,}" + (f"/{number.denominator:,}" if number.denominator > 1 else "")
