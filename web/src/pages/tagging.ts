// Fields for tags offer those that there are. The page brings the first ones; what begins as somebody types is asked
// for. Where a field takes several, the last one is offered to be completed.

import { call } from "./page";

const WAIT_MS = 200;
const MOST = 20;

/** What stands before the tag that is typed, and what there is of it. */
function split(field: HTMLInputElement): [before: string, typed: string] {
  if (field.dataset["tags"] !== "many") return ["", field.value.trim()];
  const [before = ""] = /^(?:.*,)?\s*/s.exec(field.value) ?? [];
  return [before, field.value.slice(before.length).trim()];
}

/** The list of a field, of its own if the page has none for it. */
function listOf(field: HTMLInputElement, number: number): HTMLDataListElement {
  if (field.list instanceof HTMLDataListElement) return field.list;
  const list = document.createElement("datalist");
  list.id = `tags-${number}`;
  field.after(list);
  field.setAttribute("list", list.id);
  return list;
}

function offer(field: HTMLInputElement, number: number): void {
  const known = new Map<string, Promise<string[]>>();
  const brought = [...(field.list?.options ?? [])].map(({ value }) => value);
  if (brought.length > 0) known.set("", Promise.resolve(brought));
  let timer = 0;
  let asked = 0;
  const names = (typed: string): Promise<string[]> => {
    const found =
      known.get(typed) ??
      call<{ name: string }[]>("GET", `/tags?${new URLSearchParams({ q: typed, limit: String(MOST) })}`).then(
        (tags) => tags.map(({ name }) => name),
      );
    known.set(typed, found);
    // What failed is asked for again.
    found.catch(() => known.delete(typed));
    return found;
  };
  const show = async (): Promise<void> => {
    const [before, typed] = split(field);
    const turn = ++asked;
    const found = await names(typed.toLocaleLowerCase()).catch(() => []);
    // Somebody has typed on.
    if (turn !== asked || found.length === 0) return;
    const options = found.map((name) => {
      const option = document.createElement("option");
      option.value = before + name;
      return option;
    });
    listOf(field, number).replaceChildren(...options);
  };
  field.addEventListener("focus", () => void show());
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => void show(), WAIT_MS);
  });
}

export function tagging(): void {
  const fields = document.querySelectorAll<HTMLInputElement>("input[data-tags]");
  for (const [number, field] of [...fields].entries()) offer(field, number);
}
