// Uploads: files and folders dropped or chosen, a few at a time, each with its progress, gone on with where
// they were after an interruption. Without this script the form sends its files at once.

import { DetailedError, Upload } from "tus-js-client";

import { mayPass } from "../viewers/shared/busy";
import { fault } from "./forms";
import { Refused, call, plainly, word } from "./page";
import { hasEnded, mine, proof, signInAgain } from "./session";

const AT_ONCE = 3;
const PIECE_BYTES = 8 * 1024 * 1024;
const RETRIES_MS = [0, 1000, 3000, 5000, 10_000, 20_000];

interface Wanted {
  file: File;
  /** The folders that it lies in below what was dropped. */
  below: string;
  /** Why it cannot be sent, where that is known before; of the file there is a name then, and nothing else. */
  lost?: string;
}

/** A file that the system does not let be read, or no longer. */
class Unread extends Error {}

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

/** The addresses of the uploads that this page sends: each belongs to one row. */
const sending = new Set<string>();

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

/** A row for what cannot be sent at all. */
function lose(wanted: Wanted, why: string): void {
  counts.total += 1;
  counts.failed += 1;
  failed(row(wanted), new Refused(why, 404), () => undefined);
  tell();
}

const isUnread = (error: Error): boolean =>
  error instanceof Unread || (error instanceof DetailedError && error.causingError instanceof Unread);

/** The bytes of a part of a file. A file that is gone fails by itself, and not as the connection that it was to go over. */
const read = (part: Blob): Promise<ArrayBuffer> =>
  part.arrayBuffer().catch(() => {
    throw new Unread();
  });

/** Whether a request is sent again by itself: as the protocol's client has it, but for files that cannot be read. */
function repeats(error: DetailedError): boolean {
  const status = error.originalResponse?.getStatus() ?? 0;
  const passes = status < 400 || status >= 500 || status === 409 || status === 423;
  return passes && navigator.onLine && !isUnread(error);
}

/** Why an upload failed, in the server's own words if it has some. */
function reason(error: Error): Refused {
  if (isUnread(error)) return new Refused(word("upload-unreadable"));
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
      // The address of the upload, which no other row may go on with meanwhile.
      let own: string | null = null;
      const hold = (address: string | null): void => {
        if (own) sending.delete(own);
        own = address;
        if (own) sending.add(own);
      };
      const settle = (why: Refused | null): void => {
        hold(null);
        resolve(why);
      };
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
        // An earlier upload is gone on with where it was to become the same: of the same file, in the same place.
        fingerprint: ({ name, type, size, lastModified }) =>
          Promise.resolve(JSON.stringify([mine, folder, overwrite, name, type, size, lastModified])),
        fileReader: {
          openFile: (file: File) =>
            Promise.resolve({
              size: file.size,
              slice: async (start, end) => {
                const value = new Blob([await read(file.slice(start, end))]);
                if (isOff) throw new Unread();
                return { value, done: end >= file.size };
              },
              close: () => undefined,
            }),
        },
        onShouldRetry: repeats,
        onUploadUrlAvailable: () => hold(upload.url),
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
          settle(null);
        },
        onError: (error) => settle(reason(error)),
      });
      stop = () => {
        // What has come of it is taken away on the server, too; if that fails it runs out by itself.
        upload.abort(true).catch(() => undefined).finally(() => settle(null));
      };
      const go = async (): Promise<void> => {
        // Nothing is begun on the server for a file that is gone.
        await read(wanted.file.slice(0, 1));
        const earlier = await upload.findPreviousUploads().catch(() => []);
        if (isOff) return;
        const one = earlier.find(({ uploadUrl }) => uploadUrl !== null && !sending.has(uploadUrl));
        if (one) {
          hold(one.uploadUrl);
          upload.resumeFromPreviousUpload(one);
        }
        upload.start();
      };
      go().catch((error: Error) => settle(reason(error)));
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

/** All files below what was dropped, folders included, but what is hidden in these. What cannot be read is among them. */
async function below(entry: FileSystemEntry, path: string): Promise<Wanted[]> {
  const lost = (why: string): Wanted => ({ file: new File([], entry.name), below: path, lost: why });
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    ).catch(() => null);
    return [file ? { file, below: path } : lost(word("upload-unreadable"))];
  }
  if (isHidden(entry.name)) return [];
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: Wanted[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    ).catch(() => null);
    if (some === null) return [...found, lost(word("upload-folder-unreadable"))];
    if (some.length === 0) return found;
    for (const child of some) {
      if (!isHidden(child.name)) found.push(...(await below(child, `${path}${entry.name}/`)));
    }
  }
}

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
  if (section && taken.length > 0) section.hidden = false;
  // Of files that come to one place under one name, none replaces another.
  const placeOf = ({ below, file }: Wanted): string => below + file.name.normalize();
  const times = new Map<string, number>();
  for (const one of taken) times.set(placeOf(one), (times.get(placeOf(one)) ?? 0) + 1);
  for (const one of taken) {
    const into = one.below === "" ? folder : `${base}/${one.below.replace(/\/$/, "")}`;
    const isAlone = times.get(placeOf(one)) === 1;
    if (one.lost) lose(one, one.lost);
    else send(one, into, overwrite === "yes" && !isAlone ? "rename" : overwrite);
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
