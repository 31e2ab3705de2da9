// The tiles of a picture as OpenSeadragon asks for them.

import OpenSeadragon from "openseadragon";

import type { Address } from "../shared/address";
import { sizeOf } from "../shared/dom";
import { anyFormat } from "../shared/sizes";
import { bounds, cell, levels, sizeByTiles, type Level } from "./pyramid";

// The picture at full size, whatever the address or its template say of sizes.
function whole(address: Address): Address {
  if (address.isSigned()) return address;
  return anyFormat(address.with({ width: 0, height: 0, fit: undefined, strip: 1 }));
}

// Asks for the size of a picture.
export async function measure(address: Address, signal?: AbortSignal): Promise<{ width: number; height: number }> {
  const tile = (number: number) => sizeOf(whole(address).with({ tile: `${number}:256` }).toString(), signal);
  const [first, last] = await Promise.all([tile(1), tile(256)]);
  return {
    width: sizeByTiles(first.width, last.width),
    height: sizeByTiles(first.height, last.height),
  };
}

export class Tiles extends OpenSeadragon.TileSource {
  private readonly levelsOf: Level[];

  constructor(
    private readonly address: Address,
    size: { width: number; height: number },
    maxTiles: number,
  ) {
    const all = levels(size.width, size.height, maxTiles);
    // Of a signed picture there are no others.
    const usable = address.isSigned() ? all.slice(-1) : all;
    super({ ...size, tileOverlap: 0, minLevel: 0, maxLevel: usable.length - 1 });
    this.levelsOf = usable;
  }

  private level(number: number): Level {
    const found = this.levelsOf[number];
    if (!found) throw new RangeError(`there is no level ${number}`);
    return found;
  }

  override getLevelScale(number: number): number {
    return this.level(number).width / this.dimensions.x;
  }

  // @ts-expect-error its type says a number where the library gives and takes a point
  override getNumTiles(number: number): OpenSeadragon.Point {
    const { grid } = this.level(number);
    return new OpenSeadragon.Point(grid, grid);
  }

  override getTileWidth(number: number): number {
    const level = this.levelsOf?.[number];
    return level ? Math.floor(level.width / level.grid) : 512;
  }

  override getTileHeight(number: number): number {
    const level = this.levelsOf?.[number];
    return level ? Math.floor(level.height / level.grid) : 512;
  }

  // @ts-expect-error its type says a tile where the library gives and takes a column and a row
  override getTileAtPoint(number: number, point: OpenSeadragon.Point): OpenSeadragon.Point {
    const level = this.level(number);
    const column = cell(point.x * level.width, level.width, level.grid);
    const row = cell(point.y * level.width, level.height, level.grid);
    return new OpenSeadragon.Point(column, row);
  }

  override getTileBounds(number: number, x: number, y: number, isSource?: boolean): OpenSeadragon.Rect {
    const level = this.level(number);
    const { left, top, width, height } = bounds(level, x, y);
    if (isSource) return new OpenSeadragon.Rect(0, 0, width, height);
    const { width: unit } = level;
    return new OpenSeadragon.Rect(left / unit, top / unit, width / unit, height / unit);
  }

  override tileExists(number: number, x: number, y: number): boolean {
    const level = this.levelsOf[number];
    return !!level && x >= 0 && y >= 0 && x < level.grid && y < level.grid;
  }

  override getTileUrl(number: number, x: number, y: number): string {
    const level = this.level(number);
    const picture = whole(this.address);
    const sized = level.full || this.address.isSigned() ? picture : picture.with({ width: level.width });
    const tile = level.grid === 1 ? undefined : `${y * level.grid + x + 1}:${level.grid ** 2}`;
    return sized.with({ tile }).toString();
  }
}
