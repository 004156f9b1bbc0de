import type { NoiseCurve, NoiseSchedule } from "../../contracts/noise-schedule.js";
import { faceOf } from "./face-of.js";
import { broken, calling, type Origin } from "./origin.js";

/** Shares are numbers in [0, 1] and derivatives are numbers, at every position too. */
export function checkedSchedule(schedule: NoiseSchedule, origin: Origin): NoiseSchedule {
  const { perPosition } = schedule;
  return faceOf<NoiseSchedule>(schedule, {
    ...checkedCurve(schedule, origin),
    timeAt: (alpha) =>
      assertShare(
        calling(origin, "timeAt", () => schedule.timeAt(alpha)),
        "timeAt",
        alpha,
        origin,
      ),
    ...(perPosition && {
      perPosition: {
        dependsOn: perPosition.dependsOn,
        curves: (row) => {
          const curves = calling(origin, "perPosition.curves", () => perPosition.curves(row));
          if (typeof curves !== "function")
            throw broken(origin, "a function of the position from perPosition.curves", curves);
          return (position) => {
            const curve = calling(origin, "perPosition.curves", () => curves(position));
            if (typeof curve?.alpha === "function") return checkedCurve(curve, origin);
            throw broken(origin, `a curve of position ${position} from perPosition.curves`, curve);
          };
        },
      },
    }),
  });
}

// --- internal ---

function checkedCurve(curve: NoiseCurve, origin: Origin): NoiseCurve {
  return {
    alpha: (t) =>
      assertShare(
        calling(origin, "alpha", () => curve.alpha(t)),
        "alpha",
        t,
        origin,
      ),
    alphaDerivative: (t) => {
      const derivative = calling(origin, "alphaDerivative", () => curve.alphaDerivative(t));
      if (typeof derivative === "number" && !Number.isNaN(derivative)) return derivative;
      throw broken(origin, `a number from alphaDerivative(${t})`, derivative);
    },
    ...(curve.maskRate && {
      maskRate: (t: number) =>
        assertShare(
          calling(origin, "maskRate", () => curve.maskRate?.(t)),
          "maskRate",
          t,
          origin,
        ),
    }),
  };
}

/** A few units of rounding beyond its ends are forgiven. */
function assertShare(value: number | undefined, method: string, argument: number, origin: Origin): number {
  if (typeof value === "number" && value >= -1e-9 && value <= 1 + 1e-9) return value;
  throw broken(origin, `a number from 0 to 1 from ${method}(${argument})`, value);
}
