"""What the config.json of a BERT says."""

from __future__ import annotations

from functools import partial

from algorithms.checkpoints.bare_bert import (
    BareBERT,
    bare_bert_parameters,
)
from algorithms.checkpoints.bert import (
    BERT,
    BERT_DEPARTURES,
    BERT_NEXT_SENTENCE,
    BERT_POOLER,
    BERT_POSITIONS,
    bert_parameters,
)
from algorithms.checkpoints.bert_for_classes import (
    BERTForClasses,
    bert_for_classes_parameters,
)
from algorithms.checkpoints.described import (
    Described,
    Shapes,
    linear,
    matrix,
    norm,
    repeated,
    those_that_are,
    under,
)
from algorithms.checkpoints.model_config import Config

_HEAD = "cls.predictions."
_POOLER = [f"bert.{name}" for name in BERT_POOLER]
_W_E = "bert.embeddings.word_embeddings.weight"


def bare_bert(config: Config) -> Described:
    """BertModel: Algorithm 9 up to its layers."""
    body = _body(config)
    return body._replace(
        read=partial(bare_bert_parameters, H=body.sizes["H"]),
        besides=body.besides
        | {*_POOLER, *BERT_NEXT_SENTENCE, *_predictions(body)}
        | {f"{_HEAD}decoder.{x}" for x in ("weight", "bias")},
    )


def bert(config: Config) -> Described:
    """BertForMaskedLM: Algorithm 9."""
    body = _body(config)
    N_V, d_e = body.sizes["N_V"], body.sizes["d_e"]
    tied = config.flag("tie_word_embeddings", True)
    arrays = body.arrays | _predictions(body)
    if not tied:
        arrays |= linear(f"{_HEAD}decoder", N_V, d_e)
    copies = {
        f"{_HEAD}decoder.weight": _W_E,
        f"{_HEAD}decoder.bias": f"{_HEAD}bias",
    }
    *_, B4, B5 = BERT_DEPARTURES
    return body._replace(
        function=BERT,
        departures=(
            *body.departures,
            *those_that_are((B4, True), (B5, tied)),
        ),
        arrays=arrays,
        copies=copies if tied else {},
        read=partial(bert_parameters, H=body.sizes["H"]),
        besides=body.besides | {*_POOLER, *BERT_NEXT_SENTENCE},
    )


def _predictions(body: Described) -> Shapes:
    N_V, d_e = body.sizes["N_V"], body.sizes["d_e"]
    return under(
        _HEAD,
        [
            linear("transform.dense", d_e, d_e),
            norm("transform.LayerNorm", d_e),
            {"bias": (N_V,)},
        ],
    )


def bert_for_classes(config: Config) -> Described:
    """BertForSequenceClassification: Algorithm X6."""
    config.computed(problem_type="single_label_classification")
    labels = config.value("id2label", {"0": "", "1": ""})
    if not isinstance(labels, dict) or len(labels) < 2:
        config.refuse("id2label has no two classes")
    body, N_C = _body(config), len(labels)
    d_e = body.sizes["d_e"]
    arrays = body.arrays | under(
        "",
        [
            linear("bert.pooler.dense", d_e, d_e),
            linear("classifier", N_C, d_e),
        ],
    )
    return body._replace(
        algorithm="X6",
        function=BERTForClasses,
        sizes={**body.sizes, "N_C": N_C},
        arrays=arrays,
        read=partial(
            bert_for_classes_parameters, H=body.sizes["H"]
        ),
    )


def _body(config: Config) -> Described:
    """What all BERTs have: lines 1 to 9."""
    config.computed(
        position_embedding_type="absolute",
        is_decoder=False,
        add_cross_attention=False,
        is_encoder_decoder=False,
    )
    N_V, d_e = config.size("vocab_size"), config.size("hidden_size")
    ell_max = config.size("max_position_embeddings")
    N_s = config.size("type_vocab_size", 2)
    L = config.layers("num_hidden_layers")
    H = config.size("num_attention_heads")
    d_mlp = config.size("intermediate_size")
    d_attn = config.rows_of_a_head(
        "hidden_size", "num_attention_heads", d_e, H
    )
    eps = config.number("layer_norm_eps", 1e-12)
    phi = config.activation("hidden_act", "gelu")
    layer = [
        *(
            linear(f"attention.{x}", d_e, d_e)
            for x in (
                "self.query",
                "self.key",
                "self.value",
                "output.dense",
            )
        ),
        norm("attention.output.LayerNorm", d_e),
        linear("intermediate.dense", d_mlp, d_e),
        linear("output.dense", d_e, d_mlp),
        norm("output.LayerNorm", d_e),
    ]
    arrays = under(
        "bert.",
        [
            matrix("embeddings.word_embeddings", N_V, d_e),
            matrix("embeddings.position_embeddings", ell_max, d_e),
            matrix("embeddings.token_type_embeddings", N_s, d_e),
            norm("embeddings.LayerNorm", d_e),
            repeated("encoder.layer.", L, layer),
        ],
    )
    B1, B2, B3, *_ = BERT_DEPARTURES
    return Described(
        "9",
        BareBERT,
        {"eps": eps, "activation": phi},
        those_that_are(
            (B1, eps > 0 and f"layer norm has ε = {eps:g}"),
            (B2, True),
            (B3, True),
        ),
        {
            "N_V": N_V,
            "ell_max": ell_max,
            "N_s": N_s,
            "L": L,
            "H": H,
            "d_e": d_e,
            "d_mlp": d_mlp,
            "d_attn": d_attn,
            "d_mid": d_attn,
            "d_f": d_e,
        },
        "bert.",
        arrays,
        {},
        dict,
        besides=frozenset({f"bert.{BERT_POSITIONS}"}),
    )
