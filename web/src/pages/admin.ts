// The pages of the administration: parts that keep themselves current.

import { pageNow } from "./page";
import { dialogs } from "./sheets";
import { moments } from "./small";

/** Whether somebody is about to do something in a part of the page, which must not change under the hand. */
function isInUse(part: HTMLElement): boolean {
  const open = part.querySelector(":popover-open, dialog[open], [aria-busy=true]");
  return open !== null || (part.contains(document.activeElement) && part.matches(":focus-within"));
}

/** Fetches the page again and puts its part in place of the old one. */
async function renew(part: HTMLElement): Promise<void> {
  const fresh = (await pageNow(location.href, { unattended: true })).getElementById(part.id);
  if (!fresh || isInUse(part)) return;
  moments(fresh);
  dialogs(fresh);
  if (fresh.innerHTML !== part.innerHTML) {
    part.replaceChildren(...[...fresh.childNodes].map((node) => document.importNode(node, true)));
  }
}

/** Keeps a part of the page current while it is looked at; without this script there is the reload key. */
function keepCurrent(part: HTMLElement): void {
  const every = Number(part.dataset["live"]) || 5000;
  const turn = async (): Promise<void> => {
    try {
      if (!document.hidden && !isInUse(part)) await renew(part);
      setTimeout(() => void turn(), every);
    } catch {
      // The server is away, or says no: it is asked seldom then.
      setTimeout(() => void turn(), 10 * every);
    }
  };
  setTimeout(() => void turn(), every);
}

// On narrow screens the way between the pages is one row.
document.querySelector(".sections [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
for (const part of document.querySelectorAll<HTMLElement>("[data-live][id]")) keepCurrent(part);
