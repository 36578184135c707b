"""What people get wrong, as edits of the reference's functions."""

from __future__ import annotations

from typing import NamedTuple


class Bug(NamedTuple):
    """A mistake.

    Attributes
    ----------
    line
        The line at which it is made.
    what
        The mistake, in a few words.
    right, wrong
        What stands once in the function of the line's algorithm, and what stands there instead.
    shown
        Whether the docs show what the tie says of it: one of each algorithm, which keeps the shape
        of every result, so that no test of shapes sees it.
    unseen
        Why no output can show it, if none can.
    """

    line: str
    what: str
    right: str
    wrong: str
    shown: bool = False
    unseen: str = ""

    @property
    def algorithm(self) -> str:
        """The id of the algorithm."""
        return self.line.partition(".")[0]


KEYS = "softmax does not change where a number is added to all scores"

BUGS = (
    Bug("1.1", "the token after", "columns(W_e, v)", "columns(W_e, (v + 1) % W_e.shape[1])", True),
    Bug("2.1", "positions from 1", "columns(W_p, t)", "columns(W_p, (t + 1) % W_p.shape[1])", True),
    Bug("3.2", "keys without their offset", "W_k @ E + b_k[:, None]", "W_k @ E", True, KEYS),
    Bug("3.2", "b_q for b_k", "W_k @ E + b_k[:, None]", "W_k @ E + b_q[:, None]"),
    Bug("3.4", "scale lost", " / math.sqrt(q.shape[-1])", ""),
    Bug("4.1", "the context's queries", "W_q @ X", "W_q @ Z"),
    Bug("4.2", "keys without their offset", "W_k @ Z + b_k[..., None]", "W_k @ Z", unseen=KEYS),
    Bug("4.3", "the primary sequence's values", "W_v @ Z", "W_v @ X"),
    Bug("4.4", "scores transposed", "K.mT @ Q", "Q.mT @ K"),
    Bug("4.5", "the mask's polarity", "xp.where(Mask,", "xp.where(~Mask,", True),
    Bug("4.5", "the mask transposed", "where(Mask,", "where(Mask.mT,"),
    Bug("4.5", "never, almost", "-xp.inf", "-1e9"),
    Bug("4.6", "scale lost", "softmax(S / math.sqrt(d_attn))", "softmax(S)"),
    Bug("4.6", "scale without its root", "math.sqrt(d_attn)", "d_attn"),
    Bug("4.6", "softmax along queries", "softmax(S / math.sqrt(d_attn))",
        "softmax((S / math.sqrt(d_attn)).mT).mT"),
    Bug("5.2", "keys of the other sequence", "per_head(Z)", "per_head(X)"),
    Bug("5.3", "heads interleaved", "xp.reshape(Y_h, (*batch, H * d_mid, ell_x))",
        "xp.reshape(xp.moveaxis(Y_h, -3, -2), (*batch, H * d_mid, ell_x))", True),
    Bug("5.3", "heads reversed", "xp.reshape(Y_h,", "xp.reshape(Y_h[..., ::-1, :, :],"),
    Bug("5.4", "b_o lost", " + W.b_o[:, None]", ""),
    Bug("6.1", "the mean of a row", "xp.mean(e, axis=-2, keepdims=True)",
        "xp.mean(e, axis=-1, keepdims=True)"),
    Bug("6.2", "the mean of squares", "xp.mean((e - m) ** 2,", "xp.mean(e ** 2,"),
    Bug("6.2", "the sample variance", "xp.mean((e - m) ** 2, axis=-2, keepdims=True)",
        "xp.sum((e - m) ** 2, axis=-2, keepdims=True) / (e.shape[-2] - 1)", True),
    Bug("6.3", "ε outside the root", "xp.sqrt(v + eps)", "(xp.sqrt(v) + eps)"),
    Bug("6.3", "γ and β exchanged", "e_hat * gamma[:, None] + beta[:, None]",
        "e_hat * beta[:, None] + gamma[:, None]"),
    Bug("7.1", "softmax along the sequence", "softmax(W_u @ e)", "softmax((W_u @ e).mT).mT", True),
    Bug("8.5", "encoder layers reversed", "in encoder_layers:", "in encoder_layers[::-1]:"),
    Bug("8.14", "the future seen", "unidirectional_mask(X, padding_x)",
        "bidirectional_mask(X, X, padding_x)"),
    Bug("8.16", "cross-attention with the decoder's own weights",
        "MHAttention(X, Z, W_ed, Mask)", "MHAttention(X, Z, W_dec, Mask)", True),
    Bug("8.19", "the norm of another place", "layer_norm(X, gamma5,", "layer_norm(X, gamma4,"),
    Bug("9.5", "the norm before the residual", "X = X + MHAttention(X, X, W, Mask)",
        "X = X + MHAttention(layer_norm(X, gamma1, beta1, eps=eps), X, W, Mask)", True),
    Bug("9.5", "no residual", "X = X + MHAttention", "X = MHAttention"),
    Bug("9.10", "no activation", "activation(W_f @ X + b_f[:, None])", "(W_f @ X + b_f[:, None])"),
    Bug("10.2", "no positions", "X + positional_embedding(t, W_p)", "X"),
    Bug("10.5", "one layer twice", "for layer in layers:", "for layer in layers[:1] * 2:"),
    Bug("10.5", "a layer too many", "for layer in layers:", "for layer in layers + layers[:1]:"),
    Bug("10.6", "the residual of what was normalised",
        "X = X + MHAttention(X_tilde, X_tilde, W, Mask)",
        "X = X_tilde + MHAttention(X_tilde, X_tilde, W, Mask)", True),
    Bug("10.6", "attention to what is not normed", "(X_tilde, X_tilde, W,", "(X_tilde, X, W,"),
    Bug("10.7", "the norm of another place", "(X, gamma2, beta2,", "(X, gamma1, beta1,"),
    Bug("10.10", "the last norm lost", "layer_norm(X, gamma, beta, eps=eps)", "X"),
    Bug("10.10", "a layer skipped", "for layer in layers:", "for layer in layers[:1]:"),
    Bug("11.4", "context and target exchanged", "z_n, x_n, theta, eps", "x_n, z_n, theta, eps"),
    Bug("11.5", "each token predicts itself", "x_n[1:]", "x_n[:-1]", True),
    Bug("12.5", "masked by p, not by 1 − p", "(ell) < p_mask", "(ell) >= p_mask"),
    Bug("12.7", "what was not masked is guessed", "tokens.nonzero(masked)",
        "tokens.nonzero(~masked)", True),
    Bug("12.8", "the network sees the answer", "x_tilde, theta", "x_n, theta"),
    Bug("13.3", "an epoch too many", "range(N_epochs)", "range(N_epochs + 1)"),
    Bug("13.3", "the first datum again", "x_n = x[n]", "x_n = x[0]"),
    Bug("13.5", "the mean loss", "-xp.sum(", "-xp.mean("),
    Bug("13.6", "ascent", "descend(theta, eta, gradient)", "descend(theta, -eta, gradient)", True),
    Bug("13.9", "an epoch too few", "range(N_epochs)", "range(N_epochs - 1)"),
    Bug("14.4", "the column after", "P[:, ell + i - 1]",
        "P[:, min(ell + i, P.shape[1] - 1) - 1]", True),
    Bug("14.4", "the column before", "P[:, ell + i - 1]", "P[:, max(ell + i - 2, 0)]"),
    Bug("14.5", "τ for 1/τ", "temper(p, tau)", "temper(p, 1 / tau)"),
    Bug("14.8", "the prompt again", "return x[ell : ell + ell_gen]", "return x"),
    Bug("15.5", "always the first column", "P[:, x_hat.shape[0] - 1]", "P[:, 0]", True),
    Bug("15.7", "the last token again", "append(x_hat, y)", "append(x_hat, int(x_hat[-1]))"),
)  # fmt: skip
#: By the algorithm, the bug that the docs show.
SHOWN = {bug.algorithm: bug for bug in BUGS if bug.shown}
