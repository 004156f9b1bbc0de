import {
  type Canvas,
  type Denoiser,
  type NoiseSchedule,
  reverseLoop,
  type Sampler,
  type SamplerRow,
  type StepFinished,
  stepsOf,
} from "@textdiffusion/core";
import { fakeDenoiser } from "../denoisers/fake-denoiser.js";
import { oracleDenoiser } from "../denoisers/oracle-denoiser.js";
import { holds, same } from "../expect-law.js";
import { type Law, type LawSkip, withSkips } from "../law.js";
import { powerNoise } from "../power-noise.js";

export interface SamplerLawOptions {
  readonly skip?: readonly LawSkip[];
  /** The noise to sample under. Default `powerNoise(1)`, which is linear. */
  readonly schedule?: NoiseSchedule;
}

/**
 * The laws of `Sampler`: `writes-only-editable`, `ends-without-masks`, `reaches-oracle`, `repeats-with-its-seed`,
 * `same-row-in-any-batch`, `asks-in-order`, `asks-within-bounds`, `keeps-no-state`.
 *
 * @param make - makes a fresh sampler
 */
export function samplerLaws(make: () => Sampler, options: SamplerLawOptions = {}): Law[] {
  const { schedule = powerNoise(1) } = options;
  const fake = fakeDenoiser({ vocabularySize, maskTokenId });
  const run = (canvas: Canvas, denoiser: Denoiser = fake, seed = 1, sampler = make()) =>
    collect({ canvas, denoiser, seed, sampler, schedule });
  /** A law of every page that a sampler may meet. */
  const law = (name: string, check: (canvas: Canvas, page: string) => Promise<void>): Law => ({
    name,
    run: async () => {
      for (const [page, canvas] of Object.entries(pages)) await check(canvas, page);
    },
  });
  return withSkips(
    [
      law("writes-only-editable", async (canvas, page) => {
        const { ids, steps } = await run(canvas);
        canvas.ids.forEach((id, index) => {
          if (canvas.editable[index] === 1) return;
          holds(
            ids[index] === id,
            () => `expected ${page} to keep token ${id} at locked index ${index}, got ${ids[index]}`,
          );
        });
        for (const { step, revealed, remasked } of steps) {
          for (const { row, position } of [...revealed, ...remasked]) {
            holds(
              canvas.editable[row * canvas.seq + position] === 1,
              () =>
                `expected changes of ${page} at editable positions, got ${position} of row ${row} in step ${step}`,
            );
          }
        }
      }),
      law("ends-without-masks", async (canvas, page) => {
        const { ids } = await run(canvas);
        const left = ids.filter((id) => id === maskTokenId).length;
        holds(left === 0, () => `expected ${page} to end without masks, got ${left}`);
      }),
      law("reaches-oracle", async (canvas, page) => {
        const text = Int32Array.from(
          { length: canvas.seq },
          (_, position) => (position * 5 + 3) % maskTokenId,
        );
        const { ids } = await run(canvas, oracleDenoiser({ vocabularySize, text }));
        canvas.ids.forEach((id, index) => {
          if (id !== maskTokenId) return;
          const expected = text[index % canvas.seq];
          holds(
            ids[index] === expected,
            () => `expected the oracle's ${expected} at index ${index} of ${page}, got ${ids[index]}`,
          );
        });
      }),
      law("repeats-with-its-seed", async (canvas, page) => {
        const [first, second] = [await run(canvas), await run(canvas)];
        same(second.ids, first.ids, `the second text of ${page}`);
      }),
      law("same-row-in-any-batch", async (canvas, page) => {
        const { ids } = await run(canvas);
        for (let row = 0; row < canvas.batch; row++) {
          const alone = await run(rowOf(canvas, row));
          same(
            alone.ids,
            ids.subarray(row * canvas.seq, (row + 1) * canvas.seq),
            `row ${row} of ${page}, run alone,`,
          );
        }
      }),
      law("asks-in-order", async (canvas, page) => {
        await run(
          canvas,
          fake,
          1,
          watched(make(), (row, positions) => {
            positions.forEach((position, index) => {
              holds(
                row.editable[position] === 1 && (index === 0 || position > positions[index - 1]),
                () =>
                  `expected editable positions of ${page}, ascending, got [${positions.join(", ")}] in step ${row.step}`,
              );
            });
          }),
        );
      }),
      law("asks-within-bounds", async (canvas, page) => {
        for (let row = 0; row < canvas.batch; row++) {
          const sampler = make();
          const alone = rowOf(canvas, row);
          const { forwards } = await run(alone, fake, 1, sampler);
          const masks = alone.ids.filter((id) => id === maskTokenId).length;
          const planned = stepsOf(
            sampler,
            alone.editable.reduce((count, editable) => count + editable, 0),
          );
          const bounds = [planned === "until-done" ? Number.POSITIVE_INFINITY : planned];
          if (!sampler.revises) bounds.push(masks);
          holds(
            forwards <= Math.min(...bounds),
            () =>
              `expected at most ${Math.min(...bounds)} forwards for row ${row} of ${page}, got ${forwards}`,
          );
        }
      }),
      law("keeps-no-state", async (canvas, page) => {
        // Each question is asked twice, with the other rows' questions in between.
        const sampler = make();
        const { ids } = await run(canvas, fake, 1, {
          ...picked(sampler),
          request: (row) => {
            const first = sampler.request(row).slice();
            const second = sampler.request(row);
            same(second, first, `the same request for ${page} in step ${row.step}, made again,`);
            return second;
          },
          decide: (row, draws) => {
            const first = sampler.decide(row, draws);
            const second = sampler.decide(row, draws);
            same(second.commit, first.commit, `the same commit for ${page} in step ${row.step}, made again,`);
            same(second.remask, first.remask, `the same remask for ${page} in step ${row.step}, made again,`);
            return second;
          },
        });
        same(ids, (await run(canvas)).ids, `the text of ${page} with each question asked twice`);
      }),
    ],
    options.skip,
  );
}

// --- internal ---

const vocabularySize = 12;
const maskTokenId = 11;

/** `_` is a mask to be written, `?` a token that may be rewritten, a digit a locked token. Rows of one length. */
function page(...rows: readonly string[]): Canvas {
  const cells = [...rows.join("")];
  return {
    batch: rows.length,
    seq: rows[0].length,
    ids: Int32Array.from(cells, (cell) => (cell === "_" ? maskTokenId : cell === "?" ? 7 : Number(cell))),
    attentionMask: new Uint8Array(cells.length).fill(1),
    editable: Uint8Array.from(cells, (cell) => (cell === "_" || cell === "?" ? 1 : 0)),
    rowKeys: rows.map((_, row) => 40 + 3 * row),
  };
}

const pages: Readonly<Record<string, Canvas>> = {
  "an empty page": page("________________", "________________"),
  "a continued prompt": page("0123____________"),
  "gaps in several rows": page("01__45__89__0123", "0_23456789012345", "________________"),
  "a page without gaps": page("0123456789012345"),
  "a text under revision": page("01??__89____2345"),
  "a long page": page("_".repeat(70)),
};

function rowOf(canvas: Canvas, row: number): Canvas {
  const cut = <Numbers extends Int32Array | Uint8Array>(numbers: Numbers) =>
    numbers.slice(row * canvas.seq, (row + 1) * canvas.seq) as Numbers;
  return {
    batch: 1,
    seq: canvas.seq,
    ids: cut(canvas.ids),
    attentionMask: cut(canvas.attentionMask),
    editable: cut(canvas.editable),
    rowKeys: [canvas.rowKeys?.[row] ?? row],
  };
}

/** A sampler's plain members, which a spread of a class instance may lose. */
function picked({ name, tokenRule, steps, revises }: Sampler) {
  return { name, tokenRule, steps, revises };
}

function watched(sampler: Sampler, see: (row: SamplerRow, positions: Int32Array) => void): Sampler {
  return {
    ...picked(sampler),
    request: (row) => {
      const positions = sampler.request(row);
      see(row, positions);
      return positions;
    },
    decide: (row, draws) => sampler.decide(row, draws),
  };
}

async function collect(options: {
  readonly canvas: Canvas;
  readonly denoiser: Denoiser;
  readonly sampler: Sampler;
  readonly schedule: NoiseSchedule;
  readonly seed: number;
}): Promise<{ ids: Int32Array; forwards: number; steps: StepFinished[] }> {
  const steps: StepFinished[] = [];
  for await (const event of reverseLoop({ ...options, maskTokenId })) {
    if (event.kind === "step") steps.push(event);
    if (event.kind === "finished") return { ids: event.ids, forwards: event.forwards, steps };
  }
  throw new Error("expected the loop to finish, got no such event");
}
