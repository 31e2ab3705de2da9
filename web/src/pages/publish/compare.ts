// The picture as other files: their bytes, and two of them over each other with a border that moves.

import { loaded, picture, type Sent } from "./fetched";
import { bytes } from "./words";

const place = () => document.querySelector<HTMLElement>("[data-compare]");
const rows = () => [...(place()?.querySelectorAll<HTMLElement>("[data-variant]") ?? [])];
const link = (row: HTMLElement | undefined) => row?.querySelector<HTMLAnchorElement>("a") ?? null;
const sides = () => [...(place()?.querySelectorAll<HTMLSelectElement>("[data-side]") ?? [])];

/** What was fetched, by address: the same is not asked for twice. */
const known = new Map<string, Promise<Sent>>();
const MOST_KNOWN = 40;

function fetched(address: string): Promise<Sent> {
  const before = known.get(address);
  if (before) return before;
  const asked = picture(address, new AbortController().signal);
  asked.catch(() => known.delete(address));
  const [oldest] = known.keys();
  if (known.size >= MOST_KNOWN && oldest) known.delete(oldest);
  known.set(address, asked);
  return asked;
}

const lengths = new Map<string, number>();

async function measure(row: HTMLElement): Promise<void> {
  const [address, told] = [link(row)?.href ?? "", row.querySelector("[data-bytes]")];
  if (!told) return;
  told.textContent = "…";
  try {
    const { blob } = await fetched(address);
    lengths.set(address, blob.size);
  } catch {
    told.textContent = place()?.dataset["wordFailed"] ?? "";
  }
  proportions();
}

/** The lengths that are known, and bars that show them beside each other. Several rows may have one address. */
function proportions(): void {
  const most = Math.max(1, ...rows().map((row) => lengths.get(link(row)?.href ?? "") ?? 0));
  for (const row of rows()) {
    const [bar, length] = [row.querySelector("progress"), lengths.get(link(row)?.href ?? "")];
    const told = row.querySelector("[data-bytes]");
    if (told && length !== undefined) told.textContent = bytes(length);
    if (!bar) continue;
    bar.hidden = length === undefined;
    bar.value = (length ?? 0) / most;
  }
}

/** One after the other: measuring must not take the server from others. */
async function measureAll(button: HTMLButtonElement): Promise<void> {
  button.disabled = true;
  for (const row of rows()) if (row.isConnected) await measure(row);
  button.disabled = false;
}

async function side(list: HTMLSelectElement): Promise<void> {
  const row = rows()[list.selectedIndex];
  const name = list.dataset["side"] ?? "";
  const image = place()?.querySelector<HTMLImageElement>(`[data-pair-${name}]`);
  const sum = place()?.querySelector(`[data-sum="${name}"]`);
  const address = link(row)?.href;
  if (!row || !image || !address) return;
  await measure(row);
  try {
    const { blob } = await fetched(address);
    const url = URL.createObjectURL(blob);
    const before = image.src;
    // What the browser cannot show is left out; its length is told nevertheless.
    if (!(await loaded(image, url))) image.removeAttribute("src");
    if (before.startsWith("blob:")) URL.revokeObjectURL(before);
    if (sum) sum.textContent = `${list.selectedOptions[0]?.textContent ?? ""}: ${bytes(blob.size)}`;
  } catch {
    image.removeAttribute("src");
    if (sum) sum.textContent = place()?.dataset["wordFailed"] ?? "";
  }
}

let begun = false;

/** Takes up the variants that there are now. */
export function compared(): void {
  const names = rows().map((row) => link(row)?.textContent ?? "");
  for (const [at, list] of sides().entries()) {
    const before = list.selectedIndex;
    list.replaceChildren(...names.map((name) => new Option(name)));
    // At first as it is chosen beside another format; so it stays until somebody chooses.
    const first = at === 0 ? 0 : rows().findIndex((row) => "first" in row.dataset);
    const isKept = "chosen" in list.dataset && before >= 0 && before < names.length;
    list.selectedIndex = isKept ? before : Math.max(0, first);
  }
  proportions();
  if (begun) for (const list of sides()) void side(list);
}

export function comparing(): void {
  const section = place();
  if (!section) return;
  compared();
  for (const list of sides()) {
    list.addEventListener("change", () => {
      list.dataset["chosen"] = "";
      void side(list);
    });
  }
  const all = section.querySelector<HTMLButtonElement>("[data-measure-all]");
  all?.addEventListener("click", () => void measureAll(all));
  const pair = section.querySelector<HTMLElement>("[data-pair]");
  const split = section.querySelector<HTMLInputElement>("[data-split]");
  split?.addEventListener("input", () => pair?.style.setProperty("--split", `${split.value}%`));
  // Nothing is asked for before somebody looks there.
  const seen = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    seen.disconnect();
    begun = true;
    for (const list of sides()) void side(list);
  });
  seen.observe(section);
}
