"""ONNX files as Hugging Face's optimum writes them, of the models in transformers-models/.

    python3 scripts/golden/optimum_onnx.py        writes scripts/golden/optimum-onnx/

Makes the call of torch.onnx.export that optimum makes for fill-mask (optimum-onnx, exporters/onnx/convert.py, with the
names of BertOnnxConfig and RobertaOnnxConfig), and quantizes as transformers.js's own script does, with
onnxruntime.quantization.quantize_dynamic. Needs transformers, torch, onnx and onnxruntime (made with 5.17.0, 2.13.0,
1.23.1, 1.30.0, Python 3.11). The numbers to expect are in transformers-models/.
"""

import shutil
from pathlib import Path

import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from transformers import AutoModelForMaskedLM

HERE = Path(__file__).parent
AXES = {0: "batch_size", 1: "sequence_length"}
INPUTS = {
    "bert": ["input_ids", "attention_mask", "token_type_ids"],
    "roberta": ["input_ids", "attention_mask"],
}

for name, inputs in INPUTS.items():
    source, folder = HERE / "transformers-models" / name, HERE / "optimum-onnx" / name
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "onnx").mkdir(parents=True)
    shutil.copy(source / "config.json", folder)
    model = AutoModelForMaskedLM.from_pretrained(source, attn_implementation="eager").float().eval()
    example = {input: torch.ones((2, 9), dtype=torch.int64) for input in inputs}
    example["input_ids"] = torch.arange(18).reshape(2, 9) + 5
    if "token_type_ids" in example:
        example["token_type_ids"] = torch.zeros_like(example["input_ids"])
    file = folder / "onnx" / "model.onnx"
    with torch.no_grad():
        torch.onnx.export(
            model,
            (example,),
            f=file.as_posix(),
            input_names=inputs,
            output_names=["logits"],
            dynamic_axes={name: AXES for name in [*inputs, "logits"]},
            do_constant_folding=True,
            opset_version=14,
            dynamo=False,
        )
    quantize_dynamic(file, folder / "onnx" / "model_quantized.onnx", weight_type=QuantType.QUInt8)
