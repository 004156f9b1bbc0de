import { expect, it } from "vitest";
import { processorsIn } from "./nvidia.js";

it("reads what NVIDIA's driver lists, the memory in MiB, and nothing from its complaints", () => {
  const listing = "NVIDIA H100 80GB HBM3, 81559, 550.54.15\nTesla T4, 15360, 550.54.15\n";
  expect(processorsIn(listing)).toEqual([
    { name: "NVIDIA H100 80GB HBM3", memoryBytes: 81559 * 1048576, driver: "550.54.15" },
    { name: "Tesla T4", memoryBytes: 15360 * 1048576, driver: "550.54.15" },
  ]);
  expect(processorsIn("No devices were found\n")).toEqual([]);
});
