// Small things: times in the visitor's own way, keys, addresses that are copied, the focal point.

import { say, shortcuts, word } from "./page";
import { isCovered, open } from "./sheets";

/** Times in the visitor's zone and way of writing. */
export function moments(root: ParentNode = document): void {
  const form = new Intl.DateTimeFormat(navigator.languages as string[], {
    dateStyle: "medium",
    timeStyle: "short",
  });
  for (const time of root.querySelectorAll<HTMLTimeElement>("time[data-moment]")) {
    const moment = new Date(time.dateTime);
    if (!Number.isNaN(moment.getTime())) time.textContent = form.format(moment);
    time.removeAttribute("data-moment");
  }
}

// The links of pictures, in a grid and in a list.
const LINKS = "[data-grid] > .tile > a, [data-grid] .name > a";

/** The arrow keys along a grid, by what stands nearest in that direction. */
function step(from: HTMLElement, key: string): HTMLElement | null {
  const links = [...document.querySelectorAll<HTMLElement>(LINKS)];
  const at = links.indexOf(from);
  const rtl = document.documentElement.dir === "rtl" ? -1 : 1;
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
    } else if (event.key.startsWith("Arrow")) {
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

export function copying(): void {
  for (const field of document.querySelectorAll<HTMLInputElement>("input[data-copy]")) {
    field.addEventListener("focus", () => field.select());
    field.addEventListener("click", () => {
      navigator.clipboard?.writeText(field.value).then(() => say(word("copied")), () => undefined);
    });
  }
}

/** A click in the picture says where the focal point is; a ring shows it. */
export function pointing(): void {
  const form = document.querySelector<HTMLFormElement>("form[data-point]");
  const picture = form?.querySelector<HTMLElement>("[data-point-picture]");
  const [x, y] = ["x", "y"].map((name) => form?.elements.namedItem(name) as HTMLInputElement | null);
  if (!form || !picture || !x || !y) return;
  const place = document.createElement("div");
  const ring = document.createElement("span");
  place.className = "point";
  ring.className = "ring";
  picture.replaceWith(place);
  place.append(picture, ring);
  const show = (): void => {
    ring.style.setProperty("inset-inline-start", `${Number(x.value) * 100}%`);
    ring.style.setProperty("inset-block-start", `${Number(y.value) * 100}%`);
  };
  place.addEventListener("click", (event) => {
    const box = picture.getBoundingClientRect();
    const part = (at: number, length: number) =>
      Math.min(1, Math.max(0, Math.round((at / length) * 1000) / 1000));
    x.value = String(part(event.clientX - box.left, box.width));
    y.value = String(part(event.clientY - box.top, box.height));
    show();
  });
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
