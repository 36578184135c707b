"""Is what the files say proved, and each error in them refused where it stands?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spec.language import alg_file
from spec.language.checked import Checked, check, declarations
from spec.language.errors import CheckError
from spec.language.header import Header, refers_to
from spec.language.inference.typing import Obligation
from spec.language.parse import program
from spec.language.plain_text import text
from spec.language.polynomials import Atom, Poly
from spec.language.tree import Program, Requirements, Row
from spec.language.types import Family, Key, Tokens
from spec.library import algorithms, checked, programs

HEADERS = {id: one.header for id, one in checked().items()}


def edited(id: str, old: str, new: str, line: str = "") -> Program:
    """An algorithm with a text of its head, or of one of its lines, replaced."""
    rows = alg_file.write(algorithms()[id]).split("\n")
    is_head = [not row[:1].isdigit() for row in rows]
    for at, row in enumerate(rows):
        if old in row and (is_head[at] if not line else row.split(" ")[0] == line):
            rows[at] = row.replace(old, new, 1).rstrip()
            return program(alg_file.read("\n".join(rows), id))
    raise AssertionError(f"{old} does not stand there")


@cache
def in_line(place: str, old: str, new: str) -> Checked:
    id, line = place.split(".")
    return check(edited(id, old, new, line), HEADERS)


def in_head(id: str, old: str, new: str) -> Checked:
    """What is known of an algorithm with another head; nothing else is looked at."""
    changed = {**programs(), id: edited(id, old, new)}
    return check(changed[id], declarations(changed))


def opened(one: Checked) -> tuple[str, ...]:
    """What is open that is not in the files."""
    known = {obligation.claim for obligation in checked()[one.id].open} if one.id != "S1" else ()
    claims = [f"{one.id}.{found.line}: {found.claim}" for found in one.open]
    return tuple(claim for claim in dict.fromkeys(claims) if claim.split(": ", 1)[1] not in known)


def assert_is(error: CheckError, place: str, at: str, problem: str) -> None:
    """An error is in its place, in a line that quotes the row."""
    algorithm, place = place.split(", ", 1)
    assert (error.algorithm, error.place, error.problem) == (algorithm, place, problem)
    assert error.text.startswith(at, error.column - 1)
    where = f"Algorithm {algorithm}, {place}, column {error.column}"
    assert str(error) == f"{where}: {problem}, in: {error.text}"
    assert "\n" not in str(error)


# The files


@pytest.mark.parametrize("id", programs())
def test_an_algorithm_of_the_files_holds_together(id: str) -> None:
    one = checked()[id]
    assert one.id == id
    claims = [(found.line, str(found.excess)) for found in one.open]
    assert claims == ([(4, "−length(x̂) + ℓ_max")] if id == "15" else [])
    broadcasts = one.typing.broadcasts
    assert broadcasts == ([(3, "e − m")] if id == "6" else [])


def test_what_must_hold_is_found() -> None:
    found = [obligation for one in checked().values() for obligation in one.typing.obligations]
    assert len(found) > 600
    assert {obligation.relation for obligation in found} == {"=", "≥"}
    assert all(obligation.excess == 0 for obligation in found if obligation.relation == "=")


@pytest.mark.parametrize("id", programs())
def test_no_unknown_is_left(id: str) -> None:
    typing = checked()[id].typing
    sizes = [obligation.excess for obligation in typing.obligations]
    sizes += [size for _, call in typing.calls.items() for size in call.values()]
    sizes += [end for bound in typing.bounds.values() for end in bound if end is not None]
    assert not [atom for size in sizes for atom in size.atoms if atom.kind == "unknown"]


# Errors planted in them

# A seed is a line, what is replaced in it and by what; below, where the error is and what it says.

REFUSED = """
1.1  W_e[:, v] ⇒ W_e[v, :]
    W_e[v ⇒ the result is 1×N_V, not d_e×1
1.1  W_e[:, v] ⇒ W_e v
    v ⇒ v is one of 1 … N_V, not a real number
1.1  W_e[:, v] ⇒ W_e[:, v]ᵀ
    W_e[ ⇒ the result is 1×d_e, not d_e×1
1.1  W_e[:, v] ⇒ W_e[v]
    W_e[v] ⇒ W_e is d_e×N_V: it does not take one index

2.1  W_p[:, t] ⇒ W_p[t, :]
    W_p[t ⇒ the result is 1×ℓ_max, not d_e×1

1.1  return e = ⇒ e ←
    e ← ⇒ the last line returns nothing

3.1  W_q e ⇒ e W_q
    W_q ⇒ e is d_in×1 and W_q is d_attn×d_in: they cannot be multiplied
3.1  W_q ⇒ W_v
    b_q ⇒ b_q is d_attn×1, not d_out×1
3.2  e_t ⇒ e
    t ⇒ nothing shows how far t runs
3.2  e_t ⇒ e_u
    u ⇒ u is not defined here
3.4  qᵀ k_t ⇒ q k_t
    k_t ⇒ q is d_attn×1 and k_t is d_attn×1: they cannot be multiplied
3.4  Σ_u exp(qᵀ k_u ⇒ Σ_u exp(qᵀ v_u
    v_u ⇒ qᵀ is 1×d_attn and v_u is d_out×1: they cannot be multiplied
3.5  v_t ⇒ k_t
    Σ_t ⇒ the result is d_attn×1, not d_out×1

4.1  W_q X ⇒ X W_q
    W_q ⇒ X is d_x×ℓ_x and W_q is d_attn×d_x: they cannot be multiplied
4.1  W_q ⇒ W_k
    X ⇒ W_k is d_attn×d_z and X is d_x×ℓ_x: they cannot be multiplied
4.1  b_q 1ᵀ ⇒ b_q
    b_q ⇒ b_q is d_attn×1, not d_attn×ℓ_x
4.1  b_q ⇒ b_v
    b_v ⇒ b_v 1ᵀ is d_out×the length of 1ᵀ, not d_attn×ℓ_x
4.1  Q ∈ ℝ^{d_attn×ℓ_x} ⇒ Q ∈ ℝ^{ℓ_x×d_attn}
    4.1, after ▷: Q ⇒ Q is d_attn×ℓ_x, not ℓ_x×d_attn
4.1  Q ∈ ℝ ⇒ K ∈ ℝ
    4.1, after ▷: K ⇒ the line does not set K
4.2  Z ⇒ X
    X ⇒ W_k is d_attn×d_z and X is d_x×ℓ_x: they cannot be multiplied
4.4  Kᵀ Q ⇒ Qᵀ K
    4.4, after ▷: S ⇒ S is ℓ_x×ℓ_z, not ℓ_z×ℓ_x
4.5  S[t_z, t_x] ⇒ S[t_x, t_x]
    S[t_x ⇒ every t_z sets S[t_x, t_x]
4.5  ¬Mask ⇒ ¬S
    S[t_z ⇒ S[t_z, t_x] is a number, not 0 or 1
4.6  V · softmax(S / √d_attn) ⇒ softmax(S / √d_attn) · V
    V ⇒ softmax(S / √d_attn) is ℓ_z×ℓ_x and V is d_out×ℓ_z: they cannot be multiplied
4.6  S / ⇒ Sᵀ /
    softmax(Sᵀ ⇒ V is d_out×ℓ_z and softmax(Sᵀ / √d_attn) is ℓ_x×ℓ_z: they cannot be multiplied

5.1  [H] ⇒ [d_mid]
    5.3: Y^H ⇒ Y^H is not the last, Y^h has d_mid
5.1  h ∈ [H] ⇒ h = 0, …, H
    5.2: Y^h ⇒ Y^h is not made from 1 on
5.2  W^h_qkv, Mask ⇒ Mask, W^h_qkv
    Mask ⇒ W_qkv of Attention is ℓ_z×ℓ_x, of 0 and 1, not parameters of Algorithm 4
5.2  , Mask ⇒
    Attention(X ⇒ this is not a call of the form Attention(X, Z | W_qkv, Mask)
5.2  d_mid×ℓ_x ⇒ d_out×ℓ_x
    5.2, after ▷: Y^h ⇒ Y^h is d_mid×ℓ_x, not d_out×ℓ_x
5.3  [Y^1; Y^2; …; Y^H] ⇒ [Y^1, Y^2, …, Y^H]
    [Y^1 ⇒ a column is d_mid×ℓ_x, not d_mid×1
5.3  Y^1; Y^2; ⇒ Y^2; Y^1;
    [Y^2; ⇒ [Y^2; Y^1; …; Y^H] does not start with the first
5.3  Y^H] ⇒ Y^h]
    h ⇒ h is not defined here
5.3  [Y^1; Y^2; …; Y^H] ⇒ Y^1
    5.3, after ▷: Y ⇒ Y is d_mid×ℓ_x, not H d_mid×ℓ_x
5.4  b_o 1ᵀ ⇒ b_o
    b_o ⇒ b_o is d_out×1, not d_out×ℓ_x

6.1  e[i] / d_e ⇒ e[i] / e
    e ⇒ e is d_e×1, not a divisor
6.1  Σ_i e[i] ⇒ Σ_i e[i + 1]
    i ⇒ nothing shows how far i runs
6.2  (e[i] − m)² ⇒ (e − m)²
    e ⇒ e − m is d_e×1, not a number
6.3  ⊙ γ ⇒ γ
    √(v ⇒ √(v + ε) γ is d_e×1, not a divisor
6.3  (e − m) ⇒ (e − m 1ᵀ)
    m ⇒ m 1ᵀ is 1×the length of 1ᵀ, not d_e×1

7.1  W_u e ⇒ W_uᵀ e
    e ⇒ W_uᵀ is d_e×N_V and e is d_e×1: they cannot be multiplied
7.1  softmax(W_u e) ⇒ W_u
    W_u ⇒ the result is N_V×d_e, not N_V×1

8.2  [ℓ_z] ⇒ [ℓ_max]
    8.3: e_{ℓ_z ⇒ e_{ℓ_z} is not the last, e_t has ℓ_max
8.2  W_e[:, z[t]] ⇒ W_u[:, z[t]]
    W_p[ ⇒ W_p[:, t] is d_e×1, not N_V×1
8.3  e_1, …, e_{ℓ_z} ⇒ e_2, …, e_{ℓ_z}
    [e_2 ⇒ [e_2, …, e_{ℓ_z}] does not start with the first
8.5  Mask ≡ 1 ⇒ Mask ≡ 2
    2 ⇒ 2 is the number 2, not 0 or 1
8.6  Z[:, t] | ⇒ Z[t, :] |
    Z[t ⇒ e of layer_norm is 1×length(z), not a number
8.6  γ¹_l ⇒ W_e
    W_e ⇒ γ of layer_norm is d_e×N_V, not d_e×1
8.7  W^l_mlp2 ReLU(W^l_mlp1 Z + ⇒ W^l_mlp1 ReLU(W^l_mlp2 Z +
    Z ⇒ W^l_mlp2 is d_e×d_mlp and Z is d_e×length(z): they cannot be multiplied
8.8  γ²_l ⇒ γ_l
    γ_l ⇒ γ_l is not defined here
8.10  length(x) ⇒ length(z)
    8.21: softmax(W_u ⇒ the result is N_V×length(z), not N_V×length(x)
8.14  Mask[t, t'] ≡ ⟦t ≤ t'⟧ ⇒ Mask[t] ≡ 1
    Mask[t] ⇒ Mask is length(x)×length(x), of 0 and 1: it has two indices
8.14  ⟦t ≤ t'⟧ ⇒ t
    t ⇒ t is the number t, not 0 or 1
8.16  X, Z | ⇒ Z, X |
    MHAttention(Z ⇒ MHAttention(Z, X | W^{e/d}_i, Mask ≡ 1) is d_e×length(z), not d_e×length(x)
8.17  γ⁴_i ⇒ γ⁴_X
    γ⁴_X ⇒ X is d_e×length(x), not an index of γ⁴_l
8.19  | γ⁵_i, β⁵_i ⇒ | γ⁵_i
    layer_norm(X[ ⇒ this is not a call of the form layer_norm(e | γ, β)
8.21  W_u X ⇒ W_u Z
    softmax(W_u ⇒ the result is N_V×length(z), not N_V×length(x)

9.1  length(x) ⇒ ℓ_max
    9.12: softmax(W_u ⇒ the result is N_V×ℓ_max, not N_V×length(x)
9.2  [ℓ] ⇒ [ℓ_max]
    9.3: e_ℓ ⇒ e_ℓ is not the last, e_t has ℓ_max
9.6  β¹_l ⇒ b^l_mlp1
    b^l_mlp1 ⇒ β of layer_norm is d_mlp×1, not d_e×1
9.10  X ∈ ℝ^{d_f×ℓ} ⇒ X ∈ ℝ^{d_e×ℓ}
    9.10, after ▷: X ⇒ X is d_f×length(x), not d_e×length(x)
9.11  | γ, β ⇒ | γ¹_l, β¹_l
    l ⇒ l is not defined here

10.2  W_e[:, x[t]] ⇒ W_e[x[t], :]
    W_p[ ⇒ W_p[:, t] is d_e×1, not 1×N_V
10.5  X̃[:, t] ← ⇒ X̃[:, l] ←
    X̃[ ⇒ every t sets X̃[:, l]
10.6  Mask[t, t'] = ⟦t ≤ t'⟧ ⇒ Mask[t, t] = ⟦t ≤ t⟧
    t ⇒ t is in use already
10.6  ⟦t ≤ t'⟧ ⇒ ⟦x ≤ t'⟧
    x ⇒ x is a sequence of length(x) tokens: only counts are compared
10.8  X̃ + b^l_mlp1 1ᵀ ⇒ X̃ᵀ + b^l_mlp1 1ᵀ
    X̃ᵀ ⇒ W^l_mlp1 is d_mlp×d_e and X̃ᵀ is length(x)×d_e: they cannot be multiplied
10.10  layer_norm(X[:, t] ⇒ layer_norm(X̃[:, t]
    X̃[ ⇒ X̃ is not defined here
10.11  softmax(W_u X) ⇒ softmax(X)
    softmax(X) ⇒ the result is d_e×length(x), not N_V×length(x)

11.5  [x_n[t+1], t] ⇒ [:, t]
    P(θ)[ ⇒ P(θ)[:, t] is N_V×1, not a number
11.6  ∇loss(θ) ⇒ ∇P(θ)
    P(θ) ⇒ P(θ) is not a real function of parameters
11.6  θ − η · ∇loss(θ) ⇒ θ − ∇loss(θ) · x_n
    ∇loss(θ) ⇒ ∇loss(θ) is parameters of Algorithm 8, not a real number
11.9  θ̂ = θ ⇒ θ̂ = η
    η ⇒ the result is a number, not parameters of Algorithm 8

12.5  x̃_n[t] ← ⇒ x̃_i[t] ←
    12.7: x̃_n[t] ⇒ x̃_n is still being filled here
12.5  x̃_n[t] ← ⇒ x̃_n[n] ←
    12.7: x̃_n[t] ⇒ x̃_n is not defined here
12.5  else x_n[t] ⇒ else x_n
    x_n ⇒ x_n is a sequence of length(x_n) tokens, not one of 1 … N_V
12.8  x̃_n ⇒ x̃_i
    x̃_i ⇒ x̃_i is still being filled here
12.9  T̃ ⇒ ℓ
    ℓ ⇒ ℓ is the number length(x_n), not a set
12.10  loss(θ) ⇒ loss(η)
    η ⇒ η is a number, not parameters of Algorithm 9

13.4  x_n | ⇒ x_n[1] |
    x_n[1] ⇒ x of DTransformer is one of 1 … N_V, not a sequence of length(x) tokens
13.8  end ⇒ ℓ ← length(x_n)
    n ⇒ n is not defined here

14.3  x | ⇒ [x, y] |
    y ⇒ y is not defined here
14.4  P[:, ℓ + i − 1] ⇒ P[ℓ + i − 1, :]
    14.5: p^{1/τ} ⇒ p^{1/τ} is 1×length(x), not N_V×1
14.6  [x, y] ⇒ [y]
    14.2: for ⇒ x grows by −length(x) + 1 tokens a turn, not by one number
14.6  [x, y] ⇒ [x, i]
    i ⇒ i is the number i: neither token nor tokens

15.1  [bos_token] ⇒ bos_token
    15.4: x̂ ⇒ x of EDTransformer is one of 1 … N_V, not a sequence of length(x) tokens
15.1  [bos_token] ⇒ [0]
    0 ⇒ 0 is the number 0: neither token nor tokens
15.2  y ← 0 ⇒ ℓ ← 0
    15.3: y ⇒ y is not defined here
15.5  length(x̂) ⇒ length(P)
    P ⇒ P is N_V×length(x̂): it has no length
15.6  p^ ⇒ z^
    z^{1/τ} ⇒ z is a sequence of length(z) tokens, not a real number
15.7  [x̂, y] ⇒ y
    15.3: while ⇒ x̂, set again, is one of 1 … N_V, not a sequence of length(x̂) tokens
15.9  x̂ ⇒ y
    y ⇒ the result is a whole number, not a sequence of length(x̂) tokens
"""

DECLARED = """
1  e ∈ ℝ^{d_e} ⇒ e ∈ ℝ^{N_V}
    1.1: W_e[ ⇒ the result is d_e×1, not N_V×1
1  e ∈ ℝ^{d_e} ⇒ f ∈ ℝ^{d_e}
    1.1: e ⇒ the output is f
1  e ∈ ℝ^{d_e} ⇒ e, f ∈ ℝ^{d_e}
    Output: f ⇒ there are two outputs
1  d_e×N_V ⇒ N_V×d_e
    1.1: W_e[ ⇒ the result is N_V×1, not d_e×1

3  for t ∈ [T]: e_t ⇒ for t ∈ [T]: e_u
    Input: e_u ⇒ e_u must have the index t, once
3  for t ∈ [T]: e_t ⇒ e_t
    3.2: t ⇒ t is part of the name e_t
3  e_t ∈ ℝ^{d_in} ⇒ e_t ∈ ℝ^{d_t}
    Input: d_t ⇒ d_t differs from member to member
3  e_t ∈ ℝ^{d_in} ⇒ e_t ∈ ℝ^{t}
    Input: t ⇒ t differs from member to member
3  e_t ∈ ℝ^{d_in} ⇒ e ∈ ℝ^{d_in}
    Input: e ⇒ e must have the index t, once
3  e_t ∈ ℝ^{d_in} ⇒ e^t_t ∈ ℝ^{d_in}
    Input: e^t_t ⇒ e^t_t must have the index t, once
3  e_t ∈ ℝ^{d_in} ⇒ e_t ∈ ℕ
    Input: e_t ⇒ there is one count, not one for each member
3  b_q, b_k ⇒ b_q, b_q
    Parameters: b_q ⇒ b_q is declared twice
3  W_q, W_k ⇒ W_q, W_1
    Parameters: W_1 ⇒ W_1 can only be a member of a family

4  X ∈ ℝ^{d_x×ℓ_x} ⇒ X ∈ ℝ^{ℓ_x×d_x}
    4.1: X ⇒ W_q is d_attn×d_x and X is ℓ_x×d_x: they cannot be multiplied
4  Z ∈ ⇒ Y ∈
    heading: Z ⇒ Z is not declared
4  W_k ∈ ℝ^{d_attn×d_z} ⇒ W_k ∈ ℝ^{d_attn×d_x}
    4.2: Z ⇒ W_k is d_attn×d_x and Z is d_z×ℓ_z: they cannot be multiplied
4  W_k ∈ ℝ^{d_attn×d_z} ⇒ W_k ∈ ℝ^{d_att×d_z}
    4.2: b_k ⇒ b_k 1ᵀ is d_attn×the length of 1ᵀ, not d_att×ℓ_z
4  Mask ∈ {0,1}^{ℓ_z×ℓ_x} ⇒ Mask ∈ ℝ^{ℓ_z×ℓ_x}
    4.5: Mask[t_z ⇒ Mask[t_z, t_x] is a number, not 0 or 1
4  Ṽ ∈ ℝ^{d_out×ℓ_x} ⇒ Ṽ ∈ ℝ^{d_out×ℓ_z}
    4.6: V ⇒ the result is d_out×ℓ_x, not d_out×ℓ_z
4  Ṽ ∈ ℝ^{d_out×ℓ_x} ⇒ Ṽ ∈ ℝ^{d_o×ℓ_x}
    Output: d_o×ℓ_x ⇒ d_o is not declared
4  W_qkv consisting ⇒ Mask consisting
    Parameters: Mask ⇒ Mask is declared twice
4  X, Z | ⇒ X, X |
    heading: X ⇒ X is named twice
4  X, Z | ⇒ X |
    heading: Ṽ ⇒ Z is not given
4  W_qkv, Mask ⇒ Mask
    heading: Ṽ ⇒ W_qkv is not given
4  Ṽ ← ⇒ V ←
    heading: V ⇒ the output is Ṽ
4  Attention( ⇒ softmax(
    heading: softmax(X ⇒ softmax is a function already
4  Attention( ⇒ MHAttention(
    5 heading: MHAttention(X ⇒ MHAttention is a function already

5  as in Algorithm 4 ⇒ as in Algorithm 44
    Parameters: W^h_qkv ⇒ Algorithm 44 is missing, or refers to this one
5  as in Algorithm 4 ⇒ as in Algorithm 5
    Parameters: W^h_qkv ⇒ Algorithm 5 is missing, or refers to this one
5  with d_out = d_mid ⇒ with d_o = d_mid
    Parameters: d_o ⇒ Algorithm 4 has no size d_o
5  with d_out = d_mid ⇒
    5.2, after ▷: Y^h ⇒ Y^h is d_out×ℓ_x, not d_mid×ℓ_x
5  with d_out = d_mid ⇒ with d_out = H d_mid
    5.2, after ▷: Y^h ⇒ Y^h is H d_mid×ℓ_x, not d_mid×ℓ_x
5  H d_mid ⇒ d_mid
    5.4: Y ⇒ W_o is d_out×d_mid and Y is H d_mid×ℓ_x: they cannot be multiplied
5  H ∈ ℕ ⇒ H ∈ ℝ
    Parameters: H ⇒ H is a number, not a size
5  ≡ MHAttention(X, X | ⇒ ≡ MHAttention(X, Z |
    Abbreviation: MHAttention(X ⇒ this does not abbreviate a call of MHAttention
5  ≡ MHAttention(X, X | ⇒ ≡ Attention(X, X |
    Abbreviation: MHAttention(X ⇒ this does not abbreviate a call of MHAttention
5  MHAttention(X | W, Mask) ⇒ MHAttention(X | Mask, W)
    Abbreviation: MHAttention(X ⇒ this does not abbreviate a call of MHAttention
5  for h ∈ [H]: W^h_qkv ⇒ W^h_qkv
    5.1: h ⇒ h is part of the name W^h_qkv

6  ε ∈ ℝ ⇒ ε ∈ ℝ^{d_e}
    6.3: v ⇒ v + ε is d_e×1, not a number
6  β ∈ ℝ^{d_e} ⇒ β ∈ ℝ default 0
    Parameters: γ ⇒ only a hyperparameter has a default

8  W_p ∈ ℝ^{d_e×ℓ_max} ⇒ W_p ∈ ℝ^{ℓ_max×d_e}
    8.2: W_p[ ⇒ W_p[:, t] is ℓ_max×1, not d_e×1
8  W^enc_l as ⇒ W^enc as
    Parameters: W^enc ⇒ W^enc must have the index l, once
8  γ¹_l, β¹_l ⇒ γ¹_l, γ¹_l
    Parameters: γ¹_l ⇒ γ¹_l is declared twice
8  W_u ∈ ℝ^{N_V×d_e} ⇒ W_u ∈ ℝ^{N_V−1×d_e}
    Parameters: N_V−1×d_e ⇒ N_V − 1 is not a size
8  1 ≤ length(z) ⇒ 1 ≤ length(Z)
    Requires: Z ⇒ Z is not a sequence
8  1 ≤ length(z) ⇒ 1 ≠ length(z)
    Requires: 1 ⇒ only what is written with ≤ or = can be required
8  1 ≤ length(z) ⇒ 1 = length(z)
    Requires: 1 ⇒ 1 is not a size of its own
8  1 ≤ length(z) ⇒ d_e = H d_e
    Requires: d_e ⇒ d_e is not a size of its own
8  1 ≤ length(z) ⇒ N_V = d_e
    Requires: N_V ⇒ N_V is not a size of its own
8  1 ≤ length(z) ⇒ d_e = H, H = d_e
    Requires: H ⇒ H is not a size of its own
11  1 ≤ length(z_n) ⇒ length(z_n) = ℓ_max
    Requires: length ⇒ length(z_n) is not a size of its own
8  length(z) ≤ ℓ_max ⇒ length(z) ≤ ℓ_mx
    Requires: ℓ_mx ⇒ ℓ_mx is not declared
8  length(z) ≤ ℓ_max ⇒ length(z) ≤ ℓ_max/2
    Requires: ℓ_max/2 ⇒ ℓ_max / 2 is not a size

11  z_{1:N_data} ⇒ z_{1:N_epochs}
    heading: z_{1:N_epochs} ⇒ z_{1:N_epochs} is not all of them, 1 … N_data
11  z_{1:N_data} ⇒ z_{2:N_data}
    heading: z_{2:N_data} ⇒ z_{2:N_data} is not all of them, 1 … N_data
11  z_{1:N_data} ⇒ z_n
    heading: z_n ⇒ z_n is not declared
11  z_{1:N_data}, ⇒
    heading: θ̂ ⇒ z_n is not given
11  θ as in Algorithm 8 ⇒ θ as in Algorithm 9
    Output: θ̂ ⇒ L_dec is not declared
11  θ as in Algorithm 8 ⇒ θ_l as in Algorithm 8
    heading: θ ⇒ θ is not declared
11  1 ≤ length(z_n) ⇒ 1 ≤ length(z_m)
    Requires: z_m ⇒ z_m is not a sequence

14  θ̂ as in Algorithm 10 ⇒ θ̂ as in Algorithm 9
    14.3: θ̂ ⇒ θ of DTransformer is parameters of Algorithm 9, not parameters of Algorithm 10
14  y ∈ V* ⇒ y ∈ ℝ
    14.8: x[ℓ+1 ⇒ the result is a sequence of ℓ_gen tokens, not a number
14  ℓ_gen ∈ ℕ ⇒ ℓ_gen ∈ ℝ
    Requires: ℓ_gen ⇒ ℓ_gen is a number, not a size
"""

OPEN = """
2.1  W_p[:, t] ⇒ W_p[:, t + 1]
    2.1: t + 1 ≤ ℓ_max
2.1  W_p[:, t] ⇒ W_p[:, ℓ_max]
    2.1: 1 ≤ ℓ_max

4.5  Mask[t_z, t_x] ⇒ Mask[t_x, t_z]
    4.5: t_z ≤ ℓ_z
    4.5: t_x ≤ ℓ_x
4.5  S[t_z, t_x] ⇒ S[t_x, t_z]
    4.5: t_x ≤ ℓ_z
    4.5: t_z ≤ ℓ_x

5.2  W^h_qkv ⇒ W^1_qkv
    5.2: 1 ≤ H

6.1  e[i] ⇒ e[1, i]
    6.1: 1 ≤ d_e

8.1  length(z) ⇒ length(x)
    8.2: t ≤ length(z)
8.2  z[t] ⇒ x[t]
    8.2: t ≤ length(x)
8.2  W_e[:, z[t]] ⇒ W_e[:, t]
    8.2: t ≤ N_V
8.2  W_p[:, t] ⇒ W_p[:, z[t]]
    8.2: z[t] ≤ ℓ_max
8.5  W^enc_l ⇒ W^dec_l
    8.5: l ≤ L_dec
8.6  γ¹_l ⇒ γ³_l
    8.6: l ≤ L_dec
8.6  [ℓ_z] ⇒ [ℓ_max]
    8.6: t ≤ length(z)
8.7  W^l_mlp2 ⇒ W^l_mlp4
    8.7: l ≤ L_dec
8.18  W^i_mlp4 ⇒ W^i_mlp2
    8.18: i ≤ L_enc

9.4  L ⇒ H
    9.5: l ≤ L
    9.6: l ≤ L
    9.7: l ≤ L
    9.8: l ≤ L
9.5  W_l ⇒ W_H
    9.5: 1 ≤ H
    9.5: H ≤ L

11.3  length(x_n) ⇒ length(z_n)
    11.5: t + 1 ≤ length(x_n)
    11.5: t ≤ length(x_n)
11.3  length(x_n) ⇒ length(x_i)
    11.3: i ≤ N_data
    11.5: t + 1 ≤ length(x_n)
    11.5: t ≤ length(x_n)
11.4  z_n, x_n ⇒ x_n, z_n
    11.5: t ≤ length(z_n)
11.4  EDTransformer(z_n, x_n ⇒ EDTransformer(z_i, x_n
    11.4: i ≤ N_data
11.5  ℓ−1 ⇒ ℓ
    11.5: t + 1 ≤ length(x_n)
11.5  [x_n[t+1], t] ⇒ [x_n[t+1], t + 2]
    11.5: t + 2 ≤ length(x_n)
11.5  x_n[t+1] ⇒ x_n[t+2]
    11.5: t + 2 ≤ length(x_n)
11.5  x_n[t+1] ⇒ z_n[t+1]
    11.5: t + 1 ≤ length(z_n)
11.5  x_n[t+1] ⇒ x_i[t+1]
    11.5: i ≤ N_data
    11.5: t + 1 ≤ length(x_i)
11.5  [x_n[t+1], t] ⇒ [t, x_n[t+1]]
    11.5: t ≤ N_V
    11.5: x_n[t + 1] ≤ length(x_n)

12.4  ℓ ⇒ ℓ + 1
    12.5: t ≤ length(x_n)
    12.8: ETransformer requires length(x) ≤ ℓ_max
12.5  else x_n[t] ⇒ else x_n[t+1]
    12.5: t + 1 ≤ length(x_n)
12.7  [ℓ] ⇒ [ℓ_max]
    12.7: t ≤ length(x_n)
    12.9: t ≤ length(x_n)
12.9  [x_n[t], t] ⇒ [x_n[t], t + 1]
    12.9: t + 1 ≤ length(x_n)

13.3  length(x_n) ⇒ ℓ_max
    13.5: t + 1 ≤ length(x_n)
    13.5: t ≤ length(x_n)
13.4  x_n | ⇒ x_n[2 : ℓ] |
    13.4: DTransformer requires 1 ≤ length(x)
13.5  ℓ−1 ⇒ N_data
    13.5: t + 1 ≤ length(x_n)
    13.5: t ≤ length(x_n)

14.2  ℓ_gen ⇒ ℓ_max
    14.3: DTransformer requires length(x) ≤ ℓ_max
14.4  ℓ + i − 1 ⇒ ℓ + i
    14.4: ℓ + i ≤ i + length(x) − 1
14.4  ℓ + i − 1 ⇒ i − 1
    14.4: 1 ≤ i − 1
14.6  [x, y] ⇒ [x, y, y]
    14.3: DTransformer requires length(x) ≤ ℓ_max
14.8  ℓ+1 ⇒ 0
    14.8: 1 ≤ 0
14.8  ℓ+ℓ_gen ⇒ ℓ + ℓ_gen + 1
    14.8: ℓ + ℓ_gen + 1 ≤ length(x) + ℓ_gen

15.4  z, x̂ ⇒ x̂, z
    15.4: EDTransformer requires length(z) ≤ ℓ_max
    15.5: length(x̂) ≤ length(z)
15.5  length(x̂) ⇒ length(z)
    15.5: length(z) ≤ length(x̂)
15.5  length(x̂) ⇒ length(x̂) + 1
    15.5: length(x̂) + 1 ≤ length(x̂)

1  v ∈ V ⇒ v ∈ ℕ
    1.1: 1 ≤ v
    1.1: v ≤ N_V

2  [ℓ_max] ⇒ [d_e]
    2.1: t ≤ ℓ_max

4  Mask ∈ {0,1}^{ℓ_z×ℓ_x} ⇒ Mask ∈ {0,1}^{ℓ_x×ℓ_z}
    4.5: t_z ≤ ℓ_z
    4.5: t_x ≤ ℓ_x

8  length(z) ≤ ℓ_max ⇒ length(z) ≤ 2·ℓ_max
    8.2: t ≤ ℓ_max
"""


def seeds(table: str) -> list[tuple[str, str, str, tuple[str, ...]]]:
    found: list[tuple[str, str, str, tuple[str, ...]]] = []
    for row in filter(None, table.split("\n")):
        if row.startswith(" "):
            *seed, below = found.pop()
            found.append((*seed, (*below, row.strip())))  # type: ignore[arg-type]
        else:
            place, change = row.split("  ", 1)
            old, new = (part.strip() for part in change.split("⇒"))
            found.append((place, old, new, ()))
    return found


def expected(line: str, below: str) -> tuple[str, str, str]:
    """The place, the text at the column, and the problem of an error."""
    where, problem = below.split(" ⇒ ")
    place, at = where.split(": ", 1) if ": " in where else (line, where)
    if "." in place:
        place = place.replace(".", ", line ", 1)
    elif " " in place:
        place = place.replace(" ", ", ", 1)
    else:
        place = f"{line}, {place}"
    return place, at, problem


@pytest.mark.parametrize(("line", "old", "new", "below"), seeds(REFUSED))
def test_an_error_in_a_line_is_refused(
    line: str, old: str, new: str, below: tuple[str, ...]
) -> None:
    with pytest.raises(CheckError) as caught:
        in_line(line, old, new)
    assert_is(caught.value, *expected(line, *below))


@pytest.mark.parametrize(("id", "old", "new", "below"), seeds(DECLARED))
def test_an_error_in_a_declaration_is_refused(
    id: str, old: str, new: str, below: tuple[str, ...]
) -> None:
    with pytest.raises(CheckError) as caught:
        in_head(id, old, new)
    assert_is(caught.value, *expected(id, *below))


@pytest.mark.parametrize(("line", "old", "new", "claims"), seeds(OPEN))
def test_what_need_not_hold_is_open(line: str, old: str, new: str, claims: tuple[str, ...]) -> None:
    one = in_line(line, old, new) if "." in line else in_head(line, old, new)
    assert opened(one) == claims


def test_every_algorithm_has_errors_planted() -> None:
    planted = [line.split(".")[0] for line, *_ in seeds(REFUSED + OPEN)]
    assert {*planted} == programs().keys()
    assert len(planted) > 100


# Where soundness is at stake: small algorithms that are wrong in one way

HEAD = """\
Algorithm S1: A sketch
Input: x, z ∈ V*, X ∈ ℝ^{d_e×ℓ}, v ∈ V, j ∈ [ℓ]
       for n ∈ [N]: x_n ∈ V*, e_n ∈ ℝ^{d_e}
Output: r ∈ ℝ
Parameters: θ as in Algorithm 9, W ∈ ℝ^{d_f×d_e}, w, a ∈ ℝ^{d_e}
Hyperparameters: Mask ∈ {0,1}^{ℓ×ℓ}, m, d ∈ ℕ, τ ∈ ℝ
Requires: 1 ≤ length(x), length(x) ≤ ℓ_max
       1 ≤ length(x_n), length(x_n) ≤ ℓ_max
"""


def sketch(lines: str, head: str = HEAD) -> Program:
    rows = [*lines.split("\n"), *(() if "return" in lines else ("return r = 0",))]
    numbered = "".join(f"{number:<3}{row}\n" for number, row in enumerate(rows, 1))
    return program(alg_file.read(f"{head}\n{numbered}", "S1"))


def understood(lines: str, head: str = HEAD, *others: str) -> Checked:
    texts = [program(alg_file.read(other, "another")) for other in others]
    found = {one.id: one for one in (*texts, sketch(lines, head))}
    return check(found["S1"], declarations({**programs(), **found}))


def said(lines: str, head: str = HEAD, *others: str) -> str:
    """What is wrong with a sketch, or what is open in it, in a few words."""
    try:
        one = understood(lines, head, *others)
    except CheckError as error:
        return f"{error.place}: {error.problem}"
    return ", ".join(f"{claim.removeprefix('S1.')} is open" for claim in opened(one))


#: Sketches, and what is wrong with each, or nothing.
SKETCHES = """
# what has a value
y ← t
→ line 1: t is not defined here
for i = 1, …, m:
    Y ← X
Y ← Y + X
→ line 3: Y is not defined here
while m ≠ 0:
    Y ← X
end
Y ← Y + X
→ line 4: Y is not defined here
if m ≤ 1 then Y ← X
→ line 1: Y is set here only if the condition holds
for i = 1, …, m:
    k ← i
end
y ← w[k]
→ line 4: k is not defined here
for i ∈ [m]: X[:, i] ← w
y ← w[i]
→ line 2: i is not defined here
for t = 1, …, ℓ:
    q_t ← w
end
Y ← [q_1, …, q_ℓ]
→
for t = 1, …, ℓ:
    U[:, t] ← w
end
Y ← X + U
→
for t = 1, …, ℓ:
    for i = 1, …, m:
        q_t ← w
    end
end
Y ← [q_1, …, q_ℓ]
→ line 2: not every turn makes its q_t here
for t = 1, …, ℓ:
    while m ≠ 0:
        U[:, t] ← w
    end
end
Y ← X + U
→ line 6: U is not defined here
U[1, 1] ← m
→ line 1: U is not defined here
for t ∈ [ℓ]: U[t, :] ← w
→ line 1: U is not defined here
for t ∈ [ℓ]: U[:, t] ← U[:, 1]
→ line 1: U is not defined here
for t = 1, …, ℓ:
    U[:, t] ← w
    Y ← U + X
→ line 3: U is still being filled here
for n ∈ [N]: e_n ← e_n + w
→ line 1: e_n is read in the loop that makes it
for n ∈ [N]: x_n[1] ← v
→ line 1: each x_n has been made already

# what can be set
e_1 ← w
→ line 1: e_1 cannot be set
e_{m+1} ← w
→ line 1: e_{m+1} cannot be set
e_m ← w
→ line 1: e_m means something else here
w^m ← a
→ line 1: w^m means something else here
for t ∈ [ℓ]: q^t_t ← w
→ line 1: q^t_t has two indices
ReLU(X)[:, 1] ← w
→ line 1: ReLU(X)[:, 1] cannot be set
for t ∈ [ℓ]: U[:, t] ← X[t, :]
→ line 1: U[:, t] cannot be 1×ℓ
for t ∈ [ℓ]: U[t] ← X[1, t]
→ line 1: U[t] cannot be a number
for t = 2, …, m: y[t] ← v
→ line 1: y[t] is not made from 1 on
Mask[1, 1] ← ⟦m ≤ 1⟧
→ 1: 1 ≤ ℓ is open
Mask[j, j] ← 2
→ line 1: 2 is the number 2, not 0 or 1
Mask[j, j] ← τ
→ line 1: τ is a number, not 0 or 1
x[1] ← 5
→ line 1: 5 is the number 5, not one of 1 … N_V
for i = 1, …, m:
    i ← 1
→ line 2: i is what a loop runs over
sample a token y from y ∝ ETransformer(x | θ)[:, 1]
→ line 1: y is set twice
for d ∈ [m]: X[:, d] ← w
→ line 1: d is in use already
for e ∈ [m]: X[:, e] ← w
→ line 1: e is part of the name d_e
for i ∈ [i]: X[:, i] ← w
→ line 1: i is not defined here

# what stands where
∀t:
    x[t] ← v
→ line 1: a loop over lines is a `for` that says how far it runs
for t:
    x[t] ← v
→ line 1: a loop over lines is a `for` that says how far it runs
for t ∈ [ℓ]: for i = 1, …, m:
    x ← z
→ line 1: this stands on a line of its own
if m ≤ 1 then return r = 0
→ line 1: this stands on a line of its own
return r = 0
k ← 1
→ line 1: this is not the last line
return r = 0
return r = 0
→ line 1: this is not the last line
for i = 1, …, m:
    return r = 0
end
→ line 2: this is not the last line
return y = 0
→ line 1: the output is r
return X
→ line 1: the result is d_e×ℓ, not a number
k ← 1  ▷ for t ∈ [ℓ]: k ∈ ℝ
return 0
→ line 1, after ▷: a comment says of what shape a variable is

# the turns of a ∀
∀t: x[t] ← x[t]
→
∀t: x[t] ← x[1]
→ line 1: another turn of the ∀ sets x[1]
for t ∈ [length(x)]: x[t] ← x[1]
→
∀ t, s: Mask[t, s] ← Mask[s, t]
→ line 1: another turn of the ∀ sets Mask[s, t]
∀ t, s: if Mask[s, t] ≠ m then Mask[t, s] ← 0
→ line 1: another turn of the ∀ sets Mask[s, t]
∀ t, s: Mask[t, 1] ← Mask[t, s]
→ line 1: every s sets Mask[t, 1]
∀t: U[:, t] ← ReLU(X)[:, t]
→
∀t: X[:, t] ← ReLU(X)[:, t]
→ line 1: another turn of the ∀ sets X
∀t: k ← x[t]
→ line 1: every t sets k
for i ∈ [m]: k ← i
→ line 1: every i sets k
for i ∈ [m]: x ← [x, v]
→ line 1: every i sets x
for i ∈ [m]: sample a token y from q ∝ ETransformer(x | θ)[:, 1]
→ line 1: every i sets q
∀t: sample a token y_t from q_t ∝ ETransformer(x | θ)[:, t]
→
for i ∈ [m]: f(θ) ← X
→ line 1: every i sets f(θ)
for i ∈ [m]: f(i) ← X
→ line 1: every i sets f(i)

# what only a condition changes
if m ≤ 1 then w ← W a
→ line 1: w, set again, is d_f×1, not d_e×1
if m ≤ 1 then x ← [x, v]
→ line 1: x, set again, is a sequence of length(x) + 1 tokens, not a sequence of length(x) tokens
k ← 3
if m ≤ 1 then k ← 5
y ← w[k]
→ line 3: k is a whole number, not an index
for n ∈ [N]: if m ≤ 1 then e_n ← a
→ line 1: not every turn makes its e_n here
for n = 1, …, N:
    while m ≠ 0:
        e_n ← a
→ line 2: not every turn makes its e_n here
for n = 1, …, N:
    if m ≤ 1 then X[:, j] ← e_n
→
if m ≤ 1 then w ← a
→

# what a loop hands on
for i = 1, …, m:
    w ← W w
→ line 1: w, set again, is d_f×1, not d_e×1
for i = 1, …, m:
    x ← X
→ line 1: x, set again, is d_e×ℓ, not a sequence of length(x) tokens
k ← 3
for i = 1, …, m:
    k ← k + 1
end
y ← w[k]
→ line 5: k is a whole number, not an index
for i = 1, …, m:
    for n ∈ [N]: e_n ← w
→
for i = 1, …, m:
    for n ∈ [N]: e_n ← W w
→ line 1: e_n, set again, is N times d_f×1, not N times d_e×1
for i = 1, …, m:
    for n ∈ [m]: e_n ← w
→ line 1: e_n, set again, is m times d_e×1, not N times d_e×1
for i = 3, …, m:
    x ← [x, v]
→ 1: 3 ≤ m + 1 is open
for i = 3, …, m:
    x ← z[1 : length(x)]
→ 2: length(x) ≤ length(z) is open
y ← {t ∈ [ℓ] : t = 1}
for i = 1, …, m:
    y ← {t ∈ [ℓ] : t = i}
→
y ← {t ∈ [ℓ] : t = 1}
for i = 1, …, m:
    y ← {t ∈ [m] : t = i}
→ line 2: y, set again, is a set of positions up to m, not a set of positions up to ℓ
while m ≠ 0:
    x ← x[2 : length(x)]
→ 1: length(x) ≤ length(x) − 1 is open
while m ≠ 0:
    X ← ReLU(X)
→
f(θ) ← X
for i = 1, …, m:
    f(θ) ← X
→ line 2: f, set again, is a function of θ, not a function of θ

# what a turn leaves behind
Y ← Σ_{n=1}^{N} ETransformer(x_n | θ)
→ line 1: ETransformer(x_n | θ) is N_V×length(x_n), another in each turn
Y ← Σ_{n=1}^{N} ETransformer(x_n | θ)[:, 1]
→
for n = 1, …, N:
    y ← [v]
    while m ≠ 0:
        y ← [y, v]
    end
    y_n ← y
end
→ line 1: y_n is N times a sequence of length(y) tokens, another in each turn
o ← 1ᵀ
for n ∈ [N]: Y_n ← ETransformer(x_n | θ) + ETransformer(x_n | θ)[:, 1] o
→ line 2: ETransformer(x_n | θ)[:, 1] o is N_V×the length of 1ᵀ, not N_V×length(x_n)
for n ∈ [N]: Y_n ← ETransformer(x_n | θ) + ETransformer(x_n | θ)[:, 1] 1ᵀ
→
o ← 1ᵀ
Y ← X + w o
Y ← ETransformer(x | θ) + W w o
→ line 3: W w o is d_f×ℓ, not N_V×length(x)
o ← 1ᵀ
→ line 1: nothing shows what the length of 1ᵀ is in 1ᵀ
∀ t, n: y_n[t] ← x_n[t]
→ line 1: nothing shows how far t runs
y ← Σ_i X[i, j] · Σ_k a[k]
→

# lists
for n ∈ [N]: Y_n ← ETransformer(x_n | θ)[1, :]ᵀ
Y ← [Y_1; …; Y_N]
→ line 2: Y_N is length(x_N)×1: only matrices of one size are listed
Y ← [x_1, …, x_N]
→ line 1: x_N is a sequence of length(x_N) tokens: only matrices of one size are listed
Y ← [e_1, w, …, e_N]
→ line 1: only the members of a family are listed, the last after …
Y ← [e_1, w^2, …, e_N]
→ line 1: only the members of a family are listed, the last after …
Y ← […, e_N]
→ line 1: only the members of a family are listed, the last after …
Y ← […]
→ line 1: only the members of a family are listed, the last after …
Y ← [e_1, …, x_N]
→ line 1: only the members of a family are listed, the last after …
Y ← [X; X]
→ line 1: only the members of a family are listed, the last after …
for t ∈ [ℓ − 1]: q_t ← w
Y ← [q_1, …, q_{ℓ−1}]
→ 1: 0 ≤ ℓ − 1 is open
Y ← [e_1, e_2, …, e_N]
→

# functions
f(θ) ← ETransformer(x | θ)
x ← [x, v]
→ line 2: f depends on x as it was
f(θ) ← ETransformer(x | θ)
for i = 1, …, m:
    x ← [x, v]
→ line 3: f depends on x as it was
f(θ) ← X
g(θ) ← f(θ)
f(θ) ← X
→ line 3: g depends on f as it was
f(θ) ← ETransformer(x | θ)
θ ← 2 · θ
Y ← f(θ) + f(θ + θ)
→
f(θ) ← X
f ← X
Y ← f(θ)
→ line 3: there is no function f
f(x) ← X
→ line 1: x is a sequence of length(x) tokens, not parameters
f(x_1) ← X
→ line 1: a function is defined of one name
f(θ, θ) ← X
→ line 1: a function is defined of one name
exp(θ) ← X
→ line 1: exp is a function already
layer_norm(θ) ← X
→ line 1: layer_norm is a function already
f(θ) ← X
y ← f(θ, θ)
→ line 2: f takes one input
y ← f(x)
→ line 1: there is no function f
y ← exp(X | θ)
→ line 1: exp takes one input
y ← length(x, z)
→ line 1: length takes one input
f(θ) ← X[1, j]
y ← θ − τ · ∇f(θ)
→ 1: 1 ≤ d_e is open
y ← ∇ETransformer(x | θ)
→ line 1: ETransformer(x | θ) is not a real function of parameters

# calls
y ← layer_norm(w | γ ≡ 1, a)
→
y ← layer_norm(w | γ[i, k] ≡ ⟦i ≤ k⟧, a)
→
y ← layer_norm(w | β ≡ 1, a)
→ line 1: layer_norm takes γ here, not β
y ← layer_norm(w | γ[1, k] ≡ 1, a)
→ line 1: what is given is indexed by names
y ← layer_norm(w | γ[i, k] ≡ w, a)
→ line 1: w is d_e×1, not a number
y ← ETransformer(x | θ ≡ 1)
→ line 1: θ is parameters of Algorithm 9: an equation gives a matrix
y ← ETransformer([x, v] | θ)
→ 1: ETransformer requires length(x) ≤ ℓ_max is open
y ← ETransformer(z | θ)
→ 1: ETransformer requires 1 ≤ length(x) is open, 1: ETransformer requires length(x) ≤ ℓ_max is open
for n ∈ [N]: Y_n ← ETransformer(x_n | θ)
→

# numbers, tokens and matrices
y ← v + 1
→ line 1: v is one of 1 … N_V, not a real number
k ← 0
while k ≠ v:
    k ← v
end
y ← k + 1
→
y ← x + 1
→ line 1: x is a sequence of length(x) tokens, not a real number
y ← e_v
→ line 1: v is one of 1 … N_V, not an index of e_n
y ← X^{w}
→ line 1: w is d_e×1, not a number
y ← X^{1/2}
→
y ← w²
→ line 1: w² is not defined here
y ← x[:]
→ line 1: : means nothing here
y ← x[3 : 1]
→ 1: 3 ≤ 1 + 1 is open
y ← x[1, 2]
→ line 1: x is a sequence of length(x) tokens: it does not take 2 indices
y ← w ⊙ X
→ line 1: X is d_e×ℓ, not d_e×1
y ← θ + w
→ line 1: θ is parameters of Algorithm 9, not a real number
y ← θ + θ
→
y ← log w
→ line 1: w is d_e×1, not a number
y ← −∞ − √m
→
y ← ∞
→ line 1: ∞ is not a number; only −∞ is, the score of what is masked
y ← softmax(τ)
→ line 1: τ is a number: softmax takes columns
y ← (wᵀ a)[1]
→ line 1: wᵀ a is a number: it does not take one index
y ← (w − a)²
→ line 1: w − a is d_e×1, not a number
y ← ⟦τ ≤ 1⟧
→ line 1: τ is a number: only counts are compared
y ← {t ∈ [ℓ] : ¬m}
→ line 1: m is the number m, not 0 or 1
y ← {t ∈ [ℓ] : ¬Mask[t, t]}
→
y ← 3 with probability τ, else 4
→ line 1: 4 is the number 4, not the number 3
for t ∈ [v]: X[:, t] ← w
→ line 1: v is one of 1 … N_V, not a size
y ← [x, v, z]
Y ← ETransformer(y[1 : length(x)] | θ)
→
k ← m · 2 − 1
for i ∈ [k]: q_i ← w
→ 2: 0 ≤ 2 m − 1 is open

# comments after ▷
k ← 1  ▷ k ∈ ℕ
→ line 1, after ▷: a comment says of what shape a variable is
k ← 1  ▷ k as in Algorithm 9
→ line 1, after ▷: a comment says of what shape a variable is
k ← w  ▷ k ∈ ℝ^{v}
→ line 1, after ▷: v is not a size
k ← w  ▷ k ∈ ℝ^{length(x)}
→ line 1, after ▷: length(x) is not a size
k ← ⟦m ≤ 1⟧  ▷ k ∈ {0,1}^{1×1}
→
k ← τ  ▷ k ∈ {0,1}^{1×1}
→ line 1, after ▷: k is a number, not 0 or 1
∀t: q_t ← X[:, t]  ▷ q_t ∈ ℝ^{d_e}
→
∀t: q_t ← X[:, t]  ▷ q_t ∈ ℝ^{d_f}
→ line 1, after ▷: q_t is d_e×1, not d_f×1
for i = 1, …, m:  ▷ i ∈ ℝ
    k ← i
→ line 1, after ▷: the line does not set i
for n ∈ [N]: y_n ← ETransformer(x_n | θ)  ▷ y_n ∈ ℝ^{N_V×1}
→ line 1, after ▷: y_n is N_V×length(x_n), not N_V×1
"""


def sketches() -> Iterator[tuple[str, str]]:
    rows: list[str] = []
    for row in SKETCHES.split("\n"):
        if row.startswith("→"):
            yield "\n".join(rows), row.removeprefix("→").strip()
            rows = []
        elif row and not row.startswith("#"):
            rows.append(row)


@pytest.mark.parametrize(("lines", "answer"), [*sketches()])
def test_a_sketch_is_judged(lines: str, answer: str) -> None:
    assert said(lines) == answer


def test_lengths_of_two_members_are_not_mixed_up() -> None:
    shape = "n = 1, …, N:\n    for i = 1, …, N:\n        ℓ' ← length(x_n)\n"
    assert said(f"for {shape}        for t ∈ [ℓ']: y[t] ← x_n[t]\n    end\nend") == ""
    found = said(f"for {shape}        for t ∈ [ℓ']: y[t] ← x_i[t]\n    end\nend")
    assert found == "4: t ≤ length(x_i) is open"


def test_what_is_required_of_each_member_holds_for_any() -> None:
    assert said("for n ∈ [N]: y_n ← x_n[1]") == ""
    assert said("for i ∈ [N]: y_i ← ETransformer(x_i | θ)[:, 1]") == ""
    # That there is an x_1 is what the other asks for.
    assert said("y ← x_1[1]") == "1: 1 ≤ N is open"
    assert said("for n ∈ [N]: y_n ← x_n[2]") == "1: 2 ≤ length(x_n) is open"


def test_a_size_that_must_be_another_is_taken_for_it() -> None:
    square = f"{HEAD.rstrip()}, d_e = ℓ\n"
    assert said("Y ← X X\nZ ← X + Xᵀ", square) == ""
    assert said("Y ← X X").startswith("line 1: ")
    assert said("y ← X[j, 1]", square) == "1: 1 ≤ ℓ is open"
    # One after the other, in either order.
    for chain in ("d_e = m, m = ℓ", "m = ℓ, d_e = m"):
        assert said("Y ← X X", f"{HEAD.rstrip()}, {chain}\n") == ""
    assert said("Y ← X X", f"{HEAD.rstrip()}, d_e = m\n").startswith("line 1: ")


# Calls of what the files have no example of

PLACE = """\
Algorithm S2: e ← place(t | W_p)
Input: t ∈ [ℓ_max]
Output: e ∈ ℝ^{d_e}
Parameters: W_p ∈ ℝ^{d_e×ℓ_max}

1  return e = W_p[:, t]
"""
TAKE = """\
Algorithm S2: y ← take(k, x)
Input: k ∈ ℕ, x ∈ V*
Output: y ∈ V*
Hyperparameters: m ∈ ℕ
Requires: k + m ≤ length(x)

1  return y = x[1 : k]
"""
LAST = """\
Algorithm S2: k ← last(x)
Input: x ∈ V*
Output: k ∈ [length(x)]
Requires: 1 ≤ length(x)

1  return k = length(x)
"""
SQUARE = """\
Algorithm S2: Y ← squared(X)
Input: X ∈ ℝ^{m×n}
Output: Y ∈ ℝ^{m×n}
Requires: m = n

1  return Y = X X
"""
COUNT = """\
Algorithm S2: k ← count(x)
Input: x ∈ V*
Output: k ∈ ℕ

1  return k = length(x)
"""
EACH = """\
Algorithm S2: y ← each(x_{1:T})
Input: for t ∈ [T]: x_t ∈ V*
Output: y ∈ V*

1  return y = x_1
"""


@pytest.mark.parametrize(
    ("callee", "lines", "answer"),
    [
        (PLACE, "y ← place(j | X)", ""),
        (PLACE, "y ← place(j + 1 | X)", "1: place requires t ≤ ℓ_max is open"),
        (
            PLACE,
            "y ← place(m | X)",
            "1: place requires 1 ≤ t is open, 1: place requires t ≤ ℓ_max is open",
        ),
        (PLACE, "y ← place(v | X)", "line 1: t of place is one of 1 … N_V, not the number t"),
        (TAKE, "y ← take(0 · m, x)", "1: take requires k + m ≤ length(x) is open"),
        (TAKE, "y ← take(length(x) − m, x)", "1: take requires 0 ≤ k is open"),
        (
            TAKE,
            "y ← take(0, x)\nk ← y[1]",
            "1: take requires k + m ≤ length(x) is open, 2: 1 ≤ length(y) is open",
        ),
        (
            TAKE.replace("m ∈ ℕ", "h ∈ ℕ").replace("k + m", "k"),
            "y ← take(0, x)",
            "line 1: take needs h",
        ),
        (TAKE.replace("m ∈", "τ ∈").replace(" + m", ""), "y ← take(0, x)", "line 1: take needs τ"),
        (
            TAKE,
            "f(θ) ← take(0, x)",
            "line 1: take(0, x) is a sequence of length(y) tokens, another in each turn",
        ),
        (
            TAKE,
            "for i ∈ [m]: y_i ← take(0, x)",
            "line 1: y_i is m times a sequence of length(y) tokens, another in each turn",
        ),
        (TAKE, "k ← length(take(0, x)[1 : 0])", "1: take requires k + m ≤ length(x) is open"),
        (
            TAKE,
            "Y ← Σ_{t=1}^{3} ETransformer(take(0, x) | θ)",
            "line 1: ETransformer(take(0, x) | θ) is N_V×length(y), another in each turn",
        ),
        (LAST, "k ← last(x)\ny ← x[k]", ""),
        (LAST, "k ← last(x)\ny ← X[:, k]", "2: k ≤ ℓ is open"),
        (LAST.replace("return k = length(x)", "return k = length(x) + 1"), "y ← 0", ""),
        (SQUARE, "Y ← squared(X Xᵀ)", ""),
        (SQUARE, "Y ← squared(X)", "1: squared requires m = n is open"),
        (COUNT, "k ← count(x)\ny ← x[1 : k]", "2: k ≤ length(x) is open"),
        (COUNT, "k ← count(x)\nfor t ∈ [k]: q_t ← w\nY ← [q_1, …, q_k]", ""),
        (EACH, "y ← each(x)", "line 1: no call can tell each length(x_t) of each"),
    ],
)
def test_a_call_asks_for_all_that_the_callee_takes_for_granted(
    callee: str, lines: str, answer: str
) -> None:
    assert said(lines, HEAD, callee) == answer


@pytest.mark.parametrize(
    ("head", "answer"),
    [
        (LAST, ""),
        (LAST.replace("= length(x)\n", "= length(x) + 1\n"), "length(x) + 1 ≤ length(x)"),
        (LAST.replace("Requires: 1 ≤ length(x)\n", ""), "1 ≤ length(x)"),
        (LAST.replace("= length(x)\n", "= 1\n"), ""),
    ],
)
def test_a_result_is_in_the_range_that_is_declared(head: str, answer: str) -> None:
    one = program(alg_file.read(head, "it"))
    found = check(one, declarations({**programs(), one.id: one}))
    assert ", ".join(obligation.claim for obligation in found.open) == answer


# Heads


@pytest.mark.parametrize(
    ("old", "new", "place", "problem"),
    [
        ("Output: r ∈ ℝ\n", "", "heading", "there is no output"),
        ("Output: r", "Output: for n ∈ [N]: r_n", "line 2", "the output is r_n"),
        ("e_n ∈ ℝ", "e_n ∈ [N], x_1 ∈ ℝ", "Input", "x_1 must have the index n, once"),
        ("v ∈ V", "v_1 ∈ V", "Input", "v_1 can only be a member of a family"),
        ("v ∈ V", "v_{1:m} ∈ V", "Input", "v_{1:m} must have no index"),
        ("j ∈ [ℓ]", "j ∈ [ℓ − 1]", "Input", "ℓ − 1 is not a size"),
        ("j ∈ [ℓ]", "j ∈ [v]", "Input", "v is one of 1 … N_V, not a size"),
        ("j ∈ [ℓ]", "N_V ∈ ℕ", "Input", "N_V is declared twice"),
        (
            "for n ∈ [N]: x_n",
            "for n ∈ [N]:\n           for k ∈ [m]: x_n",
            "Input",
            "a member has one index only",
        ),
        (
            "       for n ∈ [N]:",
            "       for n ∈ [N]:\n           for k ∈ [m]:\n       for n ∈ [N]:",
            "Input",
            "a member has one index only",
        ),
        (
            "Input: x",
            "Input: y consisting of\n       x",
            "Input",
            "only all parameters are parts of something",
        ),
        ("θ as in Algorithm 9, W", "W", "Requires", "ℓ_max is not declared"),
        ("W ∈ ℝ^{d_f×d_e}", "W ∈ ℝ^{d_f×length(x)}", "Parameters", "length(x) is not a size"),
        ("m, d ∈ ℕ", "m, d ∈ ℕ default 1", "", ""),
        (
            "Requires: 1",
            "Abbreviation: f(x) ≡ f(x, x)\nRequires: 1",
            "Abbreviation",
            "this does not abbreviate a call",
        ),
        (
            "Requires: 1 ≤ length(x), ",
            "Requires: for n ∈ [N]:\n       ",
            "Requires",
            "only conditions can be required",
        ),
        ("Requires: 1 ≤ length(x),", "Requires: 1 ≤ 2·ℓ + m − 1,", "", ""),
    ],
)
def test_a_head_is_judged(old: str, new: str, place: str, problem: str) -> None:
    assert old in HEAD
    answer = f"{place}: {problem}" if problem else ""
    assert said("y ← 0", HEAD.replace(old, new)) == answer


def test_parameters_that_are_parts_are_one_argument() -> None:
    head = HEAD.replace("Parameters: θ as in Algorithm 9, ", "Parameters: ω consisting of\n       ")
    head = head.replace("length(x) ≤ ℓ_max\n", "length(x) ≤ ℓ\n").replace(
        "length(x_n) ≤ ℓ_max", "m ≤ ℓ"
    )
    header = understood("y ← W w", head).header
    assert header.bundle == Key("ω")
    assert [str(key) for key, _ in header.parameters] == ["ω"]
    assert [str(size) for size in header.sizes] == ["d_e", "d_f"]
    assert (
        said("y ← w", head.replace("ω consisting", "w consisting"))
        == "Parameters: w is declared twice"
    )


def test_heads_are_read_after_those_that_they_refer_to() -> None:
    one = program(alg_file.read(HEAD.replace("9", "8") + "\n1  return 0\n", "it"))
    assert refers_to(one) == {"8"}
    backwards = dict(reversed(programs().items()))
    assert declarations(backwards).keys() == HEADERS.keys()


# Requirements

#: Requirements that keep a softmax from dividing 0 by 0: no size depends on them.
SOFTMAX = {(id, f"1 ≤ length({x})") for id in ("8", "9", "10") for x in "xz"}


REQUIRED = [
    (id, requirement.text) for id, header in HEADERS.items() for requirement in header.requirements
]


def without(id: str, condition: str) -> Program:
    def kept(row: Row) -> Row:
        if not isinstance(row.node, Requirements):
            return row
        left = tuple(one for one in row.node.conditions if text(one) != condition)
        return replace(row, node=replace(row.node, conditions=left))

    return replace(programs()[id], rows=tuple(map(kept, programs()[id].rows)))


@pytest.mark.parametrize(("id", "condition"), REQUIRED)
def test_without_a_requirement_something_is_open(id: str, condition: str) -> None:
    changed = {**programs(), id: without(id, condition)}
    found = opened(check(changed[id], declarations(changed)))
    assert bool(found) == ((id, condition) not in SOFTMAX)


# Sequences that grow


def test_a_prompt_is_longer_by_one_in_each_turn() -> None:
    one = checked()["14"]
    assert [str(variable) for variable in one.names.carried[2]] == ["x"]
    (index,) = one.typing.bounds
    before, turn = Poly.of(Atom("length(x)")), Poly.of(index)
    ((call, _),) = one.typing.calls.items()
    (argument,) = one.typing.arguments[call]
    assert one.typing.types[argument] == Tokens(before + turn - 1)
    assert one.typing.after[6][Key("x")] == Tokens(before + turn)


@pytest.mark.parametrize(
    ("position", "is_open"),
    [("ℓ + i − 1", False), ("ℓ", False), ("i", False), ("1", False), ("ℓ + i", True), ("0", True)],
)
def test_a_position_in_what_grows_is_in_range_or_not(position: str, is_open: bool) -> None:
    assert bool(in_line("14.4", "ℓ + i − 1", position).open) == is_open


def test_a_while_knows_that_a_sequence_gets_no_shorter() -> None:
    assert opened(in_line("15.5", "length(x̂)", "1")) == ()
    assert opened(in_line("15.5", "length(x̂)", "2")) == ("15.5: 2 ≤ length(x̂)",)
    assert opened(in_line("15.7", "[x̂, y]", "x̂[2 : length(x̂)]")) == ("15.3: 1 ≤ length(x̂) − 1",)


def test_a_number_added_to_a_matrix_is_noted() -> None:
    one = in_line("4.3", "b_v 1ᵀ", "1ᵀ b_v")
    assert one.typing.broadcasts == [(3, "W_v Z + 1ᵀ b_v")]
    assert one.open == ()


# Proofs against sizes at random


class Instance:
    """Sizes at random that fulfil what an algorithm requires, and a value for each index."""

    def __init__(self, one: Checked, random: Random) -> None:
        self.random = random
        while True:
            self.values: dict[object, int] = {}
            if all(self.fulfils(one.header, at) for at in range(len(one.header.requirements))):
                break
        for index, (low, high) in sorted(
            one.typing.bounds.items(), key=lambda pair: pair[0].serial
        ):
            try:
                first = self.size(low)
                last = first + 3 if high is None else self.size(high)
            except LookupError:  # it runs within what does not run
                continue
            if first <= last:
                self.values[index] = random.randint(first, last)

    def fulfils(self, header: Header, number: int) -> bool:
        requirement = header.requirements[number]
        families = [type for _, type in header.inputs if isinstance(type, Family)]
        if not requirement.over:
            return self.size(requirement.excess) >= 0
        (index,) = requirement.over
        count = next(self.size(family.count) for family in families if family.index == index)
        members = (requirement.excess.replace({index: Poly.of(at + 1)}) for at in range(count))
        return all(self.size(member) >= 0 for member in members)

    def size(self, size: Poly) -> int:
        return size.value({atom: self.atom(atom) for atom in size.atoms})

    def atom(self, atom: Atom) -> int:
        if atom.kind == "index":
            return self.values[atom]
        member = (atom.name, *map(self.size, atom.at))
        high = {"ℓ_max": 9, "N_data": 3}.get(atom.name, 4)
        return self.values.setdefault(member, self.random.randint(0, high))

    def holds(self, obligation: Obligation) -> bool:
        try:
            excess = self.size(obligation.excess)
        except LookupError:
            return True
        return excess == 0 if obligation.relation == "=" else excess >= 0


@pytest.mark.parametrize("id", programs())
@settings(max_examples=20, deadline=None)
@given(seed=st.integers())
def test_what_is_proved_holds_at_all_sizes(id: str, seed: int) -> None:
    one = checked()[id]
    at = Instance(one, Random(seed))
    assert all(at.holds(found) for found in one.typing.obligations if one.proves(found))


#: What is not proved and always holds: for there is a t, so ℓ_max is not 0.
NEEDLESS = {"2.1: 1 ≤ ℓ_max"}


@pytest.mark.parametrize(("line", "old", "new", "claims"), seeds(OPEN))
def test_what_is_open_is_false_at_some_sizes(
    line: str, old: str, new: str, claims: tuple[str, ...]
) -> None:
    one = in_line(line, old, new) if "." in line else in_head(line, old, new)
    random = Random(0)
    left = {(found.line, found.claim): found for found in one.open}
    for _ in range(300):
        at = Instance(one, random)
        if all(at.holds(found) for found in one.open):
            assert all(at.holds(found) for found in one.typing.obligations)
        left = {key: found for key, found in left.items() if at.holds(found)}
        if not left:
            break
    assert {f"{one.id}.{number}: {claim}" for number, claim in left} <= NEEDLESS
