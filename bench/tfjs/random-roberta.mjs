// Writes the folder of a RoBERTa with random weights: node bench/tfjs/random-roberta.mjs '{"folder": "roberta", "layers": 12, ...}'
import { startBackend } from "@textdiffusion/backend-node";
import { Random } from "@textdiffusion/core";
import { createModel, saveModel } from "@textdiffusion/models";

const { folder, ...sizes } = JSON.parse(process.argv[2]);
const backend = await startBackend();
const model = await createModel({ architecture: "roberta", dropout: 0.1, ...sizes }, Random.fromSeed(1));
await saveModel(model, folder);
model.dispose();
await backend.dispose();
