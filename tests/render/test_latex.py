"""Does LaTeX say all that the tree says, with no more than amsmath and amssymb?"""

import re
import unicodedata
from collections import Counter

import pytest
from helpers.trees import all_rows, expression, line, operation_trees
from hypothesis import given

from spec.language.plain_text import text
from spec.language.tree import Node
from spec.render.latex import english, latex
from spec.render.mathml import Formula, units

# The commands of LaTeX that are used, and what they stand for: no more than amsmath, amssymb.
SIGNS = r"""
    \gets ← \equiv ≡ \le ≤ \ne ≠ \land ∧ \lor ∨ \in ∈ \propto ∝ \forall ∀ \neg ¬ \nabla ∇ \sum Σ
    \cdot · \odot ⊙ \times × \mid | \dots … \infty ∞ \sqrt √ \surd √ \ell ℓ \tilde ◌̃ \hat ◌̂
    \bar ◌̄ \_ _ \{ { \} }
""".replace("◌", "").split()
COMMANDS = dict(zip(SIGNS[::2], SIGNS[1::2], strict=True)) | dict.fromkeys(
    (r"\mathrm", r"\mathsf", r"\mathbb", r"\textbf", r"\,", r"\!"), ""
)
GREEK = {
    f"\\{unicodedata.name(letter).split()[-1].lower()}": letter
    for letter in "αβγδζηθικμνξπρστυφχψω"
} | {r"\varepsilon": "ε", r"\lambda": "λ", r"\Delta": "Δ", r"\Theta": "Θ", r"\Omega": "Ω"}

NODES = [node for _, node in all_rows()]


@given(operation_trees)
def test_latex_has_the_brackets_of_mathml(node: Node) -> None:
    formulas = [piece for unit in units(node) for piece in unit if isinstance(piece, Formula)]
    printed = "".join(formula.markup for formula in formulas)
    assert Counter(re.findall("[()]", latex(node))) == Counter(re.findall("[()](?=</mo>)", printed))


@pytest.mark.parametrize(
    ("written", "tex"),
    [
        ("(a + b) c", r"$(a+b)\,c$"),
        ("a + b c", r"$a+b\,c$"),
        ("0_{d_out×ℓ}", r"$0_{d_{\mathrm{out}}\times \ell}$"),
        ("max(S[:, t])", r"$\mathrm{max}(S[{:},\,t])$"),
        ("√(a + b)", r"$\sqrt{a+b}$"),
        ("−(a + b)", r"${-}(a+b)$"),
        ("log (a + b)", r"$\mathrm{log}\,(a+b)$"),
        ("(a b)ᵀ", r"$(a\,b)^{\mathsf{T}}$"),
        ("qᵀ k_t", r"$q^{\mathsf{T}}\,k_{t}$"),
        ("Y^hᵀ", r"$(Y^{h})^{\mathsf{T}}$"),
        ("q_tᵀ", r"$q_{t}^{\mathsf{T}}$"),
        ("(e[i] − m)²", r"$(e[i]-m)^{2}$"),
        ("x[t+1 : t+n]", r"$x[t{+}1:t{+}n]$"),
        ("θ̂'", r"$\hat{\theta}'$"),
        ("ℓ_max", r"$\ell_{\mathrm{max}}$"),
        ("mask_token", r"$\mathrm{mask\_token}$"),
        ("f_t(x)", r"$f_{t}(x)$"),
        ("xᵀ²", r"$(x^{\mathsf{T}})^{2}$"),
        ("Σ_{t=1}^{ℓ−1} a", r"$\sum_{t{=}1}^{\ell {-}1}\,a$"),
    ],
)
def test_an_expression_in_latex(written: str, tex: str) -> None:
    assert latex(expression(written)) == tex


@pytest.mark.parametrize(
    ("id", "number", "tex"),
    [
        ("4", 4, r"$S\gets K^{\mathsf{T}}\,Q$"),
        ("5", 3, r"$Y\gets [Y^{1};\,Y^{2};\,\dots ;\,Y^{H}]$"),
        ("12", 7, r"$\tilde{T}\gets \{t\in [\ell ]:\tilde{x}_{n}[t]=\mathrm{mask\_token}\}$"),
        ("14", 5, r"\textbf{sample a token} $y$ \textbf{from} $q\propto p^{1{/}\tau}$"),
        ("11", 7, r"\textbf{end}"),
    ],
)
def test_a_line_in_latex(id: str, number: int, tex: str) -> None:
    assert latex(line(id, number)) == tex


def letters(text: str) -> Counter[str]:
    """Count letters and signs, those apart that print shows otherwise."""
    text = unicodedata.normalize("NFKD", text).replace("−", "-")
    return Counter(re.sub(r"[\s^_{}()$~]", "", text))


def spelt(tex: str) -> str:
    tex = re.sub(r"\[\\!\[|\]\\!\]", lambda match: "⟦⟧"[match[0][0] == "]"], tex)
    return re.sub(r"\\(?:[a-zA-Z]+|.)", lambda match: (COMMANDS | GREEK)[match[0]], tex)


def test_latex_has_every_letter_and_sign_of_the_text() -> None:
    for node in NODES:
        assert letters(spelt(latex(node))) == letters(text(node)), latex(node)


def test_latex_uses_the_commands_that_are_known_and_all_of_them() -> None:
    used = {cmd for node in NODES for cmd in re.findall(r"\\(?:[a-zA-Z]+|.)", latex(node))}
    assert used - GREEK.keys() == COMMANDS.keys() - {r"\surd"}


@pytest.mark.parametrize(
    ("written", "tex"),
    [
        ("100 % of {x_1} & θ ≤ ℓ", r"100 \% of \{$x_{1}$\} \& $\theta$ $\le$ $\ell$"),
        ("— # $ ~ ^ \\", r"--- \# \$ \textasciitilde{} \textasciicircum{} \textbackslash{}"),
        ("√v, ᵀ", r"$\surd$$v$, $^{\mathsf{T}}$"),
        (
            "a column of Z̄, and I see W^l_mlp1",
            r"a column of $\bar{Z}$, and I see $W_{\mathrm{mlp1}}^{l}$",
        ),
        ("BERT's bos_token of T5", r"BERT's bos\_token of T5"),
        ("O(n²) is 10⁻⁶", "$O$($n^{2}$) is 10$^{-}$$^{6}$"),
        ("if x_{", r"if $x$\_\{"),
        ("2^{−8/H} ≤ r^κ", r"2\textsuperscript{$-$8/$H$} $\le$ $r$\textsuperscript{$\kappa$}"),
        ("ℓ_max^{2i/d_e}", r"$\ell$\textsubscript{max}\textsuperscript{2i/$d_{e}$}"),
    ],
)
def test_symbols_in_a_sentence_are_formulas(written: str, tex: str) -> None:
    assert english(written) == tex
