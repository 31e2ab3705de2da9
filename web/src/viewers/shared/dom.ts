// Small things that every viewer does to a page.

import { load } from "./busy";

export type Container = string | HTMLElement;

// An element by itself or by its id.
export function elementOf(container: Container): HTMLElement | null {
  return typeof container === "string" ? document.getElementById(container) : container;
}

// Makes an element with a class, attributes and children.
export function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  className: string,
  attributes: Record<string, string> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  element.className = className;
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

// Icons are lines in a square of 24.
export function button(className: string, label: string, path: string, act: () => void): HTMLButtonElement {
  const made = make("button", className, { type: "button", "aria-label": label, title: label });
  setIcon(made, path);
  made.addEventListener("click", act);
  return made;
}

export function setIcon(element: HTMLElement, path: string): void {
  const namespace = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(namespace, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS(namespace, "path");
  line.setAttribute("d", path);
  svg.append(line);
  element.replaceChildren(svg);
}

// Applies a style sheet unless the page has brought it: pages may take the script alone. It is adopted,
// which a page's policy against inline styles allows, and stands before the page's own rules in weight.
export function ensureStyles(mark: string, css: string): void {
  const root = document.documentElement;
  if (getComputedStyle(root).getPropertyValue(`--${mark}-styles`).trim() !== "") return;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}

export function prefersLessMotion(): boolean {
  return window.matchMedia("(prefers-reduced-motion: reduce)").matches;
}

// Whether fingers are what a page is mostly used with.
export function hasFingers(): boolean {
  return window.matchMedia("(hover: none) and (pointer: coarse)").matches;
}

// When the page's elements are all there.
export function whenReady(act: () => void): void {
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", act, { once: true });
  else act();
}

// The picture that an element shows: its own, or its background.
export function shownBy(element: HTMLElement): string | null {
  if (element instanceof HTMLImageElement) return element.currentSrc || element.src || null;
  const background = getComputedStyle(element).backgroundImage;
  return /url\(["']?(.*?)["']?\)/.exec(background)?.[1] ?? null;
}

// Loads a picture and tells its size in pixels.
export async function sizeOf(address: string, signal?: AbortSignal): Promise<{ width: number; height: number }> {
  const image = new Image();
  await load(image, address, signal);
  return { width: image.naturalWidth, height: image.naturalHeight };
}

// Lets an element be clicked, by the keyboard too, until what is given back is called.
export function makeClickable(element: HTMLElement, label: string, act: () => void): () => void {
  const ending = new AbortController();
  const { signal } = ending;
  const attributes = { tabindex: "0", role: "button", "aria-label": label };
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.style.cursor = "zoom-in";
  element.addEventListener("click", act, { signal });
  element.addEventListener(
    "keydown",
    (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      act();
    },
    { signal },
  );
  return () => {
    ending.abort();
    for (const name of Object.keys(attributes)) element.removeAttribute(name);
    element.style.cursor = "";
  };
}

// Lets what lies over the page be read as the element that it was opened from: in its language and direction.
export function readAs(element: Element, over: HTMLElement): void {
  const language = element.closest("[lang]")?.getAttribute("lang");
  if (language) over.lang = language;
  over.dir = isRightToLeft(element) ? "rtl" : "ltr";
}

export function isRightToLeft(element: Element): boolean {
  return getComputedStyle(element).direction === "rtl";
}
