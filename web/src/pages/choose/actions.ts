// Changing, moving, gathering and deleting what is chosen.

import { fault } from "../forms";
import { gather } from "../gather";
import { call, say, word } from "../page";
import { changing, renew } from "../scroll";
import { boxes, choose, chosen, come, ids, lessen, plain, show, totalOf } from "./selection";
import { type Work, together } from "./together";

const listed = (value: FormDataEntryValue | null): string[] =>
  String(value ?? "").split(/[,\n]/).map((tag) => tag.trim()).filter((tag) => tag !== "");

export function edit(form: HTMLFormElement): Promise<void> {
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
export async function move(id: string, path: string, folder: string): Promise<boolean> {
  const to = plain(`${folder}/${path.split("/").pop() ?? ""}`);
  if (to === plain(path)) return false;
  await call("PUT", `/admin/filesystem/images/${id}`, new URLSearchParams({ path: `/${to}` }));
  return true;
}

/** Says how many were moved where. */
export const movedTo = (done: number, name: string): string =>
  done === 1 ? word("moved-one", { name }) : word("moved-other", { done, name });

export function moveAll(form: HTMLFormElement): Promise<void> {
  const folder = String(new FormData(form).get("folder"));
  const moved = new Set<string>();
  const work = async (id: string, path: string): Promise<void> => {
    if (!(await move(id, path, folder))) return;
    moved.add(id);
    come(folder, 1);
  };
  const done = (): void => {
    say(moved.size > 0 ? movedTo(moved.size, folder) : word("moved-none"));
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

export function deleteAll(form: HTMLFormElement): Promise<void> {
  const gone = new Set<string>();
  const work = async (id: string): Promise<void> => {
    await call("DELETE", `/admin/filesystem/images/${id}`);
    gone.add(id);
  };
  // Where it can be brought back from, that is offered.
  const { recycled } = form.dataset;
  const offer = recycled ? { label: word("recycled"), act: () => location.assign(recycled) } : undefined;
  return taking(form, work, gone, (count) => say(count === 1 ? word("deleted-one") : word("deleted-other", { done: count }), offer));
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

export async function gatherAll(): Promise<void> {
  if (chosen().length > 0 && (await gather(ids()))) choose(false);
}
