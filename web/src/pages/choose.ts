// Choosing many pictures of a grid or a list, and changing, moving, gathering or deleting them together.

import { busy, fault, isRunning } from "./forms";
import { gather } from "./gather";
import { Refused, call, each, say, shortcuts, word } from "./page";
import { changing, isCut, more, renew } from "./scroll";
import { close, isCovered } from "./sheets";
import { backToGrid } from "./small";

/** The longest address that every server takes. */
const MOST_ADDRESS = 7000;

/** Failures that are told one by one. */
const MOST_TOLD = 20;

const grid = () => document.querySelector<HTMLElement>("[data-grid]");
const bar = () => document.querySelector<HTMLElement>("[data-choice]");
const boxes = () => [...document.querySelectorAll<HTMLInputElement>(".pick input")];
const tileOf = (at: Element) => at.closest<HTMLElement>("[data-grid] > [data-id]");
const chosen = () => boxes().filter((box) => box.checked);

const ids = () => chosen().map((box) => box.value);

/** Whether something may be done with a picture. Where nothing is said of it, it may as the page says for all. */
function may(tile: HTMLElement | null, what: string): boolean {
  const words = tile?.dataset["may"];
  return words === undefined || words.split(" ").includes(what);
}

let last: HTMLInputElement | null = null;

/** Where a choice by Shift and the arrow keys began, and how far it goes. */
let stretch: { from: HTMLElement; to: HTMLElement } | null = null;

function show(): void {
  const count = chosen().length;
  const place = bar();
  if (!place) return;
  const had = place.querySelector(":focus");
  const isByKey = had?.matches(":focus-visible") ?? false;
  place.hidden = count === 0;
  if (had && place.hidden) backToGrid(isByKey);
  const tiles = chosen().map((box) => tileOf(box));
  for (const button of place.querySelectorAll<HTMLElement>("[data-needs]")) {
    button.hidden = !tiles.some((tile) => may(tile, button.dataset["needs"] ?? ""));
  }
  grid()?.toggleAttribute("data-choosing", count > 0);
  const text = count === 1 ? word("chosen-one") : word("chosen-other", { count });
  const told = place.querySelector("[data-choice-count]");
  if (told) told.textContent = text;
  const asked = document.getElementById("choice-delete-heading");
  if (asked) asked.textContent = count === 1 ? word("delete-one") : word("delete-other", { count });
  const table = place.querySelector<HTMLAnchorElement>("[data-choice-table]");
  if (table) {
    const url = new URL(table.href);
    url.searchParams.delete("image_ids");
    const address = `${url.href}&image_ids=${ids().join(",")}`;
    table.hidden = address.length > MOST_ADDRESS;
    table.href = table.hidden ? url.href : address;
  }
  const all = place.querySelector<HTMLElement>("[data-choose-all]");
  if (!all) return;
  const label = all.querySelector("span") ?? all;
  const usual = (all.dataset["usual"] ??= label.textContent ?? "");
  const isRest = count > 0 && count === boxes().length && isCut();
  label.textContent = isRest ? word("choose-rest", { count: totalOf() }) : usual;
}

const heading = () => document.querySelector<HTMLElement>("[data-total]");
const totalOf = () => Number(heading()?.dataset["total"] ?? 0);

/** Says how many there are when some have gone. */
function lessen(by: number): void {
  const place = heading();
  if (!place || by === 0) return;
  const count = Math.max(0, totalOf() - by);
  place.dataset["total"] = String(count);
  const words: Record<number, string> = { 0: word("pictures-none"), 1: word("pictures-one") };
  place.textContent = words[count] ?? word("pictures-other", { count });
}

let reaching = false;

/** Chooses all that is shown; when it is chosen already, all that there is. */
async function chooseAll(): Promise<void> {
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

function choose(all: boolean): void {
  stretch = null;
  for (const box of boxes()) box.checked = all;
  show();
}

/** With the shift key, all from the last one chosen to this one. */
function range(box: HTMLInputElement): void {
  const [from, to] = [last && tileOf(last), tileOf(box)];
  if (from && to) for (const one of between(from, to)) one.checked = box.checked;
}

/** The boxes from one picture to another, whichever comes first. */
function between(one: Element, other: Element): HTMLInputElement[] {
  const all = [...(grid()?.children ?? [])];
  const [from = -1, to = -1] = [all.indexOf(one), all.indexOf(other)].sort((a, b) => a - b);
  const tiles = from < 0 ? [] : all.slice(from, to + 1);
  return tiles.map((tile) => tile.querySelector<HTMLInputElement>(".pick input")).filter((box) => box !== null);
}

/** Shift and an arrow key choose all from where that began to where the focus is now. */
function extend(left: HTMLElement, reached: HTMLElement): void {
  const from = stretch?.to === left && stretch.from.isConnected ? stretch.from : left;
  for (const box of between(from, left)) box.checked = false;
  for (const box of between(from, reached)) box.checked = true;
  stretch = { from, to: reached };
  last = from.querySelector<HTMLInputElement>(".pick input");
  show();
}

const nameOf = (tile: HTMLElement) => tile.dataset["path"]?.split("/").pop() ?? "";

/** What could not be done, picture by picture, and how many it was done to. */
function told(done: number, failed: { name: string; message: string }[]): string {
  const lines = failed.slice(0, MOST_TOLD).map(({ name, message }) => `${name}: ${message}`);
  if (failed.length > MOST_TOLD) lines.push(word("some-more", { count: failed.length - MOST_TOLD }));
  return [word("some-failed", { failed: failed.length, done }), ...lines].join("\n");
}

const changed = (count: number): void => say(word("changed", { done: count }));

type Work = (id: string, path: string) => Promise<void>;

/** Has whoever wants a sheet closed stop what runs in it. */
function stopping(form: HTMLFormElement): { stop: AbortSignal; end: () => void } {
  const [stop, over] = [new AbortController(), new AbortController()];
  const sheet = form.closest("dialog");
  sheet?.addEventListener("cancel", (event) => {
    event.preventDefault();
    fault(form, word("stopping"));
    stop.abort();
  }, { signal: over.signal });
  // Browsers let nothing keep a sheet open for ever.
  sheet?.addEventListener("close", () => stop.abort(), { signal: over.signal });
  return { stop: stop.signal, end: () => over.abort() };
}

/** Does something to every chosen picture; those for which it failed, or to which it did not come, stay chosen. */
async function together(form: HTMLFormElement, work: Work, done = changed): Promise<void> {
  const items = chosen().map((box) => tileOf(box)).filter((tile) => tile !== null);
  const bar = form.querySelector("progress");
  if (bar) [bar.hidden, bar.max, bar.value] = [false, items.length, 0];
  fault(form, "");
  const finished = new Set<HTMLElement | null>();
  const one = async (tile: HTMLElement): Promise<void> => {
    await work(tile.dataset["id"] ?? "", tile.dataset["path"] ?? "");
    finished.add(tile);
  };
  const { stop, end } = stopping(form);
  const failed = await each(items, one, (count) => bar && (bar.value = count), stop);
  end();
  if (bar) bar.hidden = true;
  for (const box of chosen()) if (finished.has(tileOf(box))) box.checked = false;
  fault(form, "");
  const isCutShort = finished.size + failed.length < items.length;
  const lines = isCutShort ? [word("stopped", { done: finished.size, total: items.length })] : [];
  if (failed.length > 0) {
    lines.push(told(finished.size, failed.map(({ item, message }) => ({ name: nameOf(item), message }))));
  }
  if (lines.length === 0) done(items.length);
  else if (failed.length > 0 && form.closest("dialog")?.open) fault(form, lines.join("\n"));
  else say(lines.join("\n"));
  if (failed.length === 0) close(form);
  if (lines.length === 0) form.reset();
  show();
}

const listed = (value: FormDataEntryValue | null): string[] =>
  String(value ?? "").split(/[,\n]/).map((tag) => tag.trim()).filter((tag) => tag !== "");

function edit(form: HTMLFormElement): Promise<void> {
  const given = new FormData(form);
  const fields = new URLSearchParams({
    title: String(given.get("title")),
    description: String(given.get("description")),
    add: listed(given.get("add")).join("\n"),
    remove: listed(given.get("remove")).join("\n"),
  });
  // What is not to be changed is not sent: others may change it meanwhile.
  for (const [name, value] of [...fields]) if (value === "") fields.delete(name);
  if ([...fields].length === 0) return Promise.resolve(fault(form, word("nothing-entered")));
  return together(form, (id) => call("PATCH", `/admin/images/${id}`, fields));
}

function leave(ids: Set<string>): void {
  let gone = 0;
  for (const id of ids) {
    const tile = document.querySelector(`[data-grid] > [data-id="${CSS.escape(id)}"]`);
    if (tile) gone += 1;
    tile?.remove();
  }
  lessen(gone);
}

const isEverywhere = () => document.querySelector("[data-grid] > [data-may]") !== null;

/** Moves a picture; tells whether it was in another folder. */
async function move(id: string, path: string, folder: string): Promise<boolean> {
  const plain = (one: string) => one.split("/").filter((name) => name !== "").join("/");
  const to = plain(`${folder}/${path.split("/").pop() ?? ""}`);
  if (to === plain(path)) return false;
  await call("PUT", `/admin/filesystem/images/${id}`, new URLSearchParams({ path: `/${to}` }));
  return true;
}

function moveAll(form: HTMLFormElement): Promise<void> {
  const folder = String(new FormData(form).get("folder"));
  const moved = new Set<string>();
  const work = async (id: string, path: string): Promise<void> => {
    if (await move(id, path, folder)) moved.add(id);
  };
  const done = (): void => {
    say(moved.size > 0 ? word("moved", { done: moved.size, name: folder }) : word("moved-none"));
  };
  if (!isEverywhere()) return taking(form, work, moved, done);
  // What is found lies in many folders: it stays, elsewhere.
  return changing(async () => {
    await together(form, work, done);
    const before = new Set(ids());
    const total = await renew(moved);
    if (total !== null) lessen(totalOf() - total);
    for (const box of boxes()) box.checked ||= before.has(box.value);
    show();
  });
}

function deleteAll(form: HTMLFormElement): Promise<void> {
  const gone = new Set<string>();
  const work = async (id: string): Promise<void> => {
    await call("DELETE", `/admin/filesystem/images/${id}`);
    gone.add(id);
  };
  // Where it can be brought back from, that is offered.
  const { recycled } = form.dataset;
  const offer = recycled ? { label: word("recycled"), act: () => location.assign(recycled) } : undefined;
  return taking(form, work, gone, (count) => say(word("deleted", { done: count }), offer));
}

/** Does something by which pictures leave the grid: those that `gone` tells afterwards. */
function taking(form: HTMLFormElement, work: Work, gone: Set<string>, done: (count: number) => void): Promise<void> {
  return changing(() =>
    together(form, work, done).finally(() => {
      leave(gone);
      show();
    }),
  );
}

async function gatherAll(): Promise<void> {
  if (chosen().length > 0 && (await gather(ids()))) choose(false);
}

/** Pictures that are dragged onto a folder move there: the chosen ones, or else the one. */
function dragging(): void {
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
  };
  const failed = await changing(() => each(tiles, work, () => undefined));
  if (failed.length > 0) {
    say(told(tiles.length - failed.length, failed.map(({ item, message }) => ({ name: nameOf(item), message }))));
  }
  if (moved.length > 0) {
    const back = { label: word("undo"), act: () => void undo(moved) };
    say(word("moved", { done: moved.length, name: folder }), back);
  }
  show();
}

/** Moves pictures back to where they came from. */
async function undo(moved: Moved[]): Promise<void> {
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
    }
    return failed;
  });
  if (failed.length > 0) {
    const lines = failed.map(({ item, message }) => `${nameOf(item.tile)}: ${message}`);
    say([word("not-undone", { failed: failed.length }), ...lines.slice(0, MOST_TOLD)].join("\n"));
  }
  if (failed.length < moved.length) say(word("undone", { done: moved.length - failed.length }));
  show();
}

function keys(event: KeyboardEvent): void {
  const at = event.target instanceof Element ? event.target : document.body;
  if (isCovered() || at.closest("input:not([type=checkbox]), textarea, select, [popover]")) return;
  const tile = tileOf(at);
  const box = tile?.querySelector<HTMLInputElement>(".pick input");
  // The focus has moved already.
  if (tile && /^(Arrow|Home$|End$)/.test(event.key)) {
    const reached = document.activeElement ? tileOf(document.activeElement) : null;
    if (!event.shiftKey) stretch = null;
    else if (reached && reached !== tile) extend(tile, reached);
  } else if (event.key === " " && box && at !== box) {
    event.preventDefault();
    box.click();
  } else if (event.key === "a" && (event.ctrlKey || event.metaKey) && boxes().length > 0) {
    event.preventDefault();
    void chooseAll();
  } else if (event.key === "Escape" && chosen().length > 0) {
    choose(false);
  } else if (shortcuts && chosen().length > 0 && !event.ctrlKey && !event.metaKey && !event.altKey) {
    const key = event.key === "Backspace" ? "Delete" : event.key;
    const button = bar()?.querySelector<HTMLElement>(`button[data-key="${CSS.escape(key)}"]:not([hidden])`);
    if (!button) return;
    event.preventDefault();
    button.click();
  }
}

/** What is said for a moment stands above the bar, however high it is. */
function lifting(place: HTMLElement): void {
  const root = document.documentElement;
  const lift = (): void => {
    const { height, top } = place.getBoundingClientRect();
    if (height > 0) root.style.setProperty("--bar", `${root.clientHeight - top}px`);
    else root.style.removeProperty("--bar");
  };
  new ResizeObserver(lift).observe(place);
}

export function choosing(): void {
  const place = bar();
  if (!place) return;
  lifting(place);
  document.documentElement.setAttribute("data-ready", "");
  document.addEventListener("change", (event) => {
    if (event.target instanceof HTMLInputElement && event.target.closest(".pick")) show();
  });
  document.addEventListener("click", (event) => {
    const box = event.target;
    if (!(box instanceof HTMLInputElement) || !box.closest(".pick")) return;
    if (event.shiftKey) range(box);
    last = box;
    stretch = null;
    show();
  });
  document.addEventListener("keydown", keys);
  document.querySelector("[data-choose-all]")?.addEventListener("click", () => void chooseAll());
  document.querySelector("[data-choice-gather]")?.addEventListener("click", () => void gatherAll());
  document.querySelector("[data-choose-none]")?.addEventListener("click", () => choose(false));
  const actions: [string, (form: HTMLFormElement) => Promise<void>][] = [
    ["form[data-choice-edit]", edit],
    ["form[data-choice-move]", moveAll],
    ["form[data-choice-delete]", deleteAll],
  ];
  for (const [selector, act] of actions) {
    const form = document.querySelector<HTMLFormElement>(selector);
    form?.addEventListener("submit", (event) => {
      event.preventDefault();
      if (isRunning(form)) return;
      busy(form, true);
      void act(form).finally(() => busy(form, false));
    });
  }
  dragging();
  show();
}
