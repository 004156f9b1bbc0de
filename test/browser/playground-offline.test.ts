import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { buildPlayground } from "./build-playground.js";
import { describePlayground } from "./playground-fixture.js";
import { type FileServer, serveFiles } from "./serve-files.js";

const hash = "#prompt=JULIET%3A&sampler=confidence&steps=3&length=24&seed=7&backend=wasm";
const kept = "It works offline, too.";

describePlayground("the playground offline", {}, (playground) => {
  const folder = join(playground.work, "host");
  let [first, second] = ["", ""];
  let server: FileServer;
  let context: BrowserContext;
  let visits = 0;

  beforeAll(async () => {
    first = playground.site;
    second = await buildPlayground((html) => html.replace("<h1>textdiffusion</h1>", "<h1>second</h1>"));
  });
  afterAll(() => second && rmSync(second, { recursive: true, force: true }));
  afterEach(() => server.close());

  const deploy = (build: string) => {
    rmSync(folder, { recursive: true, force: true });
    cpSync(build, folder, { recursive: true });
  };
  const visit = async (page?: Page): Promise<Page> => {
    const opened = page ?? (await context.newPage());
    await opened.goto(`${server.address}/some/folder/?visit=${++visits}${hash}`); // not the part after # alone
    return opened;
  };
  const begin = async (): Promise<Page> => {
    deploy(first);
    server = await serveFiles({ "/some/folder/": folder });
    context = await playground.newContext([server.address], { serviceWorkers: "allow" });
    playground.page = await context.newPage();
    return playground.page;
  };
  const says = (page: Page, text: string | RegExp) => page.locator("#offline").getByText(text).waitFor();
  const write = async (page: Page) => {
    await page.getByRole("button", { name: "Generate" }).click();
    await page
      .getByRole("status")
      .getByText(/^Written after/)
      .waitFor();
    return page.locator("text-diffusion p").innerText();
  };

  it("writes the same without network, in any folder, after the first visit", async () => {
    const page = await begin();
    await visit(page);
    const text = await write(page);
    await says(page, kept);
    server.close();
    await context.setOffline(true);
    await visit(page);
    expect(await write(page)).toBe(text);
    await says(page, kept);
    await page.goto(`${server.address}/some/folder/index.html?view=training`);
    await page.getByLabel("Text to learn").waitFor();
  });

  it("has threads from the second visit on, whatever headers the host sends", async () => {
    const page = await begin();
    await visit(page);
    await says(page, kept);
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(false);
    await visit(page);
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
    const text = await write(page);
    await page.getByLabel("Backend").selectOption("onnx");
    expect(await write(page)).toBe(text);
    const threads = await page.evaluate(() => navigator.hardwareConcurrency);
    expect(await page.locator("#backend summary").textContent()).toContain(`${threads} thread`);
  });

  it("is the new build as soon as there is one, while pages of the one before find all their files", async () => {
    const before = await begin();
    await visit(before);
    await says(before, kept);
    deploy(second);
    const after = await visit();
    await after.getByRole("heading", { name: "second" }).waitFor();
    await says(before, /There is a newer version/);
    await says(after, kept);
    server.close();
    await context.setOffline(true);
    await before.getByRole("button", { name: "Train" }).click();
    await before.getByLabel("Text to learn").waitFor();
    await visit(before);
    await before.getByRole("heading", { name: "second" }).waitFor();
    await write(before);
  });

  it("keeps the build before whole where a new one is not whole", async () => {
    const page = await begin();
    await visit(page);
    await says(page, kept);
    deploy(second);
    const worker = join(folder, "sw.js");
    writeFileSync(
      worker,
      readFileSync(worker, "utf8").replace('["assets/', '["assets/not-there-yet.js","assets/'),
    );
    await visit(page);
    await page.getByRole("heading", { name: "second" }).waitFor();
    await says(page, /^Offline it is the version before this one: the browser could not keep/);
    server.close();
    await context.setOffline(true);
    await visit(page);
    await page.getByRole("heading", { name: "textdiffusion" }).waitFor();
    await write(page);
  });

  it("writes online where the browser has no room, and says so", async () => {
    const page = await begin();
    const session = await context.newCDPSession(page);
    await session.send("Storage.overrideQuotaForOrigin", { origin: server.address, quotaSize: 1e6 });
    await visit(page);
    await says(page, /works online only: the browser could not keep it \(no room: /);
    await write(page);
    await session.send("Storage.overrideQuotaForOrigin", { origin: server.address });
    await visit(page);
    await says(page, kept);
  });

  it("writes where there are no service workers, and says so", async () => {
    const page = await begin();
    await page.addInitScript(() => Reflect.deleteProperty(Navigator.prototype, "serviceWorker"));
    await visit(page);
    await says(page, /works online only: this browser keeps no sites/);
    await write(page);
  });
});
