// Where the time of a training step on the backend "onnx" goes: by operator, and by shape for the matrix products, beside
// what a plain MatMul of the same sizes reaches in the same minutes.
//
//   node bench/onnx-profile.mjs [small|vocabulary|base] [--threads 2] [--rounds 3]
//
// Needs a build. An operator counts with the lower quartile of its times in all rounds, so that a busy machine shows less.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { askNode, quantile } from "./measure.mjs";
import { trainingCases } from "./training-cases.mjs";

const asked = process.argv.slice(2);
const option = (name, value) => (asked.includes(name) ? Number(asked[asked.indexOf(name) + 1]) : value);
const name = Object.keys(trainingCases).find((each) => asked.includes(each)) ?? "small";
const threads = option("--threads", 2);

const step = new Map(); // operator and shapes -> { times in us, calls in a step, flops, ... }
const plain = new Map(); // sizes of a product -> times in us
for (let round = 0; round < option("--rounds", 3); round++) {
  const sizes = { ...trainingCases[name], threads, warmUp: 3, samples: 3 };
  const events = profileOf("tfjs/training-step.mjs", { backend: "onnx", ...sizes });
  const runs = events.filter((event) => event.name === "model_run").length;
  for (const [key, group] of groupsOf(events)) {
    const known = step.get(key) ?? { ...group, times: [], calls: Math.round(group.times.length / runs) };
    known.times.push(...group.times);
    step.set(key, known);
  }
  const products = [...new Set([...step.values()].flatMap(({ product }) => (product ? [product] : [])))];
  for (const { product, times } of groupsOf(profileOf("tfjs/products.mjs", { threads, products })).values()) {
    if (product) plain.set(product, [...(plain.get(product) ?? []), ...times]);
  }
}

const rows = [...step.entries()].map(([key, { times, calls, flops, product, operator }]) => {
  const each = quantile(times, 0.25);
  return { key, operator, calls, flops, product, ms: (each * calls) / 1000, rate: flops / each / 1000 };
});
const total = rows.reduce((sum, { ms }) => sum + ms, 0);
const byOperator = new Map();
for (const { operator, calls, ms, flops } of rows) {
  const sum = byOperator.get(operator) ?? { calls: 0, ms: 0, flops: 0 };
  sum.calls += calls;
  sum.ms += ms;
  sum.flops += calls * flops;
  byOperator.set(operator, sum);
}
const rateOf = (rate) => (rate > 0 ? rate.toFixed(0) : "");

console.log(`\n${name}: operators of one step, ${total.toFixed(0)} ms in all, ${threads} threads`);
console.log("| operator | calls | ms | share | GFLOP/s |\n| --- | --- | --- | --- | --- |");
for (const [operator, { calls, ms, flops }] of sorted([...byOperator], ([, { ms }]) => ms).slice(0, 20)) {
  const share = `${((100 * ms) / total).toFixed(1)} %`;
  console.log(`| ${operator} | ${calls} | ${ms.toFixed(1)} | ${share} | ${rateOf(flops / ms / 1e6)} |`);
}
console.log("\nMatrix products by shape; the last column is what a plain MatMul of these sizes reaches");
console.log("| product | calls | ms | GFLOP/s | plain |\n| --- | --- | --- | --- | --- |");
for (const { key, calls, ms, rate, flops, product } of sorted(rows, ({ ms }) => ms).filter(
  (row) => row.flops > 0,
)) {
  const roof = plain.has(product) ? flops / quantile(plain.get(product), 0.25) / 1000 : 0;
  if (ms > total / 1000)
    console.log(`| ${key} | ${calls} | ${ms.toFixed(1)} | ${rateOf(rate)} | ${rateOf(roof)} |`);
}

// --- internal ---

function sorted(list, sizeOf) {
  return list.sort((a, b) => sizeOf(b) - sizeOf(a));
}

/** The events of the largest graph that a program ran. */
function profileOf(script, options) {
  const folder = mkdtempSync(join(tmpdir(), "onnx-profile-"));
  try {
    askNode(script, { ...options, onnx: { profilePrefix: join(folder, "profile") } });
    const profiles = readdirSync(folder).map((file) => JSON.parse(readFileSync(join(folder, file), "utf8")));
    return sorted(profiles, ({ length }) => length)[0] ?? [];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function groupsOf(events) {
  const groups = new Map();
  for (const { cat, name: event, dur, args } of events) {
    if (cat !== "Node" || !event.endsWith("_kernel_time")) continue;
    const shapes = (list) => list.map((shape) => Object.values(shape)[0]);
    const [inputs, [output]] = [shapes(args.input_type_shape), shapes(args.output_type_shape)];
    const written = inputs.map((shape) => `[${shape}]`).join(" ");
    const key = `${args.op_name} ${written} -> [${output}]`;
    const group = groups.get(key) ?? {
      operator: args.op_name,
      times: [],
      ...productOf(args.op_name, inputs, output),
    };
    group.times.push(dur);
    groups.set(key, group);
  }
  return groups;
}

/** `batch x rows x inner x columns` of a matrix product and its floating-point operations; other operators have 0. */
function productOf(operator, [left], output) {
  if (!/Gemm|MatMul/.test(operator) || output.length < 2) return { flops: 0 };
  const count = (shape) => shape.reduce((product, size) => product * size, 1);
  const [batch, rows, columns] = [count(output.slice(0, -2)), output.at(-2), output.at(-1)];
  const inner = count(left) / count(left.slice(0, -2)) / rows;
  return { flops: 2 * batch * rows * inner * columns, product: [batch, rows, inner, columns].join(" x ") };
}
