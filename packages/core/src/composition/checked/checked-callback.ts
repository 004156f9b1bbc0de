import type { Callback, CallbackAnswer } from "../../contracts/callback.js";
import { faceOf } from "./face-of.js";
import { broken, calling, type Origin } from "./origin.js";

/** Answers have known keys. */
export function checkedCallback(callback: Callback, origin: Origin): Callback {
  return faceOf<Callback>(callback, {
    onEvent: async (event, run) => {
      const answer = await calling(origin, "onEvent", async () => callback.onEvent(event, run));
      if (answer !== undefined) assertAnswer(answer, origin);
      return answer;
    },
  });
}

// --- internal ---

const types: Readonly<Record<keyof CallbackAnswer, string>> = {
  stop: "boolean",
  save: "boolean",
  validate: "boolean",
  say: "string",
};

function assertAnswer(answer: CallbackAnswer, origin: Origin): void {
  if (typeof answer !== "object" || answer === null) {
    throw broken(origin, "nothing, or an object with stop, save, validate or say, from onEvent", answer);
  }
  for (const [key, value] of Object.entries(answer)) {
    const type = types[key as keyof CallbackAnswer];
    if (type === undefined) throw broken(origin, "stop, save, validate or say from onEvent", answer);
    if (value !== undefined && typeof value !== type)
      throw broken(origin, `${key}, a ${type}, from onEvent`, value);
  }
}
