/**
 * Keeps the site on the device, so that it works offline.
 *
 * Every file but the page itself has a hash of its content in its name: what is kept under a name is never stale, and files of
 * two builds never mix. The page comes from the network where that answers, and else as it was kept, with all of its build.
 *
 * What it answers is isolated from other origins, which few hosts of static files do: so threads may share memory.
 */
import type { Kept } from "./kept.js";

/** Of this build; the bundler writes it here. */
declare const BUILD: string;
/** What is kept from the first visit on, besides the page. What is not listed is kept when it is first asked for. */
declare const FILES: readonly string[];

interface Lasting extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface Fetching extends Lasting {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}
interface ServiceWorker {
  readonly registration: { readonly scope: string };
  readonly clients: {
    claim(): Promise<void>;
    matchAll(options: object): Promise<readonly { postMessage(message: Kept): void }[]>;
  };
  skipWaiting(): Promise<void>;
  addEventListener(type: "install" | "activate", listener: (event: Lasting) => void): void;
  addEventListener(type: "fetch", listener: (event: Fetching) => void): void;
}

const worker = self as unknown as ServiceWorker;
const { scope } = worker.registration;
const page = new URL("index.html", scope).href;
const prefix = `textdiffusion ${scope} `;
const name = prefix + BUILD;
/** How long a network may leave open whether it answers. Milliseconds. */
const PATIENCE = 4000;

worker.addEventListener("install", (event) => event.waitUntil(install()));
worker.addEventListener("activate", (event) => event.waitUntil(activate()));
worker.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || !request.url.startsWith(scope)) return;
  const isPage = request.mode === "navigate" && [scope, page].includes(request.url.replace(/[?#].*/, ""));
  if (isPage) event.respondWith(newestPage(request).then(isolated));
  else if (request.url.startsWith(`${scope}assets/`)) event.respondWith(asset(event).then(isolated));
});

async function install(): Promise<void> {
  try {
    const cache = await caches.open(name);
    const response = await fetch(page, { cache: "no-cache" });
    const text = await response.text();
    if (!response.ok || !text.includes(BUILD)) throw new Error("the site changed meanwhile");
    const files = FILES.map((file) => new URL(file, scope).href);
    for (const file of files) {
      const kept = await caches.match(file, { ignoreVary: true });
      await (kept ? cache.put(file, kept) : cache.add(file));
    }
    // Made anew: a page may not be one that was redirected to.
    await cache.put(page, new Response(text, { headers: response.headers }));
    await worker.skipWaiting();
  } catch (error) {
    await caches.delete(name);
    await tell({ build: BUILD, problem: `${(error as Error).name}: ${(error as Error).message}` });
    throw error;
  }
}

/** The build before stays as well: pages of it may be open, and ask for more of their files. */
async function activate(): Promise<void> {
  const builds = (await caches.keys()).filter((key) => key.startsWith(prefix) && key !== name);
  await Promise.all(builds.slice(0, -1).map((build) => caches.delete(build)));
  await worker.clients.claim();
  await tell({ build: BUILD });
}

async function newestPage(request: Request): Promise<Response> {
  const kept = await caches.open(name).then((cache) => cache.match(page));
  if (!kept) return fetch(request);
  const late = new Promise<Response>((resolve) => setTimeout(() => resolve(kept.clone()), PATIENCE));
  const fresh = fetch(request).then((response) => (response.status < 400 ? response : kept));
  return Promise.race([fresh.catch(() => kept), late]);
}

async function asset(event: Fetching): Promise<Response> {
  const { request } = event;
  const kept = await caches.match(request, { ignoreVary: true });
  if (kept) return kept;
  const response = await fetch(request);
  if (response.ok) {
    const copy = response.clone();
    const keeping = caches.open(name).then((cache) => cache.put(request, copy));
    event.waitUntil(keeping.catch(() => undefined)); // without room it is fetched again
  }
  return response;
}

function isolated(response: Response): Response {
  if (response.status === 0) return response; // a redirection, which the browser follows
  const { body, status, statusText } = response;
  const headers = new Headers(response.headers);
  headers.set("cross-origin-opener-policy", "same-origin");
  headers.set("cross-origin-embedder-policy", "require-corp");
  return new Response(body, { status, statusText, headers });
}

async function tell(kept: Kept): Promise<void> {
  const pages = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
  for (const each of pages) each.postMessage(kept);
}
