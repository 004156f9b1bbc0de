"""A safetensors file in every float format, written and read by struct and numpy alone.

    python3 scripts/golden/safetensors_formats.py      writes scripts/golden/safetensors/

formats.safetensors holds awkward bit patterns (zeros of both signs, subnormals, infinities, NaN, borders) and random
ones; expected.json the float32 bit patterns that they mean. halves.safetensors pairs float32 numbers with the float16
that numpy rounds them to. Made with Python 3.11, numpy 1.24, torch 1.13 (for bfloat16).
"""

import json
import struct
from pathlib import Path

import numpy
import torch

OUT = Path(__file__).parent / "safetensors"


def write(path, arrays, padding):
    header, offset = {"__metadata__": {"format": "pt", "note": "quotes \" and \\ and é"}}, 0
    for name, (dtype, shape, data) in arrays.items():
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [offset, offset + len(data)]}
        offset += len(data)
    text = json.dumps(header).encode() + b" " * padding  # not aligned: a reader must not count on it
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(data for _, _, data in arrays.values()))


def main():
    generator = numpy.random.RandomState(7)
    OUT.mkdir(parents=True, exist_ok=True)
    edges16 = [0, 0x8000, 1, 0x8001, 0x3FF, 0x400, 0x7BFF, 0x7C00, 0xFC00, 0x3C00, 0xBC00, 0x7E00]
    half = numpy.array(edges16 + list(generator.randint(0, 0x10000, 116)), "<u2")
    edges_brain = [0, 0x8000, 1, 0x7F, 0x80, 0x7F7F, 0x7F80, 0xFF80, 0x3F80, 0xBF80, 0x7FC0]
    brain = numpy.array(edges_brain + list(generator.randint(0, 0x7F80, 61)), "<u2")
    single = numpy.array([0.0, -0.0, 1e-45, -1.5, 3.4e38, numpy.inf, numpy.nan, 0.1], "<f4")
    double = numpy.array([[0.1, -2.0 / 3, 1e-320], [1e300, 5e-46, 16777217.0]], "<f8")
    scalar = numpy.array(0.25, "<f4")
    with numpy.errstate(over="ignore"):
        values = {
            "half": half.view("<f2").astype("<f4"),
            "brain": torch.from_numpy(brain.view("<i2")).view(torch.bfloat16).to(torch.float32).numpy(),
            "single": single,
            "double": double.astype("<f4"),
            "scalar": scalar,
            "empty": numpy.zeros((0, 3), "<f4"),
        }
    arrays = {
        "half": ("F16", (8, 16), half.tobytes()),
        "position_ids": ("I64", (1, 3), numpy.arange(3, dtype="<i8").tobytes()),
        "brain": ("BF16", (72,), brain.tobytes()),
        "single": ("F32", (2, 4), single.tobytes()),
        "empty": ("F32", (0, 3), b""),
        "flags": ("BOOL", (3,), b"\1\0\1"),
        "double": ("F64", (2, 3), double.tobytes()),
        "scalar": ("F32", (), scalar.tobytes()),
    }
    write(OUT / "formats.safetensors", arrays, 3)
    bits = {name: [int(b) for b in value.astype("<f4").reshape(-1).view("<u4")] for name, value in values.items()}
    (OUT / "expected.json").write_text(json.dumps(bits) + "\n")

    # Every exponent of float16 and beyond both ends, random fractions, exact ties, and the borders of rounding.
    exponents = generator.randint(127 - 27, 127 + 16, 600)
    random = (exponents << 23 | generator.randint(0, 1 << 23, 600)).astype("<u4")
    ties = (generator.randint(127 - 14, 127 + 15, 100) << 23 | generator.randint(0, 1 << 10, 100) << 13 | 1 << 12).astype("<u4")
    edges = numpy.array([0.0, -0.0, 2**-24, 2**-25, 1.5 * 2**-25, 2**-14, 65504, 65519.996, numpy.inf, -numpy.inf], "<f4")
    source = numpy.concatenate([random.view("<f4"), -ties.view("<f4"), ties.view("<f4"), edges])
    with numpy.errstate(over="ignore"):
        rounded = source.astype("<f2")
    write(
        OUT / "halves.safetensors",
        {"single": ("F32", source.shape, source.tobytes()), "half": ("F16", rounded.shape, rounded.tobytes())},
        0,
    )


main()
