"""Checks an exported file in Python, by what is not ours: ONNX's checker with its shape inference, ONNX's reference
evaluator and onnxruntime, against the logits of transformers in scripts/golden.

    python3 scripts/check_onnx.py scripts/golden/transformers-models/roberta/expected.json roberta.onnx

Needs onnx, onnxruntime and numpy. To make the file, copy the golden model, give it any tokenizer of at most 101 tokens and
run `textdiffusion export`. Seen to pass with onnx 1.23.1, onnxruntime 1.30.0, Python 3.11: docs/onnx.md has the figures.
"""

import json
import sys

import numpy
import onnx
import onnxruntime
from onnx.reference import ReferenceEvaluator

expected_file, file = sys.argv[1:3]
expected = json.load(open(expected_file))
shape = (expected["batch"], expected["seq"])
grid = lambda name: numpy.array(expected[name], numpy.int64).reshape(shape)
feeds = {"input_ids": grid("ids"), "attention_mask": grid("attentionMask")}
assert (feeds["attention_mask"] == 0).any(), "the example has no padded row"

onnx.checker.check_model(file, full_check=True)
session = onnxruntime.InferenceSession(file)
if any(value.name == "token_type_ids" for value in session.get_inputs()):
    feeds["token_type_ids"] = numpy.zeros_like(feeds["input_ids"])
meta = session.get_modelmeta()
print(meta.producer_name, meta.custom_metadata_map)
positions = expected["positions"]
logits = numpy.array(expected["logits"]).reshape(len(positions), -1)
for name, run in [("onnxruntime", session.run), ("reference evaluator", ReferenceEvaluator(file).run)]:
    found = run(["logits"], feeds)[0].reshape(shape[0] * shape[1], -1)[positions]
    difference = numpy.abs(found - logits).max()
    print(f"{name}: largest difference {difference:.1e} of logits up to {numpy.abs(logits).max():.1f}")
    assert difference < 1e-5
