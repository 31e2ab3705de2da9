// Uploads: files and folders dropped or chosen, a few at a time, each with its progress, gone on with where
// they were after an interruption. Without this script the form sends its files at once.

import { DetailedError, Upload } from "tus-js-client";

import { mayPass } from "../viewers/shared/busy";
import { fault } from "./forms";
import { Refused, call, plainly, word } from "./page";
import { hasEnded, proof, signInAgain } from "./session";

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
  thumb: HTMLElement;
  /** What stands under the name. */
  why: HTMLElement;
  state: HTMLElement;
  bar: HTMLProgressElement;
  off: HTMLButtonElement;
}

const form = document.querySelector<HTMLFormElement>("form[data-upload]");
const section = document.querySelector<HTMLElement>("[data-uploads]");
const list = section?.querySelector("ul");
const sum = section?.querySelector<HTMLElement>("[data-upload-sum]");
const allOff = section?.querySelector<HTMLButtonElement>("[data-upload-off]");
const allAgain = section?.querySelector<HTMLButtonElement>("[data-upload-again]");

const waiting: (() => Promise<void>)[] = [];
let running = 0;
const counts = { total: 0, done: 0, failed: 0 };

/** What calls each off that is not at its end. */
const ends = new Set<() => void>();

/** What sends each again that has failed, where that may be of use. */
const agains = new Set<() => void>();

function tell(): void {
  if (allOff) allOff.hidden = ends.size === 0;
  if (allAgain) allAgain.hidden = agains.size === 0;
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

function row(wanted: Wanted): Row {
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
  list?.append(item);
  return { item, thumb, why, state, bar, off };
}

/** Says under which name a file is kept, where that is not its own. */
async function tellName(row: Row, file: File, id: string): Promise<void> {
  const image = await call<{ filename: string }>("GET", `/admin/images/${id}`).catch(() => null);
  if (!image || image.filename.normalize() === file.name.normalize()) return;
  const stored = document.createElement("p");
  stored.className = "quiet small";
  stored.dir = "auto";
  stored.textContent = word("upload-stored", { name: image.filename });
  row.why.after(stored);
}

function finished(row: Row, id: string | null): void {
  row.item.dataset["state"] = "done";
  row.off.remove();
  row.bar.remove();
  const link = document.createElement("a");
  link.textContent = word("upload-done");
  link.href = id ? `/details?id=${id}` : "/browse";
  row.state.replaceChildren(link);
}

/** Says what is wrong with a file, and offers to send it again where that may be of use. */
function failed(row: Row, { status, message }: Refused, again: () => void): void {
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

/** Why an upload failed, in the server's own words if it has some. */
function reason(error: Error): Refused {
  const response = error instanceof DetailedError ? error.originalResponse : null;
  const status = response?.getStatus() ?? 0;
  if (!response || status === 0) return new Refused(word("offline"));
  try {
    const told = JSON.parse(response.getBody()) as { message?: string };
    if (told.message) return new Refused(told.message, status);
  } catch {
    // It is the front server's.
  }
  return new Refused(plainly(status), status);
}

/** The id of the picture that an upload has become, as the last answer says. */
function becameOf(response: { getHeader(name: string): string | undefined } | null): string | null {
  const location = response?.getHeader("Content-Location");
  return /\/images\/(\d+)\/?$/.exec(location ?? "")?.[1] ?? null;
}

function send(wanted: Wanted, folder: string, overwrite: string): void {
  const shown = row(wanted);
  counts.total += 1;
  // Ends what is being sent.
  let stop = (): void => undefined;
  let isOff = false;
  const end = (): void => {
    isOff = true;
    ends.delete(end);
    counts.total -= 1;
    shown.item.dataset["state"] = "off";
    shown.bar.remove();
    shown.off.remove();
    shown.state.textContent = word("upload-called-off");
    stop();
    tell();
  };
  shown.off.addEventListener("click", end);
  ends.add(end);
  tell();
  const begin = (): Promise<Refused | null> =>
    new Promise((resolve) => {
      let became: string | null = null;
      shown.bar.hidden = false;
      shown.off.hidden = false;
      shown.why.hidden = true;
      if (shown.item.dataset["state"] === "failed") {
        delete shown.item.dataset["state"];
        shown.thumb.querySelector("svg")?.remove();
        if (!shown.thumb.querySelector("img")) mark(shown.thumb, "file");
      }
      const upload = new Upload(wanted.file, {
        endpoint: "/api/v1/uploads",
        onBeforeRequest: (request) => {
          for (const [name, value] of Object.entries(proof())) request.setHeader(name, value);
        },
        chunkSize: PIECE_BYTES,
        retryDelays: RETRIES_MS,
        removeFingerprintOnSuccess: true,
        metadata: { filename: wanted.file.name, path: folder, overwrite },
        onAfterResponse: (_, response) => {
          became = becameOf(response) ?? became;
        },
        onProgress: (sent, total) => {
          if (isOff) return;
          shown.bar.value = total > 0 ? sent / total : 0;
          const percent = Math.floor(shown.bar.value * 100);
          shown.state.textContent = word("upload-percent", { percent });
        },
        onSuccess: () => {
          if (isOff) return;
          ends.delete(end);
          counts.done += 1;
          finished(shown, became);
          if (became) void tellName(shown, wanted.file, became);
          tell();
          resolve(null);
        },
        onError: (error) => resolve(reason(error)),
      });
      stop = () => {
        // What has come of it is taken away on the server, too; if that fails it runs out by itself.
        upload.abort(true).catch(() => undefined).finally(() => resolve(null));
      };
      upload.findPreviousUploads().then((earlier) => {
        if (isOff) return;
        const [first] = earlier;
        if (first) upload.resumeFromPreviousUpload(first);
        upload.start();
      }, () => upload.start());
    });
  // Without a network nothing can be sent: the file keeps its place until there is one.
  const connected = (): Promise<void> =>
    new Promise((resolve) => {
      const goOn = (): void => {
        removeEventListener("online", goOn);
        resolve();
      };
      shown.state.textContent = word("upload-offline");
      stop = goOn;
      addEventListener("online", goOn);
    });
  const deliver = async (): Promise<Refused | null> => {
    for (;;) {
      const why = await begin();
      if (why?.status !== 0 || isOff || navigator.onLine) return why;
      await connected();
      if (isOff) return null;
    }
  };
  const start = async (): Promise<void> => {
    if (isOff) return;
    let why = await deliver();
    if (why && !isOff && (await hasEnded(why.status, why.message)) && (await signInAgain())) {
      if (isOff) return;
      why = await deliver();
    }
    if (!why || isOff) return;
    const again = (): void => {
      if (!agains.delete(again)) return;
      shown.state.textContent = word("upload-waiting");
      ends.add(end);
      counts.failed -= 1;
      tell();
      queue(start);
    };
    ends.delete(end);
    if (mayPass(why.status)) agains.add(again);
    counts.failed += 1;
    tell();
    failed(shown, why, again);
  };
  queue(start);
}

function queue(start: () => Promise<void>): void {
  waiting.push(start);
  advance();
}

/** Whether a file or folder is one that systems keep for themselves. */
const isHidden = (name: string): boolean => name.startsWith(".");

/** All files below what was dropped, folders included, but what is hidden in these. */
async function below(entry: FileSystemEntry, path: string): Promise<Wanted[]> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    );
    return [{ file, below: path }];
  }
  if (isHidden(entry.name)) return [];
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: Wanted[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0) return found;
    for (const child of some) {
      if (!isHidden(child.name)) found.push(...(await below(child, `${path}${entry.name}/`)));
    }
  }
}

async function makeFolder(path: string): Promise<void> {
  // It may be there already; what else is wrong shows at each of its files.
  await call("POST", "/admin/filesystem/folders", new URLSearchParams({ path })).catch(() => undefined);
}

/** A folder and those around it: `a/b/` lies in `a/`. */
function ways(path: string): string[] {
  const names = path.split("/").filter((name) => name !== "");
  return names.map((_, at) => `${names.slice(0, at + 1).join("/")}/`);
}

/** The files of a folder that was chosen, with the folders that they lie in. */
function chosenIn(files: FileList): Wanted[] {
  const seen = [...files].filter((file) => !file.webkitRelativePath.split("/").some(isHidden));
  return seen.map((file) => {
    const path = file.webkitRelativePath;
    return { file, below: path.slice(0, path.lastIndexOf("/") + 1) };
  });
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
  if (folders.size > 0 && !navigator.onLine) {
    fault(form, word("upload-offline"));
    await new Promise((resolve) => addEventListener("online", resolve, { once: true }));
    fault(form, "");
  }
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
    if (folder.files) void take(form, chosenIn(folder.files));
    folder.value = "";
  });
  const zone = form.querySelector<HTMLElement>("[data-drop]");
  if (zone) dropping(form, zone);
  form.addEventListener("submit", (event) => event.preventDefault());
  allOff?.addEventListener("click", () => {
    for (const end of [...ends]) end();
  });
  allAgain?.addEventListener("click", () => {
    for (const again of [...agains]) again();
  });
  window.addEventListener("beforeunload", (event) => {
    if (running > 0) event.preventDefault();
  });
}
