import { type ComponentKind, componentKinds, DiffusionError, listNames } from "@textdiffusion/core";

/** What a plugin can bring: every kind of component that a config can choose. */
export type PluginKind = ComponentKind;

/** What each kind is, and what its template holds. */
export const pluginKinds: Readonly<Record<PluginKind, { readonly what: string; readonly template: string }>> =
  {
    sampler: {
      what: "the reverse step: which masked tokens are written when",
      template: "a commit rule that keeps the positions of one step apart",
    },
    schedule: {
      what: "how noise grows with time",
      template: "(1 - t)^power in closed form, with its inverse",
    },
    collator: {
      what: "which tokens are masked in training, and what each mask weighs",
      template: "an exact number of masks behind a random beginning, composed from row policies",
    },
    denoiser: {
      what: "the model that predicts the masked tokens",
      template: "a model behind HTTP, and the server for it",
    },
    source: {
      what: "where documents to train on come from",
      template: "the sequences of a FASTA file, each a document",
    },
    callback: {
      what: "who watches a training, and may stop it",
      template: "stops once a validation is as good as wanted",
    },
    tokenizer: {
      what: "text to token ids and back",
      template: "pieces of fixed length of a small alphabet (k-mers)",
    },
    backend: {
      what: "where tensors live and kernels run",
      template: "another backend, watched for tensors that were never disposed of",
    },
  };

/** @throws DiffusionError `CONFIG_INVALID` that lists the kinds */
export function assertPluginKind(kind: string): PluginKind {
  if (componentKinds.includes(kind as PluginKind)) return kind as PluginKind;
  throw new DiffusionError({
    code: "CONFIG_INVALID",
    component: "create-plugin/kind",
    problem: `expected a kind of plugin, got "${kind}". Known: ${listNames(componentKinds)}`,
    remedy: "Correct --kind",
    details: { kind, known: componentKinds },
  });
}
