"""Training a tiny GPT with plain SGD, one sequence per step (PyTorch, functional)."""
import torch
import torch.nn.functional as F


def gpt(p, x, n_head):
    """p: dict of tensors, x: LongTensor (T,) -> logits (T, vocab)."""
    T = x.shape[0]
    h = p["wte"][x] + p["wpe"][:T]
    D = h.shape[-1]
    n_layer = 1 + max(int(name.split(".")[1]) for name in p if name.startswith("h."))
    for i in range(n_layer):
        w = {name.split(".", 2)[2]: t for name, t in p.items() if name.startswith(f"h.{i}.")}
        a = F.layer_norm(h, (D,), w["ln_1.weight"], w["ln_1.bias"])
        q, k, v = F.linear(a, w["attn.qkv.weight"], w["attn.qkv.bias"]).chunk(3, dim=-1)
        q, k, v = (t.view(T, n_head, D // n_head).transpose(0, 1) for t in (q, k, v))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        y = y.transpose(0, 1).reshape(T, D)
        h = h + F.linear(y, w["attn.proj.weight"], w["attn.proj.bias"])
        m = F.layer_norm(h, (D,), w["ln_2.weight"], w["ln_2.bias"])
        m = F.gelu(F.linear(m, w["mlp.fc.weight"], w["mlp.fc.bias"]))
        h = h + F.linear(m, w["mlp.proj.weight"], w["mlp.proj.bias"])
    h = F.layer_norm(h, (D,), p["ln_f.weight"], p["ln_f.bias"])
    return h @ p["lm_head.weight"].T


def train(dataset, params, learning_rate, n_epochs, n_head):
    """dataset: list of LongTensors; params: dict name -> tensor (left untouched).

    Returns the trained parameters under the same names.
    """
    params = {name: t.detach().clone().requires_grad_(True) for name, t in params.items()}
    optimizer = torch.optim.SGD(params.values(), lr=learning_rate)

    for epoch in range(n_epochs):
        for x in dataset:
            logits = gpt(params, x, n_head)
            loss = F.cross_entropy(logits[:-1], x[1:], reduction="sum")
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    return {name: t.detach() for name, t in params.items()}
