"""Times training steps: python3 training_step.py '{"layers": 6, ...}'. Prints one JSON line."""
import json
import resource
import sys
import time

import torch
from torch.nn import functional as F

from encoder import Encoder

options = json.loads(sys.argv[1])
torch.set_num_threads(options["threads"])
torch.manual_seed(1)
batch, seq, vocab = options["batch"], options["seq"], options["vocab"]
model = Encoder(
    options["layers"], options["hidden"], options["heads"], options["feedForward"], vocab, seq + 2
)
decayed = [p for p in model.parameters() if p.dim() > 1]
others = [p for p in model.parameters() if p.dim() <= 1]
groups = [{"params": decayed, "weight_decay": 0.01}, {"params": others, "weight_decay": 0.0}]
optimizer = torch.optim.AdamW(groups, lr=1e-4, foreach=options.get("foreach"))
times, processor_times = [], []
for step in range(options["warmUp"] + options["samples"]):
    ids = torch.randint(0, vocab, (batch, seq))
    labels = torch.randint(0, vocab, (batch * seq,))
    start, processor = time.perf_counter(), time.process_time()
    optimizer.zero_grad(set_to_none=True)
    loss = F.cross_entropy(model(ids), labels)
    loss.backward()
    optimizer.step()
    loss.item()
    times.append((time.perf_counter() - start) * 1000)
    processor_times.append((time.process_time() - processor) * 1000)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
measured = {"ms": times[options["warmUp"] :], "processorMs": processor_times[options["warmUp"] :]}
print(json.dumps({**measured, "peakMb": peak, "version": torch.__version__}))
