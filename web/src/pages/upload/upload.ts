// Uploads: files and folders dropped or chosen, a few at a time, each with its progress, gone on with where
// they were after an interruption. Without this script the form sends its files at once.

import { mayPass } from "../../viewers/shared/busy";
import { fault } from "../forms";
import { Refused, call, word } from "../page";
import { isSending, offering, showRows } from "./queue";
import { Sending, lose } from "./sending";
import { type Wanted, below, chosenIn } from "./wanted";

/** Makes a folder that is not there yet; tells why it cannot be made. */
async function makeFolder(path: string): Promise<Refused | null> {
  const named = new URLSearchParams({ path });
  try {
    await call("POST", "/admin/filesystem/folders", named);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (error.status === 409) return null;
    // Who may not make folders may send files into those that there are.
    const isThere = call("GET", `/admin/filesystem/folders?${named}`).then(() => true, () => false);
    return (await isThere) ? null : error;
  }
  return null;
}

/** Says why the folders of some files cannot be made, and offers what can be done with the files. */
function offer(form: HTMLFormElement, held: Wanted[], why: Refused): void {
  fault(form, why.message);
  const isFinal = !mayPass(why.status);
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button";
  button.textContent = word(isFinal ? "upload-flat" : "try-again");
  const rest = isFinal ? held.map((one) => ({ ...one, below: "" })) : held;
  button.addEventListener("click", () => void take(form, rest), { once: true });
  const place = form.querySelector("[data-alert]");
  place?.append(" ", button);
  place?.scrollIntoView({ block: "nearest" });
}

/** A folder and those around it: `a/b/` lies in `a/`. */
function ways(path: string): string[] {
  const names = path.split("/").filter((name) => name !== "");
  return names.map((_, at) => `${names.slice(0, at + 1).join("/")}/`);
}

async function take(form: HTMLFormElement, wanted: Wanted[]): Promise<void> {
  const given = new FormData(form);
  const folder = String(given.get("path") ?? "").trim();
  if (folder === "") return fault(form, word("upload-no-folder"));
  fault(form, "");
  const overwrite = String(given.get("overwrite") ?? "rename");
  const base = folder.replace(/\/+$/, "");
  const folders = new Set(wanted.flatMap((one) => (one.lost ? [] : ways(one.below))));
  if (folders.size > 0 && !navigator.onLine) {
    fault(form, word("upload-offline"));
    await new Promise((resolve) => addEventListener("online", resolve, { once: true }));
    fault(form, "");
  }
  const missing: string[] = [];
  let why: Refused | null = null;
  for (const path of [...folders].sort()) {
    if (missing.some((above) => path.startsWith(above))) continue;
    const refused = await makeFolder(`${base}/${path.replace(/\/$/, "")}`);
    if (refused) missing.push(path);
    why ??= refused;
  }
  const isHeld = (one: Wanted): boolean => !one.lost && missing.some((path) => one.below.startsWith(path));
  const taken = wanted.filter((one) => !isHeld(one));
  if (taken.length > 0) showRows();
  // Of files that come to one place under one name, none replaces another.
  const placeOf = ({ below, file }: Wanted): string => below + file.name.normalize();
  const times = new Map<string, number>();
  for (const one of taken) times.set(placeOf(one), (times.get(placeOf(one)) ?? 0) + 1);
  for (const one of taken) {
    const into = one.below === "" ? folder : `${base}/${one.below.replace(/\/$/, "")}`;
    const isAlone = times.get(placeOf(one)) === 1;
    if (one.lost) lose(one, one.lost);
    else new Sending(one, { folder: into, overwrite: overwrite === "yes" && !isAlone ? "rename" : overwrite });
  }
  if (why) offer(form, wanted.filter(isHeld), why);
}

function dropping(form: HTMLFormElement, zone: HTMLElement): void {
  const over = (event: DragEvent, inside: boolean): void => {
    event.preventDefault();
    zone.classList.toggle("over", inside);
  };
  zone.addEventListener("dragover", (event) => over(event, true));
  zone.addEventListener("dragleave", (event) => over(event, false));
  zone.addEventListener("drop", (event) => {
    over(event, false);
    const items = [...(event.dataTransfer?.items ?? [])];
    const entries = items.map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
    void Promise.all(entries.map((entry) => below(entry, ""))).then((all) => take(form, all.flat()));
  });
}

const form = document.querySelector<HTMLFormElement>("form[data-upload]");
if (form) {
  for (const part of document.querySelectorAll<HTMLElement>("[data-when-ready]")) part.hidden = false;
  for (const part of document.querySelectorAll<HTMLElement>("[data-without-script]")) part.hidden = true;
  const files = form.querySelector<HTMLInputElement>('input[type="file"]');
  files?.addEventListener("change", () => {
    void take(form, [...(files.files ?? [])].map((file) => ({ file, below: "" })));
    files.value = "";
  });
  const folder = form.querySelector<HTMLInputElement>("input[data-folder-files]");
  folder?.addEventListener("change", () => {
    if (folder.files) void take(form, chosenIn(folder.files));
    folder.value = "";
  });
  const zone = form.querySelector<HTMLElement>("[data-drop]");
  if (zone) dropping(form, zone);
  form.addEventListener("submit", (event) => event.preventDefault());
  offering();
  window.addEventListener("beforeunload", (event) => {
    if (isSending()) event.preventDefault();
  });
}
