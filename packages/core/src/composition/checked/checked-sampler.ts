import type { Sampler } from "../../contracts/sampler.js";
import { faceOf } from "./face-of.js";
import { broken, calling, type Origin } from "./origin.js";

/** Requests are positions and decisions are two lists; whether they are allowed is the loop's to say. */
export function checkedSampler(sampler: Sampler, origin: Origin): Sampler {
  return faceOf<Sampler>(sampler, {
    request: (...asked) => {
      const positions = calling(origin, "request", () => sampler.request(...asked));
      if ((positions as unknown) instanceof Int32Array) return positions;
      throw broken(origin, "an Int32Array of positions from request", positions);
    },
    decide: (...asked) => {
      const decision = calling(origin, "decide", () => sampler.decide(...asked));
      if (isList(decision?.commit) && isList(decision?.remask)) return decision;
      throw broken(origin, "{ commit, remask }, two lists, from decide", decision);
    },
  });
}

// --- internal ---

function isList(value: unknown): boolean {
  return Array.isArray(value) || value instanceof Int32Array;
}
