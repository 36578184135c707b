"""Does the machine do what the pseudocode says? Against NumPy, hand simulation and differences."""

from __future__ import annotations

import copy
import dataclasses
import gc
import itertools
import math
import re

import numpy as np
import pytest
from flint import arb, ctx
from helpers.cases import TURNS
from helpers.counting import Counting
from helpers.paper import TRAINING
from helpers.rounding import gamma
from scipy.special import erfc

from spec.domains import Floats, Reverse
from spec.domains.balls import Balls, certified
from spec.domains.depth import Depths
from spec.expected.trace import numbers
from spec.inputs.draw import SIZES, draw
from spec.language import alg_file
from spec.language.checked import check, declarations
from spec.language.parse import program
from spec.language.types import Key
from spec.library import checked, example
from spec.machine import (
    Again,
    Chance,
    Machine,
    MachineError,
    Parameters,
    Watcher,
    map_values,
)
from spec.machine.values import Definition
from spec.mistakes.edit import with_rows

IDS = list(map(str, range(1, 16)))
every_algorithm = pytest.mark.parametrize("id", IDS)


QUICK = {**example("11")["sizes"], "L": 1, "L_enc": 1, "L_dec": 1, "H": 2}  # for gradients


def drawn(id, seed=0, **sizes):
    small = QUICK if id in TRAINING else {}
    return draw(checked(), id, np.random.default_rng(seed), {**small, **sized(sizes)})


def sized(sizes):
    """Sizes by their names in Python, which writes ℓ as `l`."""
    return {name.replace("l_", "ℓ_"): size for name, size in sizes.items()}


def run(id, inputs, domain=None, *, random=(), turns=TURNS, watcher=None):
    chance = random if isinstance(random, Chance) else iter(random)
    machine = Machine(checked(), domain or Floats(), random=chance, turns=turns, watcher=watcher)
    return machine.run(id, inputs.inputs, inputs.parameters, inputs.hyperparameters)


def stream(seed=0, count=200):
    return np.random.default_rng(seed).random(count).tolist()


def floats(value):
    """A matrix of any domain with numbers, as NumPy's."""
    return value.astype(float)


def named(parameters):
    """The parts of θ by the name of their symbol."""
    return {str(key): value for key, value in parameters.fields.items()}


def with_part(parameters, name, change):
    """θ with one part changed."""
    assert name in named(parameters)
    fields = {
        key: change(value) if str(key) == name else value
        for key, value in parameters.fields.items()
    }
    return Parameters(parameters.algorithm, fields)


def changed(inputs, **changes):
    """Inputs with an argument changed: `input0`, `parameter1`, or a hyperparameter."""
    for name, value in changes.items():
        match re.fullmatch(r"(input|parameter)(\d)", name):
            case None:
                given = {**inputs.hyperparameters, **sized({name: value})}
                inputs = dataclasses.replace(inputs, hyperparameters=given)
            case found:
                kind, at = f"{found[1]}s", int(found[2])
                values = list(getattr(inputs, kind))
                values[at] = value(values[at]) if callable(value) else value
                inputs = dataclasses.replace(inputs, **{kind: tuple(values)})
    return inputs


# Algorithms 3 to 10, as vectorised NumPy ----------------------------------------------------------


def softmax(S):
    E = np.exp(S)
    return E / np.where(E.sum(0) == 0, 1, E.sum(0))


def Phi(X):
    return erfc(-X / math.sqrt(2)) / 2


def attention(X, Z, W, Mask):
    W_q, b_q, W_k, b_k, W_v, b_v = named(W).values()
    S = (W_k @ Z + b_k).T @ (W_q @ X + b_q)
    return (W_v @ Z + b_v) @ softmax(np.where(Mask, S, -np.inf) / math.sqrt(len(W_q)))


def heads(X, Z, W, Mask):
    W_qkv, W_o, b_o = named(W).values()
    return W_o @ np.concatenate([attention(X, Z, one, Mask) for one in W_qkv]) + b_o


def norm(X, γ, β, ε):
    return (X - X.mean(0)) / np.sqrt(X.var(0) + ε) * γ + β


def network(X, W1, b1, W2, b2, activation):
    return W2 @ activation(W1 @ X + b1) + b2


def embedded(x, θ):
    return θ["W_e"][:, np.array(x) - 1] + θ["W_p"][:, : len(x)]


def of_layer(θ, parts, layer):
    return [θ[name][layer] for name in parts.split()]


def triangle(n):
    return np.triu(np.ones((n, n)))


def encoder_decoder(z, x, θ, ε):
    Z, X, θ = embedded(z, named(θ)), embedded(x, named(θ)), named(θ)
    relu = lambda X: np.maximum(X, 0)  # noqa: E731
    everything = np.ones((len(z), len(z)))
    for layer in range(len(θ["W^enc_l"])):
        W, γ1, β1, γ2, β2, *mlp = of_layer(
            θ, "W^enc_l γ¹_l β¹_l γ²_l β²_l W^l_mlp1 b^l_mlp1 W^l_mlp2 b^l_mlp2", layer
        )
        Z = norm(Z + heads(Z, Z, W, everything), γ1, β1, ε)
        Z = norm(Z + network(Z, *mlp, relu), γ2, β2, ε)
    for layer in range(len(θ["W^dec_l"])):
        W, cross, γ3, β3, γ4, β4, γ5, β5, *mlp = of_layer(
            θ,
            "W^dec_l W^{e/d}_l γ³_l β³_l γ⁴_l β⁴_l γ⁵_l β⁵_l W^l_mlp3 b^l_mlp3 W^l_mlp4 b^l_mlp4",
            layer,
        )
        X = norm(X + heads(X, X, W, triangle(len(x))), γ3, β3, ε)
        X = norm(X + heads(X, Z, cross, np.ones((len(z), len(x)))), γ4, β4, ε)
        X = norm(X + network(X, *mlp, relu), γ5, β5, ε)
    return softmax(θ["W_u"] @ X)


LAYER = "W_l γ¹_l β¹_l γ²_l β²_l W^l_mlp1 b^l_mlp1 W^l_mlp2 b^l_mlp2"


def gelu(X):
    return X * Phi(X)


def encoder(x, θ, ε):
    θ = named(θ)
    X = embedded(x, θ)
    for layer in range(len(θ["W_l"])):
        W, γ1, β1, γ2, β2, *mlp = of_layer(θ, LAYER, layer)
        X = norm(X + heads(X, X, W, np.ones((len(x), len(x)))), γ1, β1, ε)
        X = norm(X + network(X, *mlp, gelu), γ2, β2, ε)
    X = norm(gelu(θ["W_f"] @ X + θ["b_f"]), θ["γ"], θ["β"], ε)
    return softmax(θ["W_u"] @ X)


def decoder(x, θ, ε):
    θ = named(θ)
    X = embedded(x, θ)
    for layer in range(len(θ["W_l"])):
        W, γ1, β1, γ2, β2, *mlp = of_layer(θ, LAYER, layer)
        normed = norm(X, γ1, β1, ε)
        X = X + heads(normed, normed, W, triangle(len(x)))
        X = X + network(norm(X, γ2, β2, ε), *mlp, gelu)
    return softmax(θ["W_u"] @ norm(X, θ["γ"], θ["β"], ε))


def single_query(e, E, W_q, W_k, b_q, b_k, W_v, b_v):
    E = np.concatenate(E, axis=1)
    scores = (W_k @ E + b_k).T @ (W_q @ e + b_q) / math.sqrt(len(W_q))
    return (W_v @ E + b_v) @ softmax(scores)


VECTORISED = {
    "1": lambda v, W_e: W_e[:, v - 1 : v],
    "2": lambda t, W_p: W_p[:, t - 1 : t],
    "3": single_query,
    "4": attention,
    "5": heads,
    "6": norm,
    "7": lambda e, W_u: softmax(W_u @ e),
    "8": encoder_decoder,
    "9": encoder,
    "10": decoder,
}


class Largest(Watcher):
    """The largest number that a line sets."""

    def __init__(self):
        self.number = 1.0

    def line(self, frame, line, values):
        entries = [abs(float(one)) for value in values.values() for one in numbers(value)]
        self.number = max([self.number, *(one for one in entries if one < math.inf)])


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("id", VECTORISED)
def test_the_machine_computes_what_NumPy_computes(id, seed):
    inputs, largest = drawn(id, seed), Largest()
    found = floats(run(id, inputs, watcher=largest))
    wanted = VECTORISED[id](*inputs.inputs, *inputs.parameters, *inputs.hyperparameters.values())
    depth = max(one.depth for one in run(id, inputs, Depths()).ravel())
    assert found.shape == wanted.shape
    assert abs(found - wanted).max() <= 2 * gamma(depth) * largest.number


@pytest.mark.parametrize("id", VECTORISED)
def test_the_exact_value_lies_in_the_ball_and_near_the_float(id):
    inputs, largest = drawn(id), Largest()
    rounded = run(id, inputs, watcher=largest)
    depth = max(one.depth for one in run(id, inputs, Depths()).ravel())
    coarse, fine = run(id, inputs, Balls(128)), run(id, inputs, Balls(256))
    for number, one, other in zip(rounded.flat, coarse.flat, fine.flat, strict=True):
        assert one.contains(other)
        assert abs(other - arb(float(number))) <= gamma(depth) * largest.number


def test_balls_are_as_narrow_as_is_asked():
    inputs = drawn("8")
    found = certified(lambda D: run("8", inputs, D), lambda P: P.ravel().tolist(), 2.0**-200)
    assert all(one.rad() <= 2.0**-199 * one for one in found.flat)


@pytest.mark.parametrize("id", [id for id in IDS if id not in TRAINING])
def test_plain_numbers_make_constants_of_a_domain_with_derivatives(id):
    inputs = drawn(id)
    same = run(id, inputs, Reverse(Floats()), random=stream())
    assert np.array_equal(same, run(id, inputs, random=stream()))


# Special cases ------------------------------------------------------------------------------------


def test_algorithm_3_is_algorithm_4_with_one_column():
    one = drawn("3")
    W_q, W_k, b_q, b_k, W_v, b_v = one.parameters
    four = drawn("4", d_x=SIZES["d_in"], d_z=SIZES["d_in"], l_x=1, l_z=SIZES["T"])
    fields = dict(zip(four.parameters[0].fields, (W_q, b_q, W_k, b_k, W_v, b_v), strict=True))
    e, E = one.inputs
    same = dataclasses.replace(
        four,
        inputs=(e, np.concatenate(E, axis=1)),
        parameters=(Parameters("4", fields), np.ones((SIZES["T"], 1), int)),
    )
    exact = [run(id, inputs, Balls()) for id, inputs in (("3", one), ("4", same))]
    assert all(one.overlaps(other) for one, other in zip(exact[0].flat, exact[1].flat, strict=True))


def test_a_token_that_may_attend_to_nobody_gets_zeros():
    inputs = drawn("4")
    inputs.parameters[1][:, 2] = 0
    V = floats(run("4", inputs))
    assert (V[:, 2] == 0).all()
    assert (np.delete(V, 2, axis=1) != 0).all()


@every_algorithm
def test_every_size_may_be_1(id):
    ones = dict.fromkeys(SIZES, 1) | {"N_V": 2, "ℓ_max": 2}
    inputs = draw(checked(), id, np.random.default_rng(0), ones)
    run(id, inputs, random=stream())
    run(id, inputs, Balls(), random=stream())


def test_with_a_vocabulary_of_one_token_it_is_certain():
    assert floats(run("10", drawn("10", N_V=1))).tolist() == [[1.0] * SIZES["length(x)"]]


def test_without_layers_a_transformer_is_an_embedding_and_an_unembedding():
    inputs = drawn("10", L=0)
    ((x,), (θ,), ε) = inputs.inputs, inputs.parameters, inputs.hyperparameters["ε"]
    largest = Largest()
    found = floats(run("10", inputs, watcher=largest))
    assert abs(found - decoder(x, θ, ε)).max() <= gamma(100) * largest.number


def test_a_context_of_no_tokens_gives_zeros():
    assert not floats(run("3", drawn("3", T=0))).any()
    assert not floats(run("4", drawn("4", l_z=0))).any()


def test_a_primary_sequence_of_no_tokens_gives_no_columns():
    assert run("4", drawn("4", l_x=0)).shape == (SIZES["d_out"], 0)


@pytest.mark.parametrize("sizes", [{"N_epochs": 0}, {"N_data": 0}])
@pytest.mark.parametrize("id", ["11", "12", "13"])
def test_training_without_a_step_changes_nothing(id, sizes):
    inputs = drawn(id, **sizes)
    (θ,) = (part for part in inputs.inputs if isinstance(part, Parameters))
    trained = run(id, inputs)
    assert [float(one) for one in numbers(trained)] == [float(one) for one in numbers(lists(θ))]


def lists(value):
    """Parameters with families as the machine has them."""
    if isinstance(value, list):
        value = dict(enumerate(value, 1))
    if isinstance(value, dict):
        return {index: lists(one) for index, one in value.items()}
    if isinstance(value, Parameters):
        fields = {key: lists(one) for key, one in value.fields.items()}
        return Parameters(value.algorithm, fields)
    return value


def test_a_continuation_may_be_empty():
    inputs = drawn("14", l_gen=0)
    assert run("14", inputs) == []


# Chance -------------------------------------------------------------------------------------------


def token(p, τ, u):
    """The token that u draws from q ∝ p^{1/τ}, counted from 1."""
    weights = p ** (1 / τ)
    reached = 0.0
    for at, weight in enumerate(weights / weights.sum(), 1):
        reached += weight
        if reached >= 1 - u:
            return at
    raise AssertionError("they sum to 1")


@pytest.mark.parametrize("seed", range(5))
def test_algorithm_14_continues_as_a_simulation_by_hand(seed):
    inputs, random = drawn("14", seed), stream(seed)
    (x, θ), given = inputs.inputs, inputs.hyperparameters
    text = list(x)
    for u in random[: given["ℓ_gen"]]:
        text.append(token(decoder(text, θ, given["ε"])[:, -1], given["τ"], u))
    assert run("14", inputs, random=random) == text[len(x) :]


@pytest.mark.parametrize("seed", range(5))
def test_algorithm_15_predicts_as_a_simulation_by_hand(seed):
    inputs, random = drawn("15", seed), stream(seed)
    (z, θ), given = inputs.inputs, inputs.hyperparameters
    text = [given["bos_token"]]
    for u in random[:TURNS]:
        text.append(token(encoder_decoder(z, text, θ, given["ε"])[:, -1], given["τ"], u))
    for eos_token in set(text[1:]):  # it ends where this comes first, or before the first turn
        inputs = changed(inputs, eos_token=eos_token)
        last = text.index(eos_token, 1)
        assert run("15", inputs, random=random) == text[: last + 1]


@pytest.mark.parametrize("seed", range(5))
def test_algorithm_12_masks_what_a_simulation_masks(seed):
    inputs, random, seen = drawn("12", seed), stream(seed), []

    class Masked(Watcher):
        def line(self, frame, line, values):
            if (frame.checked.id, line.number) == ("12", 7):
                seen.append(values["T̃"])

    run("12", inputs, random=random, watcher=Masked())
    (x, _), given, us = inputs.inputs, inputs.hyperparameters, iter(random)
    wanted = []
    for sequence in [*x, *x]:  # of two epochs
        hidden = [next(us) < given["p_mask"] for _ in sequence]
        there = [one == given["mask_token"] for one in sequence]
        wanted.append({t for t, (a, b) in enumerate(zip(hidden, there, strict=True), 1) if a or b})
    assert seen == wanted


def test_what_chance_decided_is_decided_again():
    inputs = drawn("14")
    chance = Chance(iter(stream()))
    text = run("14", inputs, random=chance)
    assert chance.decisions == text
    assert run("14", inputs, Depths(), random=Again(chance.decisions)) == text
    assert run("14", inputs, random=stream(seed=1)) != text


def test_a_choice_is_decided_again():
    chance = Chance(iter([0.2, 0.9]))
    assert [chance.happens(0.5), chance.happens(0.5)] == [True, False]
    again = Again(chance.decisions)
    assert [again.happens(0.0), again.happens(1.0)] == [True, False]


@pytest.mark.parametrize(
    ("u", "drawn"), [(0.0, 3), (0.24, 3), (0.26, 2), (0.74, 2), (0.76, 1), (0.99, 1)]
)
def test_a_token_is_the_first_at_which_the_probabilities_reach_1_minus_u(u, drawn):
    assert Chance(iter([u])).token([0.25, 0.5, 0.25, 0.0]) == drawn


def test_a_token_of_probability_0_is_never_drawn():
    assert {Chance(iter([u])).token([0.0, 1.0, 0.0]) for u in (0.0, 0.5, 1 - 2**-53)} == {2}


def test_a_loop_that_does_not_end_is_stopped_and_noted():
    inputs, another = changed(drawn("15"), eos_token=1), drawn("6")
    machine = Machine(checked(), Floats(), random=itertools.repeat(0.0), turns=3)
    found = machine.run("15", inputs.inputs, inputs.parameters, inputs.hyperparameters)
    assert found == [inputs.hyperparameters["bos_token"], *[SIZES["N_V"]] * 3]
    assert machine.stopped == ["15.3"]
    machine.run("6", another.inputs, another.parameters)
    assert machine.stopped == []


# Gradients ----------------------------------------------------------------------------------------

TINY = dict.fromkeys(SIZES, 1) | {
    "N_V": 3, "ℓ_max": 3, "d_e": 2, "d_f": 2, "d_mlp": 2, "length(x_n)": 3, "length(z_n)": 2,
}  # fmt: skip
NETWORK = {"11": "8", "12": "9", "13": "10"}


def log_loss(id, sequences, θ, given, hidden):
    """The loss as the paper's text has it, by a run of the network."""
    x = sequences[-1][0]
    if id == "12":
        sequences = [[[given["mask_token"] if t in hidden else one for t, one in enumerate(x)]]]
    at = [(x[t], t) for t in sorted(hidden)] if id == "12" else [
        (x[t + 1], t) for t in range(len(x) - 1)
    ]  # fmt: skip
    arguments = (*(one[0] for one in sequences), θ)
    header = checked()[NETWORK[id]].header
    of = len(header.inputs)
    P = Machine(checked(), Balls(512)).run(
        NETWORK[id], arguments[:of], arguments[of:], {"ε": given["ε"]}
    )
    with Balls(512):
        return -sum((P[token - 1, t].log() for token, t in at), arb(0))


@pytest.mark.parametrize("id", NETWORK)
def test_a_step_of_training_goes_down_the_gradient(id):
    inputs = draw(checked(), id, np.random.default_rng(1), TINY)
    *data, θ = inputs.inputs
    θ = balls(θ)
    given = {**inputs.hyperparameters, "mask_token": 3}
    random = [0.0, 0.999, 0.0] if id == "12" else []  # the first and the third are masked
    machine = Machine(checked(), Balls(512), random=iter(random))
    trained = machine.run(id, (*data, θ), (), {key: given[key] for key in inputs.hyperparameters})

    hidden = {0, 2} | {t for t, one in enumerate(data[0][0]) if one == 3}
    with Balls(512):
        h = arb(2) ** -60
        for (array, at), new in zip(places(θ), numbers(trained), strict=True):
            old = array[at]
            losses = []
            for step in (h, -h):
                array[at] = old + step
                losses.append(log_loss(id, data, θ, given, hidden))
            array[at] = old
            slope = (losses[0] - losses[1]) / (2 * h)
            assert abs(new - (old - arb(given["η"]) * slope)) < 2.0**-100


def balls(value):
    """Parameters of which every array holds balls."""
    match value:
        case Parameters(algorithm, fields):
            return Parameters(algorithm, {key: balls(part) for key, part in fields.items()})
        case list():
            return [balls(part) for part in value]
    return np.array([[arb(entry) for entry in row] for row in value.tolist()], dtype=object)


def places(value):
    """Every array of θ with every place in it."""
    match value:
        case Parameters(_, fields):
            for part in fields.values():
                yield from places(part)
        case list():
            for part in value:
                yield from places(part)
        case np.ndarray():
            for at in itertools.product(*map(range, value.shape)):
                yield value, at


def test_a_loss_without_terms_has_gradient_0():
    inputs = changed(drawn("12"), p_mask=1e-9, mask_token=1)
    inputs = changed(inputs, input0=[[2, 3], [4, 5]])
    trained = run("12", inputs, random=stream())
    assert [float(one) for one in numbers(trained)] == [
        float(one) for one in numbers(lists(inputs.inputs[1]))
    ]


class Defined(Watcher):
    """What has been defined where line 13.5 defines the loss."""

    def __init__(self, see):
        self.see = see

    def line(self, frame, line, values):
        if (frame.checked.id, line.number) == ("13", 5):
            self.see(frame, frame.variables[Key("loss")], values["return"])


def test_a_function_has_another_value_at_another_argument():
    seen = []

    def see(frame, loss, value):
        θ = next(one for key, one in frame.variables.items() if str(key) == "θ")
        twice = map_values(lambda matrix: matrix * 2, θ)
        seen.append([value] + [machine.apply(loss, one, frame) for one in (θ, twice, twice, θ)])

    machine = Machine(checked(), Floats(), watcher=Defined(see))
    inputs = drawn("13")
    machine.run("13", inputs.inputs, (), inputs.hyperparameters)
    for value, same, other, other_again, same_again in seen:
        assert value == same == same_again
        assert value != other == other_again


def test_a_definition_keeps_none_of_the_turns_before():
    seen = []
    watcher = Defined(lambda frame, loss, value: seen.append(loss))
    run("13", drawn("13", N_epochs=4, N_data=1), watcher=watcher)
    assert len(seen) == 4
    for loss in seen:
        (P,) = (value for value in loss.variables.values() if isinstance(value, Definition))
        assert not any(isinstance(value, Definition) for value in P.variables.values())


@pytest.mark.parametrize("enabled", [True, False])
def test_a_gradient_leaves_the_search_for_cycles_as_it_was(enabled):
    before = gc.isenabled()
    try:
        (gc.enable if enabled else gc.disable)()
        run("13", drawn("13", N_epochs=1))
        assert gc.isenabled() is enabled
    finally:
        (gc.enable if before else gc.disable)()


# Nothing is disturbed -----------------------------------------------------------------------------


class Keeper(Watcher):
    """What was seen, and what it was then."""

    def __init__(self):
        self.seen = []

    def call(self, frame):
        self.keep(dict(frame.variables))

    def line(self, frame, line, values):
        self.keep(values)

    def keep(self, values):
        self.seen.append((values, copied(values)))


def copied(value):
    match value:
        case dict():
            return {key: copied(part) for key, part in value.items()}
        case Parameters(algorithm, fields, sizes):
            return Parameters(algorithm, copied(fields), sizes)
        case list() | set() | np.ndarray():
            return copy.copy(value)
    return value


@every_algorithm
def test_what_was_seen_of_a_line_never_changes(id):
    keeper = Keeper()
    run(id, drawn(id), random=stream(), watcher=keeper)
    assert keeper.seen
    for values, before in keeper.seen:
        assert lists_of(values) == lists_of(before)


def lists_of(value):
    """A value that can be compared."""
    match value:
        case dict():
            return {str(key): lists_of(part) for key, part in value.items()}
        case Parameters(_, fields):
            return lists_of(fields)
        case np.ndarray():
            return value.tolist()
    return value


@every_algorithm
def test_no_input_is_changed(id):
    inputs = drawn(id)
    before = copy.deepcopy(inputs)
    run(id, inputs, random=stream())
    assert repr(inputs) == repr(before)


@every_algorithm
def test_two_runs_give_the_same(id):
    one, other = (run(id, drawn(id), random=stream()) for _ in range(2))
    assert lists_of(one) == lists_of(other)


def test_a_run_leaves_the_precision_as_it_was():
    run("4", drawn("4"), Balls(333))
    assert ctx.prec == 53


# Other domains ------------------------------------------------------------------------------------


@pytest.mark.parametrize("id", [id for id in IDS if id not in TRAINING])
def test_operations_can_be_counted(id):
    counting = Counting()
    run(id, drawn(id), counting, random=stream())
    assert counting.operations.total() > 0 or id in {"1", "2"}


def test_the_operations_of_attention_are_those_of_its_products():
    s = {"d_x": 13, "d_z": 9, "d_attn": 4, "d_out": 10, "ℓ_x": 5, "ℓ_z": 7}
    counting = Counting()
    run("4", drawn("4"), counting)
    products = s["d_attn"] * (s["d_x"] * s["ℓ_x"] + s["d_z"] * s["ℓ_z"] + s["ℓ_x"] * s["ℓ_z"])
    products += s["d_out"] * s["ℓ_z"] * (s["d_z"] + s["ℓ_x"])
    assert counting.operations["multiply-add"] == products
    assert counting.operations["exp"] == s["ℓ_x"] * s["ℓ_z"]


# Errors -------------------------------------------------------------------------------------------


def part(name, change):
    return {"parameter0": lambda θ: with_part(θ, name, change)}


def other(id):
    return lambda _: next(
        part for part in (*drawn(id).parameters, *drawn(id).inputs) if isinstance(part, Parameters)
    )


def without(name):
    return lambda θ: Parameters(
        θ.algorithm, {key: one for key, one in θ.fields.items() if str(key) != name}
    )


def transposed(array):
    return array.T


MORE = "Algorithm 14 requires length(x) + ℓ_gen − 1 ≤ ℓ_max"
WRONG = [
    # An array
    ("4", {"input0": None}, "Algorithm 4: X is None, want d_x×ℓ_x"),
    ("4", {"input0": [[1, 2], [3, 4]]}, "Algorithm 4: X is [[1, 2], [3, 4]], want d_x×ℓ_x"),
    ("4", {"input0": np.ones((2, 3, 4))}, "Algorithm 4: X has 3 axes, want d_x×ℓ_x"),
    ("4", {"input0": np.array("a")}, "Algorithm 4: X is array('a', dtype='<U1'), want d_x×ℓ_x"),
    ("4", {"input0": transposed}, "Algorithm 4: W_qkv has a size 13 where d_x = 5"),
    ("4", {"parameter1": transposed}, "Algorithm 4: Mask has a size 5 where ℓ_z = 7"),
    (
        "4",
        {"parameter1": lambda Mask: 2 * Mask},
        "Algorithm 4: Mask has an entry that is neither 0 nor 1",
    ),
    # Parameters
    ("4", {"parameter0": 3}, "Algorithm 4: W_qkv is 3, want parameters of Algorithm 4"),
    (
        "4",
        {"parameter0": other("10")},
        "Algorithm 4: W_qkv is parameters of Algorithm 10, want parameters of Algorithm 4",
    ),
    ("4", {"parameter0": without("b_k")}, "Algorithm 4: W_qkv has no b_k"),
    (
        "4",
        part("b_k", lambda b: b[:-1]),
        "Algorithm 4: W_qkv, b_k has a size 3 where d_attn = 4",
    ),
    (
        "4",
        part("b_k", lambda b: np.ones((4, 2))),
        "Algorithm 4: W_qkv, b_k has a size 2 where 1 = 1",
    ),
    (
        "5",
        part("W_o", transposed),
        "Algorithm 5: W, W_o has a size 24 where d_out = 10",
    ),
    (
        "10",
        part("W^l_mlp1", lambda family: family[:1]),
        "Algorithm 10: θ, W^l_mlp1 has a size 1 where L = 2",
    ),
    (
        "10",
        part("W_l", lambda W: [W[0], 7]),
        "Algorithm 10: θ, W_l, member 2, is 7, want parameters of Algorithm 5",
    ),
    # Tokens and counts
    ("10", {"input0": [1, 18]}, "Algorithm 10: x is 18, outside 1 … 17 (N_V)"),
    ("10", {"input0": [1, 0]}, "Algorithm 10: x is 0, outside 1 … 17 (N_V)"),
    ("10", {"input0": [1, 1.5]}, "Algorithm 10: x is 1.5, want a whole number"),
    ("10", {"input0": 3}, "Algorithm 10: x is 3, want a sequence of length(x) tokens"),
    ("2", {"input0": 12}, "Algorithm 2: t is 12, outside 1 … 11 (ℓ_max)"),
    ("13", {"input0": [[1], [1, 14]]}, "Algorithm 13: x_n, member 2, is 14, outside 1 … 13 (N_V)"),
    ("12", {"mask_token": 14}, "Algorithm 12: mask_token is 14, outside 1 … 13 (N_V)"),
    ("13", {"N_epochs": 1.0}, "Algorithm 13: N_epochs is 1.0, want a whole number"),
    ("13", {"N_epochs": -1}, "Algorithm 13: N_epochs is -1, want a natural number"),
    ("10", {"l_max": 12}, "Algorithm 10: ℓ_max has a size 12 where ℓ_max = 11"),
    # Numbers
    ("13", {"η": "small"}, "Algorithm 13: η is 'small', want a number"),
    ("6", {"ε": np.ones(2)}, "Algorithm 6: ε is array([1., 1.]), want a number"),
    ("6", {"ω": 1.0}, "ω is not a hyperparameter of any algorithm"),
    # Requirements
    ("10", {"input0": []}, "Algorithm 10 requires 1 ≤ length(x), not length(x) = 0"),
    (
        "10",
        {"input0": [1] * 12},
        "Algorithm 10 requires length(x) ≤ ℓ_max, not length(x) = 12, ℓ_max = 11",
    ),
    (
        "13",
        {"input0": [[1], [1] * 12]},
        "Algorithm 13 requires length(x_n) ≤ ℓ_max, not length(x_2) = 12, ℓ_max = 11",
    ),
    (
        "11",
        {"input0": [[1], []]},
        "Algorithm 11 requires 1 ≤ length(z_n), not length(z_2) = 0",
    ),
    (
        "14",
        {"l_gen": 9},
        f"{MORE}, not length(x) = 5, ℓ_gen = 9, ℓ_max = 11",
    ),
]


@pytest.mark.parametrize(("id", "changes", "message"), WRONG, ids=[one[2] for one in WRONG])
def test_a_wrong_argument_is_named(id, changes, message):
    with pytest.raises(MachineError, match=f"^{re.escape(message)}$"):
        run(id, changed(drawn(id), **changes), random=stream())


def beyond(line, rows):
    """All algorithms, one of them with a line that the checks cannot prove within bounds."""
    id, number = line.split(".")
    new = program(with_rows(checked()[id].program.layout, {int(number): rows}))
    return {**checked(), id: check(new, {one.id: one.header for one in checked().values()})}


@pytest.mark.parametrize(
    ("line", "rows", "problem"),
    [
        ("2.1", "return e_p = W_p[:, t + ℓ_max]", "t + ℓ_max is {}, outside 1 … 11"),
        ("6.1", "m ← e[d_e + 1]", "d_e + 1 is 7, outside 1 … 6"),
        ("6.1", "m ← e[0]", "0 is 0, outside 1 … 6"),
        ("3.1", "q ← W_q e_{T+1} + b_q", "T + 1 is 6, outside 1 … 5"),
        ("9.2", "for t ∈ [ℓ]: e_t ← W_e[:, x[t + 1]]", "t + 1 is 6, outside 1 … 5"),
        ("4.5", "for t ∈ [ℓ_z]: S[1, t] ← −∞", "t is 6, outside 1 … 5"),
        ("14.8", "return y = x[0 : 1]", "x[0:1] is of 8 tokens, and 0 … 1 are asked for"),
        ("14.8", "return y = x[1 : 9]", "x[1:9] is of 8 tokens, and 1 … 9 are asked for"),
        ("14.8", "return y = x[4 : 2]", "x[4:2] is of 8 tokens, and 4 … 2 are asked for"),
    ],
)
def test_what_is_out_of_bounds_is_named(line, rows, problem):
    id, _ = line.split(".")
    inputs = drawn(id)
    machine = Machine(beyond(line, rows), Floats(), random=iter(stream()))
    with pytest.raises(MachineError) as caught:
        machine.run(id, inputs.inputs, inputs.parameters, inputs.hyperparameters)
    (first, *_) = inputs.inputs
    told = problem.format(first + 11) if id == "2" else problem
    assert str(caught.value) == f"Algorithm {id}: {told}"


@every_algorithm
def test_no_wrong_argument_passes(id):
    inputs = drawn(id)
    for kind in ("input", "parameter"):
        for at in range(len(getattr(inputs, f"{kind}s"))):
            for wrong in (None, "a", 2.5, object(), np.ones((2, 2, 2)), [[None]]):
                one = changed(inputs, **{f"{kind}{at}": lambda _, wrong=wrong: wrong})
                with pytest.raises(MachineError) as caught:
                    run(id, one, random=stream())
                assert str(caught.value).startswith(f"Algorithm {id}: ")
                assert "\n" not in str(caught.value)


@every_algorithm
def test_the_number_of_arguments_is_held(id):
    inputs = drawn(id)
    number = len(inputs.inputs), len(inputs.parameters)
    fewer = dataclasses.replace(inputs, inputs=inputs.inputs[1:])
    message = "Algorithm {0} takes {1} inputs and {2} parameters, not {3} and {2}"
    with pytest.raises(MachineError) as caught:
        run(id, fewer)
    assert str(caught.value) == message.format(id, *number, number[0] - 1)


@pytest.mark.parametrize(
    ("id", "name"), [("13", "η"), ("14", "τ"), ("15", "eos_token"), ("13", "N_epochs")]
)
def test_a_missing_hyperparameter_is_named(id, name):
    inputs = drawn(id)
    given = {key: value for key, value in inputs.hyperparameters.items() if key != name}
    with pytest.raises(MachineError, match=f"^Algorithm {id} needs {name}$"):
        run(id, dataclasses.replace(inputs, hyperparameters=given), random=stream())


def test_a_hyperparameter_has_its_default():
    inputs = drawn("6")
    without = dataclasses.replace(inputs, hyperparameters={})
    assert lists_of(run("6", without)) == lists_of(run("6", changed(inputs, ε=0)))


def test_an_unknown_algorithm_is_named():
    with pytest.raises(MachineError, match=r"^there is no Algorithm 99$"):
        Machine(checked(), Floats()).run("99", [])


@pytest.mark.parametrize(
    ("random", "message"),
    [
        (None, "random numbers are asked for, and none are given"),
        (Chance(iter([0.5])), "more random numbers are asked for than are given"),
        (Again([1]), "more random numbers are asked for than are given"),
    ],
)
def test_too_few_random_numbers_are_an_error(random, message):
    machine = Machine(checked(), Floats(), random=random)
    inputs = drawn("14")
    with pytest.raises(MachineError, match=f"^{message}$"):
        machine.run("14", inputs.inputs, inputs.parameters, inputs.hyperparameters)


def test_no_token_is_drawn_from_what_is_no_distribution():
    inputs = drawn("14")
    inputs = changed(
        inputs, input1=lambda θ: with_part(θ, "W_p", lambda W: np.full_like(W, np.nan))
    )
    with pytest.raises(MachineError, match=r"^no token can be drawn: the weights sum to nan$"):
        run("14", inputs, random=stream())


@pytest.mark.parametrize("id", sorted(TRAINING))
def test_a_domain_without_derivatives_cannot_train(id):
    message = f"^Algorithm {id} needs derivatives; Reverse has none$"
    with pytest.raises(MachineError, match=message):
        run(id, drawn(id), Reverse(Floats()), random=stream())


def test_a_size_that_nothing_says_is_named():
    with pytest.raises(MachineError, match=r"^Algorithm 5 needs d_mid$"):
        run("5", drawn("5", H=0))


# Values -------------------------------------------------------------------------------------------


def test_map_values_keeps_the_form_and_meets_every_number():
    whole = run("13", drawn("13", N_epochs=0))
    zero = map_values(lambda one, other: one - other, whole, whole)
    assert zero.algorithm == whole.algorithm
    assert not any(numbers(zero))
    assert len(list(numbers(zero))) == len(list(numbers(whole)))


GROWING = """\
Algorithm X1: E ← Grow(x | W_e)
Input: x ∈ V*
Output: E ∈ ℝ^{d_e×N_V}
Parameters: W_e ∈ ℝ^{d_e×N_V}
Hyperparameters: eos_token ∈ V

1  y ← 1
2  while y ≠ eos_token:
3      x ← [x, eos_token]
4      for t ∈ [length(x)]: E[:, t] ← W_e[:, x[t]]
5      y ← length(x)
6  end
7  return W_e
"""


def test_the_length_of_what_a_while_grows_is_known_in_its_turns():
    one = program(alg_file.read(GROWING, "growing"))
    algorithms = {"X1": check(one, declarations({"X1": one}))}
    seen = []

    class Lengths(Watcher):
        def line(self, frame, line, values):
            if line.number == 4:
                seen.append(values["E"].shape)

    machine = Machine(algorithms, Floats(), watcher=Lengths())
    machine.run("X1", [[1]], [np.ones((2, 5))], {"eos_token": 3})
    assert seen == [(2, 2), (2, 3)]
    assert machine.stopped == []
