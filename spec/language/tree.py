"""The syntax tree of the pseudocode; the docstring of a kind of node shows how it is written.

Nodes are immutable, and equal if they are written alike. What an analysis finds out about a node
stands in a table beside the tree, by the node's identity (`Facts`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Generic, TypeVar, dataclass_transform

from spec.language import alg_file

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
@dataclass(frozen=True)
class Node:
    """Any part of the tree; `span` says which characters of its row it was read from."""

    span: tuple[int, int] = field(default=(0, 0), compare=False, kw_only=True, repr=False)

    def __init_subclass__(cls) -> None:
        dataclass(frozen=True)(cls)  # as every kind of node is


class Expression(Node):
    """Any part that has a value"""


# Expressions


class Number(Expression):
    """`2`"""

    value: int


class Infinity(Expression):
    """`∞`"""


class Pi(Expression):
    """`π`, half a turn"""


class Ones(Expression):
    """`1ᵀ`, as long as it must be"""


class Zeros(Expression):
    """`0_{d_out×ℓ_x}`, a matrix of zeros; `0_{ℓ_x}`, a vector of them"""

    dimensions: tuple[Expression, ...]


class Name(Expression):
    """`W^l_mlp1`: a base with at most one script above and one below"""

    base: str
    above: Script | None = None
    below: Script | None = None

    @property
    def scripts(self) -> tuple[Script | None, Script | None]:
        """Both scripts, the upper first."""
        return self.above, self.below

    @property
    def slices(self) -> tuple[Slice, ...]:
        """The script that says which members of a family are meant, `1:N_data`, if one does."""
        return tuple(script for script in self.scripts if isinstance(script, Slice))


class Mark(Node):
    """`¹` of `γ¹_l`: a numeral that is part of a name, where `Y^1` is a member of a family"""

    numeral: int


class Negative(Expression):
    """`−a`"""

    operand: Expression


class Binary(Expression):
    """`a + b`, `a − b`, `a · b`, `a / b`, `a ⊙ b`, and `a b` with a space for its operator"""

    operator: str
    left: Expression
    right: Expression


class Power(Expression):
    """`(a − b)²`"""

    base: Expression
    exponent: Number


class Transpose(Expression):
    """`Kᵀ`"""

    operand: Expression


class Prefix(Expression):
    """`√a`, `log a`: a function written without brackets"""

    function: str
    operand: Expression


class Call(Expression):
    """`f(a, b | c)`"""

    function: str
    arguments: tuple[Expression, ...]
    parameters: tuple[Expression | Named, ...] = ()


class Named(Node):
    """`Mask ≡ 1`, `Mask[t, t'] ≡ ⟦t ≤ t'⟧`: an argument given by an equation"""

    target: Name | Index
    operator: str
    value: Expression

    @property
    def indices(self) -> tuple[Name, ...]:
        """The names that the equation holds for every value of: `t`, `t'`."""
        subscripts = self.target.subscripts if isinstance(self.target, Index) else ()
        return tuple(index for index in subscripts if isinstance(index, Name))


class Gradient(Expression):
    """`∇loss(θ)`; with more than one argument, `∇Attention(X, Z, R̄ | W)`, it is a call"""

    call: Call


class Index(Expression):
    """`S[t_z, t_x]`"""

    array: Expression
    subscripts: tuple[Expression | All | Slice, ...]


class All(Node):
    """`:` alone, a whole axis"""


class Slice(Node):
    """`a : b`, both ends meant"""

    low: Expression
    high: Expression


class Columns(Expression):
    """`[e_1, …, e_ℓ]` side by side, or the tokens `[x, y]` in a row; `[]`, no token"""

    items: tuple[Expression | Dots, ...]


class Rows(Expression):
    """`[Y^1; Y^2; …; Y^H]` one above the other"""

    items: tuple[Expression | Dots, ...]


class Dots(Node):
    """`…`"""


class Compare(Node):
    """`a ≤ b`, `a < b`, `a = b`, `a ≠ b`"""

    operator: str
    left: Expression
    right: Expression


class Not(Node):
    """`¬a`"""

    operand: Expression


class Both(Node):
    """`a ≤ b ∧ c ≤ d`"""

    left: Condition
    right: Condition


class Either(Node):
    """`a ≤ b ∨ c ≤ d`"""

    left: Condition
    right: Condition


class Iverson(Expression):
    """`⟦a ≤ b⟧`"""

    condition: Condition


class Collect(Expression):
    """`{t ∈ [ℓ] : a = b}`"""

    binder: Binder
    condition: Condition


class Sum(Expression):
    """`Σ_i a`, `Σ_{t=1}^{ℓ−1} a`, `Σ_{t∈T̃} a`"""

    binder: Binder
    body: Expression


# What a loop, a sum or a set runs over


class Implied(Node):
    """`∀ t_z, t_x`, `Σ_i`: as far as the array that is indexed"""

    names: tuple[Name, ...]


class Single(Node):
    """A binder of one name"""

    name: Name

    @property
    def names(self) -> tuple[Name, ...]:
        """The one name, as `Implied` has several."""
        return (self.name,)


class UpTo(Single):
    """`t ∈ [ℓ]`"""

    high: Expression


class Range(Single):
    """`t = 1, …, ℓ`; also down to 1, `l = L, …, 1`"""

    low: Expression
    high: Expression

    @property
    def runs_down(self) -> bool:
        """Whether it ends at 1 and does not begin with a number."""
        return self.high == Number(1) and not isinstance(self.low, Number)


class Member(Single):
    """`t∈T̃`"""

    collection: Name


# Statements


class Assign(Node):
    """`Q ← W_q X`, `loss(θ) = …`, `X[:, t] ← …`, `[Y^1; Y^2; …; Y^H] ← Y`"""

    target: Name | Index | Call | Rows
    operator: str
    value: Expression


class Several(Node):
    """`X̄, Z̄ ← f(…)`: all results of a call that has several"""

    targets: tuple[Name, ...]
    call: Call


class Choose(Node):
    """`a ← b with probability p, else c`"""

    target: Name | Index
    value: Expression
    probability: Expression
    otherwise: Expression


class Sample(Node):
    """`sample a token y from q ∝ p^{1/τ}`"""

    token: Name
    distribution: Name
    weights: Expression


class For(Node):
    """`for l = 1, …, L:` over the lines below, or with a `body` on its own line"""

    word: str
    binder: Binder
    body: Statement | None = None


class While(Node):
    """`while y ≠ eos_token:`"""

    condition: Condition


class If(Node):
    """`if ¬Mask[t_z, t_x] then S[t_z, t_x] ← −∞`"""

    condition: Condition
    body: Statement


class Result(Node):
    """`Ṽ = W_o Y`, or `Ṽ` alone: a result, and the name that it is given where it is returned"""

    name: Name | None
    value: Expression


class Return(Node):
    """`return Ṽ = W_o Y`"""

    name: Name | None
    value: Expression

    @property
    def results(self) -> tuple[Result, ...]:
        """The one result, as `Returns` has several."""
        return (Result(self.name, self.value, span=self.span),)


class Returns(Node):
    """`return X̄, Z̄ = W_kᵀ K̄`: several results"""

    results: tuple[Result, ...]


class End(Node):
    """`end`"""


# Declarations


class Reals(Node):
    """`ℝ`, `ℝ^{d_attn×d_x}`; with an interval, `(0,1)^{N_V×length(x)}` or `(0, ∞)`"""

    dimensions: tuple[Expression, ...] = ()
    interval: tuple[str, str] | None = None


class Bits(Node):
    """`{0,1}^{ℓ_z×ℓ_x}`"""

    dimensions: tuple[Expression, ...]


class Naturals(Node):
    """`ℕ`"""


class Vocabulary(Node):
    """`V`"""


class Sequences(Node):
    """`V*`"""


class Distributions(Node):
    """`Δ(V)`"""


class Positions(Node):
    """`[ℓ_max]`"""

    high: Expression


class Declaration(Node):
    """`W_q, W_k ∈ ℝ^{d_attn×d_in}`, `ε ∈ ℝ default 0`"""

    names: tuple[Name, ...]
    kind: Kind
    default: Number | None = None


class Alike(Node):
    """`W_l as in Algorithm 5 with d_x = d_z = d_out = d_e`

    With `parts`, which is written `W as in Algorithm 5, part by part`, the parts of W are names
    too; those of an output are set one by one.
    """

    names: tuple[Name, ...]
    algorithm: str
    equal: tuple[Expression, ...] = ()
    parts: bool = False


class Declarations(Node):
    """What a row declares; `binder` is its own `for n ∈ [N_data]:`"""

    items: tuple[Declaration | Alike, ...]
    binder: UpTo | None = None


class Each(Node):
    """`for l ∈ [L]:` above the rows that it holds for"""

    binder: UpTo


class Consists(Node):
    """`θ consisting of`, above its parts"""

    name: Name


class Signature(Node):
    """`Ṽ ← Attention(X, Z | W_qkv, Mask)`, `X̄, Z̄, W̄_qkv ← ∇Attention(X, Z, R̄ | W_qkv, Mask)`"""

    results: tuple[Name, ...]
    function: str
    inputs: tuple[Name, ...]
    parameters: tuple[Name, ...] = ()


class Abbreviation(Node):
    """`MHAttention(X | W, Mask) ≡ MHAttention(X, X | W, Mask)`"""

    short: Call
    full: Call


class Requirements(Node):
    """`1 ≤ length(x), length(x) ≤ ℓ_max`"""

    conditions: tuple[Compare, ...]


class Open(Node):
    """`length(x̂) ≤ ℓ_max at line 4 (A5)`: not proved, for the reason that an erratum gives"""

    condition: Compare
    line: Number
    erratum: str


Script = Mark | Expression | Slice
Condition = Compare | Not | Both | Either
Binder = Implied | UpTo | Range | Member
Statement = Assign | Several | Choose | Sample | For | While | If | Return | Returns | End
Kind = Reals | Bits | Naturals | Vocabulary | Sequences | Distributions | Positions


# An algorithm


@dataclass(frozen=True)
class Row:
    """A row of a section, with its tree; `note` is the prose after its dash."""

    section: str
    indent: int
    text: str
    node: Declarations | Each | Consists | Abbreviation | Requirements | Open
    note: str | None = None


@dataclass(frozen=True)
class Line:
    """A numbered line, with its tree; `body` holds the lines of the block that it opens."""

    layout: alg_file.Line
    statement: Statement
    claim: Declarations | None = None
    body: tuple[Line, ...] = ()

    @property
    def number(self) -> int:
        """The number of the line."""
        return self.layout.number

    def walk(self) -> Iterator[Line]:
        """Yield the line and those in its block, from the top down."""
        yield self
        for line in self.body:
            yield from line.walk()


@dataclass(frozen=True)
class Program:
    """An algorithm as a tree: the rows of its head and its lines, blocks within blocks."""

    layout: alg_file.Algorithm
    signature: Signature | None
    rows: tuple[Row, ...]
    body: tuple[Line, ...]

    @property
    def id(self) -> str:
        """The id of the algorithm: `4`, `∇4`."""
        return self.layout.id

    @property
    def lines(self) -> Iterator[Line]:
        """Every line, in the order of their numbers."""
        for line in self.body:
            yield from line.walk()

    @property
    def nodes(self) -> Iterator[Node]:
        """Every node of every line."""
        return (node for line in self.lines for node in walk(line.statement))

    def uses(self, *kinds: type[Node]) -> bool:
        """Say whether a node of one of these kinds stands in a line: `uses(Gradient)`."""
        return any(isinstance(node, kinds) for node in self.nodes)

    def section(self, name: str) -> Iterator[Row]:
        """Yield the rows of a section."""
        return (row for row in self.rows if row.section == name)


class Facts(Generic[T]):
    """A table of facts about nodes, by their identity: `X` may be two things on two lines."""

    def __init__(self) -> None:
        self._facts: dict[int, tuple[Node, T]] = {}  # a node that was not kept would free its id

    def __setitem__(self, node: Node, fact: T) -> None:
        self._facts[id(node)] = (node, fact)

    def __getitem__(self, node: Node) -> T:
        return self._facts[id(node)][1]

    def __contains__(self, node: Node) -> bool:
        return id(node) in self._facts

    def items(self) -> Iterator[tuple[Node, T]]:
        """Yield each node with its fact."""
        yield from self._facts.values()


def kinds(base: type[Node] = Node) -> Iterator[type[Node]]:
    """Yield every kind of node, also those that are only bases of others."""
    for kind in base.__subclasses__():
        yield kind
        yield from kinds(kind)


def children(node: Node) -> Iterator[Node]:
    """Yield the nodes directly within a node, from left to right."""
    for part in fields(node):
        value = getattr(node, part.name)
        for child in value if isinstance(value, tuple) else (value,):
            if isinstance(child, Node):
                yield child


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and all nodes within it."""
    yield node
    for child in children(node):
        yield from walk(child)


def base(target: Name | Index) -> Name:
    """Return the name that a target is or is an entry of: `X` for `X` and for `X[:, t]`."""
    name = target.array if isinstance(target, Index) else target
    assert isinstance(name, Name), "only a name, or an entry of one, can be set"
    return name


def targets(statement: Statement) -> Iterator[Name | Index | Call]:
    """Yield what a statement sets, in its turns if it is a loop: names, entries, functions.

    Of all members of a family, which are set at once, the first.
    """
    match statement:
        case For(_, _, body) if body is not None:
            yield from targets(body)
        case If(_, body):
            yield from targets(body)
        case Assign(Rows(items)):
            yield next(item for item in items if isinstance(item, Name))
        case Assign(target) | Choose(target):
            assert not isinstance(target, Rows), "these are met above"
            yield target
        case Several(several):
            yield from several
        case Sample(token, distribution):
            yield distribution
            yield token
