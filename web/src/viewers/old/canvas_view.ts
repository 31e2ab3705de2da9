// The functions of the old zooming viewer.

import { elementOf, ensureStyles, makeClickable, shownBy, type Container } from "../shared/dom";
import { textsFor, titled } from "../shared/texts";
import { launch } from "../zoom/launch";
import type { Events, Given } from "../zoom/options";
import { ZoomViewer } from "../zoom/viewer";
import css from "../zoom/zoom.css";
import { Containers, expose } from "./containers";

const viewers = new Containers<ZoomViewer>();

function init(container: Container, source: string, options?: Given | null, events?: Events | null): void {
  const element = elementOf(container);
  if (!element) return;
  viewers.get(element)?.destroy();
  viewers.set(element, new ZoomViewer(element, source, options, events ?? {}));
}

const ready = new WeakSet<HTMLElement>();

function initImage(container: Container, options?: Given | null, events?: Events | null): void {
  const element = elementOf(container);
  if (!element || ready.has(element)) return;
  ready.add(element);
  const title = options?.title ?? (element.title || element.getAttribute("alt") || undefined);
  makeClickable(element, titled(textsFor(element), "open", title), () => {
    const source = shownBy(element);
    if (source) launch(element, source, { ...options, title }, events ?? {});
  });
}

function initAllImages(className: string, options?: Given | null, events?: Events | null): void {
  for (const element of document.getElementsByClassName(className)) {
    if (element instanceof HTMLElement) initImage(element, options, events);
  }
}

ensureStyles("halftone-zoom", css);
expose({
  canvas_view_init: init,
  canvas_view_init_image: initImage,
  canvas_view_init_all_images: initAllImages,
  canvas_view_zoom_in: (container: Container) => viewers.get(container)?.zoomIn(),
  canvas_view_zoom_out: (container: Container) => viewers.get(container)?.zoomOut(),
  canvas_view_toggle_help: (container: Container) => viewers.get(container)?.toggleHelp(),
  canvas_view_toggle_image_info: (container: Container) => viewers.get(container)?.toggleInfo(),
  canvas_view_toggle_fullscreen: (container: Container) => viewers.get(container)?.toggleFullscreen(),
  canvas_view_reset: (container: Container) => viewers.get(container)?.reset(),
  canvas_view_resize: (container: Container) => viewers.get(container)?.resize(),
});
