// Parts of a picture as fractions of it: moving, resizing, keeping a shape. Knows nothing of pages.

export interface Part {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

export const ALL: Part = { left: 0, top: 0, right: 1, bottom: 1 };

/** The smallest part, so that its handles can be told apart. */
export const LEAST = 0.02;

/** An edge or a corner, by the compass. */
export type Edge = "nw" | "n" | "ne" | "e" | "se" | "s" | "sw" | "w";
export const EDGES: Edge[] = ["nw", "n", "ne", "e", "se", "s", "sw", "w"];

const clamp = (value: number, low: number, high: number) => Math.min(Math.max(value, low), high);

/** The part somewhere else, within the picture. */
export function moved(part: Part, x: number, y: number): Part {
  const dx = clamp(x, -part.left, 1 - part.right);
  const dy = clamp(y, -part.top, 1 - part.bottom);
  return { left: part.left + dx, top: part.top + dy, right: part.right + dx, bottom: part.bottom + dy };
}

/** The part with an edge or a corner at a point. `shape` is width by height in fractions, 0 for any. */
export function resized(part: Part, edge: Edge, x: number, y: number, shape: number): Part {
  const free = { ...part };
  if (edge.includes("w")) free.left = clamp(x, 0, part.right - LEAST);
  if (edge.includes("e")) free.right = clamp(x, part.left + LEAST, 1);
  if (edge.includes("n")) free.top = clamp(y, 0, part.bottom - LEAST);
  if (edge.includes("s")) free.bottom = clamp(y, part.top + LEAST, 1);
  return shape > 0 ? kept(part, free, edge, shape) : free;
}

/** What is freely drawn, brought to a shape: what lies opposite the edge stays. */
function kept(part: Part, free: Part, edge: Edge, shape: number): Part {
  const [east, west] = [edge.includes("e"), edge.includes("w")];
  const [north, south] = [edge.includes("n"), edge.includes("s")];
  const [middleX, middleY] = [(part.left + part.right) / 2, (part.top + part.bottom) / 2];
  // How far it may reach from where it is held.
  const wide = east ? 1 - part.left : west ? part.right : 2 * Math.min(middleX, 1 - middleX);
  const high = south ? 1 - part.top : north ? part.bottom : 2 * Math.min(middleY, 1 - middleY);
  const byWidth = free.right - free.left;
  const byHeight = (free.bottom - free.top) * shape;
  const corner = edge.length === 2;
  const wanted = corner ? Math.max(byWidth, byHeight) : east || west ? byWidth : byHeight;
  const width = Math.min(wanted, wide, high * shape);
  const height = width / shape;
  const left = east ? part.left : west ? part.right - width : middleX - width / 2;
  const top = south ? part.top : north ? part.bottom - height : middleY - height / 2;
  return { left, top, right: left + width, bottom: top + height };
}

/** The largest part of a shape within another, around its middle. */
export function shaped(part: Part, shape: number): Part {
  const [width, height] = [part.right - part.left, part.bottom - part.top];
  const wide = Math.min(width, height * shape);
  const high = wide / shape;
  const [x, y] = [(part.left + part.right) / 2, (part.top + part.bottom) / 2];
  return { left: x - wide / 2, top: y - high / 2, right: x + wide / 2, bottom: y + high / 2 };
}

/** The part between two points, of a shape if one is asked for: where the first stays. */
export function drawn(from: [number, number], to: [number, number], shape: number): Part {
  const [x, y] = [clamp(from[0], 0, 1 - LEAST), clamp(from[1], 0, 1 - LEAST)];
  const dot = { left: x, top: y, right: x + LEAST, bottom: y + LEAST };
  const edge: Edge = `${to[1] < y ? "n" : "s"}${to[0] < x ? "w" : "e"}`;
  return resized(dot, edge, to[0], to[1], shape);
}
