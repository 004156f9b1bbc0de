"""Traces of the reverse loop, from the formulas alone: what ours is held against, and an example of the format for others.

    python3 scripts/golden/loop_traces.py    writes scripts/golden/loop-traces/*.jsonl

Needs nothing but Python. It restates, without looking at our code: the counter-based random numbers (Threefry-2x32 with 20
rounds, Salmon et al. 2011, keyed by seed, row key, step and purpose), the exact denoiser of a distribution that is small
enough to write down, the draw of a token, and the published loop of each sampler. The world is 4 letters in 5 places, all
1024 texts possible; a page of two rows, the second with a prompt.
"""

import itertools
import json
import math
import pathlib
import struct

# --- random numbers ---

WORD = 0xFFFFFFFF


def rotate(x, by):
    return ((x << by) | (x >> (32 - by))) & WORD


def threefry(key, counter):
    """Threefry-2x32-20: 20 rounds of add, rotate, xor; a key is added before the first and after every fourth."""
    schedule = [key[0], key[1], 0x1BD11BDA ^ key[0] ^ key[1]]
    rotations = [13, 15, 26, 6, 17, 29, 16, 24]
    x = [(counter[0] + schedule[0]) & WORD, (counter[1] + schedule[1]) & WORD]
    for round_number in range(20):
        x[0] = (x[0] + x[1]) & WORD
        x[1] = rotate(x[1], rotations[round_number % 8]) ^ x[0]
        if round_number % 4 == 3:
            injection = round_number // 4 + 1
            x[0] = (x[0] + schedule[injection % 3]) & WORD
            x[1] = (x[1] + schedule[(injection + 1) % 3] + injection) & WORD
    return x


def halves(number):
    return [number & WORD, (number >> 32) & WORD]


def fnv(name, basis):
    for character in name:
        basis = ((basis ^ ord(character)) * 0x01000193) & WORD
    return basis


class Stream:
    def __init__(self, key):
        self.key = key

    def split(self, *labels):
        key = self.key
        for label in labels:
            counter = halves(label) if isinstance(label, int) else [fnv(label, 0x811C9DC5), fnv(label, 0x050C5D1F) | 0x80000000]
            key = threefry([key[0] ^ 0x5BD1E995, key[1]], counter)
        return Stream(key)

    def uniform(self, index):
        """(k + 1/2) / 2^52 of the upper 26 bits of each word."""
        low, high = threefry(self.key, halves(index))
        return ((low >> 6) * 2**26 + (high >> 6) + 0.5) / 2**52


# --- the world ---

LETTERS = "abcd"
SPELLINGS = ["<pad>", "<s>", "</s>", "<unk>", *LETTERS, "<mask>"]
VOCABULARY = len(SPELLINGS)
SPECIAL = {"mask": 8, "pad": 0, "begin": 1, "end": 2, "unknown": 3}
MASK = SPECIAL["mask"]
SEQ = 5
IDS = range(4, 8)


def weight(text):
    a, b, c, d, e = (id - 4 for id in text)
    uneven = (7 * a + 11 * b + 13 * c + 17 * d + 19 * e + 5 * a * b + 3 * c * d) % 23
    return 1 + (uneven + 31 * (a == b) + 24 * (d == c + 1)) ** 2


TEXTS = [(text, weight(text)) for text in itertools.product(IDS, repeat=SEQ)]


def conditionals(page):
    """The exact p(token at each place | what the page shows)."""
    table = [[0] * VOCABULARY for _ in range(SEQ)]
    for text, mass in TEXTS:
        if all(shown in (MASK, id) for shown, id in zip(page, text)):
            for place, id in enumerate(text):
                table[place][id] += mass
    return [[mass / sum(row) for mass in row] for row in table]


def powered(probabilities, temperature):
    powers = [p ** (1 / temperature) if p > 0 else 0.0 for p in probabilities]
    return [power / sum(powers) for power in powers]


def float32(number):
    return struct.unpack("f", struct.pack("f", number))[0]


def draw(probabilities, rule, uniform):
    """One token: temperature, top-k, top-p, then the first kept id whose cumulative share exceeds the uniform."""
    ranked = sorted(range(VOCABULARY), key=lambda id: (-probabilities[id], id))
    if rule.get("temperature", 1) == 0:
        token = ranked[0]
    else:
        border = probabilities[ranked[min(rule.get("topK", VOCABULARY), VOCABULARY) - 1]]
        shares = powered([p if p >= border else 0.0 for p in probabilities], rule.get("temperature", 1))
        kept, mass = [], 0.0
        for id in ranked:
            kept.append(id)
            mass += shares[id]
            if mass >= rule.get("topP", 1) and rule.get("topP", 1) < 1:
                break
        mass = sum(shares[id] for id in kept)
        cumulative = 0.0
        for id in sorted(kept):
            if shares[id] == 0:
                continue
            cumulative += shares[id]
            token = id
            if cumulative > uniform * mass:
                break
    scores = powered(probabilities, rule.get("scoreTemperature", 1))
    first, second = sorted(scores, reverse=True)[:2]
    return {
        "token": token,
        "logProb": float32(math.log(scores[token])),
        "entropy": float32(-sum(p * math.log(p) for p in scores if p > 0)),
        "margin": float32(first - second),
    }


# --- samplers: each says which places it asks for and then what it does with the draws ---


class Row:
    """What a sampler sees: linear noise, so the mask rate at time t is t."""

    def __init__(self, ids, editable, step, steps, reveal, random):
        self.ids, self.step, self.steps, self.reveal, self.random = ids, step, steps, reveal, random
        self.editable = [place for place in range(SEQ) if editable[place]]
        self.masked = [place for place in self.editable if ids[place] == MASK]
        self.last = steps is not None and step == steps - 1
        shown = 1 - len(self.masked) / len(self.editable)  # alpha of the time at which noise would have left as much
        self.t = 1 - step / steps if steps else 1 - shown
        self.s = 1 - (step + 1) / steps if steps else 0

    def lot(self, place, purpose):
        return self.random.split(purpose).uniform(place)


def half_even(number):
    below = math.floor(number)
    if abs(number - below - 0.5) < 1e-6:
        return below + below % 2
    return math.floor(number + 0.5)


def quota(row):
    """The expected number of reveals of the exact reverse step: masked * (t - s) / t."""
    return len(row.masked) if row.last else half_even(len(row.masked) * (row.t - row.s) / row.t)


def surest(places, score):
    return sorted(places, key=lambda place: (-score[place], place))


def by_confidence(row, draws):
    return surest(draws, {place: draw["logProb"] for place, draw in draws.items()})[: quota(row)], []


def by_lot(count):
    def ask(row):
        lots = {place: row.lot(place, "order") for place in row.masked}
        return sorted(surest(row.masked, lots)[: count(row)])

    return ask


def take_all(row, draws):
    return list(draws), []


def remask_at_random(row, draws):
    back = [] if row.last else [place for place in row.editable if row.lot(place, "remask") < row.s]
    return [place for place in draws if place not in back], back


def above_threshold(threshold):
    def decide(row, draws):
        best = surest(draws, {place: draw["logProb"] for place, draw in draws.items()})
        sure = [place for place in best if draws[place]["logProb"] >= math.log(threshold)]
        return sure or best[:1], []

    return decide


def entropy_bound(gamma):
    def decide(row, draws):
        order = surest(draws, {place: -draw["entropy"] for place, draw in draws.items()})
        taken, before = [], 0.0
        for place in order:
            if before > gamma:
                break
            taken.append(place)
            before += draws[place]["entropy"]
        return taken, []

    return decide


def ancestral(row):
    """Each mask is revealed by itself with (alpha_s - alpha_t) / (1 - alpha_t) = (t - s) / t."""
    return [place for place in row.masked if row.last or row.lot(place, "reveal") < (row.t - row.s) / row.t]


def remdm_by_confidence(row, draws):
    """ReMDM, confidence strategy: sigma_i = sigma_max softmax(-psi)_i over revealed places, sigma_max = min(1, (1 - alpha_s) / alpha_t)."""
    if row.last:
        return list(draws), []
    largest = 1 if row.t >= 1 else min(1, row.s / (1 - row.t))
    weights = {place: math.exp(-math.exp(row.reveal[place])) for place in row.editable if row.reveal[place] is not None}
    mass = sum(weights.values())
    back = [
        place
        for place in row.editable
        if place not in row.masked and mass > 0 and row.lot(place, "remask") < largest * weights.get(place, 0) / mass
    ]
    return list(draws), back


def all_masked(row):
    return row.masked


SAMPLERS = {
    "confidence": ({"steps": 4, "temperature": 1}, all_masked, by_confidence, {"temperature": 1}),
    "random": ({"steps": 3}, by_lot(quota), take_all, {}),
    "remasking": ({"steps": 5, "topK": 3, "topP": 0.9}, lambda row: row.editable, remask_at_random, {"topK": 3, "topP": 0.9}),
    "threshold": ({"threshold": 0.5}, all_masked, above_threshold(0.5), {"temperature": 0, "scoreTemperature": 0.8}),
    "entropy-bound": ({"gamma": 1.2, "temperature": 0.7}, all_masked, entropy_bound(1.2), {"temperature": 0.7}),
    "ancestral": ({"steps": 6}, ancestral, take_all, {}),
    "first-hitting": ({}, by_lot(lambda row: 1), take_all, {}),
    "remdm": ({"strategy": "confidence", "steps": 8, "topP": 0.95}, ancestral, remdm_by_confidence, {"topP": 0.95}),
}
REVISES = {"remasking", "remdm"}
ASKS_FOR_NOTHING_AT_QUOTA_0 = {"confidence"}

# --- the loop, and its events as lines ---


def columns(changes, scored=True):
    names = ["row", "position", "from", "to", *(["logProb", "entropy", "margin"] if scored else [])]
    return {name: [change[name] for change in changes] for name in names}


def trace(name, seed, prompts, row_keys):
    options, ask, decide, rule = SAMPLERS[name]
    steps = options.get("steps")
    told = set()

    def news(ids):
        fresh = list(dict.fromkeys(id for id in ids if id not in told))
        told.update(fresh)
        return {"tokens": [{"id": id, "text": SPELLINGS[id]} for id in fresh]} if fresh else {}

    batch = len(prompts)
    pages = [[SPELLINGS.index(letter) for letter in prompt] + [MASK] * (SEQ - len(prompt)) for prompt in prompts]
    editable = [[int(id == MASK) for id in page] for page in pages]
    reveal = [[None] * SEQ for _ in pages]
    row_steps = [0] * batch
    flat = lambda: [id for page in pages for id in page]
    done = lambda row: row_steps[row] == steps or (MASK not in pages[row] and (steps is None or name not in REVISES))

    yield {
        "format": "textdiffusion-trace",
        "version": 1,
        "seed": seed,
        "config": {"schedule": "linear", "sampler": {"name": name, **options}},
        "request": {"prompts": prompts, "length": SEQ, "rowKeys": row_keys},
        "tokenizer": {
            "vocabularySize": VOCABULARY,
            "special": SPECIAL,
            "specialIds": [0, 1, 2, 3, 8],
            "wideTokens": False,
        },
        "packages": {},
        "platform": {},
    }
    yield {
        "kind": "started",
        "batch": batch,
        "seq": SEQ,
        "maskTokenId": MASK,
        "ids": flat(),
        "attentionMask": [1] * (batch * SEQ),
        "editable": [bit for row in editable for bit in row],
        "rowKeys": row_keys,
        "steps": steps,
        "step": 0,
        "rowSteps": [0] * batch,
        "doneRows": [],
        "forwards": 0,
        "rowForwards": 0,
        **news([*flat(), MASK]),
    }
    turn, forwards, row_forwards = 0, 0, 0
    while not all(done(row) for row in range(batch)):
        active = [row for row in range(batch) if not done(row)]
        revealed, remasked, confirmed, candidates, asking, times, entropies = [], [], [], [], 0, [], []
        for at in active:
            random = Stream(halves(seed)).split("row", row_keys[at]).split("step", turn)
            row = Row(pages[at], editable[at], row_steps[at], steps, reveal[at], random)
            times.append((row.t, row.s))
            places = ask(row)
            if name in ASKS_FOR_NOTHING_AT_QUOTA_0 and quota(row) == 0:
                places = []
            asking += len(places) > 0
            table = conditionals(pages[at]) if places else None
            draws = {place: draw(table[place], rule, random.split("token").uniform(place)) for place in places}
            entropies += [draws[place]["entropy"] for place in places if row.ids[place] == MASK]
            taken, back = decide(row, draws)
            for place in taken:
                scores = {key: draws[place][key] for key in ("logProb", "entropy", "margin")}
                change = {"row": at, "position": place, "from": row.ids[place], "to": draws[place]["token"], **scores}
                (confirmed if change["from"] == change["to"] else revealed).append(change)
                reveal[at][place] = scores["logProb"]
            for place in back:
                if row.ids[place] != MASK:
                    remasked.append({"row": at, "position": place, "from": row.ids[place], "to": MASK})
                reveal[at][place] = None
            for place in places:
                if place not in taken:
                    candidates.append({"row": at, "position": place, **draws[place]})
            after = list(pages[at])
            for place in taken:
                after[place] = draws[place]["token"]
            for place in back:
                after[place] = MASK
            pages[at] = after
            row_steps[at] += 1
        forwards += asking > 0
        row_forwards += asking
        line = {"kind": "step", "step": turn, "t": times[0][0], "s": times[0][1]}
        if revealed:
            line["revealed"] = columns(revealed)
        if remasked:
            line["remasked"] = columns(remasked, scored=False)
        if confirmed:
            line["confirmed"] = columns(confirmed)
        if candidates:
            line["candidates"] = {name: [one[name] for one in candidates] for name in ("row", "position", "token", "logProb")}
        if entropies:
            line["maskedEntropy"] = sum(entropies) / len(entropies)
        line |= {
            "masked": flat().count(MASK),
            "finishedRows": [row for row in active if done(row)],
            "forwards": forwards,
            "rowForwards": row_forwards,
            **news([one["to"] for one in revealed] + [one["token"] for one in candidates]),
        }
        yield line
        turn += 1
    texts = ["".join(SPELLINGS[id] for id in page) for page in pages]
    yield {"kind": "finished", "ids": flat(), "steps": turn, "forwards": forwards, "rowForwards": row_forwards, "texts": texts}


folder = pathlib.Path(__file__).parent / "loop-traces"
folder.mkdir(exist_ok=True)
(folder / "world.json").write_text(json.dumps({"letters": LETTERS, "texts": [{"ids": text, "weight": mass} for text, mass in TEXTS]}, separators=(",", ":")) + "\n")
for name in SAMPLERS:
    lines = trace(name, seed=2**40 + 7, prompts=["", "ab", "c"], row_keys=[3, 11, 0])
    text = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines)
    (folder / f"{name}.jsonl").write_text(text)
