import { fileURLToPath } from "node:url";

/** The model as a Hugging Face folder, for everything of textdiffusion that takes one. */
export const tinyModelFolder: string = fileURLToPath(new URL("../model", import.meta.url));
