"""What is proved of the sizes in algorithms, and what is not."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.text import Text

from spec.errata import Erratum
from spec.language.checked import Checked
from spec.language.inference.typing import Obligation
from spec.language.open_obligations import Balance
from spec.language.plain_text import text
from spec.pairing import Ref
from spec.terminal.pseudocode_beside_code import heading
from spec.terminal.tables import Table, labelled, numbers, words


@dataclass(frozen=True)
class Proof:
    """An algorithm, and which of the claims that its lines make about sizes are not proved."""

    checked: Checked
    balance: Balance

    @property
    def claims(self) -> Sequence[Obligation]:
        """All claims."""
        return self.checked.typing.obligations

    @property
    def open(self) -> tuple[Obligation, ...]:
        """The claims that are not proved."""
        declared = (known.obligation for known in self.balance.known)
        return *declared, *self.balance.unexpected

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """How many claims are equations, how many inequalities, how many proved, how many open."""
        relations = [claim.relation for claim in self.claims]
        proved = len(relations) - len(self.open)
        return relations.count("="), relations.count("≥"), proved, len(self.open)


def report(
    proofs: Sequence[Proof], errata: Mapping[str, Erratum], seconds: float, *, every: bool = False
) -> Iterator[RenderableType]:
    """Yield how many claims are proved, and which are not; with `every`, all claims before that."""
    if every:
        for proof in proofs:
            yield heading(proof.checked.program.layout)
            yield Text()
            yield _claims(proof)
            yield Text()
    yield _summary(proofs)
    for proof in proofs:
        yield from _open(proof, errata)
    yield Text(f"\nAll algorithms were read and checked in {seconds:.1f} s.", "dim")


def _summary(proofs: Sequence[Proof]) -> Table:
    """Return a table of algorithms, and how many of their claims are proved."""
    table = Table(words("Algorithm"), *map(numbers, ("=", "≥", "Proved", "Open")))
    for proof in proofs:
        algorithm = proof.checked.program.layout
        counts = _counts(proof.counts, proof.balance.holds)
        table.add_row(algorithm.id, algorithm.title, *counts)
    if len(proofs) > 1:
        table.add_section()
        sums = [sum(column) for column in zip(*(proof.counts for proof in proofs), strict=True)]
        holds = all(proof.balance.holds for proof in proofs)
        table.add_row("", "All", *_counts(sums, holds))
    return table


def _counts(counts: Sequence[int], holds: bool) -> list[Text]:
    styles = ("", "", "green", ("yellow" if counts[-1] else "dim") if holds else "bold red")
    return [Text(f"{count:,}", style) for count, style in zip(counts, styles, strict=True)]


def _claims(proof: Proof) -> Table:
    """Return a table of all claims: the line, and the part of it that makes the claim."""
    table = Table(words(""), words("Claim"), words("Polynomial"), numbers("Proof"))
    for claim in proof.claims:
        is_open = any(claim is unproved for unproved in proof.open)
        verdict = Text("open", "yellow") if is_open else Text("✓", "green")
        line = str(Ref(proof.checked.id, claim.line))
        table.add_row(line, text(claim.node), claim.claim, _polynomial(claim), verdict)
    return table


def _open(proof: Proof, errata: Mapping[str, Erratum]) -> Iterator[RenderableType]:
    """Yield the claims that are open, and those that are wrongly declared to be."""
    id, rows = proof.checked.id, labelled("bold")
    for claim, declared in proof.balance.known:
        texts = [_written(claim), Text(f"open, as declared: {declared.erratum}", "yellow")]
        if declared.erratum in errata:
            texts.append(Text(errata[declared.erratum].why, "dim"))
        rows.add_row(str(Ref(id, claim.line)), Group(*texts))
    for claim in proof.balance.unexpected:
        texts = [_written(claim), Text("open, and not declared to be", "bold red")]
        rows.add_row(str(Ref(id, claim.line)), Group(*texts))
    for declared in proof.balance.outdated:
        problem = f"declared to be open ({declared.erratum}), but it is not"
        texts = [Text(declared.condition), Text(problem, "bold red")]
        rows.add_row(str(Ref(id, declared.line)), Group(*texts))
    if rows.row_count:
        yield Text()
        yield rows


def _written(claim: Obligation) -> Text:
    return Text.assemble(claim.claim, ":  ", _polynomial(claim))


def _polynomial(claim: Obligation) -> Text:
    return Text(f"{claim.excess} {claim.relation} 0", "dim")
