// The old lazy loader: pictures with `data-defer-src` are loaded when they come into view, and put back to
// their placeholder when there are too many. Browsers tell what is in view, so that nothing has to be
// measured, and nothing told when the page's layout changes.

import { whenReady } from "../shared/dom";
import { expose } from "./containers";

type Told = (image: HTMLImageElement) => void;

interface Options {
  maxLoaded: number;
  onImageRequested: Told | null;
  onImageLoaded: Told | null;
  onImageUnloaded: Told | null;
  // How long the page has to stand still to count as such, in milliseconds.
  scrollingStopMillis: number;
  // The speed beyond which nothing is loaded, in pixels per millisecond.
  scrollingSkipRate: number;
}

interface State {
  placeholder: string;
  visible: boolean;
  status: "waiting" | "requested" | "loaded";
}

const DEFAULTS: Options = {
  maxLoaded: 100,
  onImageRequested: null,
  onImageLoaded: null,
  onImageUnloaded: null,
  scrollingStopMillis: 500,
  scrollingSkipRate: 0.8,
};

const given = (window as { ImageDefer?: { options?: Partial<Options> } }).ImageDefer?.options;
const options: Options = { ...DEFAULTS, ...given };
const images = new Map<HTMLImageElement, State>();
const observer = new IntersectionObserver(seen);

function seen(entries: IntersectionObserverEntry[]): void {
  for (const { target, isIntersecting } of entries) {
    const state = images.get(target as HTMLImageElement);
    if (state) state.visible = isIntersecting;
  }
  if (!tooFast) lazyLoadImages();
}

// Scrolling: how fast it is, and when it has stopped.
let tooFast = false;
let last = { top: 0, time: 0 };
let stopped: number | undefined;

function scrolled(): void {
  const now = { top: window.scrollY, time: performance.now() };
  const rate = Math.abs(now.top - last.top) / Math.max(1, now.time - last.time);
  last = now;
  tooFast = rate > options.scrollingSkipRate;
  window.clearTimeout(stopped);
  stopped = window.setTimeout(() => {
    tooFast = false;
    lazyLoadImages();
    trimImages();
  }, options.scrollingStopMillis);
}

function load(image: HTMLImageElement, state: State): void {
  const wanted = image.dataset.deferSrc;
  if (state.status !== "waiting" || !wanted) return;
  state.status = "requested";
  image.src = wanted;
  if (image.complete && image.naturalWidth > 0) return loaded(image, state);
  options.onImageRequested?.(image);
  image.addEventListener("load", () => loaded(image, state), { once: true });
}

function loaded(image: HTMLImageElement, state: State): void {
  if (state.status !== "requested") return;
  state.status = "loaded";
  options.onImageLoaded?.(image);
  trimImages();
}

function lazyLoadImages(): void {
  for (const [image, state] of images) if (state.visible) load(image, state);
}

function imagesLoaded(): number {
  return [...images.values()].filter(({ status }) => status !== "waiting").length;
}

// Puts back what is not in view, the oldest first.
function trimImages(): void {
  let beyond = imagesLoaded() - options.maxLoaded;
  for (const [image, state] of images) {
    if (beyond <= 0) return;
    if (state.visible || state.status !== "loaded") continue;
    image.src = state.placeholder;
    state.status = "waiting";
    beyond -= 1;
    options.onImageUnloaded?.(image);
  }
}

function addImage(image: HTMLImageElement): void {
  if (!image.dataset.deferSrc || images.has(image)) return;
  images.set(image, { placeholder: image.src, visible: false, status: "waiting" });
  observer.observe(image);
}

function removeImage(image: HTMLImageElement, now = false): void {
  const state = images.get(image);
  if (!state) return;
  if (now) load(image, state);
  observer.unobserve(image);
  images.delete(image);
}

function reset(): void {
  for (const image of images.keys()) if (!image.isConnected) removeImage(image);
  document.querySelectorAll("img").forEach(addImage);
}

expose({
  ImageDefer: {
    options,
    supportedBrowser: () => true,
    reset,
    addImage,
    removeImage,
    lazyLoadImages,
    trimImages,
    imagesLoaded,
  },
});
window.addEventListener("scroll", scrolled, { passive: true });
whenReady(reset);
