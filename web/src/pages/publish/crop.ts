// The part that is kept, chosen on the picture: drawn, moved and resized by pointer and by keyboard.

import { arrow, pointAt } from "../pointer";
import { loaded } from "./fetched";
import { ALL, EDGES, drawn, moved, resized, shaped, type Edge, type Part } from "./part";
import { text } from "./words";

export class Cropper {
  readonly element = document.createElement("div");
  private readonly picture = new Image();
  private readonly frame = document.createElement("div");
  /** Darkens what is not kept. It ends at the picture's edge, which the handles do not. */
  private readonly shadow = document.createElement("div");
  private readonly inside = document.createElement("button");
  private address = "";
  private part = ALL;
  /** Width by height in pixels, 0 for any. */
  private ratio = 0;

  /** `changed` is told of every change, and whether it is done with. */
  constructor(private readonly changed: (part: Part, done: boolean) => void) {
    this.element.className = "cropping";
    this.frame.className = "crop-frame";
    this.inside.className = "crop-move";
    this.inside.type = "button";
    this.inside.setAttribute("aria-label", text("move"));
    this.picture.alt = "";
    this.picture.draggable = false;
    this.frame.append(this.inside, ...EDGES.map((edge) => this.handle(edge)));
    const veil = document.createElement("div");
    veil.className = "crop-veil";
    veil.append(this.shadow);
    this.element.append(this.picture, veil, this.frame);
    this.element.addEventListener("pointerdown", (event) => this.grasp(event));
    this.element.addEventListener("keydown", (event) => this.key(event));
    this.draw();
  }

  /** The picture that the part is chosen of. */
  async of(address: string): Promise<void> {
    if (address === this.address) return;
    this.address = address;
    await loaded(this.picture, address);
  }

  /** The part as it is said elsewhere. */
  set(part: Part): void {
    this.part = part;
    this.draw();
  }

  /** The shape that it keeps from now on, as width by height in pixels; 0 for any, −1 for the picture's own. */
  keep(ratio: number): void {
    const { naturalWidth, naturalHeight } = this.picture;
    this.ratio = ratio < 0 ? naturalWidth / naturalHeight : ratio;
    if (this.shape > 0) this.become(shaped(this.part, this.shape), true);
  }

  /** The shape as fractions of the picture. */
  private get shape(): number {
    const { naturalWidth, naturalHeight } = this.picture;
    return this.ratio > 0 && naturalWidth > 0 ? (this.ratio * naturalHeight) / naturalWidth : 0;
  }

  private handle(edge: Edge): HTMLButtonElement {
    const handle = document.createElement("button");
    handle.type = "button";
    handle.className = "crop-handle";
    handle.dataset["edge"] = edge;
    handle.setAttribute("aria-label", text(edge));
    const at = (low: string, high: string) => (edge.includes(low) ? "0%" : edge.includes(high) ? "100%" : "50%");
    handle.style.left = at("w", "e");
    handle.style.top = at("n", "s");
    return handle;
  }

  private draw(): void {
    const { left, top, right, bottom } = this.part;
    const share = (value: number) => `${value * 100}%`;
    for (const { style } of [this.frame, this.shadow]) {
      style.left = share(left);
      style.top = share(top);
      style.width = share(right - left);
      style.height = share(bottom - top);
    }
  }

  private become(part: Part, done: boolean): void {
    this.part = part;
    this.draw();
    this.changed(part, done);
  }

  private grasp(event: PointerEvent): void {
    if (event.button !== 0 || !(event.target instanceof HTMLElement)) return;
    event.preventDefault();
    const { target } = event;
    const [from, before] = [pointAt(this.picture, event), this.part];
    const edge = target.dataset["edge"] as Edge | undefined;
    const whole = before.right - before.left > 0.999 && before.bottom - before.top > 0.999;
    // All of the picture cannot be moved: there a new part is drawn.
    const moves = target === this.inside && !whole;
    if (target instanceof HTMLButtonElement) target.focus();
    this.element.setPointerCapture(event.pointerId);
    const to = (event: PointerEvent): Part => {
      const [x, y] = pointAt(this.picture, event);
      if (edge) return resized(before, edge, x, y, this.shape);
      return moves ? moved(before, x - from[0], y - from[1]) : drawn(from, [x, y], this.shape);
    };
    const stop = new AbortController();
    const { signal } = stop;
    let last: Part | null = null;
    this.element.addEventListener("pointermove", (event) => this.become((last = to(event)), false), { signal });
    for (const name of ["pointerup", "pointercancel"] as const) {
      this.element.addEventListener(
        name,
        () => {
          stop.abort();
          if (last) this.become(last, true);
        },
        { signal },
      );
    }
  }

  private key(event: KeyboardEvent): void {
    const by = arrow(event);
    if (!by || !(event.target instanceof HTMLElement)) return;
    const { left, top, right, bottom } = this.part;
    const edge = event.target.dataset["edge"] as Edge | undefined;
    if (!edge) return this.become(moved(this.part, by[0], by[1]), true);
    const x = edge.includes("w") ? left : right;
    const y = edge.includes("n") ? top : bottom;
    // With a shape, each arrow that makes one side larger makes the other one larger, too.
    const [toX, toY] = this.shape > 0 && edge.length === 2 ? this.along(edge, by) : by;
    this.become(resized(this.part, edge, x + toX, y + toY, this.shape), true);
  }

  /** Along the diagonal of a corner. */
  private along(edge: Edge, by: [number, number]): [number, number] {
    const [outX, outY] = [edge.includes("e") ? 1 : -1, edge.includes("s") ? 1 : -1];
    const out = by[0] * outX + by[1] * outY;
    return [out * outX, (out * outY) / this.shape];
  }
}
