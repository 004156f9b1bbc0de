"""Trains a GPT-2 on tokens: python3 causal_training.py '{"layers": 3, ...}', with the tokens as JSON on standard input.

Each row is learnt after the begin token, so that all of its tokens cost something. Answers with lines of JSON: what the held-out
rows cost as the training goes on, under the moving average of the weights, and at last each row under those that were best.
"""
import copy
import json
import sys
import time

import torch
from torch.nn import functional as F

from causal import Gpt2

options, text = json.loads(sys.argv[1]), json.load(sys.stdin)
torch.set_num_threads(options["threads"])
torch.manual_seed(options["seed"])
train, rows = torch.tensor(text["train"]), [torch.tensor(row) for row in text["heldOut"]]
length, batch, steps = options["rowLength"], options["batchSize"], options["steps"]
sizes = (options[key] for key in ("layers", "hidden", "heads", "feedForward", "vocab"))
model = Gpt2(*sizes, length, options["dropout"])
average = copy.deepcopy(model).eval()
decayed = [p for p in model.parameters() if p.dim() > 1]
others = [p for p in model.parameters() if p.dim() <= 1]
groups = [{"params": decayed, "weight_decay": options["weightDecay"]}, {"params": others, "weight_decay": 0.0}]
optimizer = torch.optim.AdamW(groups, betas=(0.9, options["beta2"]))


def say(**message):
    print(json.dumps(message), flush=True)


def nats(network, row):  # of each token; rows [rows, length]
    begin = torch.full((row.shape[0], 1), options["beginId"])
    logits = network(torch.cat([begin, row[:, :-1]], 1))
    return F.cross_entropy(logits.flatten(0, 1), row.flatten(), reduction="none").view(row.shape)


def row_nats():  # of the held-out rows, of which the last may be shorter
    with torch.no_grad():
        whole = torch.stack([row for row in rows if len(row) == length]).split(batch)
        costs = [cost for part in whole for cost in nats(average, part).sum(1).tolist()]
        return costs + [nats(average, row[None]).sum().item() for row in rows if len(row) < length]


def row_batches():  # an epoch after the other, each cut at another place, its rows in another order
    while True:
        shift = int(torch.randint(0, length, ()))
        cut = train[shift : shift + (len(train) - shift) // length * length].view(-1, length)
        yield from (part for part in cut[torch.randperm(len(cut))].split(batch) if len(part) == batch)


def learning_rate(step):  # trapezoid: the last fifth after warm-up falls to 0
    warmup = options["warmupSteps"]
    if step < warmup:
        return options["learningRate"] * (step + 1) / warmup
    return options["learningRate"] * min(1, (1 - (step - warmup) / (steps - warmup)) / 0.2)


count, best = sum(len(row) for row in rows), (float("inf"), 0, [])
say(weights=sum(p.numel() for p in model.parameters()), version=torch.__version__)
start, batches, seen = time.perf_counter(), row_batches(), []
for step in range(1, steps + 1):
    for group in optimizer.param_groups:
        group["lr"] = learning_rate(step - 1)
    optimizer.zero_grad(set_to_none=True)
    loss = nats(model, next(batches)).mean()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1)
    optimizer.step()
    seen.append(loss.item())
    with torch.no_grad():
        share = 1 - min(options["ema"], (1 + step) / (10 + step))
        for mean, parameter in zip(average.parameters(), model.parameters()):
            mean += share * (parameter - mean)
    if step % options["evaluateEvery"] == 0 or step == steps:
        costs = row_nats()
        held_out = sum(costs) / count
        best = min(best, (held_out, step, costs))
        recent = sum(seen) / len(seen)
        say(step=step, seconds=time.perf_counter() - start, train=recent, heldOut=held_out)
        seen = []
say(best=best[1], rowNats=best[2])
