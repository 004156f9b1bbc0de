// What the benchmarks share: run peers in turn, each in a process of its own, and compare their medians.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { fileURLToPath } from "node:url";

export const here = fileURLToPath(new URL("./", import.meta.url));

/** Runs a program that prints one JSON line last, and returns what it says; undefined when it cannot run here. */
export function ask(command, args, environment = {}) {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd: here,
    encoding: "utf8",
    env: { ...process.env, ...environment },
    maxBuffer: 2 ** 26,
  });
  const line = stdout?.trim().split("\n").at(-1);
  if (status === 0 && line?.startsWith("{")) return JSON.parse(line);
  console.error(`${command} ${args[0]}: ${(stderr || "could not be started").trim().split("\n").at(-1)}`);
  return undefined;
}

/**
 * PyTorch's processor build at its best: Debian's OpenBLAS over OpenMP where it is installed, so that both share their
 * threads, which wait without taking a core. OPENBLAS_CORETYPE and OPENBLAS_L2_SIZE, which may be set to get an older
 * library to run at all, would slow it down; where OpenBLAS knows the processor too little to take more than its oldest
 * kernels, which are three times slower, it is told those of the same instructions.
 */
export const askTorch = (script, options) => ask(...torchCommand(script, options));

export const torchCommand = (script, options) => [
  process.env.PYTHON ?? "/usr/bin/python3",
  [`torch/${script}`, JSON.stringify(options)],
  {
    OMP_WAIT_POLICY: "passive",
    OPENBLAS_CORETYPE: coreType(),
    OPENBLAS_L2_SIZE: undefined,
    ...openBlasPath,
  },
];

const openBlas = "/usr/lib/x86_64-linux-gnu/openblas-openmp"; // Debian's libopenblas0-openmp
const openBlasPath = existsSync(openBlas) && { LD_LIBRARY_PATH: openBlas };

/** @returns the kernels that OpenBLAS has to be told, undefined where its own choice is right */
function coreType() {
  const said = spawnSync(
    process.env.PYTHON ?? "/usr/bin/python3",
    ["-c", "import torch; torch.ones(64, 64) @ torch.ones(64, 64)"],
    {
      encoding: "utf8",
      env: { ...process.env, OPENBLAS_CORETYPE: undefined, OPENBLAS_VERBOSE: "2", ...openBlasPath },
    },
  );
  if (!/Core: Prescott/.test(`${said.stdout}${said.stderr}`)) return undefined;
  const flags = readFileSync("/proc/cpuinfo", "utf8");
  return flags.includes("avx512_bf16") ? "Cooperlake" : flags.includes("avx512f") ? "SkylakeX" : "Haswell";
}

export const nodeCommand = (script, options) => [process.execPath, [script, JSON.stringify(options)]];

export const askNode = (script, options) => ask(...nodeCommand(script, options));

/**
 * Measures peers in rounds, so that a busy minute of the machine hits all of them, and prints a table.
 *
 * @param peers - `[name, () => answer]`, the one that is compared first; an answer has `ms` and `peakMb`, and
 * may have `outsideMs`, the part of each sample that the program itself takes, and `processorMs`, the time of all
 * threads together
 */
export function compare(title, peers, rounds) {
  const samples = new Map(
    peers.map(([name]) => [name, { ms: [], outsideMs: [], processorMs: [], peakMb: 0 }]),
  );
  for (let round = 0; round < rounds; round++) {
    for (const [name, run] of peers) {
      const answer = run();
      const known = samples.get(name);
      if (!answer) continue;
      known.ms.push(...answer.ms);
      known.outsideMs.push(...(answer.outsideMs ?? []));
      known.processorMs.push(...(answer.processorMs ?? []));
      known.peakMb = Math.max(known.peakMb, answer.peakMb);
    }
  }
  printTable(title, samples);
  return samples;
}

/**
 * A table of what programs took, each compared to the first.
 *
 * @param samples - `{ ms, processorMs, peakMb }` by name
 */
export function printTable(title, samples) {
  console.log(`\n${title} (${availableParallelism()} x ${cpus()[0].model.trim()})`);
  console.log(
    "| | median ms | smallest | quarter to three quarters | processor ms | samples | peak MB | times as fast as the first |",
  );
  console.log("| --- | --- | --- | --- | --- | --- | --- | --- |");
  const first = median([...samples.values()][0].ms);
  for (const [name, { ms, processorMs, peakMb }] of samples) {
    if (ms.length === 0) {
      console.log(`| ${name} | not run here | | | | 0 | | |`);
      continue;
    }
    const [low, middle, high] = [0.25, 0.5, 0.75].map((part) => quantile(ms, part));
    const cells = [middle, Math.min(...ms)].map((value) => value.toFixed(1));
    const ratio = (first / middle).toFixed(2);
    const processor = processorMs.length > 0 ? median(processorMs).toFixed(0) : "";
    console.log(
      `| ${name} | ${cells.join(" | ")} | ${low.toFixed(1)} to ${high.toFixed(1)} | ${processor} | ${ms.length} | ${peakMb.toFixed(0)} | ${ratio} |`,
    );
  }
}

/** Processor time of all threads since `process.cpuUsage()` gave `before`. */
export function millisecondsSince(before) {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

export const median = (values) => quantile(values, 0.5);

export function quantile(values, part) {
  const sorted = [...values].sort((a, b) => a - b);
  const place = (sorted.length - 1) * part;
  const [low, high] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  return low + (high - low) * (place % 1);
}
