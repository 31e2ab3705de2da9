// Small things: times in the visitor's own way, keys, the focal point.

import { shortcuts } from "./page";
import { Pointer } from "./pointer";
import { isCovered, open } from "./sheets";

/** Times in the visitor's zone and way of writing. A day is the same one in all zones. */
export function moments(root: ParentNode = document): void {
  const languages = navigator.languages as string[];
  const moments = new Intl.DateTimeFormat(languages, { dateStyle: "medium", timeStyle: "short" });
  const days = new Intl.DateTimeFormat(languages, { dateStyle: "medium", timeZone: "UTC" });
  for (const time of root.querySelectorAll<HTMLTimeElement>("time[data-moment]")) {
    const moment = new Date(time.dateTime);
    const form = time.dataset["moment"] === "day" ? days : moments;
    if (!Number.isNaN(moment.getTime())) time.textContent = form.format(moment);
    time.removeAttribute("data-moment");
  }
}

// The links of pictures, in a grid and in a list.
const LINKS = "[data-grid] > .tile > a, [data-grid] .name > a";
const LINK = ":scope > a, .name > a";

/** The picture of the grid that Tab comes to. */
let current: HTMLElement | null = null;

/**
 * Makes one stop of Tab of a grid: the picture that had the focus last, or the first. The space bar chooses it, so that
 * its box needs none.
 */
function stops(): void {
  const links = [...document.querySelectorAll<HTMLElement>(LINKS)];
  if (!current?.isConnected) current = links[0] ?? null;
  for (const link of links) link.tabIndex = link === current ? 0 : -1;
  for (const box of document.querySelectorAll<HTMLElement>("[data-grid] .pick input")) box.tabIndex = -1;
}

/** Puts the focus back into the grid; what is shown stays for those who do not go by key. */
export function backToGrid(isByKey: boolean): void {
  stops();
  current?.focus({ preventScroll: !isByKey });
}

/** The next element from a node on, which may be one. */
function beside(node: Node | null, isAfter: boolean): Element | null {
  let at = node;
  while (at && !(at instanceof Element)) at = isAfter ? at.nextSibling : at.previousSibling;
  return at;
}

function roving(): void {
  const grid = document.querySelector("[data-grid]");
  if (!grid) return;
  stops();
  grid.addEventListener("focusin", (event) => {
    const link = event.target instanceof Element ? event.target.closest<HTMLElement>(LINKS) : null;
    if (!link || link === current) return;
    if (current) current.tabIndex = -1;
    current = link;
    link.tabIndex = 0;
  });
  new MutationObserver((changes) => {
    // Where the picture that Tab comes to has gone, the next one takes its place.
    const last = current;
    for (const { addedNodes, removedNodes, nextSibling, previousSibling } of changes) {
      if (![...removedNodes].some((node) => current !== null && node.contains(current))) continue;
      const near = [beside(nextSibling, true), beside(previousSibling, false)];
      const items = [...addedNodes, ...near].filter((node) => node instanceof Element);
      current = items.map((item) => item.querySelector<HTMLElement>(LINK)).find((link) => link !== null) ?? null;
    }
    stops();
    const isLost = !document.activeElement || document.activeElement === document.body;
    if (current !== last && isLost && !isCovered()) current?.focus({ preventScroll: true });
  }).observe(grid, { childList: true });
}

/** The arrow keys along a grid, by what stands nearest in that direction; its ends. */
function step(from: HTMLElement, key: string): HTMLElement | null {
  const links = [...document.querySelectorAll<HTMLElement>(LINKS)];
  const at = links.indexOf(from);
  const rtl = document.documentElement.dir === "rtl" ? -1 : 1;
  if (key === "Home") return links[0] ?? null;
  if (key === "End") return links[links.length - 1] ?? null;
  if (key === "ArrowLeft") return links[at - rtl] ?? null;
  if (key === "ArrowRight") return links[at + rtl] ?? null;
  const here = from.getBoundingClientRect();
  const centre = here.left + here.width / 2;
  const down = key === "ArrowDown";
  let best: { link: HTMLElement; row: number; off: number } | null = null;
  for (const link of down ? links.slice(at + 1) : links.slice(0, at).reverse()) {
    const box = link.getBoundingClientRect();
    const row = Math.abs(box.top - here.top);
    if (row < here.height / 2) continue;
    if (best && row > best.row + 2) break;
    const off = Math.abs(box.left + box.width / 2 - centre);
    if (!best || off < best.off) best = { link, row, off };
  }
  return best?.link ?? null;
}

export function keys(): void {
  roving();
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const at = event.target instanceof HTMLElement ? event.target : document.body;
    if (event.defaultPrevented || isCovered()) return;
    if (at.closest("input, textarea, select, [popover], halftone-zoom")) return;
    if (event.key === "/" && shortcuts) {
      event.preventDefault();
      document.querySelector<HTMLInputElement>(".find input")?.focus();
    } else if (event.key === "?" && shortcuts) {
      open("keys");
    } else if (event.key.startsWith("Arrow") || (at.matches(LINKS) && ["Home", "End"].includes(event.key))) {
      const link = at.matches(LINKS)
        ? step(at, event.key)
        : document.querySelector<HTMLElement>(`a[data-key="${event.key}"]`);
      if (!link) return;
      event.preventDefault();
      if (link.dataset["key"]) link.click();
      else link.focus();
    }
  });
}

/** The focal point of a form is set on its picture, too. */
export function pointing(): void {
  const form = document.querySelector<HTMLFormElement>("form[data-point]");
  const picture = form?.querySelector<HTMLImageElement>("[data-point-picture]");
  const [x, y] = ["x", "y"].map((name) => form?.elements.namedItem(name) as HTMLInputElement | null);
  if (!form || !picture || !x || !y) return;
  const after = picture.nextSibling;
  const pointer = new Pointer(picture, picture.dataset["pointLabel"] ?? "", ([toX, toY]) => {
    [x.value, y.value] = [String(toX), String(toY)];
  });
  const [width, height] = ["width", "height"].map((name) => Number(picture.getAttribute(name)));
  pointer.element.className = "point";
  pointer.element.style.setProperty("--ratio", String(width && height ? width / height : 1));
  pointer.ring.autofocus = true;
  form.insertBefore(pointer.element, after);
  const show = (): void => pointer.set([Number(x.value), Number(y.value)]);
  for (const field of [x, y]) field.addEventListener("input", show);
  show();
}

/** A field that leaves of a long page only what holds its words. Headings of what is left out go, too. */
export function filtering(): void {
  const field = document.querySelector<HTMLInputElement>("input[data-filter]");
  if (!field) return;
  const items = [...document.querySelectorAll<HTMLElement>(field.dataset["filter"] ?? "")];
  const texts = items.map((item) => (item.textContent ?? "").toLocaleLowerCase());
  field.hidden = false;
  field.addEventListener("input", () => {
    const words = field.value.toLocaleLowerCase().split(/\s+/).filter((word) => word !== "");
    for (const [at, item] of items.entries()) {
      item.hidden = !words.every((word) => texts[at]?.includes(word));
    }
    for (const group of document.querySelectorAll<HTMLElement>(".group")) {
      group.hidden = !items.some((item) => !item.hidden && group.contains(item));
    }
  });
}
