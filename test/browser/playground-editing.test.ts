import { lockTokens, type Pipeline, stateAtStep, verifyTrace } from "@textdiffusion/core";
import { tinyModelFolder } from "@textdiffusion/tiny-model";
import type { Locator, Page } from "playwright-core";
import { loadTextDiffusion, readTraceFile } from "textdiffusion";
import { afterAll, beforeAll, expect, it } from "vitest";
import { describePlayground } from "./playground-fixture.js";

const address = "#prompt=JULIET%3A&sampler=random&steps=8&length=40&seed=7&backend=wasm";
const request = { prompts: ["JULIET:"], length: 40, seed: 7 };

describePlayground("editing in the playground", { isolated: true }, (playground) => {
  let model: Pipeline;
  let page: Page;

  beforeAll(async () => {
    model = await loadTextDiffusion({
      folder: tinyModelFolder,
      backend: "wasm",
      sampler: { name: "random", steps: 8, temperature: 0.7 },
    });
  });
  afterAll(() => model?.dispose());

  async function openAndWrite(more = ""): Promise<void> {
    page = await playground.open(`${address}${more}`);
    await playground.write();
  }

  const token = (position: number): Locator => page.locator("text-diffusion p span").nth(position);
  const tokens = () => page.locator("text-diffusion p span").allTextContents();
  const step = () => page.locator("text-diffusion .state").innerText();
  const panel = () => page.locator("#token-panel");
  const run = async (name: RegExp | string) => {
    await page.getByRole("button", { name }).click();
    await playground.written();
  };
  async function goToStep(wanted: number): Promise<void> {
    await page.locator("text-diffusion").focus();
    await page.keyboard.press("Home");
    for (let at = 0; at < wanted; at++) await page.keyboard.press("ArrowRight");
    expect(await step()).toContain(`step ${wanted} of`);
  }
  async function choose(position: number, action: RegExp): Promise<void> {
    await token(position).focus();
    await page.keyboard.press("Enter");
    await panel().getByRole("table").waitFor();
    await panel().getByRole("button", { name: action }).first().click();
    expect(await panel().isHidden()).toBe(true);
  }
  /** A position that is settled at a step of the run, and its token. */
  async function settled(state: Awaited<ReturnType<typeof stateAtStep>>): Promise<number> {
    const { mask } = (await model.get("tokenizer")).special;
    const { ids, editable } = state.canvas;
    return ids.findIndex((id, at) => editable[at] === 1 && id !== mask);
  }

  it("goes on from any step, with nothing changed as Node wrote it", async () => {
    await openAndWrite();
    const { texts } = await model.generate(request);
    expect((await tokens()).join("")).toBe(texts[0]);
    await goToStep(3);
    await run("Continue from step 3");
    expect((await tokens()).join("")).toBe(texts[0]);
    expect(await step()).toContain("step 8 of 8 · 0 masked");
  });

  it("keeps what is locked while another sampler rewrites the rest, as a fork in Node does", async () => {
    await openAndWrite();
    const state = await stateAtStep(model.stream(request), 4);
    const position = await settled(state);
    await goToStep(4);
    const text = (await token(position).textContent())?.replace("↵", "");
    await choose(position, /^Lock$/);
    expect(await token(position).getAttribute("part")).toBe("token locked");
    await page.getByLabel("Sampler").selectOption("remasking");
    await run("Continue from step 4");
    const revising = await loadTextDiffusion({
      folder: tinyModelFolder,
      backend: "wasm",
      sampler: { name: "remasking", steps: 8, temperature: 0.7 },
    });
    const locks = [{ row: 0, position, token: state.canvas.ids[position] }];
    const from = lockTokens(state, locks, await model.get("tokenizer"));
    const { texts } = await revising.generate({ from, seed: 7 });
    const [trace] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Save trace" }).click(),
    ]);
    const { equalSteps, difference } = await verifyTrace(await readTraceFile(await trace.path()), revising);
    expect([equalSteps, difference]).toEqual([4, undefined]);
    await revising.dispose();
    expect((await tokens()).join("")).toBe(texts[0]);
    expect(await token(position).textContent()).toBe(text);
    expect(await token(position).getAttribute("aria-label")).toMatch(/locked$/);
  });

  it("puts a word where it is told, keeps it, and rewrites from there on", async () => {
    await openAndWrite();
    await goToStep(2);
    const { mask } = (await model.get("tokenizer")).special;
    const position = (await stateAtStep(model.stream(request), 2)).canvas.ids.indexOf(mask);
    await token(position).click();
    await panel().getByLabel("Put another text there").fill("moon");
    expect(await panel().getByLabel("after a space").isChecked()).toBe(true);
    await panel().getByRole("button", { name: "Put", exact: true }).last().click();
    await run("Continue from step 2");
    const tokenizer = await model.get("tokenizer");
    const { length } = tokenizer.encode(" moon");
    expect((await tokens()).slice(position, position + length).join("")).toBe(" moon");
    expect(await step()).toContain("0 masked");
  });

  it("lets another token come where one is banned, and nothing else change in a finished page", async () => {
    await openAndWrite();
    const before = await tokens();
    await choose(25, /^Ban .* here$/);
    expect(await token(25).getAttribute("part")).toBe("token banned");
    await run("Continue from step 8");
    const after = await tokens();
    expect(after[25]).not.toBe(before[25]);
    expect(after.filter((text, at) => text !== before[at])).toHaveLength(1);
    await goToStep(9);
    expect(await step()).toContain("1 masked · 8 forwards · edited");
  });

  it("writes a selection again, made by key or by mouse, and leaves what stands outside it", async () => {
    await openAndWrite();
    let before = await tokens();
    await token(12).focus();
    for (let count = 0; count < 5; count++) await page.keyboard.press("Shift+ArrowRight");
    await run("Rewrite the selection (6)");
    let after = await tokens();
    const outside = (all: readonly string[], from: number, to: number) => [all.slice(0, from), all.slice(to)];
    expect(outside(after, 12, 18)).toEqual(outside(before, 12, 18));
    expect(after.slice(12, 18)).not.toEqual(before.slice(12, 18));
    expect(await step()).toContain("0 masked");

    before = after;
    const centre = async (position: number) => {
      const { x, y, width, height } = (await token(position).boundingBox()) ?? {
        x: 0,
        y: 0,
        width: 0,
        height: 0,
      };
      return [x + width / 2, y + height / 2] as const;
    };
    const wide = before.findIndex((text, at) => at > 18 && /\w{3}/.test(text));
    await page.mouse.move(...(await centre(wide)));
    await page.mouse.down();
    await page.mouse.move(...(await centre(wide + 3)), { steps: 4 });
    await page.mouse.up();
    const button = page.getByRole("button", { name: /^Rewrite the selection \(\d+\)$/ });
    const count = Number(/\d+/.exec(await button.innerText())?.[0]);
    expect(count).toBeGreaterThanOrEqual(3);
    await run(/^Rewrite the selection \(\d+\)$/);
    after = await tokens();
    expect(outside(after, wide, wide + 4)).toEqual(outside(before, wide, wide + 4));
    await choose(30, /^Lock$/); // the rest was fixed for the while only
  });

  it("shows candidates, entropy and history of what is under the pointer, as the run had them", async () => {
    await openAndWrite();
    const steps = [];
    for await (const event of model.stream(request)) if (event.kind === "step") steps.push(event);
    const position = 22;
    const at = steps.findIndex(({ revealed }) => revealed.some((change) => change.position === position));
    const { logProb, entropy } = steps[at].revealed.find((change) => change.position === position) ?? {};
    await token(position).hover();
    await panel().getByRole("table").waitFor();
    const said = await panel().innerText();
    expect(said).toContain(
      `Before step ${at + 1} the model says, at ${entropy?.toFixed(2)} nats of entropy:`,
    );
    expect(said).toContain("step 0: mask");
    const [, percent] = new RegExp(`step ${at + 1}: “.*”, (\\d+\\.\\d) %`).exec(said) ?? [];
    expect(Number(percent)).toBeCloseTo(100 * Math.exp(logProb as number), 0);
    expect(await panel().getByRole("button").count()).toBe(0);
    await page.mouse.move(1, 1);
    expect(await panel().isHidden()).toBe(true);
    await goToStep(0);
    await token(position).hover();
    expect(await panel().getByRole("table").innerText()).toContain("Now the model says");
  });

  it("is in the link, which writes the same text on another page, as often as it is asked for", async () => {
    await openAndWrite();
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await goToStep(4);
    await choose(await settled(await stateAtStep(model.stream(request), 4)), /^Lock$/);
    await page.getByLabel("Sampler").selectOption("confidence");
    await page.getByLabel("Seed", { exact: true }).fill("8");
    await run("Continue from step 4");
    await choose(25, /^Ban .* here$/);
    await run("Continue from step 8");
    await token(12).focus();
    for (let count = 0; count < 3; count++) await page.keyboard.press("Shift+ArrowRight");
    await run("Rewrite the selection (4)");
    const before = await tokens();
    await page.getByRole("button", { name: "Copy link" }).click();
    const link = await page.evaluate(() => navigator.clipboard.readText());
    expect(link).toContain("edits=");
    page = await playground.open(new URL(link).hash);
    await playground.says("Ready. The text of this link was edited by hand.");
    await playground.write();
    expect(await tokens()).toEqual(before);
    expect(new URL(link).hash).toBe(await playground.hash());
    await playground.write();
    expect(await tokens()).toEqual(before);
    await page.getByLabel("Seed", { exact: true }).fill("9");
    expect(await playground.hash()).not.toContain("edits");
  });

  it.each([
    ["[", "Expected a list of edits in JSON in the address (edits), got ["],
    ['[{"at":-1}]', "Expected a step, a whole number from 0 in the address (edit 1, at), got -1"],
    ['[{"at":1,"cut":[]}]', "Expected no other keys than at, with, lock"],
    [
      '[{"at":1,"lock":[128]}]',
      "Expected a list of positions from 0 to 127 in the address (edit 1, lock), got [128]",
    ],
    ['[{"at":1,"put":[[3,7]]}]', "Expected a list of [position, text], positions from 0 to 127"],
    ['[{"at":1,"with":"steps=none"}]', "Expected steps in the address to be a whole number from 1 to 128"],
  ])("is refused where a link has no such edits, with nothing written: %s", async (edits, message) => {
    page = await playground.open(`${address}&${new URLSearchParams({ edits })}`);
    await playground.warns(message);
    expect(await page.locator("text-diffusion p").count()).toBe(0);
    expect(await playground.hash()).not.toContain("edits");
  });

  it("is refused where a link edits a step that the text has not, or puts what is outside of it", async () => {
    for (const [edits, message] of [
      ['[{"at":9}]', /Expected edits in the address at a step from 0 to 8, got 9/],
      ['[{"at":8,"put":[[90,"moon"]]}]', /outside the page/],
      ['[{"at":8,"ban":[[20,999999]]}]', /TOKEN_OUT_OF_RANGE/],
    ] as const) {
      page = await playground.open(`${address}&${new URLSearchParams({ edits })}`);
      await page.getByRole("button", { name: "Generate" }).click();
      await playground.warns(message);
    }
  });

  it("says why text cannot stand there, and keeps what was chosen", async () => {
    await openAndWrite();
    const last = 39;
    await token(last).focus();
    await page.keyboard.press("Enter");
    await panel().getByLabel("Put another text there").fill("a whole sentence");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Continue from step 8" }).click();
    await playground.warns(/outside the page/);
    expect(await token(last).getAttribute("part")).toBe("token forced");
    await page.getByRole("button", { name: "Take back 1 edit" }).click();
    expect(await token(last).getAttribute("part")).toBe("token");
  });

  it("is for one text: of two side by side the words are no buttons, until there is one again", async () => {
    await openAndWrite("&sampler2=confidence&steps2=4");
    const words = page.locator("text-diffusion p span[role=button]");
    expect(await words.count()).toBe(0);
    expect(await page.locator("#editing").isHidden()).toBe(true);
    await page.evaluate((hash) => {
      location.hash = hash;
    }, address);
    await playground.write();
    expect(await words.count()).toBe(40);
  });
});
