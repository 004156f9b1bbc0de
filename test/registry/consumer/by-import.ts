import { defineConfig } from "textdiffusion";
import plugin from "textdiffusion-plugin-spread";

export default defineConfig({
  plugins: [plugin],
  sampler: { name: "spread", steps: 6, distance: 3 },
});
