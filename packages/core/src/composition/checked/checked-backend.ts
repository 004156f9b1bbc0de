import type { Backend } from "../../contracts/backend.js";
import { faceOf } from "./face-of.js";
import { broken, calling, type Origin } from "./origin.js";

/** Once started it says what it can do, and its memory is counted. */
export function checkedBackend(backend: Backend, origin: Origin): Backend {
  return faceOf<Backend>(backend, {
    start: async () => {
      await calling(origin, "start", () => backend.start());
      const { capabilities } = backend;
      if (typeof capabilities?.device === "string" && typeof capabilities.trains === "boolean") return;
      throw broken(origin, "capabilities with device and trains once started", capabilities);
    },
    dispose: async () => calling(origin, "dispose", () => backend.dispose()),
    memory: () => {
      const memory = calling(origin, "memory", () => backend.memory());
      if (memory?.tensors >= 0 && memory.bytes >= 0) return memory;
      throw broken(origin, "counts of tensors and bytes from memory", memory);
    },
  });
}
