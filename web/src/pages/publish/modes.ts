// What the stage shows: the result, the picture that a part is chosen of, or that in which the focal point is set.

import { Pointer, type Place } from "../pointer";
import { Cropper } from "./crop";
import { loaded } from "./fetched";
import { ALL, type Part } from "./part";
import { decimal, percent, text } from "./words";

type Mode = "result" | "crop" | "point";
type Field = HTMLInputElement | HTMLSelectElement;

const EDGES = ["left", "top", "right", "bottom"] as const;

export class Modes {
  private mode: Mode = "result";
  private readonly cropper: Cropper;
  private readonly pointer: Pointer;
  /** The picture in which the focal point is set, and its address. */
  private readonly whole = new Image();
  private address = "";

  /** `form` has the fields, `page` the buttons, `stage` what is shown, which is `result` at first. */
  constructor(
    private readonly form: HTMLFormElement,
    private readonly page: HTMLElement,
    private readonly stage: HTMLElement,
    private readonly facts: HTMLElement,
    private readonly result: HTMLElement,
  ) {
    this.cropper = new Cropper((part, done) => this.cropped(part, done));
    this.whole.alt = "";
    this.pointer = new Pointer(this.whole, text("point"), (at, done) => this.pointed(at, done));
    this.pointer.element.className = "cropping point-at";
    for (const button of this.buttons()) {
      button.addEventListener("click", () => this.turnTo(button.dataset["mode"] as Mode));
    }
    this.aspects();
    this.page.querySelector("[data-crop-all]")?.addEventListener("click", () => {
      this.cropper.set(ALL);
      this.cropped(ALL, true);
    });
  }

  /** Takes over what the fields say. */
  refresh(): void {
    const locked = (name: string) => this.field(name)?.disabled ?? true;
    for (const button of this.buttons()) {
      const needs = button.dataset["mode"] === "crop" ? EDGES : button.dataset["mode"] === "point" ? ["gravity"] : [];
      button.disabled = needs.some(locked);
      if (button.disabled && this.mode === button.dataset["mode"]) this.turnTo("result");
    }
    const edge = (name: string, none: number) => {
      const value = Number.parseFloat(this.field(name)?.value ?? "");
      return Number.isFinite(value) ? Math.min(Math.max(value, 0), 1) : none;
    };
    const part = { left: edge("left", 0), top: edge("top", 0), right: edge("right", 1), bottom: edge("bottom", 1) };
    if (part.left < part.right && part.top < part.bottom) this.cropper.set(part);
    const [, x, y] = /^\s*([\d.]+)\s*[,:]\s*([\d.]+)\s*$/.exec(this.field("gravity")?.value ?? "") ?? [];
    if (x && y) this.pointer.set([Number(x), Number(y)]);
    if (this.mode !== "result") void this.load();
  }

  private buttons(): HTMLButtonElement[] {
    return [...this.page.querySelectorAll<HTMLButtonElement>("[data-mode]")];
  }

  private field(name: string): Field | null {
    const found = this.form.elements.namedItem(name);
    return found instanceof HTMLInputElement || found instanceof HTMLSelectElement ? found : null;
  }

  turnTo(mode: Mode): void {
    this.mode = mode;
    for (const button of this.buttons()) {
      button.setAttribute("aria-pressed", String(button.dataset["mode"] === mode));
    }
    for (const part of this.page.querySelectorAll<HTMLElement>("[data-for-mode]")) {
      part.hidden = part.dataset["forMode"] !== mode;
    }
    const shown = { result: this.result, crop: this.cropper.element, point: this.pointer.element }[mode];
    this.stage.replaceChildren(shown);
    this.facts.hidden = false;
    if (mode !== "result") void this.load();
  }

  private async load(): Promise<void> {
    const address = this.page.querySelector<HTMLElement>("[data-whole]")?.dataset["whole"] ?? "";
    if (this.mode === "crop") return this.cropper.of(address);
    if (address === this.address) return;
    this.address = address;
    await loaded(this.whole, address);
  }

  /** Writes into fields, and tells of it once. */
  private write(values: Record<string, string>, done: boolean): void {
    let last: Field | null = null;
    for (const [name, value] of Object.entries(values)) {
      const field = this.field(name);
      if (!field) continue;
      field.value = value;
      field.closest<HTMLElement>("[data-control]")?.dispatchEvent(new Event("synced"));
      last = field;
    }
    last?.dispatchEvent(new Event(done ? "change" : "input", { bubbles: true }));
  }

  private cropped(part: Part, done: boolean): void {
    const near = (value: number) => (value < 1e-5 ? "" : decimal(value));
    const far = (value: number) => (value > 1 - 1e-5 ? "" : decimal(value));
    const { left, top, right, bottom } = part;
    this.write({ left: near(left), top: near(top), right: far(right), bottom: far(bottom) }, done);
    const size = `${percent(right - left)} × ${percent(bottom - top)}`;
    this.facts.textContent = text("keep", size);
  }

  private pointed([x, y]: Place, done: boolean): void {
    this.write({ gravity: `${decimal(x)},${decimal(y)}` }, done);
  }

  private aspects(): void {
    const choice = this.page.querySelector<HTMLSelectElement>("[data-aspect]");
    const other = this.page.querySelector<HTMLElement>("[data-aspect-other]");
    const value = other?.querySelector("input");
    const take = (event: Event): void => {
      // None of this is a parameter.
      event.stopPropagation();
      if (other) other.hidden = choice?.value !== "other";
      const written = choice?.value === "other" ? (value?.value ?? "") : (choice?.value ?? "");
      const [, width, height] = /^\s*(\d+(?:\.\d+)?)\s*[:/x×]\s*(\d+(?:\.\d+)?)\s*$/.exec(written) ?? [];
      const ratio = Number(width) / Number(height);
      this.cropper.keep(written === "own" ? -1 : Number.isFinite(ratio) && ratio > 0 ? ratio : 0);
    };
    for (const field of [choice, value]) {
      field?.addEventListener("change", take);
      field?.addEventListener("input", (event) => event.stopPropagation());
    }
  }
}
