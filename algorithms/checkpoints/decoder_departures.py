"""What published decoders add to Algorithms 10, X1, X2 and X4."""

from __future__ import annotations

from algorithms.checkpoints.departures import Departure

J1 = Departure(
    "J1",
    ("X1.5", "X1.7", "X1.10", "X2.5", "X2.7", "X2.10"),
    "the norms have an ε: 1e-5, and in Llama 1 and Qwen 1e-6",
    "eps=0.0",
)
J2 = Departure(
    "J2",
    ("H3.3", "H4.3"),
    "ω is scaled down for longer texts (Llama 3.1 and later)",
    "omega=rotary_frequencies(…)",
)
J3 = Departure(
    "J3",
    ("X1.11", "X4.11"),
    "W_u is W_e transposed where a file has none: "
    "a conversion of θ",
    "a W_u of its own in theta",
)
J4 = Departure(
    "J4",
    ("H3.2", "H4.2", "H4.4", "H4.7"),
    "offsets on queries, keys and values (Qwen2), or also on W_o",
    "b_q=b_k=b_v=b_o=None in each layer's additions",
)
J5 = Departure(
    "J5",
    ("H3.2", "H4.2"),
    "a norm of each query and key before it turns (Qwen3)",
    "gamma_q=gamma_k=None in each layer's additions",
)
J6 = Departure(
    "J6",
    ("10.5", "10.7", "10.10", "X4.5", "X4.7", "X4.10"),
    "layer norm has ε = 1e-5",
    "eps=0.0",
)
J7 = Departure(
    "J7",
    ("10.7",),
    "the hidden layer stands beside attention, not after it",
    "parallel=False",
)
J8 = Departure(
    "J8",
    ("10.3", "4.1", "4.2"),
    "no W_p: some rows of queries and keys turn with the position",
    "omega=0*omega, which is W_p = 0",
)
J9 = Departure(
    "J9",
    ("10.8", "X4.8"),
    "GELU in its tanh form; Pythia has the exact one",
    "activation=GELU",
)
J10 = Departure(
    "J10",
    ("10.11",),
    "a bias b_u on the scores of the tokens",
    "b_u=None in theta",
)
J11 = Departure(
    "J11",
    ("4.6",),
    "scores are not divided by √d_attn: a conversion of θ, "
    "W_q is multiplied by it",
    "a W_q that is not",
)
J12 = Departure(
    "J12",
    ("4.1", "4.2", "4.3", "5.4"),
    "no offsets on queries, keys and values, in GPT-J none on "
    "W_o: a conversion of θ, they are 0",
    "offsets in theta",
)
J13 = Departure(
    "J13",
    ("10.7",),
    "one layer norm is before attention and the hidden layer: "
    "a conversion of θ, both are it",
    "a gamma2 and beta2 of its own in each layer",
)
