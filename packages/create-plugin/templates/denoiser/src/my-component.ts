import {
  type ComponentDependencies,
  type Denoiser,
  DiffusionError,
  decodeOptions,
  type ErrorCode,
} from "@textdiffusion/core";
import { z } from "zod";
import {
  aboutSchema,
  decodeLogProbs,
  drawsSchema,
  encodeInput,
  encodeRestrictions,
  encodeRule,
  logProbsSchema,
  type Question,
  refusalSchema,
} from "./protocol.js";

export const myComponentOptions = z.strictObject({
  url: z.url().describe("Where the server of the model answers."),
  timeoutMs: z
    .int()
    .min(1)
    .default(60_000)
    .describe("Milliseconds after which an answer is no longer waited for."),
});

/** Options of `my-component`: `url`, `timeoutMs` (default 60 000). */
export type MyComponentOptions = z.input<typeof myComponentOptions>;

/**
 * A model on another machine. It draws where the model is: a step sends the canvas and a number for each masked
 * position, and gets back a token and three numbers for each.
 *
 * Randomness stays with the caller, so the same seed gives the same text here and there, and a question that is asked
 * twice is answered alike.
 *
 * @throws DiffusionError `UNKNOWN_OPTION`, `CONFIG_INVALID`; `RUNTIME_FAILED` for a server that does not answer, or not
 *   in this protocol; `MODEL_INVALID` for a model that has fewer tokens than the tokenizer
 */
export async function myComponentDenoiser(
  given: MyComponentOptions,
  { tokenizer }: Pick<ComponentDependencies["denoiser"], "tokenizer">,
): Promise<Denoiser> {
  const options = await decodeOptions(myComponentOptions, given, "denoiser", 'denoiser "my-component"');
  const ask = async <Answer>(question: Question, schema: z.ZodType<Answer>): Promise<Answer> =>
    decode(await post(options, question), schema, options.url);
  const about = await ask({ ask: "about" }, aboutSchema);
  if (tokenizer.vocabularySize > about.vocabularySize) {
    throw failure(
      "MODEL_INVALID",
      `expected a model of at least ${tokenizer.vocabularySize} tokens, the tokenizer's, at ${options.url}, got ${about.vocabularySize}`,
    );
  }
  return {
    name: "my-component",
    ...about,
    denoise: async (denoiserInput) => {
      const input = encodeInput(denoiserInput); // a copy: the caller may change its canvas before the draw
      const count = input.positions.length;
      /** @throws DiffusionError `RUNTIME_FAILED` for lists of another length, which would be read as other positions */
      const sized = <List extends ArrayLike<unknown>>(list: List, expected = count): List => {
        if (list.length === expected) return list;
        throw failure(
          "RUNTIME_FAILED",
          `expected ${expected} numbers from ${options.url}, got ${list.length}`,
        );
      };
      return {
        count,
        draw: async (rule, uniforms, suppressed = [], restrictions) => {
          const draws = await ask(
            {
              ask: "draw",
              input,
              rule: encodeRule(rule),
              uniforms: [...uniforms],
              suppressed: [...suppressed],
              restrictions: encodeRestrictions(restrictions),
            },
            drawsSchema,
          );
          return {
            tokens: Int32Array.from(sized(draws.tokens)),
            logProbs: decodeLogProbs(sized(draws.logProbs)),
            entropy: Float32Array.from(sized(draws.entropy)),
            margin: Float32Array.from(sized(draws.margin)),
          };
        },
        logProbsOf: async (tokens) => {
          const { logProbs } = await ask({ ask: "logProbsOf", input, tokens: [...tokens] }, logProbsSchema);
          return decodeLogProbs(sized(logProbs));
        },
        logProbs: async () => {
          const { logProbs } = await ask({ ask: "logProbs", input }, logProbsSchema);
          return decodeLogProbs(sized(logProbs, count * about.vocabularySize));
        },
        dispose: () => undefined, // the server has freed it with each answer
      };
    },
    dispose: () => undefined,
  };
}

// --- internal ---

/** @throws DiffusionError `RUNTIME_FAILED` */
async function post(
  { url, timeoutMs }: z.output<typeof myComponentOptions>,
  question: Question,
): Promise<unknown> {
  let body: unknown;
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(question),
      signal: AbortSignal.timeout(timeoutMs),
    });
    body = await response.json();
  } catch (error) {
    const { message, cause } = error as Error;
    throw failure(
      "RUNTIME_FAILED",
      `expected an answer from ${url}, got ${cause instanceof Error ? cause.message : message}`,
      error,
    );
  }
  const refusal = refusalSchema.safeParse(body);
  if (refusal.success) {
    throw failure("RUNTIME_FAILED", `expected an answer from ${url}, got a refusal: ${refusal.data.error}`);
  }
  return body;
}

/** @throws DiffusionError `RUNTIME_FAILED` */
function decode<Answer>(body: unknown, schema: z.ZodType<Answer>, url: string): Answer {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0];
  throw failure(
    "RUNTIME_FAILED",
    `expected an answer of the protocol from ${url}, got one in which ${path.join(".") || "all"} is wrong: ${message}`,
  );
}

function failure(code: ErrorCode, problem: string, cause?: unknown): DiffusionError {
  return new DiffusionError({
    code,
    component: "my-component/denoiser",
    problem,
    remedy: "Is the server of this plugin running there, with the model that belongs to the tokenizer?",
    cause,
  });
}
