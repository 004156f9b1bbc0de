export { type RegexConstraintOptions, regexConstraint } from "./regex-constraint.js";
