import type { Collator } from "../../contracts/collator.js";
import type { NoisedBatch } from "../../values/noised-batch.js";
import { faceOf } from "./face-of.js";
import { broken, calling, type Origin } from "./origin.js";

/** Batches have their shapes, and weights that a loss can be made of. */
export function checkedCollator(collator: Collator, origin: Origin): Collator {
  return faceOf<Collator>(collator, {
    collate: (...asked) => {
      const batch = calling(origin, "collate", () => collator.collate(...asked));
      assertBatch(batch, origin);
      return batch;
    },
  });
}

// --- internal ---

const perToken = ["cleanIds", "noisedIds", "noiseMask", "attentionMask", "lossWeight"] as const;

function assertBatch(batch: NoisedBatch, origin: Origin): void {
  if (!(batch?.batch >= 1 && batch.seq >= 1)) {
    throw broken(origin, "a batch of at least one row and one token from collate", batch);
  }
  const size = batch.batch * batch.seq;
  for (const name of perToken) {
    if (batch[name]?.length === size) continue;
    throw broken(origin, `${name} of shape [${batch.batch}, ${batch.seq}] from collate`, batch[name]);
  }
  if (batch.time?.length !== batch.batch) {
    throw broken(origin, `time of shape [${batch.batch}] from collate`, batch.time);
  }
  if (!(batch.lossDenominator >= 0 && batch.lossDenominator < Number.POSITIVE_INFINITY)) {
    throw broken(origin, "a lossDenominator of at least 0 from collate", batch.lossDenominator);
  }
  const wrong = batch.lossWeight.findIndex((weight) => !Number.isFinite(weight));
  if (wrong >= 0) {
    throw broken(origin, `a finite lossWeight at index ${wrong} from collate`, batch.lossWeight[wrong]);
  }
}
