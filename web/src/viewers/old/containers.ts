// What the old functions know a viewer by: its container, or the container's id.

import { elementOf, type Container } from "../shared/dom";

export class Containers<Viewer> {
  private readonly viewers = new WeakMap<HTMLElement, Viewer>();

  get(container: Container): Viewer | undefined {
    const element = elementOf(container);
    return element ? this.viewers.get(element) : undefined;
  }

  set(element: HTMLElement, viewer: Viewer): void {
    this.viewers.set(element, viewer);
  }
}

// Makes functions reachable by scripts of the page, as the old scripts did.
export function expose(functions: Record<string, unknown>): void {
  Object.assign(window, functions);
}
