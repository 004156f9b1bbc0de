import { createServer, type IncomingMessage, type Server } from "node:http";
import type { Denoiser } from "@textdiffusion/core";
import {
  decodeInput,
  decodeRestrictions,
  encodeLogProbs,
  type Question,
  questionSchema,
} from "./protocol.js";

/** Largest question, in bytes: a thousand rows of a thousand tokens. */
const longestQuestion = 64 * 1024 * 1024;

/**
 * Any denoiser behind HTTP. It has no password and no encryption: keep it on a machine or a network of your own.
 *
 * @param denoiser - stays with the caller, who disposes of it when the server is closed
 * @returns a server that does not listen yet
 */
export function denoiserServer(denoiser: Denoiser): Server {
  return createServer(async (request, response) => {
    const send = (status: number, body: unknown) => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    };
    try {
      send(200, await answer(denoiser, questionSchema.parse(JSON.parse(await textOf(request)))));
    } catch (error) {
      send(400, { error: error instanceof Error ? error.message : String(error) });
    }
  });
}

/** The answer to one question, ready for JSON. */
export async function answer(denoiser: Denoiser, question: Question): Promise<unknown> {
  if (question.ask === "about") {
    const { vocabularySize, maxLength, timeConditioned } = denoiser;
    return { vocabularySize, maxLength, timeConditioned };
  }
  const distributions = await denoiser.denoise(decodeInput(question.input));
  try {
    if (question.ask === "logProbs") return { logProbs: encodeLogProbs(await distributions.logProbs()) };
    if (question.ask === "logProbsOf") {
      return { logProbs: encodeLogProbs(await distributions.logProbsOf(Int32Array.from(question.tokens))) };
    }
    const draws = await distributions.draw(
      question.rule,
      Float64Array.from(question.uniforms),
      question.suppressed,
      decodeRestrictions(question.restrictions),
    );
    return {
      tokens: [...draws.tokens],
      logProbs: encodeLogProbs(draws.logProbs),
      entropy: [...draws.entropy],
      margin: [...draws.margin],
    };
  } finally {
    distributions.dispose();
  }
}

// --- internal ---

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > longestQuestion) throw new Error(`expected at most ${longestQuestion} bytes, got more`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
