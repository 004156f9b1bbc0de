import { expect, it } from "vitest";
import { DiffusionError, listNames } from "./diffusion-error.js";

const error = new DiffusionError({
  code: "CONFIG_INVALID",
  component: "core/config",
  problem: "expected a name, got 4",
  remedy: "Write a name",
  details: { got: 4 },
  cause: "why",
});

it("has one form of message, and carries its parts", () => {
  expect(String(error)).toBe(
    "DiffusionError: [core/config] expected a name, got 4. Write a name (CONFIG_INVALID)",
  );
  expect(error).toMatchObject({
    code: "CONFIG_INVALID",
    component: "core/config",
    details: { got: 4 },
    cause: "why",
  });
});

it("is recognised across copies of core, by code when one is asked for", () => {
  const copy = Object.assign(new Error("from another copy"), {
    code: "ABORTED",
    [Symbol.for("@textdiffusion/core:DiffusionError")]: true,
  });
  expect([error, copy].map((each) => DiffusionError.is(each))).toEqual([true, true]);
  expect([error, copy].map((each) => DiffusionError.is(each, "ABORTED"))).toEqual([false, true]);
  expect([new Error("x"), null, undefined, "text"].map((each) => DiffusionError.is(each))).toEqual(
    new Array(4).fill(false),
  );
});

it("listNames sorts and quotes, and says none", () => {
  expect(listNames(["b", "a"])).toBe('"a", "b"');
  expect(listNames([])).toBe("none");
});
