"""A tiny GPT-2 and its logits, in float64.

    python3 scripts/golden/gpt2.py        writes scripts/golden/gpt2/

An independent statement of transformers' GPT2LMHeadModel (written from the formulas of modeling_gpt2.py), with numpy for
arithmetic alone: no transformers, no PyTorch, no safetensors package. Made with Python 3.11, numpy 2.4.

The folder holds a Hugging Face model (config.json and model.safetensors, with the names of the base model and the causal mask
that old files have) and expected.json with ids and the logits of what follows each.
"""

import json
import math
import struct
from pathlib import Path

import numpy

OUT = Path(__file__).parent / "gpt2"
VOCABULARY, HIDDEN, HEADS, LAYERS, POSITIONS, LENGTH = 53, 24, 4, 2, 80, 37
random = numpy.random.Generator(numpy.random.PCG64(5))


def make_weights():
    normal = lambda *shape: random.normal(0, 0.3, shape).astype("<f4")
    linear = lambda name, inputs, outputs: {f"{name}.weight": normal(inputs, outputs), f"{name}.bias": normal(outputs)}
    norm = lambda name: {f"{name}.weight": 1 + normal(HIDDEN), f"{name}.bias": normal(HIDDEN)}
    weights = {"wte.weight": normal(VOCABULARY, HIDDEN), "wpe.weight": normal(POSITIONS, HIDDEN)}
    for layer in (f"h.{index}" for index in range(LAYERS)):
        weights.update(norm(f"{layer}.ln_1"))
        weights.update(linear(f"{layer}.attn.c_attn", HIDDEN, 3 * HIDDEN))
        weights.update(linear(f"{layer}.attn.c_proj", HIDDEN, HIDDEN))
        weights.update(norm(f"{layer}.ln_2"))
        weights.update(linear(f"{layer}.mlp.c_fc", HIDDEN, 4 * HIDDEN))
        weights.update(linear(f"{layer}.mlp.c_proj", 4 * HIDDEN, HIDDEN))
        weights[f"{layer}.attn.bias"] = numpy.tril(numpy.ones((1, 1, 4, 4), "<f4"))
    weights.update(norm("ln_f"))
    return weights


def logits_of(weights, ids):
    """ids: [tokens]; returns [tokens, vocab]"""
    w = {name: array.astype("f8") for name, array in weights.items()}

    def norm(name, x):
        variance = ((x - x.mean(-1, keepdims=True)) ** 2).mean(-1, keepdims=True)
        return (x - x.mean(-1, keepdims=True)) / numpy.sqrt(variance + 1e-5) * w[f"{name}.weight"] + w[f"{name}.bias"]

    def linear(name, x):
        return x @ w[f"{name}.weight"] + w[f"{name}.bias"]

    def gelu_new(x):
        return 0.5 * x * (1 + numpy.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))

    x = w["wte.weight"][ids] + w["wpe.weight"][: len(ids)]
    for layer in (f"h.{index}" for index in range(LAYERS)):
        q, k, v = numpy.split(linear(f"{layer}.attn.c_attn", norm(f"{layer}.ln_1", x)), 3, -1)
        attended = numpy.zeros_like(x)
        for head in range(HEADS):
            part = slice(head * HIDDEN // HEADS, (head + 1) * HIDDEN // HEADS)
            for token in range(len(ids)):  # it sees itself and what came before
                scores = k[: token + 1, part] @ q[token, part] / math.sqrt(HIDDEN // HEADS)
                share = numpy.exp(scores - scores.max())
                attended[token, part] = share / share.sum() @ v[: token + 1, part]
        x = x + linear(f"{layer}.attn.c_proj", attended)
        x = x + linear(f"{layer}.mlp.c_proj", gelu_new(linear(f"{layer}.mlp.c_fc", norm(f"{layer}.ln_2", x))))
    return norm("ln_f", x) @ w["wte.weight"].T


def write_safetensors(path, arrays):
    header, offset = {"__metadata__": {"format": "pt"}}, 0
    for name, array in arrays.items():
        header[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [offset, offset + array.nbytes]}
        offset += array.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(array.tobytes() for array in arrays.values()))


OUT.mkdir(exist_ok=True)
weights = make_weights()
ids = random.integers(0, VOCABULARY, LENGTH)
config = {
    "architectures": ["GPT2LMHeadModel"],
    "model_type": "gpt2",
    "vocab_size": VOCABULARY,
    "n_embd": HIDDEN,
    "n_head": HEADS,
    "n_layer": LAYERS,
    "n_positions": POSITIONS,
    "n_ctx": POSITIONS,
    "activation_function": "gelu_new",
    "layer_norm_epsilon": 1e-5,
    "bos_token_id": VOCABULARY - 1,
    "eos_token_id": VOCABULARY - 1,
}
(OUT / "config.json").write_text(json.dumps(config, indent=2) + "\n")
write_safetensors(OUT / "model.safetensors", weights)
logits = [float(f"{value:.9g}") for value in logits_of(weights, ids).ravel()]
(OUT / "expected.json").write_text(json.dumps({"ids": ids.tolist(), "logits": logits}) + "\n")
