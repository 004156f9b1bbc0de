"""Tiny BERT and RoBERTa masked language models, their logits and their gradients, in float64.

    python3 scripts/golden/masked_language_models.py                  writes scripts/golden/masked-language-models/
    python3 scripts/golden/masked_language_models.py check FOLDER     recomputes the logits of a saved folder

An independent statement of transformers' RobertaForMaskedLM and BertForMaskedLM (written from the formulas of
modeling_roberta.py and modeling_bert.py), with PyTorch for arithmetic and derivatives alone: no transformers, no
safetensors package, no torch.nn. Made with Python 3.11, torch 1.13, numpy 1.24; the numbers are the same wherever IEEE
doubles are.

Each folder holds a Hugging Face model (config.json, model.safetensors or shards), expected.json with the input, labels,
weights of the loss, logits and loss, and gradients.safetensors with the gradient of the loss for every parameter.
"""

import json
import math
import struct
import sys
from pathlib import Path

import numpy
import torch

OUT = Path(__file__).parent / "masked-language-models"
VOCABULARY, HIDDEN, HEADS, FEED_FORWARD, LAYERS, POSITIONS = 101, 24, 4, 40, 2, 20


# --- safetensors, by the description of the format ---


def write_safetensors(path, arrays):
    """arrays: name -> (dtype, shape, bytes)"""
    header, offset = {"__metadata__": {"format": "pt"}}, 0
    for name, (dtype, shape, data) in arrays.items():
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [offset, offset + len(data)]}
        offset += len(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(data for _, _, data in arrays.values()))


def read_safetensors(path):
    raw = path.read_bytes()
    (length,) = struct.unpack("<Q", raw[:8])
    header, data = json.loads(raw[8 : 8 + length]), raw[8 + length :]
    header.pop("__metadata__", None)
    kinds = {"F32": "<f4", "F16": "<f2"}
    return {
        name: numpy.frombuffer(data[slice(*entry["data_offsets"])], kinds[entry["dtype"]]).reshape(entry["shape"])
        for name, entry in header.items()
    }


def stored(array, dtype):
    """The bytes of an array in a number format, and the float32 numbers that they say."""
    if dtype == "F32":
        return array.tobytes(), array
    if dtype == "F16":
        half = array.astype("<f2")
        return half.tobytes(), half.astype("<f4")
    rounded = torch.from_numpy(array).to(torch.bfloat16)
    upper_half = rounded.to(torch.float32).numpy().view("<u4") >> 16
    return upper_half.astype("<u2").tobytes(), rounded.to(torch.float32).numpy()


# --- the models ---


def parameter_shapes(config):
    kind = config["model_type"]
    hidden, inner, vocabulary = config["hidden_size"], config["intermediate_size"], config["vocab_size"]
    linear = lambda name, rows, columns: {f"{name}.weight": (rows, columns), f"{name}.bias": (rows,)}
    norm = lambda name: {f"{name}.weight": (hidden,), f"{name}.bias": (hidden,)}
    shapes = {
        f"{kind}.embeddings.word_embeddings.weight": (vocabulary, hidden),
        f"{kind}.embeddings.position_embeddings.weight": (config["max_position_embeddings"], hidden),
        f"{kind}.embeddings.token_type_embeddings.weight": (config["type_vocab_size"], hidden),
        **norm(f"{kind}.embeddings.LayerNorm"),
    }
    for index in range(config["num_hidden_layers"]):
        layer = f"{kind}.encoder.layer.{index}"
        for part in ("query", "key", "value"):
            shapes.update(linear(f"{layer}.attention.self.{part}", hidden, hidden))
        shapes.update(linear(f"{layer}.attention.output.dense", hidden, hidden))
        shapes.update(norm(f"{layer}.attention.output.LayerNorm"))
        shapes.update(linear(f"{layer}.intermediate.dense", inner, hidden))
        shapes.update(linear(f"{layer}.output.dense", hidden, inner))
        shapes.update(norm(f"{layer}.output.LayerNorm"))
    head = "lm_head" if kind == "roberta" else "cls.predictions"
    transform = "lm_head" if kind == "roberta" else "cls.predictions.transform"
    shapes.update(linear(f"{transform}.dense", hidden, hidden))
    shapes.update(norm(f"{transform}.layer_norm" if kind == "roberta" else f"{transform}.LayerNorm"))
    if config["tie_word_embeddings"]:
        shapes[f"{head}.bias"] = (vocabulary,)
    else:
        shapes.update(linear(f"{head}.decoder", vocabulary, hidden))
    return shapes


def activation(name, x):
    if name == "relu":
        return torch.where(x > 0, x, torch.zeros_like(x))
    if name == "gelu":
        return x * 0.5 * (1 + torch.erf(x / math.sqrt(2)))
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def logits_of(config, weights, ids, attention):
    """ids, attention: [batch, seq]; returns [batch, seq, vocab]"""
    kind, heads = config["model_type"], config["num_attention_heads"]

    def norm(name, x):
        mean = x.mean(-1, keepdim=True)
        variance = ((x - mean) ** 2).mean(-1, keepdim=True)
        normalised = (x - mean) / torch.sqrt(variance + config["layer_norm_eps"])
        return normalised * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def linear(name, x):
        return torch.einsum("...i,oi->...o", x, weights[f"{name}.weight"]) + weights[f"{name}.bias"]

    if kind == "roberta":
        present = (ids != config["pad_token_id"]).long()
        position_ids = torch.cumsum(present, 1) * present + config["pad_token_id"]
    else:
        position_ids = torch.arange(ids.shape[1]).repeat(ids.shape[0], 1)
    name = f"{kind}.embeddings"
    x = (
        weights[f"{name}.word_embeddings.weight"][ids]
        + weights[f"{name}.position_embeddings.weight"][position_ids]
        + weights[f"{name}.token_type_embeddings.weight"][torch.zeros_like(ids)]
    )
    x = norm(f"{name}.LayerNorm", x)
    size = config["hidden_size"] // heads
    for index in range(config["num_hidden_layers"]):
        layer = f"{kind}.encoder.layer.{index}"
        query, key, value = (linear(f"{layer}.attention.self.{part}", x) for part in ("query", "key", "value"))
        mixed = []
        for head in range(heads):
            mine = slice(head * size, (head + 1) * size)
            scores = torch.einsum("bqd,bkd->bqk", query[..., mine], key[..., mine]) / math.sqrt(size)
            scores = scores.masked_fill(attention[:, None, :] == 0, -math.inf)
            mixed.append(torch.einsum("bqk,bkd->bqd", torch.softmax(scores, -1), value[..., mine]))
        attended = linear(f"{layer}.attention.output.dense", torch.cat(mixed, -1))
        x = norm(f"{layer}.attention.output.LayerNorm", x + attended)
        inner = activation(config["hidden_act"], linear(f"{layer}.intermediate.dense", x))
        x = norm(f"{layer}.output.LayerNorm", x + linear(f"{layer}.output.dense", inner))
    if kind == "roberta":  # exact GELU whatever hidden_act says
        x = norm("lm_head.layer_norm", activation("gelu", linear("lm_head.dense", x)))
        head = "lm_head"
    else:
        name = "cls.predictions.transform"
        x = norm(f"{name}.LayerNorm", activation(config["hidden_act"], linear(f"{name}.dense", x)))
        head = "cls.predictions"
    if not config["tie_word_embeddings"]:
        return linear(f"{head}.decoder", x)
    return torch.einsum("...h,vh->...v", x, weights[f"{kind}.embeddings.word_embeddings.weight"]) + weights[f"{head}.bias"]


# --- golden folders ---


def config_of(kind, tied, hidden_act):
    return {
        "architectures": ["RobertaForMaskedLM" if kind == "roberta" else "BertForMaskedLM"],
        "model_type": kind,
        "vocab_size": VOCABULARY,
        "hidden_size": HIDDEN,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "intermediate_size": FEED_FORWARD,
        "max_position_embeddings": POSITIONS,
        "type_vocab_size": 1 if kind == "roberta" else 2,
        "layer_norm_eps": 1e-5 if kind == "roberta" else 1e-12,
        "hidden_act": hidden_act,
        "hidden_dropout_prob": 0.1,
        "attention_probs_dropout_prob": 0.1,
        "pad_token_id": 1 if kind == "roberta" else 0,
        "tie_word_embeddings": tied,
        "initializer_range": 0.02,
        "position_embedding_type": "absolute",
        "transformers_version": "4.0.0",
        "classifier_dropout": None,
    }


def rounded_list(tensor):
    return [float(f"{value:.12g}") for value in tensor.flatten().tolist()]


def write_case(folder, seed, config, dtype, rename, extra, shards):
    generator = numpy.random.RandomState(seed)
    draw = lambda scale, shape: (scale * generator.standard_normal(shape)).astype("<f4")
    arrays, weights = {}, {}
    for name, shape in parameter_shapes(config).items():
        is_scale = "norm" in name.lower() and name.endswith(".weight")
        array = draw(0.2, shape) + numpy.float32(1 if is_scale else 0)
        data, value = stored(array, dtype)
        arrays[rename(name)] = (dtype, shape, data)
        weights[name] = torch.tensor(value.astype("f8"), requires_grad=True)
    arrays.update(extra(draw, arrays))

    batch, seq, pad = 3, 9, config["pad_token_id"]
    ids = generator.randint(4, VOCABULARY, (batch, seq))
    attention = numpy.ones((batch, seq), int)
    ids[1, 6:], attention[1, 6:] = pad, 0  # padding behind the text
    attention[2, 3] = 0  # a token that is there and may not be attended to
    positions = numpy.array([0, 4, 8, 9, 14, 18, 21, 26])  # flat; padding is never asked
    labels = generator.randint(0, VOCABULARY, len(positions))
    loss_weights = generator.uniform(0.5, 2, len(positions)).round(3)

    logits = logits_of(config, weights, torch.tensor(ids), torch.tensor(attention))
    chosen = logits.reshape(batch * seq, -1)[torch.tensor(positions)]
    nats = torch.logsumexp(chosen, -1) - chosen[torch.arange(len(positions)), torch.tensor(labels)]
    loss = (torch.tensor(loss_weights) * nats).sum() / loss_weights.sum()
    loss.backward()

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    if shards == 1:
        write_safetensors(folder / "model.safetensors", arrays)
    else:
        names, weight_map = list(arrays), {}
        for shard in range(shards):
            file = f"model-{shard + 1:05d}-of-{shards:05d}.safetensors"
            mine = {name: arrays[name] for name in names[shard::shards]}
            write_safetensors(folder / file, mine)
            weight_map.update(dict.fromkeys(mine, file))
        index = {"metadata": {"total_size": sum(len(data) for _, _, data in arrays.values())}, "weight_map": weight_map}
        (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=1) + "\n")
    gradients = {name: weight.grad.numpy().astype("<f4") for name, weight in weights.items()}
    write_safetensors(
        folder / "gradients.safetensors",
        {name: ("F32", array.shape, array.tobytes()) for name, array in gradients.items()},
    )
    expected = {
        "batch": batch,
        "seq": seq,
        "ids": ids.flatten().tolist(),
        "attentionMask": attention.flatten().tolist(),
        "positions": positions.tolist(),
        "labels": labels.tolist(),
        "lossWeights": loss_weights.tolist(),
        "logits": rounded_list(chosen),
        "lossNats": loss.item(),
    }
    (folder / "expected.json").write_text(json.dumps(expected) + "\n")


def unused_roberta(draw, _):
    """A buffer and a head that old checkpoints carry and a masked language model does not use."""
    return {
        "roberta.embeddings.position_ids": ("I64", (1, POSITIONS), numpy.arange(POSITIONS, dtype="<i8").tobytes()),
        "roberta.pooler.dense.weight": ("F32", (HIDDEN, HIDDEN), draw(0.2, (HIDDEN, HIDDEN)).tobytes()),
        "roberta.pooler.dense.bias": ("F32", (HIDDEN,), draw(0.2, HIDDEN).tobytes()),
    }


def unused_bias(draw, _):
    """Without ties, transformers 5 keeps a second bias that it never reads."""
    return {"lm_head.bias": ("F32", (VOCABULARY,), draw(0.2, VOCABULARY).tobytes())}


def unused_bert(draw, arrays):
    """As bert-base-uncased has it: next-sentence head, and the tied decoder once more."""
    return {
        "pooler.dense.weight": ("F32", (HIDDEN, HIDDEN), draw(0.2, (HIDDEN, HIDDEN)).tobytes()),
        "cls.seq_relationship.weight": ("F32", (2, HIDDEN), draw(0.2, (2, HIDDEN)).tobytes()),
        "cls.predictions.decoder.weight": arrays["embeddings.word_embeddings.weight"],
        "cls.predictions.decoder.bias": arrays["cls.predictions.bias"],
    }


def legacy_bert_name(name):
    """Without the base model's prefix, and with TensorFlow's names of layer norms."""
    name = name[len("bert.") :] if name.startswith("bert.") else name
    if "LayerNorm" in name:
        name = name.replace(".weight", ".gamma").replace(".bias", ".beta")
    return name


def write_golden():
    same, nothing = (lambda name: name), (lambda draw, arrays: {})
    write_case(OUT / "roberta", 1, config_of("roberta", True, "gelu"), "F32", same, unused_roberta, 1)
    write_case(OUT / "bert", 2, config_of("bert", True, "gelu"), "F32", legacy_bert_name, unused_bert, 1)
    write_case(OUT / "roberta-untied", 3, config_of("roberta", False, "relu"), "F16", same, unused_bias, 2)
    write_case(OUT / "bert-tanh", 4, config_of("bert", True, "gelu_new"), "BF16", same, nothing, 3)


def check(folder):
    """FOLDER holds a saved model and logits.json: batch, seq, ids, attentionMask, positions, logits."""
    config = json.loads((folder / "config.json").read_text())
    found = json.loads((folder / "logits.json").read_text())
    arrays = read_safetensors(folder / "model.safetensors")
    expected_names = set(parameter_shapes(config))
    if not config["tie_word_embeddings"]:
        expected_names.add(("lm_head" if config["model_type"] == "roberta" else "cls.predictions") + ".bias")
    assert set(arrays) == expected_names, set(arrays) ^ expected_names
    weights = {name: torch.tensor(array.astype("f8")) for name, array in arrays.items()}
    grid = lambda values: torch.tensor(values).reshape(found["batch"], found["seq"])
    logits = logits_of(config, weights, grid(found["ids"]), grid(found["attentionMask"]))
    chosen = logits.reshape(-1, config["vocab_size"])[torch.tensor(found["positions"])].flatten().numpy()
    error = numpy.abs(chosen - numpy.array(found["logits"])).max() / numpy.abs(chosen).max()
    print(f"{config['architectures'][0]}: {len(arrays)} tensors, largest relative error of the logits {error:.2g}")
    assert error < 1e-5


if __name__ == "__main__":
    if sys.argv[1:2] == ["check"]:
        for argument in sys.argv[2:]:
            check(Path(argument))
    else:
        write_golden()
