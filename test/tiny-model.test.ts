import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { tinyModelFolder } from "@textdiffusion/tiny-model";
import { loadTextDiffusion, readText } from "textdiffusion";
import { expect, it } from "vitest";

it("the tiny model is at most 12 MB, and says how it was trained", async () => {
  const bytes = readdirSync(tinyModelFolder).reduce(
    (sum, name) => sum + statSync(join(tinyModelFolder, name)).size,
    0,
  );
  expect(bytes).toBeLessThan(12e6);
  const record = JSON.parse(await readText(join(tinyModelFolder, "textdiffusion.json")));
  expect(record.training).toMatchObject({
    steps: expect.any(Number),
    data: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  const readme = readFileSync(join(tinyModelFolder, "..", "README.md"), "utf8");
  expect(readme).toContain(record.training.data);
  expect(readme).toContain(`${record.training.steps} steps`);
});

it("it writes pages that look like a play: names before colons on lines of their own, and the same ones again", async () => {
  const model = await loadTextDiffusion({ folder: tinyModelFolder, backend: "onnx" });
  const request = { prompts: ["ROMEO:", "JULIET:", "KING RICHARD II:", "First Citizen:"], seed: 3 };
  const { texts } = await model.generate(request);
  expect((await model.generate(request)).texts).toEqual(texts);
  await model.dispose();
  for (const [row, text] of texts.entries()) {
    expect(text.startsWith(request.prompts[row])).toBe(true);
    expect(text).not.toContain("<mask>");
    expect(text.split("\n").length, text).toBeGreaterThan(3);
  }
  expect(texts.join("\n").match(/^[A-Z][A-Za-z ]+:$/gm)?.length).toBeGreaterThan(4);
});
