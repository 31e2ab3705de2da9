// Pictures that do not come. A server that has too much to do says so, and when to ask again; then it is asked again.

import type { Say } from "./texts";

const MOST_TRIES = 3;
const MOST_S = 30;

// What is asked for as elements of pictures do, so that the same picture is made.
const ACCEPT = "image/avif,image/webp,image/*,*/*;q=0.5";

// What the server answers.
export interface Answer {
  // 0 where there is no answer, or none that pages of this site may know.
  status: number;
  // When to ask again, as it says itself; else 0.
  retryS: number;
}

// A picture that did not come.
export class Missing extends Error {
  constructor(readonly status: number) {
    super(`status ${status}`);
  }
}

// Whether asking once more may be of use: not where the server has said what is wrong with it.
export const mayPass = (status: number): boolean => [0, 408, 423, 425, 429].includes(status) || status >= 500;

// Whether the server, or the one before it, only has too much to do.
export const isBusy = (status: number): boolean => [429, 502, 503, 504].includes(status);

// Why there is no picture, in words.
export function reason(error: unknown, say: Say): string {
  const status = error instanceof Missing ? error.status : 200;
  if (status === 401 || status === 403) return say("closed");
  if (status === 404 || status === 410) return say("gone");
  return isBusy(status) ? say("busy") : say("failed");
}

// Elements do not tell why a picture did not come.
export async function answerOf(address: string, signal?: AbortSignal): Promise<Answer> {
  try {
    const init: RequestInit = { credentials: "same-origin", headers: { Accept: ACCEPT } };
    const answer = await fetch(address, signal ? { ...init, signal } : init);
    await answer.blob();
    return { status: answer.status, retryS: Number(answer.headers.get("Retry-After")) || 0 };
  } catch {
    return { status: 0, retryS: 0 };
  }
}

// Waits until a picture may be asked for again; tells whether it is to be. `attempt` counts from 0.
export async function pause(answer: Answer, attempt: number, signal?: AbortSignal): Promise<boolean> {
  const { status, retryS } = answer;
  // It may have come meanwhile.
  const isThere = status >= 200 && status < 300;
  if (attempt >= MOST_TRIES || signal?.aborted || !(isThere || isBusy(status) || status === 0)) return false;
  const seconds = isThere ? 0 : retryS > 0 ? Math.min(retryS, MOST_S) : 2 ** attempt;
  // Not all at once: others have been told the same.
  const spread = Math.random() * Math.max(seconds / 2, 0.25);
  await new Promise((resolve) => setTimeout(resolve, (seconds + spread) * 1000));
  return !signal?.aborted;
}

// Asks again for a picture that an element could not load; fails with `Missing`. `waits` is told when the server has too
// much to do.
export async function reload(image: HTMLImageElement, signal?: AbortSignal, waits?: () => void): Promise<void> {
  const address = image.src;
  for (let attempt = 0; ; attempt++) {
    const answer = await answerOf(address, signal);
    if (isBusy(answer.status) && !signal?.aborted) waits?.();
    if (!(await pause(answer, attempt, signal))) throw new Missing(answer.status);
    image.src = address;
    try {
      return await image.decode();
    } catch {
      // Once more, perhaps.
    }
  }
}

// Loads a picture into an element; fails with `Missing`.
export function load(
  image: HTMLImageElement,
  address: string,
  signal?: AbortSignal,
  waits?: () => void,
): Promise<void> {
  image.src = address;
  return image.decode().catch(() => reload(image, signal, waits));
}
