// <halftone-zoom src="…">, and data-halftone="zoom".

import { ensureStyles, makeClickable, shownBy } from "../shared/dom";
import { textsFor, titled } from "../shared/texts";
import { upgrade, Viewing, type Said } from "../shared/upgrade";
import { launch } from "./launch";
import type { Controls, Events, Given } from "./options";
import { ZoomViewer } from "./viewer";
import css from "./zoom.css";

// Options as attributes (or, on other elements, data attributes) say them.
function optionsOf(element: HTMLElement, told: Said): Given {
  const said = (name: string) => told(name) ?? undefined;
  const off = (name: string) => (said(name) === undefined ? undefined : said(name) !== "off");
  const given: Given = {
    title: said("title") ?? said("alt") ?? element.getAttribute("alt") ?? undefined,
    description: said("description"),
    showcontrols: said("controls") as Given["showcontrols"],
    animation: said("animation") as Given["animation"],
    maxtiles: Number(said("max-tiles") ?? 256),
    controls: { actual: true },
  };
  const quality = off("smooth");
  if (quality !== undefined) given.quality = quality;
  const reset = off("double-click-reset");
  if (reset !== undefined) given.doubleclickreset = reset;
  const shown = said("buttons");
  if (shown !== undefined) given.controls = controlsOf(shown);
  return given;
}

// A list of the buttons that are wanted.
function controlsOf(list: string): Controls {
  const names = list.split(/[\s,]+/);
  const has = (name: string) => names.includes(name);
  return {
    title: has("about"),
    download: has("download"),
    help: has("help"),
    reset: has("reset"),
    actual: has("actual"),
    fullscreen: has("fullscreen"),
    zoomin: has("in"),
    zoomout: has("out"),
  };
}

function eventsOf(element: HTMLElement): Events {
  const tell = (name: string, detail: object) =>
    element.dispatchEvent(new CustomEvent(`halftone-${name}`, { detail, bubbles: true }));
  return {
    onload: (src) => tell("load", { src }),
    oninfo: (src) => tell("info", { src }),
    ondownload: (src) => tell("download", { src }),
    onfullscreen: (src, on) => tell("fullscreen", { src, on }),
  };
}

// A viewer in its element; or, where none is asked for, one that opens over the page when the element is clicked.
class ZoomViewing extends Viewing {
  viewer: ZoomViewer | undefined;
  private close: (() => void) | undefined;
  private release: (() => void) | undefined;

  protected begin(): void {
    const { element, said } = this;
    const [src, options, events] = [said("src"), optionsOf(element, said), eventsOf(element)];
    const holds = element instanceof HalftoneZoom || (src && !(element instanceof HTMLImageElement));
    if (holds) {
      this.viewer = src ? new ZoomViewer(element, src, options, events) : undefined;
      return;
    }
    this.release = makeClickable(element, titled(textsFor(element), "open", options.title), () => {
      const source = src ?? shownBy(element);
      if (source) this.close = launch(element, source, options, events);
    });
  }

  protected end(): void {
    this.viewer?.destroy();
    this.close?.();
    this.release?.();
    this.viewer = this.close = this.release = undefined;
  }
}

class HalftoneZoom extends HTMLElement {
  static readonly observedAttributes = ["src"];
  private readonly viewing = new ZoomViewing(this, (name) => this.getAttribute(name));

  connectedCallback(): void {
    this.viewing.start();
  }

  disconnectedCallback(): void {
    this.viewing.left();
  }

  attributeChangedCallback(): void {
    this.viewing.renew();
  }

  zoomIn(): void {
    this.viewing.viewer?.zoomIn();
  }

  zoomOut(): void {
    this.viewing.viewer?.zoomOut();
  }

  reset(): void {
    this.viewing.viewer?.reset();
  }

  actualSize(): void {
    this.viewing.viewer?.actualSize();
  }

  toggleFullscreen(): void {
    this.viewing.viewer?.toggleFullscreen();
  }

  get magnification(): number {
    return this.viewing.viewer?.magnification ?? 0;
  }
}

ensureStyles("halftone-zoom", css);
if (!customElements.get("halftone-zoom")) {
  customElements.define("halftone-zoom", HalftoneZoom);
  upgrade("zoom", (element, said) => new ZoomViewing(element, said));
}
