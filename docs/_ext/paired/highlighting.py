"""The style sheet that highlights a line and its code together: a rule for each line number."""

from sphinx.application import Sphinx

from spec.library import algorithms

NAME = "paired-lines.css"


def rules(lines: int) -> str:
    """Return the rules for lines 1 to `lines`.

    A line and its code carry the same number. When the pointer is on a part of a card, the
    keyboard's focus is in it, or the address names it, all parts with its number are highlighted.
    """
    parts = [f'[data-lines~="{number}"]' for number in range(1, lines + 1)]
    pointed = ",\n".join(f".alg:has({p}:is(:hover, :focus-within)) {p}" for p in parts)
    named = ",\n".join(f".alg:has({p}:target) {p}" for p in parts)
    return f"{named} {{ --lit: var(--alg-named) }}\n{pointed} {{ --lit: var(--alg-pointed) }}\n"


def setup(app: Sphinx) -> None:
    """Write the style sheet when a build begins, and have every page load it."""
    app.connect("builder-inited", _write)


def _write(app: Sphinx) -> None:
    if app.builder.format != "html":
        return
    longest = max(len(algorithm.lines) for algorithm in algorithms().values())
    folder = app.outdir / "_static"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / NAME).write_text(rules(longest), encoding="utf-8")
    app.add_css_file(NAME)
