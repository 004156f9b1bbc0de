// For steps that are much shorter than their program's start: all programs run at once, and one after the other is asked
// for one step, so that a busy minute of the machine hits all of them alike.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { here, millisecondsSince } from "./measure.mjs";

/**
 * A program that answers each line of its input with one line of JSON. It says that it is ready with a first line.
 *
 * @returns undefined when it cannot run here
 */
export async function startProgram(command, args, environment = {}) {
  const child = spawn(command, args, {
    cwd: here,
    env: { ...process.env, ...environment },
    stdio: ["pipe", "pipe", "inherit"],
  });
  child.on("error", () => undefined); // its output ends, too
  child.stdin.on("error", () => undefined);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async () => {
    const { value, done } = await lines.next();
    return done ? undefined : JSON.parse(value);
  };
  const program = {
    ask: (question) => {
      child.stdin.write(`${JSON.stringify(question)}\n`);
      return answer();
    },
    stop: () => child.stdin.end(),
  };
  return (await answer()) && program;
}

/** @returns `{ ms, processorMs, peakMb }` of each program that runs, by name, in as many rounds */
export async function askInTurns(programs, question, rounds) {
  const samples = new Map([...programs.keys()].map((name) => [name, { ms: [], processorMs: [], peakMb: 0 }]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, program] of programs) {
      const answer = await program?.ask(question);
      if (!answer) continue;
      const known = samples.get(name);
      known.ms.push(answer.ms);
      known.processorMs.push(answer.processorMs);
      known.peakMb = answer.peakMb;
    }
  }
  return samples;
}

/** The part of such a program that listens: `step` gets the question and the number of the step. */
export async function answerInTurns(step) {
  console.log(JSON.stringify({ ready: true }));
  let count = 0;
  for await (const line of createInterface({ input: process.stdin })) {
    const [start, processor] = [performance.now(), process.cpuUsage()];
    await step(JSON.parse(line), count++);
    const [ms, processorMs] = [performance.now() - start, millisecondsSince(processor)];
    console.log(JSON.stringify({ ms, processorMs, peakMb: process.resourceUsage().maxRSS / 1024 }));
  }
}
