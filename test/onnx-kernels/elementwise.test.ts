import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { installOnnxBackend } from "@textdiffusion/tfjs-backend-onnx";
import fc from "fast-check";
import { beforeAll, describe, it } from "vitest";
import { expectAgreement, rounding, type Tolerance } from "./agreement.js";
import {
  anyFloat,
  anyShape,
  bools,
  broadcastingShapes,
  floats,
  ints,
  ofAnyType,
  tameFloat,
} from "./arbitraries.js";

beforeAll(async () => {
  await installOnnxBackend({ threads: 1, warn: () => {} }); // every sample has a new shape
});

type Unary = (x: tf.Tensor) => tf.Tensor;

/** ONNX Runtime approximates these in float32; the cpu backend computes in doubles, but erf by a short formula. */
const approximated: Tolerance = { relative: 2e-6, absolute: 1e-6 };

describe("functions of one float agree with cpu, NaN and infinities included", () => {
  const functions: Record<string, [Unary, Tolerance?]> = {
    abs: [tf.abs],
    acos: [tf.acos],
    acosh: [tf.acosh],
    asin: [tf.asin],
    asinh: [tf.asinh],
    atan: [tf.atan],
    atanh: [tf.atanh],
    ceil: [tf.ceil],
    clipByValue: [(x) => tf.clipByValue(x, -1.5, 2)],
    elu: [tf.elu, approximated],
    erf: [tf.erf, approximated],
    exp: [tf.exp, approximated],
    expm1: [tf.expm1, approximated],
    floor: [tf.floor],
    isFinite: [tf.isFinite],
    isInf: [tf.isInf],
    isNaN: [tf.isNaN],
    leakyRelu: [(x) => tf.leakyRelu(x, 0.3)],
    log: [tf.log],
    log1p: [tf.log1p, approximated],
    neg: [tf.neg],
    reciprocal: [tf.reciprocal],
    relu: [tf.relu],
    relu6: [tf.relu6],
    round: [tf.round],
    rsqrt: [tf.rsqrt],
    selu: [tf.selu, approximated],
    sigmoid: [tf.sigmoid, approximated],
    sign: [tf.sign],
    sqrt: [tf.sqrt],
    square: [tf.square],
    step: [(x) => tf.step(x, 0.25)],
    tanh: [tf.tanh, approximated],
    toBool: [(x) => tf.cast(x, "bool")],
    toInt: [(x) => tf.cast(x, "int32")],
  };
  it.each(Object.keys(functions))("%s", async (name) => {
    const [operation, tolerance] = functions[name];
    await fc.assert(
      fc.asyncProperty(
        anyShape().chain((shape) => floats(shape)),
        (sample) => expectAgreement([sample], operation, tolerance),
      ),
      { numRuns: 30 },
    );
  });

  // Large angles lose their digits in float32, so these are compared on ordinary numbers.
  const ofAngles: Record<string, Unary> = {
    cos: tf.cos,
    cosh: tf.cosh,
    sin: tf.sin,
    sinh: tf.sinh,
    softplus: tf.softplus,
    tan: tf.tan,
  };
  it.each(Object.keys(ofAngles))("%s of ordinary numbers", async (name) => {
    await fc.assert(
      fc.asyncProperty(
        anyShape().chain((shape) => floats(shape, tameFloat)),
        (sample) => expectAgreement([sample], ofAngles[name], { relative: 2e-5, absolute: 2e-6 }),
      ),
      { numRuns: 20 },
    );
  });
});

describe("functions of one integer or truth value agree with cpu", () => {
  const functions: Record<string, Unary> = {
    abs: tf.abs,
    neg: tf.neg,
    relu: tf.relu,
    sign: tf.sign,
    toBool: (x) => tf.cast(x, "bool"),
    toFloat: (x) => tf.cast(x, "float32"),
  };
  it.each(Object.keys(functions))("%s of int32", async (name) => {
    await fc.assert(
      fc.asyncProperty(
        // The cpu backend rounds the absolute value to a float.
        anyShape().chain((shape) =>
          name === "abs" ? ints(shape, fc.integer({ min: -99, max: 99 })) : ints(shape),
        ),
        (sample) => expectAgreement([sample], functions[name]),
      ),
      { numRuns: 20 },
    );
  });
  it("not, and casts of bool", async () => {
    await fc.assert(
      fc.asyncProperty(
        anyShape().chain((shape) => bools(shape)),
        (sample) =>
          expectAgreement([sample], (x) => [
            tf.logicalNot(x as tf.Tensor<tf.Rank>),
            tf.cast(x, "float32"),
            tf.cast(x, "int32"),
          ]),
      ),
      { numRuns: 20 },
    );
  });
});

type Binary = (a: tf.Tensor, b: tf.Tensor) => tf.Tensor;

const arithmetic: Record<string, Binary> = {
  add: tf.add,
  sub: tf.sub,
  mul: tf.mul,
  div: tf.div,
  floorDiv: tf.floorDiv,
  maximum: tf.maximum,
  minimum: tf.minimum,
  mod: tf.mod,
  squaredDifference: tf.squaredDifference,
};
const comparisons: Record<string, Binary> = {
  equal: tf.equal,
  notEqual: tf.notEqual,
  greater: tf.greater,
  greaterEqual: tf.greaterEqual,
  less: tf.less,
  lessEqual: tf.lessEqual,
};

describe("functions of two numbers agree with cpu and broadcast as it does", () => {
  it.each(Object.keys(arithmetic))("%s of floats", async (name) => {
    // The quotient of huge and tiny numbers overflows int32, where the conversion is undefined.
    const value = name === "floorDiv" ? tameFloat : anyFloat;
    await fc.assert(
      fc.asyncProperty(
        broadcastingShapes().chain(([a, b]) => fc.tuple(floats(a, value), floats(b, value))),
        (samples) => expectAgreement(samples, arithmetic[name] as never, { relative: 2e-5, absolute: 1e-5 }),
      ),
      { numRuns: 40 },
    );
  });

  it.each(Object.keys(arithmetic))(
    "%s of integers, wrap-around and division by zero included",
    async (name) => {
      await fc.assert(
        fc.asyncProperty(
          // Products above 2^53 are rounded on the cpu backend before they wrap around, and exact here.
          broadcastingShapes().chain(([a, b]) =>
            ["mul", "squaredDifference"].includes(name)
              ? fc.tuple(
                  ints(a, fc.integer({ min: -9e7, max: 9e7 })),
                  ints(b, fc.integer({ min: -9e6, max: 9e6 })),
                )
              : fc.tuple(ints(a), ints(b)),
          ),
          (samples) => expectAgreement(samples, arithmetic[name] as never),
        ),
        { numRuns: 40 },
      );
    },
  );

  it.each(Object.keys(comparisons))("%s of any type", async (name) => {
    await fc.assert(
      fc.asyncProperty(
        broadcastingShapes().chain(([a, b]) =>
          fc.oneof(fc.tuple(floats(a), floats(b)), fc.tuple(ints(a), ints(b)), fc.tuple(bools(a), bools(b))),
        ),
        (samples) => expectAgreement(samples, comparisons[name] as never),
      ),
      { numRuns: 30 },
    );
  });

  it("and, or, xor", async () => {
    await fc.assert(
      fc.asyncProperty(
        broadcastingShapes().chain(([a, b]) => fc.tuple(bools(a), bools(b))),
        (samples) =>
          expectAgreement(samples, (a, b) => [tf.logicalAnd(a, b), tf.logicalOr(a, b), tf.logicalXor(a, b)]),
      ),
      { numRuns: 30 },
    );
  });

  it("pow, with exponents that are constants and ones that are not", async () => {
    const base = fc.float({ min: Math.fround(0.1), max: 5, noNaN: true });
    const exponent = fc.constantFrom(-2, -1, -0.5, 0, 0.5, 1, 1.5, 2, 3);
    await fc.assert(
      fc.asyncProperty(
        broadcastingShapes().chain(([a, b]) => fc.tuple(floats(a, base), floats(b, exponent))),
        (samples) => expectAgreement(samples, tf.pow, { relative: 1e-5, absolute: 1e-6 }),
      ),
      { numRuns: 40 },
    );
  });

  it("atan2 in all quadrants, prelu, addN", async () => {
    await fc.assert(
      fc.asyncProperty(
        broadcastingShapes().chain(([a, b]) => fc.tuple(floats(a, tameFloat), floats(b, tameFloat))),
        (samples) => expectAgreement(samples, (a, b) => [tf.atan2(a, b), tf.prelu(a, b)]),
      ),
      { numRuns: 30 },
    );
    await fc.assert(
      fc.asyncProperty(
        anyShape().chain((shape) =>
          fc.tuple(floats(shape, tameFloat), floats(shape, tameFloat), floats(shape, tameFloat)),
        ),
        (samples) => expectAgreement(samples, (...terms) => tf.addN(terms)),
      ),
      { numRuns: 20 },
    );
  });

  it("where, of every type", async () => {
    await fc.assert(
      fc.asyncProperty(
        broadcastingShapes(1).chain(([a, b]) =>
          fc.tuple(
            bools(a),
            fc.oneof(
              fc.tuple(floats(b), floats(a)),
              fc.tuple(ints(b), ints(a)),
              fc.tuple(bools(b), bools(a)),
            ),
          ),
        ),
        ([condition, [t, e]]) => expectAgreement([condition, t, e], (c, yes, no) => tf.where(c, yes, no)),
      ),
      { numRuns: 30 },
    );
  });

  it("a cast to the type that it has, and identity, share the values", async () => {
    await fc.assert(
      fc.asyncProperty(anyShape().chain(ofAnyType), (sample) =>
        expectAgreement([sample], (x) => [tf.clone(x), tf.cast(x, x.dtype)], rounding),
      ),
      { numRuns: 20 },
    );
  });
});
