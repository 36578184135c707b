"""Are the shapes in the annotations those that the pseudocode declares?"""

from collections.abc import Mapping
from typing import Any

import pytest
from helpers.declared_shapes import Declared, declared_by, differences, wanted
from helpers.paper import PAPER
from jaxtyping import Float

from algorithms.signatures.arrays import A
from spec.language import alg_file, parse
from spec.language.checked import declarations
from spec.library import programs
from spec.pairing import implementations

OURS = implementations("algorithms")
HEADERS = declarations(programs())

# Names that are not the paper's, in its order.
NAMES = {
    "3": {
        "e_t": "E",  # the columns e_1, …, e_T
        "W_q": "W_qkv.W_q",  # the six are those of Algorithm 4
        "W_k": "W_qkv.W_k",
        "b_q": "W_qkv.b_q",
        "b_k": "W_qkv.b_k",
        "W_v": "W_qkv.W_v",
        "b_v": "W_qkv.b_v",
    }
}

NONE = "the spec has none"
NOT_REQUIRED = "the spec does not require it"

# What differs: in which algorithms, what, how, and why.
LISTED = [
    ("8 9 10 11 12 13 14 15", "eps", NONE, "Algorithm 6's ε, handed on"),
    ("8 9 10 11 12 13 14 15", "activation", NONE, "ReLU or GELU unless another is given"),
    ("9 10", "padding", NONE, "which tokens only fill up a batch; the paper has no batch"),
    ("8", "padding_x", NONE, "the same, of x"),
    ("8", "padding_z", NONE, "the same, of z"),
    ("12 14 15", "rng", NONE, "where random numbers come from"),
    ("11 12 13", "value_and_gradient", NONE, "how ∇loss(θ) is found; the paper does not say (A13)"),
    ("15", "ell_gen", NONE, "an end to a loop that has none in the paper (A5)"),
    (
        "14",
        "return",
        "the spec declares a sequence of length(y) tokens, DInference has integer ell_gen",
        "V* leaves open what line 8 tells: as many tokens as ℓ_gen",
    ),
    ("6 8 9 10 11 12 13 14 15", "eps >= 0", NOT_REQUIRED, "or √(v + ε) might have no value"),
    ("14", "τ ∈ (0, ∞)", "DInference does not require it", "0 and ∞ have their limits"),
    ("15", "τ ∈ (0, ∞)", "EDInference does not require it", "0 and ∞ have their limits"),
    ("14 15", "tau >= 0", NOT_REQUIRED, "0 and ∞ have their limits"),
    ("14", "ell <= ell_max", NOT_REQUIRED, "follows but where ℓ_gen = 0"),
    ("15", "ell_gen >= 0", NOT_REQUIRED, "ell_gen is ours"),
    ("15", "ell_gen <= ell_max", NOT_REQUIRED, "ell_gen is ours"),
]


def have(id: str, lines: Mapping[str, str | None] = {}, **others: Any) -> Declared:
    """What a function declares, but for some lines, or what it requires; None takes one away."""
    declared = declared_by(OURS[id], NAMES.get(id, {}))
    shapes = {**declared.shapes, **lines}
    shapes = {path: line for path, line in shapes.items() if line is not None}
    return declared._replace(shapes=shapes, **others)


def found(id: str, function: Declared | None = None) -> set[str]:
    """Every difference of a function from an algorithm."""
    return differences(programs()[id], HEADERS, function or have(id))


def listed(id: str) -> set[str]:
    """What is listed of an algorithm; of one of ours, all that may be added to any algorithm."""
    return {
        f"Algorithm {id}, {name}: {how}"
        for ids, name, how, _ in LISTED
        if id in ids.split() or (id not in PAPER and how in (NONE, NOT_REQUIRED))
    }


def test_every_algorithm_of_the_paper_is_compared() -> None:
    assert set(PAPER) <= OURS.keys() <= HEADERS.keys()


@pytest.mark.parametrize("id", OURS)
def test_nothing_differs_but_what_is_listed(id: str) -> None:
    assert found(id) == listed(id) if id in PAPER else found(id) <= listed(id)


def test_what_is_listed_has_a_reason() -> None:
    assert all(reason for *_, reason in LISTED)


def test_the_sizes_of_a_part_are_those_of_what_it_is_in() -> None:
    assert declared_by(OURS["10"], {}).shapes["theta.layers[L].W.W_qkv.W_q"] == "float H d_attn d_e"
    want = wanted(HEADERS["10"], HEADERS)["theta[L].W.W_qkv.W_q"]
    assert (want.text, str(want.axes)) == ("H times d_attn×d_e", "(H, d_attn, d_e)")


def test_the_parts_of_theta_stand_in_the_order_of_the_pseudocode() -> None:
    paths = list(wanted(HEADERS["8"], HEADERS))
    assert paths[:4] == ["z", "x", "theta.W_e", "theta.W_p"]
    assert paths[4] == "theta[L_enc].W_enc.W_qkv.W_q"
    assert paths[-2:] == ["theta.W_u", "return"]


# Planted: the function is wrong.

#: The algorithm, the lines that are wrong, and all that is said.
WRONG = {
    "a shape is swapped": ("4", {"W_qkv.W_q": "float *#batch d_x d_attn"},
        ["W_qkv.W_q: the spec declares d_attn×d_x, Attention has float *#batch d_x d_attn"]),
    "a shape is swapped deep inside": ("10", {"theta.layers[L].W_mlp1": "float d_e d_mlp"},
        ["theta.layers[L].W_mlp1: the spec declares d_mlp×d_e, DTransformer has float d_e d_mlp"]),
    "a vector is a matrix": ("10", {"theta.layers[L].gamma1": "float d_e 1"},
        ["theta.layers[L].gamma1: the spec declares d_e×1, DTransformer has float d_e 1"]),
    "the result is transposed": ("10", {"return": "float *batch ell N_V"},
        ["return: the spec declares N_V×length(x), DTransformer has float *batch ell N_V"]),
    "a sum of heads stands for their stack": ("5", {"W.W_o": "float d_out H+d_mid"},
        ["W.W_o: the spec declares d_out×H d_mid, MHAttention has float d_out H+d_mid"]),
    "a field is missing": ("10", {"theta.layers[L].beta2": None},
        ["theta[L].beta2: the spec declares d_e×1, DTransformer has none"]),
    "a field is too much": ("4", {"W_qkv.b_o": "float d_out"}, ["W_qkv.b_o: the spec has none"]),
    "layers are there twice": ("10", {"theta.more[L].gamma1": "float d_e"},
        ["theta.more[L].gamma1: the spec has none"]),
    "an argument is missing": ("4", {"Mask": None},
        ["Mask: the spec declares ℓ_z×ℓ_x, of 0 and 1, Attention has none"]),
    "an argument has another name": ("7", {"e": None, "X": "float *batch d_e ell"},
        ["e: the spec declares d_e×1, unembedding has none", "X: the spec has none"]),
    "a size is another's": ("5", {"W.W_qkv.W_v": "float H d_attn d_z"},
        ["W.W_qkv.W_v: the spec declares H times d_mid×d_z, MHAttention has float H d_attn d_z"]),
    "heads are not stacked": ("5", {"W.W_qkv.W_q": "float *#batch d_attn d_x"},
        [("W.W_qkv.W_q: the spec declares H times d_attn×d_x, "
         "MHAttention has float *#batch d_attn d_x")]),
    "axes are not named": ("9", {"x": "integer ... ell"},
        ["x: the spec declares a sequence of length(x) tokens, ETransformer has integer ... ell",
         "return: the spec declares N_V×length(x), ETransformer has float *batch N_V ell",
         "length(x) ≤ ℓ_max: ETransformer does not require it",
         "ell <= ell_max: the spec does not require it"]),
    "the kind of tokens is wrong": ("9", {"x": "float *batch ell"},
        ["x: the spec declares a sequence of length(x) tokens, ETransformer has float *batch ell"]),
    "the kind of a mask is wrong": ("4", {"Mask": "float *#batch ell_z ell_x"},
        ["Mask: the spec declares ℓ_z×ℓ_x, of 0 and 1, Attention has float *#batch ell_z ell_x"]),
    "the kind of a parameter is wrong": ("7", {"W_u": "integer N_V d_e"},
        ["W_u: the spec declares N_V×d_e, unembedding has integer N_V d_e"]),
    "the kind of a number is wrong": ("13", {"N_epochs": "float"},
        ["N_epochs: the spec declares the number N_epochs, DTraining has float"]),
    "tokens are below another size": ("1", {"v": "integer<d_e *batch ell"},
        ["v: the spec declares one of 1 … N_V, token_embedding has integer<d_e *batch ell"]),
    "tokens are below nothing": ("1", {"v": "integer *batch ell"},
        ["v: the spec declares one of 1 … N_V, token_embedding has integer *batch ell"]),
    "a batch leads parameters": ("7", {"W_u": "float *batch N_V d_e"},
        ["W_u: the spec declares N_V×d_e, unembedding has float *batch N_V d_e"]),
    "a batch leads a sequence of the data": ("13", {"x[N_data]": "integer<N_V *batch ell"},
        [("x[N_data]: the spec declares a sequence of length(x_n) tokens, "
         "DTraining has integer<N_V *batch ell")]),
    "a batch is lost": ("7", {"return": "float N_V ell"},
        ["return: unembedding has float N_V ell, but an argument has leading axes"]),
    "a batch comes from nowhere": ("2", {"return": "float *batch d_e ell"},
        [("return: positional_embedding has float *batch d_e ell, "
         "but no argument has leading axes")]),
    "tokens are added where there are some": ("3", {"e": "float *batch d_in ell"},
        ["e: the spec declares d_in×1, single_query_attention has float *batch d_in ell"]),
    "tokens are added to parameters": ("6", {"gamma": "float d_e ell"},
        ["gamma: the spec declares d_e×1, layer_norm has float d_e ell"]),
    "the tokens of an argument are lost": ("6", {"return": "float *batch d_e"},
        ["return: float *batch d_e is not for as many tokens as e"]),
    "two axes are added": ("6", {"e": "float *batch d_e ell_x ell_z"},
        ["e: the spec declares d_e×1, layer_norm has float *batch d_e ell_x ell_z"]),
    "there are as many tokens as positions": ("2", {"t": "integer<ell_max ell_max"},
        ["t: the spec declares the number t, positional_embedding has integer<ell_max ell_max"]),
    "the result has the other length": ("8", {"return": "float *batch N_V ell_z"},
        ["return: the spec declares N_V×length(x), EDTransformer has float *batch N_V ell_z"]),
    "two lengths have one name": ("8", {"x": "integer<N_V *batch ell_z"},
        [("x: the spec declares a sequence of length(x) tokens, "
         "EDTransformer has integer<N_V *batch ell_z"),
         "return: the spec declares N_V×length(x), EDTransformer has float *batch N_V ell_x",
         "length(x) ≤ ℓ_max: EDTransformer does not require it",
         "ell_x <= ell_max: the spec does not require it"]),
    # What Python may do in another way.
    "one token without a batch": ("7", {"e": "float d_e", "return": "float N_V"}, []),
}  # fmt: skip


@pytest.mark.parametrize(("id", "lines", "said"), WRONG.values(), ids=WRONG)
def test_a_wrong_line_is_seen(id: str, lines: dict[str, str | None], said: list[str]) -> None:
    assert found(id, have(id, lines)) - listed(id) == {f"Algorithm {id}, {line}" for line in said}


def test_another_order_and_another_default_are_seen_in_annotations() -> None:
    def layer_norm(
        e: Float[A, "*batch d_e ell"],
        beta: Float[A, " d_e"],
        gamma: Float[A, " d_e"],
        *,
        eps: float = 1e-5,
    ) -> Float[A, "*batch d_e ell"]:
        raise NotImplementedError

    assert found("6", declared_by(layer_norm, {})) == {
        "Algorithm 6, beta: layer_norm has it where the spec has gamma",
        "Algorithm 6, eps: the spec's default is 0, layer_norm's is 1e-05",
    }


def test_layers_of_another_loop_are_seen_in_every_field() -> None:
    lines = have("8").shapes
    moved = {path: None for path in lines if path.startswith("theta.decoder_layers")}
    other = {path.replace("[L_dec]", "[L_enc]"): lines[path] for path in moved}
    assert found("8", have("8", {**moved, **other})) - listed("8") == {
        line
        for path, new in zip(moved, other, strict=True)
        for line in (
            (
                f"Algorithm 8, {path.replace('.decoder_layers', '')}: the spec declares "
                f"{wanted(HEADERS['8'], HEADERS)[path.replace('.decoder_layers', '')].text}, "
                "EDTransformer has none"
            ),
            f"Algorithm 8, {new}: the spec has none",
        )
    }


def test_the_name_of_a_length_is_free() -> None:
    lines = {"x": "integer<N_V n", "padding": "bool n", "return": "float N_V n"}
    function = have("10", lines, requires=("n <= ell_max", "eps >= 0"))
    assert found("10", function) == listed("10")


@pytest.mark.parametrize(
    ("requires", "said"),
    [
        ((), {"length(x) ≤ ℓ_max: DTransformer does not require it"}),
        (
            ("ell < ell_max",),
            {
                "length(x) ≤ ℓ_max: DTransformer does not require it",
                "ell < ell_max: the spec does not require it",
            },
        ),
        *(
            (("ell <= ell_max", rule), {f"{rule}: the spec does not require it"})
            for rule in ("d_e % 2 == 0", "1 < ell <= ell_max")
        ),
    ],
)
def test_a_wrong_requirement_is_seen(requires: tuple[str, ...], said: set[str]) -> None:
    function = have("10", requires=("eps >= 0", *requires))
    assert found("10", function) - listed("10") == {f"Algorithm 10, {line}" for line in said}


def test_a_range_that_is_not_required_is_seen() -> None:
    function = have("12", requires=("ell <= ell_max", "0 < p_mask <= 1", "0 <= mask_token"))
    assert {
        "Algorithm 12, N_epochs ∈ ℕ: ETraining does not require it",
        "Algorithm 12, η ∈ (0, ∞): ETraining does not require it",
        "Algorithm 12, p_mask ∈ (0, 1): ETraining does not require it",
        "Algorithm 12, mask_token ∈ V: ETraining does not require it",
        "Algorithm 12, 0 < p_mask <= 1: the spec does not require it",
    } <= found("12", function)


# Planted: the pseudocode is wrong.

HEADS, LAYER = "for h ∈ [H]: W^h_qkv as in", "theta.layers[L].W.W_qkv"
#: Where the text is changed, where it is seen, and all that is said; `...` stands for more of it.
EDITS = [
    # A shape, in its own algorithm, and in one that has it as a part, in that one's sizes.
    ("7", "W_u ∈ ℝ^{N_V×d_e}", "W_u ∈ ℝ^{d_e×N_V}", "7",
     ["W_u: the spec declares d_e×N_V, unembedding has float N_V d_e"]),
    ("4", "W_v ∈ ℝ^{d_out×d_z}", "W_v ∈ ℝ^{d_out×d_x}", "4",
     ["W_qkv.W_v: the spec declares d_out×d_x, Attention has float *#batch d_out d_z"]),
    ("4", "W_k ∈ ℝ^{d_attn×d_z}", "W_k ∈ ℝ^{d_out×d_z}", "10",
     [f"{LAYER}.W_k: the spec declares H times d_mid×d_e, DTransformer has float H d_attn d_e"]),
    # A size that is not replaced, and heads that are not there.
    ("5", " with d_out = d_mid", "", "9",
     [f"{LAYER}.W_v: the spec declares H times d_e×d_e, ETransformer has float H d_mid d_e",
      f"{LAYER}.b_v: the spec declares H times d_e×1, ETransformer has float H d_mid"]),
    ("5", HEADS, "W_qkv as in", "5",
     ["W.W_qkv.W_q: the spec declares d_attn×d_x, MHAttention has float H d_attn d_x", ...]),
    ("5", HEADS, "W_qkv as in", "4",
     ["W_qkv.W_q: the spec declares d_attn×d_x, Attention has float *#batch d_attn d_x", ...]),
    # Another order, and another loop of layers.
    ("10", "W_e ∈ ℝ^{d_e×N_V}, W_p ∈ ℝ^{d_e×ℓ_max}", "W_p ∈ ℝ^{d_e×ℓ_max}, W_e ∈ ℝ^{d_e×N_V}", "10",
     ["theta.W_e: DTransformer has it where the spec has theta.W_p"]),
    ("8", "EDTransformer(z, x | θ)", "EDTransformer(x, z | θ)", "8",
     ["z: EDTransformer has it where the spec has x"]),
    ("8", "for l ∈ [L_dec]:", "for l ∈ [L_enc]:", "8",
     ["theta.decoder_layers[L_dec].gamma3: the spec has none", ...]),
    # Requirements, ranges and defaults.
    ("13", "length(x_n) ≤ ℓ_max", "length(x_n) + 1 ≤ ℓ_max", "13",
     ["length(x_n) + 1 ≤ ℓ_max: DTraining does not require it",
      "ell <= ell_max: the spec does not require it"]),
    ("13", "η ∈ (0, ∞)", "η ∈ (0, 1)", "13",
     ["η ∈ (0, 1): DTraining does not require it", "eta > 0: the spec does not require it"]),
    ("6", "default 0", "default 1", "6", ["eps: the spec's default is 1, layer_norm's is 0.0"]),
]  # fmt: skip


@pytest.mark.parametrize(("id", "old", "new", "seen_in", "said"), EDITS)
def test_another_text_of_the_pseudocode_is_seen(id, old, new, seen_in, said) -> None:
    text = alg_file.write(programs()[id].layout)
    assert old in text
    trees = {**programs(), id: parse.program(alg_file.read(text.replace(old, new), "planted"))}
    seen = differences(trees[seen_in], declarations(trees), have(seen_in)) - listed(seen_in)
    lines = {f"Algorithm {seen_in}, {line}" for line in said if line is not ...}
    assert lines < seen if ... in said else lines == seen
