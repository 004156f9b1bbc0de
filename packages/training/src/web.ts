/*
 * Learner and trainer without checkpoint folders and other files: an entry of its own, so that a page or a Worker may train.
 * A test holds it free of Node.
 */
export { createLearner } from "./learner/learner.js";
export * from "./trainer/without-files.js";
