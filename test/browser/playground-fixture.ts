/** The playground as a test meets it: built, served, and open in a browser that is watched. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContext, BrowserContextOptions, Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect } from "vitest";
import type { HubServer } from "../../packages/hub/src/fixtures/hub-server.js";
import { buildPlayground } from "./build-playground.js";
import { browserPath, openBrowser, whyNoBrowser } from "./open-browser.js";
import { type FileServer, serveFiles } from "./serve-files.js";

export interface PlaygroundSetup {
  /** Started before the site is built, which then takes it for the Hub: pages may ask it, too. */
  readonly hub?: () => Promise<HubServer>;
  /** Folder of the host in which the site lies. Default `/`. */
  readonly folder?: string;
  /** Whether WebGPU and WebGL are there, imitated on the processor. Default false. */
  readonly graphics?: boolean;
  /** Whether the host isolates pages from other origins, so that threads may share memory. Default false. */
  readonly isolated?: boolean;
  /** How long a page may take for what a test waits for. Default that of Playwright. */
  readonly patienceMs?: number;
  /** How long a test may take. Default that of the test runner. */
  readonly timeout?: number;
}

export interface OpeningOptions extends BrowserContextOptions {
  /** Default that of the setup. */
  readonly isolated?: boolean;
  /** Done before the page asks for anything. */
  readonly prepare?: (page: Page) => Promise<unknown>;
}

/**
 * Tests of the playground, skipped where there is no browser. After each of them all of its pages are closed, and it fails if one
 * had an error that the test did not expect, a breach of the page's policy among them, or asked another host for anything.
 */
export function describePlayground(
  name: string,
  setup: PlaygroundSetup,
  tests: (playground: Playground) => void,
): void {
  const { timeout } = setup;
  describe.skipIf(browserPath === undefined)(`${name} in Chromium${whyNoBrowser}`, { timeout }, () => {
    const playground = new Playground(setup);
    beforeAll(() => playground.start());
    afterAll(() => playground.stop());
    afterEach(() => playground.closePages());
    tests(playground);
  });
}

export class Playground {
  browser!: Browser;
  hub!: HubServer;
  /** What lies on the host. */
  site!: string;
  /** The page that was opened last. */
  page!: Page;
  /** All that pages of this test asked for. */
  requests: { readonly url: string; readonly bytes: Promise<number> }[] = [];
  /** For files of tests; removed afterwards. */
  readonly work = mkdtempSync(join(tmpdir(), "textdiffusion-playground-test-"));
  private readonly servers = new Map<boolean, FileServer>();
  private problems: string[] = [];
  private expected: RegExp[] = [];

  constructor(private readonly setup: PlaygroundSetup) {}

  /** Opens the site with nothing kept from before. @param rest - of its address: `#steps=8` */
  async open(
    rest = "",
    { isolated = this.setup.isolated, prepare, ...options }: OpeningOptions = {},
  ): Promise<Page> {
    const address = await this.address(isolated);
    const context = await this.newContext([address], options);
    this.page = await context.newPage();
    await prepare?.(this.page);
    await this.page.goto(`${address}index.html${rest}`);
    return this.page;
  }

  /** `http://localhost:1234/folder/` */
  async address(isolated = this.setup.isolated ?? false): Promise<string> {
    const { folder = "/" } = this.setup;
    const server = this.servers.get(isolated) ?? (await serveFiles({ [folder]: this.site }, { isolated }));
    this.servers.set(isolated, server);
    return server.address + folder;
  }

  /** @param mayAsk - beginnings of the addresses that its pages may ask */
  async newContext(mayAsk: readonly string[], options: BrowserContextOptions = {}): Promise<BrowserContext> {
    const context = await this.browser.newContext({
      reducedMotion: "reduce",
      serviceWorkers: "block",
      ...options,
    });
    if (this.setup.patienceMs) context.setDefaultTimeout(this.setup.patienceMs);
    context.on("weberror", (error) => this.problems.push(error.error().message));
    context.on("console", (message) => {
      if (message.type() === "error") this.problems.push(message.text());
    });
    const own = [...mayAsk, ...(this.hub ? hostsOf(this.hub) : [])];
    context.on("request", (request) => {
      const url = request.url();
      if (/^(https?|wss?):/.test(url) && !own.some((each) => url.startsWith(each)))
        this.problems.push(`asked another host: ${url}`);
    });
    context.on("response", (response) => {
      const bytes = response.body().then(
        (body) => body.length,
        () => 0,
      );
      this.requests.push({ url: response.url(), bytes });
    });
    return context;
  }

  /** A problem of this test's pages that is meant to be, as a file that is not there. It must come. */
  expectProblem(pattern: RegExp): void {
    this.expected.push(pattern);
  }

  get alert(): Locator {
    return this.page.getByRole("alert");
  }

  /** Waits until the page says this. */
  async says(text: string | RegExp): Promise<void> {
    await this.page.getByRole("status").getByText(text).waitFor();
  }

  /** Waits until the page says this of what went wrong. */
  async warns(text: string | RegExp): Promise<void> {
    await this.alert.getByText(text).waitFor();
  }

  /** Waits until a run is over; a failure ends the test with what the page says of it. */
  async written(): Promise<void> {
    await this.page
      .getByRole("status")
      .getByText(/^Written after/)
      .or(this.alert)
      .waitFor();
    expect(await this.alert.allInnerTexts()).toEqual([]);
  }

  /** Writes with the settings of the form. @returns the text; of two samplers that of the first */
  async write(): Promise<string> {
    await this.page.getByRole("button", { name: "Generate" }).click();
    await this.written();
    return this.text();
  }

  text(): Promise<string> {
    return this.page.locator("text-diffusion p").first().innerText();
  }

  /** The settings in the address. */
  hash(): Promise<string> {
    return this.page.evaluate(() => location.hash);
  }

  /** Drops files or folders of this machine on the page. */
  async drop(...files: string[]): Promise<void> {
    const session = await this.page.context().newCDPSession(this.page);
    const data = { items: [], files, dragOperationsMask: 1 };
    for (const type of ["dragEnter", "dragOver", "drop"] as const)
      await session.send("Input.dispatchDragEvent", { type, x: 100, y: 100, data });
  }

  // --- internal: for describePlayground ---

  async start(): Promise<void> {
    const hub = await this.setup.hub?.();
    if (hub) this.hub = hub;
    this.site = await buildPlayground((html) => (hub ? withHub(html, hub) : html));
    this.browser = await openBrowser({ graphics: this.setup.graphics });
  }

  async stop(): Promise<void> {
    await this.browser?.close();
    for (const server of this.servers.values()) server.close();
    await this.hub?.close();
    for (const folder of [this.work, this.site]) if (folder) rmSync(folder, { recursive: true, force: true });
  }

  async closePages(): Promise<void> {
    await Promise.all(this.browser.contexts().map((context) => context.close()));
    const { problems, expected } = this;
    [this.problems, this.expected, this.requests] = [[], [], []];
    expect(problems.filter((problem) => !expected.some((pattern) => pattern.test(problem)))).toEqual([]);
    expect(expected.filter((pattern) => !problems.some((problem) => pattern.test(problem)))).toEqual([]);
  }
}

// --- internal ---

/** The second is where the fixture has its large files. */
function hostsOf({ endpoint }: HubServer): readonly string[] {
  return [endpoint, endpoint.replace("127.0.0.1", "localhost")];
}

/** The page as whoever runs a Hub of his own makes it. */
function withHub(html: string, hub: HubServer): string {
  return html
    .replace('content="https://huggingface.co"', `content="${hub.endpoint}"`)
    .replace("https://huggingface.co https://*.huggingface.co https://*.hf.co", hostsOf(hub).join(" "));
}
