// What is chosen of a grid or a list, and what the page says of it.

import { Refused, say, word } from "../page";
import { isCut, more } from "../scroll";
import { backToGrid } from "../small";

/** The longest address that every server takes. */
const MOST_ADDRESS = 7000;

export const grid = () => document.querySelector<HTMLElement>("[data-grid]");
export const bar = () => document.querySelector<HTMLElement>("[data-choice]");
export const boxes = () => [...document.querySelectorAll<HTMLInputElement>(".pick input")];
export const tileOf = (at: Element) => at.closest<HTMLElement>("[data-grid] > [data-id]");
export const chosen = () => boxes().filter((box) => box.checked);

export const ids = () => chosen().map((box) => box.value);

/** Whether something may be done with a picture. Where nothing is said of it, it may as the page says for all. */
function may(tile: HTMLElement | null, what: string): boolean {
  const words = tile?.dataset["may"];
  return words === undefined || words.split(" ").includes(what);
}

let last: HTMLInputElement | null = null;

/** Where a choice by Shift and the arrow keys began, and how far it goes. */
let stretch: { from: HTMLElement; to: HTMLElement } | null = null;

/** Has the bar and the grid say what is chosen now. */
export function show(): void {
  const count = chosen().length;
  const place = bar();
  if (!place) return;
  const had = place.querySelector(":focus");
  const isByKey = had?.matches(":focus-visible") ?? false;
  place.hidden = count === 0;
  if (had && place.hidden) backToGrid(isByKey);
  grid()?.toggleAttribute("data-choosing", count > 0);
  const tiles = chosen().map((box) => tileOf(box));
  for (const button of place.querySelectorAll<HTMLElement>("[data-needs]")) {
    button.hidden = !tiles.some((tile) => may(tile, button.dataset["needs"] ?? ""));
  }
  const told = place.querySelector("[data-choice-count]");
  if (told) told.textContent = count === 1 ? word("chosen-one") : word("chosen-other", { count });
  const isOne = count === 1;
  title("choice-edit", isOne ? word("edit-one") : word("edit-other", { count }));
  title("choice-move", isOne ? word("move-one") : word("move-other", { count }));
  title("choice-delete", isOne ? word("delete-one") : word("delete-other", { count }));
  const table = place.querySelector<HTMLAnchorElement>("[data-choice-table]");
  if (table) offerTable(table);
  const all = place.querySelector<HTMLElement>("[data-choose-all]");
  if (all) offerRest(all, count);
}

/** Has a sheet say to how many pictures it does something. While nothing is chosen it says nothing else than before. */
function title(sheet: string, text: string): void {
  const heading = document.getElementById(`${sheet}-heading`);
  if (heading && chosen().length > 0) heading.textContent = text;
}

/** The table of the pictures that are chosen, as long as an address can say which. */
function offerTable(link: HTMLAnchorElement): void {
  const url = new URL(link.href);
  url.searchParams.delete("image_ids");
  const address = `${url.href}&image_ids=${ids().join(",")}`;
  const isLong = address.length > MOST_ADDRESS;
  link.href = isLong ? url.href : address;
  link.onclick = isLong ? refuse : null;
}

function refuse(event: Event): void {
  event.preventDefault();
  say(word("table-many"));
}

/** Whether all that there is has been chosen. */
const isWhole = () => !isCut() && boxes().every((box) => box.checked);

/** Where all that is shown is chosen, the button that chooses it offers what is not shown yet; then, to choose none. */
function offerRest(button: HTMLElement, count: number): void {
  const label = button.querySelector("span") ?? button;
  const usual = (button.dataset["usual"] ??= label.textContent ?? "");
  const isRest = count > 0 && count === boxes().length && isCut();
  label.textContent = isRest ? word("choose-rest", { count: totalOf() }) : usual;
  if (count > 0 && isWhole()) label.textContent = word("choose-clear");
}

const heading = () => document.querySelector<HTMLElement>("[data-total]");
export const totalOf = () => Number(heading()?.dataset["total"] ?? 0);

/** Says how many there are when some have gone. */
export function lessen(by: number): void {
  const place = heading();
  if (!place || by === 0) return;
  const count = Math.max(0, totalOf() - by);
  place.dataset["total"] = String(count);
  place.textContent = pictures(count);
}

function pictures(count: number): string {
  const words: Record<number, string> = { 0: word("pictures-none"), 1: word("pictures-one") };
  return words[count] ?? word("pictures-other", { count });
}

/** A path as the page's attributes have it, without slashes at its ends. */
export const plain = (path: string) => path.split("/").filter((name) => name !== "").join("/");

/** Has the card of a folder, where the page shows one, say that so many pictures have come to it. */
export function come(folder: string, by: number): void {
  for (const card of document.querySelectorAll<HTMLElement>(".folder[data-folder]")) {
    const place = card.querySelector<HTMLElement>("[data-count]");
    if (!place || plain(card.dataset["folder"] ?? "") !== plain(folder)) continue;
    const count = Math.max(0, Number(place.dataset["count"]) + by);
    place.dataset["count"] = String(count);
    place.textContent = count > 0 ? pictures(count) : "";
  }
}

let reaching = false;

/** Chooses all that is shown; when it is chosen already, all that there is. */
export async function chooseAll(): Promise<void> {
  const isChosen = boxes().every((box) => box.checked);
  choose(true);
  if (!isChosen || !isCut() || reaching) return;
  reaching = true;
  try {
    // Whoever chooses nothing meanwhile wants no more, and who takes one out wants the others.
    while (isCut() && chosen().length > 0) {
      const before = new Set(boxes());
      const goes = await more();
      if (chosen().length === 0) break;
      for (const box of boxes()) box.checked ||= !before.has(box);
      show();
      if (!goes) break;
    }
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    say(error.message);
  } finally {
    reaching = false;
  }
}

/** What the button does: chooses all, or none where all are chosen. */
export function chooseAllOrNone(): void {
  if (isWhole()) choose(false);
  else void chooseAll();
}

export function choose(all: boolean): void {
  stretch = null;
  for (const box of boxes()) box.checked = all;
  show();
}

/** A box was clicked; with the shift key all from the last one clicked to this one are as this one is. */
export function clicked(box: HTMLInputElement, isRange: boolean): void {
  const [from, to] = [last && tileOf(last), tileOf(box)];
  if (isRange && from && to) for (const one of between(from, to)) one.checked = box.checked;
  last = box;
  stretch = null;
  show();
}

/** The boxes from one picture to another, whichever comes first. */
function between(one: Element, other: Element): HTMLInputElement[] {
  const all = [...(grid()?.children ?? [])];
  const [from = -1, to = -1] = [all.indexOf(one), all.indexOf(other)].sort((a, b) => a - b);
  const tiles = from < 0 ? [] : all.slice(from, to + 1);
  return tiles.map((tile) => tile.querySelector<HTMLInputElement>(".pick input")).filter((box) => box !== null);
}

/** An arrow key moved the focus: with Shift, all from where that began to where the focus is now are chosen. */
export function reached(left: HTMLElement, tile: HTMLElement | null, isRange: boolean): void {
  if (!isRange) stretch = null;
  else if (tile && tile !== left) extend(left, tile);
}

function extend(left: HTMLElement, reached: HTMLElement): void {
  const from = stretch?.to === left && stretch.from.isConnected ? stretch.from : left;
  for (const box of between(from, left)) box.checked = false;
  for (const box of between(from, reached)) box.checked = true;
  stretch = { from, to: reached };
  last = from.querySelector<HTMLInputElement>(".pick input");
  show();
}
