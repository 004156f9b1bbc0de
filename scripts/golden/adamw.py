"""Fifty steps of PyTorch's AdamW in float64: the independent trajectory that our AdamW is held against.

    python3 scripts/golden/adamw.py > packages/training/src/golden/adamw.json

Made with PyTorch 1.13. Three parameters: a matrix that decays, a bias and a norm that do not. The learning rate
changes at every step; some gradients are large enough to be clipped to a global norm of 1, by the plain formula
g * min(1, 1 / norm), without the 1e-6 that torch.nn.utils.clip_grad_norm_ adds to the norm.
"""

import json
import math

import torch

STEPS = 50
CLIP_NORM = 1.0
OPTIONS = {"weightDecay": 0.1, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}
SHAPES = {"dense.weight": (2, 3), "dense.bias": (3,), "LayerNorm.weight": (3,)}

torch.manual_seed(1)
torch.set_default_dtype(torch.float64)


def rounded(tensor):
    """Doubles that float32 holds exactly, so that both sides start from the same numbers."""
    return tensor.to(torch.float32).to(torch.float64)


parameters = {name: rounded(torch.randn(shape)).requires_grad_() for name, shape in SHAPES.items()}
initial = {name: parameter.detach().flatten().tolist() for name, parameter in parameters.items()}
optimizer = torch.optim.AdamW(
    [
        {"params": [parameters["dense.weight"]], "weight_decay": OPTIONS["weightDecay"]},
        {"params": [parameters["dense.bias"], parameters["LayerNorm.weight"]], "weight_decay": 0.0},
    ],
    betas=(OPTIONS["beta1"], OPTIONS["beta2"]),
    eps=OPTIONS["epsilon"],
)

steps = []
for step in range(STEPS):
    size = 10 ** (0.5 * math.sin(step) - 0.5)
    gradients = {name: rounded(size * torch.randn(shape)) for name, shape in SHAPES.items()}
    norm = math.sqrt(sum(gradient.square().sum().item() for gradient in gradients.values()))
    learning_rate = 0.01 * (1 + math.cos(math.pi * step / STEPS))
    for group in optimizer.param_groups:
        group["lr"] = learning_rate
    for name, parameter in parameters.items():
        parameter.grad = gradients[name] * min(1.0, CLIP_NORM / norm)
    optimizer.step()
    steps.append(
        {
            "learningRate": learning_rate,
            "gradientNorm": norm,
            "gradients": {name: gradient.flatten().tolist() for name, gradient in gradients.items()},
            "parameters": {name: parameter.detach().flatten().tolist() for name, parameter in parameters.items()},
        }
    )

print(
    json.dumps(
        {
            "made": f"scripts/golden/adamw.py, PyTorch {torch.__version__}, float64",
            "options": OPTIONS,
            "clipNorm": CLIP_NORM,
            "shapes": SHAPES,
            "initial": initial,
            "steps": steps,
        }
    )
)
