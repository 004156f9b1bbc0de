"""A GPT-2 that learns: layers that normalise what they read, a tied head, random weights."""
import math

import torch
from torch import nn
from torch.nn import functional as F


class Layer(nn.Module):
    def __init__(self, hidden, heads, feed_forward, dropout):
        super().__init__()
        self.heads, self.dropout = heads, nn.Dropout(dropout)
        self.norm1, self.norm2 = nn.LayerNorm(hidden, eps=1e-5), nn.LayerNorm(hidden, eps=1e-5)
        self.query_key_value, self.projection = nn.Linear(hidden, 3 * hidden), nn.Linear(hidden, hidden)
        self.inner, self.outer = nn.Linear(hidden, feed_forward), nn.Linear(feed_forward, hidden)

    def forward(self, x, bias):  # [batch, seq, hidden], [seq, seq]
        batch, seq, hidden = x.shape
        split = lambda t: t.view(batch, seq, self.heads, hidden // self.heads).transpose(1, 2)
        queries, keys, values = (split(t) for t in self.query_key_value(self.norm1(x)).chunk(3, -1))
        scores = queries @ keys.transpose(-1, -2) / math.sqrt(hidden // self.heads) + bias
        mixed = (torch.softmax(scores, -1) @ values).transpose(1, 2).reshape(batch, seq, hidden)
        x = x + self.dropout(self.projection(mixed))
        return x + self.dropout(self.outer(F.gelu(self.inner(self.norm2(x)), approximate="tanh")))


class Gpt2(nn.Module):
    def __init__(self, layers, hidden, heads, feed_forward, vocab, positions, dropout=0.0):
        super().__init__()
        self.words, self.places = nn.Embedding(vocab, hidden), nn.Embedding(positions, hidden)
        self.layers = nn.ModuleList(Layer(hidden, heads, feed_forward, dropout) for _ in range(layers))
        self.norm, self.dropout = nn.LayerNorm(hidden, eps=1e-5), nn.Dropout(dropout)
        for name, parameter in self.named_parameters():
            if parameter.dim() > 1:  # Radford et al. 2019: what adds to the residual stream begins smaller
                adds = name.endswith(("projection.weight", "outer.weight"))
                nn.init.normal_(parameter, std=0.02 / (math.sqrt(2 * layers) if adds else 1))
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)

    def forward(self, ids):  # [batch, seq] to [batch, seq, vocab]
        seq = ids.shape[1]
        bias = torch.full((seq, seq), -1e9).triu(1)  # nobody sees what comes after
        x = self.dropout(self.words(ids) + self.places(torch.arange(seq)))
        for layer in self.layers:
            x = layer(x, bias)
        return F.linear(self.norm(x), self.words.weight)
