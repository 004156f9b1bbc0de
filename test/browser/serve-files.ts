import { readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";

const types: Readonly<Record<string, string>> = {
  ".css": "text/css",
  ".html": "text/html",
  ".js": "text/javascript",
  ".json": "application/json",
  ".mjs": "text/javascript",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

export interface FileServer {
  /** `http://localhost:1234`, which browsers trust as they trust https. */
  readonly address: string;
  close(): void;
}

/**
 * Serves files of this machine to a browser on it.
 *
 * @param folders - by the beginning of their address, the longest first: `{ "/model/": "/path/of/model", "/": "/site" }`
 * @param isolated - whether pages are cross-origin isolated, so that threads may share memory
 */
export async function serveFiles(
  folders: Readonly<Record<string, string>>,
  { isolated = false } = {},
): Promise<FileServer> {
  const server = createServer(({ url = "/" }, response) => {
    const path = new URL(url, "http://localhost").pathname;
    const [prefix, folder] = Object.entries(folders).find(([each]) => path.startsWith(each)) ?? ["", ""];
    const rest = path.slice(prefix.length) || "index.html";
    const file = join(folder, rest);
    if (folder === "" || rest.includes("..") || !statSync(file, { throwIfNoEntry: false })?.isFile()) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, {
      "content-type": types[extname(file)] ?? "application/octet-stream",
      ...(isolated && {
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-embedder-policy": "require-corp",
      }),
    });
    response.end(readFileSync(file));
  });
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  const { port } = server.address() as AddressInfo;
  return { address: `http://localhost:${port}`, close: () => void server.close() };
}
