// What a process holds while a RoBERTa encoder sees inputs of several sizes, each of them twice, and after it is disposed of:
// node bench/tfjs/inference-memory.mjs '{"backend": "onnx", "inputs": [[1, 256, 256]], ...}'. Prints one JSON line.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { startModel } from "./start-model.mjs";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc");
const { options, onnx, model } = await startModel();
const residentMb = [resident()];
if (options.freeze) await onnx.freeze(model.parameters.values(), { dtype: options.freeze });
for (const [batch, seq, masked] of options.inputs) {
  for (let round = 0; round < 2; round++) {
    const ids = new Int32Array(batch * seq).fill(7);
    const attentionMask = new Uint8Array(batch * seq).fill(1);
    const positions = Int32Array.from({ length: masked }, (_, position) => position);
    const logits = model.logits({ batch, seq, ids, attentionMask, positions });
    await logits.data();
    logits.dispose();
  }
  residentMb.push(resident());
}
model.dispose();
residentMb.push(resident());
console.log(JSON.stringify({ residentMb, peakMb: process.resourceUsage().maxRSS / 1024 }));

function resident() {
  collectGarbage();
  return process.memoryUsage().rss / 2 ** 20;
}
