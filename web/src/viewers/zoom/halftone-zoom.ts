// <halftone-zoom src="…">, and data-halftone="zoom".

import { ensureStyles, makeClickable, shownBy, whenReady } from "../shared/dom";
import { TEXTS } from "../shared/texts";
import { launch } from "./launch";
import type { Controls, Events, Given } from "./options";
import { ZoomViewer } from "./viewer";
import css from "./zoom.css";

// Options as attributes (or, on other elements, data attributes) say them.
function optionsOf(element: HTMLElement, prefix = ""): Given {
  const said = (name: string) => element.getAttribute(prefix + name) ?? undefined;
  const off = (name: string) => (said(name) === undefined ? undefined : said(name) !== "off");
  const given: Given = {
    title: said("title") ?? said("alt") ?? element.getAttribute("alt") ?? undefined,
    description: said("description"),
    showcontrols: said("controls") as Given["showcontrols"],
    animation: said("animation") as Given["animation"],
    maxtiles: Number(said("max-tiles") ?? 256),
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

class HalftoneZoom extends HTMLElement {
  static readonly observedAttributes = ["src"];
  private viewer: ZoomViewer | undefined;

  connectedCallback(): void {
    this.show();
  }

  disconnectedCallback(): void {
    this.viewer?.destroy();
    this.viewer = undefined;
  }

  attributeChangedCallback(): void {
    if (this.isConnected) this.show();
  }

  private show(): void {
    this.viewer?.destroy();
    const src = this.getAttribute("src");
    this.viewer = src ? new ZoomViewer(this, src, optionsOf(this), eventsOf(this)) : undefined;
  }

  zoomIn(): void {
    this.viewer?.zoomIn();
  }

  zoomOut(): void {
    this.viewer?.zoomOut();
  }

  reset(): void {
    this.viewer?.reset();
  }

  toggleFullscreen(): void {
    this.viewer?.toggleFullscreen();
  }

  get magnification(): number {
    return this.viewer?.magnification ?? 0;
  }
}

// A picture opens large when it is clicked; any other element holds a viewer of `data-src`.
function attach(element: HTMLElement): void {
  const options = optionsOf(element, "data-");
  const src = element.dataset.src;
  if (src && !(element instanceof HTMLImageElement)) {
    new ZoomViewer(element, src, options, eventsOf(element));
    return;
  }
  makeClickable(element, TEXTS.open(options.title ?? ""), () => {
    const source = src ?? shownBy(element);
    if (source) launch(source, options, eventsOf(element));
  });
}

ensureStyles("halftone-zoom", css);
if (!customElements.get("halftone-zoom")) customElements.define("halftone-zoom", HalftoneZoom);
whenReady(() => {
  for (const element of document.querySelectorAll<HTMLElement>('[data-halftone="zoom"]')) attach(element);
});
