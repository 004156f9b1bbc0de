interface TemplateOptions {
  readonly data: string;
  readonly model: string;
}

/** Config files to start from, by what is to be trained. */
export const configTemplates = {
  "new-model": ({ data }: TemplateOptions): string => `import { defineConfig } from "textdiffusion";

/** A small model of a text, from nothing. Paths count from this file; the command line wins over it. */
export default defineConfig({
  data: {
    file: ${JSON.stringify(data)}, // UTF-8; its last tenth is held out, for validation
    rowLength: 128, // tokens that the model sees at once, and the longest text that it writes
    shiftRows: true, // other rows in each epoch: for texts that are read many times
  },
  model: {
    from: "new",
    // One token a byte. For texts of more than some 100 kB a vocabulary is better:
    //   textdiffusion train-tokenizer --data ${data} --vocab-size 2048 --out my-tokenizer
    // tokenizer: "my-tokenizer",
    layers: 3, // few and wide learn sooner than many and narrow
    hidden: 192,
    heads: 6,
  },
  // How training noises text: at first a seventh of each row, then every rate. Small models learn sooner so.
  collator: { name: "stratified", warmup: { share: 0.3 } },
  // How it writes, unless generate says otherwise.
  sampler: { name: "confidence", steps: 64, temperature: 0.7 },
  training: {
    steps: 3000, // or epochs: 20
    batchSize: 16, // rows in memory at once; accumulate: 2 doubles it without the memory
    learningRate: 8e-4,
    warmupSteps: 150,
    decay: "trapezoid", // stays, and falls over the last fifth; also linear, cosine, constant, inverse-sqrt
    beta2: 0.98,
    weightDecay: 0.01,
    ema: 0.999, // validate and save an average of the weights
    evaluateEvery: 250,
    saveEvery: 250, // after Ctrl-C or a crash: textdiffusion train --out my-model --resume
    result: "best", // the weights of the best validation; or last
    // earlyStopping: { patience: 4 },
    // callbacks: [{ name: "samples", every: 250 }, { name: "time-limit", minutes: 60 }], // see it learn; stop in time
    // spikes: { action: "skip" }, // leave out steps whose loss or gradient stands far out; reported they are anyhow
    seed: 1, // the same seed, the same model
  },
});
`,

  "fine-tuning": ({ data, model }: TemplateOptions): string => `import { defineConfig } from "textdiffusion";

/** A BERT or RoBERTa becomes a diffusion model. Paths count from this file; the command line wins over it. */
export default defineConfig({
  data: {
    file: ${JSON.stringify(data)}, // UTF-8; its last tenth is held out, for validation
    rowLength: 128, // at most what the model can read, 512 for most
    documents: "file", // or "paragraph", "line": what stands between begin and end tokens
    // Lines of { "prompt": "...", "response": "..." } of which the responses are learnt:
    // format: "pairs",
  },
  model: {
    from: ${JSON.stringify(model)}, // a Hugging Face folder: config.json, model.safetensors, tokenizer.json
  },
  // Every mask rate alike: all that separates BERT's training, which masks a seventh, from diffusion.
  collator: "stratified",
  sampler: { name: "confidence", steps: 64, temperature: 0.7 },
  training: {
    epochs: 3,
    batchSize: 4, // what fits into memory: a RoBERTa-base of 4 rows takes about 4 GB
    accumulate: 8, // 32 rows a step
    learningRate: 1e-4,
    decay: "cosine",
    weightDecay: 0.01,
    evaluateEvery: "epoch",
    saveEvery: 100,
    keepCheckpoints: 2,
    result: "best",
    seed: 1,
  },
});
`,
} as const;
