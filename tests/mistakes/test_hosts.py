"""Do the hosts know nothing of the reference, stay as they were, and take batches as it does?

That each function computes its algorithm is shown where it is checked (`tests/adapters`).
"""

from __future__ import annotations

import ast
import hashlib
import tomllib
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers import generic
from helpers.rounding import assert_close, budget
from hosts import columns_numpy as columns
from hosts import convert
from hosts import rows_torch as rows
from hosts.convert import from_logits, from_rows, to_rows, to_tensor

import algorithms

HOSTS = Path(columns.__file__).parent
FROZEN = tomllib.loads((HOSTS / "frozen.toml").read_text("utf-8"))
MAY_IMPORT = {"rows_torch": {"math", "torch", "typing"}, "columns_numpy": {"math", "numpy"}}
BATCH = (2, 3)

CROSS, SELF = generic.heads(), generic.heads(d_z=8)
ONE, ALONE = (algorithms.AttentionParameters(*(W[0] for W in of.W_qkv)) for of in (CROSS, SELF))
ED = generic.theta(algorithms.EDTransformerParameters)
E = generic.theta(algorithms.ETransformerParameters)
D = generic.theta(algorithms.DTransformerParameters)
GAMMA, BETA = generic.matrix(8), generic.matrix(8, seed=1)

x, z = generic.tokens(*BATCH, 6), generic.tokens(*BATCH, 5, seed=1)
e, X = generic.matrix(*BATCH, 8), generic.matrix(*BATCH, 8, 6, seed=1)
Z = generic.matrix(*BATCH, 9, 5, seed=2)
Mask = generic.matrix(5, 6) < 0.5
Mask[:, 1] = False  # the second token may attend to nothing
mask = convert.to_masked_out(Mask)
ALL = np.full_like(Mask, True)
r, s = to_rows(X), to_rows(Z)
ATTEND = convert.rows_attention(ONE)

#: What the rows host gives for a batch, in the reference's form; what the reference gives; of what.
BATCHED = {
    "1": (from_rows(rows.token_embedding(to_tensor(x), convert.rows_table(D.W_e))),
          algorithms.token_embedding(x, D.W_e), (D.W_e,)),
    "3": (rows.single_query_attention(to_tensor(e), r, convert.rows_attention(ALONE)).numpy(),
          algorithms.single_query_attention(e, X, ALONE), (e, X, ALONE)),
    "4": (from_rows(rows.attention(r, s, ATTEND, mask)),
          algorithms.Attention(X, Z, ONE, Mask), (X, Z, ONE)),
    "4, all": (from_rows(rows.attention(r, s, ATTEND)),
               algorithms.Attention(X, Z, ONE, ALL), (X, Z, ONE)),
    "5": (from_rows(rows.cross_attention(r, s, convert.rows_cross_attention(CROSS), mask)),
          algorithms.MHAttention(X, Z, CROSS, Mask), (X, Z, CROSS)),
    "5, itself": (from_rows(rows.self_attention(r, convert.rows_self_attention(SELF))),
                  algorithms.MHAttention(X, X, SELF, np.full((6, 6), True)), (X, SELF)),
    "6": (from_rows(rows.layer_norm(r, *convert.rows_layer_norm(GAMMA, BETA), eps=0.1)),
          algorithms.layer_norm(X, GAMMA, BETA, eps=0.1), (X, GAMMA, BETA)),
    "7": (from_rows(rows.unembedding(r, to_tensor(D.W_u))),
          algorithms.unembedding(X, D.W_u), (X, D.W_u)),
    "8": (from_logits(rows.encoder_decoder(to_tensor(z), to_tensor(x),
                                           convert.rows_encoder_decoder(ED))),
          algorithms.EDTransformer(z, x, ED), (z, x, ED)),
    "9": (from_logits(rows.encoder_only(to_tensor(x), convert.rows_bert(E))),
          algorithms.ETransformer(x, E), (x, E)),
    "10": (from_logits(rows.decoder_only(to_tensor(x), convert.rows_gpt(D))),
           algorithms.DTransformer(x, D), (x, D)),
}  # fmt: skip


@pytest.mark.parametrize(("got", "want", "arguments"), BATCHED.values(), ids=BATCHED)
def test_rows_of_a_batch(got, want, arguments):
    assert_close(got, want, **budget(*arguments))


def test_a_token_that_may_look_nowhere_gets_exactly_zeros():
    assert not rows.attention(r, s, ATTEND, mask)[..., 1, :].any()
    found = columns.attend(X[0, 0], Z[0, 0], Mask, **convert.columns_head(ONE))
    assert not found[:, 1].any()


# Drawing


class Drawn(np.random.Generator):
    """A source of these numbers."""

    def __init__(self, numbers):
        super().__init__(np.random.PCG64(0))
        self.numbers = list(numbers)

    def random(self):
        return self.numbers.pop(0)


def test_generate_nothing():
    prompt, none = generic.tokens(4), Drawn([])
    found = rows.generate(to_tensor(prompt), convert.rows_gpt(D), 0, 1.0, none)
    assert found.tolist() == []
    assert columns.generate(prompt, convert.columns_gpt(D), 0, 1.0, none).tolist() == []


@pytest.mark.parametrize("most", [1, 3, 9])
def test_a_text_has_at_most_so_many_tokens_or_ends_with_eos(most):
    context, numbers = z[0, 0], generic.rng().random(9)
    end = generic.SIZES["N_V"] - 1
    given = (1.0, 4, end, most)
    sources = Drawn(numbers), Drawn(numbers)
    found = rows.translate(to_tensor(context), convert.rows_encoder_decoder(ED), *given, sources[0])
    theirs = columns.translate(context, convert.columns_seq2seq(ED), *given, sources[1])
    assert found.tolist() == theirs.tolist()
    assert len(found) == most or found[-1] == end
    assert [len(source.numbers) for source in sources] == [10 - len(found)] * 2


@pytest.mark.parametrize("u", [0.0, np.nextafter(1.0, 0.0)])
def test_a_token_of_probability_0_is_never_drawn(u):
    q = np.array([0.0, 0.1, 0.0, 0.6, 0.3, 0.0])
    want = 1 if u == 0 else 4
    assert columns.draw(q, Drawn([u])) == want
    assert rows.sample(torch.tensor(q).log(), 1.0, Drawn([u])) == want


# A host knows nothing of this project, and is never changed


@pytest.mark.parametrize("name", MAY_IMPORT)
def test_a_host_imports_nothing_of_ours(name):
    found = set()
    for node in ast.walk(ast.parse((HOSTS / f"{name}.py").read_text("utf-8"))):
        match node:
            case ast.Import(names=names):
                found |= {alias.name.split(".")[0] for alias in names}
            case ast.ImportFrom(module=module, level=level):
                assert level == 0
                found.add(module.split(".")[0])
    assert found <= MAY_IMPORT[name]


def test_every_host_is_frozen():
    here = {path.stem for path in HOSTS.glob("*.py")} - {"__init__", "adapters", "convert", "plant"}
    assert here == set(FROZEN) == set(MAY_IMPORT)


@pytest.mark.parametrize("name", FROZEN)
def test_a_host_is_as_it_was_when_it_was_frozen(name):
    assert FROZEN[name]["why"]
    source = (HOSTS / f"{name}.py").read_bytes()
    assert hashlib.sha256(source).hexdigest() == FROZEN[name]["sha256"]
