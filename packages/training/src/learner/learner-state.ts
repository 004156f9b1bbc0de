import * as tf from "@tensorflow/tfjs-core";
import { DiffusionError, listNames, type NamedArray } from "@textdiffusion/core";
import type { AdamW } from "./adam-w.js";
import type { MovingAverage } from "./moving-average.js";

/** The number of updates; shape []. A float32 counts exactly to 16 777 216. */
const UPDATES = "optimizer/updates";

/**
 * Copies of everything that the next step depends on: `parameter/<name>`, `first-moment/<name>` and
 * `second-moment/<name>` for each parameter, with an average `average/<name>`, and `optimizer/updates`.
 */
export async function learnerState(
  optimizer: AdamW,
  average: MovingAverage | undefined,
): Promise<Record<string, NamedArray>> {
  const state: Record<string, NamedArray> = {
    [UPDATES]: { shape: [], data: Float32Array.of(optimizer.updates) },
  };
  for (const [name, variable] of namedVariables(optimizer, average)) {
    state[name] = { shape: variable.shape, data: Float32Array.from(await variable.data()) };
  }
  return state;
}

/**
 * Takes back what `learnerState` gave. Everything is checked before anything is written.
 *
 * @throws DiffusionError `CHECKPOINT_INVALID` for missing, unknown or misshapen names
 */
export function restoreLearnerState(
  optimizer: AdamW,
  average: MovingAverage | undefined,
  state: Readonly<Record<string, NamedArray>>,
): void {
  const variables = namedVariables(optimizer, average);
  const expected = new Map<string, readonly number[]>([[UPDATES, []]]);
  for (const [name, { shape }] of variables) expected.set(name, shape);

  const unknown = Object.keys(state).filter((name) => !expected.has(name));
  if (unknown.length > 0) {
    throw invalid(`expected the state of this model, got ${listNames(unknown.slice(0, 3))} that it lacks`);
  }
  for (const [name, shape] of expected) {
    if (!(name in state)) throw invalid(`expected "${name}" in the state, got none`);
    const found = state[name];
    const size = shape.reduce((product, length) => product * length, 1);
    if (String(found.shape) !== String(shape) || found.data.length !== size) {
      throw invalid(
        `expected "${name}" of shape [${shape.join(", ")}], got [${found.shape.join(", ")}] with ${found.data.length} numbers`,
      );
    }
  }

  for (const [name, variable] of variables) {
    // A backend may keep the array that it is given, so it gets one of its own.
    tf.tidy(() => variable.assign(tf.tensor(state[name].data.slice(), variable.shape, "float32")));
  }
  optimizer.updates = state[UPDATES].data[0];
}

// --- internal ---

function namedVariables(optimizer: AdamW, average: MovingAverage | undefined): Map<string, tf.Variable> {
  const variables = new Map<string, tf.Variable>();
  for (const [name, { parameter, firstMoment, secondMoment }] of optimizer.slots) {
    variables.set(`parameter/${name}`, parameter);
    variables.set(`first-moment/${name}`, firstMoment);
    variables.set(`second-moment/${name}`, secondMoment);
  }
  for (const [name, variable] of average?.averages ?? []) variables.set(`average/${name}`, variable);
  return variables;
}

function invalid(problem: string): DiffusionError {
  return new DiffusionError({
    code: "CHECKPOINT_INVALID",
    component: "training/learner",
    problem,
    remedy: "Restore it into the architecture that it was saved from",
  });
}
