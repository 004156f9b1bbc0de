import { expect, it } from "vitest";
import { parsePrompt } from "./parse-prompt.js";

it.each([
  ["The fox", "The fox"],
  ["", ""],
  ["The {3} ran.", ["The ", { gap: 3 }, " ran."]],
  ["{1}{22}", [{ gap: 1 }, { gap: 22 }]],
  ["The {2..6} ran", ["The ", { gap: { min: 2, max: 6 } }, " ran"]],
  ["\\{3} is {3}", ["{3} is ", { gap: 3 }]],
  ["if (a) { b } else {}", "if (a) { b } else {}"],
  ["\\{3\\}", "{3}"],
  ["a\\b \\n {1}", ["a\\b \\n ", { gap: 1 }]],
  ["é {1}\n😀", ["é ", { gap: 1 }, "\n😀"]],
])("%j is %j", (prompt, parts) => {
  expect(parsePrompt(prompt)).toEqual(parts);
});

it.each(["{0}", "a {0..3}", "a {6..2}"])("refuses %j", (prompt) => {
  expect(() => parsePrompt(prompt)).toThrow(/gaps of at least 1 token.*\{2\.\.6\}.*PROMPT_INVALID/);
});
