/** The version of this package, written into checkpoints. A test holds it against package.json. */
export const trainingVersion = "0.1.0";
