// Long grids go on by themselves: the next page is fetched when the end comes near, and its pictures are
// added. Without this script there are links.
//
// Pages are parts of the list as the server has it now: what was taken out of the grid is no longer in it.
// So the page is asked for that holds what follows the last picture shown, and what is shown already is
// passed over.

import { pageNow, say, word } from "./page";
import { moments } from "./small";

const NEAR = "1200px";

const pagerOf = () => document.querySelector<HTMLElement>("[data-pager]");
const listOf = () => document.querySelector<HTMLElement>("[data-grid]");
const nextOf = (root: ParentNode) =>
  root.querySelector<HTMLAnchorElement>('[data-pager] a[rel="next"]');

let changes = 0;
let epoch = 0;
let resume: () => void = () => undefined;

/** Runs what takes pictures out of the grid; nothing is added meanwhile. */
export async function changing<T>(work: () => Promise<T>): Promise<T> {
  changes += 1;
  epoch += 1;
  try {
    return await work();
  } finally {
    changes -= 1;
    if (changes === 0) {
      resume();
      await emptied();
    }
  }
}

/** Where nothing is left, what the page says of that. */
async function emptied(): Promise<void> {
  const list = listOf();
  if (!list || list.children.length > 0 || isCut()) return;
  const told = await pageNow(location.href).then((page) => page.querySelector("main .empty"), () => null);
  if (told) (list.closest(".scroll") ?? list).replaceWith(document.importNode(told, true));
}

/** Whether there is more than what is shown. */
export const isCut = (): boolean => nextOf(document) !== null;

/** The address of the page that holds what follows the last picture shown, which may be one before. */
function following(pager: HTMLElement, list: Element, link: HTMLAnchorElement): URL {
  const url = new URL(link.href);
  const [start, length] = [Number(pager.dataset["start"]), Number(pager.dataset["length"])];
  const page = Math.floor((start + list.children.length) / length) + 1;
  const named = Number(url.searchParams.get("page"));
  if (page >= 1 && page < named) url.searchParams.set("page", String(page));
  return url;
}

async function fetchMore(): Promise<boolean> {
  const [pager, list, link] = [pagerOf(), listOf(), nextOf(document)];
  if (!pager || !list || !link || changes > 0) return false;
  const began = epoch;
  const page = await pageNow(following(pager, list, link));
  // What a page holds has changed while it came.
  if (began !== epoch) return changes === 0;
  const shown = new Set([...list.children].map((item) => (item as HTMLElement).dataset["path"]));
  const items = [...page.querySelectorAll<HTMLElement>("[data-grid] > *")];
  const fresh = items.filter((item) => !shown.has(item.dataset["path"]));
  list.append(...fresh.map((item) => document.importNode(item, true)));
  moments(list);
  const next = nextOf(page);
  if (next) link.href = new URL(next.getAttribute("href") ?? "", location.href).href;
  else pager.remove();
  return next !== null;
}

/** Brings what is shown of some pictures up to date; those that now stand elsewhere leave. Tells how many there are. */
export async function renew(ids: Set<string>): Promise<number | null> {
  const [list, pager] = [listOf(), pagerOf()];
  if (!list || ids.size === 0) return null;
  let total: number | null = null;
  const length = Number(pager?.dataset["length"] ?? 0);
  const first = pager ? Math.floor(Number(pager.dataset["start"]) / length) + 1 : 1;
  const pages = length > 0 ? Math.max(1, Math.ceil(list.children.length / length)) : 1;
  const fresh = new Map<string, Element>();
  for (let page = first; page < first + pages; page += 1) {
    const url = new URL(location.href);
    if (pager) url.searchParams.set("page", String(page));
    const now = await pageNow(url);
    const items = now.querySelectorAll<HTMLElement>("[data-grid] > [data-id]");
    for (const item of items) fresh.set(item.dataset["id"] ?? "", item);
    total = Number(now.querySelector<HTMLElement>("[data-total]")?.dataset["total"] ?? 0);
  }
  for (const item of [...list.querySelectorAll<HTMLElement>(":scope > [data-id]")]) {
    const id = item.dataset["id"] ?? "";
    if (!ids.has(id)) continue;
    const other = fresh.get(id);
    if (other) item.replaceWith(document.importNode(other, true));
    else item.remove();
  }
  moments(list);
  return total;
}

let coming: Promise<boolean> | null = null;

/** Adds what follows; tells whether that can be done again. */
export function more(): Promise<boolean> {
  coming ??= fetchMore().finally(() => (coming = null));
  return coming;
}

/** Where a picture stood when somebody went to its page. */
interface Left {
  path: string;
  /** Its number in the list, from 0. */
  at: number;
  /** How far below the edge of the window. */
  top: number;
}

interface State {
  left?: Left | null;
}

const note = (left: Left | null): void => history.replaceState({ ...(history.state as State | null), left }, "");

/** Notes with this entry of the history from which picture it is left. */
function leaving(event: MouseEvent): void {
  // Another tab or window leaves nothing.
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  const link = event.target instanceof Element ? event.target.closest("[data-grid] a") : null;
  const item = link?.closest<HTMLElement>("[data-grid] > [data-path]");
  if (!item?.parentElement) return;
  note({
    path: item.dataset["path"] ?? "",
    at: [...item.parentElement.children].indexOf(item),
    top: item.getBoundingClientRect().top,
  });
}

/** Shows a grid as it was left. Browsers know how far down that was, not that pictures had been added. */
async function returning(list: Element): Promise<void> {
  const [how] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
  const left = (history.state as State | null)?.left;
  if (!left || how?.type !== "back_forward") return;
  history.scrollRestoration = "manual";
  const moved = new AbortController();
  for (const event of ["wheel", "touchstart", "pointerdown", "keydown"]) {
    addEventListener(event, () => moved.abort(), { signal: moved.signal, passive: true });
  }
  try {
    while (list.children.length <= left.at && isCut() && !moved.signal.aborted) if (!(await more())) break;
    await document.fonts.ready;
    const item = list.querySelector(`:scope > [data-path="${CSS.escape(left.path)}"]`) ?? list.children[left.at];
    if (item && !moved.signal.aborted) {
      scrollBy({ top: item.getBoundingClientRect().top - left.top, behavior: "instant" });
    }
  } finally {
    moved.abort();
    // The next time it may be left otherwise.
    note(null);
    history.scrollRestoration = "auto";
  }
}

export function scrolling(): void {
  const list = listOf();
  if (list) {
    document.addEventListener("click", leaving);
    addEventListener("pageshow", ({ persisted }) => persisted && note(null));
    // What cannot be fetched is not shown; the links are still there.
    returning(list).catch(() => undefined);
  }
  const pager = pagerOf();
  if (!pager || !list) return;
  let busy = false;
  const seen = new IntersectionObserver(
    (entries) => {
      if (busy || changes > 0 || !entries.some((entry) => entry.isIntersecting)) return;
      busy = true;
      more()
        .then(() => {
          busy = false;
          say(word("more"));
          resume();
        })
        // The links are still there.
        .catch(() => seen.disconnect());
    },
    { rootMargin: NEAR },
  );
  // Where the page is still short, the end has not moved out of sight.
  resume = () => {
    seen.unobserve(pager);
    if (pager.isConnected) seen.observe(pager);
  };
  seen.observe(pager);
}
