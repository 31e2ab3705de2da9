// What scripts share: the page's words, its proof of where calls come from, calls of the API, messages.

const words: Record<string, string> = JSON.parse(
  document.getElementById("words")?.textContent ?? "{}",
);

/** A text of the page; `{name}` in it is replaced by what is given under that name. */
export function word(key: string, given: Record<string, string | number> = {}): string {
  const text = words[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = given[name];
    return typeof value === "number" ? value.toLocaleString(language) : (value ?? whole);
  });
}

/** Whether keys without Ctrl or the like do something; the account's page says so. */
export const shortcuts = document.documentElement.dataset["keys"] !== "off";

export const language = document.documentElement.lang || undefined;

const token = document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? "";

/** What a call sends to show that it comes from a page of ours. */
export const proof: Record<string, string> = token === "" ? {} : { "X-CSRF-Token": token };

/** A call that failed, with a message fit to be shown. */
export class Refused extends Error {}

/** Calls the API: gives back `data`, or fails with the server's own words. */
export async function call<T>(method: string, path: string, fields?: URLSearchParams): Promise<T> {
  const init: RequestInit = { method, headers: { ...proof, Accept: "application/json" } };
  if (fields && method !== "GET" && method !== "DELETE") init.body = fields;
  let answer: { message?: string; data?: T };
  let response: Response;
  try {
    response = await fetch(`/api/v1${path}`, init);
    answer = (await response.json()) as { message?: string; data?: T };
  } catch {
    throw new Refused(word("offline"));
  }
  if (!response.ok) throw new Refused(answer.message ?? response.statusText);
  return answer.data as T;
}

/**
 * A page as it is now. `unattended` is for those that keep themselves current: it says that nobody asked, so that a
 * session does not last for as long as a page is open.
 */
export async function pageNow(address: string, unattended = false): Promise<Document> {
  const headers: Record<string, string> = { Accept: "text/html" };
  if (unattended) headers["Halftone-Unattended"] = "1";
  const response = await fetch(address, { headers }).catch(() => null);
  if (!response) throw new Refused(word("offline"));
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  if (!response.ok) throw new Refused(page.querySelector("main h1 + p")?.textContent || response.statusText);
  return page;
}

/** Says something for a moment; screen readers say it too. */
export function say(text: string): void {
  const place = document.getElementById("toasts");
  if (!place) return;
  const toast = document.createElement("p");
  toast.className = "toast";
  toast.textContent = text;
  place.append(toast);
  setTimeout(() => toast.remove(), 6000);
}

/** Runs `work` on every item, a few at a time; tells how far it is; gives back what failed. */
export async function each<T>(
  items: T[],
  work: (item: T) => Promise<void>,
  progress: (done: number) => void,
): Promise<{ item: T; message: string }[]> {
  const failed: { item: T; message: string }[] = [];
  let next = 0;
  let done = 0;
  const worker = async (): Promise<void> => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) {
      try {
        await work(item);
      } catch (error) {
        failed.push({ item, message: error instanceof Error ? error.message : String(error) });
      }
      progress(++done);
    }
  };
  await Promise.all(Array.from({ length: 4 }, worker));
  return failed;
}
