"""Texts of a random GPT-2 with a key/value cache, one for each line of input: python3 gpt2.py '{"layers": 12, ...}'.

The tables of keys and values are allocated once and written in place. Answers with lines of JSON.
"""
import json
import math
import resource
import sys
import time

import torch
from torch.nn import functional as F

options = json.loads(sys.argv[1])
torch.set_num_threads(options["threads"])
torch.manual_seed(1)
layers, hidden, heads, vocab, length = (options[key] for key in ("layers", "hidden", "heads", "vocab", "length"))
table = lambda *shape: 0.02 * torch.randn(*shape)
words, places = table(vocab, hidden), table(1024, hidden)
weights = [
    [
        (table(3 * hidden, hidden), torch.zeros(3 * hidden)),
        (table(hidden, hidden), torch.zeros(hidden)),
        (table(4 * hidden, hidden), torch.zeros(4 * hidden)),
        (table(hidden, 4 * hidden), torch.zeros(hidden)),
    ]
    for _ in range(layers)
]
scale, shift = torch.ones(hidden), torch.zeros(hidden)
norm = lambda x: F.layer_norm(x, (hidden,), scale, shift, 1e-5)
gelu = lambda x: 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
size = hidden // heads


def write():
    past = [torch.zeros(2, heads, length, size) for _ in range(layers)]
    token = 0
    for place in range(length):
        x = (words[token] + places[place]).unsqueeze(0)
        for (qkv, projection, inner, outer), known in zip(weights, past):
            query, key, value = F.linear(norm(x), *qkv).view(3, heads, size)
            known[0, :, place], known[1, :, place] = key, value
            keys, values = known[:, :, : place + 1]
            scores = query.unsqueeze(1) @ keys.transpose(-1, -2) / math.sqrt(size)
            mixed = (torch.softmax(scores, -1) @ values).reshape(1, hidden)
            x = x + F.linear(mixed, *projection)
            x = x + F.linear(gelu(F.linear(norm(x), *inner)), *outer)
        scores = F.linear(norm(x), words)[0] / 0.7
        token = int(torch.multinomial(torch.softmax(scores, -1), 1))


print(json.dumps({"ready": torch.__version__}), flush=True)
with torch.no_grad():
    for _ in sys.stdin:
        start, processor = time.perf_counter(), time.process_time()
        write()
        ms, processor_ms = (time.perf_counter() - start) * 1000, (time.process_time() - processor) * 1000
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"ms": ms, "processorMs": processor_ms, "peakMb": peak}), flush=True)
