import { API_VERSION, DiffusionError, defineDenoiser, definePlugin, idsUnknownTo } from "@textdiffusion/core";
import { z } from "zod";
import { maxLengthBeside } from "./max-length.js";
import { onnxModel } from "./model/onnx-model.js";
import { onnxDenoiser } from "./onnx-denoiser.js";
import { nodeSession } from "./session/node-session.js";

declare module "@textdiffusion/core" {
  interface KnownDenoisers {
    /** The file may be left out where there is a folder with one, as in `loadTextDiffusion`. */
    onnx: Omit<OnnxFileOptions, "file"> & { readonly file?: string };
  }
}

const optionsSchema = z.strictObject({
  file: z.string().min(1).describe("the .onnx file; weights beside it are found"),
  maxLength: z
    .int()
    .positive()
    .optional()
    .describe("longest row in tokens; default what the model's config.json says"),
  threads: z.int().positive().optional().describe("threads inside one operator; default all cores"),
});

/** Options of the denoiser `onnx`. */
export type OnnxFileOptions = z.input<typeof optionsSchema>;

/**
 * An .onnx file as a denoiser that a config can name. It runs on ONNX Runtime itself and needs no tfjs backend.
 *
 * @throws DiffusionError what `nodeSession`, `onnxModel` and `maxLengthBeside` throw, and `MODEL_INVALID` for a tokenizer
 * with more tokens than the model
 */
export const onnxDenoiserDefinition = defineDenoiser({
  name: "onnx",
  description:
    "the masked language model in an ONNX file, exported by optimum or textdiffusion, on ONNX Runtime",
  exceptions: [{ law: "options-decode-from-nothing", reason: "there is no file but the one that is named" }],
  options: optionsSchema,
  create: async ({ file, threads, ...options }, { tokenizer }) => {
    const model = await onnxModel(await nodeSession(file, { threads }));
    try {
      const { vocabularySize } = model;
      if (tokenizer.vocabularySize > vocabularySize)
        throw tooManyTokens(file, tokenizer.vocabularySize, vocabularySize);
      return onnxDenoiser(model, {
        maxLength: options.maxLength ?? (await maxLengthBeside(file)),
        maskTokenId: tokenizer.special.mask,
        forbidden: idsUnknownTo(tokenizer, vocabularySize),
      });
    } catch (error) {
      model.dispose();
      throw error;
    }
  },
});

/** The denoiser `onnx`. */
export const onnxDenoiserPlugin = definePlugin({
  name: "@textdiffusion/onnx-denoiser",
  apiVersion: API_VERSION,
  denoisers: [onnxDenoiserDefinition],
});

// --- internal ---

function tooManyTokens(file: string, tokens: number, width: number): DiffusionError {
  return new DiffusionError({
    code: "MODEL_INVALID",
    component: "onnx-denoiser/model",
    problem: `expected a tokenizer of at most ${width} tokens, the width of the logits of ${file}, got ${tokens}`,
    remedy: "Do tokenizer.json and the .onnx file belong together?",
    details: { tokens, width },
  });
}
