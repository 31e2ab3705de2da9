// Pictures as they are sent: their bytes, what kind they are, and why there is none.

import { plainly } from "../page";
import { hasEnded, signInAgain } from "../session";
import { text } from "./words";

export interface Sent {
  blob: Blob;
  /** Media type. */
  type: string;
}

/** What the server says is wrong, and with which parameter. */
export class Refusal extends Error {
  constructor(
    message: string,
    readonly parameter: string,
  ) {
    super(message);
  }
}

/** The words of a page that tells of an error: perhaps a parameter, and what is wrong. */
function refusal(page: string, status: number): Refusal {
  const told = new DOMParser().parseFromString(page, "text/html").querySelector("main h1 + p");
  const message = told?.textContent?.trim() || plainly(status);
  const [, parameter, reason] = /^([a-z]+): (.*)$/s.exec(message) ?? [];
  return parameter && reason ? new Refusal(reason, parameter) : new Refusal(message, "");
}

const ask = (address: string, signal: AbortSignal) =>
  fetch(address, { signal, headers: { Accept: "image/avif,image/webp,image/*,*/*;q=0.5" } });

export async function picture(address: string, signal: AbortSignal): Promise<Sent> {
  try {
    let response = await ask(address, signal);
    if ((await hasEnded(response.status)) && (await signInAgain())) response = await ask(address, signal);
    if (!response.ok) throw refusal(await response.text(), response.status);
    const blob = await response.blob();
    return { blob, type: (response.headers.get("Content-Type") ?? blob.type).split(";")[0] ?? "" };
  } catch (error) {
    if (error instanceof Refusal || signal.aborted) throw error;
    throw new Refusal(text("offline"), "");
  }
}

/** Whether a picture can be shown; it is loaded by then. */
export async function loaded(image: HTMLImageElement, address: string): Promise<boolean> {
  image.src = address;
  try {
    await image.decode();
    return true;
  } catch {
    return false;
  }
}
