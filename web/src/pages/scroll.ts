// Long grids go on by themselves: the next page is fetched when the end comes near, and its pictures are
// added. Without this script there are links.

import { say, word } from "./page";
import { moments } from "./small";

const NEAR = "1200px";

async function more(pager: HTMLElement, list: Element): Promise<void> {
  const link = pager.querySelector<HTMLAnchorElement>('a[rel="next"]');
  if (!link) return;
  const response = await fetch(link.href, { headers: { Accept: "text/html" } });
  if (!response.ok) throw new Error(response.statusText);
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const items = page.querySelectorAll("[data-grid] > *");
  list.append(...[...items].map((item) => document.importNode(item, true)));
  moments(list);
  const next = page.querySelector<HTMLAnchorElement>('[data-pager] a[rel="next"]');
  if (next) link.href = next.getAttribute("href") ?? "";
  else pager.remove();
  say(word("more"));
}

export function scrolling(): void {
  const [pager, list] = [
    document.querySelector<HTMLElement>("[data-pager]"),
    document.querySelector("[data-grid]"),
  ];
  if (!pager || !list) return;
  let busy = false;
  const seen = new IntersectionObserver(
    (entries) => {
      if (busy || !entries.some((entry) => entry.isIntersecting)) return;
      busy = true;
      more(pager, list)
        .then(() => {
          busy = false;
          // Where the page is still short, the end has not moved out of sight.
          seen.unobserve(pager);
          if (pager.isConnected) seen.observe(pager);
        })
        // The links are still there.
        .catch(() => seen.disconnect());
    },
    { rootMargin: NEAR },
  );
  seen.observe(pager);
}
