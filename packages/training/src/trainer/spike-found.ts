import type { SpikeFound } from "@textdiffusion/core";
import type { CheckpointStore } from "../checkpoints/checkpoint-store.js";
import type { KeptStep } from "../checkpoints/kept-step.js";
import type { Spike } from "./spikes.js";

/** Tells of a spike, and keeps the batches of its step where there is a store. */
export async function spikeFound(
  spike: Spike,
  step: Omit<KeptStep, "problem">,
  action: SpikeFound["action"],
  store: CheckpointStore | undefined,
): Promise<SpikeFound> {
  const { lossNats, expectedLossNats, gradientNorm, expectedGradientNorm } = spike;
  const problem = `a loss of ${lossNats} nats where ${expectedLossNats} was expected, a gradient of norm ${gradientNorm} where ${expectedGradientNorm} was`;
  const file = await store?.keepStep("spike", { ...step, problem }).catch(() => undefined); // as with a failed step
  return { kind: "spike", step: step.step, ...spike, action, file };
}
