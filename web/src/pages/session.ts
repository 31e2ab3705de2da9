// A session that ends while a page is open. Whoever the page was made for signs in again in another tab; what was
// asked for meanwhile waits, and what was typed stays.

/** How often it is looked, while the page is. */
const LOOK_MS = 3000;

/** Nobody asks for these: a session does not last by them. */
export const UNATTENDED: Record<string, string> = { "Halftone-Unattended": "1" };

const metaOf = (page: Document) => page.querySelector<HTMLMetaElement>('meta[name="csrf-token"]');
const userOf = (page: Document) => metaOf(page)?.dataset["user"] ?? "";

/** Who this page was made for; blank for everybody. */
export const mine = userOf(document);

/** What a call sends to show that it comes from a page of ours, and that people read what went wrong. */
export function proof(): Record<string, string> {
  const token = metaOf(document)?.content ?? "";
  return { "Halftone-Words": "1", ...(token === "" ? {} : { "X-CSRF-Token": token }) };
}

/** Whether another page says that whoever this one was made for is no longer signed in. */
export const isOver = (page: Document): boolean => mine !== "" && userOf(page) !== mine;

async function look(): Promise<boolean | null> {
  const response = await fetch("/about", { headers: { Accept: "text/html", ...UNATTENDED } }).catch(() => null);
  if (!response?.ok) return null;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  if (isOver(page)) return false;
  const [own, fresh] = [metaOf(document), metaOf(page)?.content ?? ""];
  if (own) own.content = fresh;
  for (const field of document.querySelectorAll<HTMLInputElement>('input[name="_csrf_token"]')) field.value = fresh;
  return true;
}

let looking: Promise<boolean | null> | null = null;

/** Whether they are signed in, perhaps in another session, which calls then belong to; null where that is not known. */
function isSignedIn(): Promise<boolean | null> {
  looking ??= look().finally(() => (looking = null));
  return looking;
}

/** Whether an answer comes of a session that has ended, or been replaced. */
export async function hasEnded(status: number, message = ""): Promise<boolean> {
  if (mine === "") return false;
  if (status === 401 || (status === 400 && message.startsWith("_csrf_token"))) return true;
  return status === 403 && (await isSignedIn()) === false;
}

let asking: Promise<boolean> | null = null;

/** Waits until they are signed in again; tells whether they are, or would rather not. */
export function signInAgain(): Promise<boolean> {
  asking ??= ask().finally(() => (asking = null));
  return asking;
}

async function ask(): Promise<boolean> {
  if (await isSignedIn()) return true;
  const sheet = document.getElementById("signed-out");
  if (!(sheet instanceof HTMLDialogElement)) return false;
  const stop = new AbortController();
  const { signal } = stop;
  const check = async (): Promise<void> => {
    if (!document.hidden && (await isSignedIn()) && !signal.aborted) sheet.close();
  };
  const timer = setInterval(() => void check(), LOOK_MS);
  addEventListener("focus", () => void check(), { signal });
  document.addEventListener("visibilitychange", () => void check(), { signal });
  if (!sheet.open) sheet.showModal();
  await new Promise((closed) => sheet.addEventListener("close", closed, { once: true }));
  stop.abort();
  clearInterval(timer);
  return (await isSignedIn()) === true;
}
