import { createHash } from "node:crypto";
import {
  API_VERSION,
  byName,
  createPipeline,
  type DataSource,
  definePlugin,
  defineSource,
} from "@textdiffusion/core";
import { dataPlugin, recordOptions } from "@textdiffusion/data";
import { z } from "zod";
import { cachedDataset, type PulledDataset, pullDataset } from "./pull-dataset.js";

const options = z.strictObject({
  dataset: z.string().min(1).describe("its name on the Hub: owner/name"),
  subset: z.string().min(1).optional().describe("may be left out where there is one alone"),
  split: z.string().min(1).default("train").describe("which part of it"),
  revision: z.string().min(1).optional().describe("a commit of the Hub's Parquet files; default the newest"),
  ...recordOptions,
});

export type HubSourceOptions = z.input<typeof options>;

/** A split of a data set of the Hugging Face Hub: from the cache where it is there, else downloaded when it is first read. */
export const hubSource = defineSource({
  name: "hub",
  description:
    "A data set of the Hugging Face Hub by name: the text of a column, or pairs of two; rows by conditions.",
  source: "Own",
  exceptions: [
    { law: "options-decode-from-nothing", reason: "there is no data set but the one that is named" },
  ],
  options,
  create: ({ dataset, subset, split, revision, ...choices }) => {
    const choice = { dataset, subset, split, revision };
    let opened:
      | Promise<{ readonly pulled: Omit<PulledDataset, "isNew">; readonly source: DataSource }>
      | undefined;
    const open = async () => {
      const pulled = (await cachedDataset(choice)) ?? (await pullDataset(choice));
      const parquet = byName({ name: "parquet", files: [...pulled.files], ...choices });
      const pipeline = await createPipeline({ plugins: [dataPlugin], source: parquet });
      return { pulled, source: await pipeline.get("source") };
    };
    const once = () => {
      opened ??= open();
      return opened;
    };
    return {
      name: `hub:${dataset}`,
      async *documents(from) {
        yield* (await once()).source.documents(from);
      },
      fingerprint: async () =>
        createHash("sha256")
          .update((await once()).pulled.hashes.join(" "))
          .digest("hex"),
    };
  },
});

declare module "@textdiffusion/core" {
  interface KnownSources {
    hub: HubSourceOptions;
  }
}

/** The source of this package, for `plugins`. */
export const hubPlugin = definePlugin({
  name: "@textdiffusion/hub",
  apiVersion: API_VERSION,
  sources: [hubSource],
});
