// Saying a place on a picture: by pointer and by arrow keys.

const STEP = 0.01;
const LARGE_STEP = 0.1;

const ARROWS: Record<string, [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** How far an arrow key moves, as fractions; none for other keys. */
export function arrow(event: KeyboardEvent): [number, number] | null {
  const to = ARROWS[event.key];
  if (!to || event.ctrlKey || event.metaKey || event.altKey) return null;
  event.preventDefault();
  const step = event.shiftKey ? LARGE_STEP : STEP;
  return [to[0] * step, to[1] * step];
}

/** Where a pointer is on an element, as fractions of it. */
export function pointAt(element: Element, event: PointerEvent): [number, number] {
  const box = element.getBoundingClientRect();
  return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
}
