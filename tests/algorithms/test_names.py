"""Are the names of the reference those of the paper?"""

import ast
import inspect
import textwrap
from collections.abc import Iterator

import algorithms
from spec.pairing import Function, implementations, statements
from spec.symbols import table

SYMBOLS = {symbol.ascii for symbol in table().values() if symbol.ascii is not None}

# Names that are not the paper's, each with its reason.
EXCEPTIONS = {
    "scores": "what stands under exp in 3.4; Algorithm 4 has S for it, Algorithm 3 no name",
    "layers": "l ∈ [L], as a tuple",
    "encoder_layers": "l ∈ [L_enc], as a tuple",
    "decoder_layers": "l ∈ [L_dec], as a tuple",
    "layer": "a member of it, where the paper has the number l",
    "encoder_layer": "a member of it, where the paper has the number l",
    "decoder_layer": "a member of it, where the paper has the number i",
    "expert": "a layer of F3, where the text has the number i",
    "hidden": "the activations of the d_mlp rows between W_mlp1 and W_mlp2",
    "pairs": "of each token of Z with each of X, what goes into a tanh",
    "mean": "a column of Ṽ",
    "draws": "which tokens 12.5's coin falls on",
    "masked": "which tokens are mask_token",
    "hide": "where 12.5 draws mask_token, before it is put there",
    "gradient": "∇loss(θ), as a value",
    "activation": "ReLU or GELU unless another is given",
    "attention": "how queries are answered: Algorithm 4 or C1 unless another is given",
    "weigh": "what makes weights to sample from; the paper draws from the tempered p",
    "K_ed": "a member of K_ed_l, where the text has the number l",
    "V_ed": "a member of V_ed_l, likewise",
    "start": "where block i begins: (i − 1) B",
    "padding": "which tokens only fill up a batch; the paper has no batch",
    "padding_x": "the same, of x",
    "padding_z": "the same, of z",
    "X_h_bar": "X̄^h: what a head owes to X",
    "Z_h_bar": "Z̄^h: what a head owes to Z",
    "square": "gᵀ g, of which the root is taken",
    "special": "tokens that BERT's corruption spares",
    "rng": "where random numbers come from",
    "value_and_gradient": "how gradients are found; the paper does not say (A13)",
}


def arguments(function: Function) -> set[str]:
    return set(inspect.signature(inspect.unwrap(function)).parameters)


def assigned(function: Function) -> set[str]:
    """Return the names that a function's tagged statements assign."""
    rows, start = inspect.getsourcelines(inspect.unwrap(function))
    tagged = {
        row - start + 1
        for statement in statements(function)
        if statement.refs
        for row in range(statement.first, statement.last + 1)
    }
    return {
        node.id
        for node in ast.walk(ast.parse(textwrap.dedent("".join(rows))))
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.lineno in tagged
    }


def fields() -> Iterator[str]:
    """Yield the names of θ's parts, at every depth."""
    for value in vars(algorithms).values():
        yield from getattr(value, "_fields", ())


def used() -> set[str]:
    functions = implementations("algorithms").values()
    names = {name for f in functions for name in arguments(f) | assigned(f)}
    return names | set(fields())


def test_names_are_the_papers_or_listed() -> None:
    # A cotangent has the name of what it is the cotangent of.
    unknown = {name for name in used() - SYMBOLS if name.removesuffix("_bar") not in SYMBOLS}
    assert sorted(unknown - set(EXCEPTIONS)) == []


def test_an_exception_is_needed_and_has_a_reason() -> None:
    names = used()
    assert sorted(name for name in EXCEPTIONS if name in SYMBOLS or name not in names) == []
    assert all(EXCEPTIONS.values())


def test_the_fields_of_the_parameters_are_seen() -> None:
    assert {"W_qkv", "W_ed", "gamma5", "b_mlp4"} <= set(fields())


def planted(x: int, wrong: int) -> int:
    prepared = x
    for layer in range(x):  # 4.1
        unseen = prepared
        (first, second) = (
            layer,
            unseen,
        )  # 4.2
        x = first  # 4.3
    return x + wrong + second  # 4.4


def test_what_a_tagged_statement_assigns_is_seen() -> None:
    assert arguments(planted) == {"x", "wrong"}
    assert assigned(planted) == {"layer", "first", "second", "x"}
