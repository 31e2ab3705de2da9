// What can be copied: fields, samples of code and lists, each with a button that copies it.

import { announce, word } from "./page";

const COPIED_MS = 3000;

/**
 * What is copied of an element: what it says itself, the value of a field, each item of a list on a line of its own,
 * else its text.
 */
function textOf(element: HTMLElement): string {
  if (element.dataset["copy"]) return element.dataset["copy"];
  if (element instanceof HTMLInputElement) return element.value;
  const items = [...element.querySelectorAll("li")];
  return items.length > 0 ? items.map((item) => item.textContent?.trim() ?? "").join("\n") : (element.textContent ?? "");
}

/** Chooses what could not be copied, to be copied by key. */
function select(element: HTMLElement): void {
  if (element instanceof HTMLInputElement) element.select();
  else getSelection()?.selectAllChildren(element);
}

/** Copies what an element has. The button says so where it is: a message might lie over what one needs next. */
export async function copy(element: HTMLElement, button: HTMLElement | null): Promise<void> {
  try {
    await navigator.clipboard.writeText(textOf(element));
  } catch {
    // Without the right to write there.
    return select(element);
  }
  announce(word("copied"));
  const label = button?.querySelector("span");
  if (!label || label.dataset["usual"] !== undefined) return;
  const usual = (label.dataset["usual"] = label.textContent ?? "");
  label.textContent = word("copied");
  setTimeout(() => {
    label.textContent = usual;
    delete label.dataset["usual"];
  }, COPIED_MS);
}

export function copying(): void {
  for (const field of document.querySelectorAll<HTMLElement>("[data-copy]")) {
    const button = field.closest(".copyable")?.querySelector<HTMLButtonElement>("[data-copier]") ?? null;
    if (button) {
      button.hidden = false;
      button.addEventListener("click", () => void copy(field, button));
    }
    if (!(field instanceof HTMLInputElement)) continue;
    // What tells addresses apart is at their end.
    if (field.dir !== "auto") field.scrollLeft = field.scrollWidth;
    field.title = field.value;
    field.addEventListener("focus", () => field.select());
    field.addEventListener("click", () => void copy(field, button));
  }
}
