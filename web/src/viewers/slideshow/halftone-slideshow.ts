// <halftone-slideshow folder="…">, and data-halftone="slideshow".

import type { Picture } from "../shared/api";
import { collect, ownServer } from "../shared/collect";
import { ensureStyles, make, whenReady } from "../shared/dom";
import { TEXTS } from "../shared/texts";
import type { Options } from "./options";
import { Slideshow } from "./slideshow";
import css from "./slideshow.css";

const SERVER = ownServer();

function optionsOf(said: (name: string) => string | null): Partial<Options> {
  const off = (name: string) => said(name) !== "off";
  const number = (name: string) => (said(name) === null ? undefined : Number(said(name)));
  const options: Partial<Options> = {
    mode: (said("mode") ?? "slide") as Options["mode"],
    controls: off("controls"),
    dots: off("dots"),
    pauseOnHover: off("pause-on-hover"),
    bgColor: said("background") ?? undefined,
  };
  const [delay, duration] = [number("delay"), number("duration")];
  if (delay !== undefined) options.delay = delay;
  if (duration !== undefined) options.duration = duration;
  return options;
}

function fill(
  element: HTMLElement,
  said: (name: string) => string | null,
  pictures: Promise<Picture[]>,
): Slideshow {
  const slideshow = new Slideshow(element, optionsOf(said), (index) =>
    element.dispatchEvent(new CustomEvent("halftone-change", { detail: { index }, bubbles: true })),
  );
  pictures.then(
    (found) => {
      if (found.length > 0) slideshow.fill(found);
      else tell(slideshow, TEXTS.emptyGallery);
    },
    () => tell(slideshow, TEXTS.failedGallery),
  );
  return slideshow;
}

function tell(slideshow: Slideshow, text: string): void {
  slideshow.root.replaceChildren(make("p", "halftone-slideshow-failed", { role: "status" }, text));
}

class HalftoneSlideshow extends HTMLElement {
  private slideshow: Slideshow | undefined;
  // Kept, since the slideshow has taken the place of what stood in the element.
  private pictures: Promise<Picture[]> | undefined;

  connectedCallback(): void {
    // What stands in it is read only when all of it is there.
    whenReady(() => {
      if (this.slideshow || !this.isConnected) return;
      const said = (name: string) => this.getAttribute(name);
      this.pictures ??= collect(this, said, SERVER);
      // What did not come is asked for again another time.
      this.pictures.catch(() => (this.pictures = undefined));
      this.slideshow = fill(this, said, this.pictures);
    });
  }

  disconnectedCallback(): void {
    // One that is only moved goes on as it was.
    queueMicrotask(() => {
      if (this.isConnected) return;
      this.slideshow?.destroy();
      this.slideshow = undefined;
    });
  }

  previous(): void {
    this.slideshow?.previous();
  }

  next(): void {
    this.slideshow?.next();
  }

  show(index: number): void {
    this.slideshow?.show(index);
  }

  start(): void {
    this.slideshow?.start();
  }

  stop(): void {
    this.slideshow?.stop();
  }
}

ensureStyles("halftone-slideshow", css);
if (!customElements.get("halftone-slideshow")) {
  customElements.define("halftone-slideshow", HalftoneSlideshow);
}
whenReady(() => {
  for (const element of document.querySelectorAll<HTMLElement>('[data-halftone="slideshow"]')) {
    const said = (name: string) => element.getAttribute(`data-${name}`);
    fill(element, said, collect(element, said, SERVER));
  }
});
