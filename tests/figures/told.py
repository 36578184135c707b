"""What is said of one mistake in each algorithm of the reference."""

from __future__ import annotations

from typing import NamedTuple

from helpers.cases import case
from helpers.planting import planted

from spec.library import checked
from spec.line_by_line.tie import tie
from spec.pairing import implementations


class Mistake(NamedTuple):
    """What is wrong, at which line, and the edit that makes it so."""

    what: str
    line: str
    right: str
    wrong: str


#: Each keeps every shape, so that no test of shapes sees it.
MISTAKES = {
    "1": Mistake(
        "the token after", "1.1", "columns(W_e, v)", "columns(W_e, (v + 1) % W_e.shape[1])"
    ),
    "2": Mistake(
        "positions from 1", "2.1", "columns(W_p, t)", "columns(W_p, (t + 1) % W_p.shape[1])"
    ),
    "3": Mistake("keys without their offset", "3.2", "W_k @ E + b_k[:, None]", "W_k @ E"),
    "4": Mistake("the mask's polarity", "4.5", "xp.where(Mask,", "xp.where(~Mask,"),
    "5": Mistake(
        "heads interleaved",
        "5.3",
        "xp.reshape(Y_h, (*batch, H * d_mid, ell_x))",
        "xp.reshape(xp.moveaxis(Y_h, -3, -2), (*batch, H * d_mid, ell_x))",
    ),
    "6": Mistake(
        "the sample variance",
        "6.2",
        "xp.mean((e - m) ** 2, axis=-2, keepdims=True)",
        "xp.sum((e - m) ** 2, axis=-2, keepdims=True) / (e.shape[-2] - 1)",
    ),
    "7": Mistake(
        "softmax along the sequence", "7.1", "softmax(W_u @ e)", "softmax((W_u @ e).mT).mT"
    ),
    "8": Mistake(
        "cross-attention with the decoder's own weights",
        "8.16",
        "MHAttention(X, Z, W_ed, Mask)",
        "MHAttention(X, Z, W_dec, Mask)",
    ),
    "9": Mistake(
        "the norm before the residual",
        "9.5",
        "X = X + MHAttention(X, X, W, Mask)",
        "X = X + MHAttention(layer_norm(X, gamma1, beta1, eps=eps), X, W, Mask)",
    ),
    "10": Mistake(
        "the residual of what was normalised",
        "10.6",
        "X = X + MHAttention(X_tilde, X_tilde, W, Mask)",
        "X = X_tilde + MHAttention(X_tilde, X_tilde, W, Mask)",
    ),
    "11": Mistake("each token predicts itself", "11.5", "x_n[1:]", "x_n[:-1]"),
    "12": Mistake(
        "what was not masked is guessed",
        "12.7",
        "tokens.nonzero(masked)",
        "tokens.nonzero(~masked)",
    ),
    "13": Mistake(
        "ascent", "13.6", "descend(theta, eta, gradient)", "descend(theta, -eta, gradient)"
    ),
    "14": Mistake(
        "the column after", "14.4", "P[:, ell + i - 1]", "P[:, min(ell + i, P.shape[1] - 1) - 1]"
    ),
    "15": Mistake("always the first column", "15.5", "P[:, x_hat.shape[0] - 1]", "P[:, 0]"),
}


def told(id: str) -> dict[str, str]:
    """What a developer reads who has made the mistake."""
    mistake = MISTAKES[id]
    function = planted(implementations("algorithms")[id], mistake.right, mistake.wrong)
    (difference,) = tie(checked(), id, function, case(id)).differences
    return {
        "what": mistake.what,
        "line": mistake.line,
        "named": difference.line,
        "message": str(difference),
    }
