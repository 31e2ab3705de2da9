// Pictures one after the other in one place.

import type { Picture } from "../shared/api";
import { load, reason } from "../shared/busy";
import { button, isRightToLeft, make, prefersLessMotion, setIcon } from "../shared/dom";
import { ICONS } from "../shared/icons";
import { inBox } from "../shared/sizes";
import { textsFor, type Say } from "../shared/texts";
import { settle, type Options } from "./options";

// How far a finger has to move to turn over, in pixels.
const SWIPE = 40;

export class Slideshow {
  readonly root: HTMLElement;
  private readonly say: Say;
  private readonly options: Options;
  private readonly stage = make("div", "halftone-slideshow-stage");
  private readonly dots = make("div", "halftone-slideshow-dots");
  private readonly playing: HTMLButtonElement;
  private readonly ending = new AbortController();
  private slides: HTMLElement[] = [];
  private moves: Animation[] = [];
  private at = 0;
  private wanted = 0;
  private timer: number | undefined;
  // Whether it goes on by itself, unless somebody looks closer.
  private runs = !prefersLessMotion();
  private pointed = false;
  private focused = false;
  // The shapes of the pictures that have come, as width over height.
  private shapes: number[] = [];

  constructor(
    private readonly container: HTMLElement,
    given: Partial<Options>,
    private readonly changed: (index: number) => void = () => undefined,
  ) {
    this.options = settle(given);
    this.say = textsFor(container);
    const { controls, dots, dotColor, dotSelectedColor } = this.options;
    this.root = make("section", "halftone-slideshow", {
      "aria-roledescription": this.say("carousel"),
      "aria-label": this.say("slideshow"),
      "data-mode": this.options.mode,
    });
    this.root.style.setProperty("--halftone-dot", dotColor);
    this.root.style.setProperty("--halftone-dot-selected", dotSelectedColor);
    this.playing = button("halftone-round halftone-slideshow-button halftone-slideshow-play", "", "", () =>
      this.runs ? this.stop() : this.start(),
    );
    const frame = make("div", "halftone-slideshow-frame");
    if (controls || dots) frame.append(this.playing);
    if (controls) frame.append(...this.arrows());
    if (dots) frame.append(this.dots);
    this.root.append(this.stage, frame);
    container.replaceChildren(this.root);
    this.listen();
    this.showState();
  }

  private arrows(): HTMLElement[] {
    const name = "halftone-round halftone-round-way halftone-slideshow-button halftone-slideshow";
    return [
      button(`${name}-previous`, this.say("previous"), ICONS.previous, () => this.previous()),
      button(`${name}-next`, this.say("next"), ICONS.next, () => this.next()),
    ];
  }

  private listen(): void {
    const { signal } = this.ending;
    if (this.options.pauseOnHover) {
      this.root.addEventListener("pointerenter", () => this.hold({ pointed: true }));
      this.root.addEventListener("pointerleave", () => this.hold({ pointed: false }));
    }
    // Who has clicked and gone away again has left the focus behind.
    this.root.addEventListener("focusin", ({ target }) => {
      if (target instanceof Element && target.matches(":focus-visible")) this.hold({ focused: true });
    });
    this.root.addEventListener("focusout", () => this.hold({ focused: false }));
    this.root.addEventListener("keydown", (event) => this.keyPressed(event));
    document.addEventListener("visibilitychange", () => this.schedule(), { signal });
    this.listenToSwipes();
  }

  private listenToSwipes(): void {
    const { signal } = this.ending;
    let from: { pointer: number; x: number } | undefined;
    let turned = false;
    this.stage.addEventListener("pointerdown", ({ isPrimary, pointerId, clientX }) => {
      turned = false;
      from = isPrimary ? { pointer: pointerId, x: clientX } : undefined;
    });
    // A finger may leave the stage, or the page take it for its own.
    document.addEventListener("pointercancel", () => (from = undefined), { signal });
    document.addEventListener(
      "pointerup",
      ({ pointerId, clientX }) => {
        const moved = from?.pointer === pointerId ? clientX - from.x : 0;
        from = undefined;
        turned = Math.abs(moved) >= SWIPE;
        if (!turned) return;
        const forward = moved < 0 !== isRightToLeft(this.root);
        if (forward) this.next();
        else this.previous();
      },
      { signal },
    );
    // What was drawn over a link does not follow it.
    this.stage.addEventListener(
      "click",
      (event) => {
        if (turned) event.preventDefault();
        turned = false;
      },
      { capture: true },
    );
  }

  private keyPressed(event: KeyboardEvent): void {
    const forward = isRightToLeft(this.root) ? "ArrowLeft" : "ArrowRight";
    const back = isRightToLeft(this.root) ? "ArrowRight" : "ArrowLeft";
    if (event.key === forward) this.next();
    else if (event.key === back) this.previous();
    else return;
    this.hold({ focused: true });
    event.preventDefault();
  }

  // Gives it its pictures.
  fill(pictures: Picture[]): void {
    this.slides = pictures.map((picture, index) => this.slide(picture, index, pictures.length));
    this.stage.replaceChildren(...this.slides);
    this.dots.replaceChildren(
      ...pictures.map((_, index) => {
        const dot = make("button", "halftone-slideshow-dot", {
          type: "button",
          "aria-label": this.say("go-to", { index: index + 1 }),
        });
        dot.addEventListener("click", () => this.show(index));
        return dot;
      }),
    );
    this.root.classList.toggle("halftone-slideshow-single", this.slides.length < 2);
    this.at = Math.min(this.wanted, Math.max(0, this.slides.length - 1));
    this.settleAt();
    this.schedule();
  }

  private slide(picture: Picture, index: number, count: number): HTMLElement {
    const image = make("img", "", { alt: picture.title, draggable: "false" });
    const { clientWidth, clientHeight } = this.container;
    image.dataset.src = inBox(picture.address, clientWidth || 640, clientHeight || 360).toString();
    const content = picture.link ? make("a", "", { href: picture.link, draggable: "false" }, image) : image;
    const slide = make("div", "halftone-slideshow-slide", {
      role: "group",
      "aria-roledescription": this.say("slide"),
      "aria-label": this.say("place", { index: index + 1, count }),
    });
    slide.append(content);
    if (this.options.bgColor) slide.style.backgroundColor = this.options.bgColor;
    return slide;
  }

  // Loads a picture when it is about to be shown.
  private load(index: number): void {
    const image = this.slides[this.around(index)]?.querySelector("img");
    const address = image?.dataset.src;
    if (!image || !address) return;
    delete image.dataset.src;
    const failed = (error: unknown) => {
      const why = reason(error, this.say);
      const text = image.alt ? `${image.alt}: ${why}` : why;
      if (!this.ending.signal.aborted) image.replaceWith(make("p", "halftone-slideshow-failed", {}, text));
    };
    load(image, address, this.ending.signal).then(() => this.shaped(image), failed);
  }

  // Lets the controls stand at the pictures, which may leave parts of their place free.
  private shaped({ naturalWidth, naturalHeight }: HTMLImageElement): void {
    if (!naturalHeight) return;
    this.shapes.push(naturalWidth / naturalHeight);
    this.root.style.setProperty("--halftone-widest", String(Math.max(...this.shapes)));
    this.root.style.setProperty("--halftone-narrowest", String(Math.min(...this.shapes)));
  }

  private around(index: number): number {
    const count = this.slides.length;
    return ((index % count) + count) % count;
  }

  previous(): void {
    this.turn(this.at - 1, -1);
  }

  next(): void {
    this.turn(this.at + 1, 1);
  }

  // Shows one by its number, the first being 0.
  show(index: number): void {
    this.wanted = Math.max(0, Math.trunc(index) || 0);
    if (this.wanted < this.slides.length) this.turn(this.wanted, this.wanted < this.at ? -1 : 1);
  }

  private turn(to: number, direction: 1 | -1): void {
    if (this.slides.length === 0) return;
    const [from, target] = [this.at, this.around(to)];
    this.rest();
    if (from === target) return;
    this.at = target;
    this.settleAt();
    this.move(this.slides[from]!, this.slides[target]!, direction);
    this.changed(target);
    this.schedule();
  }

  // Ends what moves, at once: browsers tell of ends a moment later, when the next may have begun.
  private rest(): void {
    for (const move of this.moves) move.finish();
    this.moves = [];
    for (const slide of this.slides) slide.classList.remove("halftone-slideshow-leaving");
  }

  // What holds when nothing moves: one is seen, its dot is marked, its neighbours are there.
  private settleAt(): void {
    for (const [index, slide] of this.slides.entries()) {
      const seen = index === this.at;
      slide.classList.toggle("halftone-slideshow-seen", seen);
      slide.inert = !seen;
      this.dots.children[index]?.setAttribute("aria-current", String(seen));
    }
    this.bringDotIntoView();
    this.load(this.at);
    const ahead = this.slides[this.at]?.querySelector("img");
    // The one that is looked at comes first.
    const there = ahead ? ahead.decode().catch(() => undefined) : Promise.resolve();
    void there.then(() => this.load(this.at + 1));
  }

  // Only the dots are scrolled, never the page.
  private bringDotIntoView(): void {
    const dot = this.dots.children[this.at];
    if (!dot || this.dots.scrollWidth <= this.dots.clientWidth) return;
    const [own, around] = [dot.getBoundingClientRect(), this.dots.getBoundingClientRect()];
    this.dots.scrollBy({ left: own.left + own.width / 2 - (around.left + around.width / 2) });
  }

  private move(from: HTMLElement, to: HTMLElement, direction: number): void {
    const duration = prefersLessMotion() ? 0 : this.options.duration;
    const side = direction * (isRightToLeft(this.root) ? -1 : 1);
    const moving: KeyframeAnimationOptions = { duration, easing: "ease-in-out" };
    const { mode } = this.options;
    from.classList.add("halftone-slideshow-leaving");
    if (mode === "fade") {
      this.moves = [
        to.animate({ opacity: [0, 1] }, moving),
        from.animate({ opacity: [1, 0] }, moving),
      ];
    } else {
      const away = mode === "slide" ? `${-100 * side}%` : "0";
      this.moves = [
        to.animate({ transform: [`translateX(${100 * side}%)`, "none"] }, moving),
        from.animate({ transform: ["none", `translateX(${away})`] }, moving),
      ];
    }
    const moves = this.moves;
    moves[1]!.onfinish = () => {
      if (moves === this.moves) this.rest();
    };
  }

  stop(): void {
    this.runs = false;
    this.showState();
    this.schedule();
  }

  start(): void {
    this.runs = true;
    this.pointed = this.focused = false;
    this.showState();
    this.schedule();
  }

  private hold({ pointed = this.pointed, focused = this.focused }): void {
    this.pointed = pointed;
    this.focused = focused;
    this.schedule();
  }

  private showState(): void {
    const label = this.say(this.runs ? "pause" : "play");
    this.playing.setAttribute("aria-label", label);
    this.playing.title = label;
    setIcon(this.playing, this.runs ? ICONS.pause : ICONS.play);
    // Told to who cannot see it, unless it would interrupt all the time.
    this.stage.setAttribute("aria-live", this.runs ? "off" : "polite");
  }

  private schedule(): void {
    window.clearTimeout(this.timer);
    const still = !this.runs || this.pointed || this.focused || document.hidden || this.slides.length < 2;
    if (still) return;
    this.timer = window.setTimeout(() => this.next(), this.options.delay * 1000);
  }

  destroy(): void {
    window.clearTimeout(this.timer);
    this.ending.abort();
    this.root.remove();
  }
}
