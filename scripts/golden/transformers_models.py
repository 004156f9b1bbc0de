"""The same as masked_language_models.py, by Hugging Face transformers itself.

    python3 scripts/golden/transformers_models.py                 writes scripts/golden/transformers-models/
    python3 scripts/golden/transformers_models.py check FOLDER... opens folders that save_models.mjs wrote
    python3 scripts/golden/transformers_models.py agree           compares transformers with masked-language-models/

Needs transformers and torch (made with transformers 5.18.0, torch 2.13.0, safetensors 0.8.0, Python 3.11). Models run
in float64 with random weights; folders are written by save_pretrained, so they are what users get from Python.
"""

import json
import sys
from pathlib import Path

import numpy
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForMaskedLM, BertConfig, BertForMaskedLM, RobertaConfig, RobertaForMaskedLM

HERE = Path(__file__).parent
SIZES = dict(
    vocab_size=101, hidden_size=24, num_hidden_layers=2, num_attention_heads=4, intermediate_size=40,
    max_position_embeddings=20, attn_implementation="eager",
)  # fmt: skip


def chosen_logits(model, case):
    grid = lambda name: torch.tensor(case[name]).reshape(case["batch"], case["seq"])
    model = model.double().eval()
    logits = model(input_ids=grid("ids"), attention_mask=grid("attentionMask")).logits
    return logits.reshape(case["batch"] * case["seq"], -1)[torch.tensor(case["positions"])]


def weighted_loss(logits, case):
    nats = torch.nn.functional.cross_entropy(logits, torch.tensor(case["labels"]), reduction="none")
    weights = torch.tensor(case["lossWeights"], dtype=torch.float64)
    return (weights * nats).sum() / weights.sum()


def gradients_of(model, loss):
    """One gradient for each parameter; a bias that two names share is named as it is saved."""
    loss.backward()
    return {name: p.grad for name, p in model.named_parameters() if p.grad is not None}


def write_case(folder, model, seed):
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.2 * torch.randn(parameter.shape, generator=generator)
    model.save_pretrained(folder)
    case = json.loads((HERE / "masked-language-models" / model.config.model_type / "expected.json").read_text())
    model = AutoModelForMaskedLM.from_pretrained(folder, attn_implementation="eager")
    logits = chosen_logits(model, case)
    loss = weighted_loss(logits, case)
    case["logits"] = [float(f"{value:.12g}") for value in logits.flatten().tolist()]
    case["lossNats"] = loss.item()
    (folder / "expected.json").write_text(json.dumps(case) + "\n")
    gradients = gradients_of(model, loss)
    save_file({name: value.float().contiguous() for name, value in gradients.items()}, folder / "gradients.safetensors")


def write_golden():
    torch.manual_seed(0)
    out = HERE / "transformers-models"
    roberta = RobertaConfig(type_vocab_size=1, layer_norm_eps=1e-5, pad_token_id=1, **SIZES)
    write_case(out / "roberta", RobertaForMaskedLM(roberta), 1)
    write_case(out / "bert", BertForMaskedLM(BertConfig(pad_token_id=0, **SIZES)), 2)
    untied = BertConfig(pad_token_id=0, tie_word_embeddings=False, hidden_act="relu", **SIZES)
    write_case(out / "bert-untied", BertForMaskedLM(untied), 3)


def load(folder):
    model, report = AutoModelForMaskedLM.from_pretrained(folder, attn_implementation="eager", output_loading_info=True)
    return model, {name: sorted(keys) for name, keys in report.items() if name.endswith("_keys") and keys}


def relative(found, expected):
    found, expected = numpy.asarray(found, "f8").ravel(), numpy.asarray(expected, "f8").ravel()
    return numpy.abs(found - expected).max() / max(numpy.abs(expected).max(), 1e-300)


def check(folder):
    model, problems = load(folder)
    case = json.loads((folder / "logits.json").read_text())
    with torch.no_grad():
        error = relative(case["logits"], chosen_logits(model, case))
    print(f"{folder.name}: {type(model).__name__}, keys {problems or 'all match'}, logits differ by {error:.2g}")
    assert error < 1e-5 and not problems


def agree():
    for folder in sorted((HERE / "masked-language-models").iterdir()):
        model, problems = load(folder)
        case = json.loads((folder / "expected.json").read_text())
        logits = chosen_logits(model, case)
        error = relative(case["logits"], logits.detach())
        reference = load_file(folder / "gradients.safetensors")
        gradients = gradients_of(model, weighted_loss(logits, case))
        largest = max(value.abs().max().item() for value in reference.values())
        worst = max((gradients[name] - reference[name]).abs().max().item() for name in reference) / largest
        print(f"{folder.name}: {type(model).__name__}, keys {problems or 'all match'}, "
              f"logits differ by {error:.2g}, gradients by {worst:.2g} of the largest")  # fmt: skip
        assert error < 1e-6 and worst < 1e-6


if sys.argv[1:2] == ["check"]:
    for argument in sys.argv[2:]:
        check(Path(argument))
elif sys.argv[1:2] == ["agree"]:
    agree()
else:
    write_golden()
