"""What is said of one mistake in each algorithm of the reference."""

from __future__ import annotations

import re

from helpers.cases import REFERENCE, line_values
from helpers.planting import planted

from spec.line_by_line.tie import hold_to_lines

#: A mistake in each algorithm, which keeps the shape of every result: the line at which it is made,
#: the mistake in a few words, what stands once in the function, and what stands there instead.
BUGS = (
    ("1.1", "the token after", "columns(W_e, v)", "columns(W_e, (v + 1) % W_e.shape[1])"),
    ("2.1", "positions from 1", "columns(W_p, t)", "columns(W_p, (t + 1) % W_p.shape[1])"),
    ("3.2", "keys without their offset", "W_k @ E + b_k[:, None]", "W_k @ E"),
    ("4.5", "the mask's polarity", "xp.where(Mask,", "xp.where(~Mask,"),
    ("5.3", "heads interleaved", "xp.reshape(Y_h, (*batch, H * d_mid, ell_x))",
     "xp.reshape(xp.moveaxis(Y_h, -3, -2), (*batch, H * d_mid, ell_x))"),
    ("6.2", "the sample variance", "xp.mean((e - m) ** 2, axis=-2, keepdims=True)",
     "xp.sum((e - m) ** 2, axis=-2, keepdims=True) / (e.shape[-2] - 1)"),
    ("7.1", "softmax along the sequence", "softmax(W_u @ e)", "softmax((W_u @ e).mT).mT"),
    ("8.16", "cross-attention with the decoder's own weights",
     "X, Z, W_ed, Mask", "X, Z, W_dec, Mask"),
    ("9.5", "the norm before the residual", "X, X, W, Mask",
     "layer_norm(X, gamma1, beta1, eps=eps), X, W, Mask"),
    ("10.6", "the residual of what was normalised",
     "X = X + MHAttention(", "X = X_tilde + MHAttention("),
    ("11.5", "each token predicts itself", "x_n[1:]", "x_n[:-1]"),
    ("12.7", "what was not masked is guessed", "tokens.nonzero(masked)",
     "tokens.nonzero(~masked)"),
    ("13.6", "ascent", "descend(theta, eta, gradient)", "descend(theta, -eta, gradient)"),
    ("14.4", "the column after", "P[:, ell + i - 1]",
     "P[:, min(ell + i, P.shape[1] - 1) - 1]"),
    ("15.5", "always the first column", "P[:, x_hat.shape[0] - 1]", "P[:, 0]"),
)  # fmt: skip
#: By the algorithm.
SHOWN = {bug[0].partition(".")[0]: bug for bug in BUGS}


def told(id: str) -> dict[str, str]:
    """What a developer reads who has made the mistake, but for the row, which any change moves."""
    line, what, right, wrong = SHOWN[id]
    function = planted(REFERENCE[id], right, wrong)
    (difference,) = hold_to_lines(line_values(id), function).differences
    message = re.sub(r", row \d+", "", str(difference))
    return {"what": what, "line": line, "named": difference.line, "message": message}
