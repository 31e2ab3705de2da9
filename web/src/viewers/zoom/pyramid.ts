// How a picture is cut into tiles at each magnification: as the server's parameter `tile` cuts it.
//
// Every level is the whole picture at a width, cut by a grid. Sizes and grids follow from the picture's
// own size alone, so that all visitors ask for the same tiles.

// Tiles are at most about so wide.
const TILE = 512;

export interface Level {
  width: number;
  height: number;
  // Tiles in each direction.
  grid: number;
  // Whether it is the picture at its full size.
  full: boolean;
}

export interface Bounds {
  left: number;
  top: number;
  width: number;
  height: number;
}

// The levels of a picture, the smallest first. `maxTiles` bounds the tiles of a level: 1, 4, 16, 64, 256.
export function levels(width: number, height: number, maxTiles: number): Level[] {
  const maxGrid = Math.min(16, Math.max(1, Math.floor(Math.sqrt(maxTiles))));
  const found: Level[] = [];
  for (let part = 1; ; part *= 2) {
    const scaled = Math.round(width / part);
    const grid = gridFor(Math.max(scaled, Math.round(height / part)), maxGrid);
    const tall = Math.max(1, Math.round((height * scaled) / width));
    found.unshift({ width: Math.max(1, scaled), height: tall, grid, full: part === 1 });
    if (grid === 1 && Math.max(scaled, tall) <= TILE) return found;
  }
}

function gridFor(size: number, maxGrid: number): number {
  let grid = 1;
  while (grid < maxGrid && size > grid * TILE) grid *= 2;
  return grid;
}

// Where a tile lies: those of the last column and row take what the division leaves over.
export function bounds(level: Level, x: number, y: number): Bounds {
  const [wide, tall] = [Math.floor(level.width / level.grid), Math.floor(level.height / level.grid)];
  const [left, top] = [x * wide, y * tall];
  return {
    left,
    top,
    width: x === level.grid - 1 ? level.width - left : wide,
    height: y === level.grid - 1 ? level.height - top : tall,
  };
}

// The column or row in which a place lies.
export function cell(place: number, length: number, grid: number): number {
  const size = Math.max(1, Math.floor(length / grid));
  return Math.min(grid - 1, Math.max(0, Math.floor(place / size)));
}

// The picture's size by its first and its last tile of 256, which is how it can be learned from pages of
// every site, whatever is cropped and turned.
export function sizeByTiles(first: number, last: number): number {
  return 15 * first + last;
}
