import { setTimeout as wait } from "node:timers/promises";
import { DiffusionError } from "@textdiffusion/core";
import { hubError, throwIfAborted } from "./hub-error.js";
import type { HubSettings } from "./hub-settings.js";

/** How patient the requests are. Milliseconds. */
export interface Patience {
  /** Tries after the first one, of what may pass by itself. Default 5. */
  readonly retries: number;
  /** Before the first of them; each waits twice as long as the one before. Default 1000. */
  readonly firstWaitMs: number;
  /** Longest wait that a server may ask for (`Retry-After`). Default 120,000. */
  readonly longestWaitMs: number;
  /** Without any answer, or any byte more. Default 30,000. */
  readonly silenceMs: number;
}

export const defaultPatience: Patience = {
  retries: 5,
  firstWaitMs: 1000,
  longestWaitMs: 120_000,
  silenceMs: 30_000,
};

/** A `fetch` that asks as the user, tries again what may pass by itself, and says what a refusal means. */
export type HubFetch = (url: string, init?: RequestInit) => Promise<Response>;

/**
 * The token goes to the Hub's own host alone: `fetch` takes it away from a redirect to another one.
 *
 * @param what - what is asked for, for messages: `the model owner/name`
 * @returns answers of status 200, 206 and 416; everything else is thrown
 * @throws DiffusionError `HUB_FAILED`, `ABORTED`
 */
export function hubFetch(
  { endpoint, token }: HubSettings,
  what: string,
  signal: AbortSignal | undefined,
  patience: Patience,
): HubFetch {
  const ask = async (url: string, init: RequestInit): Promise<Response> => {
    const headers = new Headers(init.headers);
    if (token && new URL(url).origin === new URL(endpoint).origin) {
      headers.set("authorization", `Bearer ${token}`);
    }
    const silence = new AbortController();
    const timer = setTimeout(
      () => silence.abort(new Error(`silence for ${patience.silenceMs} ms`)),
      patience.silenceMs,
    );
    try {
      const either = signal ? AbortSignal.any([signal, silence.signal]) : silence.signal;
      return await fetch(url, { ...init, headers, signal: either });
    } finally {
      clearTimeout(timer); // how long a body takes is its reader's to judge
    }
  };
  return async (url, init = {}) => {
    for (let tries = 0; ; tries++) {
      throwIfAborted(signal);
      const isLast = tries === patience.retries;
      let pauseMs = patience.firstWaitMs * 2 ** tries;
      try {
        const response = await ask(url, init);
        if (response.ok || response.status === 416) return response;
        const passes = response.status === 429 || response.status >= 500;
        pauseMs = retryAfterMs(response) ?? pauseMs;
        if (!passes || isLast || pauseMs > patience.longestWaitMs) throw await refusal(response, what, token);
        await response.body?.cancel();
      } catch (error) {
        throwIfAborted(signal);
        if (DiffusionError.is(error) || !(error instanceof Error)) throw error;
        if (isLast || isAbsent(error)) throw unreachable(endpoint, what, error);
      }
      await wait(pauseMs, undefined, { signal }).catch(() => throwIfAborted(signal));
    }
  };
}

// --- internal ---

function retryAfterMs(response: Response): number | undefined {
  const header = response.headers.get("retry-after");
  if (header === null) return undefined;
  const milliseconds = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(milliseconds) ? undefined : Math.max(0, milliseconds);
}

/** Nobody is there: asking again would be of no use. */
function isAbsent(error: Error): boolean {
  const { code } = (error.cause ?? {}) as { readonly code?: string };
  return /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH)$/.test(code ?? "");
}

function unreachable(endpoint: string, what: string, cause: Error) {
  const reason = cause.cause instanceof Error ? cause.cause.message : cause.message;
  return hubError(
    `expected an answer of ${endpoint} for ${what}, got none: ${reason}`,
    "Look at the connection and at HF_ENDPOINT. What was downloaded stays, and is gone on with",
    { cause },
  );
}

async function refusal(response: Response, what: string, token: string | undefined) {
  const { status, headers } = response;
  const said = headers.get("x-error-code") ?? "";
  const { error } = (await response.json().catch(() => ({}))) as { readonly error?: unknown };
  const [problem, remedy] = meaningOf(status, said, what, token);
  const message = typeof error === "string" ? `: ${error.slice(0, 200)}` : "";
  return hubError(`${problem} (${status}${said && `, ${said}`}${message})`, remedy, { status });
}

function meaningOf(status: number, said: string, what: string, token: string | undefined): [string, string] {
  if (status === 401 || (status === 404 && said === "RepoNotFound")) {
    return [
      `expected ${what} on the Hub, got none that ${token ? "the token in HF_TOKEN may see" : "may be seen without a token"}`,
      `Correct the name, or set HF_TOKEN to a token that may read it`,
    ];
  }
  if (status === 403) {
    return [
      `expected to be let to ${what}, got a refusal`,
      "Accept its conditions on its page of the Hub, and set HF_TOKEN to a token that may read it",
    ];
  }
  if (status === 404) {
    const missing = said === "RevisionNotFound" ? "that revision" : "all that is asked for";
    return [`expected ${missing} of ${what}, got none`, "Correct the name or the revision"];
  }
  if (status === 429) {
    return [
      `expected ${what} from the Hub, got too many requests`,
      "Wait some minutes; with a token in HF_TOKEN the limits are wider",
    ];
  }
  return [`expected ${what} from the Hub, got a failure of it`, "Try again later"];
}
