"""Times forward passes: python3 inference.py '{"layers": 12, ...}'. Prints one JSON line."""
import json
import resource
import sys
import time

import torch

from encoder import Encoder

options = json.loads(sys.argv[1])
torch.set_num_threads(options["threads"])
torch.manual_seed(1)
batch, seq, vocab = options["batch"], options["seq"], options["vocab"]
model = Encoder(
    options["layers"], options["hidden"], options["heads"], options["feedForward"], vocab, seq + 2
).eval()
positions = torch.arange(options["masked"])
times = []
with torch.no_grad():
    for _ in range(options["warmUp"] + options["samples"]):
        ids = torch.randint(0, vocab, (batch, seq))
        start = time.perf_counter()
        model(ids, positions)
        times.append((time.perf_counter() - start) * 1000)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"ms": times[options["warmUp"] :], "peakMb": peak, "version": torch.__version__}))
