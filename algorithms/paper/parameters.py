"""θ and its parts, fields named and shaped as in the paper.

Immutable NamedTuples of arrays, which JAX and torch take as trees.
Sizes are read off the shapes; nothing else is in them. Build them
by keyword.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Generic, NamedTuple

from algorithms.signatures.arrays import A_co
from algorithms.signatures.class_docstrings import document_fields
from algorithms.signatures.declarations import Count, With
from algorithms.signatures.trees import B, Map, map_each

if TYPE_CHECKING:
    from jaxtyping import Float


@document_fields
class AttentionParameters(NamedTuple, Generic[A_co]):
    """W_qkv of Algorithm 4: a head, or several by leading axes."""

    W_q: Float[A_co, "*#batch d_attn d_x"]
    b_q: Float[A_co, "*#batch d_attn"]
    W_k: Float[A_co, "*#batch d_attn d_z"]
    b_k: Float[A_co, "*#batch d_attn"]
    W_v: Float[A_co, "*#batch d_out d_z"]
    b_v: Float[A_co, "*#batch d_out"]

    def map(self, f: Map[A_co, B], /) -> AttentionParameters[B]:
        """The same with `f` of each array."""
        return AttentionParameters(*map_each(f, self))


@document_fields
class MHAttentionParameters(NamedTuple, Generic[A_co]):
    """W of Algorithm 5, equation (4): H heads, joined."""

    W_qkv: Annotated[
        AttentionParameters[A_co], With(batch="H", d_out="d_mid")
    ]
    W_o: Float[A_co, "d_out H*d_mid"]
    b_o: Float[A_co, " d_out"]

    def map(self, f: Map[A_co, B], /) -> MHAttentionParameters[B]:
        """The same with `f` of each array."""
        return MHAttentionParameters(*map_each(f, self))


@document_fields
class EDEncoderLayer(NamedTuple, Generic[A_co]):
    """One encoder layer of Algorithm 8."""

    W_enc: Annotated[
        MHAttentionParameters[A_co],
        With(d_x="d_e", d_z="d_e", d_out="d_e"),
    ]
    gamma1: Float[A_co, " d_e"]
    beta1: Float[A_co, " d_e"]
    gamma2: Float[A_co, " d_e"]
    beta2: Float[A_co, " d_e"]
    W_mlp1: Float[A_co, "d_mlp d_e"]
    b_mlp1: Float[A_co, " d_mlp"]
    W_mlp2: Float[A_co, "d_e d_mlp"]
    b_mlp2: Float[A_co, " d_e"]

    def map(self, f: Map[A_co, B], /) -> EDEncoderLayer[B]:
        """The same with `f` of each array."""
        return EDEncoderLayer(*map_each(f, self))


@document_fields
class EDDecoderLayer(NamedTuple, Generic[A_co]):
    """One decoder layer of Algorithm 8."""

    W_dec: Annotated[
        MHAttentionParameters[A_co],
        With(d_x="d_e", d_z="d_e", d_out="d_e"),
    ]
    W_ed: Annotated[
        MHAttentionParameters[A_co],
        With(d_x="d_e", d_z="d_e", d_out="d_e"),
    ]
    gamma3: Float[A_co, " d_e"]
    beta3: Float[A_co, " d_e"]
    gamma4: Float[A_co, " d_e"]
    beta4: Float[A_co, " d_e"]
    gamma5: Float[A_co, " d_e"]
    beta5: Float[A_co, " d_e"]
    W_mlp3: Float[A_co, "d_mlp d_e"]
    b_mlp3: Float[A_co, " d_mlp"]
    W_mlp4: Float[A_co, "d_e d_mlp"]
    b_mlp4: Float[A_co, " d_e"]

    def map(self, f: Map[A_co, B], /) -> EDDecoderLayer[B]:
        """The same with `f` of each array."""
        return EDDecoderLayer(*map_each(f, self))


@document_fields
class EDTransformerParameters(NamedTuple, Generic[A_co]):
    """θ of Algorithm 8; z and x share W_e and W_p (A14)."""

    W_e: Float[A_co, "d_e N_V"]
    W_p: Float[A_co, "d_e ell_max"]
    encoder_layers: Annotated[
        tuple[EDEncoderLayer[A_co], ...], Count("L_enc")
    ]
    decoder_layers: Annotated[
        tuple[EDDecoderLayer[A_co], ...], Count("L_dec")
    ]
    W_u: Float[A_co, "N_V d_e"]

    def map(self, f: Map[A_co, B], /) -> EDTransformerParameters[B]:
        """The same with `f` of each array."""
        return EDTransformerParameters(*map_each(f, self))


@document_fields
class Layer(NamedTuple, Generic[A_co]):
    """One layer of Algorithms 9 and 10."""

    W: Annotated[
        MHAttentionParameters[A_co],
        With(d_x="d_e", d_z="d_e", d_out="d_e"),
    ]
    gamma1: Float[A_co, " d_e"]
    beta1: Float[A_co, " d_e"]
    gamma2: Float[A_co, " d_e"]
    beta2: Float[A_co, " d_e"]
    W_mlp1: Float[A_co, "d_mlp d_e"]
    b_mlp1: Float[A_co, " d_mlp"]
    W_mlp2: Float[A_co, "d_e d_mlp"]
    b_mlp2: Float[A_co, " d_e"]

    def map(self, f: Map[A_co, B], /) -> Layer[B]:
        """The same with `f` of each array."""
        return Layer(*map_each(f, self))


@document_fields
class ETransformerParameters(NamedTuple, Generic[A_co]):
    """θ of Algorithm 9; W_u has d_f columns (E1)."""

    W_e: Float[A_co, "d_e N_V"]
    W_p: Float[A_co, "d_e ell_max"]
    layers: Annotated[tuple[Layer[A_co], ...], Count("L")]
    W_f: Float[A_co, "d_f d_e"]
    b_f: Float[A_co, " d_f"]
    gamma: Float[A_co, " d_f"]
    beta: Float[A_co, " d_f"]
    W_u: Float[A_co, "N_V d_f"]

    def map(self, f: Map[A_co, B], /) -> ETransformerParameters[B]:
        """The same with `f` of each array."""
        return ETransformerParameters(*map_each(f, self))


@document_fields
class DTransformerParameters(NamedTuple, Generic[A_co]):
    """θ of Algorithm 10."""

    W_e: Float[A_co, "d_e N_V"]
    W_p: Float[A_co, "d_e ell_max"]
    layers: Annotated[tuple[Layer[A_co], ...], Count("L")]
    gamma: Float[A_co, " d_e"]
    beta: Float[A_co, " d_e"]
    W_u: Float[A_co, "N_V d_e"]

    def map(self, f: Map[A_co, B], /) -> DTransformerParameters[B]:
        """The same with `f` of each array."""
        return DTransformerParameters(*map_each(f, self))
