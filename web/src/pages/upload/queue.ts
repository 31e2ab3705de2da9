// What is sent: a few files at a time, and how many of them all have come.

import { word } from "../page";

const AT_ONCE = 3;

const section = document.querySelector<HTMLElement>("[data-uploads]");
const sum = section?.querySelector<HTMLElement>("[data-upload-sum]");
const allOff = section?.querySelector<HTMLButtonElement>("[data-upload-off]");
const allAgain = section?.querySelector<HTMLButtonElement>("[data-upload-again]");

const waiting: (() => Promise<void>)[] = [];
let running = 0;

export const counts = { total: 0, done: 0, failed: 0 };

/** What calls each off that is not at its end. */
export const ends = new Set<() => void>();

/** What sends each again that has failed, where that may be of use. */
export const agains = new Set<() => void>();

export function tell(): void {
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

export function queue(start: () => Promise<void>): void {
  waiting.push(start);
  advance();
}

export const isSending = (): boolean => running > 0;

/** Shows the rows. */
export function showRows(): void {
  if (section) section.hidden = false;
}

/** Has all files called off, and sent again, together. */
export function offering(): void {
  allOff?.addEventListener("click", () => {
    for (const end of [...ends]) end();
  });
  allAgain?.addEventListener("click", () => {
    for (const again of [...agains]) again();
  });
}
