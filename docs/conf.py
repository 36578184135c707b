"""Configuration of the pages."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE / "_ext")]

project = "formal-transformers"
author = "The formal-transformers authors"
copyright = author
extensions = ["paired", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
paired_mistakes = "mistakes"  # the folder of their pages, which are written by each build
exclude_patterns = ["_build", "_ext"]

default_role = "literal"  # `Mask[t_z, t_x]` in a docstring is code
nitpicky = True
nitpick_ignore_regex = [
    # The pages are built without a network, so nobody else's index is there to link to.
    (
        "py:.*",
        r"(numpy|np|jaxtyping|typing|collections|pathlib|rich|importlib|argparse|unittest)\..*",
    ),
]

autodoc_typehints = "none"  # the docstrings give shapes, shorter than "Float[A, '*batch …']" does
autodoc_preserve_defaults = True
autodoc_member_order = "bysource"
napoleon_google_docstring = False
napoleon_use_param = False
napoleon_use_rtype = False
add_module_names = True
python_maximum_signature_line_length = 80  # of a longer one each parameter has a row
python_use_unqualified_type_names = True

html_theme = "furo"
html_title = "formal-transformers"
html_static_path = ["_static"]
html_css_files = [
    "paired.css",
    "mistakes.css",
    "names-and-rungs.css",
    "architectures.css",
    "print.css",
    "costs.css",
    "numbers.css",
    "take-away.css",
    "stepper.css",
]
html_js_files = ["scrolling.js", "take-away.js", "stepper.js"]
html_favicon = "_static/favicon.svg"
html_search_scorer = str(HERE / "search_ranking.js")
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "github-dark"
html_theme_options = {
    "light_css_variables": {
        "color-brand-primary": "#0b5cad",
        "color-brand-content": "#0b5cad",
        "color-brand-visited": "#0b5cad",
        "color-background-border": "#e3e5e8",
        "color-code-background": "#f7f8fa",
        "alg-comment": "#515151",
        "alg-pointed": "#fff1c9",
        "alg-named": "#e6f0fb",
        "alg-wrong": "#b3261e",
        "alg-right": "#187633",
        "map-zero": "#f1f3f5",
        "map-ink": "#000",
        "map-ink-middle": "#000",
        "map-ink-full": "#fff",
        "map-plus": "#0b5cad",
        "map-minus": "#9a4300",
        "plot-brightness": "1",
    },
    "dark_css_variables": {
        "color-brand-primary": "#79b8ff",
        "color-brand-content": "#79b8ff",
        "color-brand-visited": "#79b8ff",
        "color-code-background": "#191c20",
        "alg-comment": "#a5adb6",  # read on each of the next two
        "alg-pointed": "#413615",
        "alg-named": "#1b3350",
        "alg-wrong": "#ff8a80",
        "alg-right": "#6fcf85",
        "map-zero": "#23272d",
        "map-ink": "#fff",
        "map-ink-middle": "#000",
        "map-ink-full": "#000",
        "map-plus": "#79b8ff",
        "map-minus": "#f0a35e",
        "plot-brightness": "1.6",
    },
}
