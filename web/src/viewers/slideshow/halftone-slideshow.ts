// <halftone-slideshow folder="…">, and data-halftone="slideshow".

import type { Picture } from "../shared/api";
import { collect, ownServer } from "../shared/collect";
import { ensureStyles, make, whenReady } from "../shared/dom";
import { textsFor } from "../shared/texts";
import { upgrade, Viewing, type Said } from "../shared/upgrade";
import type { Options } from "./options";
import { Slideshow } from "./slideshow";
import css from "./slideshow.css";

const SERVER = ownServer();

function optionsOf(said: Said): Partial<Options> {
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

class SlideshowViewing extends Viewing {
  slideshow: Slideshow | undefined;
  // Kept, since the slideshow has taken the place of what stood in the element.
  private pictures: Promise<Picture[]> | undefined;

  protected begin(): void {
    const { element } = this;
    this.pictures ??= collect(element, this.said, SERVER);
    const slideshow = new Slideshow(element, optionsOf(this.said), (index) =>
      element.dispatchEvent(new CustomEvent("halftone-change", { detail: { index }, bubbles: true })),
    );
    this.slideshow = slideshow;
    const say = textsFor(element);
    const tell = (text: string) =>
      slideshow.root.replaceChildren(make("p", "halftone-slideshow-failed", { role: "status" }, text));
    this.pictures.then(
      (found) => {
        if (found.length > 0) slideshow.fill(found);
        else tell(say("empty"));
      },
      () => {
        // What did not come is asked for again another time.
        this.pictures = undefined;
        tell(say("unlisted"));
      },
    );
  }

  protected end(): void {
    this.slideshow?.destroy();
    this.slideshow = undefined;
  }
}

class HalftoneSlideshow extends HTMLElement {
  private readonly viewing = new SlideshowViewing(this, (name) => this.getAttribute(name));

  connectedCallback(): void {
    // What stands in it is read only when all of it is there.
    whenReady(() => this.viewing.start());
  }

  disconnectedCallback(): void {
    this.viewing.left();
  }

  previous(): void {
    this.viewing.slideshow?.previous();
  }

  next(): void {
    this.viewing.slideshow?.next();
  }

  show(index: number): void {
    this.viewing.slideshow?.show(index);
  }

  start(): void {
    this.viewing.slideshow?.start();
  }

  stop(): void {
    this.viewing.slideshow?.stop();
  }
}

ensureStyles("halftone-slideshow", css);
if (!customElements.get("halftone-slideshow")) {
  customElements.define("halftone-slideshow", HalftoneSlideshow);
  upgrade("slideshow", (element, said) => new SlideshowViewing(element, said));
}
