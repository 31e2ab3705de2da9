// Saying a place on a picture: by pointer and by arrow keys.

/** A place on a picture, as fractions from its left and its top, whichever way the page is written. */
export type Place = [number, number];

const STEP = 0.01;
const LARGE_STEP = 0.1;

const ARROWS: Record<string, Place> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** How far an arrow key moves, as fractions; none for other keys. */
export function arrow(event: KeyboardEvent): Place | null {
  const to = ARROWS[event.key];
  if (!to || event.ctrlKey || event.metaKey || event.altKey) return null;
  event.preventDefault();
  const step = event.shiftKey ? LARGE_STEP : STEP;
  return [to[0] * step, to[1] * step];
}

/** Where a pointer is on an element, as fractions of it. */
export function pointAt(element: Element, event: PointerEvent): Place {
  const box = element.getBoundingClientRect();
  return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
}

/** The focal point, set on a picture, which `element` has in it; a ring shows it. */
export class Pointer {
  readonly element = document.createElement("div");
  readonly ring = document.createElement("button");
  private at: Place = [0.5, 0.5];

  /** `changed` is told of every change, and whether it is done with. */
  constructor(
    picture: HTMLImageElement,
    label: string,
    private readonly changed: (at: Place, done: boolean) => void,
  ) {
    this.ring.className = "ring";
    this.ring.type = "button";
    this.ring.setAttribute("aria-label", label);
    picture.draggable = false;
    this.element.append(picture, this.ring);
    this.element.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      event.preventDefault();
      this.element.setPointerCapture(event.pointerId);
      this.become(pointAt(picture, event), false);
      this.ring.focus();
    });
    const follow = (event: PointerEvent, done: boolean): void => {
      if (this.element.hasPointerCapture(event.pointerId)) this.become(pointAt(picture, event), done);
    };
    this.element.addEventListener("pointermove", (event) => follow(event, false));
    this.element.addEventListener("pointerup", (event) => follow(event, true));
    this.ring.addEventListener("keydown", (event) => {
      const by = arrow(event);
      if (by) this.become([this.at[0] + by[0], this.at[1] + by[1]], true);
    });
    this.set(this.at);
  }

  /** The point as it is said elsewhere. */
  set(at: Place): void {
    this.at = at;
    this.ring.style.left = `${at[0] * 100}%`;
    this.ring.style.top = `${at[1] * 100}%`;
  }

  private become(at: Place, done: boolean): void {
    const near = (value: number) => Math.round(Math.min(Math.max(value, 0), 1) * 1e3) / 1e3;
    this.set([near(at[0]), near(at[1])]);
    this.changed(this.at, done);
  }
}
