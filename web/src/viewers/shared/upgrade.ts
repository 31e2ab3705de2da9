// Elements of a page that become viewers: those of their own name, and any other that says so by `data-halftone`. Both live
// as long as they are in the page, whenever they come.

import { whenReady } from "./dom";

// Tells an attribute, under whatever name it stands.
export type Said = (name: string) => string | null;

// A viewer in an element.
export abstract class Viewing {
  private lives = false;

  constructor(
    protected readonly element: HTMLElement,
    protected readonly said: Said,
  ) {}

  start(): void {
    if (this.lives || !this.element.isConnected) return;
    this.lives = true;
    this.begin();
  }

  stop(): void {
    if (!this.lives) return;
    this.lives = false;
    this.end();
  }

  // The element has left the page, unless it is only moved: then it goes on as it was.
  left(): void {
    queueMicrotask(() => {
      if (!this.element.isConnected) this.stop();
    });
  }

  // What it is to show is another.
  renew(): void {
    if (!this.lives) return;
    this.end();
    this.begin();
  }

  protected abstract begin(): void;

  protected abstract end(): void;
}

// Makes viewers of what says `data-halftone="…"`, now and later.
export function upgrade(kind: string, make: (element: HTMLElement, said: Said) => Viewing | null): void {
  const selector = `[data-halftone="${kind}"]`;
  // Also of what is gone: it may come back.
  const known = new WeakMap<HTMLElement, Viewing>();
  const live = new Map<HTMLElement, Viewing>();

  const begin = (element: HTMLElement) => {
    if (live.has(element)) return;
    const viewing = known.get(element) ?? make(element, (name) => element.getAttribute(`data-${name}`));
    if (!viewing) return;
    known.set(element, viewing);
    live.set(element, viewing);
    viewing.start();
  };
  const beginIn = (node: Node) => {
    if (!(node instanceof HTMLElement) || !node.isConnected) return;
    if (node.matches(selector)) begin(node);
    for (const element of node.querySelectorAll<HTMLElement>(selector)) begin(element);
  };
  const endGone = () => {
    for (const [element, viewing] of live) {
      if (element.isConnected && element.matches(selector)) continue;
      live.delete(element);
      viewing.stop();
    }
  };
  const changed = (changes: MutationRecord[]) => {
    if (changes.some(({ type, removedNodes }) => type === "attributes" || removedNodes.length > 0)) endGone();
    for (const { type, target, attributeName, addedNodes } of changes) {
      if (type === "childList") addedNodes.forEach(beginIn);
      else if (attributeName === "data-src") live.get(target as HTMLElement)?.renew();
      else if (target instanceof HTMLElement && target.matches(selector)) begin(target);
    }
  };
  whenReady(() => {
    const attributeFilter = ["data-halftone", "data-src"];
    new MutationObserver(changed).observe(document, { childList: true, subtree: true, attributeFilter });
    beginIn(document.documentElement);
  });
}
