export { createLearner } from "./learner/learner.js";
export * from "./trainer.js";
