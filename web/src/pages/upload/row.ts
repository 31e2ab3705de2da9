// The row of a file: what it looks like, how far it is, and what came of it.

import { mayPass } from "../../viewers/shared/busy";
import { type Refused, call, word } from "../page";
import type { Wanted } from "./wanted";

export interface Row {
  item: HTMLLIElement;
  thumb: HTMLElement;
  /** What stands under the name. */
  why: HTMLElement;
  state: HTMLElement;
  bar: HTMLProgressElement;
  off: HTMLButtonElement;
}

/** Draws a sign of the page into a row's tile. */
function mark(thumb: HTMLElement, name: string): void {
  const sign = document.querySelector<HTMLTemplateElement>(`template[data-upload-mark="${name}"]`);
  thumb.querySelector("svg")?.remove();
  if (sign) thumb.append(sign.content.cloneNode(true));
}

/** Shows a picture in its tile, if browsers can. */
function thumbnail(thumb: HTMLElement, file: File): void {
  if (!/^image\/(jpeg|png|gif|webp|avif)$/.test(file.type) || file.size >= 3e7) return mark(thumb, "file");
  const image = document.createElement("img");
  image.alt = "";
  image.src = URL.createObjectURL(file);
  image.addEventListener("load", () => URL.revokeObjectURL(image.src), { once: true });
  // What is no picture shows none.
  image.addEventListener("error", () => {
    URL.revokeObjectURL(image.src);
    image.remove();
    if (!thumb.querySelector("svg")) mark(thumb, "file");
  });
  thumb.append(image);
}

export function draw(wanted: Wanted): Row {
  const item = document.createElement("li");
  const thumb = document.createElement("span");
  const what = document.createElement("div");
  const name = document.createElement("bdi");
  const why = document.createElement("p");
  const state = document.createElement("span");
  const bar = document.createElement("progress");
  thumb.className = "thumb";
  thumbnail(thumb, wanted.file);
  what.className = "what";
  why.className = "why small";
  why.hidden = true;
  name.textContent = wanted.below + wanted.file.name;
  state.className = "state small";
  state.textContent = word("upload-waiting");
  bar.max = 1;
  bar.value = 0;
  bar.setAttribute("aria-label", wanted.file.name);
  const off = document.createElement("button");
  off.type = "button";
  off.className = "button bare";
  off.textContent = word("upload-off");
  off.setAttribute("aria-label", word("upload-off-one", { name: wanted.file.name }));
  what.append(name, why, bar);
  item.append(thumb, what, state, off);
  document.querySelector("[data-uploads] ul")?.append(item);
  return { item, thumb, why, state, bar, off };
}

/** Says under which name a file is kept, where that is not its own. */
export async function tellName(row: Row, file: File, id: string): Promise<void> {
  const image = await call<{ filename: string }>("GET", `/admin/images/${id}`).catch(() => null);
  if (!image || image.filename.normalize() === file.name.normalize()) return;
  const stored = document.createElement("p");
  stored.className = "quiet small";
  stored.dir = "auto";
  stored.textContent = word("upload-stored", { name: image.filename });
  row.why.after(stored);
}

export function finished(row: Row, id: string | null): void {
  row.item.dataset["state"] = "done";
  row.off.remove();
  row.bar.remove();
  const link = document.createElement("a");
  link.textContent = word("upload-done");
  link.href = id ? `/details?id=${id}` : "/browse";
  row.state.replaceChildren(link);
}

/** Says what is wrong with a file, and offers to send it again where that may be of use. */
export function failed(row: Row, { status, message }: Refused, again: () => void): void {
  row.item.dataset["state"] = "failed";
  row.bar.hidden = true;
  row.off.hidden = true;
  mark(row.thumb, "refused");
  row.why.textContent = message;
  row.why.hidden = false;
  row.state.textContent = word("upload-failed");
  if (!mayPass(status)) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button bare";
  button.textContent = word("try-again");
  button.addEventListener("click", again, { once: true });
  row.state.append(" ", button);
}

/** Makes a row ready for another try. */
export function renew({ item, thumb, why, bar, off }: Row): void {
  bar.hidden = false;
  off.hidden = false;
  why.hidden = true;
  if (item.dataset["state"] !== "failed") return;
  delete item.dataset["state"];
  thumb.querySelector("svg")?.remove();
  if (!thumb.querySelector("img")) mark(thumb, "file");
}
