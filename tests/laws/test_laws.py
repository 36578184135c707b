"""Are the laws theorems, and can each of them fail?"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest
from helpers.broken_laws import BROKEN
from hosts import columns_numpy as columns
from hosts import convert
from hosts import rows_torch as rows

from spec import library
from spec.checking.check import subject
from spec.inputs.adapter import Adapter
from spec.inputs.variations import TURNS
from spec.laws.evaluated_case import InapplicableError
from spec.laws.law import LAWS, pseudocode
from spec.laws.registry import law_case, laws
from spec.machine import Parameters

PAIRS = [pytest.param(one, id, id=f"{id}-{one.id}") for one in LAWS for id in one.algorithms]


COLUMNS = {
    "1": lambda g: columns.embed_tokens(g.v, g.W_e),
    "2": lambda g: columns.embed_positions(g.t, g.W_p),
    "3": lambda g: columns.attend_one(g.e, g.E, **convert.columns_head(g.W_qkv)),
    "4": lambda g: columns.attend(g.X, g.Z, g.Mask, **convert.columns_head(g.W_qkv)),
    "5": lambda g: columns.attend_heads(g.X, g.Z, g.Mask, **convert.columns_attention(g.W)),
    "6": lambda g: columns.normalise(g.e, g.gamma, g.beta, g.eps),
    "7": lambda g: columns.unembed(g.e, g.W_u),
    "8": lambda g: columns.seq2seq(g.z, g.x, **convert.columns_seq2seq(g.theta)),
    "9": lambda g: columns.bert(g.x, **convert.columns_bert(g.theta)),
    "10": lambda g: columns.gpt(g.x, **convert.columns_gpt(g.theta)),
    "14": lambda g: columns.generate(
        g.x, convert.columns_gpt(g.theta_hat), g.ell_gen, g.tau, g.rng
    ),
    "15": lambda g: columns.translate(
        g.z, convert.columns_seq2seq(g.theta_hat), g.tau, g.bos_token, g.eos_token, TURNS + 1, g.rng
    ),
}
tensor, as_rows = convert.to_tensor, convert.to_rows
ROWS = {
    "1": lambda g: convert.from_rows(rows.token_embedding(tensor(g.v), convert.rows_table(g.W_e))),
    "2": lambda g: convert.from_rows(
        rows.position_embedding(tensor(g.t), convert.rows_table(g.W_p))
    ),
    "3": lambda g: rows.single_query_attention(
        tensor(g.e), as_rows(g.E), convert.rows_attention(g.W_qkv)
    ),
    "4": lambda g: convert.from_rows(
        rows.attention(
            as_rows(g.X),
            as_rows(g.Z),
            convert.rows_attention(g.W_qkv),
            convert.to_masked_out(g.Mask),
        )
    ),
    "5": lambda g: convert.from_rows(
        rows.cross_attention(
            as_rows(g.X),
            as_rows(g.Z),
            convert.rows_cross_attention(g.W),
            convert.to_masked_out(g.Mask),
        )
    ),
    "6": lambda g: convert.from_rows(
        rows.layer_norm(as_rows(g.e), tensor(g.gamma), tensor(g.beta), g.eps)
    ),
    "7": lambda g: convert.from_rows(rows.unembedding(as_rows(g.e), tensor(g.W_u))),
    "8": lambda g: convert.from_logits(
        rows.encoder_decoder(tensor(g.z), tensor(g.x), convert.rows_encoder_decoder(g.theta))
    ),
    "9": lambda g: convert.from_logits(rows.encoder_only(tensor(g.x), convert.rows_bert(g.theta))),
    "10": lambda g: convert.from_logits(rows.decoder_only(tensor(g.x), convert.rows_gpt(g.theta))),
    "14": lambda g: rows.generate(
        tensor(g.x), convert.rows_gpt(g.theta_hat), g.ell_gen, g.tau, g.rng
    ),
    "15": lambda g: rows.translate(
        tensor(g.z),
        convert.rows_encoder_decoder(g.theta_hat),
        g.tau,
        g.bos_token,
        g.eos_token,
        TURNS + 1,
        g.rng,
    ),
}


def of(name: str, function, id: str, draws=None, format="float64"):
    """A function of what is given, without an ε but in Algorithm 6."""
    values = {} if id == "6" else {"ε": 0.0}
    adapter = Adapter(name, lambda function, given: function(given), values=values, draws=draws)
    return subject(function, id, adapter, format)


@cache
def case(name: str, id: str, format: str = "float64"):
    if name == "spec":
        return law_case(pseudocode(of(name, None, id, "from above", format)))
    functions = {"columns": COLUMNS, "rows": ROWS}[name]
    return law_case(of(name, functions[id], id, "from below"))


@pytest.mark.parametrize(("law", "id"), PAIRS)
@pytest.mark.parametrize("name", ["spec", "columns", "rows"])
def test_a_law_holds(name, law, id):
    assert law.failing(case(name, id)) == ""


@pytest.mark.parametrize("format", ["float32", "bfloat16"])
@pytest.mark.parametrize("id", ["1", "2", "3", "4", "5", "6", "7", "9"])
def test_laws_hold_in_other_formats(id, format):
    """Arguments are derived that the format has: what it had not would be rounded, and differ."""
    for law in laws(id):
        assert law.failing(case("spec", id, format)) == "", law.id


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.id)
def test_a_law_can_fail(law):
    id, wrong = BROKEN[law.id]
    assert id in law.algorithms
    failure = law.failing(law_case(of("wrong", wrong, id, "from above")))
    assert failure.startswith(("gives ", "writes ")), failure


@pytest.mark.parametrize(
    ("departure", "id", "broken"),
    [
        ("mask-finite", "4", {"a_token_that_may_attend_to_nothing_gets_no_value"}),
        (
            "norm-root-mean-square",
            "6",
            {
                "the_mean_is_0",
                "a_number_added_to_all_activations_changes_nothing",
                "the_norm_is_scaled_by_gamma_then_moved_by_beta",
            },
        ),
        ("tanh-gelu-10", "10", set()),
        ("prompt-returned-14", "14", {"a_longer_continuation_begins_with_the_shorter"}),
    ],
)
def test_a_law_that_a_documented_difference_breaks_is_not_put(departure, id, broken):
    values = {} if id == "6" else {"ε": 0.0}
    adapter = Adapter("as it is", None, values=values, departures=(departure,), draws="from above")
    one = law_case(pseudocode(subject(None, id, adapter)))
    assert left_out(one) == dict.fromkeys(broken, "a documented difference is one from this law")


def left_out(one):
    """Why laws say nothing, by their ids; the others hold."""
    found = {}
    for law in laws(one.arguments.id):
        try:
            assert law.failing(one) == ""
        except InapplicableError as error:
            found[law.id] = str(error)
    return found


def test_a_law_of_arguments_that_a_function_cannot_have_is_not_put():
    def tied(run):
        theta = run.parameters[0] if run.parameters else run.inputs[-1]
        names = {str(key): key for key in theta.fields}
        fields = {**theta.fields, names["W_u"]: theta.fields[names["W_e"]].T}
        return replace(run, parameters=(Parameters(theta.algorithm, fields),))

    adapter = Adapter("tied", lambda f, given: f(given), inputs=tied, values={"ε": 0.0})
    one = law_case(subject(COLUMNS["10"], 10, adapter))
    assert left_out(one) == dict.fromkeys(
        (
            "without_W_u_all_tokens_are_equally_likely",
            "a_row_added_to_all_of_W_u_changes_nothing",
            "columns_of_W_e_that_are_not_asked_for_change_nothing",
        ),
        "a function as tied has no such arguments",
    )


def test_every_law_is_one():
    assert len({law.id for law in LAWS}) == len(LAWS)
    assert BROKEN.keys() == {law.id for law in LAWS}
    for law in LAWS:
        assert law.statement.endswith(".")
        assert law.id.isidentifier()
        assert law.id.isascii()
        assert set(law.algorithms) <= set(library.checked())
