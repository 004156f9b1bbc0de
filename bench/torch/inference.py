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
times, processor_times = [], []
with torch.no_grad():
    for _ in range(options["warmUp"] + options["samples"]):
        ids = torch.randint(0, vocab, (batch, seq))
        start, processor = time.perf_counter(), time.process_time()
        model(ids, positions)
        times.append((time.perf_counter() - start) * 1000)
        processor_times.append((time.process_time() - processor) * 1000)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
measured = {"ms": times[options["warmUp"] :], "processorMs": processor_times[options["warmUp"] :]}
print(json.dumps({**measured, "peakMb": peak, "version": torch.__version__}))
