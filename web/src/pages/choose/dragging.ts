// Moving pictures by dragging them onto a folder, and taking that back.

import { call, each, say, word } from "../page";
import { changing } from "../scroll";
import { move, movedTo } from "./actions";
import { chosen, come, grid, lessen, show, tileOf } from "./selection";
import { MOST_TOLD, nameOf, told } from "./together";

/** Pictures that are dragged onto a folder move there: the chosen ones, or else the one. */
export function dragging(): void {
  let dragged: HTMLElement[] = [];
  const target = (event: Event) =>
    event.target instanceof Element ? event.target.closest<HTMLElement>("[data-folder]") : null;
  document.addEventListener("dragstart", (event) => {
    const tile = event.target instanceof Element ? tileOf(event.target) : null;
    if (!tile?.dataset["id"] || !document.getElementById("choice-move")) return;
    const group = chosen().map((box) => tileOf(box)).filter((one) => one !== null);
    dragged = group.includes(tile) ? group : [tile];
    if (event.dataTransfer) event.dataTransfer.effectAllowed = "move";
  });
  document.addEventListener("dragend", () => (dragged = []));
  document.addEventListener("dragover", (event) => {
    if (dragged.length > 0 && target(event)) event.preventDefault();
  });
  document.addEventListener("dragenter", (event) => {
    document.querySelector(".drop")?.classList.remove("drop");
    if (dragged.length > 0) target(event)?.classList.add("drop");
  });
  document.addEventListener("drop", (event) => {
    const folder = target(event);
    document.querySelector(".drop")?.classList.remove("drop");
    if (!folder || dragged.length === 0) return;
    event.preventDefault();
    void drop(dragged, folder.dataset["folder"] ?? "/");
  });
}

interface Moved {
  id: string;
  from: string;
  tile: HTMLElement;
  /** What stood behind it. */
  next: Element | null;
}

async function drop(tiles: HTMLElement[], folder: string): Promise<void> {
  const moved: Moved[] = [];
  const work = async (tile: HTMLElement): Promise<void> => {
    const [id, from] = [tile.dataset["id"] ?? "", tile.dataset["path"] ?? ""];
    if (!(await move(id, from, folder))) return;
    moved.push({ id, from, tile, next: tile.nextElementSibling });
    tile.remove();
    lessen(1);
    come(folder, 1);
  };
  const failed = await changing(() => each(tiles, work, () => undefined));
  if (failed.length > 0) {
    say(told(tiles.length - failed.length, failed.map(({ item, message }) => ({ name: nameOf(item), message }))));
  }
  if (moved.length > 0) {
    const back = { label: word("undo"), act: () => void undo(moved, folder) };
    say(movedTo(moved.length, folder), back);
  }
  show();
}

/** Moves pictures back from a folder to where they came from. */
async function undo(moved: Moved[], folder: string): Promise<void> {
  const work = async ({ id, from }: Moved): Promise<void> => {
    await call("PUT", `/admin/filesystem/images/${id}`, new URLSearchParams({ path: `/${from}` }));
  };
  const failed = await changing(async () => {
    const failed = await each(moved, work, () => undefined);
    const out = new Set(failed.map(({ item }) => item));
    const list = grid();
    // The last one first: each stood before one that may have gone after it.
    for (const one of [...moved].reverse()) {
      if (out.has(one)) continue;
      let { next } = one;
      // What stood behind it may have moved along, and stayed there.
      while (next && next.parentElement !== list) next = moved.find(({ tile }) => tile === next)?.next ?? null;
      list?.insertBefore(one.tile, next);
      lessen(-1);
      come(folder, -1);
    }
    return failed;
  });
  if (failed.length > 0) {
    const lines = failed.map(({ item, message }) => `${nameOf(item.tile)}: ${message}`);
    const left = failed.length;
    const stayed = left === 1 ? word("not-undone-one") : word("not-undone-other", { done: left });
    say([stayed, ...lines.slice(0, MOST_TOLD)].join("\n"));
  }
  const done = moved.length - failed.length;
  if (done > 0) say(done === 1 ? word("undone-one") : word("undone-other", { done }));
  show();
}
