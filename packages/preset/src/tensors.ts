/*
 * The parts that take and return tensors: models, the learner, the formulas. An entry of its own, so that the other one has
 * none of the types of TensorFlow.js, which do not compile where libraries are checked.
 */
export { freezeWeights } from "@textdiffusion/backend-node/freeze-weights";
export * from "@textdiffusion/models";
export * as ops from "@textdiffusion/ops";
export * from "@textdiffusion/training";
