// Fields for folders offer those that there are, step by step from where the field says: by touch, by pointer, or with
// the arrow keys. What is typed goes on as it is.
//
// A field names a folder; with the value "within" what lies in it, whose own name stays behind the folder's.

import { call, language, word } from "./page";

const WAIT_MS = 200;
/** Folders that are offered at once; of more, those whose names have what is typed. */
const MOST = 60;

const plain = (path: string) => `/${path.split("/").filter((name) => name !== "").join("/")}`;
const below = (folder: string, name: string) => plain(`${folder}/${name}`);
const last = (path: string) => path.slice(path.lastIndexOf("/") + 1);
const above = (path: string) => plain(path.slice(0, Math.max(0, path.lastIndexOf("/"))));
const shown = (path: string) => (path === "/" ? word("library") : path);

const known = new Map<string, Promise<string[]>>();

/** The names of the folders in one, none where it cannot be looked into. */
function namesIn(folder: string): Promise<string[]> {
  const before = known.get(folder);
  if (before) return before;
  const asked = call<{ children: { path: string }[] }>(
    "GET",
    `/admin/filesystem/folders?${new URLSearchParams({ path: folder })}`,
  ).then(({ children }) => {
    const compare = new Intl.Collator(language, { numeric: true }).compare;
    return children.map(({ path }) => last(path)).sort(compare);
  });
  known.set(folder, asked);
  // What failed is asked for again.
  asked.catch(() => known.delete(folder));
  return asked;
}

function option(text: string, act: () => void): HTMLElement {
  const button = document.createElement("button");
  button.type = "button";
  button.dir = "auto";
  button.textContent = text;
  button.addEventListener("click", act);
  return button;
}

function offer(field: HTMLInputElement): void {
  const isWithin = field.dataset["folders"] === "within";
  const list = document.createElement("div");
  list.className = "offered";
  list.setAttribute("role", "group");
  list.hidden = true;
  (field.closest("label") ?? field).after(list);
  let [turn, timer] = [0, 0];

  /** Shows the folders in one; where `part` is given, those whose names have it. */
  const show = async (folder: string, part: string, takesFocus: boolean): Promise<void> => {
    const mine = ++turn;
    const names = await namesIn(folder).catch(() => null);
    if (mine !== turn) return;
    const sought = part.toLocaleLowerCase();
    const isSought = (name: string) => name.toLocaleLowerCase().includes(sought);
    const all = names ?? [];
    const found = (isWithin && all.length <= MOST ? all : all.filter(isSought)).slice(0, MOST);
    const items = found.map((name) => option(name, () => choose(below(folder, name))));
    if (folder !== "/") {
      const up = above(folder);
      items.unshift(option(`↑ ${word("folder-up", { name: shown(up) })}`, () => choose(up)));
    }
    list.setAttribute("aria-label", word("folders-in", { name: shown(folder) }));
    list.replaceChildren(...items);
    if (names !== null && found.length === 0) {
      const none = document.createElement("p");
      none.className = "quiet small";
      none.textContent = word("folders-none");
      list.append(none);
    }
    list.hidden = list.children.length === 0;
    if (takesFocus) (list.querySelector("button") ?? field).focus();
  };
  const choose = (folder: string): void => {
    const name = isWithin ? last(field.value) : "";
    field.value = isWithin ? `${folder === "/" ? "" : folder}/${name}` : folder;
    field.dispatchEvent(new Event("change", { bubbles: true }));
    void show(folder, "", true);
  };
  /** What the field says by now. */
  const look = (isTyped: boolean): void => {
    const value = field.value.trim();
    const isWhole = !isTyped && !isWithin;
    if (isWhole) void show(plain(value), "", false);
    else void show(above(value.startsWith("/") ? value : `/${value}`), last(value), false);
  };
  field.addEventListener("focus", () => list.hidden && look(false));
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => look(true), WAIT_MS);
  });
  const step = (event: KeyboardEvent): void => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!by || list.hidden) return;
    const stops = [field, ...list.querySelectorAll<HTMLElement>("button")];
    const at = stops.findIndex((stop) => stop === document.activeElement);
    const next = stops[at + by];
    event.preventDefault();
    next?.focus();
  };
  field.addEventListener("keydown", step);
  list.addEventListener("keydown", step);
}

export function offeringFolders(): void {
  for (const field of document.querySelectorAll<HTMLInputElement>("input[data-folders]")) offer(field);
}
