// The sizes that viewers ask for: few enough that what one visitor made is there for the next.

import type { Address } from "./address";

// Widths and heights in pixels of the picture.
export const LADDER = [160, 240, 320, 480, 640, 800, 960, 1280, 1600, 1920, 2560, 3200, 3840] as const;

// Beyond two pixels for each of the page nobody sees a difference in photographs that are moved about.
const MAX_DENSITY = 2;

// The next size of the ladder that is not below `wanted`, or the largest.
export function snap(wanted: number): number {
  return LADDER.find((size) => size >= wanted) ?? LADDER[LADDER.length - 1]!;
}

// Lets the server choose the format by what the browser takes, unless the address or its template says.
export function anyFormat(address: Address): Address {
  const told = address.get("format") !== undefined || address.get("tmp") !== undefined;
  return told ? address : address.with({ format: "auto" });
}

// Whether other sizes can be asked for: not of a signed address, which nobody but its maker may change, nor
// of what is not made by the server.
export function isFree(address: Address): boolean {
  return !address.isSigned() && address.endpoint.endsWith("/image");
}

// The whole picture for a box of so many pixels of the page, without anything filled in.
export function inBox(address: Address, width: number, height: number): Address {
  if (!isFree(address)) return address;
  const density = Math.min(window.devicePixelRatio || 1, MAX_DENSITY);
  return anyFormat(
    address.with({
      width: snap(width * density),
      height: snap(height * density),
      autosizefit: 1,
      fit: undefined,
    }),
  );
}

// The picture at several widths, for `srcset`: `of` makes the address of one.
export function sourceSet(address: Address, of = atWidth): string | null {
  if (!isFree(address)) return null;
  return LADDER.map((width) => `${of(address, width)} ${width}w`).join(", ");
}

export function atWidth(address: Address, width: number): Address {
  return isFree(address) ? anyFormat(address.with({ width, height: 0, fit: undefined })) : address;
}
