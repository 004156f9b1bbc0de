import { DiffusionError } from "@textdiffusion/core";
import { modelFilesAmong, type OwnModel } from "./own-model.js";

export interface HubFetching {
  /** `https://huggingface.co`, without a slash at the end. */
  readonly endpoint: string;
  readonly signal: AbortSignal;
  /** Bytes of all files. */
  readonly onProgress: (receivedBytes: number, totalBytes: number) => void;
}

/**
 * Fetches a model of the Hugging Face Hub: the files that are read, of one commit. Broken downloads go on where they broke off.
 *
 * @param wanted - `owner/name`, `owner/name@revision`, or the address of its page
 * @throws DiffusionError `HUB_FAILED` for a name or a revision that is not there or not for everyone, a broken download, no
 *   network; `FILE_NOT_FOUND` for a model without what is needed; `ABORTED`
 */
export async function fetchHubModel(wanted: string, fetching: HubFetching): Promise<OwnModel> {
  const { endpoint, signal, onProgress } = fetching;
  const [, name, revision = "main"] =
    /^([\w][\w.-]*\/[\w][\w.-]*)(?:@([^\s@?#]+))?$/.exec(
      wanted.trim().replace(`${endpoint}/`, "").replace(/\/$/, ""),
    ) ?? [];
  if (name === undefined) {
    throw failed(
      `expected a model as "owner/name" or "owner/name@revision", got ${JSON.stringify(wanted)}`,
      "Correct the name",
    );
  }
  const ask = (path: string, headers?: HeadersInit) =>
    askHub(`${endpoint}/${path}`, name, endpoint, { headers, signal });
  const { sha } = await ask(`api/models/${name}/revision/${encodeURIComponent(revision)}`).then(
    jsonOf<{ sha: string }>,
  );

  const listed: { readonly path: string; readonly size: number }[] = [];
  for (let page: string | undefined = `api/models/${name}/tree/${sha}?recursive=true`; page; ) {
    const response: Response = await ask(page);
    listed.push(...(await jsonOf<typeof listed>(response)));
    page = /<([^>]+)>; rel="next"/.exec(response.headers.get("link") ?? "")?.[1]?.replace(`${endpoint}/`, "");
  }
  const chosen = modelFilesAmong(listed, name);
  const totalBytes = [...chosen.values()].reduce((sum, { size }) => sum + size, 0);
  let doneBytes = 0;
  const files: Record<string, Blob> = {};
  for (const [path, { path: listedPath, size }] of chosen) {
    const address = `${name}/resolve/${sha}/${listedPath.split("/").map(encodeURIComponent).join("/")}`;
    const report = (bytes: number) => onProgress(doneBytes + bytes, totalBytes);
    files[path] = await download(
      (headers) => ask(address, headers),
      `${name}/${listedPath}`,
      size,
      report,
      signal,
    );
    doneBytes += size;
  }
  return { name, origin: "hub", revision: sha, files };
}

// --- internal ---

/** Tries of a file that bring no byte more. */
const TRIES = 4;
/** Bytes that are handed to the browser together, which may keep them on the disk. */
const PIECE = 16 * 2 ** 20;

async function download(
  ask: (headers?: HeadersInit) => Promise<Response>,
  file: string,
  sizeBytes: number,
  onBytes: (bytes: number) => void,
  signal: AbortSignal,
): Promise<Blob> {
  let received = new Blob([]);
  let broken: unknown;
  for (let fruitless = 0; fruitless < TRIES; ) {
    const begin = received.size;
    const response = await ask(begin > 0 ? { range: `bytes=${begin}-` } : undefined);
    if (response.status !== 206) received = new Blob([]);
    const reader = (response.body as ReadableStream<Uint8Array<ArrayBuffer>>).getReader();
    let chunks: Uint8Array<ArrayBuffer>[] = [];
    let bytes = 0;
    const keep = () => {
      received = new Blob([received, ...chunks]);
      [chunks, bytes] = [[], 0];
    };
    broken = undefined;
    try {
      for (let { value } = await reader.read(); value; { value } = await reader.read()) {
        chunks.push(value);
        bytes += value.length;
        if (bytes >= PIECE) keep();
        onBytes(received.size + bytes);
      }
    } catch (error) {
      if (signal.aborted) throw aborted(file);
      broken = error;
    }
    keep();
    if (received.size === sizeBytes && broken === undefined) return received;
    if (received.size > sizeBytes) break;
    fruitless = received.size > begin ? 0 : fruitless + 1;
  }
  throw failed(`expected ${sizeBytes} bytes of ${file}, got ${received.size}`, "Try again", broken);
}

/** Without cookies or address of this page: the Hub learns what is asked for, and nothing else. */
async function askHub(address: string, name: string, endpoint: string, init: RequestInit): Promise<Response> {
  const response = await fetch(address, {
    ...init,
    credentials: "omit",
    referrerPolicy: "no-referrer",
  }).catch((cause: unknown) => {
    if (init.signal?.aborted) throw aborted(name);
    throw failed(
      `expected an answer of ${endpoint} for the model ${name}, got none`,
      "Look at the connection",
      cause,
    );
  });
  if (response.ok) return response;
  const { status } = response;
  if (response.headers.get("x-error-code") === "RevisionNotFound") {
    throw failed(
      `expected that revision of the model ${name}, got none (${status})`,
      "Correct what stands after @",
    );
  }
  if ([401, 403, 404].includes(status)) {
    throw failed(
      `expected the model ${name} on the Hub, got none that everyone may see (${status})`,
      `Correct the name. One that asks for a token: download it with "textdiffusion pull ${name}", and choose its folder here`,
    );
  }
  throw failed(`expected the model ${name} of the Hub, got its answer ${status}`, "Try again later");
}

function jsonOf<Value>(response: Response): Promise<Value> {
  return response.json().catch((cause: unknown) => {
    throw failed(`expected JSON of ${response.url}, got something else`, "Try again later", cause);
  });
}

function aborted(what: string): DiffusionError {
  return new DiffusionError({
    code: "ABORTED",
    component: "playground/hub",
    problem: `expected to fetch all of ${what}, got the order to stop`,
    remedy: "Fetch it again when you want it",
  });
}

function failed(problem: string, remedy: string, cause?: unknown): DiffusionError {
  return new DiffusionError({ code: "HUB_FAILED", component: "playground/hub", problem, remedy, cause });
}
