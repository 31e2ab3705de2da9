// Doing something to all that is chosen: how far it is, what failed, and stopping it.

import { fault } from "../forms";
import { each, say, word } from "../page";
import { close } from "../sheets";
import { chosen, show, tileOf } from "./selection";

/** Failures that are told one by one. */
export const MOST_TOLD = 20;

export const nameOf = (tile: HTMLElement) => tile.dataset["path"]?.split("/").pop() ?? "";

/** What could not be done, picture by picture, and how many it was done to. */
export function told(done: number, failed: { name: string; message: string }[]): string {
  const lines = failed.slice(0, MOST_TOLD).map(({ name, message }) => `${name}: ${message}`);
  if (failed.length > MOST_TOLD) lines.push(word("some-more", { count: failed.length - MOST_TOLD }));
  const total = failed.length + done;
  const all = total === 1 ? word("failed-one") : word("failed-other", { failed: failed.length, total });
  return [all, ...lines].join("\n");
}

const changed = (count: number): void => say(count === 1 ? word("changed-one") : word("changed-other", { done: count }));

export type Work = (id: string, path: string) => Promise<void>;

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
export async function together(form: HTMLFormElement, work: Work, done = changed): Promise<void> {
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
