import { byName, createPipeline, type NoiseSchedule, type SamplerRow } from "@textdiffusion/core";
import { type QuotaName, quotas } from "@textdiffusion/samplers";
import { schedulesPlugin } from "@textdiffusion/schedules";
import { expect, it } from "vitest";
import { derivedVectors, goldenVectors } from "./golden-vectors.js";

interface Vector {
  readonly rule: QuotaName;
  readonly schedule: string;
  readonly masked: number;
  readonly steps: number;
  readonly reveals: readonly number[];
}
const vectors = goldenVectors<Vector[]>("quotas");

it("are what their script derives, and of every rule that we ship", () => {
  expect(derivedVectors("quotas")).toEqual(vectors);
  expect([...new Set(vectors.map(({ rule }) => rule))].sort()).toEqual(Object.keys(quotas).sort());
});

it.each(vectors)("$rule under $schedule: $masked masks in $steps steps", async (vector) => {
  const { rule, masked, steps, reveals } = vector;
  const pipeline = await createPipeline({ plugins: [schedulesPlugin], schedule: byName(vector.schedule) });
  const schedule = await pipeline.get("schedule");
  let left = masked;
  const revealed = Array.from({ length: steps }, (_, step) => {
    const quota = left === 0 ? 0 : quotas[rule](rowAt(schedule, { left, masked, step, steps }));
    left -= quota;
    return quota;
  });
  expect(revealed).toEqual(reveals);
});

/** A row as quotas see it: how many may be written, how many are masked, and where in time the step is. */
function rowAt(
  schedule: NoiseSchedule,
  at: { readonly left: number; readonly masked: number; readonly step: number; readonly steps: number },
): SamplerRow {
  const { left, masked, step, steps } = at;
  return {
    ids: new Int32Array(masked),
    editable: new Uint8Array(masked).fill(1),
    masked: new Int32Array(left),
    editablePositions: new Int32Array(masked),
    step,
    steps,
    t: 1 - step / steps,
    s: 1 - (step + 1) / steps,
    schedule,
    revealLogProbs: new Float64Array(masked),
    random: { uniform: () => 0.5 },
  } as Partial<SamplerRow> as SamplerRow;
}
