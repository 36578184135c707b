"""Does prove show what is proved, and say so where a proof is missing?"""

import re

from helpers.printed import rows

from spec.language.open_obligations import Declared
from spec.library import checked

DECLARED = "spec.terminal.subcommands.declared"


def test_the_claims_of_every_algorithm_are_counted(run):
    printed = rows(run("prove"))
    sums = [0, 0, 0, 0]
    for id, algorithm in checked().items():
        relations = [claim.relation for claim in algorithm.typing.obligations]
        counts = [relations.count("="), relations.count("≥")]
        counts += [len(relations) - len(algorithm.open), len(algorithm.open)]
        assert f"{id} {algorithm.program.layout.title} {' '.join(map(str, counts))}" in printed
        sums = [have + more for have, more in zip(sums, counts, strict=True)]
    assert f"All {' '.join(f'{number:,}' for number in sums)}" in printed
    assert sums[-1] == 2  # of 15 and of K3, which is 15


def test_what_is_open_is_named_with_the_reason(run):
    printed = rows(run("prove"))
    at = printed.index("15.4 EDTransformer requires length(x) ≤ ℓ_max: −length(x̂) + ℓ_max ≥ 0")
    assert printed[at + 1] == "open, as declared: A5"
    assert printed[at + 2].startswith("eos_token may never be drawn")
    assert re.fullmatch(r"All algorithms were read and checked in \d+\.\d s\.", printed[-1])


def test_the_proof_of_one_algorithm_is_of_that_alone(run):
    printed = rows(run("prove", "4"))
    assert "4 Attention 25 8 33 0" in printed
    assert not any(row.startswith(("5 ", "All 4", "15.4")) for row in printed)


def test_all_lists_every_claim(run):
    printed = rows(run("prove", "4", "--all"))
    assert "4.6 V · softmax(S / √d_attn) ℓ_z = ℓ_z 0 = 0 ✓" in printed
    assert "4.5 t_z t_z ≤ ℓ_z −t_z + ℓ_z ≥ 0 ✓" in printed
    assert sum(row.endswith("✓") for row in printed) == 33
    printed = rows(run("prove", "15", "--all"))
    assert sum(row.endswith("✓") for row in printed) == 9
    assert sum(row.endswith("−length(x̂) + ℓ_max ≥ 0 open") for row in printed) == 1


def test_all_claims_of_all_algorithms_have_a_heading_for_each(run):
    assert re.findall(r"^Algorithm (\S+)", run("prove", "--all"), re.MULTILINE) == list(checked())


def test_what_is_open_and_not_declared_fails(run, monkeypatch):
    monkeypatch.setattr(DECLARED, lambda checked: ())
    for arguments in (["prove"], ["prove", "15"], ["prove", "15", "--all"]):
        assert "open, and not declared to be" in rows(run(*arguments, status=1))
    run("prove", "14")


def test_what_is_declared_and_proved_fails(run, monkeypatch):
    planted = Declared(3, "length(x) ≤ ℓ_max", "A1")
    monkeypatch.setattr(DECLARED, lambda checked: (planted,) if checked.id == "10" else ())
    printed = rows(run("prove", "10", status=1))
    assert "10.3 length(x) ≤ ℓ_max" in printed
    assert "declared to be open (A1), but it is not" in printed
