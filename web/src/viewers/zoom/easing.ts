// The courses that a movement may take: from the part of the time that has passed to the part of the way.

// How far a movement "back" goes beyond its end: the usual 1.70158 makes a tenth of the way.
const OVERSHOOT = 1.70158;

const outBack = (t: number) => 1 + (OVERSHOOT + 1) * (t - 1) ** 3 + OVERSHOOT * (t - 1) ** 2;

const inBack = (t: number) => (OVERSHOOT + 1) * t ** 3 - OVERSHOOT * t ** 2;

export const EASINGS = {
  linear: (t: number) => t,
  "in-out-back": (t: number) => (t < 0.5 ? inBack(2 * t) / 2 : 0.5 + outBack(2 * t - 1) / 2),
  "in-out-quadratic": (t: number) => (t < 0.5 ? 2 * t * t : 1 - 2 * (1 - t) ** 2),
  "in-out-sine": (t: number) => (1 - Math.cos(Math.PI * t)) / 2,
  "out-back": outBack,
  "out-quadratic": (t: number) => 1 - (1 - t) ** 2,
  "out-sine": (t: number) => Math.sin((Math.PI * t) / 2),
} as const;

export type Easing = keyof typeof EASINGS;

export function isEasing(name: unknown): name is Easing {
  return typeof name === "string" && Object.hasOwn(EASINGS, name);
}
