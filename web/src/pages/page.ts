// What scripts share: the page's words, calls of the API, pages as they are now, messages.

import { isBusy } from "../viewers/shared/busy";
import { UNATTENDED, hasEnded, isOver, proof, signInAgain } from "./session";

const words: Record<string, string> = JSON.parse(
  document.getElementById("words")?.textContent ?? "{}",
);

/** A text in which `{name}` is replaced by what is given under that name. */
export function filled(text: string, given: Record<string, string | number>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = given[name];
    return typeof value === "number" ? value.toLocaleString(language) : (value ?? whole);
  });
}

/** A text of the page, filled. */
export const word = (key: string, given: Record<string, string | number> = {}): string => filled(words[key] ?? key, given);

/** Whether keys without Ctrl or the like do something; the account's page says so. */
export const shortcuts = document.documentElement.dataset["keys"] !== "off";

export const language = document.documentElement.lang || undefined;

/** A call that failed, with a message fit to be shown. */
export class Refused extends Error {
  constructor(
    message: string,
    /** What the server answered; 0 where it did not. */
    readonly status = 0,
  ) {
    super(message);
  }
}

/** What is said of an answer that has no words of its own, such as the front server's. */
export function plainly(status: number): string {
  if (status === 413) return word("too-large");
  if (status === 408 || status === 504) return word("timed-out");
  return isBusy(status) ? word("busy") : word("unexpected", { count: status });
}

const ended = (): Refused => new Refused(word("signed-out"), 401);

async function ask(address: string, init: RequestInit): Promise<{ response: Response; text: string }> {
  try {
    const response = await fetch(address, init);
    return { response, text: await response.text() };
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new Refused(word("offline"));
  }
}

interface Told<T> {
  message?: string;
  data?: T;
}

function read<T>(text: string): Told<T> | null {
  try {
    return JSON.parse(text) as Told<T>;
  } catch {
    return null;
  }
}

/**
 * Calls the API: gives back `data`, or fails with the server's own words. Where the session has ended, it waits until
 * there is another.
 */
export async function call<T>(method: string, path: string, fields?: URLSearchParams): Promise<T> {
  for (let first = true; ; first = false) {
    const init: RequestInit = { method, headers: { ...proof(), Accept: "application/json" } };
    if (fields && method !== "GET" && method !== "DELETE") init.body = fields;
    const { response, text } = await ask(`/api/v1${path}`, init);
    const told = read<T>(text);
    if (response.ok && told) return told.data as T;
    const message = told?.message ?? "";
    if (first && (await hasEnded(response.status, message))) {
      if (await signInAgain()) continue;
      throw ended();
    }
    throw new Refused(message || plainly(response.status), response.status);
  }
}

interface Manner {
  /** That nobody asked: a session does not last by it, and nobody is asked to sign in. */
  unattended?: boolean;
  signal?: AbortSignal;
}

/** A page as it is now, for whoever this one was made for. */
export async function pageNow(address: string | URL, { unattended = false, signal }: Manner = {}): Promise<Document> {
  const headers = { Accept: "text/html", ...(unattended ? UNATTENDED : {}) };
  for (let first = true; ; first = false) {
    const { response, text } = await ask(String(address), signal ? { headers, signal } : { headers });
    const page = new DOMParser().parseFromString(text, "text/html");
    const tells = response.ok || response.status === 401 || response.status === 403;
    if (tells && isOver(page)) {
      if (first && !unattended && (await signInAgain())) continue;
      throw ended();
    }
    if (response.ok) return page;
    throw new Refused(page.querySelector("main h1 + p")?.textContent || plainly(response.status), response.status);
  }
}

interface Offer {
  label: string;
  act: () => void;
}

const SAID_MS = 6000;
/** What can be acted on stays longer. */
const OFFERED_MS = 30_000;

/** Says something for a moment; screen readers say it too. With something to do about it, if that is offered. */
export function say(text: string, offer?: Offer): void {
  const place = document.getElementById("toasts");
  if (!place) return;
  const toast = document.createElement("p");
  toast.className = "toast";
  toast.textContent = text;
  if (offer) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "plain";
    button.textContent = offer.label;
    button.addEventListener("click", () => {
      toast.remove();
      offer.act();
    });
    toast.append(" ", button);
  }
  place.append(toast);
  setTimeout(() => toast.remove(), offer ? OFFERED_MS : SAID_MS);
}

/** Says something to screen readers alone, where others see it otherwise. */
export function announce(text: string): void {
  const place = document.getElementById("toasts");
  const told = document.createElement("p");
  told.className = "unseen";
  told.textContent = text;
  place?.append(told);
  setTimeout(() => told.remove(), SAID_MS);
}

const warn = (event: Event): void => event.preventDefault();
let runs = 0;

/** Keeps the page from being left without a question while something runs. */
async function staying<T>(work: () => Promise<T>): Promise<T> {
  if (runs++ === 0) addEventListener("beforeunload", warn);
  try {
    return await work();
  } finally {
    if (--runs === 0) removeEventListener("beforeunload", warn);
  }
}

/**
 * Runs `work` on every item, a few at a time; tells how far it is; gives back what failed. After `signal` none is begun,
 * and those that were are waited for.
 */
export async function each<T>(
  items: T[],
  work: (item: T) => Promise<void>,
  progress: (done: number) => void,
  signal?: AbortSignal,
): Promise<{ item: T; message: string }[]> {
  const failed: { item: T; message: string }[] = [];
  let next = 0;
  let done = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length && !signal?.aborted) {
      const item = items[next++] as T;
      try {
        await work(item);
      } catch (error) {
        failed.push({ item, message: error instanceof Error ? error.message : String(error) });
      }
      progress(++done);
    }
  };
  await staying(() => Promise.all(Array.from({ length: 4 }, worker)));
  return failed;
}
