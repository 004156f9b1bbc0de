/**
 * How noise grows with time. One clock: `t = 0` is clean text, `t = 1` is a page of `[MASK]`.
 *
 * A schedule is three closed forms; mask rate, loss weight and reveal probability follow from them in
 * `schedule-math.ts`. Laws (testkit `noiseScheduleLaws`): `alpha(0) >= 1 - epsilon`, `alpha(1) <= epsilon`
 * with the stated `epsilon`; alpha never rises; the derivative agrees with finite differences; the loss
 * weight is finite and not negative on (0, 1]; `timeAt(alpha(t)) = t`.
 */
export interface NoiseSchedule {
  readonly name: string;
  /** How far alpha(0) may lie below 1 and alpha(1) above 0. 0 for an exact schedule. */
  readonly epsilon: number;
  /** Probability that a token is still clean at time `t` in [0, 1]. */
  alpha(t: number): number;
  /** d alpha / d t, never positive. */
  alphaDerivative(t: number): number;
  /** The inverse: the time at which a share `alpha` of the tokens is clean. Clamped to [0, 1]. */
  timeAt(alpha: number): number;
  /**
   * `1 - alpha(t)`, given only by schedules that can say it more precisely than that subtraction
   * (`-expm1(-sigma)` when alpha is `exp(-sigma)`).
   */
  maskRate?(t: number): number;
}
