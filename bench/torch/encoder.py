"""The network of the benchmarks in PyTorch: a RoBERTa encoder with its language-model head, random weights."""
import math

import torch
from torch import nn
from torch.nn import functional as F


class Layer(nn.Module):
    def __init__(self, hidden, heads, feed_forward):
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value, self.output = (nn.Linear(hidden, hidden) for _ in range(4))
        self.norm1, self.norm2 = nn.LayerNorm(hidden, eps=1e-5), nn.LayerNorm(hidden, eps=1e-5)
        self.inner, self.outer = nn.Linear(hidden, feed_forward), nn.Linear(feed_forward, hidden)

    def forward(self, x):  # [batch, seq, hidden]
        batch, seq, hidden = x.shape
        split = lambda t: t.view(batch, seq, self.heads, hidden // self.heads).transpose(1, 2)
        queries, keys, values = split(self.query(x)), split(self.key(x)), split(self.value(x))
        scores = queries @ keys.transpose(-1, -2) / math.sqrt(hidden // self.heads)
        mixed = (torch.softmax(scores, -1) @ values).transpose(1, 2).reshape(batch, seq, hidden)
        x = self.norm1(x + self.output(mixed))
        return self.norm2(x + self.outer(F.gelu(self.inner(x))))


class Encoder(nn.Module):
    def __init__(self, layers, hidden, heads, feed_forward, vocab, positions):
        super().__init__()
        self.words, self.places = nn.Embedding(vocab, hidden), nn.Embedding(positions, hidden)
        self.norm = nn.LayerNorm(hidden, eps=1e-5)
        self.layers = nn.ModuleList(Layer(hidden, heads, feed_forward) for _ in range(layers))
        self.head, self.head_norm = nn.Linear(hidden, hidden), nn.LayerNorm(hidden, eps=1e-5)
        self.bias = nn.Parameter(torch.zeros(vocab))
        for parameter in self.parameters():
            if parameter.dim() > 1:
                nn.init.normal_(parameter, std=0.02)

    def forward(self, ids, positions=None):  # ids [batch, seq]; positions: flat indices that pass the head
        x = self.norm(self.words(ids) + self.places(torch.arange(ids.shape[1])))
        for layer in self.layers:
            x = layer(x)
        x = x.reshape(-1, x.shape[-1])
        if positions is not None:
            x = x[positions]
        return F.linear(self.head_norm(F.gelu(self.head(x))), self.words.weight, self.bias)
