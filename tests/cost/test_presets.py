"""Do sizes have the values that their names, in any of their forms, are given?"""

from functools import cache

import pytest

from spec.cost import Cost, cost, value
from spec.cost.components import is_whole
from spec.cost.presets import Models, fitting, of_models, presets, sizes
from spec.language.tree import walk
from spec.library import checked
from spec.usage_error import UsageError

ALGORITHM = {"gpt2": "10", "bert": "9", "transformer": "8", "llama": "X1", "mistral": "X2"}
ALGORITHM |= {"t5": "X8"}


@cache
def of(id: str) -> Cost:
    return cost(checked(), id)


def at(id: str, *words: str) -> dict[str, int]:
    return sizes(checked(), id, of(id).sizes, words)


@pytest.mark.parametrize("preset", presets())
def test_a_preset_has_all_sizes_of_its_algorithm_and_no_other(preset: str) -> None:
    found, named = at(ALGORITHM[preset.split("-")[0]], preset), presets()[preset]
    lengths = {name for name in found if name.startswith("length(")}
    assert found.keys() - lengths == named.keys() - lengths
    longest = named.get("ℓ_max") or named["length(x)"]
    assert {found[name] for name in lengths} == {longest}


@pytest.mark.parametrize(
    ("preset", "published"),
    [
        ("gpt2-small", 124_439_808),
        ("gpt2-medium", 354_823_168),
        ("gpt2-large", 774_030_080),
        ("gpt2-xl", 1_557_611_200),
        # Less token types and the norm of the embedding; the final norm is more. As large as
        # the final projection is the pooler, which stands in its place.
        ("bert-base", 109_482_240 - 2 * 2 * 768 + 2 * 768),
        ("bert-large", 335_141_888 - 2 * 2 * 1024 + 2 * 1024),
        # The table of 2017 has millions, of a vocabulary whose size it gives as "about".
        ("transformer-base", pytest.approx(65e6, rel=0.03)),
        ("transformer-big", pytest.approx(213e6, rel=0.03)),
        ("llama-2-7b", 6_738_415_616),
        ("llama-3-8b", 8_030_261_248),
        ("mistral-7b", 7_241_732_096),
        ("t5-small", 60_506_624),
    ],
)
def test_parameters_are_as_many_as_were_published(preset: str, published: object) -> None:
    id = ALGORITHM[preset.split("-")[0]]
    found = at(id, preset)
    one = "ℓ_max" in found or preset.startswith("t5")
    tied = found["N_V"] * found.get("d_f", found["d_e"]) if one else 0
    assert value(of(id).parameters, found) - tied == published


def test_BERT_for_classes_has_as_many_parameters_as_were_published() -> None:
    found = at("X6", "bert-base", "N_C=2")
    token_types_and_norm_of_the_embedding = 2 * 2 * 768
    assert value(of("X6").parameters, found) + token_types_and_norm_of_the_embedding == 109_483_778


@pytest.mark.parametrize(
    "word",
    ["length(x)=16", "ℓ=16", "ell=16", " ell = 16 ", "ell=0_016"],
)
def test_a_size_goes_by_several_names(word: str) -> None:
    expected = {**at("10", "gpt2-small"), "length(x)": 16}
    assert at("10", "gpt2-small", word) == expected


@pytest.mark.parametrize(
    ("id", "words", "name", "size"),
    [
        ("10", "gpt2-small ℓ_max=2048", "ℓ_max", 2048),
        ("10", "gpt2-small ell_max=2,048", "length(x)", 2048),
        ("8", "transformer-base ell_z=3", "length(z)", 3),
        ("15", "transformer-base turns=2 length(z)=3", "turns", 2),
        ("10", "gpt2-small L=1 L=2", "L", 2),
    ],
)
def test_a_size_of_a_preset_may_be_another_and_the_last_counts(
    id: str, words: str, name: str, size: int
) -> None:
    assert at(id, *words.split())[name] == size


@pytest.mark.parametrize(
    ("id", "words", "lengths"),
    [
        ("4", "gpt2-small ell=4096", {"ℓ_x": 4096, "ℓ_z": 4096}),
        ("4", "gpt2-small ℓ=4096 ell_x=1", {"ℓ_x": 1, "ℓ_z": 4096}),
        ("4", "gpt2-small ell_x=1 ell=4_096", {"ℓ_x": 1, "ℓ_z": 4096}),
        ("8", "transformer-base ell=3", {"length(x)": 3, "length(z)": 3}),
        ("3", "d_in=2 d_attn=2 d_out=2 ell=3", {"T": 3}),
        ("C5", "d_attn=2 d_out=2 d_x=2 d_z=2 B=64 ell=4096", {"ℓ_x": 4096, "N_B": 64}),
        ("K4", "gpt2-small ell=5 length(x)=1", {"ℓ": 5, "length(x)": 1}),
    ],
)
def test_ell_is_every_length_that_is_not_given(
    id: str, words: str, lengths: dict[str, int]
) -> None:
    assert at(id, *words.split()).items() >= lengths.items()


# components ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("preset", presets())
def test_a_preset_is_that_of_its_model(preset: str) -> None:
    id = ALGORITHM[preset.split("-")[0]]
    assert is_whole(checked()[id], presets()[preset])
    assert preset in fitting(models(), checked()[id], of(id).sizes)


def test_a_component_has_the_sizes_that_a_model_calls_it_with() -> None:
    assert at("4", "gpt2-small") == {
        "d_attn": 64,
        "d_out": 64,  # d_mid of the model
        "d_x": 768,
        "d_z": 768,
        "ℓ_x": 1024,
        "ℓ_z": 1024,
    }
    assert at("5", "bert-base")["d_out"] == 768
    assert at("F1", "llama-2-7b") == {"d_e": 4096, "d_mlp": 11008, "ℓ": 4096}
    assert at("6", "transformer-big") == {"d_e": 1024}


@pytest.mark.parametrize(
    ("id", "expected"),
    [
        ("10", "gpt2"),
        ("9", "bert"),
        ("12", "bert"),  # d_f, too, is a size of it
        ("13", "gpt2"),
        ("6", "gpt2 bert transformer"),
        ("N1", "llama mistral t5"),
        ("F1", "llama mistral"),
        ("S1", "gpt2 bert transformer llama mistral t5"),  # N_V, which all say
        ("R9", "t5"),
        ("C5", ""),  # N_B and B
        ("O4", ""),
    ],
)
def test_the_presets_that_an_algorithm_is_made_for(id: str, expected: str) -> None:
    found = fitting(models(), checked()[id], of(id).sizes)
    assert dict.fromkeys(preset.split("-")[0] for preset in found) == dict.fromkeys(
        expected.split()
    )


@cache
def models() -> Models:
    return of_models(checked())


@pytest.mark.parametrize("preset", presets())
def test_a_component_costs_what_its_first_call_does(preset: str) -> None:
    """All calls of a component have one size, with all sequences of the greatest length."""
    id = ALGORITHM[preset.split("-")[0]]
    sizes = at(id, preset)
    typing, own = checked()[id].typing, models()[preset]
    for line in checked()[id].program.lines:
        for node in walk(line.statement):
            if node in typing.callees and (callee := typing.callees[node]) in own:
                part = of(callee)
                there = {name: own[callee][name] for name in part.sizes}
                for kind, number in part.total.kinds.items():
                    called = value(number.replace(typing.calls[node]), sizes)
                    assert value(number, there) == called, (line.number, callee, kind)


def test_all_sizes_may_be_given_without_a_preset() -> None:
    words = [f"{name}={n}" for n, name in enumerate(("d_x", "d_z", "d_attn", "d_out"), 2)]
    found = at("4", *words, "ell_x=6", "ell_z=7")
    assert found == {"d_x": 2, "d_z": 3, "d_attn": 4, "d_out": 5, "ℓ_x": 6, "ℓ_z": 7}


@pytest.mark.parametrize(
    ("id", "words", "message"),
    [
        ("10", "gpt3", r"there is no preset gpt3; there are gpt2-small, .*, t5-small"),
        ("10", "gpt2-small d_z=1", r"Algorithm 10 has no size d_z; it has H, L, .*"),
        ("10", "gpt2-small x=1", r"Algorithm 10 has no size x; it has H, L, .*"),
        ("10", "gpt2-small bert-base", r"bert-base is neither NAME=VALUE nor stands first, .*"),
        ("10", "gpt2-small L=0", r"L=0: a size is a whole number, 1 or more"),
        ("10", "gpt2-small L=-1", r"L=-1: a size is a whole number, 1 or more"),
        ("10", "gpt2-small L=1.5", r"L=1\.5: a size is .*"),
        ("10", "gpt2-small L=", r"L=: a size is .*"),
        ("10", "gpt2-small L=²", r"L=²: a size is .*"),
        ("4", "llama-2-7b", r"Algorithm 4 also needs d_out, d_x, d_z, ℓ_x, ℓ_z"),
        ("8", "gpt2-small", r"Algorithm 8 also needs L_dec, L_enc"),
        (
            "10",
            "gpt2-small ell=1025",
            r"Algorithm 10 requires length\(x\) ≤ ℓ_max; here length\(x\) = 1025, ℓ_max = 1024",
        ),
        ("14", "gpt2-small ell_gen=2", r"Algorithm 14 requires .*; here length\(x\) = 1024, .*"),
        ("6", "gpt2-small ell=2", r"Algorithm 6 has no size ell; it has d_e"),
        ("C4", "d_attn=1 d_out=1 d_x=1 d_z=1 B=3 ell=4", r"ℓ_x = B N_B; here ℓ_x = 4 is no .* 3"),
        ("13", "gpt2-small N_data=1 N_epochs=1 ell=2_000", r"Algorithm 13 requires .*"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(id: str, words: str, message: str) -> None:
    with pytest.raises(UsageError, match=f"^{message}$"):
        at(id, *words.split())
