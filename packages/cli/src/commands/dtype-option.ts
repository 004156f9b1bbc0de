import { Option } from "commander";
import { weightTypes } from "textdiffusion";

/** `--dtype` of the commands that run a model. */
export function dtypeOption(): Option {
  return new Option(
    "--dtype <name>",
    "how weights are held: q8, 8-bit integers, is faster, takes less memory and is a little less exact; needs the backend onnx (default: fp32)",
  ).choices(weightTypes);
}
