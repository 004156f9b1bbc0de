import {
  combineDistributions,
  type Denoiser,
  type DenoiserInput,
  hostDistributions,
  permits,
  Random,
  type TokenDraws,
  type TokenRestriction,
  type TokenRule,
} from "@textdiffusion/core";
import { close, holds } from "../expect-law.js";
import { type Law, type LawSkip, withSkips } from "../law.js";

export interface DenoiserLawOptions {
  readonly maskTokenId: number;
  /** Ids that the denoiser must never draw besides the mask: rows of the model that the tokenizer lacks. Default none. */
  readonly forbidden?: readonly number[];
  /** Tokens a row of the law's canvases. Default 8, or the longest canvas if that is shorter. */
  readonly seq?: number;
  /** How far log-probabilities (nats) and cumulative probabilities may be off. Default 1e-4, for float32 on any device. */
  readonly tolerance?: number;
  /** Counts live tensors, for `frees-what-it-took`. Default: the law only disposes twice. */
  readonly tensors?: () => number;
  readonly skip?: readonly LawSkip[];
}

/**
 * The laws of `Denoiser`: `sums-to-one`, `never-the-mask`, `argmax-agrees`, `draws-agree`, `scores-agree`,
 * `picks-agree`, `suppresses`, `restricts`, `row-stands-alone`, `position-stands-alone`, `combines-agree`, `frees-what-it-took`. Draws are compared with
 * `hostDistributions`, the reference in doubles, made from the denoiser's own table.
 *
 * @param make - makes the denoiser; each law disposes of what it made
 */
export function denoiserLaws(make: () => Denoiser | Promise<Denoiser>, options: DenoiserLawOptions): Law[] {
  const { maskTokenId, forbidden = [], tolerance = 1e-4, tensors } = options;
  const never = [maskTokenId, ...forbidden];
  const law = (name: string, check: (denoiser: Denoiser, input: DenoiserInput) => Promise<void>): Law => ({
    name,
    run: async () => {
      const denoiser = await make();
      try {
        const seq = options.seq ?? Math.min(8, denoiser.maxLength);
        await check(denoiser, canvasOf(denoiser.vocabularySize, seq, never, maskTokenId));
      } finally {
        denoiser.dispose();
      }
    },
  });
  return withSkips(
    [
      law("sums-to-one", async (denoiser, input) => {
        for (const [index, row] of (await tableOf(denoiser, input)).entries()) {
          const mass = row.reduce((sum, logProb) => sum + Math.exp(logProb), 0);
          close(mass, 1, tolerance, `the sum of probabilities at request ${index}`);
        }
      }),
      law("never-the-mask", async (denoiser, input) => {
        for (const [index, row] of (await tableOf(denoiser, input)).entries()) {
          for (const id of never)
            close(Math.exp(row[id]), 0, 0, `the probability of id ${id} at request ${index}`);
        }
        for (const rule of rules) {
          const { tokens } = await drawsOf(denoiser, input, rule, 0.999_999);
          tokens.forEach((token, index) => {
            holds(
              token >= 0 && token < denoiser.vocabularySize && !never.includes(token),
              () => `expected a text token at request ${index} under ${describe(rule)}, got ${token}`,
            );
          });
        }
      }),
      law("argmax-agrees", async (denoiser, input) => {
        const table = await tableOf(denoiser, input);
        const { tokens } = await drawsOf(denoiser, input, { temperature: 0 }, 0.5);
        tokens.forEach((token, index) => {
          const largest = table[index].reduce((a, b) => Math.max(a, b));
          holds(
            table[index][token] >= largest - tolerance,
            () =>
              `expected the most probable token (${largest} nats) at request ${index}, got ${token} (${table[index][token]})`,
          );
        });
      }),
      law("draws-agree", async (denoiser, input) => {
        const reference = hostDistributions(await tableOf(denoiser, input));
        for (const rule of rules) {
          for (const uniform of uniforms) {
            const { tokens } = await drawsOf(denoiser, input, rule, uniform);
            // The inverse transform rises with its uniform, so rounding can move a token between these two only.
            const [lowest, highest] = await Promise.all(
              [Math.max(1e-12, uniform - tolerance), Math.min(1 - 1e-12, uniform + tolerance)].map((bound) =>
                reference.draw(rule, new Float64Array(tokens.length).fill(bound)),
              ),
            );
            tokens.forEach((token, index) => {
              holds(
                token >= lowest.tokens[index] && token <= highest.tokens[index],
                () =>
                  `expected token ${lowest.tokens[index]} to ${highest.tokens[index]} at request ${index} for uniform ${uniform} under ${describe(rule)}, got ${token}`,
              );
            });
          }
        }
      }),
      law("scores-agree", async (denoiser, input) => {
        const table = await tableOf(denoiser, input);
        const suppressed = [0, 1].filter((id) => !never.includes(id));
        for (const scoreTemperature of [1, 0.8, 2]) {
          const rule = { temperature: 0, scoreTemperature };
          const numbers = new Float64Array(table.length).fill(0.5);
          const expected = await hostDistributions(table).draw(rule, numbers, suppressed);
          const actual = await drawsOf(denoiser, input, rule, 0.5, suppressed);
          for (const name of ["logProbs", "entropy", "margin"] as const) {
            expected[name].forEach((score, index) => {
              close(
                actual[name][index],
                score,
                2 * tolerance,
                `${name} at request ${index} under ${describe(rule)}`,
              );
            });
          }
        }
      }),
      law("picks-agree", async (denoiser, input) => {
        const table = await tableOf(denoiser, input);
        // Over the rounds every token is asked for, in another order at each position.
        for (let round = 0; round < denoiser.vocabularySize; round++) {
          const tokens = Int32Array.from(table, (_, index) => (index * 7 + round) % denoiser.vocabularySize);
          const distributions = await denoiser.denoise(input);
          const picked = await distributions.logProbsOf(tokens).finally(() => distributions.dispose());
          holds(
            picked.length === table.length,
            () => `expected ${table.length} log-probabilities, got ${picked.length}`,
          );
          picked.forEach((logProb, index) => {
            const expected = table[index][tokens[index]];
            if (logProb !== expected)
              close(
                logProb,
                expected,
                tolerance,
                `the log-probability of id ${tokens[index]} at request ${index}`,
              );
          });
        }
      }),
      law("suppresses", async (denoiser, input) => {
        const plain = await drawsOf(denoiser, input, { temperature: 1 }, 0.5);
        const suppressed = [...new Set(plain.tokens)].slice(0, 1);
        for (const rule of rules) {
          const { tokens } = await drawsOf(denoiser, input, rule, 0.5, suppressed);
          holds(
            !tokens.includes(suppressed[0]),
            () =>
              `expected suppressed id ${suppressed[0]} never under ${describe(rule)}, got [${tokens.join(", ")}]`,
          );
        }
      }),
      law("restricts", async (denoiser, input) => {
        const table = await tableOf(denoiser, input);
        const reference = hostDistributions(table);
        // Of each kind one: two allowed tokens, the likeliest banned, both at once, nothing said.
        const restrictions = table.map((row, index): TokenRestriction | undefined => {
          const possible = [...row.keys()]
            .filter((id) => row[id] > -50)
            .sort((a, b) => row[b] - row[a] || a - b);
          const few = possible.slice(0, 3);
          const banned = few.length > 1 ? few.slice(0, 1) : [];
          return [{ allowed: few.slice(-2) }, { banned }, { allowed: few, banned }, undefined][index % 4];
        });
        for (const rule of [...rules, { temperature: 0, scoreTemperature: 0.8 }]) {
          for (const uniform of uniforms) {
            const actual = await drawsOf(denoiser, input, rule, uniform, [], restrictions);
            const [lowest, middle, highest] = await Promise.all(
              [Math.max(1e-12, uniform - tolerance), uniform, Math.min(1 - 1e-12, uniform + tolerance)].map(
                (bound) => reference.draw(rule, new Float64Array(table.length).fill(bound), [], restrictions),
              ),
            );
            const isArgmax = rule.temperature === 0; // equals may be told apart by rounding
            actual.tokens.forEach((token, index) => {
              const where = `request ${index} for uniform ${uniform} under ${describe(rule)}`;
              holds(
                permits(restrictions[index], token),
                () => `expected a token that is permitted at ${where}, got ${token}`,
              );
              holds(
                isArgmax || (token >= lowest.tokens[index] && token <= highest.tokens[index]),
                () =>
                  `expected token ${lowest.tokens[index]} to ${highest.tokens[index]} at ${where}, got ${token}`,
              );
              for (const name of ["entropy", "margin"] as const) {
                close(actual[name][index], middle[name][index], 2 * tolerance, `${name} at ${where}`);
              }
            });
          }
        }
      }),
      law("row-stands-alone", async (denoiser, input) => {
        const together = await tableOf(denoiser, input);
        let from = 0;
        for (let row = 0; row < input.batch; row++) {
          const alone = await tableOf(denoiser, rowOf(input, row));
          alone.forEach((answer, index) => {
            sameTable(answer, together[from + index], tolerance, `request ${index} of row ${row}, run alone`);
          });
          from += alone.length;
        }
      }),
      law("position-stands-alone", async (denoiser, input) => {
        const together = await tableOf(denoiser, input);
        for (let index = 0; index < input.positions.length; index++) {
          const positions = input.positions.slice(index, index + 1);
          const [alone] = await tableOf(denoiser, { ...input, positions });
          sameTable(alone, together[index], tolerance, `position ${positions[0]}, requested alone`);
        }
      }),
      law("combines-agree", async (denoiser, input) => {
        const reference = hostDistributions(await tableOf(denoiser, input));
        const distributions = await denoiser.denoise(input);
        const last = distributions.count - 1;
        const parts = [
          { weight: 2.5, entries: Int32Array.of(0, last, 1) },
          { weight: -1.5, entries: Int32Array.of(last, 0, 1) },
        ];
        const combined = distributions.combine?.(parts);
        distributions.dispose();
        if (combined === undefined) return; // optional
        const table = await combined.logProbs().finally(() => combined.dispose());
        const expected = await (await combineDistributions(reference, parts)).logProbs();
        holds(combined.count === 3, () => `expected 3 combined distributions, got ${combined.count}`);
        // A sum of logits that are off by the tolerance, each times its weight, and of their normalisation.
        sameTable(Float64Array.from(table), Float64Array.from(expected), 8 * tolerance, "combinations");
      }),
      law("frees-what-it-took", async (denoiser, input) => {
        await tableOf(denoiser, input); // what a first call caches may stay
        const before = tensors?.();
        const distributions = await denoiser.denoise(input);
        await distributions.draw({ temperature: 1 }, new Float64Array(distributions.count).fill(0.5));
        const combined = distributions.combine?.([{ weight: 1, entries: Int32Array.of(0) }]);
        distributions.dispose();
        distributions.dispose();
        combined?.dispose();
        const after = tensors?.();
        holds(after === before, () => `expected ${before} live tensors after dispose, got ${after}`);
      }),
    ],
    options.skip,
  );
}

// --- internal ---

const rules: readonly TokenRule[] = [
  { temperature: 1 },
  { temperature: 0.7 },
  { temperature: 1, topK: 3 },
  { temperature: 1, topP: 0.8 },
  { temperature: 1.3, topK: 4, topP: 0.6 },
];

const uniforms = [1e-6, 0.137, 0.5, 0.731, 0.999_999];

const describe = (rule: TokenRule) => JSON.stringify(rule);

/** Three rows of text with masks: every other position, all of them, one. The masks are what is asked. */
function canvasOf(
  vocabularySize: number,
  seq: number,
  never: readonly number[],
  maskTokenId: number,
): DenoiserInput {
  const random = Random.fromSeed(7);
  const text = Array.from({ length: vocabularySize }, (_, id) => id).filter((id) => !never.includes(id));
  const masked = [(at: number) => at % 2 === 1 || seq === 1, () => true, (at: number) => at === seq - 1];
  const ids = new Int32Array(3 * seq);
  const positions: number[] = [];
  for (let index = 0; index < ids.length; index++) {
    const isMasked = masked[Math.floor(index / seq)](index % seq);
    ids[index] = isMasked ? maskTokenId : text[random.integer(text.length, index)];
    if (isMasked) positions.push(index);
  }
  return {
    batch: 3,
    seq,
    ids,
    attentionMask: new Uint8Array(ids.length).fill(1),
    editable: Uint8Array.from(ids, (id) => (id === maskTokenId ? 1 : 0)),
    time: new Float64Array([0.5, 1, 1 / seq]),
    positions: Int32Array.from(positions),
  };
}

function rowOf(input: DenoiserInput, row: number): DenoiserInput {
  const [from, to] = [row * input.seq, (row + 1) * input.seq];
  return {
    batch: 1,
    seq: input.seq,
    ids: input.ids.slice(from, to),
    attentionMask: input.attentionMask.slice(from, to),
    editable: input.editable?.slice(from, to),
    time: input.time.slice(row, row + 1),
    positions: input.positions.filter((flat) => flat >= from && flat < to).map((flat) => flat - from),
  };
}

/** The denoiser's table, a row of doubles for each request. */
async function tableOf(denoiser: Denoiser, input: DenoiserInput): Promise<Float64Array[]> {
  const distributions = await denoiser.denoise(input);
  try {
    const count = input.positions.length;
    holds(distributions.count === count, () => `expected ${count} distributions, got ${distributions.count}`);
    const flat = await distributions.logProbs();
    const width = denoiser.vocabularySize;
    holds(
      flat.length === count * width,
      () => `expected log-probabilities of shape [${count}, ${width}], got ${flat.length} numbers`,
    );
    return Array.from({ length: count }, (_, row) =>
      Float64Array.from(flat.subarray(row * width, (row + 1) * width)),
    );
  } finally {
    distributions.dispose();
  }
}

async function drawsOf(
  denoiser: Denoiser,
  input: DenoiserInput,
  rule: TokenRule,
  uniform: number,
  suppressed?: readonly number[],
  restrictions?: readonly (TokenRestriction | undefined)[],
): Promise<TokenDraws> {
  const distributions = await denoiser.denoise(input);
  try {
    const numbers = new Float64Array(distributions.count).fill(uniform);
    return await distributions.draw(rule, numbers, suppressed, restrictions);
  } finally {
    distributions.dispose();
  }
}

function sameTable(actual: Float64Array, expected: Float64Array, tolerance: number, what: string): void {
  expected.forEach((logProb, id) => {
    if (actual[id] !== logProb)
      close(actual[id], logProb, tolerance, `the log-probability of id ${id} at ${what}`);
  });
}
