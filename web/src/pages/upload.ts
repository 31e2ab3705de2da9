// Uploads: files and folders dropped or chosen, a few at a time, each with its progress, gone on with where
// they were after an interruption. Without this script the form sends its files at once.

import { Upload } from "tus-js-client";

import { fault } from "./forms";
import { proof, word } from "./page";

const AT_ONCE = 3;
const PIECE_BYTES = 8 * 1024 * 1024;
const RETRIES_MS = [0, 1000, 3000, 5000, 10_000, 20_000];

interface Wanted {
  file: File;
  /** The folders that it lies in below what was dropped. */
  below: string;
}

interface Row {
  item: HTMLLIElement;
  state: HTMLElement;
  bar: HTMLProgressElement;
}

const form = document.querySelector<HTMLFormElement>("form[data-upload]");
const section = document.querySelector<HTMLElement>("[data-uploads]");
const list = section?.querySelector("ul");
const sum = section?.querySelector<HTMLElement>("[data-upload-sum]");

const waiting: (() => Promise<void>)[] = [];
let running = 0;
const counts = { total: 0, done: 0, failed: 0 };

function tell(): void {
  if (!sum) return;
  sum.textContent = word(counts.failed > 0 ? "upload-some-failed" : "upload-sum", counts);
}

function advance(): void {
  while (running < AT_ONCE) {
    const next = waiting.shift();
    if (!next) return;
    running += 1;
    void next().finally(() => {
      running -= 1;
      advance();
    });
  }
}

function row(wanted: Wanted): Row {
  const item = document.createElement("li");
  const thumb = document.createElement("img");
  const what = document.createElement("div");
  const name = document.createElement("bdi");
  const state = document.createElement("span");
  const bar = document.createElement("progress");
  thumb.className = "thumb";
  thumb.alt = "";
  if (/^image\/(jpeg|png|gif|webp|avif)$/.test(wanted.file.type) && wanted.file.size < 3e7) {
    thumb.src = URL.createObjectURL(wanted.file);
    thumb.addEventListener("load", () => URL.revokeObjectURL(thumb.src));
  }
  what.className = "what";
  name.textContent = wanted.below + wanted.file.name;
  state.className = "state small";
  state.textContent = word("upload-waiting");
  bar.max = 1;
  bar.value = 0;
  bar.setAttribute("aria-label", wanted.file.name);
  what.append(name, bar);
  item.append(thumb, what, state);
  list?.append(item);
  return { item, state, bar };
}

function finished(row: Row, id: string | null): void {
  row.item.dataset["state"] = "done";
  row.bar.remove();
  const link = document.createElement("a");
  link.textContent = word("upload-done");
  link.href = id ? `/details?id=${id}` : "/browse";
  row.state.replaceChildren(link);
}

function failed(row: Row, message: string, again: () => void): void {
  row.item.dataset["state"] = "failed";
  row.bar.hidden = true;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button bare";
  button.textContent = word("upload-retry");
  button.addEventListener("click", again, { once: true });
  row.state.replaceChildren(document.createTextNode(`${message} `), button);
}

/** The server's own words of a failure. */
function reason(error: Error): string {
  const response = (error as { originalResponse?: { getBody(): string } }).originalResponse;
  try {
    const told = JSON.parse(response?.getBody() ?? "") as { message?: string };
    if (told.message) return told.message;
  } catch {
    // It is not one of ours, or there was none.
  }
  return word("offline");
}

/** The id of the picture that an upload has become, as the last answer says. */
function becameOf(response: { getHeader(name: string): string | undefined } | null): string | null {
  const location = response?.getHeader("Content-Location");
  return /\/images\/(\d+)\/?$/.exec(location ?? "")?.[1] ?? null;
}

function send(wanted: Wanted, folder: string, overwrite: string): void {
  const shown = row(wanted);
  counts.total += 1;
  tell();
  const start = (): Promise<void> =>
    new Promise((resolve) => {
      let became: string | null = null;
      shown.bar.hidden = false;
      delete shown.item.dataset["state"];
      const upload = new Upload(wanted.file, {
        endpoint: "/api/v1/uploads",
        headers: proof,
        chunkSize: PIECE_BYTES,
        retryDelays: RETRIES_MS,
        removeFingerprintOnSuccess: true,
        metadata: { filename: wanted.file.name, path: folder, overwrite },
        onAfterResponse: (_, response) => {
          became = becameOf(response) ?? became;
        },
        onProgress: (sent, total) => {
          shown.bar.value = total > 0 ? sent / total : 0;
          const percent = Math.floor(shown.bar.value * 100);
          shown.state.textContent = word("upload-percent", { percent });
        },
        onSuccess: () => {
          counts.done += 1;
          finished(shown, became);
          tell();
          resolve();
        },
        onError: (error) => {
          counts.failed += 1;
          tell();
          failed(shown, reason(error), () => {
            counts.failed -= 1;
            tell();
            queue(start);
          });
          resolve();
        },
      });
      upload.findPreviousUploads().then((earlier) => {
        const [first] = earlier;
        if (first) upload.resumeFromPreviousUpload(first);
        upload.start();
      }, () => upload.start());
    });
  queue(start);
}

function queue(start: () => Promise<void>): void {
  waiting.push(start);
  advance();
}

/** All files below what was dropped, folders included. */
async function below(entry: FileSystemEntry, path: string): Promise<Wanted[]> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    );
    return file.name.startsWith(".") ? [] : [{ file, below: path }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: Wanted[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0) return found;
    for (const child of some) found.push(...(await below(child, `${path}${entry.name}/`)));
  }
}

async function makeFolder(path: string): Promise<void> {
  const body = new URLSearchParams({ path });
  const response = await fetch("/api/v1/admin/filesystem/folders", {
    method: "POST",
    headers: proof,
    body,
  });
  // Where it is there already there is nothing to do; a failure shows at each of its files.
  if (!response.ok && response.status !== 409) return;
}

/** A folder and those around it: `a/b/` lies in `a/`. */
function ways(path: string): string[] {
  const names = path.split("/").filter((name) => name !== "");
  return names.map((_, at) => `${names.slice(0, at + 1).join("/")}/`);
}

/** The files of a folder that was chosen, with the folders that they lie in. */
function chosenIn(files: FileList): Wanted[] {
  const below = ({ webkitRelativePath: path }: File) => path.slice(0, path.lastIndexOf("/") + 1);
  const all = [...files].map((file) => ({ file, below: below(file) }));
  return all.filter(({ file }) => !file.name.startsWith("."));
}

async function take(form: HTMLFormElement, wanted: Wanted[]): Promise<void> {
  const given = new FormData(form);
  const folder = String(given.get("path") ?? "").trim();
  if (folder === "") return fault(form, word("upload-no-folder"));
  fault(form, "");
  if (section) section.hidden = wanted.length === 0 && counts.total === 0;
  const overwrite = String(given.get("overwrite") ?? "rename");
  const base = folder.replace(/\/+$/, "");
  const folders = new Set(wanted.flatMap((one) => ways(one.below)));
  for (const path of [...folders].sort()) await makeFolder(`${base}/${path.replace(/\/$/, "")}`);
  for (const one of wanted) {
    const into = one.below === "" ? folder : `${base}/${one.below.replace(/\/$/, "")}`;
    send(one, into, overwrite);
  }
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
    void take(form, chosenIn(folder.files ?? new DataTransfer().files));
    folder.value = "";
  });
  const zone = form.querySelector<HTMLElement>("[data-drop]");
  if (zone) dropping(form, zone);
  form.addEventListener("submit", (event) => event.preventDefault());
  window.addEventListener("beforeunload", (event) => {
    if (running > 0) event.preventDefault();
  });
}
