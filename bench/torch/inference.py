"""Forward passes, one for each line of input: python3 inference.py '{"layers": 12, ...}'. Answers with lines of JSON."""
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
print(json.dumps({"ready": torch.__version__}), flush=True)
with torch.no_grad():
    for line in sys.stdin:
        positions = torch.arange(json.loads(line)["masked"])
        ids = torch.randint(0, vocab, (batch, seq))
        start, processor = time.perf_counter(), time.process_time()
        model(ids, positions)
        ms, processor_ms = (time.perf_counter() - start) * 1000, (time.process_time() - processor) * 1000
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"ms": ms, "processorMs": processor_ms, "peakMb": peak}), flush=True)
