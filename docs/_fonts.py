"""Cuts the pages' two fonts out of STIX Two Math, for `_static`.

    npm pack @fontsource/stix-two-math && tar -xf fontsource-stix-two-math-*.tgz
    pip install fonttools brotli
    python docs/_fonts.py package/files/stix-two-math-latin-400-normal.woff2

`math.woff` has the letters and signs of the pseudocode, with what a browser needs to set formulas.
`math-italic.woff` has its italic letters in the place of the upright ones, for symbols in prose.
Both are under the licence of the original, `math-LICENSE.txt`.
"""

from __future__ import annotations

import string
import sys
import unicodedata
from pathlib import Path

from fontTools import subset
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont

STATIC = Path(__file__).parent / "_static"

GREEK = [chr(code) for code in range(0x391, 0x3CA) if unicodedata.name(chr(code), "")]
PLAIN = [*string.ascii_letters, *string.digits, *string.punctuation, " ", "\u00a0", *GREEK]
SIGNS = "¹²³ᵀ←≡≤≥≠∝∈∞…∀¬∧∨∇⊙−·×∗∑√′⟦⟧ℓℝℕˆ˜¯\u2061\u2062"

# The italic letters have code points of their own, which a browser takes for an `<mi>` of one
# letter; that of h is older than the rest. Those of ϑ and other variants are left out.
BLOCKS = (range(0x1D434, 0x1D468), range(0x1D6E2, 0x1D6F3), range(0x1D6F4, 0x1D715), (0x210E,))
ITALIC = {
    unicodedata.normalize("NFKC", chr(code)): chr(code)
    for block in BLOCKS
    for code in block
    if unicodedata.name(chr(code), "")
}


def cut(path: str, characters: list[str]) -> TTFont:
    """Read the font and leave these characters in it."""
    font = TTFont(path, recalcTimestamp=False)
    draw_transposed(font)
    options = subset.Options()
    options.layout_features = []
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]
    options.hinting = False
    cutter = subset.Subsetter(options)
    cutter.populate(text="".join(characters))
    math = font["MATH"].table
    math.MathConstants.AccentBaseHeight.Value -= 40  # at the size of text, they touch the letter
    variants = math.MathVariants
    for kind in ("Vert", "Horiz"):
        # A browser leaves room beside a sign for its widest variant, which shows after a root.
        # Nothing in the pseudocode is tall, so each sign keeps one size.
        for construction in getattr(variants, f"{kind}GlyphConstruction"):
            construction.MathGlyphVariantRecord = construction.MathGlyphVariantRecord[:1]
            construction.VariantCount = 1
            construction.GlyphAssembly = None
    cutter.subset(font)
    return font


def draw_transposed(font: TTFont) -> None:
    """Draw `ᵀ`, which the original lacks: its T, as small and as high as its `²`."""
    small, high = 0.7, 280
    pen = TTGlyphPen(font.getGlyphSet())
    pen.addComponent("T", (small, 0, 0, small, 0, high))
    font["glyf"]["transposed"] = pen.glyph()
    font["hmtx"]["transposed"] = tuple(round(small * number) for number in font["hmtx"]["T"])
    for table in font["cmap"].tables:
        if table.isUnicode():
            table.cmap[ord("ᵀ")] = "transposed"


def main(path: str) -> None:
    """Write both fonts."""
    upright = cut(path, [*PLAIN, *SIGNS, *ITALIC.values()])
    slanted = cut(path, [*ITALIC.values(), *"ℓ'\u0302\u0303\u0304"])
    for table in slanted["cmap"].tables:
        for letter, italic in ITALIC.items():
            if ord(italic) in table.cmap:
                table.cmap[ord(letter)] = table.cmap.pop(ord(italic))
    del slanted["MATH"]
    for name, font in {"math": upright, "math-italic": slanted}.items():
        font.flavor = "woff"  # WOFF 2 is a fifth smaller, and no test could read it
        target = STATIC / f"{name}.woff"
        font.save(target)
        print(f"{target.name}: {target.stat().st_size} bytes")  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
