import { strToU8, zipSync } from "fflate";
import type { OwnModel } from "../models/own-model.js";
import type { TrainedFiles } from "./messages.js";

/** As what the other view writes with. */
export function modelOf(files: TrainedFiles): OwnModel {
  const blobs = Object.entries(files).map(([path, content]) => [path, new Blob([content as BlobPart])]);
  return { name: "trained-model", origin: "files", files: Object.fromEntries(blobs) };
}

/** The folder, not pressed: weights would hardly get smaller. */
export function zipOf(files: TrainedFiles): Uint8Array<ArrayBuffer> {
  const entries = Object.entries(files).map(([name, content]) => [
    `trained-model/${name}`,
    typeof content === "string" ? strToU8(content) : content,
  ]);
  return zipSync(Object.fromEntries(entries), { level: 0 }) as Uint8Array<ArrayBuffer>;
}
