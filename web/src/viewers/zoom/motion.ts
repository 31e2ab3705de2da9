// How a viewer moves: its springs follow one of the courses that options name.

import OpenSeadragon from "openseadragon";

import { EASINGS, type Easing } from "./easing";

// A spring with the fields that its type does not tell.
interface Timed {
  value: number;
  time: number;
  _logValue?: number;
}

export function follow(viewport: OpenSeadragon.Viewport, easing: Easing): void {
  const { centerSpringX, centerSpringY, zoomSpring } = viewport as unknown as Record<
    "centerSpringX" | "centerSpringY" | "zoomSpring",
    OpenSeadragon.Spring
  >;
  for (const spring of [centerSpringX, centerSpringY, zoomSpring]) bend(spring, EASINGS[easing]);
}

// Magnifications move evenly on a logarithmic scale, as OpenSeadragon has it.
function bend(spring: OpenSeadragon.Spring, course: (time: number) => number): void {
  const { current, start, target } = spring as unknown as Record<"current" | "start" | "target", Timed>;
  const logarithmic = start._logValue !== undefined;
  spring.update = () => {
    current.time = OpenSeadragon.now();
    const span = target.time - start.time;
    const passed = span <= 0 ? 1 : (current.time - start.time) / span;
    if (passed >= 1) {
      current.value = target.value;
      if (logarithmic) current._logValue = target._logValue;
      return false;
    }
    const part = course(Math.max(0, passed));
    if (logarithmic) {
      const [from, to] = [start._logValue ?? 0, target._logValue ?? 0];
      current._logValue = from + (to - from) * part;
      current.value = Math.exp(current._logValue);
    } else {
      current.value = start.value + (target.value - start.value) * part;
    }
    return true;
  };
}
